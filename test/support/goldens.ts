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

const goldens = `${projectRoot}test/goldens/`;

/** The bytes of a golden file, by its path below `test/goldens`. A plain Uint8Array of its own. */
export const goldenBytes = (path: string): Uint8Array => new Uint8Array(readFileSync(goldens + path));

export const goldenText = (path: string): string => readFileSync(goldens + path, "utf8");

export const hasGolden = (path: string): boolean => existsSync(goldens + path);

/** The parsed content of a golden JSON file. */
export const goldenJson = (path: string): JsonValue => parseJson(goldenText(path), path);

/** A case of a golden JSON file with a `cases` list, by id. Throws when there is none. */
export function goldenCase(path: string, id: string): JsonObject {
  const { cases } = asObject(goldenJson(path));
  const found = asArray(cases).find((item) => isJsonObject(item) && item.id === id);
  if (found === undefined) throw new Error(`no case ${id} in ${path}`);
  return asObject(found);
}

/** The tensors of a golden safetensors file, by name. */
export const goldenTensors = (path: string): ReadonlyMap<string, NDArray> =>
  readSafetensors(goldenBytes(path), path).tensors;

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
  if (String(value.shape) !== String(tensor.shape))
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
