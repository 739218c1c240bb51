/**
 * `svd`: singular values and vectors, by Jacobi's method on the columns (Hestenes). What it leaves are orthogonal columns, sorted by length;
 * their QR factorization makes them orthonormal, whatever their lengths, and completes them where asked.
 */
import type { Builder } from "../../builder.ts";
import { ModelError } from "../../errors.ts";
import type { Value } from "../../graph.ts";
import { add, constant, type Expr, mul, type Stmt, scalar, store } from "../../kernel.ts";
import { cell, each, when, zeroOf } from "../../loops.ts";
import type { LowerContext, Memory, OpDef, Read } from "../../op.ts";
import { printType, tensorType } from "../../type.ts";
import { inverseDifferences, ranked, turnAll } from "./eigh.ts";
import { isCoupled, rotation, rotationOf, sweepPairs, sweepPairsOf, turnColumns } from "./jacobi.ts";
import {
  diagonalMatrix, evaluatePerMatrix, identityRows, type MatrixView, matrices, matrixIn, matrixType, multiply, perMatrix, type Rows, scaleColumns, scaleRows, transposed, vectorIn, vectors,
} from "./matrix.ts"; // biome-ignore format: one line
import { orthonormal, qrOf, reflect } from "./qr.ts";

type SvdAttrs = {
  /** U square; else as wide as the matrix. */
  readonly complete: boolean;
};

export const svd: OpDef<SvdAttrs> = {
  name: "svd",
  doc: "U, the singular values in descending order, and the transpose of V, with U diag(s) V^T = A; A is at least as high as wide.",
  tolerance: "rounding",
  arity: [1, 1],
  attrNames: ["complete"],
  infer([x], { complete }) {
    const { rows, columns } = matrixType(x);
    if (rows < columns)
      throw new ModelError("svd is of matrices at least as high as wide", {
        got: printType(x),
        hint: "Transpose it",
      });
    return [matrices(x, rows, complete ? rows : columns), vectors(x, columns), matrices(x, columns, columns)];
  },
  evaluate: ([x], { complete }, context) =>
    evaluatePerMatrix(
      [x],
      [0, 1, 2].map((i) => context.allocate(i)),
      (a) => svdOf(a, complete),
    ),
  gradient: (b, op, dys) => [svdGradient(b, op.results, dys)],
  lower: {
    kind: "kernel",
    scratch({ operands: [x] }) {
      const { rows, columns } = matrixType(x);
      return [
        matrices(x, rows, columns),
        matrices(x, columns, columns),
        vectors(x, columns),
        matrices(x, rows, columns),
      ];
    },
    build: buildSvd,
  },
  samples: [
    { operands: [tensorType("f32", [4, 3])], attrs: { complete: false } },
    { operands: [tensorType("f32", [2, 3, 3])], attrs: { complete: true } },
  ],
};

function buildSvd(ctx: LowerContext<SvdAttrs>, read: Read, memory: Memory): Stmt {
  const { rows, columns } = matrixType(ctx.operands[0]);
  const [uBuffer, values, vt] = memory.results;
  const width = ctx.attrs.complete ? rows : columns;
  return perMatrix(ctx, (batch) => {
    const [a, v, , sorted] = memory.scratch.map((buffer) => matrixIn(buffer, batch));
    const work = vectorIn(memory.scratch[2], batch);
    const u = matrixIn(uBuffer, batch);
    const [zero, one] = [constant(0, values.dtype), constant(1, values.dtype)];
    return [
      each(rows, (i) => [each(columns, (j) => [a.set(i, j, read(0, [...batch, i, j]))])]),
      each(columns, (i) => [
        each(columns, (j) => [v.set(i, j, scalar("select", scalar("eq", i, j), one, zero))]),
      ]),
      sweepPairs(columns, (p, q) => orthogonalize(a, v, rows, columns, p, q)),
      each(columns, (j) => dotOfColumns(a, rows, j, j, (square) => [work.set(j, scalar("sqrt", square))])),
      each(columns, (j) =>
        ranked(
          columns,
          j,
          (k) => work.get(k),
          true,
          (to) => [
            store(values, [...batch, to], work.get(j)),
            each(rows, (i) => [sorted.set(i, to, a.get(i, j))]),
            each(columns, (i) => [store(vt, [...batch, to, i], v.get(i, j))]),
          ],
        ),
      ),
      ...reflect(sorted, work, rows, columns),
      ...orthonormal(u, sorted, work, rows, columns, width),
      each(columns, (j) => [
        when(scalar("lt", sorted.get(j, j), zero), [
          each(rows, (i) => [u.set(i, j, scalar("neg", u.get(i, j)))]),
        ]),
      ]),
    ];
  });
}

/** The scalar product of two columns. */
function dotOfColumns(
  a: MatrixView,
  rows: number,
  p: Expr,
  q: Expr,
  body: (product: Expr) => readonly Stmt[],
): readonly Stmt[] {
  return cell("dot", zeroOf(a.get(p, q)), (dot) => [
    each(rows, (i) => [dot.set(add(dot.get, mul(a.get(i, p), a.get(i, q))))]),
    ...body(dot.get),
  ]);
}

/** Turns columns p and q of A, and of V, so that those of A are orthogonal. */
function orthogonalize(
  a: MatrixView,
  v: MatrixView,
  rows: number,
  columns: number,
  p: Expr,
  q: Expr,
): readonly Stmt[] {
  return dotOfColumns(a, rows, p, p, (pp) =>
    dotOfColumns(a, rows, q, q, (qq) =>
      dotOfColumns(a, rows, p, q, (pq) => [
        when(isCoupled(pp, qq, pq), [
          ...rotation(pp, qq, pq, (cosine, sine) => [
            turnAll(
              a,
              rows,
              (k) => [k, p],
              (k) => [k, q],
              cosine,
              sine,
            ),
            turnAll(
              v,
              columns,
              (k) => [k, p],
              (k) => [k, q],
              cosine,
              sine,
            ),
          ]),
        ]),
      ]),
    ),
  );
}

function svdOf(x: Rows, complete: boolean): readonly [Rows, number[], Rows] {
  const a = x.map((row) => [...row]);
  const v = identityRows(a[0].length);
  const dot = (p: number, q: number): number => a.reduce((sum, row) => sum + row[p] * row[q], 0);
  sweepPairsOf(a[0].length, (p, q) => {
    const found = rotationOf(dot(p, p), dot(q, q), dot(p, q));
    if (found === undefined) return;
    turnColumns(a, p, q, found);
    turnColumns(v, p, q, found);
  });
  const lengths = v.map((_, j) => Math.sqrt(dot(j, j)));
  const order = lengths.map((_, j) => j).sort((i, j) => lengths[j] - lengths[i] || i - j);
  const [q, r] = qrOf(
    a.map((row) => order.map((j) => row[j])),
    complete,
  );
  const u = q.map((row) => row.map((value, j) => (j < r[0].length && r[j][j] < 0 ? -value : value)));
  return [u, order.map((j) => lengths[j]), order.map((j) => v.map((row) => row[j]))];
}

/**
 * J. Townsend, "Differentiating the singular value decomposition" (2016): dA = U (F * (U^T dU - dU^T U) S + S F * (V^T dV - dV^T V) + diag(ds))
 * V^T, plus what dU has outside of the columns of U, with F[i, j] = 1 / (s[j]^2 - s[i]^2).
 */
function svdGradient(
  b: Builder,
  [u, s, vt]: readonly Value[],
  [du, ds, dvt]: readonly (Value | undefined)[],
): Value {
  if (u.type.shape[u.type.shape.length - 1] !== s.type.shape[s.type.shape.length - 1] && du !== undefined) {
    throw new ModelError("the singular value decomposition with full matrices has no gradient", {
      hint: "Use fullMatrices: false",
    });
  }
  const reduced = b.slice(
    u,
    u.type.shape.map(() => 0),
    [...u.type.shape.slice(0, -1), s.type.shape[s.type.shape.length - 1]],
  );
  const f = inverseDifferences(b, b.mul(s, s));
  const skew = (x: Value): Value => b.mul(f, b.sub(x, transposed(b, x)));
  const parts = [diagonalMatrix(b, ds ?? b.full(s.type, 0))];
  if (du !== undefined) parts.push(scaleColumns(b, skew(multiply(b, reduced, du, { tx: true })), s));
  if (dvt !== undefined) parts.push(scaleRows(b, skew(multiply(b, vt, dvt, { ty: true })), s));
  const inner = multiply(b, reduced, multiply(b, parts.reduce(b.add), vt));
  if (du === undefined) return inner;
  const projected = multiply(b, reduced, multiply(b, reduced, du, { tx: true }));
  return b.add(inner, multiply(b, scaleColumns(b, b.sub(du, projected), b.div(1, s)), vt));
}
