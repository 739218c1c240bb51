// The graph IR's text is MLIR, says a real mlir-opt: with the dialect from our IRDL file and no unregistered op waved through, it reads
// what we print, verifies it, and gives back the same graph. And it refuses what is wrong.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Builder } from "../ir/builder.ts";
import { mulDims, symbol } from "../ir/dim.ts";
import type { Block, BlockArg, Func, Module, OpResult, Value } from "../ir/graph.ts";
import type { OpTable } from "../ir/op.ts";
import { fused } from "../ir/ops/fused.ts";
import { opTable } from "../ir/ops/index.ts";
import { parseModule } from "../ir/text/graph-parse.ts";
import { printModule } from "../ir/text/graph-print.ts";
import { describeOps, printIrdl } from "../ir/text/irdl.ts";
import { type TensorType, tensorType } from "../ir/type.ts";
import { makeRandom, moduleOfSamples } from "./support/sample-graphs.ts";
import { requireTool } from "./support/tools.ts";

const mlirOpt = requireTool("mlir-opt");
const ops: OpTable = new Map([...opTable, [fused.name, fused]]);
const folder = mkdtempSync(join(tmpdir(), "keratin-mlir-"));
test.after(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs mlir-opt on a text, with the dialect that `module` needs. */
function runMlirOpt(text: string, module: Module, ...flags: string[]): Outcome {
  const [input, dialect] = [join(folder, "module.mlir"), join(folder, "kt.irdl.mlir")];
  writeFileSync(input, text);
  writeFileSync(dialect, printIrdl(describeOps(ops, module)));
  const args = [`--irdl-file=${dialect}`, "--mlir-print-op-generic", ...flags, input];
  const { status, stdout, stderr } = spawnSync(mlirOpt ?? "", args, { encoding: "utf8", maxBuffer: 1 << 28 });
  return { ok: status === 0, output: status === 0 ? stdout : stderr };
}

/** Arguments of a graph keep their types but not their names in mlir-opt: `%arg0` and so on. */
const nameless = (module: Module): string =>
  printModule(parseModule(unnamed(printModule(module, { ops }))), { ops });
const unnamed = (text: string): string => {
  const names = new Map<string, string>();
  const rename = (name: string): string => names.get(name) ?? name;
  return text
    .split("\n")
    .map((line) => {
      if (line.includes('"func.func"')) names.clear();
      const label = /^\s*\^bb0\((.*)\):$/.exec(line);
      for (const [, name] of label?.[1].matchAll(/(%[\w$.-]+): /g) ?? [])
        names.set(name, `%arg${names.size}`);
      return line.replace(/%[A-Za-z_$.-][\w$.-]*/g, rename);
    })
    .join("\n");
};

/** Real MLIR reads the module, finds nothing wrong, and gives it back equal. */
function checkRoundTrip(module: Module, ...flags: string[]): void {
  const { ok, output } = runMlirOpt(printModule(module, { ops }), module, ...flags);
  assert.ok(ok, output.slice(0, 2000));
  assert.is(printModule(parseModule(output), { ops }), nameless(module));
}

const n = symbol("n");
const f32 = (...shape: TensorType["shape"]): TensorType => tensorType("f32", shape);
const arg = (name: string, type: TensorType): BlockArg => ({ kind: "arg", type, name });

function funcOf(name: string, args: readonly BlockArg[], b: Builder, returns: readonly Value[]): Func {
  return {
    name,
    body: b.block(args, returns),
    args: args.map((a, i) =>
      i === 0 ? { kind: "input", name: "x" } : { kind: "param", path: `dense/${a.name}` },
    ),
    results: returns.map((_, i) => ({ kind: "output", name: `y${i}` })),
  };
}

/** A dense layer with a symbolic batch, a large constant, and its activation in a fused region. */
function denseModule(): Module {
  const [x, w] = [arg("image", f32(n, 20)), arg("kernel", f32(20, 20))];
  const b = new Builder(ops);
  b.loc = "mnist/dense";
  const table = b.constant({
    dtype: "f32",
    shape: [20, 20],
    data: Float32Array.from({ length: 400 }, (_, i) => 1 / i),
  });
  const product = b.contract(x, b.add(w, table), "n k, k o -> n o");
  const flat = b.reshape(product, [mulDims(20, n)]);
  const [inner, outer] = [arg("inner", flat.type), new Builder(ops)];
  const body: Block = outer.block([inner], [outer.exp(inner), outer.neg(inner)]);
  const results = b.results("fused", [flat], { axes: [0] }, [body]);
  return { funcs: [funcOf("predict", [x, w], b, results)] };
}

if (mlirOpt === undefined) test.skip("mlir-opt is not here");
else {
  test("mlir-opt reads, verifies and returns every op of the table", () => {
    checkRoundTrip(moduleOfSamples(opTable));
    checkRoundTrip(moduleOfSamples(opTable), "--mlir-print-debuginfo");
  });

  test("symbolic dimensions, regions, large constants and locations survive", () => {
    const module = denseModule();
    checkRoundTrip(module);
    const { output } = runMlirOpt(
      printModule(module, { ops, locations: true }),
      module,
      "--mlir-print-debuginfo",
    );
    assert.is(parseModule(output).funcs[0].body.ops[0].loc, "mnist/dense");
    assert.match(output, /tensor<\?xf32, #kt.dims<"20\*n">>/);
  });

  test("state, prepared weights and constants of every dtype survive", () => {
    checkRoundTrip(rolesModule());
    checkRoundTrip(constantsModule());
  });

  test("random graphs survive", () => {
    const funcs = Array.from({ length: 40 }, (_, seed) => randomFunc(seed));
    checkRoundTrip({ funcs });
  });

  test("mlir-opt's own cleanups run over our ops", () => {
    const module = denseModule();
    const { ok, output } = runMlirOpt(printModule(module, { ops }), module, "--canonicalize", "--cse");
    assert.ok(ok, output);
    parseModule(output);
  });

  const broken: readonly (readonly [what: string, from: string, to: string, message: RegExp])[] = [
    [
      "an operand too few",
      '"kt.add"(%kernel, %0) : (tensor<20x20xf32>, tensor<20x20xf32>)',
      '"kt.add"(%0) : (tensor<20x20xf32>)',
      /expects exactly 2 operands, but got 1/,
    ],
    [
      "a missing attribute",
      ' {spec = "n k, k o -> n o"}',
      "",
      /attribute "spec" is expected but not provided/,
    ],
    ["an unknown op", '"kt.reshape"', '"kt.reshapes"', /unregistered operation 'kt.reshapes'/],
    ["an unknown attribute of types", "#kt.dims", "#kt.dimensions", /expected dynamic attribute/],
    [
      "a use before its definition",
      "(%image, %1)",
      "(%image, %3)",
      /definition of SSA value .%3#0. has type/,
    ],
  ];
  for (const [what, from, to, message] of broken) {
    test(`mlir-opt refuses ${what}`, () => {
      const module = denseModule();
      const text = printModule(module, { ops });
      assert.ok(text.includes(from), `${from} is not in\n${text}`);
      const { ok, output } = runMlirOpt(text.replace(from, to), module);
      assert.not.ok(ok);
      assert.match(output, message);
    });
  }
}

function rolesModule(): Module {
  const [m, w] = [arg("momentum", f32(3)), arg("w", f32(3))];
  const b = new Builder(ops);
  const next = b.add(m, w);
  const body = b.block([m, w], [next, b.neg(w)]);
  const func: Func = {
    name: 'train "step"',
    body,
    args: [
      { kind: "state", path: "optimizer/m" },
      { kind: "prepared", path: 'w "folded"\\\n' },
    ],
    results: [
      { kind: "state", path: "optimizer/m" },
      { kind: "prepared", path: "é" },
    ],
  };
  return { funcs: [func] };
}

function constantsModule(): Module {
  const b = new Builder(ops);
  const values: OpResult[] = [
    b.constant({
      dtype: "f32",
      shape: [6],
      data: new Float32Array([0.1, -0, Number.NaN, Infinity, -Infinity, 1e-45]),
    }),
    b.constant({ dtype: "f64", shape: [3], data: new Float64Array([0.1, Number.NaN, 1e300]) }),
    b.constant({ dtype: "f16", shape: [4], data: new Uint16Array([0x3c00, 0x7c00, 0x8001, 0x2e66]) }),
    b.constant({ dtype: "bf16", shape: [2], data: new Uint16Array([0x3f80, 0x7fc1]) }),
    b.constant({ dtype: "u8", shape: [2, 2], data: new Uint8Array([0, 255, 3, 4]) }),
    b.constant({ dtype: "i64", shape: [2], data: new BigInt64Array([-1n, 2n ** 62n]) }),
    b.constant({ dtype: "u64", shape: [1], data: new BigUint64Array([2n ** 64n - 1n]) }),
    b.constant({ dtype: "bool", shape: [3], data: new Uint8Array([1, 0, 1]) }),
    b.constant({
      dtype: "bool",
      shape: [200],
      data: Uint8Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? 1 : 0)),
    }),
    b.constant({
      dtype: "f32",
      shape: [200],
      data: Float32Array.from({ length: 200 }, (_, i) => 1 / (i + 1)),
    }),
    b.constant({ dtype: "u16", shape: [600], data: Uint16Array.from({ length: 600 }, (_, i) => i) }),
    b.constant({ dtype: "f32", shape: [0, 2], data: new Float32Array(0) }),
  ];
  return { funcs: [funcOf("constants", [], b, values)] };
}

/** Random ops on matrices with a symbolic batch. */
function randomFunc(seed: number): Func {
  const random = makeRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)];
  const b = new Builder(ops);
  const args = [arg("x", f32(n, 4)), arg("y", f32(n, 4))];
  const values: Value[] = [...args];
  const steps: readonly ((x: Value) => Value)[] = [
    (x) => b.exp(x),
    (x) => b.add(x, pick(values)),
    (x) => b.select(b.binary("lt", x, 0.5), x, 0),
    (x) => b.transpose(b.transpose(x, [1, 0]), [1, 0]),
    (x) =>
      b.op("slice", [b.op("concat", [x, pick(values), x], { axis: 1 })], {
        starts: [0, 0],
        limits: ["n", 4],
        strides: [1, 1],
      }),
    (x) => b.broadcast(b.sum(x, [1]), [n, 4], [0]),
  ];
  for (let i = 0; i < 8; i++) values.push(pick(steps)(pick(values)));
  return funcOf(`random_${seed}`, args, b, values.slice(-2));
}

test.run();
