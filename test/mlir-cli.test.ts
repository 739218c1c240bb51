// deadline: 400
// The command and MLIR: a model goes out as linalg, TOSA and StableHLO, and each text compiles to wasm again, with the model's numbers.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Ran, runProgram, temporaryFolder } from "./support/artifact-folder.ts";
import { mlirOpt } from "./support/mlir-passes.ts";
import { projectRoot, requireTool } from "./support/tools.ts";

const keratin = (...args: readonly string[]): Ran =>
  runProgram(process.execPath, [join(projectRoot, "bin/keratin.mjs"), ...args], { cwd: projectRoot });
const works = (ran: Ran): Ran => {
  assert.is(ran.code, 0, `${ran.stdout}${ran.stderr}`);
  return ran;
};

const out = temporaryFolder();
const mlirOptPath = requireTool("mlir-opt");

test("a model is written in three dialects", () => {
  works(keratin("compile", "samples/mnist/model.ts", "--target", "mlir,tosa,stablehlo", "--out", out));
  for (const name of ["mnist.mlir", "mnist.tosa.mlir", "mnist.stablehlo.mlir"])
    assert.ok(existsSync(join(out, name)), name);
  if (mlirOptPath === undefined) return;
  for (const name of ["mnist.mlir", "mnist.tosa.mlir"])
    mlirOpt(mlirOptPath, readFileSync(join(out, name), "utf8"));
});

for (const name of ["mnist.tosa", "mnist.stablehlo"]) {
  test(`${name}.mlir compiles to wasm`, () => {
    works(keratin("compile", join(out, `${name}.mlir`), "--target", "wasm", "--out", join(out, name)));
    assert.match(works(keratin("verify", join(out, name, "wasm"))).stdout, /right/);
  });
}

if (mlirOptPath !== undefined) {
  test("linalg compiles to wasm, with any batch", () => {
    const generic = join(out, "generic.mlir");
    writeFileSync(
      generic,
      mlirOpt(mlirOptPath, readFileSync(join(out, "mnist.mlir"), "utf8"), "--mlir-print-op-generic"),
    );
    works(keratin("compile", generic, "--target", "wasm", "--out", join(out, "linalg")));
    const { stdout } = works(keratin("verify", join(out, "linalg/wasm")));
    assert.match(stdout, /right.*n = /);
  });
}

test("MLIR's passes run on a dump", () => {
  const dump = join(out, "dump.mlir");
  const golden = readFileSync(join(projectRoot, "test/passes/cse.mlir"), "utf8");
  writeFileSync(dump, golden.split("\n// =>\n")[0].replace(/^\/\/.*\n/, ""));
  const { stdout } = works(keratin("opt", dump, "--mlir", "builtin.module(canonicalize,cse)"));
  assert.match(stdout, /"func.func"/);
  const refused = keratin("opt", dump, "--mlir", "builtin.module(nonesuch)");
  assert.is(refused.code, 1);
  assert.match(refused.stderr, /nonesuch/);
});

test("unknown lowerings and targets are refused", () => {
  assert.match(
    keratin("compile", "samples/mnist/model.ts", "--lowering", "magic").stderr,
    /expected keratin, mlir/,
  );
  assert.match(keratin("compile", "samples/mnist/model.ts", "--target", "mlir,coq").stderr, /unknown target/);
});

test.run();
