/**
 * Losses of predicted distributions. With `fromLogits` predictions are logarithms up to a constant, which is more exact than probabilities.
 * `labelSmoothing` spreads this share of each label evenly over all classes (Szegedy et al., 2016).
 */
import { equalShapes } from "../../../ir/dim.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { cast, mean, select, setShape, staticDim, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { setMask } from "../masks.ts";
import { softmaxOf } from "../ops/activations.ts";
import { apply, clamp } from "../ops/apply.ts";
import { oneHotOf } from "../ops/create.ts";
import {
  binaryCrossentropy as binaryCrossentropyOp,
  categoricalCrossentropy as categoricalCrossentropyOp,
  sparseCategoricalCrossentropy as sparseCategoricalCrossentropyOp,
} from "../ops/crossentropy.ts";
import { asTensor } from "../ops/operation.ts";
import { session } from "../session.ts";
import { defineLoss } from "./define.ts";
import { average, matchRanks, pairwise } from "./operands.ts";

/** sum(y log(y / p)) of probabilities. */
export const klDivergence = pairwise((y, p) => {
  const [a, b] = [clamp(y, session.epsilon, 1), clamp(p, session.epsilon, 1)];
  return sum(apply("mul", a, apply("log", apply("div", a, b))), -1, false);
});
export const KLDivergence = defineLoss("KLDivergence", klDivergence);

/** mean(p - y log(p)). */
export const poisson = pairwise((y, p) =>
  average(apply("sub", p, apply("mul", y, apply("log", apply("add", p, session.epsilon))))),
);
export const Poisson = defineLoss("Poisson", poisson);

export interface CrossentropyLossOptions {
  /** Default false: predictions are probabilities. */
  fromLogits?: boolean;
  /** Default 0. */
  labelSmoothing?: number;
  /** Default -1. */
  axis?: number;
}
const crossentropyDefaults = { fromLogits: false, labelSmoothing: 0, axis: -1 };

/** y (1 - s) + s / classes. */
function smoothOverClasses(y: Tensor, smoothing: number): Tensor {
  if (smoothing === 0) return y;
  const classes = staticDim(y.shape.at(-1) ?? 1, "the number of classes");
  return apply("add", apply("mul", y, 1 - smoothing), smoothing / classes);
}

/** y (1 - s) + s / 2. */
const smoothBinary = (y: Tensor, smoothing: number): Tensor =>
  smoothing === 0 ? y : apply("add", apply("mul", y, 1 - smoothing), 0.5 * smoothing);

/** -sum(y log(p)) of one-hot labels (or distributions). */
export function categoricalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  options: CrossentropyLossOptions = {},
): Tensor {
  const { fromLogits, labelSmoothing, axis } = { ...crossentropyDefaults, ...options };
  const [y, p] = matchRanks(yTrue, yPred);
  return categoricalCrossentropyOp(smoothOverClasses(y, labelSmoothing), p, { fromLogits, axis });
}
/** For one-hot labels: [n, ..., classes] both. Example: `losses.CategoricalCrossentropy({ fromLogits: true })`. */
export const CategoricalCrossentropy = defineLoss(
  "CategoricalCrossentropy",
  categoricalCrossentropy,
  crossentropyDefaults,
);

/** mean(-(y log(p) + (1 - y) log(1 - p))). */
export function binaryCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  options: CrossentropyLossOptions = {},
): Tensor {
  const { fromLogits, labelSmoothing, axis } = { ...crossentropyDefaults, ...options };
  const [y, p] = matchRanks(yTrue, yPred);
  return mean(binaryCrossentropyOp(smoothBinary(y, labelSmoothing), p, { fromLogits }), axis, false);
}
/** For labels and predictions between 0 and 1. */
export const BinaryCrossentropy = defineLoss("BinaryCrossentropy", binaryCrossentropy, crossentropyDefaults);

export interface SparseCrossentropyOptions {
  /** Default false: predictions are probabilities. */
  fromLogits?: boolean;
  /** Samples of this class have no loss and do not count; default null, none. */
  ignoreClass?: number | null;
  /** Default -1. */
  axis?: number;
}

/** -log(p[y]) of class numbers. */
export function sparseCategoricalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { fromLogits = false, ignoreClass = null, axis = -1 }: SparseCrossentropyOptions = {},
): Tensor {
  if (ignoreClass === null) return sparseCategoricalCrossentropyOp(yTrue, yPred, { fromLogits, axis });
  const p = asTensor(yPred);
  const given = asTensor(yTrue, "i32");
  const at = normalizeAxis(axis, p.rank);
  const shape = p.shape.filter((_, i) => i !== at);
  const y = equalShapes(given.shape, shape) ? given : setShape(given, shape);
  const counts = apply("ne", y, ignoreClass);
  const wide = setShape(
    counts,
    p.shape.map((dim, i) => (i === at ? 1 : dim)),
  );
  const losses = sparseCategoricalCrossentropyOp(select(counts, y, 0), select(wide, p, 0), {
    fromLogits,
    axis,
  });
  return setMask(select(counts, losses, 0), counts);
}
/** For class numbers: labels [n, ...], predictions [n, ..., classes]. */
export const SparseCategoricalCrossentropy = defineLoss(
  "SparseCategoricalCrossentropy",
  sparseCategoricalCrossentropy,
  { fromLogits: false, ignoreClass: null as number | null, axis: -1 },
  { labels: "classes", unsaved: ["axis"], positional: ["fromLogits", "ignoreClass", "reduction", "axis"] },
);

export interface FocalOptions extends CrossentropyLossOptions {
  /** The weight of the positive class (binary), or of all (categorical); default 0.25. */
  alpha?: number;
  /** How much easy samples are played down; default 2. */
  gamma?: number;
}
const focalDefaults = { alpha: 0.25, gamma: 2, ...crossentropyDefaults };

/** sum(alpha (1 - p)^gamma (-y log(p))) (Lin et al., "Focal loss for dense object detection", 2017). */
export function categoricalFocalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  options: FocalOptions = {},
): Tensor {
  const { alpha, gamma, fromLogits, labelSmoothing, axis } = { ...focalDefaults, ...options };
  const [given, scores] = matchRanks(yTrue, yPred);
  const y = smoothOverClasses(given, labelSmoothing);
  const probabilities = fromLogits ? softmaxOf(scores, axis) : scores;
  const normalized = apply("div", probabilities, sum(probabilities, axis, true));
  const p = clamp(normalized, session.epsilon, 1 - session.epsilon);
  const crossentropy = apply("mul", apply("neg", y), apply("log", p));
  const factor = apply("mul", apply("pow", apply("sub", 1, p), gamma), alpha);
  return sum(apply("mul", factor, crossentropy), axis, false);
}
export const CategoricalFocalCrossentropy = defineLoss(
  "CategoricalFocalCrossentropy",
  categoricalFocalCrossentropy,
  focalDefaults,
);

export interface BinaryFocalOptions extends FocalOptions {
  /** Whether `alpha` weighs the classes; default false. */
  applyClassBalancing?: boolean;
}
const binaryFocalDefaults = { applyClassBalancing: false, ...focalDefaults };

/** mean((1 - q)^gamma (-log(q))), where q = p for label 1 and 1 - p for label 0 (Lin et al., 2017). */
export function binaryFocalCrossentropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  options: BinaryFocalOptions = {},
): Tensor {
  const { applyClassBalancing, alpha, gamma, fromLogits, labelSmoothing, axis } = {
    ...binaryFocalDefaults,
    ...options,
  };
  const [given, scores] = matchRanks(yTrue, yPred);
  const y = smoothBinary(given, labelSmoothing);
  const p = fromLogits ? apply("sigmoid", scores) : scores;
  const other = apply("sub", 1, y);
  const q = apply("add", apply("mul", y, p), apply("mul", other, apply("sub", 1, p)));
  const focal = apply("mul", apply("pow", apply("sub", 1, q), gamma), binaryCrossentropyOp(y, p));
  const balance = apply("add", apply("mul", y, alpha), apply("mul", other, 1 - alpha));
  return mean(applyClassBalancing ? apply("mul", balance, focal) : focal, axis, false);
}
export const BinaryFocalCrossentropy = defineLoss(
  "BinaryFocalCrossentropy",
  binaryFocalCrossentropy,
  binaryFocalDefaults,
);

/** (1 - p[y]^q) / q of class numbers (Zhang and Sabuncu, 2018); between the cross entropy (q near 0) and the absolute error (q = 1). */
export function categoricalGeneralizedCrossEntropy(
  yTrue: TensorLike,
  yPred: TensorLike,
  { q = 0.5 }: { q?: number } = {},
): Tensor {
  const p = asTensor(yPred);
  const classes = staticDim(p.shape.at(-1) ?? 1, "the number of classes");
  const hot = oneHotOf(cast(asTensor(yTrue, "i32"), "i32"), classes, -1, p.dtype);
  const right = sum(apply("mul", p, hot), -1, false);
  return apply("div", apply("sub", 1, apply("pow", right, q)), q);
}
export const CategoricalGeneralizedCrossEntropy = defineLoss(
  "CategoricalGeneralizedCrossEntropy",
  categoricalGeneralizedCrossEntropy,
  { q: 0.5 },
  {
    labels: "classes",
    check: ({ q }) => (q > 0 && q < 1 ? undefined : `q must be in the interval (0, 1). Received: q=${q}`),
  },
);
