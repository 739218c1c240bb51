/**
 * The bytes of an HDF5 file with two budgets: the guard against files that are small but endless.
 *
 * HDF5 is a graph of addresses, and a hostile one has cycles, or thousands of pointers at one block. Rather than a
 * special check for every structure, each structure read is charged by its size: an honest file is read about once, so
 * a reader that has gone over sixteen times the file's length is being led in circles. Memory for arrays is the other
 * budget: what a file may expand to is bounded before anything is allocated.
 */
import { ModelError } from "../../../ir/errors.ts";
import { ByteReader } from "../byte-reader.ts";
import { noAddress } from "./model.ts";

const mebibyte = 2 ** 20;

export interface Hdf5Options {
  /** What errors call the file; "HDF5 file" unless told. */
  readonly file?: string;
  /** Most bytes that all arrays together may take. The file's size plus 64 MiB unless told. */
  readonly memory?: number;
}

export class Hdf5Bytes extends ByteReader {
  #work: number;
  #memory: number;

  constructor(bytes: Uint8Array, options: Hdf5Options) {
    super(bytes, options.file ?? "HDF5 file");
    this.#work = 16 * bytes.length + mebibyte;
    this.#memory = options.memory ?? bytes.length + 64 * mebibyte;
  }

  /** Counts the reading of a structure of `length` bytes at `at`; throws ModelError outside the file or in circles. */
  charge(at: number, length: number, what: string): void {
    this.need(at, length, what);
    this.#work -= length + 8;
    if (this.#work >= 0) return;
    const hint = "Its structures overlap or form a cycle: refused as unsafe";
    throw this.error(at, "the file is read over and over", "each part about once", what, hint);
  }

  /** Claims memory for an array; throws ModelError when the file has claimed too much. */
  claim(length: number, where: string): void {
    if (length <= this.#memory) {
      this.#memory -= length;
      return;
    }
    throw new ModelError("the arrays are too large for the file that holds them", {
      where: `${this.file}, ${where}`,
      expected: `at most ${this.#memory} bytes more`,
      got: `${length}`,
      hint: "Refused before allocating; the option `memory` raises the limit",
    });
  }

  /** Gives back what was claimed for a buffer that is no longer used. */
  release(length: number): void {
    this.#memory += length;
  }

  /** An address, or undefined for "never stored". */
  address(at: number, what: string): number | undefined {
    return this.u64Exact(at, what) === noAddress ? undefined : this.u64(at, what);
  }

  /** Throws unless the structure at `at` begins with its four letters. */
  expectTag(at: number, tag: string): void {
    if (this.hasTag(at, tag)) return;
    throw this.error(at, "the file is damaged", `a structure that begins with ${tag}`, "something else");
  }
}
