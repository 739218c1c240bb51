/**
 * `keras.ops`, exponentials, logarithms, error functions and Bessel's I0. Integers become f32.
 */
import type { ScalarName } from "../../../ir/scalar.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { apply, choose, isNaNOf, promotedReal, real } from "./apply.ts";
import { operation } from "./operation.ts";

const realUnary = (keras: string, f: (x: Tensor) => Tensor, module = "numpy") =>
  operation(module, keras, (x: TensorLike) => f(real(x)));

const scalar = (keras: string, name: ScalarName, module = "numpy") =>
  realUnary(keras, (x) => apply(name, x), module);

export const exp = scalar("exp", "exp");
/** 2 to the power x. */
export const exp2 = scalar("exp2", "exp2");
export const log = scalar("log", "log");
export const log2 = scalar("log2", "log2");
export const log10 = scalar("log10", "log10");
/** exp(x) - 1, with all its digits near 0. */
export const expm1 = scalar("expm1", "expm1");
/** log(1 + x), with all its digits near 0. */
export const log1p = scalar("log1p", "log1p");

/** log(exp(x1) + exp(x2)) without overflow. */
export const logaddexp = operation("numpy", "logaddexp", (x1: TensorLike, x2: TensorLike) =>
  logSum(
    x1,
    x2,
    (x) => apply("exp", x),
    (x) => apply("log1p", x),
  ),
);
/** log2(2^x1 + 2^x2) without overflow. */
export const logaddexp2 = operation("numpy", "logaddexp2", (x1: TensorLike, x2: TensorLike) =>
  logSum(
    x1,
    x2,
    (x) => apply("exp2", x),
    (x) => apply("mul", apply("log1p", x), Math.LOG2E),
  ),
);

function logSum(
  x1: TensorLike,
  x2: TensorLike,
  power: (x: Tensor) => Tensor,
  logOnePlus: (x: Tensor) => Tensor,
): Tensor {
  const [a, b] = promotedReal(x1, x2);
  const distance = apply("neg", apply("abs", apply("sub", a, b)));
  // Equal infinities have no distance: their sum is what they are.
  const infinite = isNaNOf(distance);
  const rest = logOnePlus(power(choose(infinite, 0, distance)));
  return choose(infinite, apply("add", a, b), apply("add", apply("max", a, b), rest));
}

/** The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export const erf = scalar("erf", "erf", "math");
/** 1 - erf(x), with all its digits for large x. */
export const erfc = scalar("erfc", "erfc", "math");
/** The x whose error function this is, for numbers in (-1, 1); infinite at -1 and 1. */
export const erfinv = scalar("erfinv", "erfinv", "math");

const polynomial = (x: Tensor, coefficients: readonly number[]): Tensor =>
  coefficients
    .slice(1)
    .reduce<Tensor>(
      (sum, coefficient) => apply("add", apply("mul", sum, x), coefficient),
      apply("add", apply("mul", x, 0), coefficients[0]),
    );

/** Bessel's function I0 of the first kind: polynomials 9.8.1 and 9.8.2 of Abramowitz and Stegun, relative error below 2e-7. */
export const i0 = realUnary("i0", i0Of);

export function i0Of(x: Tensor): Tensor {
  const size = apply("abs", x);
  const t = apply("div", apply("min", size, 3.75), 3.75);
  const small = polynomial(
    apply("mul", t, t),
    [0.0045813, 0.0360768, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1],
  );
  const large = apply("max", size, 3.75);
  const series = polynomial(
    apply("div", 3.75, large),
    [
      0.00392377, -0.01647633, 0.02635537, -0.02057706, 0.00916281, -0.00157565, 0.00225319, 0.01328592,
      0.39894228,
    ],
  );
  const asymptotic = apply("mul", apply("mul", apply("exp", large), apply("rsqrt", large)), series);
  return choose(apply("lt", size, 3.75), small, asymptotic);
}
