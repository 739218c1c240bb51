/**
 * Metrics that count right answers: for each sample 1 or 0.
 */
import { cast, setShape, staticDim, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { matchRanks } from "../losses/operands.ts";
import { apply } from "../ops/apply.ts";
import { oneHotOf } from "../ops/create.ts";
import { asTensor } from "../ops/operation.ts";
import { argmax, maxOf } from "../ops/reduce.ts";
import { session } from "../session.ts";
import { defineMeanMetric } from "./reduction.ts";

const equal = (a: Tensor, b: Tensor): Tensor => cast(apply("eq", a, b), session.floatx);

/** Whether predictions equal labels. */
export const accuracy = (yTrue: TensorLike, yPred: TensorLike): Tensor => equal(...matchRanks(yTrue, yPred));
export const Accuracy = defineMeanMetric("Accuracy", accuracy, {}, { direction: "up" });

/** Whether prediction and label are on the same side of the threshold (default 0.5). */
export function binaryAccuracy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { threshold = 0.5 }: { threshold?: number } = {},
): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  return equal(y, cast(apply("lt", threshold, p), y.dtype));
}
export const BinaryAccuracy = defineMeanMetric(
  "BinaryAccuracy",
  binaryAccuracy,
  { threshold: 0.5 },
  { direction: "up" },
);

/** Whether the largest prediction is that of the largest label: [n, ..., classes] to [n, ...]. */
export const categoricalAccuracy = (yTrue: TensorLike, yPred: TensorLike): Tensor =>
  equal(argmax(asTensor(yTrue), { axis: -1 }), argmax(asTensor(yPred), { axis: -1 }));
export const CategoricalAccuracy = defineMeanMetric(
  "CategoricalAccuracy",
  categoricalAccuracy,
  {},
  { direction: "up" },
);

/** Class numbers [n, ...] for predictions [n, ..., classes], with or without an axis of size 1 for the classes. */
function classNumbers(yTrue: TensorLike, rank: number): Tensor {
  const y = asTensor(yTrue, "i32");
  const squeezed = y.rank === rank && y.shape[y.rank - 1] === 1 ? setShape(y, y.shape.slice(0, -1)) : y;
  return cast(squeezed, "i32");
}

/** Whether the largest prediction is the labelled class: [n, ...] and [n, ..., classes] to [n, ...]. */
export function sparseCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const p = asTensor(yPred);
  return equal(classNumbers(yTrue, p.rank), argmax(p, { axis: -1 }));
}
export const SparseCategoricalAccuracy = defineMeanMetric(
  "SparseCategoricalAccuracy",
  sparseCategoricalAccuracy,
  {},
  { direction: "up" },
);

/** Whether fewer than k predictions are larger than that of class y. */
function inTopK(y: Tensor, p: Tensor, k: number): Tensor {
  const classes = staticDim(p.shape[p.rank - 1], "the number of classes");
  const own = sum(apply("mul", p, oneHotOf(y, classes, -1, p.dtype)), -1, true);
  const larger = sum(cast(apply("lt", own, p), "i32"), -1, false);
  return cast(apply("lt", larger, k), session.floatx);
}

/** Whether the labelled class is among the `k` (default 5) largest predictions. */
export function sparseTopKCategoricalAccuracy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { k = 5, fromSortedIds = false }: { k?: number; fromSortedIds?: boolean } = {},
): Tensor {
  const p = asTensor(yPred);
  if (!fromSortedIds) return inTopK(classNumbers(yTrue, p.rank), p, k);
  // Predictions are then numbers of classes, the likeliest first.
  const y = cast(asTensor(yTrue, p.dtype), p.dtype);
  const count = Math.min(k, staticDim(p.shape[p.rank - 1], "the number of predictions"));
  const found = apply("eq", setShape(y, [...y.shape, 1]), p.at(["...", `:${count}`]));
  return cast(maxOf(cast(found, "i32"), -1, false), session.floatx);
}
export const SparseTopKCategoricalAccuracy = defineMeanMetric(
  "SparseTopKCategoricalAccuracy",
  sparseTopKCategoricalAccuracy,
  { k: 5, fromSortedIds: false },
  {
    direction: "up",
    savedIfSet: ["fromSortedIds"],
    positional: ["k", "name", "dtype", "fromSortedIds"],
  },
);

/** The same for one-hot labels. */
export function topKCategoricalAccuracy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { k = 5 }: { k?: number } = {},
): Tensor {
  return inTopK(argmax(asTensor(yTrue), { axis: -1 }), asTensor(yPred), k);
}
export const TopKCategoricalAccuracy = defineMeanMetric(
  "TopKCategoricalAccuracy",
  topKCategoricalAccuracy,
  { k: 5 },
  { direction: "up", positional: ["k", "name", "dtype"] },
);
