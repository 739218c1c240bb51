/**
 * The order that sorting and searching use, as an expression and as a function: by value, equal elements by position. NaN counts as the
 * largest value, as in numpy and JAX.
 */
import { isFloat } from "../dtype.ts";
import { cast, type Expr, scalar } from "../kernel.ts";

/** Whether element `a` stands strictly before `b`. */
export function standsBefore(a: Expr, b: Expr, descending: boolean): Expr {
  const [x, y] = (descending ? [b, a] : [a, b]).map((value) =>
    value.dtype === "bool" ? cast(value, "i32") : value,
  );
  const less = scalar("lt", x, y);
  if (!isFloat(x.dtype)) return less;
  return scalar("or", less, scalar("and", scalar("eq", x, x), scalar("ne", y, y)));
}

/** The same of numbers, ascending: negative, zero or positive. */
export function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
