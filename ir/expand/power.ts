/**
 * pow and rsqrt. pow(x, y) = exp2(y log2|x|), with log2 and the product carried as sums of two f32 numbers: log2 must be good to 2^-32,
 * because the exponent is up to 150 and its error is an error of the result's digits. The method and the polynomial are those of FreeBSD's
 * e_powf.c (Sun Microsystems, 1993); products are exact because their factors are cut to 12 bits.
 */
import { constant, type Expr } from "../kernel.ts";
import { expReduced, scale } from "./exponential.ts";
import {
  abs,
  add,
  and,
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
  not,
  or,
  polynomial,
  select,
  shr,
  sqrt,
  sub,
  toFloat,
  toInt,
  withSign,
} from "./formula.ts";

/** A number as an unevaluated sum. `high` has at most 12 significant bits. */
interface Pair {
  readonly high: Expr;
  readonly low: Expr;
}

const cut = (x: Expr): Expr => fromBits(and(bits(x), -0x1000));

/** x = 2^n m with m in [sqrt(3)/2, sqrt(3)), and the centre c of its half of that range, 1 or 1.5. */
function normalize(name: Name, x: Expr): { readonly n: Expr; readonly m: Expr; readonly isUpper: Expr } {
  const subnormal = name("subnormal", lt(x, 2 ** -126));
  const word = name("word", bits(select(subnormal, mul(x, 2 ** 24), x)));
  const fraction = name("fraction", and(word, 0x7fffff));
  const isLarge = name("is_large", lt(SQRT_3_FRACTION, fraction));
  const n = add(
    sub(shr(word, 23), select(subnormal, constant(127 + 24, "i32"), constant(127, "i32"))),
    toInt(isLarge),
  );
  const m = fromBits(or(fraction, select(isLarge, constant(0x3f000000, "i32"), constant(0x3f800000, "i32"))));
  const isUpper = and(lt(SQRT_3_HALVES_FRACTION, fraction), eq(toInt(isLarge), 0));
  return { n: name("n", toFloat(n)), m: name("m", m), isUpper: name("is_upper", isUpper) };
}
const SQRT_3_FRACTION = 0x5db3d6;
const SQRT_3_HALVES_FRACTION = 0x1cc471;

/** log2(x) for positive finite x, to a relative error of 2^-32 or so. */
function log2(name: Name, x: Expr): Pair {
  const { n, m, isUpper } = normalize(name, x);
  const centre = name("centre", select(isUpper, 1.5, 1));
  // s = (m - c) / (m + c) as s_high + s_low.
  const u = name("u", sub(m, centre));
  const sum = name("sum", add(m, centre));
  const v = name("v", div(1, sum));
  const s = name("s", mul(u, v));
  const sHigh = name("s_high", cut(s));
  const sumHigh = name("sum_high", cut(sum));
  const sumLow = sub(m, sub(sumHigh, centre));
  const sLow = name("s_low", mul(v, sub(sub(u, mul(sHigh, sumHigh)), mul(sHigh, sumLow))));
  // log(m / c) = 2s + 2/3 s^3 + ... = 2/3 s (3 + s^2 + r)
  const square = name("square", mul(s, s));
  const p = polynomial(
    square,
    [0.20697501302, 0.23066075146, 0.27272811532, 0.33333334327, 0.42857143283, 0.60000002384],
  );
  const r = name("r", add(mul(mul(square, square), p), mul(sLow, add(sHigh, s))));
  const squareHigh = name("square_high", mul(sHigh, sHigh));
  const tHigh = name("t_high", cut(add(add(squareHigh, 3), r)));
  const tLow = sub(r, sub(sub(tHigh, 3), squareHigh));
  const a = name("a", mul(sHigh, tHigh));
  const b = name("b", add(mul(sLow, tHigh), mul(tLow, s)));
  // times 2 / (3 ln 2), plus log2(c) and n
  const pHigh = name("p_high", cut(add(a, b)));
  const pLow = sub(b, sub(pHigh, a));
  const zHigh = name("z_high", mul(pHigh, CP_HIGH));
  const zLow = name("z_low", add(add(mul(pHigh, CP_LOW), mul(pLow, CP)), select(isUpper, 1.56322085e-6, 0)));
  const shift = name("shift", select(isUpper, 0.584960938, 0));
  const high = name("log_high", cut(add(add(add(zHigh, zLow), shift), n)));
  return { high, low: name("log_low", sub(zLow, sub(sub(sub(high, n), shift), zHigh))) };
}
/** 2 / (3 ln 2), and its split at 12 bits. */
const [CP, CP_HIGH, CP_LOW] = [0.961796701, 0.9619140625, -1.1736857402e-4];

/** 2^(high + low). */
function exp2(name: Name, { high, low }: Pair): Expr {
  const n = name("whole", floor(add(add(high, low), 0.5)));
  const rest = name("rest", sub(high, n));
  const t = name("t", fromBits(and(bits(add(rest, low)), -0x8000)));
  const lost = sub(low, sub(t, rest));
  const a = name("a", mul(t, LN2_HIGH));
  const b = name("b", add(mul(lost, Math.LN2), mul(t, LN2_LOW)));
  const r = name("r", add(a, b));
  return scale(name, { mantissa: expReduced(r, sub(b, sub(r, a))), exponent: toInt(n) });
}
/** ln 2 split so that its first part times a number of 9 bits is exact. */
const [LN2_HIGH, LN2_LOW] = [0.693145752, 1.42860654e-6];

/** |x|^y, where 1^y and x^0 are 1. */
function powerOfMagnitude(name: Name, a: Expr, y: Expr): Expr {
  const { high, low } = log2(name, a);
  const limit = select(eq(a, 0), -Infinity, select(lt(a, Infinity), high, a));
  const coarse = name("coarse", mul(y, limit));
  const yHigh = name("y_high", cut(y));
  const product: Pair = { high: mul(yHigh, high), low: add(mul(sub(y, yHigh), high), mul(y, low)) };
  // Where the result over- or underflows the products may have too: the clamped coarse product says all there is to say.
  const ordinary = name("ordinary", lt(abs(coarse), 160));
  const power = exp2(name, {
    high: name("high", select(ordinary, product.high, min(max(coarse, -200), 200))),
    low: name("low", select(ordinary, product.low, 0)),
  });
  return select(or(eq(a, 1), eq(y, 0)), 1, power);
}

/** As IEEE 754's pow: negative x needs a whole y, whose lowest bit gives the sign. */
export const pow: Expansion = ({ name }, x, y) => {
  const magnitude = name("magnitude", powerOfMagnitude(name, name("a", abs(x)), y));
  const half = name("half", mul(y, 0.5));
  const isWhole = name("is_whole", eq(floor(y), y));
  const isOdd = and(isWhole, lt(floor(half), half));
  const signed = select(isOdd, withSign(magnitude, x), magnitude);
  const isRoot = and(and(lt(x, 0), lt(-Infinity, x)), not(isWhole));
  return select(isRoot, Number.NaN, signed);
};

export const rsqrt: Expansion = (_scope, x) => div(1, sqrt(x));
