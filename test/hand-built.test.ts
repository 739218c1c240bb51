// Kernels that ops build by hand: what fuses with them and what does not, per sample and over a symbolic batch, and that order decides among
// duplicates. Numbers are compared with `evaluate`, bit for bit.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../compiler/pipeline.ts";
import { Builder } from "../ir/builder.ts";
import { productOf, symbol } from "../ir/dim.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import type { BlockArg, Func, Value } from "../ir/graph.ts";
import { ndarray } from "../ir/ndarray.ts";
import { opTable } from "../ir/ops/index.ts";
import { launchesOf } from "../ir/program.ts";
import type { TensorType } from "../ir/type.ts";
import { cuda } from "../targets/cuda/cuda.ts";
import { schedulerFor } from "../targets/schedule/scheduler.ts";
import { wasm } from "../targets/wasm/emit.ts";
import { difference, exactly } from "./support/close.ts";
import { expectedOutputs, interpreted, ran, randomArguments } from "./support/run-func.ts";

const n = symbol("n");
const f32 = (...shape: TensorType["shape"]): TensorType => ({ dtype: "f32", shape });
const i32 = (...shape: TensorType["shape"]): TensorType => ({ dtype: "i32", shape });
const cpu = schedulerFor(wasm.limits);

function funcOf(
  types: readonly TensorType[],
  body: (b: Builder, ...args: readonly Value[]) => readonly Value[],
): Func {
  const b = new Builder(opTable);
  const args = types.map((type, i): BlockArg => ({ kind: "arg", type, name: `x${i}` }));
  const returns = body(b, ...args);
  return {
    name: "main",
    body: b.block(args, returns),
    args: args.map((_, i) => ({ kind: "input", name: `x${i}` })),
    results: returns.map((_, i) => ({ kind: "output", name: `y${i}` })),
  };
}

const kernels = (func: Func): number =>
  launchesOf(compile(func.name, { funcs: [func] }, new Map(), cpu).bundle.programs[0].steps).length;

const sorted = (b: Builder, x: Value): Value => b.op("sort", [x], { axis: 1, descending: false });

async function check(func: Func, size = 3): Promise<void> {
  const given = randomArguments(func, 5, size);
  const wanted = expectedOutputs(func, given);
  const results = [
    interpreted(func, given, cpu),
    interpreted(func, given, schedulerFor(cuda.limits)),
    await ran(func, given, "wasm"),
  ];
  for (const got of results) {
    wanted.forEach((want, i) => {
      assert.is(difference(got[i], want, exactly), undefined);
    });
  }
}

test("views and cheap maps are read through", async () => {
  const func = funcOf([f32(4, 6)], (b, x) => [sorted(b, b.transpose(b.neg(x), [1, 0]))]);
  assert.is(kernels(func), 1);
  await check(func);
});

test("a map that others read as well is computed for them", async () => {
  const func = funcOf([f32(4, 6)], (b, x) => [sorted(b, b.neg(x)), b.neg(x)]);
  assert.is(kernels(func), 2);
  await check(func);
});

test("a costly map is computed once, ahead", () => {
  assert.is(kernels(funcOf([f32(4, 6)], (b, x) => [sorted(b, b.exp(x))])), 2);
});

test("nothing is fused behind", async () => {
  const func = funcOf([f32(4, 6)], (b, x) => [b.unary("relu", sorted(b, x))]);
  assert.is(kernels(func), 2);
  await check(func);
});

const perSample = funcOf([f32(n, 7)], (b, x) => [
  b.add(sorted(b, b.neg(x)), 1),
  b.op("reduce_max", [sorted(b, x)], { spec: "n a -> n" }),
]);

test("hand-built kernels do not stand in the way of chunks", () => {
  const [{ steps }] = compile("main", { funcs: [perSample] }, new Map(), cpu).bundle.programs;
  assert.equal(
    steps.map(({ kind }) => kind),
    ["chunks"],
  );
});

for (const size of [1, 5, 150]) {
  test(`samples are sorted chunk by chunk (batch ${size})`, () => check(perSample, size));
  test(`rows are scattered across the batch (batch ${size})`, () =>
    check(
      funcOf([i32(n, 3), f32(n, 3, 2)], (b, at, rows) => {
        const table = b.full(f32(4, 2), 0);
        const count = productOf(at.type.shape);
        const spread = b.broadcast(b.reshape(at, [count]), [count, 2], [0]);
        const updates = b.reshape(rows, [count, 2]);
        return [b.op("scatter", [table, spread, updates], { axis: 0, combine: "set" })];
      }),
      size,
    ));
}

test("ties keep their order, NaN stands at the end of what ascends", () => {
  const func = funcOf([f32(1, 6)], (b, x) => b.results("sort", [x], { axis: 1, descending: false }));
  const x = ndarray("f32", [1, 6], Float32Array.of(2, Number.NaN, 1, 2, 1, -0));
  const given = { inputs: [x], values: new Map(), all: [x] };
  const [values, positions] = interpreted(func, given, cpu);
  assert.equal([...values.data], [-0, 1, 1, 2, 2, Number.NaN]);
  assert.equal([...positions.data], [5, 2, 4, 0, 3, 1]);
  assert.equal([...evaluateFunc(func, [x], opTable)[1].data], [5, 2, 4, 0, 3, 1]);
});

test.run();
