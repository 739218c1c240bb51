/**
 * `triangular_solve`: systems of linear equations whose matrix is triangular, by substitution, one right-hand side per thread.
 */
import type { Builder } from "../../builder.ts";
import { ModelError } from "../../errors.ts";
import type { Value } from "../../graph.ts";
import { div, int, mul, sub } from "../../kernel.ts";
import { bind, cell, each, inParallel } from "../../loops.ts";
import type { OpDef } from "../../op.ts";
import { printType, tensorType } from "../../type.ts";
import {
  evaluatePerMatrix,
  lower,
  matrixIn,
  matrixType,
  multiply,
  type Rows,
  requireSameBatch,
  solveTriangular,
  squareType,
  transposed,
  upper,
  withDiagonal,
  zeroRows,
} from "./matrix.ts";

type TriangularAttrs = {
  /** Which triangle of the matrix is read. */
  readonly lower: boolean;
  /** Solve with the transposed matrix. */
  readonly transpose: boolean;
  /** Take the diagonal for ones. */
  readonly unit: boolean;
};

export const triangularSolve: OpDef<TriangularAttrs> = {
  name: "triangular_solve",
  doc: "X with A X = B, or with the transpose of A, for a triangular A.",
  tolerance: "rounding",
  arity: [2, 2],
  attrNames: ["lower", "transpose", "unit"],
  infer([a, b]) {
    const { rows } = squareType(a);
    requireSameBatch(a, b);
    if (matrixType(b).rows !== rows)
      throw new ModelError("the right-hand side has another size", {
        expected: `${rows} rows`,
        got: printType(b),
      });
    return [b];
  },
  evaluate: ([a, b], attrs, context) =>
    evaluatePerMatrix([a, b], [context.allocate(0)], (m, rhs) => [substitute(m, rhs, attrs)]),
  gradient: (b, op, [dx]) => dx && triangularGradient(b, op.operands[0], op.results[0], op.attrs, dx),
  lower: {
    kind: "kernel",
    build(ctx, read, { results: [out] }) {
      const { transpose, unit } = ctx.attrs;
      const forward = ctx.attrs.lower !== transpose;
      const size = Number(ctx.operands[0].shape.at(-1));
      const extents = [...ctx.operands[1].shape.slice(0, -2), ctx.operands[1].shape.at(-1) ?? 1];
      return inParallel(
        extents.map((dim) => ctx.extent(dim)),
        (index) => {
          const [batch, column] = [index.slice(0, -1), index[index.length - 1]];
          const x = matrixIn(out, batch);
          return [
            each(size, (step) => {
              const row = (t: typeof step) => (forward ? t : sub(int(size - 1), t));
              const a = (i: typeof step, j: typeof step) =>
                read(0, [...batch, ...(transpose ? [j, i] : [i, j])]);
              return bind("row", row(step), (i) =>
                cell("sum", read(1, [...batch, i, column]), (sum) => [
                  each(step, (t) =>
                    bind("k", row(t), (k) => [sum.set(sub(sum.get, mul(a(i, k), x.get(k, column))))]),
                  ),
                  x.set(i, column, unit ? sum.get : div(sum.get, a(i, i))),
                ]),
              );
            }),
          ];
        },
      );
    },
  },
  samples: [
    // Without a batch: g++ 12 at -O1 gave zeros (see the flags in compiler/backends/native-compiler.ts).
    {
      operands: [tensorType("f32", [3, 3]), tensorType("f32", [3, 3])],
      attrs: { lower: true, transpose: true, unit: false },
      adapt: withDiagonal(4),
    },
    ...[true, false].flatMap((isLower) =>
      [true, false].map((transpose) => ({
        operands: [tensorType("f32", [2, 3, 3]), tensorType("f32", [2, 3, 4])],
        attrs: { lower: isLower, transpose, unit: isLower && transpose },
        adapt: withDiagonal(4),
      })),
    ),
  ],
};

/** X by forward or backward substitution. */
export function substitute(a: Rows, b: Rows, { lower: isLower, transpose, unit }: TriangularAttrs): Rows {
  const size = a.length;
  const x = zeroRows(size, b[0].length);
  for (let step = 0; step < size; step++) {
    const i = isLower !== transpose ? step : size - 1 - step;
    for (let column = 0; column < b[0].length; column++) {
      let sum = b[i][column];
      for (let t = 0; t < step; t++) {
        const k = isLower !== transpose ? t : size - 1 - t;
        sum -= (transpose ? a[k][i] : a[i][k]) * x[k][column];
      }
      x[i][column] = unit ? sum : sum / a[i][i];
    }
  }
  return x;
}

/** dB = op(A)^-T dX, and dA = -dB X^T where A is read. */
function triangularGradient(
  b: Builder,
  a: Value,
  x: Value,
  attrs: TriangularAttrs,
  dx: Value,
): readonly Value[] {
  const db = solveTriangular(b, a, dx, { ...attrs, transpose: !attrs.transpose });
  const product = b.neg(multiply(b, db, x, { ty: true }));
  const da = attrs.transpose ? transposed(b, product) : product;
  const triangle = attrs.lower ? lower : upper;
  return [triangle(b, da, attrs.unit ? 0 : 1), db];
}
