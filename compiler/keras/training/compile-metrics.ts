/**
 * The metrics of `compile`: lists for each output, with and without the weights of samples. Which metric a name such as "accuracy" means is settled
 * by the first labels and predictions.
 */
import { get as getMetric, type MetricLike } from "../metrics/index.ts";
import type { Metric } from "../metrics/metric.ts";
import { isGeneric, kindOf, leaves, type OutputPair, type PerOutput, perOutput } from "./outputs.ts";

type Given = PerOutput<MetricLike | readonly MetricLike[]> | null;

/** A metric of one output, under the name that logs give it. */
interface OutputMetric {
  readonly output: number;
  readonly metric: Metric;
  readonly name: string;
  readonly isWeighted: boolean;
}

export class CompileMetrics {
  private readonly given: Given;
  private readonly weighted: Given;
  private built: readonly OutputMetric[] | undefined;

  /** Throws ModelError for metrics that there are not, before anything is known of the data. */
  constructor(metrics: Given, weightedMetrics: Given) {
    this.given = metrics;
    this.weighted = weightedMetrics;
    for (const item of [...leaves(metrics), ...leaves(weightedMetrics)])
      if (!isGeneric(item)) getMetric(item);
  }

  /** Takes a batch in. */
  update(outputs: readonly OutputPair[]): void {
    this.built ??= this.build(outputs);
    for (const { output, metric, isWeighted } of this.built) {
      const { target, prediction, weight } = outputs[output];
      if (target !== null) metric.updateState(target, prediction, isWeighted ? weight : null);
    }
  }

  /** Metrics with the names that logs give them; none before the first batch. */
  get named(): readonly { readonly name: string; readonly metric: Metric }[] {
    return this.built ?? [];
  }

  private build(outputs: readonly OutputPair[]): readonly OutputMetric[] {
    const used = new Map<string, number>();
    const all = [
      ...matched(this.given, outputs, "metrics").map((found) => ({ ...found, isWeighted: false })),
      ...matched(this.weighted, outputs, "weighted_metrics").map((found) => ({ ...found, isWeighted: true })),
    ];
    return all.map((found) => ({ ...found, name: logName(found, outputs, used) }));
  }
}

/** The name of a metric in logs: with that of its output where there are several, and numbered where it is not the only one of its name. */
function logName(
  { metric, output, isWeighted }: Omit<OutputMetric, "name">,
  outputs: readonly OutputPair[],
  used: Map<string, number>,
): string {
  const prefix = outputs.length > 1 && outputs[output].name !== undefined ? `${outputs[output].name}_` : "";
  const plain = `${prefix}${metric.name}`;
  const wanted = isWeighted && used.has(plain) ? `${prefix}weighted_${metric.name}` : plain;
  const count = used.get(wanted) ?? 0;
  used.set(wanted, count + 1);
  return count === 0 ? wanted : `${wanted}_${count}`;
}

function matched(
  given: Given,
  outputs: readonly OutputPair[],
  what: string,
): { output: number; metric: Metric }[] {
  const lists =
    outputs.length === 1
      ? [leaves(given) as MetricLike[]]
      : perOutput(given, outputs, what).map((item) => [item].flat());
  return lists.flatMap((list, output) =>
    list.flatMap((item) =>
      item === null || item === undefined ? [] : [{ output, metric: settle(item, outputs[output]) }],
    ),
  );
}

function settle(identifier: MetricLike, output: OutputPair): Metric {
  if (!isGeneric(identifier)) return getMetric(identifier);
  const isAccuracy = String(identifier).toLowerCase().startsWith("acc");
  const metric = getMetric(`${kindOf(output)}_${isAccuracy ? "accuracy" : "crossentropy"}`);
  metric.name = String(identifier);
  return metric;
}
