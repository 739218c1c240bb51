/**
 * A dense, row-major array in host memory: what model files, the reference evaluation and users' data hold.
 */
import { type DType, dtypes, type TypedArray } from "./dtype.ts";
import { ModelError } from "./errors.ts";

export interface NDArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Row-major elements. f16 and bf16 as bits, bool as 0 and 1. A wide evaluation holds f32 in a Float64Array. */
  readonly data: TypedArray;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, dim) => size * dim, 1);

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Wraps `data`; throws ModelError when its length is not the product of `shape`. */
export function ndarray(dtype: DType, shape: readonly number[], data: TypedArray): NDArray {
  if (data.length !== sizeOf(shape)) {
    throw new ModelError("array length does not match its shape", {
      expected: `${sizeOf(shape)} elements for [${shape}]`,
      got: `${data.length}`,
    });
  }
  return { dtype, shape, data };
}

/** A zero-filled array. */
export function zeros(dtype: DType, shape: readonly number[]): NDArray {
  return { dtype, shape, data: dtypes[dtype].allocate(sizeOf(shape)) };
}

/** The bytes of an array, shared, not copied. */
export const bytesOf = ({ data }: NDArray): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
