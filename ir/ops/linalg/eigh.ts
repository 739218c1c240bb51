/**
 * `eigh`: eigenvalues and eigenvectors of symmetric matrices, by Jacobi's method.
 */
import type { Builder } from "../../builder.ts";
import type { Value } from "../../graph.ts";
import { add, constant, type Expr, int, type Stmt, scalar, store } from "../../kernel.ts";
import { bind, cell, each, when } from "../../loops.ts";
import type { LowerContext, Memory, OpDef, Read } from "../../op.ts";
import { tensorType } from "../../type.ts";
import { isCoupled, rotation, rotationOf, sweepPairs, sweepPairsOf, turn, turnColumns } from "./jacobi.ts";
import {
  diagonalMatrix, evaluatePerMatrix, identityRows, type MatrixView, matrixIn, multiply, onLowerTriangle, perMatrix, type Rows, squareType, transposed, vectors,
} from "./matrix.ts"; // biome-ignore format: one line

type NoAttrs = { readonly [name: string]: never };

export const eigh: OpDef<NoAttrs> = {
  name: "eigh",
  doc: "The eigenvalues of a symmetric matrix, ascending, and its eigenvectors as columns; the lower triangle is read.",
  tolerance: "rounding",
  arity: [1, 1],
  attrNames: [],
  infer([x]) {
    return [vectors(x, squareType(x).rows), x];
  },
  evaluate: ([x], _attrs, context) =>
    evaluatePerMatrix([x], [context.allocate(0), context.allocate(1)], eighOf),
  gradient: (b, op, [dw, dv]) => [eighGradient(b, op.results, dw, dv)],
  lower: {
    kind: "kernel",
    scratch: ({ operands: [x] }) => [x, x],
    build: buildEigh,
  },
  samples: [
    { operands: [tensorType("f32", [4, 4])], attrs: {} },
    { operands: [tensorType("f32", [2, 3, 3])], attrs: {} },
  ],
};

function buildEigh(ctx: LowerContext<NoAttrs>, read: Read, memory: Memory): Stmt {
  const size = squareType(ctx.operands[0]).rows;
  const all = (body: (i: Expr, j: Expr) => readonly Stmt[]): Stmt =>
    each(size, (i) => [each(size, (j) => body(i, j))]);
  return perMatrix(ctx, (batch) => {
    const [a, v] = memory.scratch.map((buffer) => matrixIn(buffer, batch));
    const [values, vectorsOut] = memory.results;
    const { dtype } = values;
    const lowerOf = (i: Expr, j: Expr): Expr => read(0, [...batch, scalar("max", i, j), scalar("min", i, j)]);
    return [
      all((i, j) => [
        a.set(i, j, lowerOf(i, j)),
        v.set(i, j, scalar("select", scalar("eq", i, j), constant(1, dtype), constant(0, dtype))),
      ]),
      sweepPairs(size, (p, q) => [
        when(isCoupled(a.get(p, p), a.get(q, q), a.get(p, q)), [
          ...rotation(a.get(p, p), a.get(q, q), a.get(p, q), (cosine, sine) => [
            turnAll(
              a,
              size,
              (k) => [k, p],
              (k) => [k, q],
              cosine,
              sine,
            ),
            turnAll(
              a,
              size,
              (k) => [p, k],
              (k) => [q, k],
              cosine,
              sine,
            ),
            turnAll(
              v,
              size,
              (k) => [k, p],
              (k) => [k, q],
              cosine,
              sine,
            ),
          ]),
        ]),
      ]),
      each(size, (j) =>
        ranked(
          size,
          j,
          (k) => a.get(k, k),
          false,
          (to) => [
            store(values, [...batch, to], a.get(j, j)),
            each(size, (i) => [store(vectorsOut, [...batch, i, to], v.get(i, j))]),
          ],
        ),
      ),
    ];
  });
}

type Place = (k: Expr) => readonly [Expr, Expr];

/** Turns pairs of elements of a matrix, one pair for each k. */
export const turnAll = (
  a: MatrixView,
  size: number,
  first: Place,
  second: Place,
  cosine: Expr,
  sine: Expr,
): Stmt =>
  each(size, (k) =>
    turn(a.get(...first(k)), a.get(...second(k)), cosine, sine, (x, y) => [
      a.set(...first(k), x),
      a.set(...second(k), y),
    ]),
  );

/** The place of value j among `size` values in order; of equal ones the first comes first. */
export function ranked(
  size: number,
  j: Expr,
  value: (k: Expr) => Expr,
  descending: boolean,
  body: (rank: Expr) => readonly Stmt[],
): readonly Stmt[] {
  return bind("mine", value(j), (mine) =>
    cell("rank", int(0), (rank) => [
      each(size, (k) => {
        const ahead = descending ? scalar("lt", mine, value(k)) : scalar("lt", value(k), mine);
        const tied = scalar("and", scalar("eq", value(k), mine), scalar("lt", k, j));
        return [when(scalar("or", ahead, tied), [rank.set(add(rank.get, int(1)))])];
      }),
      ...bind("to", rank.get, body),
    ]),
  );
}

function eighOf(x: Rows): readonly [number[], Rows] {
  const a = x.map((row, i) => row.map((_, j) => x[Math.max(i, j)][Math.min(i, j)]));
  const v = identityRows(a.length);
  sweepPairsOf(a.length, (p, q) => {
    const found = rotationOf(a[p][p], a[q][q], a[p][q]);
    if (found === undefined) return;
    const [cosine, sine] = found;
    turnColumns(a, p, q, found);
    const [above, below] = [a[p], a[q]];
    a[p] = above.map((value, k) => cosine * value - sine * below[k]);
    a[q] = above.map((value, k) => sine * value + cosine * below[k]);
    turnColumns(v, p, q, found);
  });
  const order = a.map((_, i) => i).sort((i, j) => a[i][i] - a[j][j] || i - j);
  return [order.map((i) => a[i][i]), v.map((row) => order.map((i) => row[i]))];
}

/** dA = V (diag(dw) + F * (V^T dV)) V^T with F[i, j] = 1 / (w[j] - w[i]), zero where they are equal. */
function eighGradient(
  b: Builder,
  [w, v]: readonly Value[],
  dw: Value | undefined,
  dv: Value | undefined,
): Value {
  const parts: Value[] = [];
  if (dw !== undefined) parts.push(diagonalMatrix(b, dw));
  if (dv !== undefined) parts.push(b.mul(inverseDifferences(b, w), multiply(b, v, dv, { tx: true })));
  const inner = parts.reduce(b.add);
  const g = multiply(b, multiply(b, v, inner), transposed(b, v));
  return onLowerTriangle(b, g);
}

/** 1 / (x[j] - x[i]), zero where they are equal. */
export function inverseDifferences(b: Builder, x: Value): Value {
  const rank = x.type.shape.length;
  const shape = [...x.type.shape, x.type.shape[rank - 1]];
  const leading = x.type.shape.slice(0, -1).map((_, i) => i);
  const columns = b.broadcast(x, shape, [...leading, rank]);
  const rows = b.broadcast(x, shape, [...leading, rank - 1]);
  const difference = b.sub(columns, rows);
  const isZero = b.binary("eq", difference, 0);
  return b.select(isZero, 0, b.div(1, b.select(isZero, 1, difference)));
}
