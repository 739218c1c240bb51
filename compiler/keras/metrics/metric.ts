/**
 * The base of metrics. What a metric knows of a batch are a few tensors that add up over batches (a total and a count, say); its result is a
 * function of their sums. So a compiled step returns the tensors of its batch, the host adds them, and a ragged last batch counts for what it is.
 */
import type { NDArray } from "../../../ir/ndarray.ts";
import {
  cast,
  commonEngine,
  dimTensor,
  elementwise,
  mean,
  setShape,
  sum,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { classNameOf } from "../config.ts";
import { type JsonObject, type Options, snakeClassName } from "../options.ts";
import { session } from "../session.ts";

export interface MetricOptions {
  /** Default: the class name in snake case. */
  name?: string | null;
  dtype?: string | JsonObject | null;
}

export abstract class Metric {
  static readonly module: string = "keras.metrics";
  name: string;
  private sums: Float64Array[] | undefined;

  constructor(options: Options<MetricOptions> = {}) {
    this.name = options.name ?? session.uniqueName(snakeClassName(classNameOf(this)));
  }

  /** What the batch adds: tensors of fixed shapes. */
  abstract statistics(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): readonly Tensor[];

  /** The value for sums of statistics. */
  abstract compute(sums: readonly Float64Array[]): number;

  getConfig(): JsonObject {
    return { name: this.name, dtype: "float32" };
  }

  /** Takes a batch in. Asynchronous, because it reads from the backend. */
  async updateState(
    yTrue: TensorLike,
    yPred: TensorLike,
    options: { sampleWeight?: TensorLike | null } = {},
  ): Promise<void> {
    const engine = commonEngine([yTrue, yPred], session.engine());
    const { sampleWeight } = options;
    const weights =
      sampleWeight === undefined || sampleWeight === null ? null : toTensor(sampleWeight, engine);
    const statistics = this.statistics(toTensor(yTrue, engine), toTensor(yPred, engine), weights);
    this.add(await Promise.all(statistics.map((tensor) => tensor.array())));
  }

  /** Adds the statistics of a batch. */
  add(statistics: readonly NDArray[]): void {
    this.sums ??= statistics.map(({ data }) => new Float64Array(data.length));
    statistics.forEach(({ data }, i) => {
      const into = this.sums?.[i];
      if (into !== undefined) for (let at = 0; at < into.length; at++) into[at] += Number(data[at]);
    });
  }

  /** The value over all batches so far; 0 before the first. */
  result(): number {
    return this.sums === undefined ? 0 : this.compute(this.sums);
  }

  resetState(): void {
    this.sums = undefined;
  }
}

/** A metric that is a mean over samples: statistics are the total and the count. */
export abstract class MeanMetric extends Metric {
  abstract values(yTrue: Tensor, yPred: Tensor): Tensor;

  override statistics(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): readonly Tensor[] {
    return meanStatistics(this.values(yTrue, yPred), sampleWeight);
  }

  override compute([total, count]: readonly Float64Array[]): number {
    return count[0] === 0 ? 0 : total[0] / count[0];
  }
}

/** Total and count of values [n, ...]: the mean of each sample, times its weight. */
export function meanStatistics(given: Tensor, sampleWeight: Tensor | null): readonly Tensor[] {
  const values = cast(given, "f32");
  if (values.rank === 0) return [values, dimTensor(1, values.engine, "f32")];
  if (sampleWeight === null) {
    return [sum(perSample(values), null, false), dimTensor(values.shape[0], values.engine, "f32")];
  }
  const weight = cast(sampleWeight, "f32");
  const squeezed =
    weight.rank === values.rank + 1 && weight.shape[weight.rank - 1] === 1
      ? setShape(weight, weight.shape.slice(0, -1))
      : weight;
  const extra = Array.from({ length: Math.max(values.rank - squeezed.rank, 0) }, (_, i) => squeezed.rank + i);
  const reduced = extra.length === 0 ? values : mean(values, extra, false);
  return [
    sum(perSample(elementwise("mul", [reduced, squeezed])), null, false),
    sum(perSample(squeezed), null, false),
  ];
}

const perSample = (x: Tensor): Tensor =>
  x.rank > 1
    ? mean(
        x,
        Array.from({ length: x.rank - 1 }, (_, i) => i + 1),
        false,
      )
    : x;
