/**
 * What a model is trained for: the losses and metrics of `compile`, matched with the model's outputs. Names such as "accuracy" are settled here,
 * by the shapes of labels and predictions, as Keras does.
 */
import { ModelError } from "../../../ir/errors.ts";
import { elementwise, staticDim, type Tensor } from "../../tensor.ts";
import { get as getLoss, type LossLike, SparseCategoricalCrossentropy } from "../losses/index.ts";
import type { Loss } from "../losses/loss.ts";
import { get as getMetric, type MetricLike } from "../metrics/index.ts";
import type { Metric } from "../metrics/metric.ts";
import { isPlainObject } from "../options.ts";

/** One for all outputs, or a list or dictionary with one for each. */
export type PerOutput<T> = T | readonly (T | null)[] | { readonly [output: string]: T | null };

export interface CompileTargets {
  readonly loss?: PerOutput<LossLike> | null;
  readonly lossWeights?: PerOutput<number> | null;
  readonly metrics?: PerOutput<MetricLike | readonly MetricLike[]> | null;
  readonly weightedMetrics?: PerOutput<MetricLike | readonly MetricLike[]> | null;
}

/** A loss of one output. */
interface OutputLoss {
  readonly output: number;
  readonly loss: Loss;
  readonly weight: number;
  readonly name: string;
  /** For losses of class numbers: how many classes there are. */
  readonly classes: number | undefined;
}
/** A metric of one output, under the name that logs give it. */
export interface OutputMetric {
  readonly output: number;
  readonly metric: Metric;
  readonly name: string;
  readonly weighted: boolean;
}

/** Labels and predictions of one output: only their shapes matter. */
export interface OutputPair {
  readonly name: string;
  readonly target: Tensor;
  readonly prediction: Tensor;
}

export class Objectives {
  readonly losses: readonly OutputLoss[];
  readonly metrics: readonly OutputMetric[];

  constructor(targets: CompileTargets, outputs: readonly OutputPair[]) {
    this.losses = matchLosses(targets, outputs);
    const single = outputs.length === 1;
    const used = new Map<string, number>();
    this.metrics = [
      ...matchMetrics(targets.metrics, outputs, "metrics").map((found) => ({ ...found, weighted: false })),
      ...matchMetrics(targets.weightedMetrics, outputs, "weightedMetrics").map((found) => ({
        ...found,
        weighted: true,
      })),
    ].map((found) => ({
      ...found,
      name: uniqueName(metricName(found.metric, outputs[found.output].name, single), used),
    }));
  }

  /** Whether logs name the loss of each output. */
  get namesLosses(): boolean {
    return this.losses.length > 1;
  }
}

const metricName = (metric: Metric, output: string, single: boolean): string =>
  single ? metric.name : `${output}_${metric.name}`;

function uniqueName(name: string, used: Map<string, number>): string {
  const count = used.get(name) ?? 0;
  used.set(name, count + 1);
  return count === 0 ? name : `${name}_${count}`;
}

/** What `given` says for each output; undefined where it says nothing. */
function perOutput<T>(
  given: PerOutput<T> | null | undefined,
  outputs: readonly OutputPair[],
  what: string,
): (T | null | undefined)[] {
  if (given === null || given === undefined) return outputs.map(() => undefined);
  if (Array.isArray(given)) {
    const list: readonly (T | null)[] = given;
    if (list.length === outputs.length) return [...list];
    throw new ModelError(`${what} does not match the outputs`, {
      expected: `${outputs.length} entries`,
      got: `${list.length}`,
    });
  }
  if (!isPlainObject(given) || "class_name" in given) return outputs.map(() => given as T);
  const names = outputs.map(({ name }) => name);
  const stray = Object.keys(given).find((name) => !names.includes(name));
  if (stray !== undefined)
    throw new ModelError(`${what} names an output that there is not`, {
      expected: names.join(", "),
      got: stray,
    });
  return names.map((name) => given[name] as T | null | undefined);
}

function matchLosses({ loss, lossWeights }: CompileTargets, outputs: readonly OutputPair[]): OutputLoss[] {
  const weights = perOutput(lossWeights, outputs, "lossWeights");
  // Several losses for a single output are all meant for it.
  const lists =
    Array.isArray(loss) && outputs.length === 1
      ? [loss as readonly LossLike[]]
      : perOutput(loss, outputs, "loss").map((item) => [item]);
  return lists.flatMap((list, output) =>
    list.flatMap((item) => {
      if (item === null || item === undefined) return [];
      const { name, prediction } = outputs[output];
      const resolved = resolveLoss(item, outputs[output]);
      const classes =
        resolved instanceof SparseCategoricalCrossentropy
          ? staticDim(prediction.shape.at(-1) ?? 1, "the number of classes")
          : undefined;
      return [{ output, loss: resolved, weight: weights[output] ?? 1, name, classes }];
    }),
  );
}

function matchMetrics(
  given: CompileTargets["metrics"],
  outputs: readonly OutputPair[],
  what: string,
): { output: number; metric: Metric }[] {
  const lists =
    outputs.length === 1 && Array.isArray(given)
      ? [given.flat()]
      : perOutput(given, outputs, what).map((item) => [item].flat());
  return lists.flatMap((list, output) =>
    list.flatMap((item) =>
      item === null || item === undefined ? [] : [{ output, metric: resolveMetric(item, outputs[output]) }],
    ),
  );
}

type Kind = "binary" | "sparse_categorical" | "categorical";

/** What labels are: numbers of classes, one-hot rows, or 0 and 1. */
function kindOf({ target, prediction }: OutputPair): Kind {
  const [last, labelled] = [prediction.shape.at(-1), target.shape.at(-1)];
  if (last === 1) return "binary";
  return target.rank < prediction.rank || labelled === 1 ? "sparse_categorical" : "categorical";
}

function resolveLoss(identifier: LossLike, output: OutputPair): Loss {
  const generic = typeof identifier === "string" && ["crossentropy", "ce"].includes(identifier.toLowerCase());
  return getLoss(generic ? `${kindOf(output)}_crossentropy` : identifier);
}

function resolveMetric(identifier: MetricLike, output: OutputPair): Metric {
  const name = typeof identifier === "string" ? identifier.toLowerCase() : "";
  const generic = { accuracy: "accuracy", acc: "accuracy", crossentropy: "crossentropy", ce: "crossentropy" }[
    name
  ];
  if (generic === undefined) return getMetric(identifier);
  const metric = getMetric(`${kindOf(output)}_${generic}`);
  metric.name = String(identifier);
  return metric;
}

/** Throws ModelError for losses and metrics that there are not, before anything is known of the data. */
export function checkTargets({ loss, metrics, weightedMetrics }: CompileTargets): void {
  for (const item of leaves(loss)) if (!isGeneric(item)) getLoss(item);
  for (const item of [...leaves(metrics), ...leaves(weightedMetrics)]) if (!isGeneric(item)) getMetric(item);
}

const generic = ["accuracy", "acc", "crossentropy", "ce"];
const isGeneric = (item: unknown): boolean =>
  typeof item === "string" && generic.includes(item.toLowerCase());

/** The identifiers in lists and dictionaries. */
function leaves(given: unknown): unknown[] {
  if (given === null || given === undefined) return [];
  if (Array.isArray(given)) return given.flatMap(leaves);
  return isPlainObject(given) && !("class_name" in given) ? Object.values(given).flatMap(leaves) : [given];
}

/** What one step gives: the loss, those of the outputs, and the statistics of each metric. */
export interface StepValues<T> {
  readonly loss: T;
  readonly outputLosses: readonly T[];
  readonly statistics: readonly (readonly T[])[];
}

/** Losses and statistics of predictions. `extra` are losses that layers and regularizers add. */
export function evaluateObjectives(
  objectives: Objectives,
  outputs: readonly OutputPair[],
  weights: readonly (Tensor | null)[],
  extra: readonly Tensor[],
): StepValues<Tensor> {
  const outputLosses = objectives.losses.map(({ output, loss }) =>
    loss(outputs[output].target, outputs[output].prediction, weights[output]),
  );
  const weighted = outputLosses.map((loss, i) =>
    objectives.losses[i].weight === 1 ? loss : elementwise("mul", [loss, objectives.losses[i].weight]),
  );
  const terms = [...weighted, ...extra];
  if (terms.length === 0)
    throw new ModelError("there is nothing to train for", {
      hint: "Give labels to fit and a loss to compile, or add a loss in a layer",
    });
  return {
    loss: terms.reduce((a, b) => elementwise("add", [a, b])),
    outputLosses,
    statistics: objectives.metrics.map(({ output, metric, weighted: byWeight }) =>
      metric.statistics(
        outputs[output].target,
        outputs[output].prediction,
        byWeight ? weights[output] : null,
      ),
    ),
  };
}
