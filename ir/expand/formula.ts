/**
 * What the expansions are written with: scalar operators that take numbers for constants, and a way to name what is used twice.
 *
 * All arithmetic here is f32, each operation rounded. Where an expansion needs an exact difference or product it says why it is exact,
 * so that a target that fuses a multiplication with an addition gets the same value or a better one.
 */
import { bitcast, cast, constant, type Expr, makeVar, read, type Stmt, scalar } from "../kernel.ts";
import type { ScalarName } from "../scalar.ts";

/** An operand of a formula; a number is a constant of the type and lanes of the expressions beside it. */
export type Term = Expr | number;

/** Where an expansion stands: statements that run before the expression it returns. */
export interface Scope {
  /** Names a value with a `let`, so that using it twice does not compute it twice. */
  readonly name: (hint: string, value: Expr) => Expr;
  readonly emit: (...stmts: Stmt[]) => void;
}
export type Name = Scope["name"];

/** One expansion: its arguments are variables or constants, free to use more than once. */
export type Expansion = (scope: Scope, ...args: Expr[]) => Expr;

/** The statements that `build` puts into a scope of its own. */
export function collect(build: (scope: Scope) => void): Stmt[] {
  const stmts: Stmt[] = [];
  const name: Name = (hint, value) => {
    if (value.kind === "var" || value.kind === "const") return value;
    const bound = makeVar(hint, value.dtype, value.lanes);
    stmts.push({ kind: "let", var: bound, value });
    return read(bound);
  };
  build({ name, emit: (...more) => void stmts.push(...more) });
  return stmts;
}

function apply(operator: ScalarName, ...terms: Term[]): Expr {
  const like = terms.find((term) => typeof term !== "number");
  if (like === undefined) throw new RangeError(`${operator} of numbers only`);
  return scalar(
    operator,
    ...terms.map((term) => (typeof term === "number" ? constantLike(like, term) : term)),
  );
}

export const constantLike = (like: Expr, value: number): Expr => constant(value, like.dtype, like.lanes);

export const add = (a: Term, b: Term): Expr => apply("add", a, b);
export const sub = (a: Term, b: Term): Expr => apply("sub", a, b);
export const mul = (a: Term, b: Term): Expr => apply("mul", a, b);
export const div = (a: Term, b: Term): Expr => apply("div", a, b);
export const min = (a: Term, b: Term): Expr => apply("min", a, b);
export const max = (a: Term, b: Term): Expr => apply("max", a, b);
export const and = (a: Term, b: Term): Expr => apply("and", a, b);
export const or = (a: Term, b: Term): Expr => apply("or", a, b);
export const xor = (a: Term, b: Term): Expr => apply("xor", a, b);
export const shl = (a: Term, b: Term): Expr => apply("shl", a, b);
export const shr = (a: Term, b: Term): Expr => apply("shr", a, b);
export const lt = (a: Term, b: Term): Expr => apply("lt", a, b);
export const le = (a: Term, b: Term): Expr => apply("le", a, b);
export const eq = (a: Term, b: Term): Expr => apply("eq", a, b);
export const floor = (a: Expr): Expr => scalar("floor", a);
export const abs = (a: Expr): Expr => scalar("abs", a);
export const not = (a: Expr): Expr => scalar("not", a);
export const sqrt = (a: Expr): Expr => scalar("sqrt", a);

/** `a` or `b`; two numbers are f32. */
export function select(condition: Expr, a: Term, b: Term): Expr {
  const like = [a, b].find((term) => typeof term !== "number") ?? constant(0, "f32", condition.lanes);
  const value = (term: Term): Expr => (typeof term === "number" ? constantLike(like, term) : term);
  return scalar("select", condition, value(a), value(b));
}

/** Horner's scheme; coefficients from the highest power down. */
export const polynomial = (x: Expr, coefficients: readonly number[]): Expr =>
  coefficients.slice(1).reduce<Expr>((sum, c) => add(mul(sum, x), c), constantLike(x, coefficients[0]));

export const bits = (x: Expr): Expr => bitcast(x, "i32");
export const fromBits = (x: Expr): Expr => bitcast(x, "f32");
export const toInt = (x: Expr): Expr => cast(x, "i32");
export const toFloat = (x: Expr): Expr => cast(x, "f32");

/** 2^k for an integer -126 <= k <= 127, put together from its bits. */
export const powerOfTwo = (k: Expr): Expr => fromBits(shl(add(k, 127), 23));

/** `magnitude` with the sign bit of `sign`; `magnitude` must not be negative. */
export const withSign = (magnitude: Expr, sign: Expr): Expr =>
  fromBits(or(bits(magnitude), and(bits(sign), -0x80000000)));
