/**
 * Jacobi rotations, of which the symmetric eigenvalue problem and the singular value decomposition are made: what angle makes two columns
 * orthogonal, and the sweeps over all pairs. The number of sweeps is fixed, so that there is nothing to test for: convergence is quadratic,
 * and rotations that would change nothing are skipped.
 */
import { add, constant, div, type Expr, int, mul, type Stmt, scalar, sub } from "../../kernel.ts";
import { bind, each } from "../../loops.ts";
import type { Rows } from "./matrix.ts";

/** Sweeps over all pairs; matrices of a few hundred columns need about ten. */
export const SWEEPS = 16;
/** A rotation by less than this angle, or so, changes nothing. */
const SKIPPED = 2 ** -40;

/** Statements for every pair p < q of columns, in every sweep. */
export const sweepPairs = (size: number, body: (p: Expr, q: Expr) => readonly Stmt[]): Stmt =>
  each(
    SWEEPS,
    () => [
      each(size, (p) => [
        each(sub(int(size - 1), p), (t) => bind("q", add(add(p, t), int(1)), (q) => body(p, q))),
      ]),
    ],
    "sweep",
  );

/** Whether the pair with diagonal elements `a`, `b` and off-diagonal `off` is worth a rotation. */
export const isCoupled = (a: Expr, b: Expr, off: Expr): Expr =>
  scalar("lt", mul(add(scalar("abs", a), scalar("abs", b)), constant(SKIPPED, a.dtype)), scalar("abs", off));

/** Cosine and sine of the smaller angle that makes `off` zero (Golub and Van Loan, section 8.5). */
export function rotation(
  a: Expr,
  b: Expr,
  off: Expr,
  body: (cosine: Expr, sine: Expr) => readonly Stmt[],
): readonly Stmt[] {
  const one = constant(1, a.dtype);
  return bind("ratio", div(sub(b, a), add(off, off)), (ratio) => {
    const size = add(scalar("abs", ratio), scalar("sqrt", add(one, mul(ratio, ratio))));
    const inverse = div(one, size);
    const tangent = scalar(
      "select",
      scalar("lt", ratio, constant(0, a.dtype)),
      scalar("neg", inverse),
      inverse,
    );
    return bind("tangent", tangent, (t) =>
      bind("cosine", div(one, scalar("sqrt", add(one, mul(t, t)))), (cosine) =>
        bind("sine", mul(t, cosine), (sine) => body(cosine, sine)),
      ),
    );
  });
}

/** The pair (x, y) turned. */
export const turn = (
  x: Expr,
  y: Expr,
  cosine: Expr,
  sine: Expr,
  write: (x: Expr, y: Expr) => readonly Stmt[],
): readonly Stmt[] =>
  bind("x", x, (first) =>
    bind("y", y, (second) =>
      write(sub(mul(cosine, first), mul(sine, second)), add(mul(sine, first), mul(cosine, second))),
    ),
  );

// The same in numbers.

export function sweepPairsOf(size: number, visit: (p: number, q: number) => void): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++)
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) visit(p, q);
}

/** Cosine and sine, or undefined where there is nothing to do. */
export function rotationOf(a: number, b: number, off: number): readonly [number, number] | undefined {
  if (!((Math.abs(a) + Math.abs(b)) * SKIPPED < Math.abs(off))) return undefined;
  const ratio = (b - a) / (2 * off);
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  return [cosine, tangent * cosine];
}

export function turnColumns(a: Rows, p: number, q: number, [cosine, sine]: readonly [number, number]): void {
  for (const row of a) [row[p], row[q]] = [cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]];
}
