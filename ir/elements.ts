/**
 * Elements of arrays as numbers, whatever their storage: f16 and bf16 are widened from their bits, 64-bit integers become numbers.
 * Also the index arithmetic that evaluations share.
 */
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

const floatBits = (value: number): number => new Uint32Array(new Float32Array([value]).buffer)[0];

/** bfloat16 is the upper half of a float32. */
export const bfloatToNumber = (bits: number): number =>
  new Float32Array(new Uint32Array([bits << 16]).buffer)[0];

/** Rounds to nearest, ties to even. */
export function numberToBfloat(value: number): number {
  const bits = floatBits(value);
  if (Number.isNaN(value)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** IEEE 754 binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Rounds to nearest, ties to even; overflow gives infinity. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  const scaled = roundEven(magnitude * 2 ** (10 - exponent));
  return sign | (((exponent + 15) << 10) + scaled - 1024);
}

function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
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
