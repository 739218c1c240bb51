// Reverse-mode differentiation over small networks: the gradient in every parameter and input against central differences; and what has
// no gradient says so. That passes keep gradients is tested in passes.test.ts.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { gradients } from "../compiler/autodiff.ts";
import { Builder } from "../ir/builder.ts";
import { type Shape, symbol } from "../ir/dim.ts";
import type { DType } from "../ir/dtype.ts";
import type { BlockArg, Value } from "../ir/graph.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { opTable } from "../ir/ops/index.ts";
import { tensorType } from "../ir/type.ts";
import { floatArgs, gradientError, weightedSum } from "./support/differences.ts";
import { randomArray, seeded } from "./support/seeded.ts";

/** A network under construction: arguments with random elements, and the builder. */
class Network {
  readonly b = new Builder(opTable);
  readonly random = seeded(3);
  readonly args: BlockArg[] = [];
  readonly arrays: NDArray[] = [];
  readonly sizes = new Map([["n", 2]]);

  argument(shape: Shape, range: readonly [number, number] = [-1, 1], dtype: DType = "f32"): BlockArg {
    const arg: BlockArg = { kind: "arg", type: tensorType(dtype, shape) };
    this.args.push(arg);
    this.arrays.push(
      randomArray(
        this.random,
        dtype,
        shape.map((dim) => (typeof dim === "number" ? dim : 2)),
        range,
        true,
      ),
    );
    return arg;
  }

  /** Zeros around axes 1 and 2. */
  padded(x: Value, amount: number, value = 0): Value {
    const sides = [0, amount, amount, 0];
    return this.b.op("pad", [x], { low: sides, high: sides, interior: [0, 0, 0, 0], value });
  }

  pool(x: Value, name: "reduce_max" | "reduce_sum", extent: number, stride: number): Value {
    return this.b.op(name, [x], {
      spec: `n ${stride}*h+i ${stride}*w+j c -> n h w c`,
      sizes: [`i=${extent}`, `j=${extent}`],
    });
  }

  /** -log softmax(logits)[label], averaged over the batch. */
  crossEntropy(logits: Value, labels: Value): Value {
    const { b } = this;
    const rows = logits.type.shape.slice(0, 1);
    const overClasses = { spec: "n k -> n" };
    const shifted = b.sub(
      logits,
      b.broadcast(b.op("reduce_max", [logits], overClasses), logits.type.shape, [0]),
    );
    const total = b.log(b.op("reduce_sum", [b.exp(shifted)], overClasses));
    const picked = b.op("reduce_sum", [b.mul(shifted, labels)], overClasses);
    return b.div(b.sum(b.sub(total, picked), [0]), b.dim(rows[0], "f32"));
  }

  /** Fails unless the gradient of `loss` is its slope in every float argument. */
  check(loss: Value): void {
    const { b, args, arrays, sizes } = this;
    assert.is(gradientError({ b, args, arrays, sizes }, loss, floatArgs(args), this.random), undefined);
  }
}

/** A loss that tells all elements of `value` apart; symbols count as 2. */
const lossOf = (net: Network, value: Value): Value =>
  net.b.sum(
    net.b.mul(value, net.argument(value.type.shape, [0.5, 1.5])),
    value.type.shape.map((_, axis) => axis),
  );

test("convolution, pooling, dense, softmax, cross-entropy, over a symbolic batch", () => {
  const net = new Network();
  const { b } = net;
  const n = symbol("n");
  const image = net.argument([n, 6, 6, 2]);
  const conv = b.contract(
    net.padded(image, 1),
    net.argument([3, 3, 2, 3]),
    "n h+i w+j c, i j c o -> n h w o",
  );
  const relu = b.max(b.add(conv, net.argument([3])), 0);
  const pooled = net.pool(relu, "reduce_max", 2, 2);
  const logits = b.contract(b.reshape(pooled, [n, 27]), net.argument([27, 4]), "n k, k o -> n o");
  const labels = net.argument([n, 4], [0, 1]);
  net.check(net.crossEntropy(b.add(logits, net.argument([4])), labels));
});

const convolutions: readonly (readonly [what: string, image: Shape, weights: Shape, spec: string])[] = [
  ["strided", [2, 7, 7, 2], [3, 3, 2, 2], "n 2*h+i 2*w+j c, i j c o -> n h w o"],
  ["strided beyond the window", [1, 8, 8, 1], [2, 2, 1, 2], "n 3*h+i 3*w+j c, i j c o -> n h w o"],
  ["dilated", [1, 7, 6, 2], [3, 2, 2, 2], "n h+2*i w+3*j c, i j c o -> n h w o"],
  ["strided and dilated", [1, 9, 9, 1], [2, 2, 1, 2], "n 2*h+3*i 2*w+3*j c, i j c o -> n h w o"],
  ["grouped", [2, 5, 5, 2, 3], [3, 3, 2, 3, 2], "n h+i w+j g c, i j g c o -> n h w g o"],
  ["depthwise", [2, 5, 5, 3], [2, 2, 3, 2], "n h+i w+j g, i j g o -> n h w g o"],
  ["pointwise", [2, 3, 3, 4], [1, 1, 4, 2], "n h+i w+j c, i j c o -> n h w o"],
  ["along one axis", [2, 6, 3], [3, 3, 2], "n h+i c, i c o -> n h o"],
  ["channels first", [2, 3, 5, 5], [2, 3, 2, 2], "n c h+i w+j, o c i j -> n o h w"],
];

for (const [what, image, weights, spec] of convolutions) {
  test(`convolution, ${what}`, () => {
    const net = new Network();
    const x = net.argument(image);
    const w = net.argument(weights);
    net.check(lossOf(net, net.b.contract(x, w, spec)));
  });
}

for (const [name, extent, stride] of [
  ["reduce_max", 2, 2],
  ["reduce_max", 3, 2],
  ["reduce_max", 3, 1],
  ["reduce_max", 2, 3],
  ["reduce_sum", 3, 2],
  ["reduce_sum", 2, 3],
] as const) {
  test(`${name} over windows of ${extent} at stride ${stride}, padded`, () => {
    const net = new Network();
    const padding = name === "reduce_max" ? Number.NEGATIVE_INFINITY : 0;
    net.check(
      lossOf(net, net.pool(net.padded(net.argument([2, 5, 5, 2]), 1, padding), name, extent, stride)),
    );
  });
}

test("normalisation: mean and variance over the batch, scale and shift", () => {
  const net = new Network();
  const { b } = net;
  const x = net.argument([4, 3]);
  const mean = b.div(b.sum(x, [0]), 4);
  const centred = b.sub(x, mean);
  const variance = b.div(b.sum(b.mul(centred, centred), [0]), 4);
  const scaled = b.mul(centred, b.mul(b.unary("rsqrt", b.add(variance, 1e-3)), net.argument([3])));
  net.check(lossOf(net, b.add(scaled, net.argument([3]))));
});

test("attention: softmax(q k) v", () => {
  const net = new Network();
  const { b } = net;
  const [q, k, v] = [net.argument([2, 3, 4]), net.argument([2, 5, 4]), net.argument([2, 5, 3])];
  const scores = b.contract(q, k, "n q d, n k d -> n q k");
  const exp = b.exp(
    b.sub(
      scores,
      b.broadcast(b.op("reduce_max", [scores], { spec: "n q k -> n q" }), scores.type.shape, [0, 1]),
    ),
  );
  const weights = b.div(exp, b.broadcast(b.sum(exp, [2]), scores.type.shape, [0, 1]));
  net.check(lossOf(net, b.contract(weights, v, "n q k, n k d -> n q d")));
});

test("a value used several times gets the sum of its gradients", () => {
  const net = new Network();
  const { b } = net;
  const x = net.argument([3, 3]);
  const y = b.add(b.mul(x, x), b.op("transpose", [x], { permutation: [1, 0] }));
  net.check(lossOf(net, b.add(b.mul(y, x), b.unary("sin", y))));
});

test("movements: reverse, concat, slice with strides, pad between, gather", () => {
  const net = new Network();
  const { b } = net;
  const x = net.argument([3, 4]);
  const indices = net.argument([2], [0, 2], "i32");
  const parts = [
    b.op("reverse", [x], { axes: [0] }),
    b.slice(x, [1, 0], [3, 4]),
    b.op("gather", [x, indices], { axis: 0 }),
  ];
  const joined = b.op("concat", parts, { axis: 0 });
  const spread = b.op("pad", [joined], { low: [1, 0], high: [0, 2], interior: [1, 0], value: 3 });
  net.check(lossOf(net, b.slice(spread, [0, 1], [14, 6], [3, 2])));
});

test("the gradient of a gradient", () => {
  const net = new Network();
  const { b } = net;
  const [x, w] = [net.argument([2, 5, 2]), net.argument([2, 2, 3])];
  const y = b.unary("tanh", b.contract(x, w, "n h+i c, i c o -> n h o"));
  const dxs = gradients(b, b.sum(b.mul(y, y), [0, 1, 2]), [x, w]);
  net.check(dxs.flatMap((dx) => (dx === undefined ? [] : [weightedSum(b, dx, net.random)])).reduce(b.add));
});

test("no gradient flows through integers and comparisons, and none to what the loss does not use", () => {
  const b = new Builder(opTable);
  const [x, unused]: BlockArg[] = [
    { kind: "arg", type: tensorType("f32", [3]) },
    { kind: "arg", type: tensorType("f32", [3]) },
  ];
  const steps = b.cast(b.cast(x, "i32"), "f32");
  const sign = b.cast(b.binary("lt", x, 0), "f32");
  assert.equal(gradients(b, b.sum(b.add(steps, sign), [0]), [x, unused]), [undefined, undefined]);
});

test("an op without gradient says so, with its layer", () => {
  const b = new Builder(opTable);
  const x: BlockArg = { kind: "arg", type: tensorType("f32", [4]) };
  b.loc = "net/pool";
  const pooled = b.op("reduce_max", [x], { spec: "2*h+i -> h", sizes: ["i=2"] });
  const [dx] = gradients(b, b.sum(b.mul(pooled, pooled), [0]), [x]);
  assert.ok(dx);
  const loss = b.sum(b.mul(dx, dx), [0]);
  assert.throws(() => gradients(b, loss, [x]), /net\/pool: this op has no gradient; got reduce_max_grad/);
});

test("only a float scalar has a gradient", () => {
  const b = new Builder(opTable);
  const x: BlockArg = { kind: "arg", type: tensorType("f32", [4]) };
  assert.throws(() => gradients(b, b.neg(x), [x]), /expected a float scalar; got f32\[4\]/);
  const count = b.cast(b.sum(x, [0]), "i32");
  assert.throws(() => gradients(b, count, [x]), /expected a float scalar; got i32\[\]/);
});

test("broadcast with permuted axes of a square is no identity", () => {
  const b = new Builder(opTable);
  const x: BlockArg = { kind: "arg", type: { dtype: "f32", shape: [2, 2] } };
  assert.is.not(b.broadcast(x, [2, 2], [1, 0]), x);
  assert.is(b.broadcast(x, [2, 2], [0, 1]), x);
});

test.run();
