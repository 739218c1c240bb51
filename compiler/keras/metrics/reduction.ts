/**
 * Metrics that are sums and means of numbers: `Sum`, `Mean`, and `MeanMetricWrapper`, the mean of a function of labels and predictions. Most of
 * Keras's metrics are declared with `defineMeanMetric`.
 */
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { broadcastTo, cast, dimTensor, mean, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { serializeMaybe } from "../config.ts";
import type { LossFormula } from "../losses/define.ts";
import { maskWeights } from "../losses/loss.ts";
import { divideNoNan, sameRank } from "../losses/operands.ts";
import { getMask } from "../masks.ts";
import { apply } from "../ops/apply.ts";
import { asTensor } from "../ops/operation.ts";
import { type JsonObject, type Options, readOptions, snakeClassName, toSnake } from "../options.ts";
import type { Variable } from "../variable.ts";
import {
  type Direction,
  Metric,
  type MetricOptions,
  type SampleWeight,
  sampleWeightOf,
  updateOperands,
} from "./metric.ts";

type Reduce = (x: Tensor, axis: number | readonly number[] | null, keepdims: boolean) => Tensor;

/** Values and weights [n, ...] to one number per sample each; the values are weighted then. */
export function perSample(
  given: Tensor,
  weights: Tensor | null,
  reduce: Reduce,
  dtype: DType,
): { values: Tensor; weights: Tensor | null } {
  const values = cast(given, dtype);
  const masked = weights === null ? null : maskWeights(cast(weights, dtype), getMask(given), dtype, "sum");
  if (masked === null) return { values: reduceFrom(values, 1, reduce), weights: null };
  const [v, w] = sameRank(values, masked);
  const reduced = reduceFrom(v, Math.max(w.rank, 0), reduce);
  const wide = broadcastTo(w, reduced.shape);
  return {
    values: reduceFrom(apply("mul", reduced, wide), 1, reduce),
    weights: reduceFrom(wide, 1, reduce),
  };
}

/** Reduces the axes from number `first` on. */
function reduceFrom(x: Tensor, first: number, reduce: Reduce): Tensor {
  const axes = Array.from({ length: Math.max(x.rank - first, 0) }, (_, i) => first + i);
  return axes.length === 0 ? x : reduce(x, axes, false);
}

const reductionOptions = (className: string, args: readonly unknown[], name: string) =>
  readOptions(
    args,
    { name: name as string | null },
    { owner: className, positional: ["name", "dtype"], also: ["name", "dtype"] },
  );

export type ReductionArguments = [name?: string | Options<MetricOptions>, dtype?: string];

/** The sum of values, weighted: `updateState(values)`. */
export class Sum extends Metric {
  static readonly className: string = "Sum";
  readonly total: Variable;
  constructor(...args: ReductionArguments) {
    super(reductionOptions("Sum", args, "sum"));
    this.total = this.addVariable({ name: "total" });
  }
  override updateState(given: TensorLike, sampleWeight: SampleWeight = null): void {
    const weight = sampleWeightOf(sampleWeight);
    const { values } = perSample(
      asTensor(given, this.dtype),
      weight === null ? null : asTensor(weight, this.dtype),
      sum,
      this.dtype,
    );
    this.total.assignAdd(sum(values, null, false));
  }
  override result(): Tensor {
    return this.total.value;
  }
}

/** The base of means: total and count of numbers per sample. */
export abstract class MeanState extends Metric {
  readonly total: Variable;
  readonly count: Variable;
  constructor(options: Options<MetricOptions> & { readonly direction?: Direction }) {
    super(options);
    this.total = this.addVariable({ name: "total" });
    this.count = this.addVariable({ name: "count" });
  }
  /** Adds values [n, ...]: the mean of each sample, times its weight. */
  protected accumulate(given: Tensor, sampleWeight: Tensor | null): void {
    const { values, weights } = perSample(given, sampleWeight, mean, this.dtype);
    this.total.assignAdd(sum(values, null, false));
    const count =
      weights === null
        ? dimTensor(values.shape[0] ?? 1, values.engine, this.dtype)
        : sum(weights, null, false);
    this.count.assignAdd(count);
  }
  override result(): Tensor {
    return divideNoNan(this.total.value, this.count.value);
  }
}

/** The mean of values, weighted: `updateState(values)`. 0 before the first. */
export class Mean extends MeanState {
  static readonly className: string = "Mean";
  constructor(...args: ReductionArguments) {
    super(reductionOptions("Mean", args, "mean"));
  }
  override updateState(given: TensorLike, sampleWeight: SampleWeight = null): void {
    const weight = sampleWeightOf(sampleWeight);
    this.accumulate(asTensor(given, this.dtype), weight === null ? null : asTensor(weight, this.dtype));
  }
}

/** A function of the user: labels and predictions to numbers. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** The mean over samples of a function of labels and predictions. */
export class MeanMetricWrapper extends MeanState {
  static readonly className: string = "MeanMetricWrapper";
  private readonly compute: MetricFunction;
  private readonly config: JsonObject | undefined;

  constructor(
    compute: MetricFunction,
    options: Options<MetricOptions> & { readonly direction?: Direction } = {},
    config?: JsonObject,
  ) {
    super(options);
    if (typeof compute !== "function")
      throw new ModelError("a metric needs a function", {
        where: this.name,
        expected: "a function of labels and predictions",
        got: String(compute),
      });
    this.compute = compute;
    this.config = config;
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
    const found = updateOperands([yTrue, yPred, sampleWeight], undefined);
    const values = this.compute(found.yTrue, found.yPred);
    const weights = maskWeights(found.sampleWeight, getMask(found.yPred), this.dtype, "sum");
    this.accumulate(values, weights);
  }
  override getConfig(): JsonObject {
    return { ...super.getConfig(), ...(this.config ?? { fn: serializeMaybe(this.compute) }) };
  }
}

export interface MeanMetricDetails<O> {
  /** Default: the class name in snake case. */
  readonly name?: string;
  /** Options that configurations leave out, or only hold where they differ from their defaults. */
  readonly unsaved?: readonly (keyof O & string)[];
  readonly savedIfSet?: readonly (keyof O & string)[];
  /** Whether more is better; default "down", as for losses. */
  readonly direction?: Direction;
  /** Order of positional arguments; default name, dtype, then the options. */
  readonly positional?: readonly string[];
}

/** The class of a mean metric; named, because declarations cannot describe an anonymous class. */
export interface MeanMetricClass<O extends object> {
  readonly module: string;
  readonly className: string;
  readonly prototype: MeanMetricWrapper;
  new (...args: (O[keyof O] | string | Options<MetricOptions & Partial<O>>)[]): MeanMetricWrapper;
}

/** Declares a mean metric: its class name, its formula, its options with their defaults. */
export function defineMeanMetric<O extends object>(
  className: string,
  formula: LossFormula<Partial<O>>,
  defaults: O = {} as O,
  details: MeanMetricDetails<O> = {},
): MeanMetricClass<O> {
  const { name = snakeClassName(className), unsaved = [], savedIfSet = [], direction = "down" } = details;
  const keys = Object.keys(defaults) as (keyof O & string)[];
  const positional = details.positional ?? ["name", "dtype", ...keys];
  return class extends MeanMetricWrapper {
    static override readonly className = className;
    constructor(...args: readonly unknown[]) {
      const given = readOptions(args, defaults, { owner: className, positional, also: ["name", "dtype"] });
      const options = Object.fromEntries(keys.map((key) => [key, given[key]])) as O;
      const isSaved = (key: keyof O & string): boolean =>
        !unsaved.includes(key) && !(savedIfSet.includes(key) && options[key] === defaults[key]);
      const saved = keys.filter(isSaved).map((key) => [toSnake(key), options[key]]);
      super(
        (y, p) => formula(y, p, options),
        { name, ...given, direction },
        Object.fromEntries(saved) as JsonObject,
      );
    }
  };
}
