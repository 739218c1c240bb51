/**
 * Memory as the interpreter sees it: elements, what has been written, and who touched what since when.
 *
 * Memory starts poisoned: reading an element that nobody wrote is an error. In the arena, where buffers overlap, the marks are per byte of
 * the region, so that what one slot wrote another may read.
 */
import type { DType, TypedArray } from "../dtype.ts";
import { byteWidth } from "../dtype.ts";
import { getElement, setElement } from "../elements.ts";
import type { Access } from "../kernel.ts";
import type { NDArray } from "../ndarray.ts";
import type { Races } from "./races.ts";

export interface Memory {
  readonly array: NDArray;
  /** The bytes that were written; absent: all of them. */
  readonly written?: WrittenBytes;
  /** Access by other threads; absent where there are none, or where memory is private. */
  readonly races?: Races;
  /** Of parameters. */
  readonly access?: Access;
}

export interface WrittenBytes {
  /** One for each byte of the region, 1 once written. */
  readonly marks: Uint8Array;
  /** The byte of the region at which the memory begins. */
  readonly start: number;
}

/** Fresh memory of `size` elements, poisoned. */
export function allocate(dtype: DType, size: number, data: TypedArray): Memory {
  return {
    array: { dtype, shape: [size], data },
    written: { marks: new Uint8Array(size * byteWidth(dtype)), start: 0 },
  };
}

/** Whether all bytes of an element were written. */
export function isWritten({ array, written }: Memory, element: number): boolean {
  if (written === undefined) return true;
  const width = array.data.BYTES_PER_ELEMENT;
  const first = written.start + element * width;
  for (let byte = first; byte < first + width; byte++) if (written.marks[byte] === 0) return false;
  return true;
}

export function markWritten({ array, written }: Memory, element: number): void {
  if (written === undefined) return;
  const width = array.data.BYTES_PER_ELEMENT;
  const first = written.start + element * width;
  for (let byte = first; byte < first + width; byte++) written.marks[byte] = 1;
}

/** Whether elements of this type are plain numbers in their typed array. */
export const isPlain = (dtype: DType): boolean =>
  dtype !== "f16" && dtype !== "bf16" && dtype !== "i64" && dtype !== "u64";

export const readElement = (memory: Memory, element: number): number => getElement(memory.array, element);

export function writeElement(memory: Memory, element: number, value: number): void {
  setElement(memory.array, element, value);
  markWritten(memory, element);
}
