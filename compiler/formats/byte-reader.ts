/**
 * Little-endian reads from a byte array that nobody vouches for.
 *
 * Every reader of model files goes through this class, so that one place decides what an offset past the end means: a
 * ModelError that names the file and the byte, never `undefined`, NaN or a RangeError from the engine. 64-bit numbers
 * come back as numbers when a double holds them exactly; anything larger is no offset or size of a file that fits into
 * memory, and is refused.
 */
import { ModelError } from "../../ir/errors.ts";

/** Making one costs more than decoding a name. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class ByteReader {
  readonly bytes: Uint8Array;
  /** What errors call the bytes. */
  readonly file: string;
  /** The number of bytes. */
  readonly length: number;
  readonly #view: DataView;

  /** @param file what errors call these bytes: a path, or the name of an archive member. */
  constructor(bytes: Uint8Array, file: string) {
    // A plain view, also of a Node Buffer: `slice` of a Buffer shares instead of copying.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.file = file;
    this.length = bytes.byteLength;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A ModelError at a byte of this file; the caller throws it. */
  error(at: number, message: string, expected?: string, got?: string, hint?: string): ModelError {
    return new ModelError(message, { where: `${this.file}, byte ${at}`, expected, got, hint });
  }

  /** Throws unless `length` bytes starting at `at` lie inside the file; `what` is what they should hold. */
  need(at: number, length: number, what: string): void {
    // Written as a subtraction: `at + length` may round when both are near 2^53.
    if (at >= 0 && length >= 0 && at <= this.length && length <= this.length - at) return;
    const expected = `${length} bytes of ${what}`;
    const got = `a file of ${this.length} bytes`;
    throw this.error(at, "the file is cut short or damaged", expected, got, "Download or save it again");
  }

  u8(at: number, what: string): number {
    this.need(at, 1, what);
    return this.#view.getUint8(at);
  }

  u16(at: number, what: string): number {
    this.need(at, 2, what);
    return this.#view.getUint16(at, true);
  }

  u32(at: number, what: string): number {
    this.need(at, 4, what);
    return this.#view.getUint32(at, true);
  }

  /** An unsigned 64-bit size or offset; throws ModelError above 2^53 - 1. */
  u64(at: number, what: string): number {
    const value = this.u64Exact(at, what);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw this.error(at, `${what} is absurd`, "a number below 2^53", `${value}`);
  }

  u64Exact(at: number, what: string): bigint {
    this.need(at, 8, what);
    return this.#view.getBigUint64(at, true);
  }

  /** `length` bytes at `at`, shared with the file, not copied. */
  slice(at: number, length: number, what: string): Uint8Array {
    this.need(at, length, what);
    return this.bytes.subarray(at, at + length);
  }

  /** UTF-8 text; throws ModelError when the bytes are not UTF-8. */
  text(at: number, length: number, what: string): string {
    const bytes = this.slice(at, length, what);
    try {
      return decoder.decode(bytes);
    } catch {
      throw this.error(at, `${what} is not UTF-8`, "text");
    }
  }

  /** Whether the bytes at `at` are these ASCII characters. */
  hasTag(at: number, tag: string): boolean {
    if (at < 0 || tag.length > this.length - at) return false;
    for (let i = 0; i < tag.length; i++) if (this.bytes[at + i] !== tag.charCodeAt(i)) return false;
    return true;
  }
}
