/**
 * `qr`: A = Q R by Householder reflections, with LAPACK's choice of signs. The reflections are built here once, as loops and as plain
 * numbers; the singular value decomposition uses them too.
 */
import type { Builder } from "../../builder.ts";
import { ModelError } from "../../errors.ts";
import type { Value } from "../../graph.ts";
import { add, constant, div, type Expr, int, mul, type Stmt, scalar, sub } from "../../kernel.ts";
import { bind, type Cell, cell, each, when, zeroOf } from "../../loops.ts";
import type { LowerContext, Memory, OpDef, Read } from "../../op.ts";
import { tensorType } from "../../type.ts";
import {
  evaluatePerMatrix, identityRows, lower, type MatrixView, matrices, matrixIn, matrixType, multiply, perMatrix, type Rows, solveTriangular, transposed, type VectorView, vectorIn, vectors,
} from "./matrix.ts"; // biome-ignore format: one line

type QrAttrs = {
  /** Q square and R with rows of zeros; else Q as wide as R is high. */
  readonly complete: boolean;
};

const shapeOf = (rows: number, columns: number, complete: boolean): number =>
  complete ? rows : Math.min(rows, columns);

export const qr: OpDef<QrAttrs> = {
  name: "qr",
  doc: "Q with orthonormal columns and an upper triangular R with Q R = A.",
  tolerance: "rounding",
  arity: [1, 1],
  attrNames: ["complete"],
  infer([x], { complete }) {
    const { rows, columns } = matrixType(x);
    const inner = shapeOf(rows, columns, complete);
    return [matrices(x, rows, inner), matrices(x, inner, columns)];
  },
  evaluate([x], { complete }, context) {
    return evaluatePerMatrix([x], [context.allocate(0), context.allocate(1)], (a) => qrOf(a, complete));
  },
  gradient: (b, op, [dq, dr]) => [qrGradient(b, op.operands[0], op.results, dq, dr)],
  lower: {
    kind: "kernel",
    scratch: ({ operands: [x] }) => {
      const { rows, columns } = matrixType(x);
      return [matrices(x, rows, columns), vectors(x, Math.min(rows, columns))];
    },
    build: buildQr,
  },
  samples: [
    { operands: [tensorType("f32", [4, 4])], attrs: { complete: false } },
    { operands: [tensorType("f32", [2, 5, 3])], attrs: { complete: false } },
    { operands: [tensorType("f32", [3, 3])], attrs: { complete: true } },
  ],
};

function buildQr(ctx: LowerContext<QrAttrs>, read: Read, memory: Memory): Stmt {
  const { rows, columns } = matrixType(ctx.operands[0]);
  const inner = shapeOf(rows, columns, ctx.attrs.complete);
  return perMatrix(ctx, (batch) => {
    const [q, r] = memory.results.map((result) => matrixIn(result, batch));
    const work = matrixIn(memory.scratch[0], batch);
    const factors = vectorIn(memory.scratch[1], batch);
    return [
      each(rows, (i) => [each(columns, (j) => [work.set(i, j, read(0, [...batch, i, j]))])]),
      ...reflect(work, factors, rows, columns),
      each(inner, (i) => [
        each(columns, (j) => [
          r.set(i, j, scalar("select", scalar("le", i, j), work.get(i, j), zeroOf(work.get(i, j)))),
        ]),
      ]),
      ...orthonormal(q, work, factors, rows, Math.min(rows, columns), inner),
    ];
  });
}

/**
 * Brings a matrix in memory to triangular form. Reflection k is I - f v v^T with v = (0.., 1, the elements below the diagonal of column k),
 * f = factors[k].
 */
export function reflect(a: MatrixView, factors: VectorView, rows: number, columns: number): readonly Stmt[] {
  const zero = zeroOf(a.get(int(0), int(0)));
  const column = (k: Expr, square: Cell): readonly Stmt[] => [
    factors.set(k, zero),
    when(scalar("lt", zero, square.get), [
      ...bind("alpha", a.get(k, k), (alpha) =>
        bind("length", scalar("sqrt", add(mul(alpha, alpha), square.get)), (length) =>
          bind("beta", scalar("select", scalar("lt", alpha, zero), length, scalar("neg", length)), (beta) => [
            factors.set(k, div(sub(beta, alpha), beta)),
            a.set(k, k, beta),
            ...after(k, rows, (i) => [a.set(i, k, div(a.get(i, k), sub(alpha, beta)))]),
          ]),
        ),
      ),
      ...after(k, columns, (j) => applyReflection(a, a, k, factors.get(k), rows, j)),
    ]),
  ];
  return [
    each(Math.min(rows, columns), (k) =>
      cell("square", zero, (square) => [
        ...after(k, rows, (i) => [square.set(add(square.get, mul(a.get(i, k), a.get(i, k))))]),
        ...column(k, square),
      ]),
    ),
  ];
}

/** for i in k + 1 .. size */
const after = (k: Expr, size: number, body: (i: Expr) => readonly Stmt[]): readonly Stmt[] => [
  each(sub(int(size - 1), k), (t) => bind("i", add(add(k, t), int(1)), body)),
];

/** Applies the reflection in column k of `from` to column j of `to`. */
function applyReflection(
  to: MatrixView,
  from: MatrixView,
  k: Expr,
  factor: Expr,
  rows: number,
  j: Expr,
): readonly Stmt[] {
  return cell("product", to.get(k, j), (product) => [
    ...after(k, rows, (i) => [product.set(add(product.get, mul(from.get(i, k), to.get(i, j))))]),
    product.set(mul(product.get, factor)),
    to.set(k, j, sub(to.get(k, j), product.get)),
    ...after(k, rows, (i) => [to.set(i, j, sub(to.get(i, j), mul(from.get(i, k), product.get)))]),
  ]);
}

/** The first `columns` columns of the product of all reflections: applied to the identity, the last one first. */
export function orthonormal(
  q: MatrixView,
  reflections: MatrixView,
  factors: VectorView,
  rows: number,
  count: number,
  columns: number,
): readonly Stmt[] {
  const { dtype } = factors.get(int(0));
  const [zero, one] = [constant(0, dtype), constant(1, dtype)];
  return [
    each(rows, (i) => [each(columns, (j) => [q.set(i, j, scalar("select", scalar("eq", i, j), one, zero))])]),
    each(count, (step) =>
      bind("k", sub(int(count - 1), step), (k) => [
        each(columns, (j) => applyReflection(q, reflections, k, factors.get(k), rows, j)),
      ]),
    ),
  ];
}

export function qrOf(a: Rows, complete: boolean): readonly [q: Rows, r: Rows] {
  const [rows, columns] = [a.length, a[0].length];
  const work = a.map((row) => [...row]);
  const reflections: { v: number[]; factor: number }[] = [];
  const apply = (to: Rows, { v, factor }: { v: number[]; factor: number }): void => {
    for (let j = 0; j < to[0].length; j++) {
      const product = factor * v.reduce((sum, x, i) => sum + x * to[i][j], 0);
      v.forEach((x, i) => {
        to[i][j] -= x * product;
      });
    }
  };
  for (let k = 0; k < Math.min(rows, columns); k++) {
    const square = work.reduce((sum, row, i) => (i > k ? sum + row[k] * row[k] : sum), 0);
    const alpha = work[k][k];
    const beta = (alpha < 0 ? 1 : -1) * Math.sqrt(alpha * alpha + square);
    const v = work.map((row, i) => (i < k ? 0 : i === k ? 1 : row[k] / (alpha - beta)));
    const reflection = square > 0 ? { v, factor: (beta - alpha) / beta } : { v: v.map(() => 0), factor: 0 };
    apply(work, reflection);
    reflections.push(reflection);
  }
  const inner = shapeOf(rows, columns, complete);
  const q = identityRows(rows, inner);
  for (const reflection of reflections.reverse()) apply(q, reflection);
  return [q, work.slice(0, inner).map((row, i) => row.map((x, j) => (i <= j ? x : 0)))];
}

/**
 * With M = R dR^T - dQ^T Q: dA = (dQ + Q (tril(M) + tril(M, -1)^T)) R^-T, for matrices at least as high as wide (Walter and Lehmann 2010).
 */
function qrGradient(
  b: Builder,
  a: Value,
  [q, r]: readonly Value[],
  dq: Value | undefined,
  dr: Value | undefined,
): Value {
  const { rows, columns } = matrixType(a.type);
  if (rows < columns || q.type.shape[q.type.shape.length - 1] !== columns) {
    throw new ModelError("this QR factorization has no gradient", {
      expected: "a reduced one, of a matrix at least as high as wide",
      got: `${rows} rows, ${columns} columns`,
    });
  }
  const [gq, gr] = [dq ?? b.full(q.type, 0), dr ?? b.full(r.type, 0)];
  const m = b.sub(multiply(b, r, gr, { ty: true }), multiply(b, gq, q, { tx: true }));
  const symmetric = b.add(lower(b, m), transposed(b, lower(b, m, 0)));
  const left = b.add(gq, multiply(b, q, symmetric));
  return transposed(b, solveTriangular(b, r, transposed(b, left), { lower: false }));
}
