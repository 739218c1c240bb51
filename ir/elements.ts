/**
 * Elements of arrays as numbers, whatever their storage: f16 and bf16 are widened from their bits (`half.ts`), 64-bit integers become numbers.
 * Also the index arithmetic that evaluations share.
 */
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from "./half.ts";
import type { NDArray } from "./ndarray.ts";
import { sizeOf } from "./ndarray.ts";

/** Element `i` in row-major order. */
export function getElement({ dtype, data }: NDArray, i: number): number {
  const raw = data[i];
  if (typeof raw === "bigint") return Number(raw);
  if (data instanceof Uint16Array) {
    if (dtype === "f16") return halfToNumber(raw);
    if (dtype === "bf16") return bfloatToNumber(raw);
  }
  return raw;
}

/** Stores `value`, rounding and wrapping as the storage does. */
export function setElement({ dtype, data }: NDArray, i: number, value: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(Math.trunc(value));
  else if (data instanceof Uint16Array && dtype === "f16") data[i] = numberToHalf(value);
  else if (data instanceof Uint16Array && dtype === "bf16") data[i] = numberToBfloat(value);
  else data[i] = value;
}

/** Calls `visit` with every index of `shape` in row-major order; the array is reused. */
export function forEachIndex(
  shape: readonly number[],
  visit: (index: readonly number[], flat: number) => void,
): void {
  const size = sizeOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  for (let flat = 0; flat < size; flat++) {
    visit(index, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

/** The row-major position of an index. */
export function flatIndex(index: readonly number[], strides: readonly number[]): number {
  let flat = 0;
  for (let axis = 0; axis < index.length; axis++) flat += index[axis] * strides[axis];
  return flat;
}

/**
 * Fills `out` from positions of `from` that move by a constant along each axis: what movement ops do. `strides` has a step for each axis of
 * `out`; the first element comes from `offset`.
 */
export function copyStrided(out: NDArray, from: NDArray, strides: readonly number[], offset = 0): void {
  const [target, source] = [out.data, from.data];
  const last = out.shape.length - 1;
  let flat = 0;
  const visit = (axis: number, position: number): void => {
    if (axis < last) {
      for (let i = 0; i < out.shape[axis]; i++) visit(axis + 1, position + i * strides[axis]);
      return;
    }
    const [length, step] = last < 0 ? [1, 0] : [out.shape[last], strides[last]];
    for (let i = 0; i < length; i++) target[flat++] = source[position + i * step];
  };
  visit(0, offset);
}
