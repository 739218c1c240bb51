/**
 * What `keras.ops` on matrices are written with: checks with Keras's wording, products and transposes of the last two axes, and primitive
 * factorizations as functions of tensors. Nothing here is an operation of Keras.
 */

import { printDim, type Shape } from "../../../ir/dim.ts";
import { isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { broadcastShapes } from "../../../ir/type.ts";
import {
  broadcastTo,
  cast,
  elementwise,
  promoteOperands,
  setShape,
  staticDim,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { session } from "../session.ts";
import { matmulOf } from "./linalg.ts";
import { permute } from "./movement.ts";
import { asTensor } from "./operation.ts";

const printShape = (shape: Shape): string => `(${shape.map(printDim).join(", ")})`;

/** A float tensor of rank 2 or more; integers become f32. */
export function matrix(x: TensorLike): Tensor {
  const tensor = asTensor(x);
  if (tensor.rank < 2)
    throw new ModelError(
      `Expected input to have rank >= 2. Received input with shape ${printShape(tensor.shape)}.`,
    );
  return isFloat(tensor.dtype) ? tensor : cast(tensor, "f32");
}

export function squareMatrix(x: TensorLike): Tensor {
  const tensor = matrix(x);
  const [rows, columns] = sizesOf(tensor);
  if (rows !== columns)
    throw new ModelError(
      `Expected a square matrix. Received non-square input with shape ${printShape(tensor.shape)}`,
    );
  return tensor;
}

/** The sizes of the last two axes. */
export function sizesOf(x: Tensor): readonly [rows: number, columns: number] {
  return [
    staticDim(x.shape[x.rank - 2], "the rows of a matrix"),
    staticDim(x.shape[x.rank - 1], "the columns of a matrix"),
  ];
}

/** `a` and `b` of a system a x = b in one dtype; a right-hand side with one axis less is a vector. */
export function systemOf(
  a: TensorLike,
  b: TensorLike,
  square: boolean,
): { readonly a: Tensor; readonly b: Tensor; readonly isVector: boolean } {
  const [left, right] = promoteOperands(
    [square ? squareMatrix(a) : matrix(a), asTensor(b)],
    session.engine(),
  );
  const isVector = right.rank === left.rank - 1;
  const axis = isVector ? right.rank - 1 : right.rank - 2;
  if (right.rank < 1 || right.shape[axis] !== left.shape[left.rank - 2]) {
    const where = isVector ? "a.shape[-1] == b.shape[-1]" : "a.shape[-2] == b.shape[-2]";
    throw new ModelError(
      `Incompatible shapes between \`a\` and \`b\`. Expected \`${where}\`. Received: a.shape=${printShape(left.shape)}, b.shape=${printShape(right.shape)}`,
    );
  }
  const columns = isVector ? setShape(right, [...right.shape, 1]) : right;
  const batch = broadcastShapes(left.shape.slice(0, -2), columns.shape.slice(0, -2));
  return {
    a: broadcastTo(left, [...batch, ...left.shape.slice(-2)]),
    b: broadcastTo(columns, [...batch, ...columns.shape.slice(-2)]),
    isVector,
  };
}

/** The solution of a system, with the axes of its right-hand side. */
export const solutionOf = (x: Tensor, isVector: boolean): Tensor =>
  isVector ? setShape(x, x.shape.slice(0, -1)) : x;

/** The last two axes exchanged. */
export function adjoint(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return permute(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

export const product = (...factors: readonly Tensor[]): Tensor => factors.reduce(matmulOf);

/** (x + x^T) / 2. */
export const symmetrized = (x: Tensor): Tensor =>
  elementwise("mul", [elementwise("add", [x, adjoint(x)]), 0.5]);

/** A batch of identities like the matrices of `x`. */
export function identityLike(x: Tensor): Tensor {
  const [size] = sizesOf(x);
  const [row, column] = [0, 1].map(
    (axis) => x.engine.op("iota", [], { shape: [size, size], axis, dtype: "i32" })[0],
  );
  return broadcastTo(cast(elementwise("eq", [row, column]), x.dtype), x.shape);
}

/** The diagonals, as vectors. */
export function diagonals(x: Tensor): Tensor {
  const [rows, columns] = sizesOf(x);
  const count = Math.min(rows, columns);
  const flat = setShape(x, [...x.shape.slice(0, -2), rows * columns]);
  const none = flat.shape.map(() => 0);
  const limits = flat.shape.map((dim, axis) =>
    axis < flat.rank - 1 ? (typeof dim === "number" ? dim : printDim(dim)) : (count - 1) * (columns + 1) + 1,
  );
  const strides = flat.shape.map((_, axis) => (axis < flat.rank - 1 ? 1 : columns + 1));
  return x.engine.op("slice", [flat], { starts: none, limits, strides })[0];
}

export interface Factors {
  readonly lu: Tensor;
  readonly pivots: Tensor;
  readonly order: Tensor;
}

export function factorize(x: Tensor): Factors {
  const [lu, pivots, order] = x.engine.op("lu", [x], {});
  return { lu, pivots, order };
}

export const solveTriangularOf = (
  a: Tensor,
  b: Tensor,
  options: { readonly lower: boolean; readonly transpose?: boolean; readonly unit?: boolean },
): Tensor => a.engine.op("triangular_solve", [a, b], { transpose: false, unit: false, ...options })[0];

/** a^-1 b by the LU factorization. */
export function solveOf(a: Tensor, b: Tensor): Tensor {
  const { lu, order } = factorize(a);
  const indices = broadcastTo(setShape(order, [...order.shape, 1]), b.shape);
  const [permuted] = b.engine.op("take_along", [b, indices], { axis: b.rank - 2 });
  const lower = solveTriangularOf(lu, permuted, { lower: true, unit: true });
  return solveTriangularOf(lu, lower, { lower: false });
}

/** U, s and V^T; of matrices that are wider than high, by way of the transposed ones. */
export function svdOf(x: Tensor, complete: boolean): readonly [u: Tensor, s: Tensor, vt: Tensor] {
  const [rows, columns] = sizesOf(x);
  if (rows >= columns) {
    const [u, s, vt] = x.engine.op("svd", [x], { complete });
    return [u, s, vt];
  }
  const [v, s, ut] = x.engine.op("svd", [adjoint(x)], { complete });
  return [adjoint(ut), s, adjoint(v)];
}
