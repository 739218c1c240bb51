/**
 * The data of a dataset: compact, contiguous, or chunked and filtered, into an NDArray.
 *
 * Only what the file itself holds is read: external files and virtual datasets are refused, and so is a dataset that
 * declares more than was ever stored, before anything is allocated.
 */
import type { DType } from "../../../ir/dtype.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { arrayFromBytes, elementCount } from "../array-bytes.ts";
import { type ChunkLayout, readChunks } from "./chunks.ts";
import type { Hdf5Bytes } from "./file.ts";
import { readFilters } from "./filters.ts";
import type { Message } from "./header.ts";
import { type Hdf5Attributes, messageType } from "./model.ts";
import { type ElementType, readShape, readType } from "./types.ts";

type Layout =
  | { readonly kind: "stored"; readonly at: number | undefined; readonly length: number }
  | ({ readonly kind: "chunked" } & ChunkLayout);

/** Whether an object with these messages is a dataset. */
export const isDataset = (messages: readonly Message[]): boolean =>
  messages.some((message) => message.type === messageType.layout);

/** The array of the dataset called `path`, whose attributes are already read. Throws ModelError. */
export function readArray(
  file: Hdf5Bytes,
  path: string,
  messages: readonly Message[],
  attributes: Hdf5Attributes,
): NDArray {
  const find = (type: number, what: string): Message => {
    const found = messages.filter((message) => message.type === type);
    if (found.length === 1) return found[0];
    throw file.error(0, `dataset ${path.slice(0, 200)} is damaged`, `one ${what}`, `${found.length}`);
  };
  if (messages.some((message) => message.type === messageType.externalFiles)) {
    const { at } = find(messageType.externalFiles, "list of external files");
    throw file.error(
      at,
      `dataset ${path} lies in other files`,
      "data in this file",
      "a list of files",
      "Refused",
    );
  }
  const shape = readShape(file, find(messageType.dataspace, "dataspace"));
  const typeMessage = find(messageType.datatype, "datatype");
  const dtype = dtypeOf(file, typeMessage, readType(file, typeMessage), attributes, path);
  if (shape === undefined) throw file.error(typeMessage.at, `dataset ${path} has no shape`, "axes", "null");
  const layoutMessage = find(messageType.layout, "layout");
  const layout = readLayout(file, layoutMessage, path);
  const { bytes } = readType(file, typeMessage);
  const count = elementCount(shape, `${file.file}, dataset ${path}`);
  // Claimed first: nothing of this size is allocated, or looped over, before it is known to be affordable.
  file.claim(count * bytes, `dataset ${path}`);
  if (layout.kind === "chunked") {
    const filters = messages.find((message) => message.type === messageType.filters);
    const stages = filters === undefined ? [] : readFilters(file, filters);
    return arrayFromBytes(dtype, shape, readChunks(file, path, { ...layout, shape, bytes, stages }));
  }
  return arrayFromBytes(dtype, shape, storedBytes(file, layout, count * bytes, layoutMessage.at, path));
}

function storedBytes(
  file: Hdf5Bytes,
  { at, length }: { at: number | undefined; length: number },
  expected: number,
  layoutAt: number,
  path: string,
): Uint8Array {
  if (expected === 0) return new Uint8Array(0);
  if (length !== expected || at === undefined) {
    const got = at === undefined ? "nothing stored" : `${length}`;
    throw file.error(layoutAt, `dataset ${path}: shape and stored bytes disagree`, `${expected} bytes`, got);
  }
  return file.slice(at, length, `dataset ${path}`);
}

function dtypeOf(
  file: Hdf5Bytes,
  { at }: Message,
  type: ElementType,
  attributes: Hdf5Attributes,
  path: string,
): DType {
  if (type.kind === "number") return type.dtype;
  // Keras marks its bfloat16 weights, two opaque bytes each, by an attribute.
  if (type.kind === "opaque" && type.bytes === 2 && attributes.get("dtype") === "bfloat16") return "bf16";
  throw file.error(
    at,
    `dataset ${path} is not read`,
    "numbers or booleans",
    `${type.kind} of ${type.bytes} bytes`,
  );
}

function readLayout(file: Hdf5Bytes, { at, length }: Message, path: string): Layout {
  const version = file.u8(at, "layout version");
  const kind = file.u8(at + 1, "layout class");
  if (version !== 3 && version !== 4)
    throw file.error(at, `layout of ${path} is not read`, "version 3 or 4", `${version}`);
  if (kind === 0) {
    const size = file.u16(at + 2, "compact size");
    if (size + 4 > length)
      throw file.error(at, "compact data is cut short", `${size} bytes`, `${length - 4}`);
    return { kind: "stored", at: at + 4, length: size };
  }
  if (kind === 1) {
    return {
      kind: "stored",
      at: file.address(at + 2, "data address"),
      length: file.u64(at + 10, "data size"),
    };
  }
  if (kind === 2 && version === 3) {
    const rank = file.u8(at + 2, "chunk rank") - 1;
    const chunk = Array.from({ length: rank }, (_, axis) => file.u32(at + 11 + 4 * axis, "chunk shape"));
    return { kind: "chunked", at, treeAt: file.address(at + 3, "B-tree address"), chunk };
  }
  const got =
    kind === 2 ? "the chunk index of HDF5 1.10" : kind === 3 ? "a virtual dataset" : `class ${kind}`;
  const hint = kind === 3 ? "Refused as unsafe" : 'Save it again without libver="latest", as Keras does';
  throw file.error(at, `dataset ${path} is not read`, "plain or B-tree-chunked storage", got, hint);
}
