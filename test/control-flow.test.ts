// Control flow from user code to programs: loops over eager and traced tensors, their gradients, variables assigned in bodies, and what
// passes make of regions.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { gradients } from "../compiler/autodiff.ts";
import { wasmLoader } from "../compiler/backends/wasm.ts";
import { keras } from "../compiler/index.ts";
import { session } from "../compiler/keras/session.ts";
import { TraceScope } from "../compiler/keras/trace-scope.ts";
import { Variable } from "../compiler/keras/variable.ts";
import { canonicalize } from "../compiler/passes/canonicalize.ts";
import { dce } from "../compiler/passes/dce.ts";
import { hoistInvariants } from "../compiler/passes/hoist-invariants.ts";
import { mergeRegions } from "../compiler/passes/merge-regions.ts";
import { splitLoops } from "../compiler/passes/split-loops.ts";
import { compile } from "../compiler/pipeline.ts";
import type { Tensor } from "../compiler/tensor.ts";
import { Trace } from "../compiler/trace.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import type { Func, Module } from "../ir/graph.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { opTable } from "../ir/ops/index.ts";
import { launchesOf, type Step } from "../ir/program.ts";
import { parseProgram, printProgram } from "../ir/text/program.ts";
import { verifyProgram } from "../ir/verify-program.ts";

const { ops } = keras;
const values = (tensor: unknown): number[] => [...(tensor as Tensor).arraySync().data].map(Number);
const close = (got: readonly number[], want: readonly number[]): void => {
  assert.is(got.length, want.length);
  got.forEach((x, i) => assert.ok(Math.abs(x - want[i]) < 1e-5, `${got} is not ${want}`));
};

test("a scan carries, stacks, captures and runs backwards", () => {
  const xs = keras.ops.convertToTensor([1, 2, 3, 4]);
  const scale = ops.convertToTensor(10);
  const [last, sums] = ops.scan(
    (c: Tensor, x: Tensor) => [c.add(x), c.mul(scale)],
    ops.convertToTensor(0.5),
    xs,
  );
  close(values(last), [10.5]);
  close(values(sums), [5, 15, 35, 65]);
  const [, back] = ops.scan((c: Tensor, x: Tensor) => [c.add(x), c], 0, xs, { reverse: true });
  close(values(back), [9, 7, 4, 0]);
});

test("a number takes the dtype of its next value", () => {
  const result = ops.whileLoop(
    (x: Tensor) => ops.less(x, 3),
    (x: Tensor) => [x.add(0.75)],
    [0],
  );
  close(values((result as readonly Tensor[])[0]), [3]);
});

test("a loop stops after maximumIterations", () => {
  const result = ops.whileLoop(
    () => true as never,
    (x: Tensor) => [x.mul(2)],
    [ops.convertToTensor(1.5)],
    { maximumIterations: 4 },
  );
  close(values((result as readonly Tensor[])[0]), [24]);
});

test("gradients flow through scans to first values, slices and captures", () => {
  const f = keras.grad((w: Tensor) => {
    const [h] = ops.scan(
      (c: Tensor, x: Tensor) => [ops.tanh(c.mul(w).add(x)), null],
      ops.convertToTensor(0.1),
      ops.convertToTensor([0.3, -0.2, 0.5]),
    );
    return h as Tensor;
  });
  const at = (w: number): number => [0.3, -0.2, 0.5].reduce((c, x) => Math.tanh(c * w + x), 0.1);
  const slope = (at(0.7 + 1e-5) - at(0.7 - 1e-5)) / 2e-5;
  close(values(f(0.7)), [slope]);
});

test("a branch has the gradient of the branch that ran", () => {
  const f = keras.grad(
    (x: Tensor) =>
      ops.cond(
        ops.greater(x, 0),
        () => x.mul(x),
        () => x.mul(3),
      ) as Tensor,
  );
  close(values(f(2)), [4]);
  close(values(f(-2)), [3]);
});

test("a loop until a condition says that it has no gradient", () => {
  const f = keras.grad(
    (x: Tensor) =>
      (
        ops.whileLoop(
          (y: Tensor) => ops.less(y, 9),
          (y: Tensor) => [y.mul(2)],
          [x],
        ) as readonly Tensor[]
      )[0],
  );
  assert.throws(() => f(2), /a loop whose length depends on data has no gradient/);
});

test("variables that a body assigns are variables of the loop", () => {
  const total = new Variable(0.5);
  ops.foriLoop(
    0,
    3,
    (i: Tensor, x: never) => {
      total.assignAdd(ops.cast(i, "float32"));
      return x;
    },
    ops.convertToTensor(1),
  );
  close(values(total.value), [3.5]);
  ops.cond(
    ops.greater(total, 3),
    () => {
      total.assign(7);
    },
    () => undefined,
  );
  close(values(total.value), [7]);
});

test("loops in loops", () => {
  const rows = ops.convertToTensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const sums = ops.map(
    (row: Tensor) => (ops.scan((c: Tensor, x: Tensor) => [c.add(x), null], 0, row) as readonly Tensor[])[0],
    rows,
  );
  close(values(sums), [6, 15]);
});

/** A function of one input and a weight, traced. */
function traced(body: (x: Tensor, w: Tensor) => Tensor, gradient = false): Func {
  const trace = new Trace(opTable);
  const x = trace.input("x", "f32", [8, 4]);
  const w = trace.input("w", "f32", [4]);
  const scope = new TraceScope(trace, () => x);
  const y = session.within(scope, () => body(x, w));
  const found = gradient ? gradients(trace.builder, trace.value(y), [trace.value(w)]) : [trace.value(y)];
  const tensors = found.flatMap((value) => (value === undefined ? [] : [trace.wrap(value)]));
  return trace.finish(
    "f",
    tensors.map((tensor, i) => ({ tensor, role: { kind: "output", name: `y${i}` } as const })),
  );
}

const noise = (shape: readonly number[]): NDArray => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { dtype: "f32", shape, data: Float32Array.from({ length: size }, (_, i) => Math.sin(3 * i + size)) };
};

const loopsIn = ({ funcs }: Module): readonly string[] =>
  funcs[0].body.ops.filter(({ regions }) => regions.length > 0).map(({ name }) => name);
const context = { ops: opTable };
const recurrence = (x: Tensor, w: Tensor): Tensor => {
  const [h] = ops.scan(
    (c: Tensor, row: Tensor) => [ops.tanh(c.mul(ops.exp(w)).add(row)), null],
    ops.zeros([4]),
    x,
  );
  return ops.sum(h as Tensor) as Tensor;
};

test("the loop that keeps residuals is merged with the loop it copies", () => {
  const module = { funcs: [traced(recurrence, true)] };
  assert.equal(loopsIn(module), ["scan", "scan", "scan"]);
  assert.equal(loopsIn(dce.run(mergeRegions.run(module, context), context)), ["scan", "scan"]);
});

test("what iterations share leaves the loop", () => {
  const module = hoistInvariants.run({ funcs: [traced(recurrence)] }, context);
  const [loop] = module.funcs[0].body.ops.filter(({ regions }) => regions.length > 0);
  assert.not.ok(loop.regions[0].ops.some(({ name }) => name === "exp"));
  assert.ok(module.funcs[0].body.ops.some(({ name }) => name === "exp"));
});

test("products with slices leave a loop in front, sums over iterations behind", () => {
  const weighted = (x: Tensor, w: Tensor): Tensor => {
    const square = ops.outer(w, w) as Tensor;
    const step = (c: Tensor, rows: Tensor): [Tensor, null] => [
      ops.tanh(c.add(ops.matmul(rows, square) as Tensor)) as Tensor,
      null,
    ];
    const [h] = ops.scan(step, ops.zeros([2, 4]), ops.reshape(x, [4, 2, 4]));
    return ops.sum(h as Tensor) as Tensor;
  };
  const func = traced(weighted, true);
  const merged = dce.run(mergeRegions.run({ funcs: [func] }, context), context);
  const module = splitLoops.run(canonicalize.run(merged, context), context);
  const loops = module.funcs[0].body.ops.filter(({ regions }) => regions.length > 0);
  assert.is(loops.length, 2);
  for (const loop of loops) assert.not.ok(loop.regions[0].ops.some(({ name }) => name === "contract"));
  const inputs = [[8, 4], [4]].map((shape) => noise(shape));
  const [want] = evaluateFunc(func, inputs, opTable);
  const [got] = evaluateFunc(module.funcs[0], inputs, opTable);
  close([...got.data].map(Number), [...want.data].map(Number));
});

test("results, variables and captures of a loop that nobody uses are dropped", () => {
  const module = dce.run(
    {
      funcs: [
        traced((x, w) => {
          const [carry] = ops.scan(
            (c: { a: Tensor; b: Tensor }, row: Tensor) => [{ a: c.a.add(row), b: c.b.mul(w) }, c.b],
            { a: ops.zeros([4]), b: ops.ones([4]) },
            x,
          );
          return ops.sum((carry as { a: Tensor }).a) as Tensor;
        }),
      ],
    },
    context,
  );
  const [loop] = module.funcs[0].body.ops.filter(({ regions }) => regions.length > 0);
  assert.is(loop.operands.length, 2);
  assert.is(loop.results.length, 1);
});

const kernelsInLoop = (steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + (step.kind === "for" ? launchesOf(step.body).length : 0), 0);

test("an iteration is one kernel that writes its variable over the last one", () => {
  const { bundle } = compile("f", { funcs: [traced(recurrence)] }, new Map(), wasmLoader.scheduler);
  const [program] = bundle.programs;
  verifyProgram(program);
  const text = printProgram(program);
  assert.is(printProgram(parseProgram(text)), text);
  assert.is(kernelsInLoop(program.steps), 1);
  assert.not.match(text, /copy \d+ from/);
});

test.run();
