/**
 * Numpy's `.npy` files, one array each, and `.npz`, a zip of them.
 *
 * The header of a .npy file is a Python literal. It is matched against the one form that numpy writes and never
 * evaluated; object arrays (pickles) are refused by name. Fortran order is transposed while reading.
 */
import { byteWidth, type DType, dtypeNames, dtypes } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import { type NDArray, stridesOf } from "../../ir/ndarray.ts";
import { arrayFromBytes, byteCount, bytesToWrite } from "./array-bytes.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { openZip, writeZip, type ZipOptions } from "./zip.ts";

const magic = "\x93NUMPY";
/** The dictionary of an array header: keys sorted, as numpy has always written it. */
const headerSyntax =
  /^\{'descr': '([<>|=]?)([a-zA-Z]\d*)', 'fortran_order': (True|False), 'shape': \(([\d, ]*)\),? ?\}\s*$/;
const maxHeader = 65_536;

/** Numpy's name for a dtype, without the byte order: kind and bytes. bfloat16 has none. */
function codeOf(dtype: DType): string | undefined {
  if (dtype === "bf16") return undefined;
  const letter = { float: "f", signed: "i", unsigned: "u", bool: "b" }[dtypes[dtype].kind];
  return `${letter}${byteWidth(dtype)}`;
}

/** Reads a `.npy` file; `file` is what errors call it. Throws ModelError. */
export function readNpy(bytes: Uint8Array, file = ".npy file"): NDArray {
  const reader = new ByteReader(bytes, file);
  if (!reader.hasTag(0, magic)) throw reader.error(0, "not a .npy file", "\\x93NUMPY", "something else");
  const version = reader.u8(6, "version");
  if (version < 1 || version > 3) throw reader.error(6, "unknown .npy version", "1, 2 or 3", `${version}`);
  const headerAt = version === 1 ? 10 : 12;
  const length = version === 1 ? reader.u16(8, "header length") : reader.u32(8, "header length");
  if (length > maxHeader) throw reader.error(8, "absurd header", `at most ${maxHeader} bytes`, `${length}`);
  const { dtype, shape, fortran } = parseHeader(reader, reader.text(headerAt, length, "header"), headerAt);
  const dataAt = headerAt + length;
  const size = byteCount(dtype, shape, file);
  if (reader.length - dataAt !== size) {
    const expected = `${size} bytes for ${dtype} [${shape}]`;
    throw reader.error(dataAt, "shape and data disagree", expected, `${reader.length - dataAt}`);
  }
  const data = reader.slice(dataAt, size, "data");
  return fortran ? fromFortran(dtype, shape, data) : arrayFromBytes(dtype, shape, data);
}

function parseHeader(reader: ByteReader, header: string, at: number) {
  const [, order, code, fortran, axes] = headerSyntax.exec(header) ?? [];
  if (code === undefined) {
    const hint = "Structured types are not read; save plain numbers with numpy.save";
    throw reader.error(
      at,
      "unknown .npy header",
      "descr, fortran_order, shape",
      header.slice(0, 80).trim(),
      hint,
    );
  }
  const dtype = dtypeNames.find((name) => codeOf(name) === code);
  if (code.startsWith("O")) {
    throw reader.error(at, "arrays of Python objects are not read", "numbers", code, "They would run code");
  }
  if (dtype === undefined)
    throw reader.error(at, "this dtype is not read", "f, i, u or b", `${order}${code}`);
  // "=" is the byte order of the writer, which a file cannot mean; numpy never writes it. One byte has no order.
  if (byteWidth(dtype) > 1 && order !== "<") {
    const hint = "Save it as little-endian: array.astype(array.dtype.newbyteorder('<'))";
    throw reader.error(at, "not little-endian", `<${code}`, `${order}${code}`, hint);
  }
  const shape = axes
    .split(",")
    .filter((axis) => axis.trim() !== "")
    .map(Number);
  return { dtype, shape, fortran: fortran === "True" };
}

/** First axis fastest -> last axis fastest. `data` has as many bytes as the shape asks for. */
function fromFortran(dtype: DType, shape: readonly number[], data: Uint8Array): NDArray {
  const bytes = byteWidth(dtype);
  const out = new Uint8Array(data.length);
  // The strides of the reversed shape, reversed, are the strides of the Fortran order.
  const strides = stridesOf([...shape].reverse()).reverse();
  const index = new Array<number>(shape.length).fill(0);
  for (let to = 0, from = 0; to < data.length; to += bytes) {
    for (let byte = 0; byte < bytes; byte++) out[to + byte] = data[from * bytes + byte];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= index[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return arrayFromBytes(dtype, shape, out);
}

/** The bytes of a `.npy` file, version 1, C order, as numpy.save writes it. Throws ModelError for bfloat16. */
export function writeNpy(array: NDArray, file = ".npy file"): Uint8Array {
  const code = codeOf(array.dtype);
  if (code === undefined) {
    throw new ModelError("numpy has no such dtype", {
      where: file,
      got: array.dtype,
      hint: "Cast to f32 first",
    });
  }
  const axes = array.shape.length === 1 ? `${array.shape[0]},` : array.shape.join(", ");
  const order = byteWidth(array.dtype) > 1 ? "<" : "|";
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${axes}), }`;
  // Data start at a multiple of 64; a line feed ends the header.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const out = new ByteWriter().u8(0x93).text("NUMPY").u8(1).u8(0).u16(length);
  return out
    .text(`${text.padEnd(length - 1)}\n`)
    .raw(bytesToWrite(array, file))
    .finish();
}

/** The arrays of a `.npz` file by name, without ".npy". Throws ModelError. */
export function readNpz(bytes: Uint8Array, options: ZipOptions = {}): Map<string, NDArray> {
  const file = options.file ?? ".npz file";
  const arrays = new Map<string, NDArray>();
  for (const [name, member] of openZip(bytes, { ...options, file })) {
    const where = `${file}, member ${name}`;
    if (!name.endsWith(".npy")) throw new ModelError("not an array", { where, expected: "a name in .npy" });
    arrays.set(name.slice(0, -4), readNpy(member.read(), where));
  }
  return arrays;
}

/** The bytes of a `.npz` file, uncompressed, as numpy.savez writes it. Throws ModelError. */
export function writeNpz(arrays: ReadonlyMap<string, NDArray>): Uint8Array {
  return writeZip(new Map([...arrays].map(([name, array]) => [`${name}.npy`, writeNpy(array, name)])));
}
