/**
 * The type of every value in the graph IR: an element type and a shape.
 */

import { equalDims, equalShapes, printDim, type Shape } from "./dim.ts";
import type { DType } from "./dtype.ts";
import { ModelError } from "./errors.ts";

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

export const tensorType = (dtype: DType, shape: Shape): TensorType => ({ dtype, shape });
export const scalarType = (dtype: DType): TensorType => ({ dtype, shape: [] });
export const equalTypes = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && equalShapes(a.shape, b.shape);

/** `f32[n, 28, 28, 1]`: the short spelling of error messages. */
export const printType = ({ dtype, shape }: TensorType): string =>
  `${dtype}[${shape.map(printDim).join(", ")}]`;

/** numpy's broadcasting rule on shapes; throws ModelError naming both. A symbol never counts as 1. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x === 1) return y;
    if (y === 1 || equalDims(x, y)) return x;
    throw new ModelError("shapes do not broadcast", {
      expected: "equal dimensions, or 1",
      got: `[${a.map(printDim)}] and [${b.map(printDim)}]`,
    });
  });
}

/** Counts negative axes from the end; throws ModelError when out of range. */
export function normalizeAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    throw new ModelError("axis out of range", { expected: `-${rank} to ${rank - 1}`, got: String(axis) });
  }
  return normal;
}
