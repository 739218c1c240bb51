// Models for the tests of artifacts: the MNIST network with predict and a training step, built by hand so that these tests
// need no Keras surface; and a small one with two inputs, two outputs and narrow element types. Weights are random, the
// same in every process.

import { gradients } from "../../compiler/autodiff.ts";
import { randomNumbers } from "../../compiler/package/random.ts";
import type { ArtifactSource } from "../../compiler/package/source.ts";
import { Builder } from "../../ir/builder.ts";
import { symbol } from "../../ir/dim.ts";
import type { DType } from "../../ir/dtype.ts";
import type { ArgRole, BlockArg, Func, ResultRole, Value } from "../../ir/graph.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";
import { opTable } from "../../ir/ops/index.ts";

const n = symbol("n");

const mnistWeights: readonly (readonly [name: string, shape: readonly number[]])[] = [
  ["conv2d/kernel", [3, 3, 1, 32]],
  ["conv2d/bias", [32]],
  ["conv2d_1/kernel", [3, 3, 32, 64]],
  ["conv2d_1/bias", [64]],
  ["conv2d_2/kernel", [3, 3, 64, 64]],
  ["conv2d_2/bias", [64]],
  ["dense/kernel", [576, 64]],
  ["dense/bias", [64]],
  ["dense_1/kernel", [64, 10]],
  ["dense_1/bias", [10]],
];

function glorot(shape: readonly number[], next: () => number): NDArray {
  const fan = sizeOf(shape.slice(0, -1));
  const scale = shape.length === 1 ? 0.1 : Math.sqrt(3 / fan);
  return {
    dtype: "f32",
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => (2 * next() - 1) * scale),
  };
}

function valuesOf(weights: typeof mnistWeights): Map<string, NDArray> {
  const next = randomNumbers(7);
  return new Map(weights.map(([name, shape]) => [name, glorot(shape, next)]));
}

const arg = (name: string, dtype: DType, shape: BlockArg["type"]["shape"]): BlockArg => ({
  kind: "arg",
  type: { dtype, shape },
  name,
});

function softmax(b: Builder, logits: Value): Value {
  const { shape } = logits.type;
  const largest = b.op("stop_gradient", [b.op("reduce_max", [logits], { spec: "n c -> n" })]);
  const e = b.exp(b.sub(logits, b.broadcast(largest, shape, [0])));
  return b.div(e, b.broadcast(b.sum(e, [1]), shape, [0]));
}

function network(b: Builder, image: Value, weight: (name: string) => Value): Value {
  const conv = (x: Value, layer: string): Value => {
    const y = b.contract(x, weight(`${layer}/kernel`), "n h+i w+j c, i j c o -> n h w o");
    return b.unary("relu", b.add(y, weight(`${layer}/bias`)));
  };
  const pool = (x: Value): Value =>
    b.op("reduce_max", [x], { spec: "n 2*h+i 2*w+j c -> n h w c", sizes: ["i=2", "j=2"] });
  const dense = (x: Value, layer: string): Value =>
    b.add(b.contract(x, weight(`${layer}/kernel`), "n k, k o -> n o"), weight(`${layer}/bias`));
  const features = conv(pool(conv(pool(conv(image, "conv2d")), "conv2d_1")), "conv2d_2");
  const hidden = b.unary("relu", dense(b.reshape(features, [n, 576]), "dense"));
  return softmax(b, dense(hidden, "dense_1"));
}

type Role = ArgRole & ResultRole;
const role = (kind: "param" | "state", path: string): ArgRole => ({ kind, path });
const input = (name: string): ArgRole => ({ kind: "input", name });
const output = (name: string): ResultRole => ({ kind: "output", name });

function predictFunc(kind: "param" | "state"): Func {
  const b = new Builder(opTable);
  const image = arg("image", "f32", [n, 28, 28, 1]);
  const weights = new Map(mnistWeights.map(([name, shape]) => [name, arg(name, "f32", shape)]));
  const probabilities = network(b, image, (name) => weights.get(name) as Value);
  return {
    name: "predict",
    body: b.block([...weights.values(), image], [probabilities]),
    args: [...mnistWeights.map(([path]) => role(kind, path)), input("image")],
    results: [output("probabilities")],
  };
}

/** Plain gradient descent on the cross entropy; reports loss and accuracy. */
function trainFunc(): Func {
  const b = new Builder(opTable);
  const [x, y] = [arg("x", "f32", [n, 28, 28, 1]), arg("y", "f32", [n, 10])];
  const weights = new Map(mnistWeights.map(([name, shape]) => [name, arg(name, "f32", shape)]));
  const p = network(b, x, (name) => weights.get(name) as Value);
  const clipped = b.min(b.max(p, 1e-7), 1 - 1e-7);
  const each = b.neg(b.sum(b.mul(y, b.log(clipped)), [1]));
  const samples = b.dim(n, "f32");
  const loss = b.div(b.sum(each, [0]), samples);
  const best = (value: Value): Value => b.results("reduce_max", [value], { spec: "n c -> n" })[1];
  const right = b.sum(b.cast(b.op("eq", [best(p), best(y)]), "f32"), [0]);
  const found = gradients(b, loss, [...weights.values()]);
  const updated = [...weights.values()].map((weight, i) => b.sub(weight, b.mul(found[i] as Value, 0.01)));
  const states = mnistWeights.map(([path]): Role => ({ kind: "state", path }));
  return {
    name: "train_step",
    body: b.block([...weights.values(), x, y], [...updated, loss, b.div(right, samples)]),
    args: [...states, input("x"), input("y")],
    results: [...states, output("loss"), output("accuracy")],
  };
}

/** The MNIST network; with `train`, its weights are states. */
export function mnistSource({ train = false, name = "mnist" } = {}): ArtifactSource {
  const funcs = train ? [predictFunc("state"), trainFunc()] : [predictFunc("param")];
  return { name, module: { funcs }, values: valuesOf(mnistWeights) };
}

/** scores[n, 2] = x[n, 3] · kernel + offset, and whether each is positive; `pixel` is u8, one per sample. */
export function smallSource(name = "small"): ArtifactSource {
  const b = new Builder(opTable);
  const [x, pixel, kernel] = [arg("x", "f32", [n, 3]), arg("pixel", "u8", [n]), arg("kernel", "f32", [3, 2])];
  const sums = b.contract(x, kernel, "n k, k o -> n o");
  const scores = b.add(sums, b.broadcast(b.cast(pixel, "f32"), [n, 2], [0]));
  const positive = b.op("lt", [b.full({ dtype: "f32", shape: [n, 2] }, 0), scores]);
  const predict: Func = {
    name: "predict",
    body: b.block([kernel, x, pixel], [scores, positive]),
    args: [role("param", "kernel"), input("x"), input("pixel")],
    results: [output("scores"), output("positive")],
  };
  const weights: NDArray = { dtype: "f32", shape: [3, 2], data: Float32Array.of(1, 0.5, -2, 0.25, 3, -1) };
  return { name, module: { funcs: [predict] }, values: new Map([["kernel", weights]]) };
}

/** y = x · w · w ..., as often as `count` is above 0, with a matrix large enough that threads share the work. */
export function loopSource(name = "loop"): ArtifactSource {
  const [count, x, w] = [arg("count", "f32", []), arg("x", "f32", [64, 64]), arg("w", "f32", [64, 64])];
  const scalar = { dtype: "f32", shape: [] } as const;
  const b = new Builder(opTable);
  const test = b.nested();
  const asked = [arg("count", "f32", []), arg("x", "f32", [64, 64]), arg("w", "f32", [64, 64])];
  const goesOn = test.op("lt", [test.full(scalar, 0), asked[0]]);
  const step = b.nested();
  const given = [arg("count", "f32", []), arg("x", "f32", [64, 64]), arg("w", "f32", [64, 64])];
  const next = [
    step.sub(given[0], step.full(scalar, 1)),
    step.contract(given[1], given[2], "m k, k n -> m n"),
  ];
  const regions = [test.block(asked, [goesOn]), step.block(given, next)];
  const [, y] = b.results("while_loop", [count, x, w], { carries: 2 }, regions);
  const predict: Func = {
    name: "predict",
    body: b.block([count, x, w], [y]),
    args: [input("count"), input("x"), input("w")],
    results: [output("y")],
  };
  return { name, module: { funcs: [predict] }, values: new Map() };
}
