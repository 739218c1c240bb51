/**
 * Elementwise ops: one line each, made from the scalar table. Operands have equal shapes; broadcasting is an op of its own.
 */
import type { Builder } from "../builder.ts";
import { equalShapes } from "../dim.ts";
import { type DType, isFloat, type TypedArray } from "../dtype.ts";
import { getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import type { Value } from "../graph.ts";
import { scalar } from "../kernel.ts";
import type { Gradient, OpDef } from "../op.ts";
import { applyScalar, type ScalarName, scalarResult, scalars } from "../scalar.ts";
import { stackElementwise } from "../stack.ts";
import { printType, type TensorType, tensorType } from "../type.ts";

interface Elementwise {
  readonly doc: string;
  /** Dtypes it is sampled with; f32 unless given. */
  readonly dtypes?: readonly DType[];
  readonly range?: readonly [number, number];
  readonly gradient?: "zero" | Gradient;
}

type Partial = (b: Builder, x: Value, y: Value, result: Value) => Value;

/** The gradient of a unary op: dy times a factor in x and y = op(x). */
const chain =
  (factor: (b: Builder, x: Value, result: Value) => Value): Gradient =>
  (b, op, [dy]) => [dy && b.mul(dy, factor(b, op.operands[0], op.results[0]))];

/** The gradient of a binary op: dy times each partial derivative. */
const partials =
  (dx: Partial, dy: Partial): Gradient =>
  (b, op, [d]) => {
    const [x, y] = op.operands;
    return d && [b.mul(d, dx(b, x, y, op.results[0])), b.mul(d, dy(b, x, y, op.results[0]))];
  };

/** min and max pass the gradient to the operand that was chosen; equal operands share it, as JAX does. */
const chosen =
  (beats: (b: Builder, x: Value, y: Value) => Value): Gradient =>
  (b, op, [dy]) => {
    if (dy === undefined) return [];
    const share = (x: Value, y: Value): Value => {
      const half = b.select(b.binary("eq", x, y), 0.5, 0);
      return b.mul(dy, b.select(beats(b, x, y), b.full(dy.type, 1), half));
    };
    const [x, y] = op.operands;
    return [share(x, y), share(y, x)];
  };

/** 1 / sqrt(1 - x^2), the slope of asin. */
const rootSlope = (b: Builder, x: Value): Value => b.unary("rsqrt", b.mul(b.sub(1, x), b.add(1, x)));

const table: { readonly [N in ScalarName]?: Elementwise } = {
  add: { doc: "a + b", dtypes: ["f32", "i32", "u32"], gradient: (_b, _op, [d]) => [d, d] },
  sub: { doc: "a - b", dtypes: ["f32", "i32"], gradient: (b, _op, [d]) => [d, d && b.neg(d)] },
  mul: {
    doc: "a * b",
    dtypes: ["f32", "i32", "u32"],
    gradient: (b, op, [d]) => d && [b.mul(d, op.operands[1]), b.mul(d, op.operands[0])],
  },
  div: {
    doc: "a / b; on integers truncates",
    range: [0.5, 2],
    gradient: (b, op, [d]) => {
      if (d === undefined) return [];
      const dx = b.div(d, op.operands[1]);
      return [dx, b.neg(b.mul(dx, op.results[0]))];
    },
  },
  floordiv: { doc: "a / b rounded down", range: [0.5, 4], dtypes: ["f32", "i32"], gradient: "zero" },
  mod: {
    doc: "the remainder of floordiv",
    range: [0.5, 4],
    dtypes: ["f32", "i32"],
    gradient: (b, op, [d]) =>
      d && [d, b.neg(b.mul(d, b.unary("floor", b.div(op.operands[0], op.operands[1]))))],
  },
  pow: {
    doc: "a to the power b",
    range: [0.5, 2],
    // At 0 to the power 0 neither operand has a slope, as in JAX.
    gradient: partials(
      (b, x, y) => {
        const none = b.binary("eq", y, 0);
        return b.mul(y, b.pow(x, b.select(none, 1, b.sub(y, 1))));
      },
      (b, x, _y, result) => b.mul(result, b.log(b.select(b.binary("eq", x, 0), 1, x))),
    ),
  },
  min: {
    doc: "the smaller; NaN if either is",
    dtypes: ["f32", "i32"],
    gradient: chosen((b, x, y) => b.binary("lt", x, y)),
  },
  max: {
    doc: "the larger; NaN if either is",
    dtypes: ["f32", "i32"],
    gradient: chosen((b, x, y) => b.binary("lt", y, x)),
  },
  neg: { doc: "-a", dtypes: ["f32", "i32"], gradient: (b, _op, [d]) => [d && b.neg(d)] },
  abs: {
    doc: "|a|",
    dtypes: ["f32", "i32"],
    // 1 at 0, as in JAX.
    gradient: (b, op, [d]) => d && [b.select(b.binary("lt", op.operands[0], 0), b.neg(d), d)],
  },
  sign: { doc: "-1, 0 or 1", gradient: "zero" },
  relu: {
    doc: "max(a, 0)",
    gradient: (b, op, [d]) => d && [b.select(b.binary("lt", 0, op.results[0]), d, 0)],
  },
  floor: { doc: "rounded down", gradient: "zero" },
  ceil: { doc: "rounded up", gradient: "zero" },
  trunc: { doc: "rounded towards zero", gradient: "zero" },
  round: { doc: "rounded to nearest, ties to even", gradient: "zero" },
  sqrt: { doc: "square root", range: [0.1, 4], gradient: chain((b, _x, y) => b.div(0.5, y)) },
  rsqrt: { doc: "1 / square root", range: [0.1, 4], gradient: chain((b, x, y) => b.mul(-0.5, b.div(y, x))) },
  exp: { doc: "e to the power a", gradient: chain((_b, _x, y) => y) },
  log: { doc: "natural logarithm", range: [0.1, 4], gradient: chain((b, x) => b.div(1, x)) },
  exp2: { doc: "2 to the power a", gradient: chain((b, _x, y) => b.mul(y, Math.LN2)) },
  expm1: { doc: "exp(a) - 1", gradient: chain((b, _x, y) => b.add(y, 1)) },
  log2: { doc: "logarithm of base 2", range: [0.1, 4], gradient: chain((b, x) => b.div(Math.LOG2E, x)) },
  log10: { doc: "logarithm of base 10", range: [0.1, 4], gradient: chain((b, x) => b.div(Math.LOG10E, x)) },
  log1p: { doc: "log(1 + a)", range: [-0.8, 4], gradient: chain((b, x) => b.div(1, b.add(x, 1))) },
  sinh: { doc: "hyperbolic sine", gradient: chain((b, x) => b.unary("cosh", x)) },
  cosh: { doc: "hyperbolic cosine", gradient: chain((b, x) => b.unary("sinh", x)) },
  asinh: {
    doc: "inverse hyperbolic sine",
    gradient: chain((b, x) => b.unary("rsqrt", b.add(b.mul(x, x), 1))),
  },
  acosh: {
    doc: "inverse hyperbolic cosine",
    range: [1.1, 4],
    gradient: chain((b, x) => b.unary("rsqrt", b.mul(b.sub(x, 1), b.add(x, 1)))),
  },
  atanh: {
    doc: "inverse hyperbolic tangent",
    range: [-0.9, 0.9],
    gradient: chain((b, x) => b.div(1, b.mul(b.sub(1, x), b.add(1, x)))),
  },
  tanh: { doc: "hyperbolic tangent", gradient: chain((b, _x, y) => b.sub(1, b.mul(y, y))) },
  sigmoid: { doc: "1 / (1 + exp(-a))", gradient: chain((b, _x, y) => b.mul(y, b.sub(1, y))) },
  erf: {
    doc: "error function",
    gradient: chain((b, x) => b.mul(2 / Math.sqrt(Math.PI), b.exp(b.neg(b.mul(x, x))))),
  },
  erfc: {
    doc: "complementary error function",
    gradient: chain((b, x) => b.mul(-2 / Math.sqrt(Math.PI), b.exp(b.neg(b.mul(x, x))))),
  },
  erfinv: {
    doc: "inverse error function",
    range: [-0.95, 0.95],
    gradient: chain((b, _x, y) => b.mul(Math.sqrt(Math.PI) / 2, b.exp(b.mul(y, y)))),
  },
  tan: { doc: "tangent", range: [-1.3, 1.3], gradient: chain((b, _x, y) => b.add(b.mul(y, y), 1)) },
  asin: { doc: "inverse sine", range: [-0.9, 0.9], gradient: chain((b, x) => rootSlope(b, x)) },
  acos: { doc: "inverse cosine", range: [-0.9, 0.9], gradient: chain((b, x) => b.neg(rootSlope(b, x))) },
  atan: { doc: "inverse tangent", gradient: chain((b, x) => b.div(1, b.add(b.mul(x, x), 1))) },
  atan2: {
    doc: "the angle of the point (b, a)",
    gradient: partials(
      (b, y, x) => b.div(x, b.add(b.mul(x, x), b.mul(y, y))),
      (b, y, x) => b.neg(b.div(y, b.add(b.mul(x, x), b.mul(y, y)))),
    ),
  },
  sin: { doc: "sine", gradient: chain((b, x) => b.unary("cos", x)) },
  cos: { doc: "cosine", gradient: chain((b, x) => b.neg(b.unary("sin", x))) },
  lt: { doc: "a < b", dtypes: ["f32", "i32"], gradient: "zero" },
  le: { doc: "a <= b", dtypes: ["f32", "i32"], gradient: "zero" },
  eq: { doc: "a = b", dtypes: ["f32", "i32"], gradient: "zero" },
  ne: { doc: "a != b", dtypes: ["f32", "i32"], gradient: "zero" },
  and: { doc: "bitwise and; logical on bool", dtypes: ["i32", "bool"], gradient: "zero" },
  or: { doc: "bitwise or; logical on bool", dtypes: ["i32", "bool"], gradient: "zero" },
  xor: { doc: "bitwise exclusive or", dtypes: ["i32", "bool"], gradient: "zero" },
  not: { doc: "bitwise complement; logical on bool", dtypes: ["i32", "bool"], gradient: "zero" },
  shl: { doc: "a shifted left by b bits", dtypes: ["i32", "u32"], range: [0, 8], gradient: "zero" },
  shr: {
    doc: "a shifted right by b bits; arithmetic on signed integers",
    dtypes: ["i32", "u32"],
    range: [0, 8],
    gradient: "zero",
  },
  select: {
    doc: "a where the condition holds, else b",
    gradient: (b, op, [d]) =>
      d && [undefined, b.select(op.operands[0], d, 0), b.select(op.operands[0], 0, d)],
  },
};

function inferElementwise(name: ScalarName, types: readonly TensorType[]): readonly TensorType[] {
  const data = name === "select" ? types.slice(1) : types;
  const [first] = data;
  if (name === "select" && types[0].dtype !== "bool") {
    throw new ModelError("the condition must be bool", { got: printType(types[0]) });
  }
  for (const type of types) {
    if (!equalShapes(type.shape, first.shape)) throw new ModelError("operand shapes differ");
  }
  if (data.some((type) => type.dtype !== first.dtype)) throw new ModelError("operand dtypes differ");
  if (!scalars[name].basic && !isFloat(first.dtype) && name !== "sign") {
    throw new ModelError(`${name} is for floating point`, { got: printType(first), hint: "Cast first" });
  }
  return [
    tensorType(
      scalarResult(
        name,
        types.map((type) => type.dtype),
      ),
      first.shape,
    ),
  ];
}

function samplesOf(name: ScalarName, { dtypes: sampled = ["f32"], range }: Elementwise): OpDef["samples"] {
  const shapes = [[5], [2, 3, 7], []];
  return sampled.flatMap((dtype) =>
    shapes.map((shape) => ({
      operands: Array.from({ length: scalars[name].arity }, (_, operand) =>
        tensorType(name === "select" && operand === 0 ? "bool" : dtype, shape),
      ),
      attrs: {},
      range: range ?? (isFloat(dtype) ? undefined : ([-9, 9] as const)),
    })),
  );
}

function define(name: ScalarName, entry: Elementwise): OpDef {
  const { arity, basic } = scalars[name];
  return {
    name,
    doc: entry.doc,
    tolerance: basic && name !== "div" && name !== "sqrt" ? "exact" : "approx",
    arity: [arity, arity],
    attrNames: [],
    infer: (types) => inferElementwise(name, types),
    evaluate(operands, _attrs, context) {
      const out = context.allocate(0);
      const floats = operands.map(({ data }) => data).filter(isFloatArray);
      if (isFloatArray(out.data) && floats.length === operands.length) {
        evaluateFloats(scalars[name].meaning, out.data, floats);
        return [out];
      }
      const dtype = operands[operands.length - 1].dtype;
      const wide = out.data instanceof Float64Array;
      for (let i = 0; i < out.data.length; i++) {
        const args = operands.map((operand) => getElement(operand, i));
        setElement(out, i, wide ? scalars[name].meaning(...args) : applyScalar(name, dtype, args));
      }
      return [out];
    },
    gradient: entry.gradient,
    stack: stackElementwise,
    lower: {
      kind: "map",
      at: (ctx, index, read) => scalar(name, ...ctx.operands.map((_, operand) => read(operand, index))),
    },
    samples: samplesOf(name, entry),
  };
}

type FloatArray = Float32Array | Float64Array;

const isFloatArray = (data: TypedArray): data is FloatArray =>
  data instanceof Float32Array || data instanceof Float64Array;

/** All elements at once, without a list of arguments for each: what folds weights runs over millions. Storing rounds. */
function evaluateFloats(
  meaning: (...args: number[]) => number,
  out: FloatArray,
  [a, b, c]: readonly FloatArray[],
): void {
  if (b === undefined) for (let i = 0; i < out.length; i++) out[i] = meaning(a[i]);
  else if (c === undefined) for (let i = 0; i < out.length; i++) out[i] = meaning(a[i], b[i]);
  else for (let i = 0; i < out.length; i++) out[i] = meaning(a[i], b[i], c[i]);
}

export const elementwiseOps: readonly OpDef[] = Object.entries(table).map(([name, entry]) =>
  define(name as ScalarName, entry),
);
