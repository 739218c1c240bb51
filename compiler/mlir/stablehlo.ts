/**
 * The bridge to StableHLO, in its generic text, which every reader of the dialect takes.
 */
import type { AffineIndex, Spec } from "../../ir/affine-spec.ts";
import type { Builder } from "../../ir/builder.ts";
import { isFloat } from "../../ir/dtype.ts";
import { Unsupported } from "../../ir/errors.ts";
import type { Module, Op, Value } from "../../ir/graph.ts";
import { resolve } from "../../ir/ops/reduce.ts";
import { type TensorType, tensorType } from "../../ir/type.ts";
import { lacksFeatures, withFeatures } from "./feature-axis.ts";
import {
  type NamedDialect,
  type NamedOptions,
  type NamedText,
  plainType,
  toNamed,
  type Word,
} from "./named-text.ts";

/** The module as StableHLO's generic text. Throws Unsupported for what it has no words for. */
export const toStableHlo = (module: Module, options: NamedOptions): string =>
  toNamed(module, stablehlo, options);

const array = (numbers: readonly (number | string | boolean)[], type = "i64"): string =>
  `array<${type}${numbers.length > 0 ? `: ${numbers.join(", ")}` : ""}>`;
const list = (numbers: readonly number[]): string => `[${numbers.join(", ")}]`;
const numbers = (op: Op, name: string): readonly number[] =>
  (op.attrs[name] as readonly (number | string)[]).map(Number);

/** Operations of one name on all operands. */
const simple =
  (name: string, attrs: (op: Op) => string = () => ""): Word =>
  (text, op, operands) => [
    text.emit(
      `stablehlo.${name}`,
      operands,
      op.operands.map(({ type }) => type),
      op.results[0].type,
      attrs(op),
    ),
  ];

/** By zero gives 0 on integers. */
const divide: Word = (text, op, operands) => {
  const [{ type }] = op.operands;
  if (isFloat(type.dtype)) return simple("divide")(text, op, operands);
  const [x, y] = operands;
  const [zero, one] = [0, 1].map((value) => spread(text, scalarOf(text, type, value), type));
  const flags = tensorType("bool", type.shape);
  const isZero = text.emit(
    "stablehlo.compare",
    [y, zero],
    [type, type],
    flags,
    "comparison_direction = #stablehlo<comparison_direction EQ>",
  );
  const safe = text.emit("stablehlo.select", [isZero, one, y], [flags, type, type], type);
  const ratio = text.emit("stablehlo.divide", [x, safe], [type, type], type);
  return [text.emit("stablehlo.select", [isZero, zero, ratio], [flags, type, type], type)];
};

const compare = (direction: string): Word =>
  simple("compare", () => `comparison_direction = #stablehlo<comparison_direction ${direction}>`);

const shift =
  (signed: string, unsigned = signed): Word =>
  (text, op, operands) =>
    simple(/^u/.test(op.operands[0].type.dtype) ? unsigned : signed)(text, op, operands);

/** The mask that shift counts are taken by: StableHLO gives 0 where ours wraps. */
const masked =
  (word: Word): Word =>
  (text, op, [value, count]) => {
    const { type } = op.operands[1];
    const bits = scalarOf(text, type, 31);
    return word(text, op, [
      value,
      text.emit("stablehlo.and", [count, spread(text, bits, type)], [type, type], type),
    ]);
  };

const scalarOf = (text: NamedText, { dtype }: TensorType, value: number): string => {
  const data = isFloat(dtype)
    ? Float32Array.of(value)
    : dtype === "u32"
      ? Uint32Array.of(value)
      : Int32Array.of(value);
  return text.constant({ dtype, shape: [], data });
};

const spread = (text: NamedText, scalar: string, type: TensorType): string =>
  text.emit(
    "stablehlo.broadcast_in_dim",
    [scalar],
    [tensorType(type.dtype, [])],
    type,
    "broadcast_dimensions = array<i64>",
  );

/** A sum, product or maximum over windows or whole axes. */
function reduce(text: NamedText, op: Op, value: string, operation: string, init: number): string | undefined {
  const [{ type }] = op.operands;
  if (type.dtype !== "f32" && type.dtype !== "i32") return undefined;
  const { spec, reduced } = resolve(op.attrs as { spec: string; sizes?: readonly string[] }, [type.shape]);
  const scalar = tensorType(type.dtype, []);
  const start = scalarOf(text, type, init);
  const element = text.type(scalar);
  const body = `({\n    ^bb0(%a: ${element}, %b: ${element}):\n      %c = "stablehlo.${operation}"(%a, %b) : (${element}, ${element}) -> ${element}\n      "stablehlo.return"(%c) : (${element}) -> ()\n    })`;
  const isPlain = spec.operands[0].every((index) => index.length === 1 && index[0].factor === 1);
  const kept = spec.operands[0].flatMap(([term]) => (spec.kept.includes(term.axis) ? [term.axis] : []));
  if (isPlain && kept.join() === spec.kept.join()) {
    const dimensions = spec.operands[0].flatMap(([term], axis) =>
      spec.kept.includes(term.axis) ? [] : [axis],
    );
    const result = op.results[0].type;
    return text.define(
      `"stablehlo.reduce"(${value}, ${start}) ${body} {dimensions = ${array(dimensions)}} : (${text.type(type)}, ${element}) -> ${text.type(result)}`,
    );
  }
  return reduceWindow(text, op, value, { spec, reduced: reduced.map(Number), start, body });
}

interface Window {
  readonly spec: Spec;
  readonly reduced: readonly number[];
  readonly start: string;
  readonly body: string;
}

function reduceWindow(
  text: NamedText,
  op: Op,
  value: string,
  { spec, reduced, start, body }: Window,
): string | undefined {
  const [{ type }] = op.operands;
  const result = op.results[0].type;
  const parts = spec.operands[0].map((index) => windowOf(spec, reduced, index));
  const order = parts.map((part) => part?.kept);
  // Each axis of the operand is one axis of the result, in order.
  if (parts.length !== spec.kept.length || order.some((kept, axis) => kept !== spec.kept[axis]))
    return undefined;
  const found = parts.flatMap((part) => (part === undefined ? [] : [part]));
  const padding = found.map(({ stride, size, dilation }, axis) => [
    0,
    (Number(result.shape[axis]) - 1) * stride + (size - 1) * dilation + 1 - Number(type.shape[axis]),
  ]);
  const rank = found.length;
  const attrs = [
    `window_dimensions = ${array(found.map(({ size }) => size))}`,
    `window_strides = ${array(found.map(({ stride }) => stride))}`,
    `base_dilations = ${array(found.map(() => 1))}`,
    `window_dilations = ${array(found.map(({ dilation }) => dilation))}`,
    `padding = ${paddingText(padding, rank)}`,
  ];
  return text.define(
    `"stablehlo.reduce_window"(${value}, ${start}) ${body} {${attrs.join(", ")}} : (${text.type(type)}, ${text.type(tensorType(type.dtype, []))}) -> ${text.type(result)}`,
  );
}

const paddingText = (padding: readonly (readonly number[])[], rank: number): string =>
  `dense<[${padding.map(list).join(", ")}]> : tensor<${rank}x2xi64>`;

/** An operand axis as a window: which result axis counts windows, their stride, size and dilation. */
function windowOf(spec: Spec, reduced: readonly number[], index: AffineIndex) {
  const outer = index.filter(({ axis }) => spec.kept.includes(axis));
  const inner = index.filter(({ axis }) => !spec.kept.includes(axis));
  if (outer.length !== 1 || inner.length > 1) return undefined;
  const size = inner.length === 0 ? 1 : reduced[spec.reduced.indexOf(inner[0].axis)];
  return { kept: outer[0].axis, stride: outer[0].factor, size, dilation: inner[0]?.factor ?? 1 };
}

const reduction =
  (operation: string, init: number): Word =>
  (text, op, [value]) => {
    const name = op.results.length === 1 ? reduce(text, op, value, operation, init) : undefined;
    return name === undefined ? text.apart(op, [value]) : [name];
  };

/** Ops that are others put together. */
const made =
  (build: (b: Builder, operands: readonly Value[]) => Value): Word =>
  (text, op, operands) =>
    text.compose(op, operands, (b) => [build(b, op.operands)]);

const zeroOf = (b: Builder, value: Value): Value => b.full(value.type, 0);
const oneOf = (b: Builder, value: Value): Value => b.full(value.type, 1);

/** Rounded down. */
function floored(b: Builder, x: Value, y: Value): Value {
  const isZero = b.op("eq", [y, zeroOf(b, y)]);
  if (isFloat(x.type.dtype))
    return b.op("select", [isZero, zeroOf(b, x), b.op("floor", [b.op("div", [x, y])])]);
  const q = b.op("div", [x, y]);
  const rest = b.op("sub", [x, b.op("mul", [q, y])]);
  const differs = b.op("xor", [b.op("lt", [rest, zeroOf(b, x)]), b.op("lt", [y, zeroOf(b, y)])]);
  const isInexact = b.op("and", [b.op("ne", [rest, zeroOf(b, x)]), differs]);
  return b.op("select", [b.op("and", [isInexact, b.op("not", [isZero])]), b.op("sub", [q, oneOf(b, x)]), q]);
}

/** The maximum, and the first position that has it, or a NaN. */
const maximum: Word = (text, op, operands) => {
  if (!text.isUsed(op.results[1])) {
    const largest = reduce(text, op, operands[0], "maximum", Number.NEGATIVE_INFINITY);
    return largest === undefined ? text.apart(op, operands) : [largest, largest];
  }
  throw new Unsupported("StableHLO", "the position of a maximum", {
    where: op.loc || undefined,
    hint: "The target mlir has loops for it",
  });
};

/** A sum of products: a matrix product where every index is one axis, else a convolution. */
const contract: Word = (text, op, [left, right]) => {
  const [a, b] = op.operands.map(({ type }) => type);
  const { spec } = resolve(op.attrs as { spec: string; sizes?: readonly string[] }, [a.shape, b.shape]);
  const lone = spec.operands.every((indices) =>
    indices.every((index) => index.length === 1 && index[0].factor === 1),
  );
  const names = spec.operands.map((indices) => indices.map(([term]) => term.axis));
  const [x, y] = names;
  const isProper =
    lone &&
    names.every((axes) => new Set(axes).size === axes.length) &&
    spec.reduced.every((axis) => x.includes(axis) && y.includes(axis));
  if (!isProper) return convolution(text, op, [left, right]);
  const batch = spec.kept.filter((axis) => x.includes(axis) && y.includes(axis));
  const free = [x, y].map((axes) =>
    axes.filter((axis) => !batch.includes(axis) && !spec.reduced.includes(axis)),
  );
  const of = (axes: readonly string[], wanted: readonly string[]): string =>
    list(wanted.map((axis) => axes.indexOf(axis)));
  const attrs = `dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = ${of(x, batch)}, rhs_batching_dimensions = ${of(y, batch)}, lhs_contracting_dimensions = ${of(x, spec.reduced)}, rhs_contracting_dimensions = ${of(y, spec.reduced)}>`;
  const made = [...batch, ...free[0], ...free[1]];
  const size = (axis: string): number =>
    Number(x.includes(axis) ? a.shape[x.indexOf(axis)] : b.shape[y.indexOf(axis)]);
  const type = tensorType(a.dtype, made.map(size));
  const product = text.emit("stablehlo.dot_general", [left, right], [a, b], type, attrs);
  return [transposeTo(text, product, type, made, spec.kept)];
};

function transposeTo(
  text: NamedText,
  value: string,
  type: TensorType,
  from: readonly string[],
  to: readonly string[],
): string {
  if (from.join() === to.join()) return value;
  const permutation = to.map((axis) => from.indexOf(axis));
  const result = tensorType(
    type.dtype,
    permutation.map((axis) => type.shape[axis]),
  );
  return text.emit("stablehlo.transpose", [value], [type], result, `permutation = ${array(permutation)}`);
}

interface Strided {
  readonly stride?: number;
  readonly dilation?: number;
}

/** The attributes of a convolution that are the same for every numbering of axes. */
const windowAttrs = (parts: readonly Strided[]): readonly string[] => [
  `window_strides = ${array(parts.map(({ stride = 1 }) => stride))}`,
  `lhs_dilation = ${array(parts.map(() => 1))}`,
  `rhs_dilation = ${array(parts.map(({ dilation = 1 }) => dilation))}`,
  `window_reversal = ${array(
    parts.map(() => false),
    "i1",
  )}`,
  "batch_group_count = 1 : i64",
  "feature_group_count = 1 : i64",
];

/**
 * "n s*h+d*i ... c, i ... c o -> n h ... o": the batch is the axis of the image alone, features those of both or of the kernel alone. Which
 * of the two axes of a window is kept tells stride from dilation, so gradients of weights are convolutions too.
 */
const convolution: Word = (text, op, [left, right]) => {
  const [a, b] = op.operands.map(({ type }) => type);
  const { spec, kept, reduced } = resolve(op.attrs as { spec: string; sizes?: readonly string[] }, [
    a.shape,
    b.shape,
  ]);
  if (lacksFeatures(spec)) return text.compose(op, [left, right], (b) => [withFeatures(b, op, spec)]);
  const kernel = spec.operands[1].map((index) =>
    index.length === 1 && index[0].factor === 1 ? index[0].axis : "",
  );
  const windows = spec.operands[0].map((index) => ({
    ...windowOf(spec, reduced.map(Number), index),
    isWindow: index.length > 1 || index[0].factor > 1,
  }));
  const image = spec.operands[0].map((index, axis) => (windows[axis].isWindow ? "" : index[0].axis));
  const spatial = windows.flatMap(({ isWindow }, axis) => (isWindow ? [axis] : []));
  const inner = spatial.map(
    (axis) => spec.operands[0][axis].find((term) => !spec.kept.includes(term.axis))?.axis ?? "",
  );
  const batch = image.filter((axis) => axis !== "" && !kernel.includes(axis) && spec.kept.includes(axis));
  const feature = image.filter((axis) => axis !== "" && kernel.includes(axis) && spec.reduced.includes(axis));
  const out = kernel.filter((axis) => spec.kept.includes(axis) && !image.includes(axis));
  const isKnown =
    [batch, feature, out].every((axes) => axes.length === 1) &&
    image.filter((axis) => axis !== "").length === 2 &&
    kernel.length === spatial.length + 2 &&
    inner.every((axis) => kernel.includes(axis)) &&
    spatial.every((axis) => windows[axis].kept !== undefined);
  if (!isKnown) return text.apart(op, [left, right]);
  const results = spec.kept.map((axis) =>
    axis === batch[0]
      ? "b"
      : axis === out[0]
        ? "f"
        : String(spatial.findIndex((at) => windows[at].kept === axis)),
  );
  const inputs = image.map((axis, at) =>
    axis === batch[0] ? "b" : axis === feature[0] ? "f" : String(spatial.indexOf(at)),
  );
  const weights = kernel.map((axis) =>
    axis === feature[0] ? "i" : axis === out[0] ? "o" : String(inner.indexOf(axis)),
  );
  const parts = spatial.map((at) => windows[at]);
  const extent = (at: number): number => Number(kept[spec.kept.indexOf(windows[at].kept ?? "")]);
  const padding = spatial.map((at) => {
    const { stride = 1, size = 1, dilation = 1 } = windows[at];
    return [0, (extent(at) - 1) * stride + (size - 1) * dilation + 1 - Number(a.shape[at])];
  });
  const attrs = [
    `dimension_numbers = #stablehlo.conv<[${inputs.join(", ")}]x[${weights.join(", ")}]->[${results.join(", ")}]>`,
    `padding = ${paddingText(padding, parts.length)}`,
    ...windowAttrs(parts),
  ];
  return [text.emit("stablehlo.convolution", [left, right], [a, b], op.results[0].type, attrs.join(", "))];
};

/** Numbers out of range are clamped by StableHLO too. */
const gather: Word = (text, op, [value, indices]) => {
  const [x, at] = op.operands.map(({ type }) => type);
  const axis = Number(op.attrs.axis);
  const rank = at.shape.length;
  const offsets = op.results[0].type.shape.flatMap((_, i) => (i >= axis && i < axis + rank ? [] : [i]));
  const sizes = x.shape.map((size, i) => (i === axis ? 1 : Number(size)));
  const numbering = `#stablehlo.gather<offset_dims = ${list(offsets)}, collapsed_slice_dims = [${axis}], start_index_map = [${axis}], index_vector_dim = ${rank}>`;
  const attrs = `dimension_numbers = ${numbering}, slice_sizes = ${array(sizes)}, indices_are_sorted = false`;
  return [text.emit("stablehlo.gather", [value, indices], [x, at], op.results[0].type, attrs)];
};

const pad: Word = (text, op, [value]) => {
  const [{ type }] = op.operands;
  const fill = scalarOf(text, type, Number(op.attrs.value));
  if (type.dtype !== "f32" && type.dtype !== "i32") return text.apart(op, [value]);
  const attrs = `edge_padding_low = ${array(numbers(op, "low"))}, edge_padding_high = ${array(numbers(op, "high"))}, interior_padding = ${array(numbers(op, "interior"))}`;
  return [
    text.emit("stablehlo.pad", [value, fill], [type, tensorType(type.dtype, [])], op.results[0].type, attrs),
  ];
};

/** Floats beyond an integer's range: StableHLO leaves the result to the implementation. */
const cast: Word = simple("convert");

const stablehlo: NamedDialect = {
  name: "StableHLO",
  type: plainType,
  constant: (text, value) =>
    text.define(
      `"stablehlo.constant"() {value = ${text.elements(value)}} : () -> ${plainType({ dtype: value.dtype, shape: value.shape })}`,
    ),
  words: {
    add: simple("add"), sub: simple("subtract"), mul: simple("multiply"), div: divide,
    neg: simple("negate"), abs: simple("abs"), min: simple("minimum"), max: simple("maximum"), floor: simple("floor"),
    ceil: simple("ceil"), round: simple("round_nearest_even"), sqrt: simple("sqrt"), rsqrt: simple("rsqrt"),
    exp: simple("exponential"), expm1: simple("exponential_minus_one"), log: simple("log"), log1p: simple("log_plus_one"),
    tanh: simple("tanh"), sigmoid: simple("logistic"), sin: simple("sine"), cos: simple("cosine"), tan: simple("tan"),
    atan2: simple("atan2"), pow: simple("power"), and: simple("and"), or: simple("or"), xor: simple("xor"), not: simple("not"),
    shl: masked(simple("shift_left")), shr: masked(shift("shift_right_arithmetic", "shift_right_logical")),
    lt: compare("LT"), le: compare("LE"), eq: compare("EQ"), ne: compare("NE"), select: simple("select"),
    cast, bitcast: simple("bitcast_convert"),
    stop_gradient: (_text, _op, operands) => operands,
    iota: simple("iota", (op) => `iota_dimension = ${op.attrs.axis} : i64`),
    dim: (text, op) => [scalarOf(text, op.results[0].type, Number(op.attrs.dim))],
    reshape: simple("reshape"),
    transpose: simple("transpose", (op) => `permutation = ${array(numbers(op, "permutation"))}`),
    reverse: simple("reverse", (op) => `dimensions = ${array(numbers(op, "axes"))}`),
    broadcast: simple("broadcast_in_dim", (op) => `broadcast_dimensions = ${array(numbers(op, "axes"))}`),
    slice: simple("slice", (op) => `start_indices = ${array(numbers(op, "starts"))}, limit_indices = ${array(numbers(op, "limits"))}, strides = ${array(numbers(op, "strides"))}`),
    concat: simple("concatenate", (op) => `dimension = ${op.attrs.axis} : i64`),
    pad, gather, contract,
    trunc: made((b, [x]) => b.op("select", [b.op("lt", [x, zeroOf(b, x)]), b.op("ceil", [x]), b.op("floor", [x])])),
    fma: made((b, [x, y, z]) => b.op("add", [b.op("mul", [x, y]), z])),
    floordiv: made((b, [x, y]) => floored(b, x, y)),
    mod: made((b, [x, y]) => b.op("select", [b.op("eq", [y, zeroOf(b, y)]), zeroOf(b, x), b.op("sub", [x, b.op("mul", [y, floored(b, x, y)])])])),
    reduce_max: maximum,
    reduce_sum: reduction("add", 0), reduce_prod: reduction("multiply", 1),
  }, // biome-ignore format: by family
};
