/**
 * `cholesky`: A = L L^T, column by column.
 */
import type { Builder } from "../../builder.ts";
import type { Value } from "../../graph.ts";
import { add, div, int, mul, scalar, sub } from "../../kernel.ts";
import { bind, cell, each, zeroOf } from "../../loops.ts";
import type { LowerContext, Memory, OpDef, Read, Sample } from "../../op.ts";
import { tensorType } from "../../type.ts";
import {
  evaluatePerMatrix,
  lower,
  matrixIn,
  multiply,
  onLowerTriangle,
  perMatrix,
  type Rows,
  solveTriangular,
  squareType,
  transposed,
  withDiagonal,
  zeroRows,
} from "./matrix.ts";

type NoAttrs = { readonly [name: string]: never };

export const cholesky: OpDef<NoAttrs> = {
  name: "cholesky",
  doc: "The lower triangular L with L L^T = A, for a symmetric positive definite A, whose lower triangle is read; NaN for others.",
  tolerance: "rounding",
  arity: [1, 1],
  attrNames: [],
  infer([x]) {
    squareType(x);
    return [x];
  },
  evaluate: ([x], _attrs, context) => evaluatePerMatrix([x], [context.allocate(0)], (a) => [choleskyOf(a)]),
  gradient: (b, op, [dl]) => [dl && choleskyGradient(b, op.results[0], dl)],
  lower: { kind: "kernel", build: buildCholesky },
  samples: [
    { operands: [tensorType("f32", [4, 4])], attrs: {}, adapt: withDiagonal(9) },
    { operands: [tensorType("f32", [2, 3, 3])], attrs: {}, adapt: withDiagonal(9) },
  ] satisfies Sample<NoAttrs>[],
};

function buildCholesky(ctx: LowerContext<NoAttrs>, read: Read, { results: [out] }: Memory) {
  const size = Number(ctx.operands[0].shape.at(-1));
  return perMatrix(ctx, (batch) => {
    const l = matrixIn(out, batch);
    return [
      each(size, (j) => [
        ...cell("diagonal", read(0, [...batch, j, j]), (d) => [
          each(j, (k) => [d.set(sub(d.get, mul(l.get(j, k), l.get(j, k)))), l.set(k, j, zeroOf(out))]),
          l.set(j, j, scalar("sqrt", d.get)),
        ]),
        each(sub(int(size - 1), j), (t) =>
          bind("i", add(add(j, t), int(1)), (i) =>
            cell("sum", read(0, [...batch, i, j]), (sum) => [
              each(j, (k) => [sum.set(sub(sum.get, mul(l.get(i, k), l.get(j, k))))]),
              l.set(i, j, div(sum.get, l.get(j, j))),
            ]),
          ),
        ),
      ]),
    ];
  });
}

function choleskyOf(a: Rows): Rows {
  const l = zeroRows(a.length, a.length);
  for (let j = 0; j < a.length; j++) {
    for (let i = j; i < a.length; i++) {
      let sum = a[i][j];
      for (let k = 0; k < j; k++) sum -= l[i][k] * l[j][k];
      l[i][j] = i === j ? Math.sqrt(sum) : sum / l[j][j];
    }
  }
  return l;
}

/** dA = L^-T P(L^T dL) L^-1, where P takes the lower triangle with half of the diagonal (I. Murray, 2016, equation 10). */
function choleskyGradient(b: Builder, l: Value, dl: Value): Value {
  const p = lower(b, multiply(b, l, dl, { tx: true }), 0.5);
  const left = solveTriangular(b, l, p, { lower: true, transpose: true });
  const s = transposedSolve(b, l, left);
  return onLowerTriangle(b, s);
}

/** X L^-1 = (L^-T X^T)^T. */
function transposedSolve(b: Builder, l: Value, x: Value): Value {
  return transposed(b, solveTriangular(b, l, transposed(b, x), { lower: true, transpose: true }));
}
