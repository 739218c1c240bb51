/**
 * What weights of old files need: axes in another order, kernels turned round, pieces put together and taken apart.
 */
import { dtypes } from "../../../../ir/dtype.ts";
import { type NDArray, ndarray, sizeOf } from "../../../../ir/ndarray.ts";

/** An array of this shape, whose element at an index is that of `source` at `from(index)`. */
function gathered(
  source: NDArray,
  shape: readonly number[],
  from: (index: readonly number[]) => number,
): NDArray {
  const data = dtypes[source.dtype].allocate(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let at = 0; at < data.length; at++) {
    data[at] = source.data[from(index)];
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return ndarray(source.dtype, shape, data);
}

/** How far apart neighbours along each axis lie. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** Axis i of the result is axis `axes[i]` of the array. */
export function transposed(array: NDArray, axes: readonly number[]): NDArray {
  const strides = stridesOf(array.shape);
  return gathered(
    array,
    axes.map((axis) => array.shape[axis]),
    (index) => index.reduce((sum, i, k) => sum + i * strides[axes[k]], 0),
  );
}

/** The elements backwards along the given axes. */
export function reversed(array: NDArray, axes: readonly number[]): NDArray {
  const strides = stridesOf(array.shape);
  return gathered(array, array.shape, (index) =>
    index.reduce((sum, i, k) => sum + (axes.includes(k) ? array.shape[k] - 1 - i : i) * strides[k], 0),
  );
}

/** Arrays side by side along the last axis. */
export function joined(arrays: readonly NDArray[]): NDArray {
  const [first] = arrays;
  const width = first.shape.at(-1) ?? 1;
  const shape = [...first.shape.slice(0, -1), width * arrays.length];
  const strides = stridesOf(shape);
  const result = ndarray(first.dtype, shape, dtypes[first.dtype].allocate(sizeOf(shape)));
  arrays.forEach((array, part) => {
    for (let at = 0; at < array.data.length; at++) {
      const row = Math.floor(at / width);
      result.data[row * (strides.at(-2) ?? shape[0]) + part * width + (at % width)] = array.data[at];
    }
  });
  return result;
}

/** The columns of a matrix in `count` equal parts. */
export function split(array: NDArray, count: number): NDArray[] {
  const [rows, columns] = array.shape.length === 1 ? [1, array.shape[0]] : array.shape;
  const width = columns / count;
  const shape = array.shape.length === 1 ? [width] : [rows, width];
  return Array.from({ length: count }, (_, part) =>
    gathered(array, shape, (index) => {
      const [row, column] = index.length === 1 ? [0, index[0]] : index;
      return row * columns + part * width + column;
    }),
  );
}

/** The same elements in another shape. */
export const reshaped = (array: NDArray, shape: readonly number[]): NDArray =>
  ndarray(array.dtype, shape, array.data);
