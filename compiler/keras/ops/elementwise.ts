/**
 * `keras.ops`, elementwise arithmetic. Shapes broadcast and dtypes promote as in numpy; functions of real numbers turn integers into f32.
 * Gradients at kinks are those of JAX: equal operands of a maximum share it, |x| has 0 at 0.
 */
import { dtypes, isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { ScalarName } from "../../../ir/scalar.ts";
import { cast as castTensor, divide as divideTensors, type Tensor, type TensorLike } from "../../tensor.ts";
import { session } from "../session.ts";
import { apply, choose, clamp, isNaNOf, numeric, promoted, promotedReal, real } from "./apply.ts";
import { type ComplexLike, isComplex } from "./complex-pair.ts";
import { asTensor, operation, parametric } from "./operation.ts";

/** A function of one tensor; bool counts as i32. */
const unary = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x: TensorLike) => apply(name, numeric(asTensor(x))));
/** A function of two; `onBool` is what it means on two bools. */
const binary = (keras: string, name: ScalarName, onBool: ScalarName = name) =>
  operation("numpy", keras, (x1: TensorLike, x2: TensorLike) => {
    const [a, b] = promoted(x1, x2);
    return apply(a.dtype === "bool" ? onBool : name, a, b);
  });
const realUnary = (keras: string, f: (x: Tensor) => Tensor, module = "numpy") =>
  operation(module, keras, (x: TensorLike) => f(real(x)));
const realBinary = (keras: string, f: (x1: Tensor, x2: Tensor) => Tensor) =>
  operation("numpy", keras, (x1: TensorLike, x2: TensorLike) => {
    const [a, b] = promotedReal(x1, x2);
    return f(a, b);
  });

/** x1 + x2; on two bools, or. */
export const add = binary("add", "add", "or");
/** x1 - x2. */
export const subtract = binary("subtract", "sub");
/** x1 x2; on two bools, and. */
export const multiply = binary("multiply", "mul", "and");
const quotient = (x1: TensorLike, x2: TensorLike): Tensor => divideTensors(x1, x2, session.engine());
/** True division: integers become f32. */
export const divide = operation("numpy", "divide", quotient);
export const trueDivide = operation("numpy", "trueDivide", quotient);
/** x1 / x2, and 0 where x2 is 0, with gradient 0 there. */
export const divideNoNan = operation("numpy", "divideNoNan", (x1: TensorLike, x2: TensorLike) => {
  const zero = apply("eq", real(x2), 0);
  return choose(zero, 0, quotient(x1, choose(zero, 1, real(x2))));
});
/** x1 / x2 rounded down. */
export const floorDivide = operation("numpy", "floorDivide", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoted(x1, x2).map(numeric);
  return isFloat(a.dtype) ? apply("floor", apply("div", a, b)) : apply("floordiv", a, b);
});
/** The remainder of `floorDivide`: it has the sign of x2. `ops.mod(-7, 3)` is 2. */
export const mod = operation("numpy", "mod", (x1: TensorLike, x2: TensorLike) =>
  apply("mod", ...promoted(x1, x2).map(numeric)),
);
/** The remainder of division rounded towards 0: it has the sign of x1. `ops.fmod(-7, 3)` is -1. */
export const fmod = operation("numpy", "fmod", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoted(x1, x2).map(numeric);
  const [x, y] = [apply("abs", a), apply("abs", b)];
  const rest = apply("mod", x, y);
  return choose(apply("lt", a, 0), apply("neg", rest), rest);
});

/** x1 to the power x2. Integers wrap; a negative integer power of an integer is 1, as in JAX. */
export const power = operation("numpy", "power", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoted(x1, x2).map(numeric);
  return isFloat(a.dtype) ? apply("pow", a, b) : integerPower(a, b);
});

/** By repeated squaring: exponents count up to 63, beyond which powers of even numbers are 0. */
function integerPower(base: Tensor, exponent: Tensor): Tensor {
  const positive = apply("max", exponent, 0);
  let result: Tensor = choose(apply("eq", apply("and", positive, 1), 1), base, 1);
  let square = base;
  for (let bit = 1; bit < 6; bit++) {
    square = apply("mul", square, square);
    const set = apply("ne", apply("and", positive, 2 ** bit), 0);
    result = choose(set, apply("mul", result, square), result);
  }
  return result;
}

/** The larger; NaN where one is. */
export const maximum = binary("maximum", "max", "or");
/** The smaller; NaN where one is. */
export const minimum = binary("minimum", "min", "and");
/** x1 where it beats x2 or x2 is NaN: of equal operands the second is taken, with its gradient. */
const ignoringNaN = (x1: TensorLike, x2: TensorLike, beats: (a: Tensor, b: Tensor) => Tensor): Tensor => {
  const [a, b] = promoted(x1, x2);
  const [p, q] = [numeric(a), numeric(b)];
  return choose(apply("or", beats(p, q), isNaNOf(q)), a, b);
};
/** The larger; where one is NaN, the other. */
export const fmax = operation("numpy", "fmax", (x1: TensorLike, x2: TensorLike) =>
  ignoringNaN(x1, x2, (a, b) => apply("lt", b, a)),
);
/** The smaller; where one is NaN, the other. */
export const fmin = operation("numpy", "fmin", (x1: TensorLike, x2: TensorLike) =>
  ignoringNaN(x1, x2, (a, b) => apply("lt", a, b)),
);
export const negative = unary("negative", "neg");
/** |x|; of a complex pair [re, im], its length. bool stays bool. */
export const absolute = operation("numpy", "absolute", (x: TensorLike | ComplexLike) => {
  if (isComplex(x)) return lengthOf(real(x[0]), real(x[1]));
  const tensor = asTensor(x);
  return tensor.dtype === "bool" ? tensor : apply("abs", tensor);
});
/** |x|; integers become f32. */
export const fabs = realUnary("fabs", (x) => apply("abs", x));
/** -1, 0 or 1; NaN stays NaN. */
export const sign = unary("sign", "sign");
export const square = operation("numpy", "square", (x: TensorLike) => {
  const tensor = numeric(asTensor(x));
  return apply("mul", tensor, tensor);
});
export const reciprocal = realUnary("reciprocal", (x) => apply("div", 1, x));
export const sqrt = realUnary("sqrt", (x) => apply("sqrt", x));
export const rsqrt = realUnary("rsqrt", (x) => apply("rsqrt", x), "math");
/** The cube root; negative for negative x. */
export const cbrt = realUnary("cbrt", (x) =>
  apply("mul", apply("sign", x), apply("pow", apply("abs", x), 1 / 3)),
);

/** sqrt(x1^2 + x2^2) without overflow. `ops.hypot(3, 4)` is 5. */
export const hypot = realBinary("hypot", lengthOf);

function lengthOf(x1: Tensor, x2: Tensor): Tensor {
  const [a, b] = [apply("abs", x1), apply("abs", x2)];
  const [large, small] = [apply("max", a, b), apply("min", a, b)];
  // 0 and infinity are their own lengths, and would make 0 / 0 here.
  const plain = apply("or", apply("eq", large, 0), apply("eq", large, Number.POSITIVE_INFINITY));
  const ratio = apply("div", choose(plain, 0, small), choose(plain, 1, large));
  return apply("mul", large, apply("sqrt", apply("add", 1, apply("mul", ratio, ratio))));
}

/** 0 for negative x1, 1 for positive, x2 at 0. */
export const heaviside = realBinary("heaviside", (x1, x2) => {
  const steps = choose(apply("lt", x1, 0), 0, choose(apply("eq", x1, 0), x2, 1));
  return choose(isNaNOf(x1), x1, steps);
});

/** x1 times 2 to the power x2, which is an integer. `ops.ldexp(1.5, 3)` is 12. Throws ModelError for another exponent. */
export const ldexp = operation("numpy", "ldexp", (x1: TensorLike, x2: TensorLike) => {
  const exponent = asTensor(x2, "i32");
  if (isFloat(exponent.dtype) || exponent.dtype === "bool") {
    const got = `x2 dtype=${dtypes[exponent.dtype].keras}`;
    throw new ModelError(`ldexp exponent must be an integer type. Received: ${got}`);
  }
  // 2^x2 leaves the range of f32 where the product need not: three factors cover it.
  let rest = castTensor(exponent, "i32");
  let result = real(x1);
  for (let step = 0; step < 3; step++) {
    const part = clamp(rest, -126, 127);
    rest = apply("sub", rest, part);
    const bits = apply("shl", apply("add", part, 127), 23);
    const factor = bits.engine.op("bitcast", [bits], { dtype: "f32" })[0];
    result = apply("mul", result, castTensor(factor, result.dtype));
  }
  return result;
});

/** 1 where true, -1 where not: i32. */
const signs = (x: Tensor): Tensor => apply("sub", apply("mul", castTensor(x, "i32"), 2), 1);

/** The number next to x1 in the direction of x2 (f32). */
export const nextafter = realBinary("nextafter", (x1, x2) => {
  const wide = castTensor(x1, "f32");
  const bits = wide.engine.op("bitcast", [wide], { dtype: "i32" })[0];
  const outwards = apply("eq", apply("lt", x1, x2), apply("lt", 0, x1));
  const stepped = apply("add", bits, signs(outwards));
  const smallest = choose(apply("lt", 0, x2), asTensor(1, "i32"), -0x7fffffff);
  const moved = choose(apply("eq", x1, 0), smallest, stepped);
  const result = moved.engine.op("bitcast", [moved], { dtype: "f32" })[0];
  const undefinedHere = apply("or", isNaNOf(x1), isNaNOf(x2));
  return choose(
    undefinedHere,
    apply("add", x1, x2),
    choose(apply("eq", x1, x2), x2, castTensor(result, x1.dtype)),
  );
});

interface ClipOptions {
  xMin: TensorLike | null;
  xMax: TensorLike | null;
}
/** min(max(x, xMin), xMax); null leaves a side open. bool becomes i32. */
export const clip = parametric(
  "numpy",
  "clip",
  ["xMin", "xMax"],
  (x: TensorLike, { xMin, xMax }: ClipOptions) => {
    const tensor = numeric(asTensor(x));
    const raised = xMin === null ? tensor : apply("max", tensor, xMin);
    return xMax === null ? raised : apply("min", raised, xMax);
  },
);

export const floor = realUnary("floor", (x) => apply("floor", x));
export const ceil = realUnary("ceil", (x) => apply("ceil", x));
/** Rounded towards 0; integers and bool stay as they are. */
export const trunc = operation("numpy", "trunc", (x: TensorLike) => {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype) ? apply("trunc", tensor) : tensor;
});
/** To `decimals` places (default 0; negative ones count before the point); halves go to the even neighbour. */
export const round = parametric(
  "numpy",
  "round",
  ["decimals"],
  (x: TensorLike, { decimals = 0 }: { decimals?: number }) => {
    const tensor = asTensor(x);
    if (!isFloat(tensor.dtype) && decimals >= 0) return tensor;
    if (decimals === 0) return apply("round", tensor);
    const scaled = apply("round", apply("mul", real(tensor), 10 ** decimals));
    return castTensor(apply("div", scaled, 10 ** decimals), tensor.dtype);
  },
);

/** Degrees as radians. */
export const deg2rad = realUnary("deg2rad", (x) => apply("mul", x, Math.PI / 180));
/** Radians as degrees. */
export const rad2deg = realUnary("rad2deg", (x) => apply("mul", x, 180 / Math.PI));
