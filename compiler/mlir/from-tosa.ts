/**
 * TOSA's operations, as MLIR 19 has them, as ops of ours. Elementwise operations broadcast axes of size 1.
 */
import type { Operation } from "mlir-js";
import { axesSpec } from "../../ir/builder.ts";
import { type Dim, mulDims } from "../../ir/dim.ts";
import { Unsupported } from "../../ir/errors.ts";
import type { Value } from "../../ir/graph.ts";
import type { ScalarName } from "../../ir/scalar.ts";
import { broadcastShapes } from "../../ir/type.ts";
import { splatOf } from "./nest-to-graph.ts";
import { placeOf, unknown } from "./read-scalar.ts";
import type { ReadWord, TensorReader, Words } from "./tensor-reader.ts";

const elementwise: { readonly [name: string]: ScalarName } = {
  add: "add", sub: "sub", maximum: "max", minimum: "min", pow: "pow", negate: "neg", abs: "abs", exp: "exp", log: "log", tanh: "tanh",
  sigmoid: "sigmoid", erf: "erf", rsqrt: "rsqrt", floor: "floor", ceil: "ceil", equal: "eq", select: "select", intdiv: "div",
  int_div: "div", bitwise_and: "and", bitwise_or: "or", bitwise_xor: "xor", bitwise_not: "not", logical_and: "and",
  logical_or: "or", logical_xor: "xor", logical_not: "not", logical_left_shift: "shl", arithmetic_right_shift: "shr",
}; // biome-ignore format: a table

/** Operands of one shape. */
function together(r: TensorReader, op: Operation): readonly Value[] {
  const operands = r.operands(op);
  const shape = operands.map(({ type }) => type.shape).reduce(broadcastShapes);
  return operands.map((value) => r.b.broadcastTo(value, shape));
}

const scalarWord =
  (name: ScalarName): ReadWord =>
  (r, op) => [r.b.op(name, together(r, op))];

const swapped =
  (name: ScalarName): ReadWord =>
  (r, op) => [r.b.op(name, [...together(r, op)].reverse())];

/** Reductions keep the axis with size 1. */
const reduction =
  (reduce: (r: TensorReader, x: Value, spec: string) => Value): ReadWord =>
  (r, op) => {
    const [x] = r.operands(op);
    const [axis] = r.numbers(op, "axis");
    const reduced = reduce(r, x, axesSpec(x.type.shape.length, [axis]));
    return [
      r.b.reshape(
        reduced,
        x.type.shape.map((dim, i) => (i === axis ? 1 : dim)),
      ),
    ];
  };

const smallest = (r: TensorReader, x: Value, spec: string): Value =>
  r.b.op("neg", [r.b.op("reduce_max", [r.b.op("neg", [x])], { spec })]);
const truth =
  (isAll: boolean) =>
  (r: TensorReader, x: Value, spec: string): Value => {
    const numeric = r.cast(x, "i32");
    return r.cast(isAll ? smallest(r, numeric, spec) : r.b.op("reduce_max", [numeric], { spec }), "bool");
  };

/** An image with a border: `pad` is top, bottom, left, right. */
function bordered(r: TensorReader, op: Operation, x: Value, value: number): Value {
  const [top, bottom, left, right] = r.numbers(op, "pad");
  if ([top, bottom, left, right].every((n) => n === 0)) return x;
  return r.b.op("pad", [x], {
    low: [0, top, left, 0],
    high: [0, bottom, right, 0],
    interior: [0, 0, 0, 0],
    value,
  });
}

/** The spec of an image axis: "2*h+i". */
const windowText = (outer: string, stride: number, inner: string, dilation = 1): string =>
  `${stride === 1 ? "" : `${stride}*`}${outer}+${dilation === 1 ? "" : `${dilation}*`}${inner}`;

const biased = (r: TensorReader, product: Value, bias: Value | undefined): Value =>
  bias === undefined ? product : r.b.add(product, bias);

const convolution =
  (isDepthwise: boolean): ReadWord =>
  (r, op) => {
    const [x, w, bias] = r.operands(op);
    const [[sh, sw], [dh, dw]] = [r.numbers(op, "stride"), r.numbers(op, "dilation")];
    const image = `n ${windowText("h", sh, "i", dh)} ${windowText("w", sw, "j", dw)} c`;
    const padded = bordered(r, op, x, 0);
    if (!isDepthwise) return [biased(r, r.b.contract(padded, w, `${image}, o i j c -> n h w o`), bias)];
    const product = r.b.contract(padded, w, `${image}, i j c o -> n h w c o`);
    const [n, h, width, c, o] = product.type.shape;
    return [biased(r, r.b.reshape(product, [n, h, width, mulDims(c, o)]), bias)];
  };

const pool =
  (isAverage: boolean): ReadWord =>
  (r, op) => {
    const [x] = r.operands(op);
    const [[kh, kw], [sh, sw]] = [r.numbers(op, "kernel"), r.numbers(op, "stride")];
    const attrs = {
      spec: `n ${windowText("h", sh, "i")} ${windowText("w", sw, "j")} c -> n h w c`,
      sizes: [`i=${kh}`, `j=${kw}`],
    };
    if (!isAverage) return [r.b.op("reduce_max", [bordered(r, op, x, Number.NEGATIVE_INFINITY)], attrs)];
    // What the border holds does not count.
    const ones = r.b.full({ dtype: x.type.dtype, shape: [1, ...x.type.shape.slice(1, 3), 1] }, 1);
    const [sum, count] = [x, ones].map((value) => r.b.op("reduce_sum", [bordered(r, op, value, 0)], attrs));
    return [r.b.div(sum, count)];
  };

const words: { readonly [operation: string]: ReadWord } = {
  const: (r, op) => [r.b.constant(r.array(op.attribute("value") ?? op.attribute("values"), op))],
  identity: (r, op) => r.operands(op),
  mul: (r, op) => {
    if (op.attribute("shift") !== undefined && r.numbers(op, "shift")[0] !== 0) throw unknown(op);
    return [r.b.op("mul", together(r, op))];
  },
  reciprocal: (r, op) => [r.b.div(1, r.operands(op)[0])],
  greater: swapped("lt"),
  greater_equal: swapped("le"),
  clamp: (r, op) => {
    const [x] = r.operands(op);
    const [low, high] = x.type.dtype === "f32" ? ["min_fp", "max_fp"] : ["min_int", "max_int"];
    return [r.b.min(r.b.max(x, r.numbers(op, low)[0]), r.numbers(op, high)[0])];
  },
  cast: (r, op) => {
    const [x] = r.operands(op);
    const { dtype } = r.resultType(op);
    // Floats round to the nearest integer.
    const isRounded =
      x.type.dtype === "f32" && dtype !== "bool" && dtype !== "f16" && dtype !== "f64" && dtype !== "bf16";
    return [r.cast(isRounded && dtype !== "f32" ? r.b.op("round", [x]) : x, dtype)];
  },
  reshape: (r, op) => {
    const [x] = r.operands(op);
    const sizes = r.numbers(op, "new_shape");
    const { shape } = x.type;
    const known = sizes.map((size, axis): Dim => (size >= 0 ? size : axis === 0 ? shape[0] : -1));
    if (known.includes(-1))
      throw new Unsupported("keratin", "a size that is left open", { where: placeOf(op) });
    return [r.b.reshape(x, known)];
  },
  transpose: (r, op) => [r.b.transpose(r.operands(op)[0], Array.from(r.constantOperand(op, 1).data, Number))],
  reverse: (r, op) => [r.b.op("reverse", r.operands(op), { axes: r.numbers(op, "axis") })],
  concat: (r, op) => [r.b.op("concat", r.operands(op), { axis: r.numbers(op, "axis")[0] })],
  slice: (r, op) => {
    const [starts, sizes] = [r.numbers(op, "start"), r.numbers(op, "size")];
    return [
      r.b.slice(
        r.operands(op)[0],
        starts,
        starts.map((start, axis) => start + sizes[axis]),
      ),
    ];
  },
  tile: (r, op) => {
    const [x] = r.operands(op);
    const multiples = r.numbers(op, "multiples");
    const { shape } = x.type;
    const spread = r.b.broadcast(
      x,
      shape.flatMap((dim, axis): Dim[] => [multiples[axis], dim]),
      shape.map((_, axis) => 2 * axis + 1),
    );
    return [
      r.b.reshape(
        spread,
        shape.map((dim, axis) => mulDims(multiples[axis], dim)),
      ),
    ];
  },
  pad: (r, op) => {
    const [x, , fill] = r.operands(op);
    const sizes = Array.from(r.constantOperand(op, 1).data, Number);
    const value = fill === undefined ? 0 : splatOf(fill);
    if (value === undefined) throw unknown(op);
    const side = (which: number): number[] => x.type.shape.map((_, axis) => sizes[2 * axis + which]);
    return [r.b.op("pad", [x], { low: side(0), high: side(1), interior: x.type.shape.map(() => 0), value })];
  },
  matmul: (r, op) => [r.b.contract(r.operands(op)[0], r.operands(op)[1], "b m k, b k n -> b m n")],
  fully_connected: (r, op) => {
    const [x, w, bias] = r.operands(op);
    return [biased(r, r.b.contract(x, w, "n k, o k -> n o"), bias)];
  },
  conv2d: convolution(false),
  depthwise_conv2d: convolution(true),
  max_pool2d: pool(false),
  avg_pool2d: pool(true),
  reduce_sum: reduction((r, x, spec) => r.b.op("reduce_sum", [x], { spec })),
  reduce_prod: reduction((r, x, spec) => r.b.op("reduce_prod", [x], { spec })),
  reduce_max: reduction((r, x, spec) => r.b.op("reduce_max", [x], { spec })),
  reduce_min: reduction(smallest),
  reduce_any: reduction(truth(false)),
  reduce_all: reduction(truth(true)),
  argmax: (r, op) => {
    const [x] = r.operands(op);
    const spec = axesSpec(x.type.shape.length, r.numbers(op, "axis"));
    return [r.cast(r.b.results("reduce_max", [x], { spec })[1], r.resultType(op).dtype)];
  },
  gather: (r, op) => {
    // One table for each batch: (N, K, C) by (N, W).
    const [x, at] = r.operands(op);
    const [n, k, c] = x.type.shape;
    if (n !== 1) throw new Unsupported("keratin", "tosa.gather of several tables", { where: placeOf(op) });
    const picked = r.b.op("gather", [r.b.reshape(x, [k, c]), at], { axis: 0 });
    return [picked];
  },
};

/** Words for TOSA. */
export const tosaWords: Words = (name) => {
  const [dialect, word] = name.split(".");
  if (dialect !== "tosa") return undefined;
  if (Object.hasOwn(words, word)) return words[word];
  return Object.hasOwn(elementwise, word) ? scalarWord(elementwise[word]) : undefined;
};
