/**
 * The golden data of `test/goldens` (copied from the shared ones; the README there says how they were made): tensors as
 * NDArrays, and the values of the JSON files with their `$` encodings resolved. And arrays to count on.
 */
import { existsSync, readFileSync } from "node:fs";
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from "../../compiler/formats/json.ts";
import { readSafetensors } from "../../compiler/formats/safetensors.ts";
import { type DType, dtypes } from "../../ir/dtype.ts";
import { type NDArray, ndarray, sizeOf } from "../../ir/ndarray.ts";
import { projectRoot } from "./tools.ts";

/** A directory of goldens. */
export class Goldens {
  private readonly folder: string;
  private readonly files = new Map<string, ReadonlyMap<string, NDArray>>();

  constructor(folder: string) {
    this.folder = folder.endsWith("/") ? folder : `${folder}/`;
  }

  has(path: string): boolean {
    return existsSync(this.folder + path);
  }
  /** The bytes of a file, in an array of their own. */
  bytes(path: string): Uint8Array {
    return new Uint8Array(readFileSync(this.folder + path));
  }
  text(path: string): string {
    return readFileSync(this.folder + path, "utf8");
  }
  json(path: string): JsonValue {
    return parseJson(this.text(path), path);
  }
  /** The tensors of a safetensors file, by name; each file is read once. */
  tensors(path: string): ReadonlyMap<string, NDArray> {
    const found = this.files.get(path) ?? readSafetensors(this.bytes(path), path).tensors;
    this.files.set(path, found);
    return found;
  }
}

/** The copy that belongs to the project. */
export const ownGoldens = `${projectRoot}test/goldens/`;
const own = new Goldens(ownGoldens);

/** The same for the files of the copy, by their path in it. */
export const goldenBytes = (path: string): Uint8Array => own.bytes(path);
export const goldenText = (path: string): string => own.text(path);
export const hasGolden = (path: string): boolean => own.has(path);
export const goldenJson = (path: string): JsonValue => own.json(path);
export const goldenTensors = (path: string): ReadonlyMap<string, NDArray> => own.tensors(path);

/** A case of a golden JSON file with a `cases` list, by id. Throws when there is none. */
export function goldenCase(path: string, id: string): JsonObject {
  const { cases } = asObject(goldenJson(path));
  const found = asArray(cases).find((item) => isJsonObject(item) && item.id === id);
  if (found === undefined) throw new Error(`no case ${id} in ${path}`);
  return asObject(found);
}

/** What the encodings stand for; see "Values in JSON" in the README of the goldens. */
export type GoldenValue =
  | null
  | boolean
  | number
  | string
  | NDArray
  | {
      readonly kind: "slice";
      readonly start: GoldenValue;
      readonly stop: GoldenValue;
      readonly step: GoldenValue;
    }
  | { readonly kind: "ellipsis" }
  | { readonly kind: "dtype"; readonly name: string }
  | { readonly kind: "complex"; readonly re: GoldenValue; readonly im: GoldenValue }
  | { readonly kind: "strings"; readonly shape: readonly number[]; readonly values: JsonValue }
  /** JavaScript over `ops`, as text. */
  | { readonly kind: "function"; readonly source: string }
  | readonly GoldenValue[]
  | { readonly kind: "object"; readonly fields: ReadonlyMap<string, GoldenValue> };

/** Resolves the encodings of a JSON value; tensors are looked up by name in `tensors`. */
export function resolveGolden(value: JsonValue, tensors: ReadonlyMap<string, NDArray>): GoldenValue {
  const resolve = (item: JsonValue): GoldenValue => resolveGolden(item, tensors);
  if (Array.isArray(value)) return value.map(resolve);
  if (!isJsonObject(value)) return value as GoldenValue;
  if ("$tensor" in value) return tensorOf(value, tensors);
  if ("$float" in value) return Number(value.$float);
  if ("$ellipsis" in value) return { kind: "ellipsis" };
  if ("$dtype" in value) return { kind: "dtype", name: String(value.$dtype) };
  if ("$fn" in value) return { kind: "function", source: String(value.$fn) };
  if ("$slice" in value) {
    const [start, stop, step] = asArray(value.$slice).map(resolve);
    return { kind: "slice", start, stop, step };
  }
  if ("$complex" in value) {
    const [re, im] = asArray(value.$complex).map(resolve);
    return { kind: "complex", re, im };
  }
  if ("$strings" in value) {
    return { kind: "strings", shape: asArray(value.shape).map(Number), values: value.$strings };
  }
  const fields = Object.entries(value).map(([key, item]) => [key, resolve(item)] as const);
  return { kind: "object", fields: new Map(fields) };
}

function tensorOf(value: JsonObject, tensors: ReadonlyMap<string, NDArray>): NDArray {
  const name = String(value.$tensor);
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`no golden tensor ${name}`);
  if (value.shape !== undefined && String(value.shape) !== String(tensor.shape))
    throw new Error(`golden tensor ${name} has another shape`);
  return tensor;
}

export function asObject(value: JsonValue | undefined): JsonObject {
  if (isJsonObject(value)) return value;
  throw new Error(`not an object: ${JSON.stringify(value)?.slice(0, 80)}`);
}

export function asArray(value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  throw new Error(`not a list: ${JSON.stringify(value)?.slice(0, 80)}`);
}

/** 0, 1, 2, … of any dtype, as they are stored. */
export function counting(dtype: DType, shape: readonly number[]): NDArray {
  const size = sizeOf(shape);
  const data = dtypes[dtype].allocate(size);
  for (let i = 0; i < size; i++) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(i);
    else data[i] = dtype === "bool" ? i % 2 : i;
  }
  return ndarray(dtype, shape, data);
}
