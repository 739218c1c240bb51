/**
 * Constants as MLIR's text has them: `dense<[[1.5, 2.0], [0x7FC00000, -0.0]]>` inline, or the bytes in hexadecimal. Numbers are as short
 * as they can be and still read back to the same bits; what decimals cannot say (NaN with its payload, infinities) is written as bits.
 */
import { byteWidth, type DType, dtypes, isFloat } from "../dtype.ts";
import { getElement, setElement } from "../elements.ts";
import { type NDArray, sizeOf } from "../ndarray.ts";
import type { Reader } from "./reader.ts";

/** Constants read from text may not be larger: a short text can ask for any number of equal elements. */
const MOST_ELEMENTS = 2 ** 26;

/** Numbers as MLIR writes floats: with a point, whatever follows. */
export function withPoint(text: string): string {
  if (text.includes(".")) return text;
  const at = text.indexOf("e");
  return at < 0 ? `${text}.0` : `${text.slice(0, at)}.0${text.slice(at)}`;
}

/** The array in the storage of its dtype; a wide evaluation holds f32 in f64. */
function inStorage(array: NDArray): NDArray {
  if (array.data.BYTES_PER_ELEMENT === byteWidth(array.dtype)) return array;
  const stored: NDArray = { ...array, data: dtypes[array.dtype].allocate(array.data.length) };
  for (let i = 0; i < array.data.length; i++) setElement(stored, i, getElement(array, i));
  return stored;
}

/** The bits of element `i` in hexadecimal, all digits. */
function bitsOf({ data }: NDArray, i: number): string {
  const width = data.BYTES_PER_ELEMENT;
  return hexDigits(new Uint8Array(data.buffer, data.byteOffset + i * width, width).slice().reverse());
}

const hexDigits = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");

/** The shortest text of element `i`; `scratch` is an array of one such element. */
function printElement(array: NDArray, i: number, scratch: NDArray): string {
  const raw = array.data[i];
  if (array.dtype === "bool") return raw === 0 ? "false" : "true";
  if (!isFloat(array.dtype)) return String(raw);
  const value = getElement(array, i);
  const bits = bitsOf(array, i);
  if (!Number.isFinite(value)) return `0x${bits}`;
  if (Object.is(value, -0)) return "-0.0";
  for (let digits = 1; digits < 17; digits++) {
    const rounded = Number(value.toPrecision(digits));
    setElement(scratch, 0, rounded);
    if (bitsOf(scratch, 0) === bits) return withPoint(String(rounded));
  }
  return withPoint(String(value));
}

/** `dense<...>`, without the type. One number stands for all where they are equal. */
export function printDense(constant: NDArray): string {
  const array = inStorage(constant);
  const size = sizeOf(array.shape);
  if (size === 0) return "dense<>";
  const scratch: NDArray = { dtype: array.dtype, shape: [1], data: dtypes[array.dtype].allocate(1) };
  const texts = Array.from({ length: size }, (_, i) => printElement(array, i, scratch));
  if (texts.every((text) => text === texts[0])) return `dense<${texts[0]}>`;
  let at = 0;
  const nest = (axis: number): string => {
    if (axis === array.shape.length) return texts[at++];
    return `[${Array.from({ length: array.shape[axis] }, () => nest(axis + 1)).join(", ")}]`;
  };
  return `dense<${nest(0)}>`;
}

/** What stands between `dense<` and its `>`, before its type is known. */
export type DenseBody =
  | { readonly kind: "numbers"; readonly texts: readonly string[]; readonly isSplat: boolean }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

const ELEMENT = /0x[0-9A-Fa-f]+|-?\d+(?:\.\d*(?:[eE][+-]?\d+)?)?|true|false/y;

/** Reads up to the closing `>`, which is taken. */
export function readDenseBody(reader: Reader): DenseBody {
  if (reader.take(">")) return { kind: "numbers", texts: [], isSplat: false };
  if (reader.sees('"')) {
    const bytes = readHex(reader);
    reader.need(">");
    return { kind: "bytes", bytes };
  }
  const isSplat = !reader.sees("[");
  const texts: string[] = [];
  const readNest = (): void => {
    reader.nested(() => {
      if (reader.take("[")) reader.list("]", readNest);
      else texts.push(reader.expect(ELEMENT, "an element"));
    });
  };
  readNest();
  reader.need(">");
  return { kind: "numbers", texts, isSplat };
}

/** `"0x..."`. */
export function readHex(reader: Reader): Uint8Array {
  const at = reader.at;
  const text = reader.string("bytes in hexadecimal");
  if (!/^0x(?:[0-9A-Fa-f]{2})*$/.test(text)) reader.failAt(at, "bytes in hexadecimal");
  return Uint8Array.from({ length: text.length / 2 - 1 }, (_, i) =>
    Number.parseInt(text.slice(2 * i + 2, 2 * i + 4), 16),
  );
}

export const printHex = (bytes: Uint8Array): string => `"0x${hexDigits(bytes)}"`;

/** The array of a type, from what `dense<...>` held. `at` is where it stands. */
export function makeDense(
  reader: Reader,
  body: DenseBody,
  dtype: DType,
  shape: readonly number[],
  at: number,
): NDArray {
  const size = sizeOf(shape);
  if (body.kind === "bytes") return fromBytes(reader, body.bytes, dtype, shape, at);
  if (!body.isSplat && body.texts.length !== size)
    reader.problem(`${body.texts.length} elements for a shape of ${size}`, at);
  if (size > MOST_ELEMENTS) reader.problem(`a constant of more than ${MOST_ELEMENTS} elements`, at);
  const array: NDArray = { dtype, shape, data: dtypes[dtype].allocate(size) };
  for (let i = 0; i < size; i++) setText(reader, array, i, body.texts[body.isSplat ? 0 : i], at);
  return array;
}

function setText(reader: Reader, array: NDArray, i: number, text: string, at: number): void {
  const { data, dtype } = array;
  const misfit = (): never => reader.problem(`${text} is no ${dtype}`, at);
  if (text === "true" || text === "false") data[i] = dtype === "bool" ? Number(text === "true") : misfit();
  else if (isFloat(dtype) && text.startsWith("0x")) setBits(array, i, text.slice(2), misfit);
  else if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const value = /^(0x|-?\d+$)/.test(text) ? BigInt(text) : misfit();
    data[i] = value;
    if (data[i] !== value) misfit();
  } else {
    const value = Number(text);
    setElement(array, i, value);
    if (!isFloat(dtype) && getElement(array, i) !== value) misfit();
  }
}

/** Sets the bits of a float from hexadecimal digits. */
function setBits({ data }: NDArray, i: number, digits: string, misfit: () => never): void {
  const width = data.BYTES_PER_ELEMENT;
  if (digits.length > 2 * width) misfit();
  const padded = digits.padStart(2 * width, "0");
  const bytes = new Uint8Array(data.buffer, data.byteOffset + i * width, width);
  for (let byte = 0; byte < width; byte++) {
    const end = padded.length - 2 * byte;
    bytes[byte] = Number.parseInt(padded.slice(end - 2, end), 16);
  }
}

/** Elements from raw little-endian bytes; one element may stand for all, and MLIR packs bools into bits. */
export function fromBytes(
  reader: Reader,
  bytes: Uint8Array,
  dtype: DType,
  shape: readonly number[],
  at: number,
): NDArray {
  const size = sizeOf(shape);
  const width = byteWidth(dtype);
  if (dtype === "bool" && bytes.length === Math.ceil(size / 8) && bytes.length !== size) {
    const data = Uint8Array.from({ length: size }, (_, i) => (bytes[i >> 3] >> (i & 7)) & 1);
    return { dtype, shape, data };
  }
  if (bytes.length !== size * width)
    reader.problem(`${bytes.length} bytes for ${size} elements of ${dtype}`, at);
  const copy = bytes.slice();
  const data =
    dtype === "bool" ? copy.map((byte) => Number(byte !== 0)) : dtypes[dtype].view(copy.buffer, 0, size);
  return { dtype, shape, data };
}
