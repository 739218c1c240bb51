/**
 * What factorizations share: matrices in the last two axes of an array, the axes before being a batch that runs in parallel. Three views of
 * one: as loads and stores in a kernel, as rows of numbers in the reference evaluation, as graph values in gradients.
 */
import type { Builder } from "../../builder.ts";
import { type Dim, equalShapes, type Shape } from "../../dim.ts";
import { isFloat } from "../../dtype.ts";
import { getElement, setElement } from "../../elements.ts";
import { ModelError } from "../../errors.ts";
import type { Value } from "../../graph.ts";
import { type Buffer, type Expr, load, type Stmt, store } from "../../kernel.ts";
import { inParallel } from "../../loops.ts";
import { type NDArray, sizeOf } from "../../ndarray.ts";
import type { LowerContext, Sample } from "../../op.ts";
import { printType, type TensorType, tensorType } from "../../type.ts";

export interface MatrixType {
  readonly batch: Shape;
  readonly rows: number;
  readonly columns: number;
}

/** Throws ModelError where the operand is no float matrix of constant size. */
export function matrixType(x: TensorType): MatrixType {
  const [rows, columns] = x.shape.slice(-2);
  if (typeof rows !== "number" || typeof columns !== "number" || !isFloat(x.dtype)) {
    throw new ModelError("not a matrix", {
      expected: "float, with at least two axes, the last two of constant size",
      got: printType(x),
    });
  }
  return { batch: x.shape.slice(0, -2), rows, columns };
}

export function squareType(x: TensorType): MatrixType {
  const type = matrixType(x);
  if (type.rows !== type.columns) throw new ModelError("the matrix must be square", { got: printType(x) });
  return type;
}

export const matrices = ({ dtype, shape }: TensorType, rows: Dim, columns: Dim): TensorType =>
  tensorType(dtype, [...shape.slice(0, -2), rows, columns]);
export const vectors = ({ dtype, shape }: TensorType, size: Dim): TensorType =>
  tensorType(dtype, [...shape.slice(0, -2), size]);

export function requireSameBatch(a: TensorType, b: TensorType): void {
  if (a.dtype !== b.dtype || !equalShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)))
    throw new ModelError("dtypes and leading axes must be equal", {
      got: `${printType(a)} and ${printType(b)}`,
    });
}

// In kernels.

/** One matrix of a batch in memory. */
export interface MatrixView {
  get(i: Expr, j: Expr): Expr;
  set(i: Expr, j: Expr, value: Expr): Stmt;
}
export interface VectorView {
  get(i: Expr): Expr;
  set(i: Expr, value: Expr): Stmt;
}

export const matrixIn = (buffer: Buffer, batch: readonly Expr[]): MatrixView => ({
  get: (i, j) => load(buffer, [...batch, i, j]),
  set: (i, j, value) => store(buffer, [...batch, i, j], value),
});
export const vectorIn = (buffer: Buffer, batch: readonly Expr[]): VectorView => ({
  get: (i) => load(buffer, [...batch, i]),
  set: (i, value) => store(buffer, [...batch, i], value),
});

/** One thread for each matrix of the batch. */
export const perMatrix = (ctx: LowerContext, body: (batch: readonly Expr[]) => readonly Stmt[]): Stmt =>
  inParallel(
    ctx.operands[0].shape.slice(0, -2).map((dim) => ctx.extent(dim)),
    body,
  );

// In the reference evaluation.

/** Rows of numbers. A vector is a matrix of one row. */
export type Rows = number[][];

export const zeroRows = (rows: number, columns: number): Rows =>
  Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
export const identityRows = (rows: number, columns = rows): Rows =>
  zeroRows(rows, columns).map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));

/** Runs `f` on each matrix of the operands; what it returns are the matrices, or vectors, of the results. */
export function evaluatePerMatrix(
  operands: readonly NDArray[],
  results: readonly NDArray[],
  f: (...matrices: Rows[]) => readonly (Rows | readonly number[])[],
): readonly NDArray[] {
  const count = sizeOf(operands[0].shape.slice(0, -2));
  for (let at = 0; at < count; at++) {
    const values = f(...operands.map((operand) => rowsOf(operand, at)));
    results.forEach((result, i) => {
      const flat = values[i].flat();
      flat.forEach((value, j) => {
        setElement(result, at * flat.length + j, value);
      });
    });
  }
  return results;
}

function rowsOf(array: NDArray, at: number): Rows {
  const [rows, columns] = array.shape.slice(-2);
  const element = (i: number, j: number): number => getElement(array, (at * rows + i) * columns + j);
  return zeroRows(rows, columns).map((row, i) => row.map((_, j) => element(i, j)));
}

// In gradients.

/** The product of matrices, either of them transposed where wanted. */
export function multiply(
  b: Builder,
  x: Value,
  y: Value,
  { tx = false, ty = false }: { tx?: boolean; ty?: boolean } = {},
): Value {
  const batch = x.type.shape
    .slice(0, -2)
    .map((_, i) => `b${i}`)
    .join(" ");
  const spec = `${batch} ${tx ? "k m" : "m k"}, ${batch} ${ty ? "o k" : "k o"} -> ${batch} m o`;
  return b.contract(x, y, spec);
}

export function transposed(b: Builder, x: Value): Value {
  const rank = x.type.shape.length;
  const axes = x.type.shape.map((_, i) => i);
  return b.transpose(x, [...axes.slice(0, -2), rank - 1, rank - 2]);
}

/** Row number minus column number of each element: what triangles are told by. */
function diagonalNumber(b: Builder, x: Value): Value {
  const shape = x.type.shape.slice(-2).map(Number);
  const [row, column] = [0, 1].map((axis) => b.op("iota", [], { shape, axis, dtype: "i32" }));
  const rank = x.type.shape.length;
  return b.broadcast(b.sub(row, column), x.type.shape, [rank - 2, rank - 1]);
}

/** The elements on and below the diagonal, others zero; with those on it times `diagonal` (default 1). */
export function lower(b: Builder, x: Value, diagonal = 1): Value {
  const number = diagonalNumber(b, x);
  const below = b.select(b.binary("lt", 0, number), x, 0);
  return diagonal === 0 ? below : b.select(b.binary("eq", number, 0), b.mul(x, diagonal), below);
}

export const upper = (b: Builder, x: Value, diagonal = 1): Value =>
  transposed(b, lower(b, transposed(b, x), diagonal));

/** A vector as a diagonal matrix. */
export function diagonalMatrix(b: Builder, x: Value): Value {
  const size = x.type.shape[x.type.shape.length - 1];
  const shape = [...x.type.shape, size];
  const rank = shape.length;
  const spread = b.broadcast(
    x,
    shape,
    x.type.shape.map((_, i) => i),
  );
  const zero = b.full({ dtype: x.type.dtype, shape }, 0);
  return rank === 0 ? x : b.select(b.binary("eq", diagonalNumber(b, zero), 0), spread, 0);
}

/** The columns of `x`, each times a number of `v`; or its rows. */
export function scaleColumns(b: Builder, x: Value, v: Value): Value {
  const rank = x.type.shape.length;
  const axes = x.type.shape.map((_, i) => i);
  return b.mul(x, b.broadcast(v, x.type.shape, [...axes.slice(0, -2), rank - 1]));
}
export const scaleRows = (b: Builder, x: Value, v: Value): Value =>
  b.mul(
    x,
    b.broadcast(
      v,
      x.type.shape,
      v.type.shape.map((_, i) => i),
    ),
  );

/** X with op(A) X = B for a triangular A. */
export const solveTriangular = (
  b: Builder,
  a: Value,
  rhs: Value,
  attrs: { readonly lower: boolean; readonly transpose?: boolean; readonly unit?: boolean },
): Value => b.op("triangular_solve", [a, rhs], { transpose: false, unit: false, ...attrs });

/** What a gradient with respect to a symmetric matrix is to an op that reads its lower triangle. */
export const onLowerTriangle = (b: Builder, g: Value): Value => lower(b, b.add(g, transposed(b, g)), 0.5);

// For samples.

/** Operands of the op matrix made well-conditioned: something is added to their diagonals. */
export const withDiagonal =
  (amount: number): NonNullable<Sample["adapt"]> =>
  (operands) =>
    operands.map((array, operand) => {
      if (operand > 0) return array;
      const [rows, columns] = array.shape.slice(-2);
      const data = array.data.slice();
      const result = { ...array, data };
      for (let at = 0; at < data.length / (rows * columns); at++) {
        for (let i = 0; i < Math.min(rows, columns); i++) {
          const element = at * rows * columns + i * columns + i;
          setElement(result, element, getElement(array, element) + amount);
        }
      }
      return result;
    });
