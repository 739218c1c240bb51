/**
 * Golden values as arguments of ours. Tensors of a case become inputs of a function, in the order in which gradients are asked: arguments in
 * order, then named ones sorted by name; everything else stays what it is.
 */
import { isNDArray } from "../../compiler/arrays.ts";
import type { JsonValue } from "../../compiler/formats/json.ts";
import { ops } from "../../compiler/index.ts";
import { flatten, mapNest, type Nest } from "../../compiler/keras/nest.ts";
import type { Tensor } from "../../compiler/tensor.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { type GoldenValue, resolveGolden } from "../support/goldens.ts";

export type Tensors = ReadonlyMap<string, NDArray>;

/** A golden value as an argument: dictionaries are objects, slices are text, complex values pairs, functions are functions. */
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
    case "complex":
      return [plain(value.re), plain(value.im)];
    case "strings":
      return value.values;
    case "function":
      return new Function("ops", `return ${value.source}`)(ops);
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

/** The arguments of a call with their arrays taken out. */
export interface CallArguments {
  readonly inputs: readonly NDArray[];
  /** Positional and named arguments with tensors in the place of arrays. */
  bind(tensors: readonly Tensor[]): {
    readonly args: readonly unknown[];
    readonly kwargs: { readonly [name: string]: unknown };
  };
}

export function callArguments(
  args: JsonValue | undefined,
  kwargs: JsonValue | undefined,
  tensors: Tensors,
): CallArguments {
  const nest = [argument(args ?? [], tensors), argument(kwargs ?? {}, tensors)] as readonly Nest<unknown>[];
  return {
    inputs: flatten<unknown>(nest).filter(isNDArray),
    bind: (given) => {
      let next = 0;
      const bound = mapNest<unknown, unknown>(nest, (leaf) => (isNDArray(leaf) ? given[next++] : leaf));
      const [positional, named] = bound as [unknown[], { [name: string]: unknown }];
      return { args: positional, kwargs: named };
    },
  };
}

/** Element `k` of an array stacked along its first axis. */
export function slice(stacked: NDArray, k: number): NDArray {
  const size = stacked.data.length / stacked.shape[0];
  const data = stacked.data.slice(k * size, (k + 1) * size);
  return { dtype: stacked.dtype, shape: stacked.shape.slice(1), data };
}
