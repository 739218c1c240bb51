// How a random function goes on: the table of productions that `random-graph.ts` draws from. Each looks into the pool of values made so far,
// and adds to the builder or gives up. A new op is tried by a new production in the table. Values stay tame (functions that grow are
// given bounded arguments), so that results can be compared.

import { printSpec } from "../../ir/affine-spec.ts";
import { dimsAttr } from "../../ir/builder.ts";
import { type Dim, isStaticShape, productOf } from "../../ir/dim.ts";
import type { Value } from "../../ir/graph.ts";
import { tensorType } from "../../ir/type.ts";
import { axesOf, choose, chooseFloat, count, n, type Production, partner } from "./random-state.ts";

const bounded = [
  "neg",
  "abs",
  "sign",
  "tanh",
  "sigmoid",
  "erf",
  "sin",
  "cos",
  "floor",
  "ceil",
  "round",
  "trunc",
] as const;

const unary: Production = (state) => {
  const { random, b } = state;
  const x = chooseFloat(state);
  if (x === undefined) return undefined;
  if (random.chance(0.7)) return b.unary(random.pick(bounded), x);
  const positive = b.add(b.unary("abs", x), 0.5);
  return random.pick([
    () => b.exp(b.min(x, 1)),
    () => b.log(positive),
    () => b.sqrt(positive),
    () => b.unary("rsqrt", positive),
    () => b.pow(positive, random.pick([0, 1, 2, 3, -1, 0.5])),
    () => b.div(x, random.pick([1, 2, 4, 3])),
  ])();
};

const binary: Production = (state) => {
  const x = chooseFloat(state);
  if (x === undefined) return undefined;
  const operands = state.random.shuffle([x, partner(state, x)]);
  return state.b.op(state.random.pick(["add", "sub", "mul", "max", "min", "add", "mul"]), operands);
};

const relu: Production = (state) => {
  const x = chooseFloat(state);
  return x && state.b.max(x, 0);
};

const choice: Production = (state) => {
  const x = chooseFloat(state);
  if (x === undefined) return undefined;
  const condition = state.b.op(state.random.pick(["lt", "le", "eq", "ne"]), [x, partner(state, x)]);
  return state.b.op("select", [condition, x, partner(state, x)]);
};

const integers: Production = (state) => {
  const { random, b } = state;
  const x = choose(state, (value) => value.type.dtype === "i32");
  if (x === undefined || random.chance(0.3)) {
    const y = choose(state);
    return y && b.cast(y, random.pick(["i32", "f32", "f32"]));
  }
  return b.op(random.pick(["add", "mul", "sub", "min", "max", "xor", "and"]), [x, partner(state, x)]);
};

const reshape: Production = (state) => {
  const x = choose(state, (value) => value.type.shape.length > 0);
  if (x === undefined) return undefined;
  const { shape } = x.type;
  const at = state.random.integer(0, shape.length - 1);
  const dim = shape[at];
  if (at > 0 && state.random.chance(0.5)) {
    return state.b.reshape(x, [
      ...shape.slice(0, at - 1),
      productOf(shape.slice(at - 1, at + 1)),
      ...shape.slice(at + 1),
    ]);
  }
  const split: Dim[] = typeof dim === "number" && dim % 2 === 0 ? [2, dim / 2] : [1, dim];
  return state.b.reshape(x, [...shape.slice(0, at), ...split, ...shape.slice(at + 1)]);
};

const transpose: Production = (state) => {
  const x = choose(state, (value) => value.type.shape.length > 1);
  return x && state.b.op("transpose", [x], { permutation: state.random.shuffle(axesOf(x)) });
};

const broadcast: Production = (state) => {
  const { random } = state;
  const x = choose(
    state,
    (value) => value.type.shape.length < 4 && count(value.type.shape) * 4 <= state.limit,
  );
  if (x === undefined) return undefined;
  const rank = x.type.shape.length + random.integer(1, 4 - x.type.shape.length || 1);
  const axes = random.shuffle(Array.from({ length: rank }, (_, axis) => axis)).slice(0, x.type.shape.length);
  const sorted = random.chance(0.7) ? axes.sort((a, b) => a - b) : axes;
  const shape = Array.from(
    { length: rank },
    (_, axis): Dim => (axes.includes(axis) ? x.type.shape[sorted.indexOf(axis)] : random.integer(1, 2)),
  );
  return state.b.op("broadcast", [x], { shape: dimsAttr(shape), axes: sorted });
};

const slice: Production = (state) => {
  const { random } = state;
  const x = choose(state, (value) => value.type.shape.some((dim) => typeof dim === "number" && dim > 1));
  if (x === undefined) return undefined;
  const ranges = x.type.shape.map((dim) => {
    if (typeof dim !== "number" || dim < 2 || random.chance(0.4)) return { start: 0, limit: dim, stride: 1 };
    const start = random.integer(0, dim - 1);
    return { start, limit: random.integer(start + 1, dim), stride: random.pick([1, 1, 2]) };
  });
  return state.b.slice(
    x,
    ranges.map((r) => r.start),
    ranges.map((r) => r.limit),
    ranges.map((r) => r.stride),
  );
};

const reverse: Production = (state) => {
  const x = choose(state, (value) => value.type.shape.length > 0);
  return x && state.b.op("reverse", [x], { axes: axesOf(x).filter(() => state.random.chance(0.5)) });
};

const pad: Production = (state) => {
  const { random } = state;
  const x = chooseFloat(
    state,
    (value) => value.type.shape.length > 0 && count(value.type.shape) * 3 <= state.limit,
  );
  if (x === undefined) return undefined;
  const amounts = (most: number): number[] =>
    x.type.shape.map((dim) =>
      typeof dim === "number" && dim > 0 && random.chance(0.5) ? random.integer(0, most) : 0,
    );
  return state.b.op("pad", [x], {
    low: amounts(1),
    high: amounts(2),
    interior: random.chance(0.3) ? amounts(1) : amounts(0),
    value: random.pick([0, 0, 0, -1]),
  });
};

const concat: Production = (state) => {
  const { random, b } = state;
  const x = choose(
    state,
    (value) =>
      value.type.shape.some((dim) => typeof dim === "number") && count(value.type.shape) * 2 <= state.limit,
  );
  if (x === undefined) return undefined;
  const axis = random.pick(axesOf(x).filter((at) => typeof x.type.shape[at] === "number"));
  const parts = Array.from({ length: random.integer(0, 2) }, () => partner(state, x));
  return b.op("concat", [x, ...parts], { axis });
};

const names = ["a", "b", "c", "d", "e"];

const reduce: Production = (state) => {
  const { random, b } = state;
  const x = chooseFloat(state, (value) => value.type.shape.length > 0 && value.type.shape.length < 6);
  if (x === undefined) return undefined;
  const axes = axesOf(x).map((axis) => names[axis]);
  const kept = axes.filter(() => random.chance(0.5));
  const spec = `${axes.join(" ")} -> ${(random.chance(0.2) ? random.shuffle(kept) : kept).join(" ")}`;
  if (random.chance(0.5)) return b.op("reduce_sum", [x], { spec });
  const [best, position] = b.results("reduce_max", [x], { spec });
  return random.chance(0.2) ? b.add(best, b.cast(position, "f32")) : best;
};

/** A window over a padded axis: pooling, as layers make it. */
const pool: Production = (state) => {
  const { random, b } = state;
  const x = chooseFloat(
    state,
    (value) =>
      value.type.shape.length < 4 && value.type.shape.some((dim) => typeof dim === "number" && dim >= 3),
  );
  if (x === undefined) return undefined;
  const at = random.pick(axesOf(x).filter((axis) => Number(x.type.shape[axis]) >= 3));
  const [extent, stride] = [random.integer(1, 3), random.integer(1, 2)];
  const zero = axesOf(x).map(() => 0);
  const low = zero.map((_, axis) => (axis === at && random.chance(0.3) ? extent - 1 : 0));
  const name = random.pick(["reduce_sum", "reduce_max"]);
  const value = name === "reduce_max" ? Number.NEGATIVE_INFINITY : 0;
  const padded = low[at] === 0 ? x : b.op("pad", [x], { low, high: zero, interior: zero, value });
  const window = [
    { axis: names[at], factor: stride },
    { axis: "w", factor: 1 },
  ];
  const indices = axesOf(x).map((axis) => (axis === at ? window : [{ axis: names[axis], factor: 1 }]));
  return b.op(name, [padded], {
    spec: printSpec(
      [indices],
      axesOf(x).map((axis) => names[axis]),
    ),
    sizes: [`w=${extent}`],
  });
};

/** Any einsum of two values that share some axes. */
const contract: Production = (state) => {
  const { random, b } = state;
  const x = chooseFloat(
    state,
    (value) => value.type.shape.length > 0 && value.type.shape.length < 5 && count(value.type.shape) <= 100,
  );
  if (x === undefined) return undefined;
  const mine = axesOf(x).map((axis) => names[axis]);
  const shared = axesOf(x).filter((axis) => typeof x.type.shape[axis] === "number" && random.chance(0.6));
  const theirs = random.shuffle([...shared.map((axis) => names[axis]), "o"]);
  const shape = theirs.map((name) =>
    name === "o" ? random.integer(1, 3) : x.type.shape[names.indexOf(name)],
  );
  const weights = state.constant(tensorType("f32", shape));
  const y = random.chance(0.5) ? weights : b.op("tanh", [weights]);
  const kept = random
    .shuffle([...mine, "o"])
    .filter((axis) => random.chance(0.6) || (axis === "a" && random.chance(0.8)));
  const [left, right] = random.chance(0.5) ? [x, y] : [y, x];
  const [ls, rs] = left === x ? [mine, theirs] : [theirs, mine];
  return b.contract(left, right, `${ls.join(" ")}, ${rs.join(" ")} -> ${kept.join(" ")}`.trim());
};

/** A convolution along one axis: kernel of 1 to 3, strided or dilated, over the last axis as channels. */
const convolve: Production = (state) => {
  const { random, b } = state;
  const x = chooseFloat(
    state,
    ({ type: { shape } }) =>
      shape.length > 1 &&
      shape.length < 5 &&
      isStaticShape(shape.slice(-2)) &&
      Number(shape[shape.length - 2]) >= 3,
  );
  if (x === undefined) return undefined;
  const rank = x.type.shape.length;
  const [extent, stride, dilation] = [random.integer(1, 2), random.integer(1, 2), random.integer(1, 2)];
  const outer = names.slice(0, rank - 2);
  const weights = state.constant(tensorType("f32", [extent, Number(x.type.shape[rank - 1]), 2]));
  const term = (factor: number, axis: string): string => (factor === 1 ? axis : `${factor}*${axis}`);
  const spec = `${outer.join(" ")} ${term(stride, "h")}+${term(dilation, "i")} k, i k o -> ${[...outer, "h", "o"].join(" ")}`;
  return b.contract(x, weights, spec.trim());
};

const gather: Production = (state) => {
  const { random, b } = state;
  const x = choose(state, (value) => value.type.shape.length > 0 && value.type.shape.length < 4);
  if (x === undefined) return undefined;
  const indices = b.op("iota", [], { shape: [2, random.integer(1, 3)], axis: 1, dtype: "i32" });
  return b.op("gather", [x, b.op("sub", [indices, b.full(indices.type, 1)])], {
    axis: random.integer(0, x.type.shape.length - 1),
  });
};

/** Kernels built by hand, which others may be read through but are not fused with: over an axis of constant size, along which they run. */
const handBuilt: Production = (state) => {
  const { random, b } = state;
  const x = chooseFloat(state, (value) => value.type.shape.some((dim) => typeof dim === "number" && dim > 0));
  if (x === undefined) return undefined;
  const axis = random.pick(axesOf(x).filter((at) => Number(x.type.shape[at]) > 0));
  const operand = random.pick([() => x, () => b.neg(x), () => b.unary("tanh", x)])();
  const numbers = b.op("iota", [], { shape: dimsAttr(x.type.shape), axis, dtype: "i32" });
  const reverse = random.chance(0.5);
  return random.pick([
    () => b.op("sort", [operand], { axis, descending: random.chance(0.5) }),
    () =>
      b.op("cumulate", [b.unary("tanh", operand)], { axis, combine: random.pick(["add", "mul"]), reverse }),
    () => b.op("cumulate_max", [operand], { axis, reverse }),
    () =>
      b.op("scatter", [operand, b.sub(numbers, 1), partner(state, x)], {
        axis,
        combine: random.pick(["set", "add", "max"]),
      }),
    () => b.op("take_along", [operand, b.sub(numbers, 1)], { axis }),
  ])();
};

const sizeOfBatch: Production = (state) => {
  const x = chooseFloat(
    state,
    (value) => value.type.shape.length === 0 || typeof value.type.shape[0] !== "number",
  );
  if (x === undefined || x.type.shape.length === 0) return undefined;
  return state.b.div(x, state.b.dim(n, "f32"));
};

/** A scale and shift per channel by parameters, as a batch normalisation at inference has them. */
const normalise: Production = (state) => {
  const { random, b } = state;
  const y = convolve(state) ?? contract(state);
  if (y === undefined || y.type.shape.length === 0) return undefined;
  const axis = y.type.shape.length - 1;
  const perChannel = (): Value => {
    const vector = state.constant(tensorType("f32", [y.type.shape[axis]]));
    return b.op("broadcast", [vector], { shape: dimsAttr(y.type.shape), axes: [axis] });
  };
  const scaled = b.op(random.pick(["mul", "mul", "div"]), [
    b.op(random.pick(["add", "sub"]), [y, perChannel()]),
    b.add(b.unary("abs", perChannel()), 0.5),
  ]);
  return b.op("add", random.shuffle([scaled, perChannel()]));
};

/** A value read padded and bare: a residual block. */
const residual: Production = (state) => {
  const { random, b } = state;
  const x = chooseFloat(
    state,
    ({ type: { shape } }) =>
      shape.length <= names.length && shape.some((dim) => Number(dim) > 2) && count(shape) * 2 <= state.limit,
  );
  if (x === undefined) return undefined;
  const at = random.pick(axesOf(x).filter((axis) => Number(x.type.shape[axis]) > 2));
  const sides = axesOf(x).map((axis) => (axis === at ? 1 : 0));
  const padded = b.op("pad", [x], { low: sides, high: sides, interior: sides.map(() => 0), value: 0 });
  const indices = axesOf(x).map((axis) =>
    axis === at
      ? [
          { axis: names[axis], factor: 1 },
          { axis: "w", factor: 1 },
        ]
      : [{ axis: names[axis], factor: 1 }],
  );
  const sum = b.op("reduce_sum", [padded], {
    spec: printSpec(
      [indices],
      axesOf(x).map((axis) => names[axis]),
    ),
    sizes: ["w=3"],
  });
  return b.add(x, sum);
};

/** By how often each should come up. */
export const productions: readonly (readonly [Production, number])[] = [
  [unary, 4], [binary, 6], [relu, 3], [choice, 2], [integers, 2],
  [reshape, 3], [transpose, 4], [broadcast, 3], [slice, 3], [reverse, 1], [pad, 2], [concat, 2],
  [reduce, 4], [pool, 4], [contract, 3], [convolve, 2], [gather, 1], [handBuilt, 2], [sizeOfBatch, 1], [normalise, 2], [residual, 2],
]; // biome-ignore format: by family
