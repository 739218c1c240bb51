/**
 * Complex arithmetic in kernels: pairs of expressions, matrices and vectors as pairs of buffers, and the same on numbers for the reference
 * evaluation.
 */
import { add, div, type Expr, mul, type Stmt, scalar, sub } from "../../kernel.ts";
import { bind } from "../../loops.ts";
import type { MatrixView } from "./matrix.ts";

export interface Complex<T> {
  readonly re: T;
  readonly im: T;
}

/** Arithmetic on a kind of numbers: expressions, or numbers themselves. */
interface Field<T> {
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  sqrt(a: T): T;
  neg(a: T): T;
}

/** Complex arithmetic over it. */
export const complexOver = <T>(f: Field<T>) => {
  const norm2 = ({ re, im }: Complex<T>): T => f.add(f.mul(re, re), f.mul(im, im));
  const times = (a: Complex<T>, b: Complex<T>): Complex<T> => ({
    re: f.sub(f.mul(a.re, b.re), f.mul(a.im, b.im)),
    im: f.add(f.mul(a.re, b.im), f.mul(a.im, b.re)),
  });
  const conjugate = ({ re, im }: Complex<T>): Complex<T> => ({ re, im: f.neg(im) });
  const scale = ({ re, im }: Complex<T>, by: T): Complex<T> => ({ re: f.mul(re, by), im: f.mul(im, by) });
  return {
    norm2,
    times,
    conjugate,
    scale,
    size: (a: Complex<T>): T => f.sqrt(norm2(a)),
    plus: (a: Complex<T>, b: Complex<T>): Complex<T> => ({ re: f.add(a.re, b.re), im: f.add(a.im, b.im) }),
    minus: (a: Complex<T>, b: Complex<T>): Complex<T> => ({ re: f.sub(a.re, b.re), im: f.sub(a.im, b.im) }),
    over: (a: Complex<T>, b: Complex<T>): Complex<T> => {
      const { re, im } = times(a, conjugate(b));
      const square = norm2(b);
      return { re: f.div(re, square), im: f.div(im, square) };
    },
  };
};

export const complexExprs = complexOver<Expr>({
  add,
  sub,
  mul,
  div,
  sqrt: (a) => scalar("sqrt", a),
  neg: (a) => scalar("neg", a),
});
export const complexNumbers = complexOver<number>({
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: Math.sqrt,
  neg: (a) => -a,
});

/** A complex matrix as two real ones. */
export interface ComplexMatrix {
  get(i: Expr, j: Expr): Complex<Expr>;
  set(i: Expr, j: Expr, value: Complex<Expr>): readonly Stmt[];
}
export const complexMatrix = (re: MatrixView, im: MatrixView): ComplexMatrix => ({
  get: (i, j) => ({ re: re.get(i, j), im: im.get(i, j) }),
  set: (i, j, value) => [re.set(i, j, value.re), im.set(i, j, value.im)],
});

/** Computes a complex value once. */
export const bindComplex = (
  name: string,
  { re, im }: Complex<Expr>,
  body: (value: Complex<Expr>) => readonly Stmt[],
): readonly Stmt[] => bind(`${name}_re`, re, (a) => bind(`${name}_im`, im, (b) => body({ re: a, im: b })));
