// deadline: 200
// Fusion, seen from outside: how many kernels a graph becomes, that the numbers are those of the graph, and what must not be fused. Counts
// are of launches or of `fused` ops; numbers are those of the interpreter, on the schedules of CPUs and GPUs, against `evaluate`.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { gradients } from "../compiler/autodiff.ts";
import { keras, layers } from "../compiler/index.ts";
import { lowerFunc } from "../compiler/lower/program.ts";
import { sourceOf } from "../compiler/package/from-model.ts";
import type { ArtifactSource } from "../compiler/package/source.ts";
import { runPasses } from "../compiler/pass.ts";
import { fuse } from "../compiler/passes/fuse.ts";
import { compile } from "../compiler/pipeline.ts";
import { Builder } from "../ir/builder.ts";
import { type Shape, symbol } from "../ir/dim.ts";
import { getElement, setElement } from "../ir/elements.ts";
import { bindSymbols, evaluateFunc } from "../ir/evaluate.ts";
import type { BlockArg, Func, Module, Value } from "../ir/graph.ts";
import { interpretProgram } from "../ir/interpret.ts";
import { scalar } from "../ir/kernel.ts";
import { type NDArray, sizeOf } from "../ir/ndarray.ts";
import type { OpDef, OpTable } from "../ir/op.ts";
import { opTable } from "../ir/ops/index.ts";
import { launchesOf, type Program } from "../ir/program.ts";
import { cuda } from "../targets/cuda/cuda.ts";
import { type Scheduler, schedulerFor } from "../targets/schedule/scheduler.ts";
import { wasm } from "../targets/wasm/emit.ts";
import { type Closeness, difference } from "./support/close.ts";
import { type Arguments, expectedOutputs, interpreted, randomArguments } from "./support/run-func.ts";

const n = symbol("n");
const close: Closeness = { absolute: 1e-4, relative: 1e-4 };
const schedules = [
  ["the CPU schedule", schedulerFor(wasm.limits)],
  ["the GPU schedule", schedulerFor(cuda.limits)],
] as const;

/** A function of f32 inputs with one output. */
function funcOf(
  shapes: readonly Shape[],
  body: (b: Builder, ...args: readonly Value[]) => Value,
  ops: OpTable = opTable,
): Func {
  const b = new Builder(ops);
  const args = shapes.map(
    (shape, i): BlockArg => ({ kind: "arg", type: { dtype: "f32", shape }, name: `x${i}` }),
  );
  const y = body(b, ...args);
  return {
    name: "main",
    body: b.block(args, [y]),
    args: args.map((_, i) => ({ kind: "input", name: `x${i}` })),
    results: [{ kind: "output", name: "y" }],
  };
}

const launches = (
  func: Func,
  scheduler: Scheduler,
  values: ReadonlyMap<string, NDArray> = new Map(),
): number =>
  launchesOf(compile(func.name, { funcs: [func] }, values, scheduler).bundle.programs[0].steps).length;

const fusedOps = ({ funcs }: Module): number =>
  funcs.flatMap(({ body }) => body.ops).filter(({ name }) => name === "fused").length;

function checkNumbers(func: Func, scheduler: Scheduler, size = 3, disabled?: ReadonlySet<string>): void {
  checkOutputs(func, randomArguments(func, 7, size), scheduler, close, disabled);
}

function checkOutputs(
  func: Func,
  given: Arguments,
  scheduler: Scheduler,
  closeness = close,
  disabled?: ReadonlySet<string>,
): void {
  const got = interpreted(func, given, scheduler, { disabled });
  expectedOutputs(func, given).forEach((want, i) => {
    const label = `output ${i} without ${[...(disabled ?? [])].join()}`;
    assert.is(difference(got[i], want, closeness), undefined, label);
  });
}

const conv = (b: Builder, x: Value, kernel: Value, bias: Value): Value =>
  b.add(b.contract(x, kernel, "n h+i w+j c, i j c o -> n h w o"), bias);
const window = { spec: "n 2*h+i 2*w+j c -> n h w c", sizes: ["i=2", "j=2"] };
const convShapes: readonly Shape[] = [[n, 10, 10, 2], [3, 3, 2, 8], [8]];

const maxPooled = funcOf(convShapes, (b, x, kernel, bias) =>
  b.op("reduce_max", [b.unary("relu", conv(b, x, kernel, bias))], window),
);

// An activation that no other part of the compiler has heard of.

const bent: OpDef = {
  name: "bent",
  doc: "x where it is positive, else x / 4.",
  arity: [1, 1],
  attrNames: [],
  tolerance: "exact",
  infer: ([type]) => [type],
  evaluate([x], _attrs, context) {
    const y = context.allocate(0);
    for (let i = 0; i < x.data.length; i++)
      setElement(y, i, Math.max(getElement(x, i), getElement(x, i) / 4));
    return [y];
  },
  lower: {
    kind: "map",
    at(_ctx, index, read) {
      const x = read(0, index);
      return scalar("max", x, scalar("mul", x, { kind: "const", dtype: "f32", lanes: 1, value: 0.25 }));
    },
  },
  samples: [{ operands: [{ dtype: "f32", shape: [3, 4] }], attrs: {} }],
};
const extended: OpTable = new Map([...opTable, ["bent", bent]]);

/** Fused and lowered with a table of one's own; naive kernels. */
function lowerWith(func: Func, ops: OpTable): { fused: Module; program: Program } {
  const fused = runPasses({ funcs: [func] }, [fuse], { ops });
  return { fused, program: lowerFunc(fused.funcs[0], ops, { chunkBytes: 1 << 18, fields: new Map() }) };
}

function runProgram(program: Program, inputs: readonly NDArray[]): readonly NDArray[] {
  const stores = { weights: new Uint8Array(), state: new Uint8Array() };
  return interpretProgram(program, stores, inputs, bindSymbols(program.inputs, inputs));
}

test("a new activation is fused with what stands around it: conv, bias, activation, average pool", () => {
  const func = funcOf(
    convShapes,
    (b, x, kernel, bias) =>
      b.mul(b.op("reduce_sum", [b.op("bent", [conv(b, x, kernel, bias)])], window), 0.25),
    extended,
  );
  const { fused, program } = lowerWith(func, extended);
  assert.is(fusedOps(fused), 1);
  assert.is(launchesOf(program.steps).length, 1);
  const { inputs } = randomArguments(func, 5, 3);
  const [want] = evaluateFunc(func, inputs, extended);
  assert.is(difference(runProgram(program, inputs)[0], want, close), undefined);
});

const softmax = (b: Builder, z: Value): Value => {
  const spread = (row: Value): Value => b.broadcast(row, z.type.shape, [0]);
  const e = b.exp(b.sub(z, spread(b.op("reduce_max", [z], { spec: "n c -> n" }))));
  return b.div(e, spread(b.sum(e, [1])));
};

const transposed = funcOf(
  [
    [6, 6],
    [6, 6],
  ],
  (b, x, y) => b.unary("relu", b.transpose(b.contract(x, y, "i k, k j -> i j"), [1, 0])),
);

const costly = funcOf(
  [
    [n, 32],
    [32, 16],
  ],
  (b, x, y) => b.contract(b.exp(x), y, "n k, k o -> n o"),
);

for (const [name, scheduler] of schedules) {
  test(`conv, bias, relu and max pool are one kernel on ${name}`, () => {
    assert.is(launches(maxPooled, scheduler), 1);
    checkNumbers(maxPooled, scheduler);
  });

  test(`softmax is one kernel on ${name}`, () => {
    const func = funcOf([[n, 10]], softmax);
    assert.is(launches(func, scheduler), 1);
    checkNumbers(func, scheduler, 5);
  });

  test(`relu of a transposed square product is right on ${name}`, () => {
    checkNumbers(transposed, scheduler);
  });

  test(`exp under a product is computed once, in a kernel of its own, on ${name}`, () => {
    const { module } = compile("costly", { funcs: [costly] }, new Map(), scheduler);
    assert.is(fusedOps(module), 2);
    checkNumbers(costly, scheduler, 4);
  });
}

// Whole networks.

async function mnist(): Promise<ArtifactSource> {
  keras.config.setBackend("reference");
  keras.utils.clearSession();
  const model = keras.Sequential([
    keras.Input([28, 28, 1]),
    layers.Conv2D(32, 3, { activation: "relu" }),
    layers.MaxPooling2D(2),
    layers.Conv2D(64, 3, { activation: "relu" }),
    layers.MaxPooling2D(2),
    layers.Conv2D(64, 3, { activation: "relu" }),
    layers.Flatten(),
    layers.Dense(64, { activation: "relu" }),
    layers.Dense(10, { activation: "softmax" }),
  ]);
  return sourceOf(model);
}

/** Where each weight lies in the slab. */
const weights: readonly (readonly number[])[] = [
  [3, 3, 1, 32], [32], [3, 3, 32, 64], [64], [3, 3, 64, 64], [64], [576, 64], [64], [64, 10], [10],
]; // biome-ignore format: kernel and bias of each layer
const sizes = weights.map((shape) => sizeOf(shape));
const total = sizes.reduce((sum, size) => sum + size, 0);

/** Written with the pools first; bias and relu in the natural order cost a step 3 launches more. */
function probabilities(b: Builder, x: Value, w: readonly Value[]): Value {
  const product = (input: Value, i: number): Value =>
    b.contract(input, w[i], "n h+i w+j c, i j c o -> n h w o");
  const bend = (input: Value, i: number): Value => b.unary("relu", b.add(input, w[i + 1]));
  const layer = (input: Value, i: number): Value => bend(product(input, i), i);
  const pooled = (input: Value, i: number): Value => bend(b.op("reduce_max", [product(input, i)], window), i);
  const dense = (input: Value, i: number): Value =>
    b.add(b.contract(input, w[i], "n k, k o -> n o"), w[i + 1]);
  const features = b.reshape(layer(pooled(pooled(x, 0), 2), 4), [n, 576]);
  return softmax(b, dense(b.unary("relu", dense(features, 6)), 8));
}

/** Forward, loss, number of right answers, backward, and Adam on one slab of all weights. */
function trainStep(): Func {
  const b = new Builder(opTable);
  const argument = (name: string, shape: Shape): BlockArg => ({
    kind: "arg",
    type: { dtype: name === "iteration" ? "i32" : "f32", shape },
    name,
  });
  const states = ["slab", "m", "v"].map((name) => argument(name, [total]));
  const scalars = ["iteration", "rate"].map((name) => argument(name, []));
  const [x, y] = [argument("x", [n, 28, 28, 1]), argument("y", [n, 10])];
  const [[slab, m, v], [iteration, rate]] = [states, scalars];
  let end = 0;
  const w = weights.map((shape, i) => {
    const start = end;
    end += sizes[i];
    return b.reshape(b.slice(slab, [start], [end]), shape);
  });
  const p = probabilities(b, x, w);
  const losses = b.neg(b.sum(b.mul(y, b.log(b.min(b.max(p, 1e-7), 1 - 1e-7))), [1]));
  const loss = b.div(b.sum(losses, [0]), b.dim(n, "f32"));
  const best = (rows: Value): Value => b.results("reduce_max", [rows], { spec: "n c -> n" })[1];
  const correct = b.sum(b.cast(b.binary("eq", best(p), best(y)), "f32"), [0]);
  const flat = gradients(b, loss, w).map((gradient, i) => {
    if (gradient === undefined) throw new Error("a weight without gradient");
    return b.reshape(gradient, [sizes[i]]);
  });
  const g = b.op("concat", flat, { axis: 0 });
  const next = b.add(iteration, 1);
  const step = b.cast(next, "f32");
  const correction = b.sqrt(b.sub(1, b.pow(0.999, step)));
  const alpha = b.div(b.mul(rate, correction), b.sub(1, b.pow(0.9, step)));
  const m2 = b.add(m, b.mul(b.sub(g, m), 0.1));
  const v2 = b.add(v, b.mul(b.sub(b.mul(g, g), v), 0.001));
  const updated = b.sub(slab, b.div(b.mul(m2, alpha), b.add(b.sqrt(v2), 1e-7)));
  const state = (path: string) => ({ kind: "state", path }) as const;
  return {
    name: "train_step",
    body: b.block([...states, ...scalars, x, y], [updated, m2, v2, next, loss, correct]),
    args: [
      ...["slab", "m", "v", "iteration", "rate"].map(state),
      { kind: "input", name: "x" },
      { kind: "input", name: "y" },
    ],
    results: [
      ...["slab", "m", "v", "iteration"].map(state),
      { kind: "output", name: "loss" },
      { kind: "output", name: "correct" },
    ],
  };
}

for (const [name, scheduler] of schedules) {
  test(`the MNIST network of Keras is at most 6 launches on ${name}`, async () => {
    const { module, values } = await mnist();
    const count = launches(module.funcs[0], scheduler, values);
    assert.ok(count <= 6, `${count} launches`);
  });

  test(`a training step of its graph, pools first, with Adam on one slab, is at most 20 launches on ${name}`, () => {
    const step = trainStep();
    const count = launches(step, scheduler, randomArguments(step, 1, 2).values);
    assert.ok(count <= 20, `${count} launches`);
  });
}

/** A small network that every pass has something to do in. */
async function small(): Promise<{ func: Func; given: Arguments }> {
  keras.config.setBackend("reference");
  keras.utils.clearSession();
  keras.utils.setRandomSeed(3);
  const model = keras.Sequential([
    keras.Input([8, 8, 2]),
    layers.Conv2D(4, 3, { activation: "relu", padding: "same" }),
    layers.MaxPooling2D(2),
    layers.Conv2D(8, 3, { activation: "tanh", padding: "same" }),
    layers.Flatten(),
    layers.Dense(10, { activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "categorical_crossentropy", metrics: ["accuracy"] });
  const { module, values } = await sourceOf(model, { train: true });
  const func = module.funcs.find(({ name }) => name === "train_step");
  if (func === undefined) throw new Error("no training step");
  const { inputs } = randomArguments(func, 11, 13);
  let next = 0;
  const all = func.args.map((role) => {
    const array = role.kind === "input" ? inputs[next++] : values.get(role.path);
    if (array === undefined) throw new Error("no value for a state");
    return array;
  });
  return { func, given: { inputs, values, all } };
}

/** The smallest arena that lets a chunk have 8 samples. */
function chunksOfEight(func: Func, values: ReadonlyMap<string, NDArray>): Scheduler {
  for (let chunkBytes = 1 << 12; chunkBytes < 1 << 22; chunkBytes += 1 << 11) {
    const scheduler = schedulerFor({ ...wasm.limits, chunkBytes });
    const [program] = compile(func.name, { funcs: [func] }, values, scheduler).bundle.programs;
    if (program.steps.some((step) => step.kind === "chunks" && step.size === 8)) return scheduler;
  }
  throw new Error("no arena gives chunks of 8");
}

test("13 samples in chunks of 8: the last chunk is smaller", async () => {
  const { func, given } = await small();
  checkOutputs(func, given, chunksOfEight(func, given.values));
});

const switches = ["canonicalize", "cse", "fold", "share-padding", "chunk-batch", "merge-launches"];

for (const [name, scheduler] of schedules) {
  test(`a training step has the same numbers with each pass switched off, on ${name}`, async () => {
    const { func, given } = await small();
    checkOutputs(func, given, scheduler);
    for (const pass of switches) checkOutputs(func, given, scheduler, close, new Set([pass]));
  });
}

test.run();
