/**
 * `keras.ops` that put elements in order. Equal elements keep their order; NaN counts as the largest. Positions are i32.
 */
import { printDim } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { cast, setShape, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply, choose, iota, numeric, promoted, real } from "./apply.ts";
import { sliceAxis } from "./joining.ts";
import { flatUnless } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";
import { takeAlong } from "./picking.ts";
import { countOf } from "./reduce.ts";

/** Values in order along an axis, and the position each had. */
export function sorted(
  x: Tensor,
  axis: number,
  descending = false,
): readonly [values: Tensor, positions: Tensor] {
  const [values, positions] = x.engine.op("sort", [x], { axis: normalizeAxis(axis, x.rank), descending });
  return [values, positions];
}

interface AxisOption {
  /** Default -1; null flattens first. */
  axis?: number | null;
}

/** The elements in ascending order along `axis`. */
export const sort = parametric("numpy", "sort", ["axis"], (x: TensorLike, { axis = -1 }: AxisOption) => {
  const tensor = flatUnless(asTensor(x), axis);
  return sorted(tensor, axis ?? 0)[0];
});

/** The positions of the elements in ascending order: `takeAlongAxis(x, argsort(x), -1)` is `sort(x)`. */
export const argsort = parametric(
  "numpy",
  "argsort",
  ["axis"],
  (x: TensorLike, { axis = -1 }: AxisOption) => {
    const tensor = asTensor(x);
    if (tensor.rank === 0) return setShape(cast(tensor, "i32").mul(0), [1]);
    return sorted(flatUnless(tensor, axis), axis ?? 0)[1];
  },
);

/** Positions such that element number `kth` stands where sorting puts it, smaller ones before it, larger ones behind. */
export const argpartition = parametric(
  "numpy",
  "argpartition",
  ["kth", "axis"],
  (x: TensorLike, { axis = -1 }: AxisOption & { kth: number | readonly number[] }) =>
    sorted(flatUnless(asTensor(x), axis), axis ?? 0)[1],
);

interface TopKOptions {
  k: number;
  /** Has no effect: the result is always sorted, largest first. */
  sorted?: boolean;
}

/** The k largest elements along the last axis, largest first, and their positions. `ops.topK([1, 5, 3], 2)` is [[5, 3], [1, 2]]. */
export const topK = parametric("math", "topK", ["k", "sorted"], (x: TensorLike, { k }: TopKOptions) =>
  topKOf(asTensor(x), k),
);

export function topKOf(x: Tensor, k: number): readonly [values: Tensor, positions: Tensor] {
  const [values, positions] = sorted(x, -1, true);
  const first = (tensor: Tensor): Tensor => sliceAxis(tensor, x.rank - 1, 0, k);
  return [first(values), first(positions)];
}

/**
 * Whether the prediction for each target class is among the k largest: targets [batch], predictions [batch, classes], result bool [batch]. Equal
 * predictions at the border all count. False where the target is no class or its prediction not finite.
 */
export const inTopK = parametric(
  "math",
  "inTopK",
  ["k"],
  (targets: TensorLike, predictions: TensorLike, { k }: { k: number }) => {
    const [classes, scores] = [cast(asTensor(targets, "i32"), "i32"), numeric(asTensor(predictions))];
    const axis = scores.rank - 1;
    const mine = takeAlong(scores, setShape(classes, [...classes.shape, 1]), axis);
    const larger = countOf(apply("lt", mine, scores), axis, false);
    const size = scores.shape[axis];
    const known = typeof size === "number" ? apply("lt", classes, size) : classes;
    const valid = apply("and", apply("le", 0, classes), known);
    const finite = apply("lt", apply("abs", setShape(mine, classes.shape)), Number.POSITIVE_INFINITY);
    return apply("and", apply("and", valid, finite), apply("lt", larger, k));
  },
);

interface SideOption {
  /** Before ("left", default) or behind ("right") equal elements. */
  side?: "left" | "right";
}

/**
 * For each value the position in an ascending vector where it would be inserted: i32, in the shape of `values`.
 *
 *     ops.searchsorted([1, 3, 5], [3, 4])   // [1, 2]
 */
export const searchsorted = parametric(
  "numpy",
  "searchsorted",
  ["side"],
  (sortedSequence: TensorLike, values: TensorLike, { side = "left" }: SideOption) =>
    searchOf(asTensor(sortedSequence), asTensor(values), side),
);

function searchOf(vector: Tensor, values: Tensor, side: "left" | "right"): Tensor {
  if (vector.rank !== 1)
    throw new ModelError(
      `\`searchsorted\` only supports 1-D sorted sequences. Received: sorted_sequence.shape=[${vector.shape.map(printDim)}]`,
      { hint: "keras.ops.vectorizedMap extends it to more axes" },
    );
  const [a, b] = promoted(vector, values);
  return a.engine.op("search_sorted", [a, b], { side })[0];
}

/** The number of the bin of each element: how many of the ascending `bins` are not above it. */
export const digitize = parametric(
  "numpy",
  "digitize",
  ["bins"],
  (x: TensorLike, { bins }: { bins: TensorLike }) => searchOf(asTensor(bins), asTensor(x), "right"),
);

/**
 * max(x - t, 0) along `axis` with a threshold t that makes most elements 0 (Martins and Astudillo, "From softmax to sparsemax", 2016). NOTE: t is
 * Keras's: it adds up the running sums of the k elements above the threshold where the paper takes the last of them.
 */
export const sparsemax = parametric(
  "nn",
  "sparsemax",
  ["axis"],
  (x: TensorLike, { axis = -1 }: { axis?: number }) => {
    const logits = real(x);
    const at = normalizeAxis(axis, logits.rank);
    const [values] = sorted(logits, at, true);
    const sums = values.engine.op("cumulate", [values], { axis: at, combine: "add", reverse: false })[0];
    const rank = cast(apply("add", iota(logits.engine, logits.shape, at), 1), logits.dtype);
    const above = apply("lt", apply("div", apply("sub", sums, 1), rank), values);
    const total = sum(choose(above, sums, 0), at, true);
    const threshold = apply("div", apply("sub", total, 1), cast(countOf(above, at, true), logits.dtype));
    return apply("max", apply("sub", logits, threshold), 0);
  },
);
