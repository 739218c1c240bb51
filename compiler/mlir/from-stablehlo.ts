/**
 * StableHLO's operations as ops of ours.
 */
import type { Operation } from "mlir-js";
import type { AffineIndex } from "../../ir/affine-spec.ts";
import { printSpec } from "../../ir/affine-spec.ts";
import { axesSpec, type Builder, dimsAttr } from "../../ir/builder.ts";
import { isFloat } from "../../ir/dtype.ts";
import { Unsupported } from "../../ir/errors.ts";
import type { Value } from "../../ir/graph.ts";
import type { ScalarName } from "../../ir/scalar.ts";
import { splatOf } from "./nest-to-graph.ts";
import { placeOf, unknown } from "./read-scalar.ts";
import { convolution, dotGeneral, listIn, padded } from "./stablehlo-products.ts";
import type { ReadWord, TensorReader, Words } from "./tensor-reader.ts";

const elementwise: { readonly [name: string]: ScalarName } = {
  add: "add", subtract: "sub", multiply: "mul", divide: "div", maximum: "max", minimum: "min", power: "pow", negate: "neg", abs: "abs",
  exponential: "exp", exponential_minus_one: "expm1", log: "log", log_plus_one: "log1p", tanh: "tanh", logistic: "sigmoid",
  sqrt: "sqrt", rsqrt: "rsqrt", sine: "sin", cosine: "cos", tan: "tan", floor: "floor", ceil: "ceil", sign: "sign", atan2: "atan2",
  round_nearest_even: "round", and: "and", or: "or", xor: "xor", not: "not", select: "select",
  shift_left: "shl", shift_right_arithmetic: "shr",
}; // biome-ignore format: a table

const scalarWord =
  (name: ScalarName): ReadWord =>
  (r, op) => [r.b.op(name, r.operands(op))];

const comparisons: { readonly [direction: string]: (b: Builder, x: Value, y: Value) => Value } = {
  LT: (b, x, y) => b.op("lt", [x, y]),
  LE: (b, x, y) => b.op("le", [x, y]),
  GT: (b, x, y) => b.op("lt", [y, x]),
  GE: (b, x, y) => b.op("le", [y, x]),
  EQ: (b, x, y) => b.op("eq", [x, y]),
  NE: (b, x, y) => b.op("ne", [x, y]),
};

const compare: ReadWord = (r, op) => {
  const direction = /[A-Z]{2}/.exec(String(op.attribute("comparison_direction")))?.[0] ?? "";
  const [x, y] = r.operands(op);
  const word = comparisons[direction];
  if (word === undefined) throw unknown(op);
  return [word(r.b, x, y)];
};

/** The one operation that a reduction applies. */
function reducerOf(op: Operation): string {
  const [block] = op.regions[0].blocks;
  const [first, last, ...rest] = block.operations;
  const isOne = rest.length === 0 && last?.name === "stablehlo.return" && block.args.length === 2;
  if (!isOne)
    throw new Unsupported("keratin", `${op.name} by more than one operation`, { where: placeOf(op) });
  return first.name.replace("stablehlo.", "");
}

/** Reduces by a name of StableHLO's, over the axes or windows that a spec says. */
function reduceBy(
  r: TensorReader,
  op: Operation,
  name: string,
  x: Value,
  init: Value,
  attrs: { spec: string; sizes?: string[] },
): Value {
  const { b } = r;
  const start = splatOf(init);
  const boolean = x.type.dtype === "bool";
  const finish = (result: Value, neutral: (value: number) => boolean, combine: ScalarName): Value =>
    start !== undefined && neutral(start)
      ? result
      : b.op(combine, [result, b.broadcastTo(init, result.type.shape)]);
  if (name === "add") return finish(b.op("reduce_sum", [x], attrs), (value) => value === 0, "add");
  if (name === "multiply") return finish(b.op("reduce_prod", [x], attrs), (value) => value === 1, "mul");
  const isMaximum = name === "maximum" || (name === "or" && boolean);
  if (!isMaximum && name !== "minimum" && !(name === "and" && boolean)) throw unknown(op);
  const numeric = boolean ? b.cast(x, "i32") : x;
  const signed = isMaximum ? numeric : b.op("neg", [numeric]);
  const largest = b.op("reduce_max", [signed], attrs);
  const back = isMaximum ? largest : b.op("neg", [largest]);
  const typed = boolean ? b.cast(back, "bool") : back;
  const isLimit = (value: number): boolean =>
    boolean || Math.abs(value) > 3e38 || Math.abs(value) >= 2147483647;
  return finish(typed, isLimit, isMaximum ? (boolean ? "or" : "max") : boolean ? "and" : "min");
}

const reduce: ReadWord = (r, op) => {
  const [x, init, ...rest] = r.operands(op);
  if (rest.length > 0)
    throw new Unsupported("keratin", "a reduction of several operands", { where: placeOf(op) });
  const axes = r.numbers(op, "dimensions");
  return [reduceBy(r, op, reducerOf(op), x, init, { spec: axesSpec(x.type.shape.length, axes) })];
};

const reduceWindow: ReadWord = (r, op) => {
  const [x, init] = r.operands(op);
  const rank = x.type.shape.length;
  const numbers = (name: string): readonly number[] =>
    op.attribute(name) === undefined ? Array.from({ length: rank }, () => 1) : r.numbers(op, name);
  const [sizes, strides, dilations, spread] = [
    "window_dimensions",
    "window_strides",
    "window_dilations",
    "base_dilations",
  ].map(numbers);
  const padding =
    op.attribute("padding") === undefined
      ? Array.from({ length: 2 * rank }, () => 0)
      : r.numbers(op, "padding");
  const side = (which: number): number[] => sizes.map((_, axis) => padding[2 * axis + which]);
  const value = splatOf(init);
  if (value === undefined) throw unknown(op);
  const image = padded(
    r.b,
    x,
    side(0),
    side(1),
    spread.map((n) => n - 1),
    value,
  );
  const indices = sizes.map((size, axis): AffineIndex => {
    const outer = { axis: `h${axis}`, factor: strides[axis] };
    return size === 1 ? [outer] : [outer, { axis: `i${axis}`, factor: dilations[axis] }];
  });
  const kept = sizes.map((_, axis) => `h${axis}`);
  const extents = sizes.flatMap((size, axis) => (size === 1 ? [] : [`i${axis}=${size}`]));
  return [reduceBy(r, op, reducerOf(op), image, init, { spec: printSpec([indices], kept), sizes: extents })];
};

/** Slices along one axis by number: what an embedding is. */
const gather: ReadWord = (r, op) => {
  const [x, at] = r.operands(op);
  const of = (name: string): readonly number[] => listIn(op, "dimension_numbers", name);
  const [axis, ...others] = of("start_index_map");
  const vector = Number(/index_vector_dim = (\d+)/.exec(String(op.attribute("dimension_numbers")))?.[1] ?? 0);
  const sizes = r.numbers(op, "slice_sizes");
  const isWhole = sizes.every((size, i) => (i === axis ? size === 1 : size === x.type.shape[i]));
  const collapsed = of("collapsed_slice_dims");
  if (others.length > 0 || !isWhole || collapsed.join() !== String(axis)) throw unknown(op);
  const { shape } = at.type;
  const indices =
    vector === shape.length
      ? at
      : r.b.reshape(
          at,
          shape.filter((_, i) => i !== vector),
        );
  const picked = r.b.op("gather", [x, r.cast(indices, "i32")], { axis });
  // Axes of the indices stand at `axis`; StableHLO says where the others go.
  const offsets = of("offset_dims");
  const rank = picked.type.shape.length;
  const count = indices.type.shape.length;
  const mine = Array.from({ length: rank }, (_, i) => i).filter((i) => i < axis || i >= axis + count);
  const batch = Array.from({ length: count }, (_, i) => axis + i);
  let next = 0;
  const permutation = Array.from({ length: rank }, (_, i) =>
    offsets.includes(i) ? mine[offsets.indexOf(i)] : batch[next++],
  );
  return [r.b.transpose(picked, permutation)];
};

const clampWord: ReadWord = (r, op) => {
  const [low, x, high] = r.operands(op);
  const { shape } = x.type;
  return [r.b.min(r.b.max(x, r.b.broadcastTo(low, shape)), r.b.broadcastTo(high, shape))];
};

const words: { readonly [operation: string]: ReadWord } = {
  constant: (r, op) => [r.b.constant(r.array(op.attribute("value"), op))],
  compare,
  convert: (r, op) => [r.cast(r.operands(op)[0], r.resultType(op).dtype)],
  bitcast_convert: (r, op) => [r.b.op("bitcast", r.operands(op), { dtype: r.resultType(op).dtype })],
  broadcast_in_dim: (r, op) => {
    const [x] = r.operands(op);
    const axes = r.numbers(op, "broadcast_dimensions");
    const { shape } = r.resultType(op);
    const kept = axes.flatMap((axis, i) => (x.type.shape[i] === 1 && shape[axis] !== 1 ? [] : [i]));
    return [
      r.b.broadcast(
        r.b.reshape(
          x,
          kept.map((i) => x.type.shape[i]),
        ),
        shape,
        kept.map((i) => axes[i]),
      ),
    ];
  },
  reshape: (r, op) => [r.b.reshape(r.operands(op)[0], r.resultType(op).shape)],
  transpose: (r, op) => [r.b.transpose(r.operands(op)[0], r.numbers(op, "permutation"))],
  reverse: (r, op) => [r.b.op("reverse", r.operands(op), { axes: r.numbers(op, "dimensions") })],
  slice: (r, op) => [
    r.b.slice(
      r.operands(op)[0],
      r.numbers(op, "start_indices"),
      r.numbers(op, "limit_indices"),
      r.numbers(op, "strides"),
    ),
  ],
  concatenate: (r, op) => [r.b.op("concat", r.operands(op), { axis: r.numbers(op, "dimension")[0] })],
  iota: (r, op) => {
    const { dtype, shape } = r.resultType(op);
    return [r.b.op("iota", [], { shape: dimsAttr(shape), axis: r.numbers(op, "iota_dimension")[0], dtype })];
  },
  pad: (r, op) => {
    const [x, value] = r.operands(op);
    const fill = splatOf(value);
    if (fill === undefined) throw unknown(op);
    return [
      padded(
        r.b,
        x,
        r.numbers(op, "edge_padding_low"),
        r.numbers(op, "edge_padding_high"),
        r.numbers(op, "interior_padding"),
        fill,
      ),
    ];
  },
  remainder: (r, op) => {
    const [x, y] = r.operands(op);
    // The sign of the dividend: of magnitudes all remainders are one.
    if (!isFloat(x.type.dtype)) return [r.b.sub(x, r.b.mul(y, r.b.op("div", [x, y])))];
    const rest = r.b.op("mod", [r.b.op("abs", [x]), r.b.op("abs", [y])]);
    return [r.b.select(r.b.binary("lt", x, 0), r.b.neg(rest), rest)];
  },
  shift_right_logical: (r, op) => {
    const [x, count] = r.operands(op);
    const { dtype } = x.type;
    const bits = dtype.replace(/^i/, "u");
    if (bits === dtype) return [r.b.op("shr", [x, count])];
    const [value, by] = [x, count].map((operand) => r.b.op("bitcast", [operand], { dtype: bits }));
    return [r.b.op("bitcast", [r.b.op("shr", [value, by])], { dtype })];
  },
  cbrt: (r, op) => {
    const [x] = r.operands(op);
    return [r.b.mul(r.b.op("sign", [x]), r.b.pow(r.b.op("abs", [x]), 1 / 3))];
  },
  is_finite: (r, op) => {
    const [x] = r.operands(op);
    return [r.b.binary("lt", r.b.op("abs", [x]), Number.POSITIVE_INFINITY)];
  },
  clamp: clampWord,
  dot_general: dotGeneral,
  convolution,
  reduce,
  reduce_window: reduceWindow,
  gather,
};

export const stableHloWords: Words = (name) => {
  const [dialect, word] = name.split(".");
  if (name === "chlo.erf") return scalarWord("erf");
  if (dialect !== "stablehlo") return undefined;
  if (Object.hasOwn(words, word)) return words[word];
  return Object.hasOwn(elementwise, word) ? scalarWord(elementwise[word]) : undefined;
};
