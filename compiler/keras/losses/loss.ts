/**
 * The base of losses: numbers per sample, weighted by samples and masks, and reduced to one.
 */
import { type Dim, productOf } from "../../../ir/dim.ts";
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import {
  cast,
  commonEngine,
  dimTensor,
  elementwise,
  select,
  setShape,
  sum,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { Callable } from "../callable.ts";
import { classNameOf, serializeMaybe } from "../config.ts";
import { policyOf } from "../dtype-policy.ts";
import { getMask } from "../masks.ts";
import { apply } from "../ops/apply.ts";
import { type JsonObject, type Options, snakeClassName } from "../options.ts";
import { session } from "../session.ts";
import { divideNoNan, matchRanks, sameRank } from "./operands.ts";

/** A loss of the user or of Keras: labels and predictions to one number per sample. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

export type Reduction = "sum_over_batch_size" | "sum" | "mean" | "mean_with_sample_weight" | "none" | null;

/** What the labels of a loss are: values like the predictions; numbers of the classes that are predicted; any numbers of classes. */
export type Labels = "values" | "classes" | "groups";

export interface LossOptions {
  /** Default: the class name in snake case. */
  name?: string | null;
  /**
   * Default "sum_over_batch_size": the sum over how many numbers there are ("mean" is the same). "mean_with_sample_weight" divides by the sum of
   * the weights.
   */
  reduction?: Reduction;
  /** In which to compute; default that of `keras.config.floatx()`. */
  dtype?: string | JsonObject | null;
}

const reductions: readonly Reduction[] = [
  "sum_over_batch_size",
  "sum",
  "mean",
  "mean_with_sample_weight",
  "none",
  null,
];

/**
 * The base of losses: `call` gives one number per sample, calling the object reduces them. A loss is called like a
 * function: `loss(yTrue, yPred)`, or with weights of the samples as third argument.
 */
export abstract class Loss extends Callable<
  [yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null],
  Tensor
> {
  static readonly module: string = "keras.losses";
  override name: string;
  readonly reduction: Reduction;
  readonly dtype: DType;
  labels: Labels = "values";
  /** A class whose number labels may have although it is none of the predicted ones. */
  ignoredClass: number | null = null;

  constructor(options: Options<LossOptions> = {}) {
    super();
    const { name, reduction } = options;
    this.name = name ?? session.uniqueName(snakeClassName(classNameOf(this)));
    this.reduction = reduction === undefined ? "sum_over_batch_size" : reduction;
    this.dtype = policyOf(options.dtype, this.name).computeDType;
    if (!reductions.includes(this.reduction)) {
      throw new ModelError(
        `Invalid value for argument \`reduction\`. Expected one of ${reductions.map(String).join(", ")}. ` +
          `Received: reduction=${reduction}`,
        { where: this.name },
      );
    }
  }

  abstract override call(yTrue: Tensor, yPred: Tensor): Tensor;

  override invoke([yTrue, yPred, sampleWeight]: readonly unknown[]): Tensor {
    const engine = commonEngine([yTrue as TensorLike, yPred as TensorLike], session.engine());
    const given = toTensor(yPred as TensorLike, engine);
    const predictions = cast(given, this.dtype);
    const losses = this.call(toTensor(yTrue as TensorLike, engine), predictions);
    const weights =
      sampleWeight === undefined || sampleWeight === null
        ? null
        : toTensor(sampleWeight as TensorLike, engine);
    const mask = bothMasks(getMask(given), getMask(losses));
    return reduceLoss(cast(losses, this.dtype), weights, this.reduction, mask);
  }

  getConfig(): JsonObject {
    return { name: this.name, reduction: this.reduction };
  }
}

function bothMasks(a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return apply("and", ...sameRank(a, b));
}

/** Weights and reduces the numbers of a loss. What `mask` hides does not count. */
export function reduceLoss(
  values: Tensor,
  weights: Tensor | null,
  reduction: Reduction,
  mask?: Tensor,
): Tensor {
  const all = maskWeights(weights && cast(weights, values.dtype), mask, values.dtype, reduction);
  const weighted = all === null ? values : weigh(values, all);
  if (reduction === null || reduction === "none" || values.rank === 0) return weighted;
  const total = sum(weighted, null, false);
  if (reduction === "sum") return total;
  if (reduction === "mean_with_sample_weight" && all !== null)
    return divideNoNan(total, sum(all, null, false));
  return elementwise("div", [total, countOf(weighted.shape, total)]);
}

const countOf = (shape: readonly Dim[], like: Tensor): Tensor =>
  dimTensor(productOf(shape), like.engine, like.dtype);

/** Weights times mask. For means, what the mask leaves weighs more, so that dividing by the number of all values gives the mean of those left. */
export function maskWeights(
  weights: Tensor | null,
  mask: Tensor | undefined,
  dtype: DType,
  reduction: Reduction,
): Tensor | null {
  if (mask === undefined) return weights;
  const flags = cast(mask, "bool");
  const isMean = reduction === "mean" || reduction === "sum_over_batch_size";
  const kept = cast(flags, dtype);
  const share = isMean ? divideNoNan(countOf(mask.shape, kept), sum(kept, null, false)) : 1;
  const factor = select(flags, share, 0);
  if (weights === null) return cast(factor, dtype);
  const [a, b] = sameRank(cast(factor, dtype), weights);
  return apply("mul", b, a);
}

/** Multiplies by weights, whose axes are the first of the values': weights of samples serve all steps of a sequence. */
export function weigh(values: Tensor, weights: Tensor): Tensor {
  const [v, w] = sameRank(values, weights);
  const missing = new Array<number>(Math.max(v.rank - w.rank, 0)).fill(1);
  return apply("mul", v, setShape(w, [...w.shape, ...missing]));
}

/** A loss made from a function. */
export class FunctionLoss extends Loss {
  static readonly className: string = "LossFunctionWrapper";
  private readonly compute: LossFunction;
  private readonly config: JsonObject | undefined;

  constructor(compute: LossFunction, options: Options<LossOptions> = {}, config?: JsonObject) {
    super(options);
    this.compute = compute;
    this.config = config;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    if (this.labels !== "values") return this.compute(yTrue, yPred);
    return this.compute(...matchRanks(yTrue, yPred));
  }
  override getConfig(): JsonObject {
    return { ...super.getConfig(), ...(this.config ?? { fn: serializeMaybe(this.compute) }) };
  }
}
