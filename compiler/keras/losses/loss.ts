/**
 * The base of losses: numbers per sample, weighted and reduced to one.
 */
import { productOf } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import {
  cast,
  commonEngine,
  dimTensor,
  elementwise,
  setShape,
  sum,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { Callable } from "../callable.ts";
import { classNameOf } from "../config.ts";
import { type JsonObject, type Options, snakeClassName } from "../options.ts";
import { session } from "../session.ts";

/** A loss of the user or of Keras: labels and predictions to one number per sample. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

export type Reduction = "sum_over_batch_size" | "sum" | "mean" | "mean_with_sample_weight" | "none" | null;

export interface LossOptions {
  /** Default: the class name in snake case. */
  name?: string | null;
  /** Default "sum_over_batch_size": the sum over how many numbers there are. */
  reduction?: Reduction;
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
  override readonly name: string;
  readonly reduction: Reduction;

  constructor(options: Options<LossOptions> = {}) {
    super();
    const { name, reduction } = options;
    this.name = name ?? session.uniqueName(snakeClassName(classNameOf(this)));
    this.reduction = reduction === undefined ? "sum_over_batch_size" : reduction;
    if (!reductions.includes(this.reduction)) {
      throw new ModelError("unknown reduction", {
        where: this.name,
        expected: reductions.map(String).join(", "),
        got: String(reduction),
      });
    }
  }

  abstract override call(yTrue: Tensor, yPred: Tensor): Tensor;

  override invoke([yTrue, yPred, sampleWeight]: readonly unknown[]): Tensor {
    const engine = commonEngine([yTrue as TensorLike, yPred as TensorLike], session.engine());
    const [y, p] = [toTensor(yTrue as TensorLike, engine), toTensor(yPred as TensorLike, engine)];
    const weights =
      sampleWeight === undefined || sampleWeight === null
        ? null
        : toTensor(sampleWeight as TensorLike, engine);
    return reduceLoss(this.call(y, p), weights, this.reduction);
  }

  getConfig(): JsonObject {
    return { name: this.name, reduction: this.reduction };
  }
}

/** Weights and reduces the numbers of a loss. */
export function reduceLoss(values: Tensor, weights: Tensor | null, reduction: Reduction): Tensor {
  const weighted = weights === null ? values : weigh(values, weights);
  if (reduction === null || reduction === "none" || values.rank === 0) return weighted;
  const total = sum(weighted, null, false);
  if (reduction === "sum") return total;
  const byWeight = reduction === "mean_with_sample_weight" && weights !== null;
  const count = byWeight
    ? sum(cast(weights, total.dtype), null, false)
    : dimTensor(productOf(values.shape), total.engine, total.dtype);
  return elementwise("div", [total, count]);
}

/** Multiplies by weights of the samples, which get axes of size 1 where they have fewer. */
export function weigh(values: Tensor, weights: Tensor): Tensor {
  const w = cast(weights, values.dtype);
  if (w.rank === values.rank + 1 && w.shape[w.rank - 1] === 1)
    return elementwise("mul", [values, setShape(w, w.shape.slice(0, -1))]);
  return elementwise("mul", [
    values,
    setShape(w, [...w.shape, ...new Array<number>(Math.max(values.rank - w.rank, 0)).fill(1)]),
  ]);
}

/** A loss made from a function. */
export class FunctionLoss extends Loss {
  private readonly compute: (yTrue: Tensor, yPred: Tensor) => Tensor;
  private readonly config: JsonObject;

  constructor(
    compute: (yTrue: Tensor, yPred: Tensor) => Tensor,
    options: Options<LossOptions> = {},
    config: JsonObject = {},
  ) {
    super(options);
    this.compute = compute;
    this.config = config;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.compute(yTrue, yPred);
  }
  override getConfig(): JsonObject {
    return { ...super.getConfig(), ...this.config };
  }
}
