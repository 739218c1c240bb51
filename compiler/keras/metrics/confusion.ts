/**
 * Counting right and wrong decisions. A prediction above a threshold says yes; compared with the label it is a true or false positive or negative.
 * All metrics of this kind hold such counts, one for each threshold, and differ in what they make of them.
 */

import { productOf } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import {
  broadcastTo,
  cast,
  select,
  setShape,
  staticDim,
  sum,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { positions, sameRank } from "../losses/operands.ts";
import { apply, clamp } from "../ops/apply.ts";
import { session } from "../session.ts";
import type { Variable } from "../variable.ts";
import { type Direction, Metric, type MetricOptions, type SampleWeight, updateOperands } from "./metric.ts";

export type Condition = "true_positives" | "false_positives" | "true_negatives" | "false_negatives";

/** Stands for minus infinity where only the `topK` largest predictions may count. */
const never = -1e10;

/** Thresholds as Keras checks them: numbers from 0 to 1. */
export function parseThresholds(
  thresholds: number | readonly number[] | null,
  otherwise: number,
): readonly number[] {
  if (thresholds === null) return [otherwise];
  const list = typeof thresholds === "number" ? [thresholds] : thresholds;
  const invalid = list.filter((value) => !(value >= 0 && value <= 1));
  if (invalid.length > 0)
    throw new ModelError(`Threshold values must be in [0, 1]. Received: [${invalid.join(", ")}]`);
  return list;
}

/** `count` thresholds from 0 to 1, evenly. */
export const evenThresholds = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => i / (count - 1));

function isEven(thresholds: readonly number[]): boolean {
  if (thresholds.length < 3) return false;
  const even = evenThresholds(thresholds.length);
  return thresholds.every((value, i) => Math.abs(value - even[i]) <= session.epsilon + 1e-5 * even[i]);
}

export interface ConfusionOptions {
  readonly thresholds: readonly number[];
  /** Only the `topK` largest predictions of a sample may be positive. */
  readonly topK?: number | null;
  /** Only this class counts; others are left out. */
  readonly classId?: number | null;
  /** Counts for each label by itself: [thresholds, labels]. */
  readonly labels?: number;
  /** A weight for each label, in counts over all labels together. */
  readonly labelWeights?: readonly number[] | null;
}

/** The base of metrics that hold counts. */
export abstract class ConfusionMetric extends Metric {
  private readonly counts = new Map<Condition, Variable>();

  constructor(options: MetricOptions & { readonly direction?: Direction }) {
    super(options);
  }

  /** Makes the counts that the metric needs. */
  protected hold(conditions: readonly Condition[], shape: readonly number[]): void {
    for (const name of conditions) this.counts.set(name, this.addVariable({ name, shape }));
  }

  protected get isHolding(): boolean {
    return this.counts.size > 0;
  }

  /** The counts of a condition so far. */
  protected count(condition: Condition): Tensor {
    const variable = this.counts.get(condition);
    if (variable === undefined) throw new ModelError("the metric has not seen a batch", { where: this.name });
    return variable.value;
  }

  /** Adds a batch. */
  protected tally(
    yTrue: TensorLike,
    yPred: TensorLike,
    sampleWeight: SampleWeight,
    options: ConfusionOptions,
  ): void {
    const found = updateOperands([yTrue, yPred, sampleWeight], this.dtype);
    const decided = decide(chosen(found.yTrue, found.yPred, options), found.sampleWeight, options);
    for (const [condition, variable] of this.counts) variable.assignAdd(decided(condition));
  }
}

/** Labels and predictions of one shape, less what `topK` and `classId` leave out. */
function chosen(yTrue: Tensor, yPred: Tensor, { topK = null, classId = null }: ConfusionOptions) {
  const [p, y] = sameRank(yPred, yTrue);
  const kept = topK === null ? p : keepTop(p, topK);
  if (classId === null) return { y, p: kept };
  if (p.rank === 1)
    throw new ModelError(
      "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes), " +
        `found shape: ${p}`,
    );
  const only = (x: Tensor): Tensor => x.at(["...", `${classId}:${classId + 1}`]);
  return { y: only(y), p: only(kept) };
}

/** Predictions that are not among the k largest of their sample become very negative; of equal ones the first counts. */
function keepTop(p: Tensor, k: number): Tensor {
  const classes = staticDim(p.shape[p.rank - 1], "the number of classes");
  const one = setShape(p, [...p.shape, 1]);
  const other = setShape(p, [...p.shape.slice(0, -1), 1, classes]);
  const index = positions(classes, p.engine);
  const earlier = apply("lt", setShape(index, [1, classes]), setShape(index, [classes, 1]));
  const ahead = apply("or", apply("lt", one, other), apply("and", apply("eq", one, other), earlier));
  const rank = sum(cast(ahead, "i32"), -1, false);
  return select(apply("lt", rank, k), p, never);
}

/** Whether each prediction says yes at each threshold: [thresholds, ...]. */
function positives(p: Tensor, thresholds: readonly number[]): Tensor {
  const lead = setShape(p, [1, ...p.shape]);
  const steps = [thresholds.length, ...p.shape.map(() => 1)];
  if (!isEven(thresholds.map((value) => clip01(value)))) {
    const at = { dtype: "f32", shape: steps, data: Float32Array.from(thresholds) } as const;
    return apply("lt", at, lead);
  }
  // Evenly spaced ones as Keras rounds them: a prediction counts up to the bucket it falls in.
  const bucket = apply("sub", apply("ceil", apply("mul", clamp(lead, 0, 1), thresholds.length - 1)), 1);
  const reaches = thresholds[0] < 0 ? apply("max", bucket, 0) : bucket;
  const index = setShape(positions(thresholds.length, p.engine), steps);
  return apply("le", index, cast(reaches, "i32"));
}

const clip01 = (value: number): number => Math.min(Math.max(value, 0), 1);

/** What a batch adds to each count. */
function decide(
  { y, p }: { y: Tensor; p: Tensor },
  sampleWeight: Tensor | null,
  { thresholds, labels, labelWeights = null }: ConfusionOptions,
): (condition: Condition) => Tensor {
  const weights = weightsOf(p, sampleWeight, labels === undefined ? labelWeights : null);
  // Counts over all labels see one long list of decisions.
  const flat = (x: Tensor): Tensor => (labels === undefined ? setShape(x, [productOf(p.shape)]) : x);
  const [truth, score, weight] = [cast(flat(y), "bool"), flat(p), weights && flat(weights)];
  const isPositive = positives(score, thresholds);
  const isTrue = setShape(truth, [1, ...truth.shape]);
  const not = (x: Tensor): Tensor => apply("not", x);
  return (condition) => {
    const label = condition === "true_positives" || condition === "false_negatives" ? isTrue : not(isTrue);
    const answer = condition.endsWith("positives") ? isPositive : not(isPositive);
    const hit = cast(apply("and", label, answer), p.dtype);
    const weighted = weight === null ? hit : apply("mul", hit, setShape(weight, [1, ...weight.shape]));
    return sum(weighted, 1, false);
  };
}

/** Weights of samples and labels in the shape of the predictions. */
function weightsOf(
  p: Tensor,
  sampleWeight: Tensor | null,
  labelWeights: readonly number[] | null,
): Tensor | null {
  const bySample = sampleWeight === null ? null : alongSamples(cast(sampleWeight, p.dtype), p);
  if (labelWeights === null) return bySample;
  const byLabel = broadcastTo(
    apply("mul", { dtype: "f32", shape: [labelWeights.length], data: Float32Array.from(labelWeights) }, 1),
    p.shape,
  );
  return bySample === null ? byLabel : apply("mul", bySample, byLabel);
}

function alongSamples(weight: Tensor, p: Tensor): Tensor {
  const missing = new Array<number>(Math.max(p.rank - weight.rank, 0)).fill(1);
  return broadcastTo(setShape(weight, [...weight.shape, ...missing]), p.shape);
}
