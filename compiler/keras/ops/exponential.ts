/**
 * `keras.ops`, exponentials, logarithms, error functions and Bessel's I0. Integers become f32.
 */
import type { Tensor, TensorLike } from "../../tensor.ts";
import { apply, choose, clamp, constantOf, isNaNOf, promotedReal, real } from "./apply.ts";
import { operation } from "./operation.ts";

const realUnary = (keras: string, f: (x: Tensor) => Tensor, module = "numpy") =>
  operation(module, keras, (x: TensorLike) => f(real(x)));

export const exp = realUnary("exp", (x) => apply("exp", x));
/** 2 to the power x. */
export const exp2 = realUnary("exp2", exp2Of);
export const log = realUnary("log", (x) => apply("log", x));
export const log2 = realUnary("log2", (x) => apply("mul", apply("log", x), Math.LOG2E));
export const log10 = realUnary("log10", (x) => apply("mul", apply("log", x), Math.LOG10E));
/** exp(x) - 1, exact near 0 too. */
export const expm1 = realUnary("expm1", expm1Of);
/** log(1 + x), exact near 0 too. */
export const log1p = realUnary("log1p", log1pOf);

/** log(exp(x1) + exp(x2)) without overflow. */
export const logaddexp = operation("numpy", "logaddexp", (x1: TensorLike, x2: TensorLike) =>
  logSum(x1, x2, (x) => apply("exp", x), log1pOf),
);
/** log2(2^x1 + 2^x2) without overflow. */
export const logaddexp2 = operation("numpy", "logaddexp2", (x1: TensorLike, x2: TensorLike) =>
  logSum(x1, x2, exp2Of, (x) => apply("mul", log1pOf(x), Math.LOG2E)),
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

function exp2Of(x: Tensor): Tensor {
  return apply("exp", apply("mul", x, Math.LN2));
}

/** exp(x) - 1: near 0 it is 2t / (1 - t) with t = tanh(x / 2). */
export function expm1Of(x: Tensor): Tensor {
  const near = apply("lt", apply("abs", x), 1);
  const t = apply("tanh", apply("mul", clamp(x, -1, 1), 0.5));
  return choose(near, apply("div", apply("mul", 2, t), apply("sub", 1, t)), apply("sub", apply("exp", x), 1));
}

/**
 * log(1 + x): with u = 1 + x rounded it is log(u) x / (u - 1) (Kahan; Goldberg, "What every computer scientist should know about
 * floating-point arithmetic", theorem 4). The correction carries no gradient, which is 1 / u as it should be.
 */
export function log1pOf(x: Tensor): Tensor {
  const u = apply("add", 1, x);
  const logU = apply("log", u);
  const rest = apply("sub", u, 1);
  const lost = apply("eq", rest, 0);
  const exact = choose(lost, x, apply("mul", logU, apply("div", x, choose(lost, 1, rest))));
  const finite = apply("lt", apply("abs", logU), Number.POSITIVE_INFINITY);
  return apply("add", logU, constantOf(choose(finite, apply("sub", exact, logU), apply("mul", 0, x))));
}

/** The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export const erf = realUnary("erf", (x) => apply("erf", x), "math");
/** 1 - erf(x). */
export const erfc = realUnary("erfc", erfcOf, "math");
/** The x whose error function this is, for numbers in (-1, 1); infinite at -1 and 1. */
export const erfinv = realUnary("erfinv", erfinvOf, "math");

const polynomial = (x: Tensor, coefficients: readonly number[]): Tensor =>
  coefficients
    .slice(1)
    .reduce<Tensor>(
      (sum, coefficient) => apply("add", apply("mul", sum, x), coefficient),
      apply("add", apply("mul", x, 0), coefficients[0]),
    );

/** In the tail by Press et al., "Numerical recipes in C", section 6.2: relative error below 1.2e-7, where 1 - erf(x) has none left. */
function erfcOf(x: Tensor): Tensor {
  const large = apply("max", x, 0.5);
  const t = apply("div", 1, apply("add", 1, apply("mul", 0.5, large)));
  const inner = polynomial(
    t,
    [
      0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
      1.00002368, -1.26551223,
    ],
  );
  const tail = apply("mul", t, apply("exp", apply("sub", inner, apply("mul", large, large))));
  return choose(apply("lt", x, 0.5), apply("sub", 1, apply("erf", x)), tail);
}

const central = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
];
const outer = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3,
  1.00167406, 2.83297682,
];

/** Giles, "Approximating the erfinv function", 2012: polynomials in w = -log(1 - x^2). */
export function erfinvOf(x: Tensor): Tensor {
  const edge = apply("eq", apply("abs", x), 1);
  const inside = choose(edge, 0, x);
  const w = apply("neg", log1pOf(apply("neg", apply("mul", inside, inside))));
  const near = apply("lt", w, 5);
  const body = choose(
    near,
    polynomial(apply("sub", w, 2.5), central),
    polynomial(apply("sub", apply("sqrt", apply("max", w, 5)), 3), outer),
  );
  return apply("mul", x, choose(edge, Number.POSITIVE_INFINITY, body));
}

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
