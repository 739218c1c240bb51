/**
 * exp and log with other bases, and near 0 and 1: exp2, expm1, log2, log10, log1p. Made of the polynomials of exp and log
 * (`exponential.ts`); what is added is care for what these would round away.
 */
import type { Expr } from "../kernel.ts";
import {
  decompose,
  expm1Reduced,
  expReduced,
  LN2_HIGH,
  LN2_LOW,
  log,
  logCurve,
  logOr,
  scale,
} from "./exponential.ts";
import {
  abs, add, div, type Expansion, eq, floor, lt, max, min, mul, type Name, powerOfTwo, select, sub, toInt,
} from "./formula.ts"; // biome-ignore format: one line

/** Where a function that is x near 0 is x to the last bit; keeps the sign of zero, too. */
const TINY = 2 ** -25;
const unlessTiny = (x: Expr, value: Expr): Expr => select(lt(abs(x), TINY), x, value);

/** 2^n exp(r ln 2); the whole part is taken off exactly. */
export const exp2: Expansion = ({ name }, x) => {
  const bounded = name("bounded", min(max(x, -151), 129));
  const n = name("n", floor(add(bounded, 0.5)));
  return scale(name, { mantissa: expReduced(name("r", mul(sub(bounded, n), Math.LN2))), exponent: toInt(n) });
};

/** 2^n (exp(r) - 1 + (1 - 2^-n)); near 0, n is 0 and nothing but exp(r) - 1 is left. */
export const expm1: Expansion = ({ name }, x) => {
  const bounded = name("bounded", min(max(x, -30), 89));
  const n = name("n", floor(add(mul(bounded, Math.LOG2E), 0.5)));
  const r = name("r", sub(sub(bounded, mul(n, LN2_HIGH)), mul(n, LN2_LOW)));
  const whole = name("whole", toInt(n));
  const missing = sub(1, powerOfTwo(max(sub(0, whole), -126)));
  const value = scale(name, { mantissa: add(expm1Reduced(r), missing), exponent: whole });
  return unlessTiny(x, value);
};

/** A positive number as 2^e and the logarithm of what is left of it. */
function logParts(name: Name, x: Expr): { readonly e: Expr; readonly rest: Expr } {
  const { m, e } = decompose(name, x);
  const f = name("f", sub(m, 1));
  const square = name("square", mul(f, f));
  return { e: name("e", e), rest: add(f, sub(logCurve(f, square), mul(square, 0.5))) };
}

export const log2: Expansion = ({ name }, x) => {
  const { e, rest } = logParts(name, x);
  return logOr(x, add(mul(rest, Math.LOG2E), e));
};

/** log10(2) in two parts; the product of the first with an exponent is exact. */
const [LOG_2_HIGH, LOG_2_LOW] = [3.0078125e-1, 2.48745663981195e-4];

export const log10: Expansion = ({ name }, x) => {
  const { e, rest } = logParts(name, x);
  return logOr(x, add(add(mul(rest, Math.LOG10E), mul(e, LOG_2_LOW)), mul(e, LOG_2_HIGH)));
};

/** With u = 1 + x rounded it is log(u) + c / u, where c = x - (u - 1) is what the rounding lost. */
export const log1p: Expansion = (scope, x) => {
  const u = scope.name("u", add(x, 1));
  const lost = div(sub(x, sub(u, 1)), u);
  const finite = select(eq(u, 0), Number.NEGATIVE_INFINITY, add(log(scope, u), lost));
  return unlessTiny(x, select(lt(x, Number.POSITIVE_INFINITY), finite, x));
};
