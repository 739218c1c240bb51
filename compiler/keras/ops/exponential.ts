/**
 * `keras.ops`, exponentials, logarithms, error functions and Bessel's I0. Integers become f32.
 */
import type { ScalarName } from "../../../ir/scalar.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { apply, choose, isNaNOf, promotedReal, real } from "./apply.ts";
import { operation } from "./operation.ts";

const realUnary = (keras: string, name: ScalarName, module = "numpy") =>
  operation(module, keras, (x: TensorLike) => apply(name, real(x)));

export const exp = realUnary("exp", "exp");
/** 2 to the power x. */
export const exp2 = realUnary("exp2", "exp2");
/** exp(x) - 1, exact near 0 too. */
export const expm1 = realUnary("expm1", "expm1");
export const log = realUnary("log", "log");
export const log2 = realUnary("log2", "log2");
export const log10 = realUnary("log10", "log10");
/** log(1 + x), exact near 0 too. */
export const log1p = realUnary("log1p", "log1p");

/** log(exp(x1) + exp(x2)) without overflow. */
export const logaddexp = operation("numpy", "logaddexp", (x1: TensorLike, x2: TensorLike) =>
  logSum(x1, x2, "exp", 1),
);
/** log2(2^x1 + 2^x2) without overflow. */
export const logaddexp2 = operation("numpy", "logaddexp2", (x1: TensorLike, x2: TensorLike) =>
  logSum(x1, x2, "exp2", Math.LOG2E),
);

function logSum(x1: TensorLike, x2: TensorLike, power: "exp" | "exp2", unit: number): Tensor {
  const [a, b] = promotedReal(x1, x2);
  const difference = apply("sub", a, b);
  // -|a - b|, as a minimum: where a = b its slope is none, and that of the maximum below a half for each.
  const distance = apply("min", difference, apply("neg", difference));
  // Equal infinities have no distance: their sum is what they are.
  const infinite = isNaNOf(distance);
  const rest = apply("log1p", apply(power, choose(infinite, 0, distance)));
  const sum = apply("add", apply("max", a, b), unit === 1 ? rest : apply("mul", rest, unit));
  return choose(infinite, apply("add", a, b), sum);
}

/** The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export const erf = realUnary("erf", "erf", "math");
/** 1 - erf(x), exact for large x too. */
export const erfc = realUnary("erfc", "erfc", "math");
/** The x whose error function this is, for numbers in (-1, 1); infinite at -1 and 1. */
export const erfinv = realUnary("erfinv", "erfinv", "math");

/** Bessel's function I0 of the first kind: polynomials 9.8.1 and 9.8.2 of Abramowitz and Stegun, relative error below 2e-7. */
export const i0 = operation("numpy", "i0", (x: TensorLike) => i0Of(real(x)));

const polynomial = (x: Tensor, [first, ...rest]: readonly number[]): Tensor =>
  rest.reduce<Tensor>(
    (sum, coefficient) => apply("add", apply("mul", sum, x), coefficient),
    apply("add", apply("mul", x, 0), first),
  );

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
