/**
 * Small data for tests of training.
 */
import type { NDArray } from "../../ir/ndarray.ts";

export const values = ({ data }: NDArray): number[] => [...data].map(Number);

/** Numbers between -1 and 1 that look random. */
export function noise(shape: readonly number[], seed = 1): NDArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    dtype: "f32",
    shape,
    data: Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * 12.9898 * seed)),
  };
}

/** Points in the plane of four dimensions, and in which of three parts they lie. */
export function clusters(count: number): { readonly x: NDArray; readonly y: NDArray } {
  const x = noise([count, 4]);
  const part = (i: number): number => Number(x.data[4 * i] > 0) + Number(x.data[4 * i + 1] > 0);
  return {
    x,
    y: { dtype: "i32", shape: [count], data: Int32Array.from({ length: count }, (_, i) => part(i)) },
  };
}
