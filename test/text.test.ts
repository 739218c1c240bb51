// Text: what is printed reads back to the same, for kernels, programs and graphs; what is damaged gives a ModelError with line and column,
// and nothing else.

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { getElement } from "../ir/elements.ts";
import { ModelError } from "../ir/errors.ts";
import { expandKernel } from "../ir/expand.ts";
import { add, type Expr, int, type Kernel, load, makeBuffer, scalar, store } from "../ir/kernel.ts";
import { opTable } from "../ir/ops/index.ts";
import { parseModule } from "../ir/text/graph-parse.ts";
import { printModule } from "../ir/text/graph-print.ts";
import { parseKernel } from "../ir/text/kernel-parse.ts";
import { printExpr, printKernel, printStmts } from "../ir/text/kernel-print.ts";
import { parseProgram, printProgram } from "../ir/text/program.ts";
import { verifyModule } from "../ir/verify-graph.ts";
import { verifyKernel } from "../ir/verify-kernel.ts";
import { verifyProgram } from "../ir/verify-program.ts";
import { makeRandom, moduleOfSamples, randomModule } from "./support/sample-graphs.ts";
import { randomKernel } from "./support/sample-kernels.ts";

const dense = `kernel dense[n](x: read f32[n, 8], w: read f32[8, 4], y: write f32[n, 4]) {
  for i in 0..n grid.x {
    alloc sum: register f32x4[]
    sum[] = splat(0.0, 4)
    for k in 0..8 unroll {
      sum[] = fma(splat(x[i, k], 4), w[k, 0 : 4], sum[])
    }
    if (i + 1) * 2 < n & true {
      y[i, 0 : 4] = max(sum[], 0.0:f32x4)
    } else {
      let a = x[i, i floordiv 8 * 4 - 1 - (2 - i)]
      y[i, bitcast(i32, a) mod 4] = f32(3:u8) - -inf
    }
  }
}
`;

test("a kernel reads as it is written", () => {
  const kernel = parseKernel(dense);
  verifyKernel(kernel);
  assert.is(printKernel(kernel), dense);
  assert.is(printKernel(expandKernel(kernel)), printKernel(parseKernel(printKernel(expandKernel(kernel)))));
});

test("random kernels print, parse and print the same", () => {
  for (let seed = 0; seed < 400; seed++) {
    const text = printKernel(randomKernel(seed));
    assert.is(printKernel(parseKernel(text)), text, `seed ${seed}`);
  }
});

test("names: equal ones in scope are told apart, those of keywords avoided", () => {
  const text = `kernel k(x: read f32[4], for_1: write f32[4]) {
  for i in 0..4 {
    let x_1 = x[i]
    for i_1 in 0..2 {
      for_1[i] = x_1
    }
  }
  for i in 0..4 {
  }
}
`;
  assert.is(printKernel(parseKernel(text)), text);
});

test("an expression that unfolds to 2^60 nodes is printed in some lines, and keeps its sharing", () => {
  const x = makeBuffer("x", "f32", [1], "global");
  let value: Expr = load(x, [int(0)]);
  for (let i = 0; i < 60; i++) value = scalar("max", value, value);
  const kernel: Kernel = {
    name: "k",
    params: [{ buffer: x, access: "readwrite" }],
    dims: [],
    body: [store(x, [int(0)], value)],
  };
  const text = printKernel(kernel);
  assert.ok(text.length < 4000, `${text.length}`);
  assert.match(text, /#1 = max\(#0, #0\)/);
  assert.is(printKernel(parseKernel(text)), text);
});

test("statements and expressions print on their own, for messages", () => {
  const x = makeBuffer("x", "f32", [4], "global");
  const sum = add(load(x, [int(1)]), load(x, [int(2)]));
  assert.is(printExpr(sum), "?x[1] + ?x[2]");
  assert.is(printStmts([store(x, [int(0)], sum)]), "?x[0] = ?x[1] + ?x[2]\n");
});

const program = `kernel scale[c](from: read f32[c], to: write f32[c]) {
  for i in 0..c {
    to[i] = from[i] * 2.0
  }
}

program predict {
  input "the image": f32[n, 4]
  output y: f32[n, 4]
  arena 64*n + 16
  slot "dense/kernel": f32[4] in weights at 128
  slot t: f32[4*n] in arena at 16
  slot x: f32[4*n] in input 0
  slot y: f32[4*n] in output 0
  launch scale[4]("dense/kernel", t)
  chunks c of n by 2 {
    launch scale[4*c](x + 4, t + 4)
    copy 4*c from t + 4 to y + 4
  }
  clear t
}
`;

test("a program reads as it is written", () => {
  const parsed = parseProgram(program);
  verifyProgram(parsed);
  assert.equal(parsed.symbols, ["n"]);
  assert.is(printProgram(parsed), program);
});

test("graphs of all ops print, parse, verify and print the same", () => {
  for (const options of [{}, { locations: true }, { ops: opTable }]) {
    const text = printModule(moduleOfSamples(opTable), options);
    const parsed = parseModule(text);
    verifyModule(parsed, opTable, "test");
    assert.is(printModule(parsed, options), text);
  }
});

test("random graphs print, parse and print the same", () => {
  for (let seed = 0; seed < 400; seed++) {
    const text = printModule(randomModule(seed), { locations: true });
    assert.is(printModule(parseModule(text), { locations: true }), text, `seed ${seed}`);
  }
});

test("constants keep their bits, in decimals and as resources", () => {
  const bits = Uint32Array.from({ length: 200 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);
  for (const count of [200, 300]) {
    const data = new Float32Array(count);
    new Uint32Array(data.buffer).set(bits);
    const text = printModule(moduleOfConstant({ dtype: "f32", shape: [count], data }));
    assert.is(text.includes("dense_resource"), count === 300);
    const value = parseModule(text).funcs[0].body.ops[0].attrs.value;
    if (typeof value !== "object" || !("data" in value)) throw new Error("the constant is lost");
    assert.equal(new Uint8Array(value.data.buffer), new Uint8Array(data.buffer));
  }
});

function moduleOfConstant(value: Parameters<typeof getElement>[0]) {
  const module = moduleOfSamples(new Map([...opTable].filter(([name]) => name === "constant")));
  const [func] = module.funcs;
  const type = { dtype: value.dtype, shape: value.shape };
  const op = { ...func.body.ops[0], attrs: { value } };
  const result = { ...func.body.ops[0].results[0], op, type };
  return {
    funcs: [{ ...func, body: { ...func.body, ops: [{ ...op, results: [result] }], returns: [result] } }],
  };
}

test("what mlir-opt writes is read: other forms of constants, locations, generic modules", () => {
  const text = `#loc2 = loc("a.mlir":3:8)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<?xf32, #kt.dims<"n">>) -> tensor<?xf32, #kt.dims<"n">>, res_attrs = [{kt.output = "y"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<?xf32, #kt.dims<"n">> loc("a.mlir":3:8)):
    %0 = "kt.exp"(%arg0) <{a = 1 : i64}> {b = 1.000000e-01 : f64} : (tensor<?xf32, #kt.dims<"n">>) -> tensor<?xf32, #kt.dims<"n">> loc(#loc1)
    %1:2 = "kt.two"() {c = dense<"0x0000803F00000040"> : tensor<2xf32>, d = dense<true> : tensor<9xi1>, e = dense<"0xFF01"> : tensor<9xi1>} : () -> (tensor<f32>, tensor<f32>) loc(unknown)
    "func.return"(%0) : (tensor<?xf32, #kt.dims<"n">>) -> () loc(#loc2)
  }) : () -> () loc(#loc)
}) : () -> () loc(#loc)
#loc = loc(unknown)
#loc1 = loc("mnist/conv")
`;
  const [exp, two] = parseModule(text).funcs[0].body.ops;
  assert.is(exp.loc, "mnist/conv");
  assert.equal(exp.attrs, { a: 1, b: 0.1 });
  assert.equal(two.attrs.c, { dtype: "f32", shape: [2], data: new Float32Array([1, 2]) });
  assert.equal(two.attrs.e, { dtype: "bool", shape: [9], data: new Uint8Array(9).fill(1) });
  assert.is(two.results.length, 2);
});

// Damage.

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ModelError) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const kernelErrors: readonly (readonly [from: string, to: string, message: RegExp])[] = [
  ["grid.x {", "grid.x", /^3:5: syntax error; expected '\{'; got 'alloc sum/],
  ["x[i, k]", "x[i, z]", /^6:30: unknown variable z/],
  ["fma(splat", "fmb(splat", /^6:15: unknown function fmb/],
  ["0.0:f32x4", "0.0", /^9:21: max of different numbers of lanes/],
  ["f32x4[]", "f33[]", /^3:25: syntax error; expected an element type/],
  ["let a", "let i", /^11:7: i is defined already/],
  ["sum[], 0.0", "sum, 0.0", /^9:25: sum is a buffer/],
  ["x: read", "x: reed", /^1:20: syntax error; expected an access mode: readwrite, read, write/],
  ["f32[n, 8]", "f32[n, 8**2]", /^1:33: syntax error; expected '\]'/],
  ["}\n}\n", "}\n", /syntax error; expected '}'; got the end of the line or text/],
];

for (const [from, to, message] of kernelErrors) {
  test(`a kernel with ${JSON.stringify(to)} says where`, () => {
    const damaged = dense.replace(from, to);
    assert.is.not(damaged, dense);
    assert.match(
      failure(() => parseKernel(damaged)),
      message,
    );
  });
}

const graph = `module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y"}], sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf32>):
    %0 = "kt.exp"(%x) {a = [1, 2]} : (tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%0) : (tensor<4xf32>) -> ()
  }) : () -> ()
}
`;

const graphErrors: readonly (readonly [from: string, to: string, message: RegExp])[] = [
  ['"kt.exp"(%x)', '"kt.exp"(%y)', /^4:19: %y is not defined in this block/],
  ['"kt.exp"', '"tf.exp"', /^4:10: syntax error; expected an op of ours/],
  ["%0 =", "%0:2 =", /^4:5: 1 results, of which 2 are named/],
  ["[1, 2]", "[1, 2", /^4:33: syntax error; expected '\]'/],
  [
    ": (tensor<4xf32>) -> tensor<4xf32>\n",
    ": (tensor<5xf32>) -> tensor<4xf32>\n",
    /^4:18: the type does not match the operands/,
  ],
  ["tensor<4xf32>):", "tensor<?xf32>):", /^3:12: a dimension \? without #kt.dims/],
  ["tensor<4xf32>):", "tensor<99999999999x99999999999xf32>):", /^3:12: a tensor too large/],
  ["kt.input", "kt.inputs", /^2:3: unknown role kt.inputs/],
  ['res_attrs = [{kt.output = "y"}], ', "", /^2:3: a function needs a role for each result/],
  ["a = [1, 2]", "a = dense_resource<b> : tensor<4xf32>", /^4:28: no resource b/],
  ["a = [1, 2]", "a = dense<[1.0, 2.0]> : tensor<3xf32>", /^4:28: 2 elements for a shape of 3/],
  ["a = [1, 2]", "a = dense<1.5> : tensor<i32>", /^4:28: 1.5 is no i32/],
  ["a = [1, 2]", "a = dense<1> : tensor<999999999xi8>", /^4:28: a constant of more than/],
  ["a = [1, 2]", "a = 1, a = 2", /^4:31: attribute a occurs twice/],
  ["a = [1, 2]", `a = ${"[".repeat(2000)}`, /nested more than 400 deep/],
];

for (const [from, to, message] of graphErrors) {
  test(`a graph with ${JSON.stringify(to).slice(0, 40)} says where`, () => {
    assert.is(printModule(parseModule(graph)), graph);
    const damaged = graph.replace(from, to);
    assert.is.not(damaged, graph);
    assert.match(
      failure(() => parseModule(damaged)),
      message,
    );
  });
}

test("a program that launches what there is not says where", () => {
  assert.match(
    failure(() => parseProgram(program.replace("launch scale", "launch scales"))),
    /^15:10: unknown kernel scales/,
  );
  assert.match(
    failure(() => parseProgram(program.replace("clear t", "clear q"))),
    /^20:9: unknown slot q/,
  );
});

/** The text with one to three small injuries. */
function injure(text: string, random: () => number): string {
  let result = text;
  for (let i = Math.floor(random() * 3); i >= 0; i--) {
    const at = Math.floor(random() * result.length);
    const length = Math.floor(random() * 12);
    const some = result.slice(at, at + length);
    const elsewhere = Math.floor(random() * result.length);
    const cut = result.slice(0, at) + result.slice(at + length);
    const character = '{}[]()<>,:=%#"-?x0.9\\\n aé'[Math.floor(random() * 25)];
    const choice = Math.floor(random() * 4);
    if (choice === 0) result = cut;
    else if (choice === 1) result = result.slice(0, at) + character + result.slice(at + 1);
    else if (choice === 2) result = result.slice(0, elsewhere) + some + result.slice(elsewhere);
    else result = result.slice(0, at);
  }
  return result;
}

/** Parses many injured versions of `texts`: each is read, or refused with line and column. */
function checkInjured(texts: readonly string[], rounds: number, parse: (text: string) => unknown): void {
  const random = makeRandom(11);
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const injured = injure(texts[round % texts.length], random);
    try {
      parse(injured);
    } catch (error) {
      assert.instance(error, ModelError, injured);
      assert.match(String(error), /^ModelError: \d+:\d+: /, injured);
      refused++;
    }
  }
  assert.ok(refused > rounds / 4, `${refused} of ${rounds}`);
}

test("injured kernels are read or refused, never worse", () => {
  const texts = [dense, ...Array.from({ length: 20 }, (_, seed) => printKernel(randomKernel(seed)))];
  checkInjured(texts, 4000, parseKernel);
});

test("injured programs are read or refused, never worse", () => checkInjured([program], 3000, parseProgram));

test("injured graphs are read or refused, never worse", () => {
  const texts = [
    graph,
    ...Array.from({ length: 20 }, (_, seed) => printModule(randomModule(seed), { locations: true })),
  ];
  checkInjured(texts, 4000, parseModule);
});

test.run();
