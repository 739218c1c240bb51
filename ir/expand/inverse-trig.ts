/**
 * asin, acos, atan and atan2: polynomials on a reduced argument (Cephes, asinf.c and atanf.c), and constants in two parts where something
 * is taken off them.
 */
import type { Expr } from "../kernel.ts";
import { constant } from "../kernel.ts";
import {
  abs, add, bits, div, type Expansion, eq, lt, max, min, mul, type Name, polynomial, select, sqrt, sub, withSign,
} from "./formula.ts"; // biome-ignore format: one line

/** A constant as the nearest f32 number and what that lacks. */
const [PI_HIGH, PI_LOW] = [3.1415927410125732, -8.742278e-8];
const [HALF_PI_HIGH, HALF_PI_LOW] = [PI_HIGH / 2, PI_LOW / 2];
const [QUARTER_PI_HIGH, QUARTER_PI_LOW] = [PI_HIGH / 4, PI_LOW / 4];
const fromHalfPi = (x: Expr): Expr => sub(HALF_PI_HIGH, sub(x, HALF_PI_LOW));
const fromPi = (x: Expr): Expr => sub(PI_HIGH, sub(x, PI_LOW));

/** asin(s) for s = a up to 1/2; beyond, for s = sqrt((1 - a) / 2): half of what asin(a) lacks to pi / 2. */
function reducedAsin(name: Name, a: Expr): { readonly value: Expr; readonly isUpper: Expr } {
  const isUpper = name("is_upper", lt(0.5, a));
  const z = name("z", select(isUpper, mul(sub(1, a), 0.5), mul(a, a)));
  const s = name("s", select(isUpper, sqrt(z), a));
  const p = polynomial(
    z,
    [4.216319904e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1],
  );
  return { value: name("value", add(s, mul(mul(p, z), s))), isUpper };
}

export const asin: Expansion = ({ name }, x) => {
  const { value, isUpper } = reducedAsin(name, name("a", abs(x)));
  return withSign(select(isUpper, fromHalfPi(add(value, value)), value), x);
};

export const acos: Expansion = ({ name }, x) => {
  const { value, isUpper } = reducedAsin(name, name("a", abs(x)));
  const isNegative = name("is_negative", lt(x, 0));
  const twice = name("twice", add(value, value));
  const middle = fromHalfPi(select(isNegative, sub(0, value), value));
  return select(isUpper, select(isNegative, fromPi(twice), twice), middle);
};

/** atan(t) for 0 <= t <= 1. */
function atanOfFraction(name: Name, t: Expr): Expr {
  const isUpper = name("is_upper", lt(TAN_EIGHTH, t));
  const w = name("w", select(isUpper, div(sub(t, 1), add(t, 1)), t));
  const z = name("z", mul(w, w));
  const p = polynomial(z, [8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1]);
  const value = name("value", add(w, mul(mul(p, z), w)));
  return select(isUpper, add(QUARTER_PI_HIGH, add(value, QUARTER_PI_LOW)), value);
}
/** tan(pi / 8). */
const TAN_EIGHTH = 0.41421356;

export const atan: Expansion = ({ name }, x) => {
  const a = name("a", abs(x));
  const isLarge = name("is_large", lt(1, a));
  const value = name("atan", atanOfFraction(name, name("t", select(isLarge, div(1, a), a))));
  return withSign(select(isLarge, fromHalfPi(value), value), x);
};

/** The angle of the point (x, y): from the quotient of the smaller and the larger coordinate, then by octants. */
export const atan2: Expansion = ({ name }, y, x) => {
  const [a, b] = [name("a", abs(x)), name("b", abs(y))];
  const [small, large] = [name("small", min(a, b)), name("large", max(a, b))];
  // 0 / 0 counts as 0, infinity by itself as 1.
  const quotient = select(eq(small, large), select(eq(large, 0), 0, 1), div(small, large));
  const octant = name("octant", atanOfFraction(name, name("t", quotient)));
  const quadrant = name("quadrant", select(lt(a, b), fromHalfPi(octant), octant));
  const isLeft = lt(bits(x), constant(0, "i32", x.lanes));
  return withSign(select(isLeft, fromPi(quadrant), quadrant), y);
};
