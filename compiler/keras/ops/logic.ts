/**
 * `keras.ops`, comparisons, logic, tests of single numbers: the result is bool. Everything but 0 and false counts as true.
 */
import { productOf } from "../../../ir/dim.ts";
import { isFloat } from "../../../ir/dtype.ts";
import type { ScalarName } from "../../../ir/scalar.ts";
import { cast, divide, setShape, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply, choose, isNaNOf, promoted, promotedReal, truth } from "./apply.ts";
import { fillLike } from "./create.ts";
import { asTensor, type OperationInfo, operation, parametric } from "./operation.ts";
import { allOf, anyOf } from "./reduce.ts";
import { nonzero } from "./sets.ts";

const binary = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x1: TensorLike, x2: TensorLike) => compare(name, x1, x2));
const flipped = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x1: TensorLike, x2: TensorLike) => compare(name, x2, x1));

function compare(name: ScalarName, x1: TensorLike, x2: TensorLike): Tensor {
  const operands = promoted(x1, x2);
  return apply(name, ...operands.map((x) => (x.dtype === "bool" ? cast(x, "i32") : x)));
}

export const equal = binary("equal", "eq");
export const notEqual = binary("notEqual", "ne");
export const less = binary("less", "lt");
export const lessEqual = binary("lessEqual", "le");
export const greater = flipped("greater", "lt");
export const greaterEqual = flipped("greaterEqual", "le");

const logical = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x1: TensorLike, x2: TensorLike) => apply(name, truth(x1), truth(x2)));
export const logicalAnd = logical("logicalAnd", "and");
export const logicalOr = logical("logicalOr", "or");
export const logicalXor = logical("logicalXor", "xor");
export const logicalNot = operation("numpy", "logicalNot", (x: TensorLike) => apply("not", truth(x)));

/**
 * x1 where the condition holds, else x2; all three broadcast. With the condition alone, the positions where it holds, one i32 vector per
 * axis, which is `nonzero`.
 *
 *     ops.where(ops.greater(x, 0), x, 0)
 */
export const where: Where = operation(
  "numpy",
  "where",
  (condition: TensorLike, ...choices: readonly TensorLike[]): Tensor & Tensor[] => {
    const [x1, x2] = choices;
    const result = x1 === undefined ? nonzero(condition) : choose(condition, x1, x2);
    return result as Tensor & Tensor[];
  },
);

interface Where {
  (condition: TensorLike, x1: TensorLike, x2: TensorLike): Tensor;
  (condition: TensorLike): Tensor[];
  readonly operation: OperationInfo;
}

/** The choice of the first condition that holds, else `defaultValue` (default 0). */
export const select = parametric(
  "numpy",
  "select",
  ["default"],
  (
    condlist: readonly TensorLike[],
    choicelist: readonly TensorLike[],
    { default: otherwise = 0 }: { default?: TensorLike },
  ) =>
    condlist.reduceRight<TensorLike>(
      (rest, condition, i) => choose(condition, choicelist[i], rest),
      otherwise,
    ) as Tensor,
);

const test = (keras: string, f: (x: Tensor) => Tensor) =>
  operation("numpy", keras, (x: TensorLike) => {
    const tensor = asTensor(x);
    return isFloat(tensor.dtype) ? f(tensor) : fillLike(tensor, keras === "isfinite" ? 1 : 0, "bool");
  });
export const isnan = test("isnan", isNaNOf);
export const isinf = test("isinf", (x) => apply("eq", apply("abs", x), Number.POSITIVE_INFINITY));
export const isfinite = test("isfinite", (x) => apply("lt", apply("abs", x), Number.POSITIVE_INFINITY));
export const isposinf = test("isposinf", (x) => apply("eq", x, Number.POSITIVE_INFINITY));
export const isneginf = test("isneginf", (x) => apply("eq", x, Number.NEGATIVE_INFINITY));

/** Which elements have the sign of -1: negative zero too. */
export const signbit = operation("numpy", "signbit", (x: TensorLike) => {
  const tensor = asTensor(x);
  if (!isFloat(tensor.dtype))
    return tensor.dtype === "bool" ? fillLike(tensor, 0, "bool") : apply("lt", tensor, 0);
  // 1 / -0 is -infinity: division sees the sign that comparisons do not.
  const zero = apply("eq", tensor, 0);
  return apply("lt", choose(zero, divide(1, choose(zero, tensor, 1)), tensor), 0);
});

interface CloseOptions {
  /** Relative to |x2|; default 1e-5. */
  rtol?: number;
  /** Default 1e-8. */
  atol?: number;
  /** Whether NaN is close to NaN; default false. */
  equalNan?: boolean;
}
const closeOptions = ["rtol", "atol", "equalNan"] as const;

/** |x1 - x2| <= atol + rtol |x2|, elementwise; infinities are close to themselves. */
export const isclose = parametric("numpy", "isclose", closeOptions, isCloseOf);
/** Whether all elements are close: a bool scalar. */
export const allclose = parametric(
  "numpy",
  "allclose",
  closeOptions,
  (x1: TensorLike, x2: TensorLike, options: CloseOptions) => allOf(isCloseOf(x1, x2, options), null, false),
);

function isCloseOf(x1: TensorLike, x2: TensorLike, options: CloseOptions): Tensor {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  const [a, b] = promotedReal(x1, x2);
  const distance = apply("abs", apply("sub", a, b));
  const finite = apply("lt", apply("abs", b), Number.POSITIVE_INFINITY);
  const near = apply("le", distance, apply("add", atol, apply("mul", rtol, apply("abs", b))));
  const close = choose(finite, near, apply("eq", a, b));
  return equalNan ? apply("or", close, apply("and", isNaNOf(a), isNaNOf(b))) : close;
}

interface MembershipOptions {
  /** Has no effect. */
  assumeUnique?: boolean;
  /** Whether to ask for those that are not there; default false. */
  invert?: boolean;
}

/** Which elements of x1 occur in x2: bool, in the shape of x1. `ops.isin([1, 2, 3], [2])` is [false, true, false]. */
export const isin = parametric(
  "numpy",
  "isin",
  ["assumeUnique", "invert"],
  (x1: TensorLike, x2: TensorLike, { invert = false }: MembershipOptions) => {
    const [a, b] = promoted(x1, x2);
    const all = setShape(b, [productOf(b.shape)]);
    const found = anyOf(compare("eq", setShape(a, [...a.shape, 1]), all), -1, false);
    return invert ? apply("not", found) : found;
  },
);

interface NanOptions {
  /** Default 0. */
  nan?: number;
  /** Default null: the largest finite number. */
  posinf?: number | null;
  neginf?: number | null;
}
const largest: { readonly [dtype: string]: number } = {
  f16: 65504,
  bf16: 3.3895313892515355e38,
  f32: 3.4028234663852886e38,
  f64: Number.MAX_VALUE,
};

/** The tensor with numbers in place of NaN and infinities. */
export const nanToNum = parametric(
  "numpy",
  "nanToNum",
  ["nan", "posinf", "neginf"],
  (x: TensorLike, { nan = 0, posinf = null, neginf = null }: NanOptions) => {
    const tensor = asTensor(x);
    if (!isFloat(tensor.dtype)) return tensor;
    const top = largest[tensor.dtype];
    const known = choose(isNaNOf(tensor), nan, tensor);
    const below = choose(apply("eq", known, Number.POSITIVE_INFINITY), posinf ?? top, known);
    return choose(apply("eq", below, Number.NEGATIVE_INFINITY), neginf ?? -top, below);
  },
);
