/**
 * Inflating to a size known beforehand, and not a byte further.
 *
 * DEFLATE expands up to 1032 times, so a small file can ask for gigabytes. The caller has checked the size it expects
 * against its budget; here it is allocated once, a long stream is fed in small pieces, and the first byte too many ends
 * it. The DEFLATE decoder itself is fflate's.
 */
import { Inflate, inflateSync } from "fflate";
import { ModelError } from "../../ir/errors.ts";
import { adler32 } from "./checksum.ts";

/** No DEFLATE stream expands further (a length-258 match takes 2 bits). */
export const maxDeflateRatio = 1032;

/** 8 KiB of input can become 8 MiB before its size is seen: what a hostile stream may cost over the budget. */
const piece = 8192;
/** Up to here a stream is inflated in one go: past its end fflate only counts on, for 66 million steps at the most. */
const small = 65_536;

class TooLong extends Error {}

/** Inflates a raw DEFLATE stream to exactly `size` bytes; throws ModelError for any other length or damage. */
export function inflateRaw(compressed: Uint8Array, size: number, where: string): Uint8Array {
  const fail = (problem: string, got: string) =>
    new ModelError(problem, { where, expected: `${size} bytes`, got, hint: "Download or save it again" });
  if (size > compressed.length * maxDeflateRatio) {
    throw fail("compressed data cannot be that small", `${compressed.length} bytes compressed`);
  }
  try {
    const out =
      compressed.length <= small ? inflateAtOnce(compressed, size) : inflatePieces(compressed, size);
    if (out.length === size) return out;
    throw fail("compressed data is shorter than declared", `${out.length}`);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    if (error instanceof TooLong) throw fail("compressed data is longer than declared", "more");
    throw fail("compressed data is damaged", error instanceof Error ? error.message : "an error");
  }
}

function inflateAtOnce(compressed: Uint8Array, size: number): Uint8Array {
  // Into a buffer of its own fflate never grows it, and says how much it filled: one byte of room tells "too long".
  const out = inflateSync(compressed, { out: new Uint8Array(size + 1) });
  if (out.length > size) throw new TooLong();
  return out;
}

function inflatePieces(compressed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let filled = 0;
  const stream = new Inflate((chunk) => {
    if (chunk.length > size - filled) throw new TooLong();
    out.set(chunk, filled);
    filled += chunk.length;
  });
  for (let at = 0; at < compressed.length; at += piece) {
    stream.push(compressed.subarray(at, at + piece), at + piece >= compressed.length);
  }
  return out.subarray(0, filled);
}

/** Inflates a zlib stream (RFC 1950: two bytes of header, DEFLATE, Adler-32) to exactly `size` bytes. */
export function inflateZlib(compressed: Uint8Array, size: number, where: string): Uint8Array {
  const [method, flags] = compressed;
  // 8 is DEFLATE; header bytes are a multiple of 31; bit 5 asks for a preset dictionary, which no file format uses.
  if (compressed.length < 6 || (method & 15) !== 8 || (method * 256 + flags) % 31 !== 0 || flags & 32) {
    throw new ModelError("not a zlib stream", { where, hint: "Download or save it again" });
  }
  const end = compressed.length - 4;
  const out = inflateRaw(compressed.subarray(2, end), size, where);
  const stored = new DataView(compressed.buffer, compressed.byteOffset + end, 4).getUint32(0);
  if (stored === adler32(out)) return out;
  throw new ModelError("checksum of the compressed data is wrong", {
    where,
    hint: "Download or save it again",
  });
}
