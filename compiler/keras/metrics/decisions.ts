/**
 * Counts of decisions at given thresholds, precision and recall; and one of two such rates where the other reaches a given value.
 */
import { ModelError } from "../../../ir/errors.ts";
import { select, type Tensor, type TensorLike } from "../../tensor.ts";
import { divideNoNan } from "../losses/operands.ts";
import { apply } from "../ops/apply.ts";
import { maxOf } from "../ops/reduce.ts";
import { type Json, type JsonObject, type Options, readOptions, toSnake } from "../options.ts";
import { type Condition, ConfusionMetric, evenThresholds, parseThresholds } from "./confusion.ts";
import type { MetricOptions, SampleWeight } from "./metric.ts";

type Thresholds = number | readonly number[] | null;

export interface ThresholdOptions extends MetricOptions {
  /** One or several from 0 to 1, default 0.5: several give one value each. */
  thresholds?: Thresholds;
}
export interface RateOptions extends ThresholdOptions {
  /** Only the `topK` largest predictions of a sample are positive; default null, those above the threshold. */
  topK?: number | null;
  /** Only this class counts; default null, all. */
  classId?: number | null;
}

const written = (thresholds: Thresholds): Json => (thresholds === null ? null : (thresholds as Json));
/** A single threshold gives a number. */
const unwrapped = (values: Tensor, thresholds: readonly number[]): Tensor =>
  thresholds.length === 1 ? values.at([0]) : values;

/** The class of a metric of decisions; named, because declarations cannot describe an anonymous class. */
export interface DecisionClass<O extends object> {
  readonly module: string;
  readonly className: string;
  readonly prototype: ConfusionMetric;
  new (...args: (Thresholds | string | Options<O>)[]): ConfusionMetric;
}

/** Declares a count of one condition. */
function defineCount(className: string, condition: Condition): DecisionClass<ThresholdOptions> {
  return class extends ConfusionMetric {
    static readonly className = className;
    private readonly given: Thresholds;
    private readonly thresholds: readonly number[];
    constructor(...args: readonly unknown[]) {
      const read = readOptions(
        args,
        { thresholds: null as Thresholds },
        { owner: className, positional: ["thresholds", "name", "dtype"], also: ["name", "dtype"] },
      );
      super({ name: read.name, dtype: read.dtype } as MetricOptions);
      this.given = read.thresholds;
      this.thresholds = parseThresholds(read.thresholds, 0.5);
      this.hold([condition], [this.thresholds.length]);
    }
    override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
      this.tally(yTrue, yPred, sampleWeight, { thresholds: this.thresholds });
    }
    override result(): Tensor {
      return unwrapped(this.count(condition), this.thresholds);
    }
    override getConfig(): JsonObject {
      return { ...super.getConfig(), thresholds: written(this.given) };
    }
  };
}

/** How many predictions above the threshold have label 1. */
export const TruePositives = defineCount("TruePositives", "true_positives");
export const FalsePositives = defineCount("FalsePositives", "false_positives");
export const TrueNegatives = defineCount("TrueNegatives", "true_negatives");
export const FalseNegatives = defineCount("FalseNegatives", "false_negatives");

/** Declares the rate TP / (TP + other). */
function defineRate(className: string, other: Condition): DecisionClass<RateOptions> {
  return class extends ConfusionMetric {
    static readonly className = className;
    private readonly given: Thresholds;
    private readonly options: { thresholds: readonly number[]; topK: number | null; classId: number | null };
    constructor(...args: readonly unknown[]) {
      const { thresholds, topK, classId, ...rest } = readOptions(
        args,
        { thresholds: null as Thresholds, topK: null as number | null, classId: null as number | null },
        {
          owner: className,
          positional: ["thresholds", "topK", "classId", "name", "dtype"],
          also: ["name", "dtype"],
        },
      );
      super({ ...rest, direction: "up" });
      this.given = thresholds;
      // With topK the others are far below any threshold.
      const parsed = parseThresholds(thresholds, topK === null ? 0.5 : -1e10);
      this.options = { thresholds: parsed, topK, classId };
      this.hold(["true_positives", other], [parsed.length]);
    }
    override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
      this.tally(yTrue, yPred, sampleWeight, this.options);
    }
    override result(): Tensor {
      const right = this.count("true_positives");
      const rate = divideNoNan(right, apply("add", right, this.count(other)));
      return unwrapped(rate, this.options.thresholds);
    }
    override getConfig(): JsonObject {
      const { topK, classId } = this.options;
      return { ...super.getConfig(), thresholds: written(this.given), top_k: topK, class_id: classId };
    }
  };
}

/** The share of right ones among positive predictions: TP / (TP + FP). */
export const Precision = defineRate("Precision", "false_positives");
/** The share that was found of what is positive: TP / (TP + FN). */
export const Recall = defineRate("Recall", "false_negatives");

export interface AtOptions extends MetricOptions {
  /** How many thresholds are tried, evenly spaced; default 200. */
  numThresholds?: number;
  classId?: number | null;
}

/** A rate TP / (TP + FN) or the like: `right` among `right` and `wrong`. */
interface Rate {
  readonly right: Condition;
  readonly wrong: Condition;
}
const precision: Rate = { right: "true_positives", wrong: "false_positives" };
const recall: Rate = { right: "true_positives", wrong: "false_negatives" };
const specificity: Rate = { right: "true_negatives", wrong: "false_positives" };

/** The class of a rate at another; named, because declarations cannot describe an anonymous class. */
export interface AtClass<K extends string> {
  readonly module: string;
  readonly className: string;
  readonly prototype: ConfusionMetric;
  new (...args: (number | string | null | Options<AtOptions & { [key in K]?: number }>)[]): ConfusionMetric;
}

/** Declares the largest `wanted` rate over the thresholds where the `given` rate reaches the value of option `key`. */
function defineAt<K extends string>(className: string, key: K, given: Rate, wanted: Rate): AtClass<K> {
  return class extends ConfusionMetric {
    static readonly className = className;
    private readonly value: number;
    private readonly asked: number;
    private readonly options: { thresholds: readonly number[]; classId: number | null };
    constructor(...args: readonly unknown[]) {
      const defaults = { [key]: undefined, numThresholds: 200, classId: null as number | null };
      const positional = [key, "numThresholds", "classId", "name", "dtype"];
      const read = readOptions(args, defaults, { owner: className, positional, also: ["name", "dtype"] });
      super({ ...({ name: read.name, dtype: read.dtype } as MetricOptions), direction: "up" });
      this.value = Number(read[key]);
      this.asked = Number(read.numThresholds);
      if (!(this.value >= 0 && this.value <= 1))
        throw new ModelError(
          `Argument \`${toSnake(key)}\` must be in the range [0, 1]. Received: ${toSnake(key)}=${this.value}`,
          { where: className },
        );
      if (!(this.asked > 0))
        throw new ModelError(
          `Argument \`num_thresholds\` must be an integer > 0. Received: num_thresholds=${this.asked}`,
          { where: className },
        );
      const thresholds = this.asked === 1 ? [0.5] : evenThresholds(this.asked);
      this.options = { thresholds, classId: read.classId as number | null };
      this.hold(
        ["true_positives", "false_positives", "true_negatives", "false_negatives"],
        [thresholds.length],
      );
    }
    override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
      this.tally(yTrue, yPred, sampleWeight, this.options);
    }
    override result(): Tensor {
      const rate = ({ right, wrong }: Rate): Tensor => {
        const hits = this.count(right);
        return divideNoNan(hits, apply("add", hits, this.count(wrong)));
      };
      const reached = apply("le", this.value, rate(given));
      return apply("max", maxOf(select(reached, rate(wanted), 0), null, false), 0);
    }
    override getConfig(): JsonObject {
      const { classId } = this.options;
      return { ...super.getConfig(), class_id: classId, num_thresholds: this.asked, [key]: this.value };
    }
  };
}

/** The best precision at a recall of at least `recall`. Example: `metrics.PrecisionAtRecall(0.5)`. */
export const PrecisionAtRecall = defineAt("PrecisionAtRecall", "recall", recall, precision);
export const RecallAtPrecision = defineAt("RecallAtPrecision", "precision", precision, recall);
/** Sensitivity is another word for recall; specificity is TN / (TN + FP). */
export const SensitivityAtSpecificity = defineAt(
  "SensitivityAtSpecificity",
  "specificity",
  specificity,
  recall,
);
export const SpecificityAtSensitivity = defineAt(
  "SpecificityAtSensitivity",
  "sensitivity",
  recall,
  specificity,
);
