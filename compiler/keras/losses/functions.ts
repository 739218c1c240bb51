/**
 * The functions behind `keras.losses`: from labels and predictions to one number per sample; the last axis is averaged or summed.
 */
import type { ScalarName } from "../../../ir/scalar.ts";
import {
  type Axes,
  cast,
  commonEngine,
  elementwise,
  mean,
  select,
  setShape,
  staticDim,
  sum,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { softplusOf } from "../ops/activations.ts";
import { real } from "../ops/apply.ts";
import {
  binaryCrossentropy as binaryCrossentropyOp,
  categoricalCrossentropy as categoricalCrossentropyOp,
  sparseCategoricalCrossentropy as sparseCategoricalCrossentropyOp,
} from "../ops/crossentropy.ts";
import { normalize } from "../ops/normalization.ts";
import { maxOf, minOf } from "../ops/reduce.ts";
import { session } from "../session.ts";

const apply = (name: ScalarName, ...operands: readonly TensorLike[]): Tensor => elementwise(name, operands);

/** Labels and predictions as float tensors of one engine, of one rank where they differ by an axis of size 1. */
export function matchRanks(yTrue: TensorLike, yPred: TensorLike): [Tensor, Tensor] {
  const engine = commonEngine([yTrue, yPred], session.engine());
  const p = real(toTensor(yPred, engine));
  const y = cast(toTensor(yTrue, engine), p.dtype);
  if (y.rank === p.rank + 1 && y.shape[y.rank - 1] === 1)
    return p.rank === 1 ? [y, setShape(p, [...p.shape, 1])] : [setShape(y, y.shape.slice(0, -1)), p];
  if (p.rank === y.rank + 1 && p.shape[p.rank - 1] === 1)
    return y.rank === 1 ? [setShape(y, [...y.shape, 1]), p] : [y, setShape(p, p.shape.slice(0, -1))];
  return [y, p];
}

const pairwise =
  (f: (y: Tensor, p: Tensor) => Tensor) =>
  (yTrue: TensorLike, yPred: TensorLike): Tensor =>
    f(...matchRanks(yTrue, yPred));
const average = (x: Tensor): Tensor => mean(x, -1, false);

/** mean((y - p)^2). */
export const meanSquaredError = pairwise((y, p) => {
  const error = apply("sub", y, p);
  return average(apply("mul", error, error));
});
/** mean(|y - p|). */
export const meanAbsoluteError = pairwise((y, p) => average(apply("abs", apply("sub", y, p))));
/** 100 mean(|y - p| / |y|). */
export const meanAbsolutePercentageError = pairwise((y, p) => {
  const relative = apply("div", apply("sub", y, p), apply("max", apply("abs", y), session.epsilon));
  return apply("mul", average(apply("abs", relative)), 100);
});
/** mean((log(y + 1) - log(p + 1))^2). */
export const meanSquaredLogarithmicError = pairwise((y, p) => {
  const log = (x: Tensor): Tensor => apply("log", apply("add", apply("max", x, session.epsilon), 1));
  const error = apply("sub", log(p), log(y));
  return average(apply("mul", error, error));
});
/** mean(log(cosh(p - y))), computed as x + softplus(-2x) - log(2). */
export const logCosh = pairwise((y, p) => {
  const x = apply("sub", p, y);
  return average(apply("sub", apply("add", x, softplusOf(apply("mul", x, -2))), Math.LN2));
});
/** sum(y log(y / p)) of probabilities. */
export const klDivergence = pairwise((y, p) => {
  const clip = (x: Tensor): Tensor => apply("min", apply("max", x, session.epsilon), 1);
  const [a, b] = [clip(y), clip(p)];
  return sum(apply("mul", a, apply("log", apply("div", a, b))), -1, false);
});
/** mean(p - y log(p)). */
export const poisson = pairwise((y, p) =>
  average(apply("sub", p, apply("mul", y, apply("log", apply("add", p, session.epsilon))))),
);

/** Labels 0 and 1 become -1 and 1; others stay. */
function hingeLabels(y: Tensor): Tensor {
  const binary = apply("or", apply("eq", y, 0), apply("eq", y, 1));
  const all = cast(minOf(cast(binary, "i32"), null, false), "bool");
  return select(all, apply("sub", apply("mul", y, 2), 1), y);
}
/** mean(max(1 - y p, 0)) of labels -1 and 1. */
export const hinge = pairwise((y, p) =>
  average(apply("max", apply("sub", 1, apply("mul", hingeLabels(y), p)), 0)),
);
export const squaredHinge = pairwise((y, p) => {
  const margin = apply("max", apply("sub", 1, apply("mul", hingeLabels(y), p)), 0);
  return average(apply("mul", margin, margin));
});
/** max(1 + largest wrong score - right score, 0). */
export const categoricalHinge = pairwise((y, p) => {
  const right = sum(apply("mul", y, p), -1, false);
  const wrong = maxOf(apply("mul", apply("sub", 1, y), p), -1, false);
  return apply("max", apply("add", apply("sub", wrong, right), 1), 0);
});

/** e^2 / 2 for |e| <= delta, else delta |e| - delta^2 / 2; averaged (Huber, 1964). */
export function huber(yTrue: TensorLike, yPred: TensorLike, { delta = 1 }: { delta?: number } = {}): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  const size = apply("abs", apply("sub", p, y));
  const small = apply("mul", 0.5, apply("mul", size, size));
  return average(
    select(apply("le", size, delta), small, apply("sub", apply("mul", delta, size), 0.5 * delta * delta)),
  );
}

/** -sum(y p) of vectors brought to length 1. */
export function cosineSimilarity(
  yTrue: TensorLike,
  yPred: TensorLike,
  { axis = -1 }: { axis?: Axes } = {},
): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  return apply("neg", sum(apply("mul", normalize(y, { axis }), normalize(p, { axis })), axis, false));
}

export interface CrossentropyLossOptions {
  /** Default false: predictions are probabilities. */
  fromLogits?: boolean;
  /** The share of each label that is spread evenly over all; default 0. */
  labelSmoothing?: number;
  /** Default -1. */
  axis?: number;
}

/** -sum(y log(p)) of one-hot labels (or distributions). */
export function categoricalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0, axis = -1 }: CrossentropyLossOptions = {},
): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  const classes = staticDim(p.shape.at(axis) ?? 1, "the number of classes");
  const smooth =
    labelSmoothing === 0 ? y : apply("add", apply("mul", y, 1 - labelSmoothing), labelSmoothing / classes);
  return categoricalCrossentropyOp(smooth, p, { fromLogits, axis });
}

/** -log(p[y]) of class numbers. */
export function sparseCategoricalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, axis = -1 }: { fromLogits?: boolean; axis?: number } = {},
): Tensor {
  return sparseCategoricalCrossentropyOp(yTrue, yPred, { fromLogits, axis });
}

/** mean(-(y log(p) + (1 - y) log(1 - p))). */
export function binaryCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, labelSmoothing = 0, axis = -1 }: CrossentropyLossOptions = {},
): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  const smooth =
    labelSmoothing === 0 ? y : apply("add", apply("mul", y, 1 - labelSmoothing), 0.5 * labelSmoothing);
  return mean(binaryCrossentropyOp(smooth, p, { fromLogits }), axis, false);
}
