/**
 * From a shape and bytes in a file to an NDArray: the size checks and the copy that every tensor format shares.
 *
 * The order matters: shapes are multiplied and compared with what the file holds before anything is allocated.
 */
import { byteWidth, type DType, dtypes } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";

/** As many axes as numpy allows; no file of Keras comes near. */
const maxRank = 64;

/**
 * The number of elements of a shape read from a file, exactly. Throws ModelError when an axis is negative, no integer
 * or beyond 2^53, when the product is, or when there are more than 64 axes.
 */
export function elementCount(shape: readonly number[], where: string): number {
  const fail = (problem: string, expected: string) =>
    new ModelError(problem, { where, expected, got: `[${shape.slice(0, maxRank)}]` });
  if (shape.length > maxRank) throw fail("too many axes", `at most ${maxRank}`);
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    throw fail("not a shape", "non-negative integers below 2^53");
  }
  // An axis of length 0 wins over any other: [2^40, 2^40, 0] holds nothing and is no overflow.
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const dim of shape) {
    if (count > Number.MAX_SAFE_INTEGER / dim) throw fail("the shape is absurd", "fewer than 2^53 elements");
    count *= dim;
  }
  return count;
}

/** The bytes a tensor of this type and shape takes; throws ModelError like `elementCount`. */
export function byteCount(dtype: DType, shape: readonly number[], where: string): number {
  const count = elementCount(shape, where);
  if (count <= Number.MAX_SAFE_INTEGER / byteWidth(dtype)) return count * byteWidth(dtype);
  throw new ModelError("the shape is absurd", {
    where,
    expected: "fewer than 2^53 bytes",
    got: `[${shape}]`,
  });
}

/**
 * An NDArray from little-endian, row-major bytes, copied so that it is aligned and keeps no file alive. The caller has
 * compared `bytes.length` with `byteCount`. Booleans are normalised to 0 and 1.
 */
export function arrayFromBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): NDArray {
  // Not `bytes.slice()`: on a Node Buffer that shares, and `buffer` would be the whole file's.
  const copy = new Uint8Array(bytes);
  if (dtype === "bool") for (let i = 0; i < copy.length; i++) copy[i] = copy[i] === 0 ? 0 : 1;
  const data = dtypes[dtype].view(copy.buffer, 0, copy.length / byteWidth(dtype));
  return { dtype, shape: [...shape], data };
}

/**
 * The little-endian bytes of an array about to be written, shared. Throws ModelError when `data` has not as many
 * elements as `shape`, or is not stored the way its dtype says (a wide f32 evaluation in a Float64Array, for one).
 */
export function bytesToWrite(array: NDArray, where: string): Uint8Array {
  const { dtype, shape, data } = array;
  const expected = elementCount(shape, where);
  if (data.length !== expected || data.BYTES_PER_ELEMENT !== byteWidth(dtype)) {
    throw new ModelError("array does not match its shape and dtype", {
      where,
      expected: `${expected} elements of ${byteWidth(dtype)} bytes for ${dtype} [${shape}]`,
      got: `${data.length} of ${data.BYTES_PER_ELEMENT}`,
    });
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
