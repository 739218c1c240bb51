/**
 * sin and cos: the argument is reduced to |r| <= pi/4 and a quadrant, then one of two polynomials (Cephes, sinf.c) is chosen.
 *
 * Up to 12,000 the reduction is Cody and Waite's. Beyond, where f32 numbers are further than pi/1000 apart and hardly anybody computes,
 * it is Payne and Hanek's, in integers, in a branch: exact for every finite argument, and slow.
 */
import {
  type Buffer,
  type Expr,
  extract,
  forLoop,
  int,
  load,
  makeBuffer,
  makeVar,
  read,
  type Stmt,
  store,
} from "../kernel.ts";
import {
  abs,
  add,
  and,
  bits,
  collect,
  div,
  type Expansion,
  eq,
  floor,
  fromBits,
  le,
  lt,
  mul,
  or,
  polynomial,
  type Scope,
  select,
  shl,
  sub,
  toInt,
  xor,
} from "./formula.ts";
import { type Reduced, reduceExactly } from "./payne-hanek.ts";

/** pi/2 in parts: four of 11 bits, whose products with integers below 2^13 are exact, and the rest. */
const [P1, P2, P3, P4, P5] = [
  1.5703125, 4.837512969970703e-4, 7.549533620476723e-8, 2.5632829192545614e-12, 6.123234262925839e-17,
];
/** Below 2^13 * pi/2. */
const LARGE = 12000;

/** Cody and Waite's reduction for 0 <= x <= LARGE. Gives NaN for infinity. */
function reduceNear({ name }: Scope, x: Expr): Reduced {
  const n = name("n", floor(add(mul(x, 2 / Math.PI), 0.5)));
  const near = name("near", sub(sub(x, mul(n, P1)), mul(n, P2))); // exact
  const third = name("third", mul(n, P3));
  const sum = name("sum", sub(near, third));
  const lost = sub(sub(near, sum), third); // by rounding the line above
  const r = add(sum, sub(lost, add(mul(n, P4), mul(n, P5))));
  return { r, quadrant: toInt(n) };
}

const alloc = (buffer: Buffer): Stmt => ({ kind: "alloc", buffer });
const when = (cond: Expr, then: readonly Stmt[]): Stmt => ({ kind: "if", cond, then, otherwise: [] });
const isLarge = (x: Expr): Expr => and(le(LARGE, x), lt(x, Infinity));

/** The reduction of a scalar x >= 0: in two mutable variables that the rare branch overwrites. */
function reduceScalar(scope: Scope, x: Expr): Reduced {
  const near = reduceNear(scope, x);
  const r = makeBuffer("reduced", "f32", [], "register");
  const quadrant = makeBuffer("quadrant", "i32", [], "register");
  const exactly = collect((inner) => {
    const exact = reduceExactly(inner, x);
    inner.emit(store(r, [], exact.r), store(quadrant, [], exact.quadrant));
  });
  scope.emit(
    alloc(r),
    alloc(quadrant),
    store(r, [], near.r),
    store(quadrant, [], near.quadrant),
    when(isLarge(x), exactly),
  );
  return { r: load(r, []), quadrant: load(quadrant, []) };
}

/** The reduction of a vector: where any lane is large, each lane goes the scalar way, through memory. */
function reduceVector(scope: Scope, x: Expr): Reduced {
  const near = reduceNear(scope, x);
  const r = makeBuffer("reduced", "f32", [x.lanes], "local");
  const quadrant = makeBuffer("quadrant", "i32", [x.lanes], "local");
  const arguments_ = makeBuffer("arguments", "f32", [x.lanes], "local");
  const lane = makeVar("lane");
  const at = [read(lane)];
  const exactly = collect((inner) => {
    const exact = reduceExactly(inner, inner.name("x", load(arguments_, at)));
    inner.emit(store(r, at, exact.r), store(quadrant, at, exact.quadrant));
  });
  const eachLane = forLoop(lane, int(x.lanes), [when(isLarge(load(arguments_, at)), exactly)]);
  const anyLarge = Array.from({ length: x.lanes }, (_, i) => isLarge(extract(x, i))).reduce(or);
  const start = [int(0)];
  scope.emit(
    alloc(r),
    alloc(quadrant),
    store(r, start, near.r),
    store(quadrant, start, near.quadrant),
    when(anyLarge, [alloc(arguments_), store(arguments_, start, x), eachLane]),
  );
  return { r: load(r, start, x.lanes), quadrant: load(quadrant, start, x.lanes) };
}

const reduce = (scope: Scope, x: Expr): Reduced =>
  x.lanes === 1 ? reduceScalar(scope, x) : reduceVector(scope, x);

const sinPolynomial = (r: Expr, square: Expr): Expr =>
  add(r, mul(mul(polynomial(square, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]), square), r));

function cosPolynomial(square: Expr): Expr {
  const p = polynomial(square, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]);
  return add(sub(mul(p, mul(square, square)), mul(square, 0.5)), 1);
}

/** sin(r + quadrant * pi/2), with the sign bit flipped where that of `flip` is set. */
function sinOfQuadrant({ name }: Scope, reduced: Reduced, flip?: Expr): Expr {
  const r = name("r", reduced.r);
  const quadrant = name("quadrant", reduced.quadrant);
  const square = name("square", mul(r, r));
  const value = select(eq(and(quadrant, 1), 0), sinPolynomial(r, square), cosPolynomial(square));
  const negative = shl(and(quadrant, 2), 30);
  const sign = flip === undefined ? negative : xor(negative, and(bits(flip), -0x80000000));
  return fromBits(xor(bits(value), sign));
}

export const sin: Expansion = (scope, x) => sinOfQuadrant(scope, reduce(scope, scope.name("a", abs(x))), x);

/** sin / cos, or -cos / sin in odd quadrants: one reduction serves both. */
export const tan: Expansion = (scope, x) => {
  const { name } = scope;
  const reduced = reduce(scope, name("a", abs(x)));
  const r = name("r", reduced.r);
  const square = name("square", mul(r, r));
  const [s, c] = [name("s", sinPolynomial(r, square)), name("c", cosPolynomial(square))];
  const isOdd = name("is_odd", eq(and(reduced.quadrant, 1), 1));
  const value = div(select(isOdd, sub(0, c), s), select(isOdd, s, c));
  return fromBits(xor(bits(value), and(bits(x), -0x80000000)));
};

export const cos: Expansion = (scope, x) => {
  const { r, quadrant } = reduce(scope, scope.name("a", abs(x)));
  return sinOfQuadrant(scope, { r, quadrant: add(quadrant, 1) });
};
