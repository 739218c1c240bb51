/**
 * Host values as arrays: numbers, nested arrays and typed arrays become NDArrays; slices and permutations of their first axis, which is what
 * feeding a model in batches takes.
 */
import { type DType, dtypes, type TypedArray } from "../ir/dtype.ts";
import { getElement, setElement } from "../ir/elements.ts";
import { ModelError } from "../ir/errors.ts";
import { type NDArray, ndarray, sizeOf, zeros } from "../ir/ndarray.ts";

/** What users write where an array is meant. Numbers and nested arrays of them have no dtype of their own. */
export type ArrayLike =
  | NDArray | number | boolean | readonly ArrayLike[]
  | Float32Array | Float64Array | Int32Array | Uint32Array | Int8Array | Uint8Array | Int16Array | Uint16Array
  | BigInt64Array | BigUint64Array; // biome-ignore format: by family

export function isNDArray(value: unknown): value is NDArray {
  return (
    typeof value === "object" && value !== null && "dtype" in value && "data" in value && "shape" in value
  );
}

function typedDType(value: object): DType | undefined {
  if (value instanceof Float32Array) return "f32";
  if (value instanceof Float64Array) return "f64";
  if (value instanceof Int32Array) return "i32";
  if (value instanceof Uint32Array) return "u32";
  if (value instanceof Int8Array) return "i8";
  if (value instanceof Uint8Array) return "u8";
  if (value instanceof Int16Array) return "i16";
  if (value instanceof Uint16Array) return "u16";
  if (value instanceof BigInt64Array) return "i64";
  return value instanceof BigUint64Array ? "u64" : undefined;
}

/** True for numbers, booleans, typed arrays, NDArrays and nested arrays of numbers: data, as opposed to a structure of tensors. */
export function isArrayLike(value: unknown): value is ArrayLike {
  if (typeof value === "number" || typeof value === "boolean") return true;
  if (Array.isArray(value)) return value.length > 0 && isNested(value[0]);
  return isNDArray(value) || (typeof value === "object" && value !== null && typedDType(value) !== undefined);
}

const isNested = (value: unknown): boolean =>
  typeof value === "number" ||
  typeof value === "boolean" ||
  (Array.isArray(value) && (value.length === 0 || isNested(value[0])));

/** An array-like as an array; numbers take `dtype` (default f32). Throws ModelError for ragged nesting. */
export function toArray(value: ArrayLike, dtype: DType = "f32"): NDArray {
  if (isNDArray(value)) return value;
  if (typeof value === "object" && !Array.isArray(value)) {
    const own = typedDType(value);
    if (own !== undefined) return ndarray(own, [(value as TypedArray).length], value as TypedArray);
  }
  const shape = nestedShape(value);
  const array = zeros(dtype, shape);
  fill(value, array, 0, 0);
  return array;
}

function nestedShape(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...(value.length === 0 ? [] : nestedShape(value[0]))] : [];
}

/** Writes what is nested at depth `axis`, and returns the position behind it. */
function fill(value: unknown, array: NDArray, axis: number, offset: number): number {
  const { shape } = array;
  if (!Array.isArray(value)) {
    if (axis !== shape.length || (typeof value !== "number" && typeof value !== "boolean")) {
      throw new ModelError("ragged nested array", {
        expected: `numbers at depth ${shape.length}`,
        got: String(value),
      });
    }
    setElement(array, offset, Number(value));
    return offset + 1;
  }
  if (value.length !== shape[axis]) {
    throw new ModelError("ragged nested array", {
      expected: `${shape[axis]} elements`,
      got: `${value.length}`,
    });
  }
  return value.reduce<number>((at, item) => fill(item, array, axis + 1, at), offset);
}

/** A copy in another dtype, as the `cast` op does for values in range: fractions truncate, bool is 0 or 1. */
export function castArray(array: NDArray, dtype: DType): NDArray {
  if (array.dtype === dtype) return array;
  const cast = zeros(dtype, array.shape);
  for (let i = 0; i < array.data.length; i++) setElement(cast, i, wrapped(dtype, getElement(array, i)));
  return cast;
}

/** Typed arrays wrap integers by themselves. */
const wrapped = (dtype: DType, value: number): number => (dtype === "bool" ? Number(value !== 0) : value);

/** Rows `start` to `end` of the first axis; shares memory. */
export function sliceRows(array: NDArray, start: number, end: number): NDArray {
  const row = sizeOf(array.shape.slice(1));
  return {
    dtype: array.dtype,
    shape: [end - start, ...array.shape.slice(1)],
    data: array.data.subarray(start * row, end * row),
  };
}

/** The rows of the first axis with the given numbers, in that order; a copy. */
export function takeRows(array: NDArray, rows: readonly number[] | Uint32Array): NDArray {
  const row = sizeOf(array.shape.slice(1));
  const data = dtypes[array.dtype].allocate(rows.length * row);
  for (let i = 0; i < rows.length; i++) copyInto(data, i * row, array.data, rows[i] * row, row);
  return { dtype: array.dtype, shape: [rows.length, ...array.shape.slice(1)], data };
}

/** Arrays of one dtype, one after the other along the first axis. */
export function concatRows(arrays: readonly NDArray[]): NDArray {
  const [first] = arrays;
  const rows = arrays.reduce((sum, array) => sum + array.shape[0], 0);
  const data = dtypes[first.dtype].allocate(arrays.reduce((sum, array) => sum + array.data.length, 0));
  let at = 0;
  for (const array of arrays) {
    copyInto(data, at, array.data, 0, array.data.length);
    at += array.data.length;
  }
  return { dtype: first.dtype, shape: [rows, ...first.shape.slice(1)], data };
}

/** Copies between typed arrays of one kind. */
export function copyInto(to: TypedArray, at: number, from: TypedArray, start: number, length: number): void {
  if (to instanceof BigInt64Array || to instanceof BigUint64Array) {
    if (from instanceof BigInt64Array || from instanceof BigUint64Array)
      to.set(from.subarray(start, start + length), at);
  } else if (!(from instanceof BigInt64Array || from instanceof BigUint64Array)) {
    to.set(from.subarray(start, start + length), at);
  }
}
