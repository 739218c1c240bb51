/**
 * Dataspaces (shapes) and datatypes of HDF5, read and written.
 *
 * The types are those numpy and Keras put into files: IEEE floats, bfloat16, two's-complement integers, booleans (h5py's
 * enumeration of FALSE and TRUE), texts, and two opaque bytes, which is how h5py stores Keras's bfloat16. All other
 * types, and big-endian ones, are refused by name.
 */
import type { DType } from "../../../ir/dtype.ts";
import { ByteWriter } from "../byte-writer.ts";
import type { Hdf5Bytes } from "./file.ts";

/** A region of the file that holds one encoded thing. */
export interface Region {
  readonly at: number;
  readonly length: number;
}

export type ElementType =
  | { readonly kind: "number"; readonly dtype: DType; readonly bytes: number }
  | { readonly kind: "opaque"; readonly bytes: number }
  /** Texts of `bytes` bytes each, padded. */
  | { readonly kind: "text"; readonly bytes: number }
  /** References of 16 bytes into a global heap. */
  | { readonly kind: "heap-text"; readonly bytes: 16 };

/** The axes of a dataspace; undefined for the null dataspace, which has no elements at all. */
export function readShape(file: Hdf5Bytes, { at, length }: Region): number[] | undefined {
  const version = file.u8(at, "dataspace version");
  const rank = file.u8(at + 1, "rank");
  if (version !== 1 && version !== 2)
    throw file.error(at, "unknown dataspace", "version 1 or 2", `${version}`);
  if (rank > 32) throw file.error(at, "absurd rank", "at most 32", `${rank}`);
  if (version === 2 && file.u8(at + 3, "dataspace type") === 2) return undefined;
  const first = version === 1 ? 8 : 4;
  if (first + 8 * rank > length)
    throw file.error(at, "dataspace is cut short", `${rank} axes`, `${length} bytes`);
  return Array.from({ length: rank }, (_, axis) => file.u64(at + first + 8 * axis, "axis length"));
}

/** The four numbers that place exponent and mantissa of a float, then its bias: those of the types numpy has. */
const floats: readonly { dtype: DType; bytes: number; fields: readonly number[]; bias: number }[] = [
  { dtype: "f16", bytes: 2, fields: [10, 5, 0, 10], bias: 15 },
  { dtype: "bf16", bytes: 2, fields: [7, 8, 0, 7], bias: 127 },
  { dtype: "f32", bytes: 4, fields: [23, 8, 0, 23], bias: 127 },
  { dtype: "f64", bytes: 8, fields: [52, 11, 0, 52], bias: 1023 },
];
const signed: readonly DType[] = ["i8", "i16", "i32", "i64"];
const unsigned: readonly DType[] = ["u8", "u16", "u32", "u64"];

/** Names of the type classes that are refused. */
const classNames: readonly string[] = [
  "integer", "float", "time", "text", "bit field", "opaque", "compound", "reference", "enumeration",
  "variable-length", "array", "complex",
]; // biome-ignore format: one table

export function readType(file: Hdf5Bytes, { at, length }: Region): ElementType {
  if (length < 8) throw file.error(at, "datatype is cut short", "8 bytes or more", `${length}`);
  const kind = file.u8(at, "datatype") & 15;
  const bits = file.u32(at, "datatype") >>> 8;
  const bytes = file.u32(at + 4, "datatype size");
  if (kind === 0) return readInteger(file, at, bits, bytes);
  if (kind === 1) return readFloat(file, at, bits, bytes);
  if (kind === 3) return { kind: "text", bytes };
  if (kind === 5) return { kind: "opaque", bytes };
  if (kind === 8) return readBoolean(file, { at, length }, bits, bytes);
  // Class 9 of type 1 is a variable-length text: a length, the address of a heap and an index.
  if (kind === 9 && (bits & 15) === 1 && bytes === 16) return { kind: "heap-text", bytes };
  const hint = "Save the weights as float, integer or boolean arrays";
  throw file.error(at, "this HDF5 type is not read", "numbers or texts", classNames[kind] ?? `${kind}`, hint);
}

function readInteger(file: Hdf5Bytes, at: number, bits: number, bytes: number): ElementType {
  const dtype = (bits & 8 ? signed : unsigned)[Math.log2(bytes)];
  const offset = file.u16(at + 8, "datatype");
  const precision = file.u16(at + 10, "datatype");
  checkOrder(file, at, bits & 1);
  if (dtype !== undefined && offset === 0 && precision === 8 * bytes) return { kind: "number", dtype, bytes };
  const got = `${precision} bits in ${bytes} bytes`;
  throw file.error(at, "this integer type is not read", "8, 16, 32 or 64 bits", got);
}

function readFloat(file: Hdf5Bytes, at: number, bits: number, bytes: number): ElementType {
  checkOrder(file, at, bits & 0x41);
  const fields = [12, 13, 14, 15].map((offset) => file.u8(at + offset, "datatype"));
  const bias = file.u32(at + 16, "datatype");
  const same = (known: readonly number[]) => known.every((value, i) => value === fields[i]);
  const found = floats.find((known) => known.bytes === bytes && known.bias === bias && same(known.fields));
  if (found !== undefined) return { kind: "number", dtype: found.dtype, bytes };
  const expected = floats.map((known) => known.dtype).join(", ");
  throw file.error(at, "this float type is not read", expected, `${bytes} bytes, fields ${fields}`);
}

function checkOrder(file: Hdf5Bytes, at: number, bigEndian: number): void {
  if (bigEndian === 0) return;
  throw file.error(
    at,
    "big-endian numbers are not read",
    "little-endian",
    "big-endian",
    "Save them as <f4, say",
  );
}

/** h5py stores a boolean as an 8-bit enumeration of FALSE = 0 and TRUE = 1; no other enumeration is read. */
function readBoolean(file: Hdf5Bytes, region: Region, bits: number, bytes: number): ElementType {
  const stored = file.slice(region.at, region.length, "datatype");
  const text = new TextDecoder("latin1").decode(stored);
  // Names are padded to 8 bytes in the older versions of the type; the values 0 and 1 follow.
  const tables = ["FALSE\0\0\0TRUE\0\0\0\0\0\x01", "FALSE\0TRUE\0\0\x01"];
  const isBoolean = (bits & 0xffff) === 2 && bytes === 1 && tables.some((table) => text.includes(table));
  if (isBoolean) return { kind: "number", dtype: "bool", bytes };
  throw file.error(
    region.at,
    "this enumeration is not read",
    "FALSE and TRUE in one byte",
    `${bits & 0xffff} names`,
  );
}

/** A simple dataspace, version 2; rank 0 is a scalar. */
export function encodeShape(shape: readonly number[]): Uint8Array {
  const out = new ByteWriter().u8(2).u8(shape.length).u8(0);
  out.u8(shape.length === 0 ? 0 : 1);
  for (const dim of shape) out.u64(dim);
  return out.finish();
}

/** A variable-length UTF-8 text, the very bytes h5py writes. */
export function encodeHeapText(): Uint8Array {
  return Uint8Array.of(0x19, 1, 1, 0, 16, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0);
}

/** The datatype of an array, the very bytes h5py writes. */
export function encodeType(dtype: DType): Uint8Array {
  const out = new ByteWriter();
  // Keras hands bfloat16 to h5py as numpy's V2, which it stores as two opaque bytes with an empty tag.
  if (dtype === "bf16") return out.u32(0x15).u32(2).finish();
  if (dtype === "bool") return encodeBoolean();
  const float = floats.find((known) => known.dtype === dtype);
  if (float !== undefined) {
    const { bytes, fields, bias } = float;
    const head = out
      .u8(0x11)
      .u8(0x20)
      .u8(8 * bytes - 1)
      .u8(0)
      .u32(bytes);
    return head
      .u16(0)
      .u16(8 * bytes)
      .raw(Uint8Array.from(fields))
      .u32(bias)
      .finish();
  }
  const bytes = 2 ** Math.max(signed.indexOf(dtype), unsigned.indexOf(dtype));
  const head = out
    .u8(0x10)
    .u8(signed.includes(dtype) ? 8 : 0)
    .u16(0)
    .u32(bytes);
  return head
    .u16(0)
    .u16(8 * bytes)
    .finish();
}

function encodeBoolean(): Uint8Array {
  const out = new ByteWriter().u8(0x18).u8(2).u16(0).u32(1).raw(encodeType("i8"));
  return out.text("FALSE\0\0\0TRUE\0\0\0\0").u8(0).u8(1).finish();
}
