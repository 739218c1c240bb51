/**
 * Running the Keras goldens: their values as arguments, results as arrays, and the difference as one line of text.
 */
import { isNDArray } from "../../compiler/arrays.ts";
import type { JsonObject, JsonValue } from "../../compiler/formats/json.ts";
import { flatten, mapNest, type Nest } from "../../compiler/keras/nest.ts";
import { type Tensor, TensorMethods } from "../../compiler/tensor.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { type Closeness, difference } from "./close.ts";
import { asArray, asObject, type GoldenValue, goldenJson, goldenTensors, resolveGolden } from "./goldens.ts";

export type Tensors = ReadonlyMap<string, NDArray>;

/** The cases of a golden JSON file, under `key`. */
export const goldenCases = (path: string, key = "cases"): readonly JsonObject[] =>
  asArray(asObject(goldenJson(path))[key]).map(asObject);

/** The tensors of a golden file; each file is read once. */
export function tensorsOf(path: string, known: Map<string, Tensors>): Tensors {
  const found = known.get(path) ?? goldenTensors(path);
  known.set(path, found);
  return found;
}

/** A golden value as an argument of ours: dictionaries are objects, slices are text. */
export function argument(value: JsonValue | undefined, tensors: Tensors): unknown {
  return value === undefined ? undefined : plain(resolveGolden(value, tensors));
}

function plain(value: GoldenValue): unknown {
  if (value === null || typeof value !== "object" || isNDArray(value)) return value;
  if (!("kind" in value)) return value.map(plain);
  switch (value.kind) {
    case "object":
      return Object.fromEntries([...value.fields].map(([key, item]) => [key, plain(item)]));
    case "slice":
      return [value.start, value.stop, value.step].map((part) => part ?? "").join(":");
    case "ellipsis":
      return "...";
    case "dtype":
      return value.name;
    default:
      throw new Error(`no argument: ${value.kind}`);
  }
}

/** An array of a case. */
export function array(value: JsonValue | undefined, tensors: Tensors): NDArray {
  const found = argument(value, tensors);
  if (isNDArray(found)) return found;
  throw new Error(`not an array: ${JSON.stringify(value)}`);
}

/** The arrays of a case, in order. */
export const arrays = (value: JsonValue | undefined, tensors: Tensors): NDArray[] =>
  flatten<unknown>(argument(value, tensors) as Nest<unknown>).filter(isNDArray);

/** Tensors of a structure of results. */
export const tensorsIn = (value: unknown): Tensor[] =>
  flatten<unknown>(value as Nest<unknown>).flatMap((item) =>
    item instanceof TensorMethods ? [item.value] : [],
  );

/** Arrays inside of arguments become tensors. */
export const watched = (value: unknown, watch: (array: NDArray) => Tensor): unknown =>
  mapNest<unknown, unknown>(value as Nest<unknown>, (item) => (isNDArray(item) ? watch(item) : item));

export const closenessOf = ({ rtol, atol }: JsonObject): Closeness => ({
  relative: Number(rtol),
  absolute: Number(atol),
});

/** Where results differ from what is expected; empty where they do not. */
export function differences(
  what: string,
  got: readonly Tensor[],
  expected: readonly NDArray[],
  closeness: Closeness,
): string[] {
  if (got.length < expected.length) return [`${what}: ${got.length} instead of ${expected.length}`];
  return expected.flatMap((array, i) => {
    const text = difference(got[i].arraySync(), array, closeness);
    return text === undefined ? [] : [`${what} ${i}: ${text}`];
  });
}

/** Element `k` of an array stacked along its first axis. */
export function slice(stacked: NDArray, k: number): NDArray {
  const size = stacked.data.length / stacked.shape[0];
  return {
    dtype: stacked.dtype,
    shape: stacked.shape.slice(1),
    data: stacked.data.slice(k * size, (k + 1) * size),
  };
}
