// deadline: 300
// The command line as its users meet it: what it prints, its exit codes, and one clear line for everything that can be wrong,
// with nothing half-written left behind.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readNpy, writeNpy } from "../compiler/formats/npy.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { keratin, type Ran, temporaryFolder } from "./support/artifact-folder.ts";
import { difference } from "./support/close.ts";
import { goldenTensors } from "./support/goldens.ts";
import { projectRoot, requireTool } from "./support/tools.ts";

const folder = temporaryFolder();
const goldenModels = join(projectRoot, "test/goldens/models");
const mlp = join(folder, "mlp.keras");
copyFileSync(join(goldenModels, "compiled_mlp/model.keras"), mlp);

const save = (name: string, array: NDArray): string => {
  writeFileSync(join(folder, name), writeNpy(array));
  return join(folder, name);
};
const rows = save("rows.npy", {
  dtype: "f32",
  shape: [3, 6],
  data: Float32Array.from({ length: 18 }, (_, i) => i / 18),
});

/** One line of error, no stack, the expected text. */
function fails({ code, stderr, stdout }: Ran, message: RegExp, expected = 1): void {
  assert.is(code, expected, stdout + stderr);
  const errors = stderr.split("\n").filter((line) => line.startsWith("error: "));
  assert.is(errors.length, 1, stderr);
  assert.match(errors[0], message);
  assert.not.match(stderr, /^\s+at /m);
}

test("help tells all commands and exits with 0", () => {
  const { code, stdout } = keratin(["--help"]);
  assert.is(code, 0);
  for (const command of ["compile", "run", "verify", "bench", "opt", "inspect"])
    assert.match(stdout, new RegExp(`^  ${command} `, "m"));
  const compile = keratin(["compile", "--help"]);
  assert.is(compile.code, 0);
  for (const option of ["--target", "--out", "--train"]) assert.ok(compile.stdout.includes(option));
  assert.is(
    keratin(["--version"]).stdout,
    `${JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")).version}\n`,
  );
});

test("a command that is none, and a missing argument, are errors", () => {
  assert.is(keratin(["complie"]).code, 1);
  assert.match(keratin(["complie"]).stderr, /unknown command 'complie'/);
  assert.match(keratin(["compile"]).stderr, /missing required argument 'model'/);
});

test("compile, verify: one folder per target", () => {
  const out = join(folder, "dist");
  const { code, stdout, stderr } = keratin([
    "compile",
    mlp,
    "--target",
    "wasm,cuda",
    "--out",
    out,
    "--train",
  ]);
  assert.is(code, 0, stderr);
  assert.equal(readdirSync(out).sort(), ["cuda", "wasm"]);
  assert.match(stdout, /compiled mlp for wasm, cuda in/);
  assert.match(stderr, /compile for cuda/, "progress goes to the standard error");
  const verified = keratin(["verify", join(out, "wasm")]);
  assert.is(verified.code, 0, verified.stdout);
});

test("run gives what Keras gives, for models and artifacts, by position and by name", () => {
  const digits = join(goldenModels, "mnist_cnn/model.keras");
  const io = goldenTensors("models/mnist_cnn/io.safetensors");
  const [input, expected] = [io.get("inputs/0"), io.get("outputs/0")] as [NDArray, NDArray];
  const file = save("digits.npy", input);
  const first = keratin(["run", digits, "--input", file, "--output", join(folder, "a")]);
  assert.is(first.code, 0, first.stderr);
  const result = readNpy(new Uint8Array(readFileSync(join(folder, "a/0.npy"))));
  assert.equal(result.shape, expected.shape);
  assert.is(difference(result, expected, { absolute: 1e-5, relative: 1e-4 }), undefined);
  assert.is(keratin(["compile", digits, "--out", join(folder, "digits")]).code, 0);
  const name = JSON.parse(readFileSync(join(folder, "digits/wasm/manifest.json"), "utf8")).entries.predict
    .inputs[0].name;
  const second = keratin([
    "run",
    join(folder, "digits/wasm"),
    "--input",
    `${name}=${file}`,
    "--output",
    join(folder, "b"),
  ]);
  assert.is(second.code, 0, second.stderr);
  assert.equal(readFileSync(join(folder, "b/0.npy")), readFileSync(join(folder, "a/0.npy")));
});

test("run refuses what does not fit, and writes nothing then", () => {
  const out = join(folder, "none");
  const run = (...inputs: string[]): Ran => keratin(["run", mlp, "--input", ...inputs, "--output", out]);
  const wide = save("wide.npy", { dtype: "f32", shape: [3, 7], data: new Float32Array(21) });
  const flat = save("flat.npy", { dtype: "f32", shape: [18], data: new Float32Array(18) });
  const whole = save("whole.npy", { dtype: "i32", shape: [3, 6], data: new Int32Array(18) });
  fails(run(wide), /input "input_layer" has the wrong shape; expected \[n, 6\].*got \[3, 7\]/);
  fails(run(flat), /wrong shape/);
  fails(
    run(whole),
    /input "input_layer": the input has the wrong dtype; expected float32; got int32\. Save it with array\.astype\("float32"\)/,
  );
  fails(run(rows, rows), /--input: not one file per input; expected input_layer f32\[n, 6\]/);
  fails(run(join(folder, "nothing.npy")), /nothing\.npy: cannot read the input/);
  fails(run(mlp), /not a \.npy file/);
  assert.not(existsSync(out));
});

test("exit code 3 where the target or the machine cannot", () => {
  const env = { ...process.env, PATH: "", CXX: "", NVCC: "" };
  const out = join(folder, "no-compiler");
  fails(
    keratin(["run", mlp, "--input", rows, "--output", out, "--target", "cpp"], { env }),
    /cpp does not support running here without a compiler; expected g\+\+.*Install g\+\+/,
    3,
  );
  assert.not(existsSync(out));
  const cpp = join(folder, "cpp-only");
  assert.is(keratin(["compile", mlp, "--target", "cpp", "--out", cpp]).code, 0);
  const verified = keratin(["verify", cpp], { env });
  assert.is(verified.code, 3, verified.stdout + verified.stderr);
  assert.match(verified.stdout, /not run: cpp does not support running here without a compiler/);
});

test("compile names what is wrong, and leaves nothing behind", () => {
  const out = join(folder, "never");
  const compile = (model: string, ...more: string[]): Ran =>
    keratin(["compile", model, "--out", out, ...more]);
  const truncated = join(folder, "cut.keras");
  writeFileSync(truncated, readFileSync(mlp).subarray(0, 2000));
  const foreign = join(folder, "foreign.keras");
  writeFileSync(foreign, "hello");
  fails(
    compile(mlp, "--target", "wasm,rust"),
    /--target: unknown target; expected wasm, wgsl, cpp, cuda; got "rust"/,
  );
  fails(compile(join(folder, "absent.keras")), /absent\.keras: no such model/);
  fails(compile(folder), /no such model.*got a folder/);
  fails(compile(truncated), /cut\.keras/);
  fails(compile(foreign), /foreign\.keras/);
  fails(
    compile(join(goldenModels, "mlp/model.keras"), "--train"),
    /not compiled, so it has no training step/,
  );
  assert.not(existsSync(out));
});

test("a module that exports no model, or does not build, is named", () => {
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const compile = (file: string): Ran => keratin(["compile", file, "--out", join(folder, "never")]);
  fails(
    compile(write("empty.ts", "export const other: number = 1;")),
    /empty\.ts: the module exports no model; expected export const model = …, or a default export; got other/,
  );
  fails(
    compile(write("broken.ts", "export const model = {;")),
    /broken\.ts: cannot load the module; got .*\(line 1\)/,
  );
  fails(
    compile(write("throws.ts", 'throw new Error("mine");\nexport const model = 1;')),
    /throws\.ts: cannot load the module; got .*mine/,
  );
  fails(
    compile(write("number.ts", "export const model = 7;")),
    /not a model; expected a Keras model.*got number/,
  );
});

test("an unwritable place is one error", () => {
  mkdirSync(join(folder, "taken"), { recursive: true });
  writeFileSync(join(folder, "taken/file"), "");
  fails(
    keratin(["compile", mlp, "--out", join(folder, "taken/file/out")]),
    /cannot write the artifact; got .*Choose a folder you may write to/,
  );
  fails(keratin(["compile", mlp, "--out", "/proc/keratin"]), /cannot write the artifact/);
  assert.equal(readdirSync(join(folder, "taken")), ["file"]);
});

test("verify of what is no artifact", () => {
  fails(keratin(["verify", folder]), /not an artifact; expected a folder with a manifest\.json/);
  fails(keratin(["verify", join(folder, "absent")]), /not an artifact.*no such folder/);
});

test("inspect shows ops, kernels and memory, and draws them", () => {
  const page = join(folder, "inspect.html");
  const { code, stdout, stderr } = keratin(["inspect", mlp, "--train", "--html", page]);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^canonicalize /m);
  assert.match(stdout, /^predict: \d+ kernels/m);
  assert.match(stdout, /^train_step: \d+ kernels/m);
  assert.match(stdout, /^arena /m);
  assert.match(readFileSync(page, "utf8"), /<svg/);
});

const twice = `module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>, res_attrs = [{kt.output = "y"}], sym_name = "main"}> ({
  ^bb0(%x: tensor<?x4xf32, #kt.dims<"n, 4">>):
    %0 = "kt.exp"(%x) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %1 = "kt.exp"(%x) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    %2 = "kt.add"(%0, %1) : (tensor<?x4xf32, #kt.dims<"n, 4">>, tensor<?x4xf32, #kt.dims<"n, 4">>) -> tensor<?x4xf32, #kt.dims<"n, 4">>
    "func.return"(%2) : (tensor<?x4xf32, #kt.dims<"n, 4">>) -> ()
  }) : () -> ()
}
`;

test("opt runs passes on text, and names those it does not know", () => {
  const file = join(folder, "module.mlir");
  writeFileSync(file, twice);
  const same = keratin(["opt", file]);
  assert.is(same.code, 0, same.stderr);
  assert.is(same.stdout.match(/kt\.exp/g)?.length, 2);
  const once = keratin(["opt", file, "-p", "cse,dce"]);
  assert.is(once.stdout.match(/kt\.exp/g)?.length, 1);
  fails(keratin(["opt", mlp]), /.*/);
  fails(keratin(["opt", file, "-p", "polish"]), /-p: unknown pass; expected .*canonicalize, .*; got polish/);
});

test("KERATIN_DUMP writes modules that opt reads back", () => {
  const env = { ...process.env, KERATIN_DUMP: "fuse" };
  const place = join(folder, "dumping");
  mkdirSync(place);
  assert.is(keratin(["compile", mlp], { cwd: place, env }).code, 0);
  const [file] = readdirSync(join(place, "keratin-dump/wasm"));
  assert.match(file, /^\d\d-fuse\.mlir$/);
  assert.match(keratin(["opt", join(place, "keratin-dump/wasm", file)]).stdout, /kt\.fused/);
});

test("bench measures targets, kernels, passes and eager mode", () => {
  const [json, html] = [join(folder, "bench.json"), join(folder, "bench.html")];
  const { code, stdout, stderr } = keratin([
    "bench",
    mlp,
    "--batch",
    "4",
    "--eager",
    "--time",
    "20",
    "--json",
    json,
    "--html",
    html,
  ]);
  assert.is(code, 0, stderr);
  for (const words of [/^eager /m, /^wasm /m, /^wasm kernel/m, /^wasm without/m]) assert.match(stdout, words);
  const report = JSON.parse(readFileSync(json, "utf8"));
  assert.is(report.batch, 4);
  assert.ok(report.targets[0].steady.best > 0 && report.eager.steady.best > 0 && report.flops > 0);
  const page = readFileSync(html, "utf8");
  assert.not.match(page, /(src|href)="http/, "the page needs no network");
  fails(keratin(["bench", mlp, "--batch", "0"]), /--batch: not a positive integer; got 0/);
  fails(keratin(["bench", mlp, "--threads", "4"]), /4 threads/, 3);
});

test("the same result on C++", () => {
  if (requireTool("g++") === undefined) return;
  const { code, stderr } = keratin([
    "run",
    mlp,
    "--input",
    rows,
    "--output",
    join(folder, "cpp-out"),
    "--target",
    "cpp",
  ]);
  assert.is(code, 0, stderr);
  keratin(["run", mlp, "--input", rows, "--output", join(folder, "wasm-out")]);
  const [a, b] = ["cpp-out", "wasm-out"].map((name) =>
    readNpy(new Uint8Array(readFileSync(join(folder, name, "0.npy")))),
  );
  assert.is(difference(a, b, { absolute: 1e-6, relative: 1e-5 }), undefined);
});

test.run();
