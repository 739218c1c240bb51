/**
 * The reduction of Payne and Hanek (1983): x modulo pi/2 for any finite f32, by multiplying its 24 bits with those 96 bits of 2/pi that
 * matter. Integer arithmetic on u32 scalars; nothing is rounded before the last step.
 *
 * With x = mantissa * 2^k, a bit of 2/pi of weight 2^-i contributes mantissa * 2^(k - i): a multiple of 4 for i <= k - 2, which does not
 * move the quadrant. So the window begins there, and x * 2/pi modulo 4 is mantissa * window modulo 2^96, in units of 2^-94.
 */
import { bitcast, cast, constant, type Expr } from "../kernel.ts";
import {
  add,
  and,
  bits,
  eq,
  lt,
  mul,
  not,
  or,
  type Scope,
  select,
  shl,
  shr,
  sub,
  toFloat,
} from "./formula.ts";

export interface Reduced {
  /** x - quadrant * pi/2. */
  readonly r: Expr;
  /** Modulo 4. */
  readonly quadrant: Expr;
}

/** The bits of 2/pi after the point, behind one word of zeros (so that the window may begin before the point). */
const TWO_OVER_PI = [0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab];
/** pi/2 as a number of 11 bits and the rest. */
const HALF_PI_SHORT = 1.5703125;
const HALF_PI_REST = Math.PI / 2 - HALF_PI_SHORT;

const word = (x: Expr): Expr => bitcast(x, "u32");
const u32 = (value: number): Expr => constant(value, "u32");

/** Word `first + offset` of the table, by comparisons: 0 <= first <= 4. */
const tableWord = (first: Expr, offset: number): Expr =>
  [3, 2, 1, 0].reduce<Expr>(
    (rest, j) => select(eq(first, j), u32(TWO_OVER_PI[j + offset]), rest),
    u32(TWO_OVER_PI[4 + offset]),
  );

/** 96 bits of the table, from bit `start` on. */
function windowAt({ name }: Scope, start: Expr): readonly [Expr, Expr, Expr] {
  const first = name("first", shr(start, 5));
  const shift = name("shift", word(and(start, 31)));
  const words = [0, 1, 2, 3].map((offset) => name("table", tableWord(first, offset)));
  // Two shifts, since a shift by 32 would be one by 0.
  const at = (i: number): Expr =>
    name("window", or(shl(words[i], shift), shr(shr(words[i + 1], 1), sub(u32(31), shift))));
  return [at(0), at(1), at(2)];
}

/** The upper 32 bits of a product, `a` below 2^24. */
function multiplyHigh({ name }: Scope, a: Expr, b: Expr): Expr {
  const [aHigh, aLow] = [name("a_high", shr(a, 16)), name("a_low", and(a, 0xffff))];
  const [bHigh, bLow] = [name("b_high", shr(b, 16)), name("b_low", and(b, 0xffff))];
  const t = name("t", add(mul(aHigh, bLow), shr(mul(aLow, bLow), 16)));
  const v = add(mul(aLow, bHigh), and(t, 0xffff));
  return add(add(mul(aHigh, bHigh), shr(t, 16)), shr(v, 16));
}

/** A sum of two words, and its carry. */
function addCarry({ name }: Scope, a: Expr, b: Expr): readonly [Expr, Expr] {
  const sum = name("sum", add(a, b));
  return [sum, select(lt(sum, a), u32(1), u32(0))];
}

/** mantissa * window modulo 2^96, three words, the highest first. */
function multiply(
  scope: Scope,
  mantissa: Expr,
  window: readonly [Expr, Expr, Expr],
): readonly [Expr, Expr, Expr] {
  const [w0, w1, w2] = window;
  const [middle, carry] = addCarry(scope, mul(mantissa, w1), multiplyHigh(scope, mantissa, w2));
  const high = add(add(mul(mantissa, w0), multiplyHigh(scope, mantissa, w1)), carry);
  return [scope.name("high", high), middle, scope.name("low", mul(mantissa, w2))];
}

/** x modulo pi/2 for a finite scalar x >= 2^11. */
export function reduceExactly(scope: Scope, x: Expr): Reduced {
  const { name } = scope;
  const pattern = name("pattern", bits(x));
  const mantissa = name("mantissa", word(or(and(pattern, 0x7fffff), 0x800000)));
  const k = sub(shr(pattern, 23), 127 + 23);
  const [high, middle, low] = multiply(scope, mantissa, windowAt(scope, name("start", add(k, 30))));
  const quadrant = name("turn", shr(add(high, 0x20000000), 30));
  const fraction = name("fraction", sub(high, shl(quadrant, 30)));
  // Its sign and magnitude: negation in two's complement, without the last bit of 94.
  const isNegative = name("is_negative", lt(0x7fffffff, fraction));
  const magnitude = (w: Expr): Expr => name("magnitude", select(isNegative, not(w), w));
  const [h, m, l] = [magnitude(fraction), magnitude(middle), magnitude(low)];
  // The first word has at most 29 bits. Its two upper dozens times the short part of pi/2 are exact; what follows is small beside
  // them, so that only the last addition rounds.
  const upper = name("upper", mul(toFloat(and(h, 0x1ffe0000)), 2 ** -30));
  const lower = name("lower", mul(toFloat(and(h, 0x1ffe0)), 2 ** -30));
  const lost = add(
    mul(toFloat(and(h, 0x1f)), 2 ** -30),
    add(mul(toFloat(m), 2 ** -62), mul(toFloat(l), 2 ** -94)),
  );
  const front = name("front", add(upper, lower));
  const correction = add(mul(lost, Math.PI / 2), mul(front, HALF_PI_REST));
  const r = name("r", add(mul(upper, HALF_PI_SHORT), add(mul(lower, HALF_PI_SHORT), correction)));
  return { r: select(isNegative, sub(0, r), r), quadrant: cast(quadrant, "i32") };
}
