/**
 * `lu`: P A = L U with partial pivoting, in one matrix, as LAPACK's getrf.
 */
import type { Builder } from "../../builder.ts";
import { ModelError } from "../../errors.ts";
import type { Value } from "../../graph.ts";
import { add, div, type Expr, int, load, mul, type Stmt, scalar, store, sub } from "../../kernel.ts";
import { bind, cell, each, when } from "../../loops.ts";
import type { LowerContext, Memory, OpDef, Read } from "../../op.ts";
import { tensorType } from "../../type.ts";
import {
  evaluatePerMatrix, lower, type MatrixView, matrixIn, matrixType, multiply, perMatrix, type Rows, solveTriangular, transposed, upper, vectors,
} from "./matrix.ts"; // biome-ignore format: one line

type NoAttrs = { readonly [name: string]: never };

export const lu: OpDef<NoAttrs> = {
  name: "lu",
  doc: "L without its diagonal of ones and U in one matrix; the row that each row was exchanged with; the rows of A in their new order.",
  tolerance: "rounding",
  arity: [1, 1],
  attrNames: [],
  infer([x]) {
    const { rows, columns } = matrixType(x);
    const pivots = { ...vectors(x, Math.min(rows, columns)), dtype: "i32" as const };
    return [x, pivots, { ...vectors(x, rows), dtype: "i32" }];
  },
  evaluate: ([x], _attrs, context) =>
    evaluatePerMatrix([x], [context.allocate(0), context.allocate(1), context.allocate(2)], luOf),
  gradient: (b, op, [d]) => [d && luGradient(b, op.operands[0], op.results[0], op.results[2], d)],
  lower: { kind: "kernel", build: buildLu },
  samples: [
    { operands: [tensorType("f32", [4, 4])], attrs: {} },
    { operands: [tensorType("f32", [2, 3, 3])], attrs: {} },
  ],
};

function buildLu(ctx: LowerContext<NoAttrs>, read: Read, { results: [out, pivots, order] }: Memory): Stmt {
  const { rows, columns } = matrixType(ctx.operands[0]);
  return perMatrix(ctx, (batch) => {
    const a = matrixIn(out, batch);
    const eliminate = (k: Expr): readonly Stmt[] => [
      ...below(k, rows, (i) => [
        a.set(i, k, div(a.get(i, k), a.get(k, k))),
        ...below(k, columns, (j) => [a.set(i, j, sub(a.get(i, j), mul(a.get(i, k), a.get(k, j))))]),
      ]),
    ];
    return [
      each(rows, (i) => [
        store(order, [...batch, i], i),
        each(columns, (j) => [a.set(i, j, read(0, [...batch, i, j]))]),
      ]),
      each(Math.min(rows, columns), (k) =>
        cell("pivot", k, (pivot) => [
          ...below(k, rows, (i) => [
            when(scalar("lt", scalar("abs", a.get(pivot.get, k)), scalar("abs", a.get(i, k))), [
              pivot.set(i),
            ]),
          ]),
          store(pivots, [...batch, k], pivot.get),
          when(scalar("ne", pivot.get, k), [
            ...exchange(load(order, [...batch, k]), load(order, [...batch, pivot.get]), (x, y) => [
              store(order, [...batch, k], x),
              store(order, [...batch, pivot.get], y),
            ]),
            each(columns, (j) => exchangeRows(a, k, pivot.get, j)),
          ]),
          ...eliminate(k),
        ]),
      ),
    ];
  });
}

/** for i in k + 1 .. size */
const below = (k: Expr, size: number, body: (i: Expr) => readonly Stmt[]): readonly Stmt[] => [
  each(sub(int(size - 1), k), (t) => bind("i", add(add(k, t), int(1)), body)),
];

const exchange = (
  first: Expr,
  second: Expr,
  write: (first: Expr, second: Expr) => readonly Stmt[],
): readonly Stmt[] => bind("first", first, (x) => bind("second", second, (y) => write(y, x)));

const exchangeRows = (a: MatrixView, i: Expr, k: Expr, j: Expr): readonly Stmt[] =>
  exchange(a.get(i, j), a.get(k, j), (x, y) => [a.set(i, j, x), a.set(k, j, y)]);

function luOf(x: Rows): readonly [Rows, number[], number[]] {
  const a = x.map((row) => [...row]);
  const order = a.map((_, i) => i);
  const pivots: number[] = [];
  for (let k = 0; k < Math.min(a.length, a[0].length); k++) {
    let pivot = k;
    for (let i = k + 1; i < a.length; i++) if (Math.abs(a[pivot][k]) < Math.abs(a[i][k])) pivot = i;
    pivots.push(pivot);
    [a[k], a[pivot]] = [a[pivot], a[k]];
    [order[k], order[pivot]] = [order[pivot], order[k]];
    for (let i = k + 1; i < a.length; i++) {
      a[i][k] /= a[k][k];
      for (let j = k + 1; j < a[0].length; j++) a[i][j] -= a[i][k] * a[k][j];
    }
  }
  return [a, pivots, order];
}

/** dA = P^T L^-T (tril(L^T dL, -1) + triu(dU U^T)) U^-T, of square matrices. */
function luGradient(b: Builder, x: Value, factors: Value, order: Value, d: Value): Value {
  const { rows, columns } = matrixType(x.type);
  if (rows !== columns)
    throw new ModelError("the LU factorization of a matrix that is not square has no gradient here");
  const unitLower = b.add(lower(b, factors, 0), identityLike(b, factors));
  const left = lower(b, multiply(b, unitLower, lower(b, d, 0), { tx: true }), 0);
  const right = upper(b, multiply(b, upper(b, d), upper(b, factors), { ty: true }));
  const attrs = { lower: true, transpose: true, unit: true };
  const inner = solveTriangular(b, factors, b.add(left, right), attrs);
  const outer = solveTriangular(b, factors, transposed(b, inner), { lower: false });
  return unpermuted(b, transposed(b, outer), order);
}

const identityLike = (b: Builder, x: Value): Value => lower(b, upper(b, b.full(x.type, 1)));

/** Rows put back to where `order` says they came from. */
function unpermuted(b: Builder, x: Value, order: Value): Value {
  const axis = x.type.shape.length - 2;
  const from = b.broadcast(
    order,
    x.type.shape,
    order.type.shape.map((_, i) => i),
  );
  return b.op("scatter", [b.full(x.type, 0), from, x], { axis, combine: "add" });
}
