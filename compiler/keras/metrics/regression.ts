/**
 * Metrics of real numbers: errors, correlations, the coefficient of determination.
 */

import { productOf } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import {
  broadcastTo,
  cast,
  dimTensor,
  mean,
  select,
  setShape,
  staticDim,
  sum,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { matchRanks, sameRank, square } from "../losses/operands.ts";
import * as losses from "../losses/regression.ts";
import { apply } from "../ops/apply.ts";
import { varianceOf } from "../ops/reduce.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { session } from "../session.ts";
import type { Variable } from "../variable.ts";
import { Metric, type MetricOptions, type SampleWeight, updateOperands } from "./metric.ts";
import { defineMeanMetric, MeanState, type ReductionArguments } from "./reduction.ts";

export const MeanSquaredError = defineMeanMetric("MeanSquaredError", losses.meanSquaredError);
export const MeanAbsoluteError = defineMeanMetric("MeanAbsoluteError", losses.meanAbsoluteError);
export const MeanAbsolutePercentageError = defineMeanMetric(
  "MeanAbsolutePercentageError",
  losses.meanAbsolutePercentageError,
);
export const MeanSquaredLogarithmicError = defineMeanMetric(
  "MeanSquaredLogarithmicError",
  losses.meanSquaredLogarithmicError,
);
export const LogCoshError = defineMeanMetric("LogCoshError", losses.logCosh, {}, { name: "logcosh" });

/** The cosine of the angle between labels and predictions; as a loss it is its opposite. */
const cosine = (y: TensorLike, p: TensorLike, options: { axis?: number } = {}): Tensor =>
  apply("neg", losses.cosineSimilarity(y, p, options));
export const CosineSimilarity = defineMeanMetric(
  "CosineSimilarity",
  cosine,
  { axis: -1 },
  { direction: "up", savedIfSet: ["axis"] },
);

/** sqrt(mean((y - p)^2)). */
export class RootMeanSquaredError extends MeanState {
  static readonly className: string = "RootMeanSquaredError";
  constructor(...args: ReductionArguments) {
    super(
      readOptions(
        args,
        { name: "root_mean_squared_error" as string | null, direction: "down" as const },
        { owner: "RootMeanSquaredError", positional: ["name", "dtype"], also: ["dtype"] },
      ),
    );
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
    const found = updateOperands([yTrue, yPred, sampleWeight], this.dtype);
    const [y, p] = sameRank(found.yTrue, found.yPred);
    this.accumulate(square(apply("sub", p, y)), found.sampleWeight);
  }
  override result(): Tensor {
    return apply("sqrt", super.result());
  }
}

/** mean((y - mean y) / std y (p - mean p) / std p) along `axis` (Pearson, 1895). */
export function pearsonCorrelation(
  yTrue: TensorLike,
  yPred: TensorLike,
  { axis = -1 }: { axis?: number } = {},
): Tensor {
  const standard = (x: Tensor): Tensor => {
    const centered = apply("sub", x, mean(x, axis, true));
    return apply("div", centered, apply("sqrt", varianceOf(centered, axis, true)));
  };
  const [y, p] = matchRanks(yTrue, yPred).map(standard);
  return mean(apply("mul", y, p), axis, false);
}
export const PearsonCorrelation = defineMeanMetric(
  "PearsonCorrelation",
  pearsonCorrelation,
  { axis: -1 },
  { direction: "up" },
);

/**
 * mean(2 (y - mean p)(p - mean p) / (var y + var p + (mean y - mean p)^2)) along `axis` (Lin, 1989).
 */
export function concordanceCorrelation(
  yTrue: TensorLike,
  yPred: TensorLike,
  { axis = -1 }: { axis?: number } = {},
): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  const [meanY, meanP] = [mean(y, axis, true), mean(p, axis, true)];
  const spread = apply(
    "add",
    varianceOf(apply("sub", y, meanY), axis, true),
    varianceOf(apply("sub", p, meanP), axis, true),
  );
  const scale = apply("add", spread, square(apply("sub", meanY, meanP)));
  const covariance = apply("mul", apply("sub", y, meanP), apply("sub", p, meanP));
  return mean(apply("div", apply("mul", 2, covariance), apply("add", scale, session.epsilon)), axis, false);
}
export const ConcordanceCorrelation = defineMeanMetric(
  "ConcordanceCorrelation",
  concordanceCorrelation,
  { axis: -1 },
  { direction: "up" },
);

export interface R2Options extends MetricOptions {
  /** Over several outputs: their mean (default), their mean weighted by variance, or null for one value each. */
  classAggregation?: "uniform_average" | "variance_weighted_average" | null;
  /** The number of independent variables, for the adjusted score; default 0, not adjusted. */
  numRegressors?: number;
}

const aggregations: readonly unknown[] = ["uniform_average", "variance_weighted_average", null];

/** 1 - sum((y - p)^2) / sum((y - mean y)^2), the share of the variance that predictions [n, d] explain. */
export class R2Score extends Metric {
  static readonly className: string = "R2Score";
  private readonly aggregation: R2Options["classAggregation"];
  private readonly regressors: number;
  private readonly samples: Variable;
  private sums: { y: Variable; squares: Variable; residual: Variable; count: Variable } | undefined;

  constructor(options: Options<R2Options> = {}) {
    const read = readOptions(
      [options],
      {
        classAggregation: "uniform_average" as R2Options["classAggregation"],
        numRegressors: 0,
        name: "r2_score" as string | null,
      },
      { owner: "R2Score", positional: [], also: ["dtype"] },
    );
    super({ ...read, direction: "up" });
    this.aggregation = read.classAggregation;
    this.regressors = read.numRegressors;
    if (!aggregations.includes(this.aggregation))
      throw new ModelError(
        "Invalid value for argument `class_aggregation`. Expected one of " +
          `${aggregations.map(String).join(", ")}. Received: class_aggregation=${this.aggregation}`,
        { where: this.name },
      );
    if (this.regressors < 0)
      throw new ModelError(
        "Invalid value for argument `num_regressors`. Expected a value >= 0. " +
          `Received: num_regressors=${this.regressors}`,
        { where: this.name },
      );
    this.samples = this.addVariable({ name: "num_samples" });
  }

  private build(y: Tensor, p: Tensor): NonNullable<R2Score["sums"]> {
    if (this.sums !== undefined) return this.sums;
    requireMatrices(y, p, "R2Score");
    const shape = [staticDim(p.shape[1], "the number of outputs")];
    const state = (name: string): Variable => this.addVariable({ name, shape });
    this.sums = {
      squares: state("squared_sum"),
      y: state("sum"),
      residual: state("residual"),
      count: state("count"),
    };
    return this.sums;
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
    const found = updateOperands([yTrue, yPred, sampleWeight], this.dtype);
    const [y, p] = sameRank(found.yTrue, found.yPred);
    const state = this.build(y, p);
    const given = cast(found.sampleWeight ?? dimTensor(1, y.engine, this.dtype), this.dtype);
    const weights = broadcastTo(given.rank === 1 ? setShape(given, [...given.shape, 1]) : given, y.shape);
    const total = (x: Tensor): Tensor => sum(x, 0, false);
    const weighted = apply("mul", y, weights);
    state.y.assignAdd(total(weighted));
    state.squares.assignAdd(total(apply("mul", y, weighted)));
    state.residual.assignAdd(total(apply("mul", square(apply("sub", y, p)), weights)));
    state.count.assignAdd(total(weights));
    this.samples.assignAdd(dimTensor(productOf(y.shape), y.engine, this.dtype));
  }

  override result(): Tensor {
    if (this.sums === undefined)
      throw new ModelError("the metric has not seen a batch", { where: this.name });
    const { y, squares, residual, count } = this.sums;
    const total = apply("sub", squares, apply("mul", y, apply("div", y, count)));
    const raw = apply("sub", 1, apply("div", residual, total));
    const isInfinite = apply("eq", apply("abs", raw), Number.POSITIVE_INFINITY);
    return this.adjust(this.aggregate(select(isInfinite, 0, raw), total));
  }

  private aggregate(scores: Tensor, total: Tensor): Tensor {
    if (this.aggregation === "uniform_average") return mean(scores, null, false);
    if (this.aggregation === null || this.aggregation === undefined) return scores;
    return apply("div", sum(apply("mul", total, scores), null, false), sum(total, null, false));
  }

  /** 1 - (1 - r2)(n - 1) / (n - p - 1); the score itself where there are no more samples than variables. */
  private adjust(score: Tensor): Tensor {
    if (this.regressors === 0) return score;
    const n = this.samples.value;
    const freedom = apply("sub", apply("sub", n, this.regressors), 1);
    const rest = apply("mul", apply("sub", 1, score), apply("sub", n, 1));
    return select(apply("lt", 0, freedom), apply("sub", 1, apply("div", rest, freedom)), score);
  }

  override getConfig(): JsonObject {
    return {
      ...super.getConfig(),
      class_aggregation: this.aggregation ?? null,
      num_regressors: this.regressors,
    };
  }
}

/** Throws ModelError unless labels and predictions are [n, d] with d known. */
export function requireMatrices(y: Tensor, p: Tensor, owner: string): void {
  if (y.rank === 2 && p.rank === 2 && typeof p.shape[1] === "number") return;
  throw new ModelError(
    `${owner} expects 2D inputs with shape (batch_size, output_dim). ` +
      `Received input shapes: y_pred.shape=${p} and y_true.shape=${y}.`,
    { where: owner },
  );
}
