/**
 * sinh, cosh and the inverse hyperbolic functions: exponentials and logarithms in forms that neither overflow nor cancel.
 */
import type { Expr } from "../kernel.ts";
import { expScaled, scale } from "./exponential.ts";
import {
  abs,
  add,
  div,
  type Expansion,
  lt,
  min,
  mul,
  type Name,
  polynomial,
  select,
  sqrt,
  sub,
  withSign,
} from "./formula.ts";
import { log1p } from "./logarithms.ts";

/** exp(a) / 2 for a >= 0: overflows only where the hyperbolic functions do. */
function halfExp(name: Name, a: Expr): Expr {
  const { mantissa, exponent } = expScaled(name, name("bounded", min(a, 90)));
  return name("half", scale(name, { mantissa, exponent: sub(exponent, 1) }));
}

/** An odd polynomial (Cephes, sinhf.c) below 1; else exp(a) / 2 - 1 / (2 exp(a)). */
export const sinh: Expansion = ({ name }, x) => {
  const a = name("a", abs(x));
  const square = name("square", mul(x, x));
  const p = polynomial(square, [2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1]);
  const half = halfExp(name, a);
  return withSign(select(lt(a, 1), add(a, mul(mul(p, square), a)), sub(half, div(0.25, half))), x);
};

export const cosh: Expansion = ({ name }, x) => {
  const half = halfExp(name, name("a", abs(x)));
  return add(half, div(0.25, half));
};

/** From here on adding 1, or subtracting it, changes nothing. */
const LARGE = 2 ** 28;

/** log(2a) for large a, else log(1 + small): both by one logarithm. */
function logOfTwice(scope: Parameters<Expansion>[0], a: Expr, small: Expr): Expr {
  const isLarge = scope.name("is_large", lt(LARGE, a));
  const argument = scope.name("argument", select(isLarge, a, small));
  return add(log1p(scope, argument), select(isLarge, Math.LN2, 0));
}

/** log(a + sqrt(a^2 + 1)), as log1p of a + a^2 / (1 + sqrt(a^2 + 1)). */
export const asinh: Expansion = (scope, x) => {
  const a = scope.name("a", abs(x));
  const square = scope.name("square", mul(a, a));
  return withSign(logOfTwice(scope, a, add(a, div(square, add(sqrt(add(square, 1)), 1)))), x);
};

/** log(x + sqrt(x^2 - 1)), as log1p of t + sqrt(t (t + 2)) with t = x - 1. */
export const acosh: Expansion = (scope, x) => {
  const t = scope.name("t", sub(x, 1));
  const value = logOfTwice(scope, x, add(t, sqrt(mul(t, add(t, 2)))));
  return select(lt(t, 0), Number.NaN, value);
};

/** log((1 + a) / (1 - a)) / 2, as log1p(2a / (1 - a)) / 2. */
export const atanh: Expansion = (scope, x) => {
  const a = scope.name("a", abs(x));
  const ratio = scope.name("ratio", div(add(a, a), sub(1, a)));
  return withSign(mul(log1p(scope, ratio), 0.5), x);
};
