/**
 * exp, log and what is made of exp: tanh, sigmoid; and the simple ones, relu and sign.
 *
 * Polynomials and the split of ln 2 are those of the Cephes library (S. Moshier, expf.c, logf.c, tanhf.c). Errors are measured in test/expand.test.ts, against double precision.
 */
import { dtypes } from "../dtype.ts";
import type { Expr } from "../kernel.ts";
import {
  abs,
  add,
  bits,
  div,
  type Expansion,
  eq,
  floor,
  fromBits,
  lt,
  max,
  min,
  mul,
  type Name,
  polynomial,
  powerOfTwo,
  select,
  shl,
  shr,
  sub,
  toFloat,
  toInt,
  withSign,
} from "./formula.ts";

/** ln 2 in two parts; the first has 9 bits, so that its product with an integer below 2^15 is exact. */
export const LN2_HIGH = 0.693359375;
export const LN2_LOW = -2.1219444e-4;

/** exp(x) = mantissa * 2^exponent with the mantissa in [0.70, 1.42]. */
interface Scaled {
  readonly mantissa: Expr;
  readonly exponent: Expr;
}

/** exp(r) - 1 = r + r^2 P(r) for |r| <= ln(2) / 2. `low` is what r lacks. */
export function expm1Reduced(r: Expr, low?: Expr): Expr {
  const p = polynomial(
    r,
    [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
  );
  const curve = mul(p, mul(r, r));
  return add(low === undefined ? curve : add(curve, low), r);
}

export const expReduced = (r: Expr, low?: Expr): Expr => add(expm1Reduced(r, low), 1);

export function expScaled(name: Name, x: Expr): Scaled {
  const n = name("n", floor(add(mul(x, Math.LOG2E), 0.5)));
  // The first difference is exact: x and n * LN2_HIGH are close, and both multiples of the last bit of the smaller.
  const r = name("r", sub(sub(x, mul(n, LN2_HIGH)), mul(n, LN2_LOW)));
  return { mantissa: expReduced(r), exponent: toInt(n) };
}

/** mantissa * 2^exponent for -250 <= exponent <= 254: two factors, so that the one rounding is that of the result. */
export function scale(name: Name, { mantissa, exponent }: Scaled): Expr {
  const k = name("k", exponent);
  const half = name("half", shr(k, 1));
  return mul(mul(mantissa, powerOfTwo(half)), powerOfTwo(sub(k, half)));
}

/** exp where neither argument nor result leaves the normal range: -87 <= x <= 88. */
export function expNormal(name: Name, x: Expr): Expr {
  const { mantissa, exponent } = expScaled(name, x);
  return mul(mantissa, powerOfTwo(exponent));
}

// exp(-104) rounds to 0 and exp(89) to infinity, so clamping there changes nothing.
export const exp: Expansion = ({ name }, x) => scale(name, expScaled(name, name("x", min(max(x, -104), 89))));

/** A positive number as m * 2^e with m in [sqrt(1/2), sqrt(2)). Subnormal numbers are scaled up first. */
export function decompose(name: Name, x: Expr): { readonly m: Expr; readonly e: Expr } {
  const subnormal = name("subnormal", lt(x, 2 ** -126));
  const word = name("word", bits(select(subnormal, mul(x, 2 ** 23), x)));
  const e = name("e", shr(sub(word, SQRT_HALF_BITS), 23));
  const m = fromBits(sub(word, shl(e, 23)));
  return { m, e: sub(toFloat(e), select(subnormal, 23, 0)) };
}
const SQRT_HALF_BITS = 0x3f3504f3;

/** f^3 Q(f), of log(1 + f) = f - f^2 / 2 + f^3 Q(f). */
export function logCurve(f: Expr, square: Expr): Expr {
  const q = polynomial(
    f,
    [
      7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
      2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    ],
  );
  return mul(mul(f, square), q);
}

/** A logarithm where it is finite, and what it is elsewhere. */
export function logOr(x: Expr, finite: Expr): Expr {
  const above = select(lt(x, Infinity), finite, x); // infinity and NaN give themselves
  return select(lt(x, 0), Number.NaN, select(eq(x, 0), -Infinity, above));
}

/** log(m 2^e) = e ln 2 + log(m). */
export const log: Expansion = ({ name }, x) => {
  const { m, e } = decompose(name, x);
  const f = name("f", sub(m, 1));
  const exponent = name("exponent", e);
  const square = name("square", mul(f, f));
  const tail = sub(add(logCurve(f, square), mul(exponent, LN2_LOW)), mul(square, 0.5));
  return logOr(x, add(add(f, tail), mul(exponent, LN2_HIGH)));
};

/** An odd polynomial near 0; else 1 - 2 / (exp(2|x|) + 1), which is 1 beyond 9.01. */
export const tanh: Expansion = ({ name }, x) => {
  const a = name("a", abs(x));
  const square = name("square", mul(x, x));
  const p = polynomial(
    square,
    [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1],
  );
  const small = add(a, mul(mul(p, square), a));
  const e = expNormal(name, name("twice", min(add(a, a), 20)));
  const large = sub(1, div(2, add(e, 1)));
  return withSign(select(lt(a, 0.625), small, large), x);
};

/**
 * exp(-|x|) is at most 1, so nothing overflows and the lower tail keeps all its digits. Three roundings meet here (exp, sum, quotient);
 * less than 2.5 ULP would take a compensated quotient, ten operations more.
 */
export const sigmoid: Expansion = ({ name }, x) => {
  const e = name("e", scale(name, expScaled(name, name("minus", max(sub(0, abs(x)), -104)))));
  return div(select(lt(x, 0), e, 1), add(e, 1));
};

/** max(x, 0), of any dtype. */
export const relu: Expansion = (_scope, x) => max(x, 0);

/** The sign of x, of any dtype; zeros and NaN are their own. */
export const sign: Expansion = (_scope, x) => {
  const notNegative = select(lt(0, x), 1, x);
  return dtypes[x.dtype].kind === "unsigned" ? notNegative : select(lt(x, 0), -1, notNegative);
};
