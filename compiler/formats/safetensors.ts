/**
 * safetensors files: 8 bytes of header length, a JSON header, then the tensors without gaps.
 *
 * As strict as the reference implementation (header at most 100,000,000 bytes; no overlap, no hole, no trailing byte),
 * and stricter where its own description asks for it: keys may stand only once, and the header begins with "{".
 * Tensors are copied out, so that they are aligned and keep no file alive.
 */
import { type DType, dtypeNames } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { arrayFromBytes, byteCount, bytesToWrite } from "./array-bytes.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { isJsonObject, type JsonValue, parseJson } from "./json.ts";

export interface Safetensors {
  /** By name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, NDArray>;
  /** The texts under `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
}

const maxHeader = 100_000_000;

/** Names in the format: ours in capitals. */
const formatNames: ReadonlyMap<string, DType> = new Map(dtypeNames.map((name) => [name.toUpperCase(), name]));

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Reads a safetensors file; `file` is what errors call it. Throws ModelError. */
export function readSafetensors(bytes: Uint8Array, file = ".safetensors file"): Safetensors {
  const reader = new ByteReader(bytes, file);
  const length = reader.u64(0, "header length");
  if (length > maxHeader) {
    throw reader.error(
      0,
      "absurd header",
      `at most ${maxHeader} bytes`,
      `${length}`,
      "Is this a safetensors file?",
    );
  }
  const text = reader.text(8, length, "header");
  if (!text.startsWith("{"))
    throw reader.error(8, "not a safetensors header", '"{"', JSON.stringify(text[0] ?? ""));
  const header = parseJson(text, `${file}, header`, { depth: 8 });
  if (!isJsonObject(header)) throw reader.error(8, "not a safetensors header", "an object");
  const { __metadata__: metadata, ...rest } = header;
  const entries = Object.entries(rest).map(([name, value]) => readEntry(name, value, file));
  checkCover(entries, bytes.length - 8 - length, file);
  const start = 8 + length;
  const tensors = new Map<string, NDArray>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const data = reader.slice(start + begin, end - begin, `tensor ${name.slice(0, 80)}`);
    tensors.set(name, arrayFromBytes(dtype, shape, data));
  }
  return { tensors, metadata: readMetadata(metadata, file) };
}

function readEntry(name: string, value: JsonValue, file: string): Entry {
  const where = `${file}, tensor ${JSON.stringify(name.slice(0, 80))}`;
  const { dtype: code, shape, data_offsets, ...rest } = isJsonObject(value) ? value : {};
  const dtype = typeof code === "string" ? formatNames.get(code) : undefined;
  if (dtype === undefined) {
    const expected = [...formatNames.keys()].join(", ");
    throw new ModelError("this dtype is not read", {
      where,
      expected,
      got: JSON.stringify(code ?? null).slice(0, 40),
    });
  }
  const isSize = (item: JsonValue): item is number => Number.isSafeInteger(item) && Number(item) >= 0;
  const isSizes = (item: JsonValue | undefined): item is readonly number[] =>
    Array.isArray(item) && item.every(isSize);
  if (
    !isSizes(shape) ||
    !isSizes(data_offsets) ||
    data_offsets.length !== 2 ||
    Object.keys(rest).length > 0
  ) {
    const expected = "dtype, shape and data_offsets [begin, end], non-negative integers";
    throw new ModelError("not a tensor description", {
      where,
      expected,
      got: JSON.stringify(value).slice(0, 100),
    });
  }
  const [begin, end] = data_offsets;
  const size = byteCount(dtype, shape, where);
  if (end - begin !== size) {
    const expected = `${size} bytes for ${dtype} [${shape}]`;
    throw new ModelError("shape and data disagree", { where, expected, got: `${begin} to ${end}` });
  }
  return { name, dtype, shape, begin, end };
}

/** The tensors must cover the buffer exactly, each byte once: what no tensor names could hide anything. */
function checkCover(entries: readonly Entry[], size: number, file: string): void {
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== covered) {
      const where = `${file}, tensor ${JSON.stringify(name.slice(0, 80))}`;
      const problem = begin < covered ? "tensors overlap" : "a hole between tensors";
      throw new ModelError(problem, { where, expected: `begin at ${covered}`, got: `${begin}` });
    }
    covered = end;
  }
  if (covered === size) return;
  const hint =
    covered > size ? "The file is cut short: download it again" : "Bytes follow that no tensor names";
  throw new ModelError("tensors and file size disagree", {
    where: file,
    expected: `${covered} bytes of data`,
    got: `${size}`,
    hint,
  });
}

function readMetadata(value: JsonValue | undefined, file: string): Map<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  if (!isJsonObject(value))
    throw new ModelError("__metadata__ is not an object", { where: file, expected: "texts" });
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw new ModelError("metadata is not text", {
        where: `${file}, ${key.slice(0, 80)}`,
        expected: "a text",
      });
    }
    metadata.set(key, text);
  }
  return metadata;
}

/** Element sizes in falling order, then names: the order of the reference, which keeps every tensor aligned. */
function layoutOrder([nameA, a]: [string, NDArray], [nameB, b]: [string, NDArray]): number {
  const wider = b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT;
  return wider || (nameA < nameB ? -1 : nameA > nameB ? 1 : 0);
}

/** The bytes of a safetensors file; the header is padded so that data begin at a multiple of 8. Throws ModelError. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, NDArray>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const sorted = [...tensors].sort(layoutOrder);
  const entries: string[] = [];
  if (metadata.size > 0) {
    const texts = [...metadata].map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    entries.push(`"__metadata__":{${texts}}`);
  }
  let begin = 0;
  for (const [name, array] of sorted) {
    if (name === "__metadata__") throw new ModelError("not a name for a tensor", { where: name });
    const end = begin + bytesToWrite(array, name).length;
    const dtype = array.dtype.toUpperCase();
    entries.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${array.shape}],"data_offsets":[${begin},${end}]}`,
    );
    begin = end;
  }
  const header = new TextEncoder().encode(`{${entries.join(",")}}`);
  const padding = (8 - (header.length % 8)) % 8;
  const out = new ByteWriter()
    .u64(header.length + padding)
    .raw(header)
    .text(" ".repeat(padding));
  for (const [name, array] of sorted) out.raw(bytesToWrite(array, name));
  return out.finish();
}
