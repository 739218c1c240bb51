/**
 * `keras.ops`, elementwise: arithmetic, comparisons, logic, exponentials, trigonometry. Shapes broadcast and dtypes promote as in numpy;
 * functions of real numbers turn integers into f32.
 */
import { isFloat } from "../../../ir/dtype.ts";
import type { ScalarName } from "../../../ir/scalar.ts";
import {
  cast as castTensor,
  divide as divideTensors,
  elementwise,
  promoteOperands,
  select,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { session } from "../session.ts";
import { asTensor, operation, parametric } from "./operation.ts";

const apply = (name: ScalarName, ...operands: readonly TensorLike[]): Tensor =>
  elementwise(name, operands, session.engine());

const unary = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x: TensorLike) => apply(name, asTensor(x)));
const binary = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x1: TensorLike, x2: TensorLike) => apply(name, x1, x2));
const flipped = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x1: TensorLike, x2: TensorLike) => apply(name, x2, x1));

/** A function of real numbers: integers become f32 first. */
export const real = (x: TensorLike): Tensor => {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype) ? tensor : castTensor(tensor, "f32");
};
const realUnary = (keras: string, f: (x: Tensor) => Tensor, module = "numpy") =>
  operation(module, keras, (x: TensorLike) => f(real(x)));

// Arithmetic.

export const add = binary("add", "add");
export const subtract = binary("subtract", "sub");
export const multiply = binary("multiply", "mul");
const quotient = (x1: TensorLike, x2: TensorLike): Tensor => divideTensors(x1, x2, session.engine());
/** True division: integers become f32. */
export const divide = operation("numpy", "divide", quotient);
export const trueDivide = operation("numpy", "trueDivide", quotient);
/** x1 / x2, and 0 where x2 is 0. */
export const divideNoNan = operation("numpy", "divideNoNan", (x1: TensorLike, x2: TensorLike) => {
  const zero = apply("eq", real(x2), 0);
  return select(zero, 0, quotient(x1, select(zero, 1, real(x2))));
});
/** x1 / x2 rounded down. */
export const floorDivide = operation("numpy", "floorDivide", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoteOperands([x1, x2], session.engine());
  return isFloat(a.dtype) ? apply("floor", apply("div", a, b)) : apply("floordiv", a, b);
});
/** The remainder of `floorDivide`: it has the sign of x2. */
export const mod = binary("mod", "mod");
/** x1 to the power x2. Integers are exact up to 2^24. */
export const power = operation("numpy", "power", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoteOperands([x1, x2], session.engine());
  if (isFloat(a.dtype)) return apply("pow", a, b);
  return castTensor(apply("round", apply("pow", castTensor(a, "f32"), castTensor(b, "f32"))), a.dtype);
});
export const maximum = binary("maximum", "max");
export const minimum = binary("minimum", "min");
export const negative = unary("negative", "neg");
export const absolute = unary("absolute", "abs");
export const sign = unary("sign", "sign");
export const square = operation("numpy", "square", (x: TensorLike) => {
  const tensor = asTensor(x);
  return apply("mul", tensor, tensor);
});
export const reciprocal = realUnary("reciprocal", (x) => apply("div", 1, x));
export const sqrt = realUnary("sqrt", (x) => apply("sqrt", x));
export const rsqrt = realUnary("rsqrt", (x) => apply("rsqrt", x), "math");

/** min(max(x, xMin), xMax). */
export const clip = parametric(
  "numpy",
  "clip",
  ["xMin", "xMax"],
  (x: TensorLike, { xMin, xMax }: { xMin: TensorLike; xMax: TensorLike }) =>
    apply("min", apply("max", asTensor(x), xMin), xMax),
);

// Rounding.

export const floor = realUnary("floor", (x) => apply("floor", x));
export const ceil = realUnary("ceil", (x) => apply("ceil", x));
export const trunc = unary("trunc", "trunc");
/** To `decimals` places (default 0); halves go to the even neighbour. */
export const round = parametric(
  "numpy",
  "round",
  ["decimals"],
  (x: TensorLike, { decimals = 0 }: { decimals?: number }) => {
    if (decimals === 0) return apply("round", asTensor(x));
    return apply("div", apply("round", apply("mul", real(x), 10 ** decimals)), 10 ** decimals);
  },
);

// Comparisons and logic: the result is bool.

export const equal = binary("equal", "eq");
export const notEqual = binary("notEqual", "ne");
export const less = binary("less", "lt");
export const lessEqual = binary("lessEqual", "le");
export const greater = flipped("greater", "lt");
export const greaterEqual = flipped("greaterEqual", "le");

const truth = (x: TensorLike): Tensor => castTensor(asTensor(x), "bool");
const logical = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x1: TensorLike, x2: TensorLike) => apply(name, truth(x1), truth(x2)));
export const logicalAnd = logical("logicalAnd", "and");
export const logicalOr = logical("logicalOr", "or");
export const logicalXor = logical("logicalXor", "xor");
export const logicalNot = operation("numpy", "logicalNot", (x: TensorLike) => apply("not", truth(x)));

/** x1 where the condition holds, else x2. */
export const where = operation("numpy", "where", (condition: TensorLike, x1: TensorLike, x2: TensorLike) =>
  select(condition, x1, x2, session.engine()),
);

export const isnan = operation("numpy", "isnan", (x: TensorLike) => {
  const tensor = asTensor(x);
  return apply("ne", tensor, tensor);
});
export const isinf = operation("numpy", "isinf", (x: TensorLike) =>
  apply("eq", apply("abs", real(x)), Number.POSITIVE_INFINITY),
);
export const isfinite = operation("numpy", "isfinite", (x: TensorLike) =>
  apply("lt", apply("abs", real(x)), Number.POSITIVE_INFINITY),
);

// Exponentials and logarithms.

export const exp = realUnary("exp", (x) => apply("exp", x));
export const exp2 = realUnary("exp2", (x) => apply("exp", apply("mul", x, Math.LN2)));
export const log = realUnary("log", (x) => apply("log", x));
export const log2 = realUnary("log2", (x) => apply("mul", apply("log", x), Math.LOG2E));
export const log10 = realUnary("log10", (x) => apply("mul", apply("log", x), Math.LOG10E));
export const expm1 = realUnary("expm1", expm1Of);
export const log1p = realUnary("log1p", log1pOf);
/** log(exp(x1) + exp(x2)) without overflow. */
export const logaddexp = operation("numpy", "logaddexp", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoteOperands([real(x1), real(x2)]);
  return apply(
    "add",
    apply("max", a, b),
    log1pOf(apply("exp", apply("neg", apply("abs", apply("sub", a, b))))),
  );
});

/** exp(x) - 1, exact near 0 too: there it is 2t / (1 - t) with t = tanh(x / 2). */
export function expm1Of(x: Tensor): Tensor {
  const near = apply("lt", apply("abs", x), 1);
  const t = apply("tanh", apply("mul", apply("min", apply("max", x, -1), 1), 0.5));
  return select(near, apply("div", apply("mul", 2, t), apply("sub", 1, t)), apply("sub", apply("exp", x), 1));
}

/**
 * log(1 + x), exact near 0 too: with u = 1 + x rounded it is log(u) x / (u - 1) (Kahan; Goldberg, "What every computer scientist should know
 * about floating-point arithmetic", theorem 4). The correction carries no gradient, which is 1 / u as it should be.
 */
export function log1pOf(x: Tensor): Tensor {
  const u = apply("add", 1, x);
  const logU = apply("log", u);
  const rest = apply("sub", u, 1);
  const lost = apply("eq", rest, 0);
  const exact = select(lost, x, apply("mul", logU, apply("div", x, select(lost, 1, rest))));
  const finite = apply("lt", apply("abs", logU), Number.POSITIVE_INFINITY);
  return apply("add", logU, constantOf(select(finite, apply("sub", exact, logU), apply("mul", 0, x))));
}

/** The same value, through which no gradient flows. */
export function constantOf(x: Tensor): Tensor {
  return x.engine.op("bitcast", [x], { dtype: x.dtype })[0];
}
export const stopGradient = operation("core", "stopGradient", (variable: TensorLike) =>
  constantOf(asTensor(variable)),
);

// Trigonometry and its relatives.

export const sin = realUnary("sin", (x) => apply("sin", x));
export const cos = realUnary("cos", (x) => apply("cos", x));
export const tan = realUnary("tan", (x) => apply("div", apply("sin", x), apply("cos", x)));
export const tanh = realUnary("tanh", (x) => apply("tanh", x));
export const sinh = realUnary("sinh", (x) => {
  const e = expm1Of(x);
  return apply("mul", 0.5, apply("add", e, apply("div", e, apply("add", e, 1))));
});
export const cosh = realUnary("cosh", (x) =>
  apply("mul", 0.5, apply("add", apply("exp", x), apply("exp", apply("neg", x)))),
);
export const erf = realUnary("erf", (x) => apply("erf", x), "math");
