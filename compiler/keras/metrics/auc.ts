/**
 * The area under a curve of decisions, over thresholds from 0 to 1.
 */
import { ModelError } from "../../../ir/errors.ts";
import { mean, select, staticDim, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { divideNoNan } from "../losses/operands.ts";
import { apply } from "../ops/apply.ts";
import { asTensor } from "../ops/operation.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { session } from "../session.ts";
import { ConfusionMetric, evenThresholds } from "./confusion.ts";
import type { MetricOptions, SampleWeight } from "./metric.ts";

const curves = ["ROC", "PR", "PRGAIN"] as const;
const summations = ["interpolation", "majoring", "minoring"] as const;

export interface AucOptions extends MetricOptions {
  /** How many, evenly spaced; default 200. */
  numThresholds?: number;
  /** "ROC" (default): recall over false positive rate. "PR": precision over recall. "PRGAIN" (Flach and Kull, 2015). */
  curve?: string;
  /** Heights of the trapezoids: their middle (default), the larger or the smaller side. */
  summationMethod?: string;
  /** Instead of evenly spaced ones; 0 and 1 are added. */
  thresholds?: readonly number[] | null;
  /** One curve for each label, whose areas are averaged; default false, all decisions together. */
  multiLabel?: boolean;
  numLabels?: number | null;
  /** Of the average; without `multiLabel`, of the decisions. */
  labelWeights?: readonly number[] | null;
  /** Default false: predictions are probabilities. */
  fromLogits?: boolean;
}

const defaults = {
  numThresholds: 200,
  curve: "ROC",
  summationMethod: "interpolation",
  thresholds: null as readonly number[] | null,
  multiLabel: false,
  numLabels: null as number | null,
  labelWeights: null as readonly number[] | null,
  fromLogits: false,
};
const positional = [
  "numThresholds",
  "curve",
  "summationMethod",
  "name",
  "dtype",
  "thresholds",
  "multiLabel",
  "numLabels",
  "labelWeights",
  "fromLogits",
] as const;

/** One of `values`, in any case of letters. */
function oneOf<T extends string>(value: string, values: readonly T[], what: string): T {
  const found = values.find((item) => item.toLowerCase() === value.toLowerCase());
  if (found !== undefined) return found;
  const wanted = values.map((item) => `"${item}"`).join(", ");
  throw new ModelError(`Invalid AUC ${what} value: "${value}". Expected values are [${wanted}]`, {
    where: "AUC",
  });
}

/** Example: `metrics.AUC({ curve: "PR", fromLogits: true })`. Labels are 0 and 1. */
export class AUC extends ConfusionMetric {
  static readonly className: string = "AUC";
  private readonly options: typeof defaults;
  private readonly curve: (typeof curves)[number];
  private readonly summation: (typeof summations)[number];
  private readonly thresholds: readonly number[];

  constructor(...args: (number | string | Options<AucOptions>)[]) {
    const read = readOptions(args, defaults, { owner: "AUC", positional, also: ["name", "dtype"] });
    super({ ...({ name: read.name, dtype: read.dtype } as MetricOptions), direction: "up" });
    this.options = read;
    this.curve = oneOf(read.curve, curves, "curve");
    this.summation = oneOf(read.summationMethod, summations, "summation method");
    if (read.thresholds === null && !(read.numThresholds > 1))
      throw new ModelError(
        `Argument \`num_thresholds\` must be an integer > 1. Received: num_thresholds=${read.numThresholds}`,
        { where: "AUC" },
      );
    const inner =
      read.thresholds === null
        ? evenThresholds(read.numThresholds).slice(1, -1)
        : [...read.thresholds].sort((a, b) => a - b);
    // So that the first is below all predictions, and the last above.
    this.thresholds = [-session.epsilon, ...inner, 1 + session.epsilon];
    if (!read.multiLabel && read.numLabels !== null)
      throw new ModelError("`num_labels` is needed only when `multi_label` is True.", { where: "AUC" });
    if (!read.multiLabel) this.make([this.thresholds.length]);
    else if (read.numLabels !== null) this.make([this.thresholds.length, read.numLabels]);
  }

  private make(shape: readonly number[]): void {
    this.hold(["true_positives", "false_positives", "true_negatives", "false_negatives"], shape);
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
    const given = asTensor(yPred);
    const { multiLabel, labelWeights, fromLogits } = this.options;
    if (multiLabel && given.rank !== 2)
      throw new ModelError(
        "`y_pred` must have rank 2 when `multi_label=True`. " +
          `Found rank ${given.rank}. Full shape received for \`y_pred\`: ${given}`,
        { where: this.name },
      );
    const labels = multiLabel ? staticDim(given.shape[1], "the number of labels") : undefined;
    if (!this.isHolding && labels !== undefined) this.make([this.thresholds.length, labels]);
    const p = fromLogits ? apply("sigmoid", given) : given;
    this.tally(yTrue, p, sampleWeight, { thresholds: this.thresholds, labels, labelWeights });
  }

  override result(): Tensor {
    const isSmoothPr = this.curve === "PR" && this.summation === "interpolation";
    return this.overLabels(isSmoothPr ? this.interpolatedPr() : this.trapezoids());
  }

  /** Sums over the thresholds; with several labels, the mean of their areas. */
  private overLabels(pieces: Tensor): Tensor {
    if (!this.options.multiLabel) return sum(pieces, null, false);
    const areas = sum(pieces, 0, false);
    const { labelWeights } = this.options;
    if (labelWeights === null) return mean(areas, null, false);
    const weights = asTensor([...labelWeights]);
    return divideNoNan(sum(apply("mul", areas, weights), null, false), sum(weights, null, false));
  }

  private allCounts() {
    return {
      tp: this.count("true_positives"),
      fp: this.count("false_positives"),
      tn: this.count("true_negatives"),
      fn: this.count("false_negatives"),
    };
  }

  /** x and y of the curve at each threshold. */
  private points(): { x: Tensor; y: Tensor } {
    const { tp, fp, tn, fn } = this.allCounts();
    const share = (right: Tensor, wrong: Tensor): Tensor => divideNoNan(right, apply("add", right, wrong));
    if (this.curve === "ROC") return { x: share(fp, tn), y: share(tp, fn) };
    if (this.curve === "PR") return { x: share(tp, fn), y: share(tp, fp) };
    const odds = divideNoNan(apply("add", tp, fn), apply("add", tn, fp));
    const gain = (wrong: Tensor, atZero: number): Tensor =>
      select(apply("eq", tp, 0), atZero, apply("sub", 1, apply("mul", odds, divideNoNan(wrong, tp))));
    return { x: apply("max", gain(fn, 0), 0), y: gain(fp, 1) };
  }

  /** Width times height between neighbouring thresholds. */
  private trapezoids(): Tensor {
    const { x, y } = this.points();
    const [left, right] = neighbours(y);
    const height = {
      interpolation: () => apply("div", apply("add", left, right), 2),
      minoring: () => apply("min", left, right),
      majoring: () => apply("max", left, right),
    }[this.summation]();
    const [from, to] = neighbours(x);
    return apply("mul", apply("sub", from, to), height);
  }

  /** The area under the precision-recall curve, with precision interpolated as it really runs (Davis and Goadrich, 2006). */
  private interpolatedPr(): Tensor {
    const { tp, fp, fn } = this.allCounts();
    const [tpFrom, tpTo] = neighbours(tp);
    const [from, to] = neighbours(apply("add", tp, fp));
    const [dtp, dp] = [apply("sub", tpFrom, tpTo), apply("sub", from, to)];
    const slope = divideNoNan(dtp, apply("max", dp, 0));
    const intercept = apply("sub", tpTo, apply("mul", slope, to));
    const both = apply("and", apply("lt", 0, from), apply("lt", 0, to));
    const ratio = select(both, divideNoNan(from, apply("max", to, 0)), 1);
    const area = apply("add", dtp, apply("mul", intercept, apply("log", ratio)));
    const all = apply("max", apply("add", tpTo, neighbours(fn)[1]), 0);
    return divideNoNan(apply("mul", slope, area), all);
  }

  override getConfig(): JsonObject {
    const { numLabels, multiLabel, labelWeights, fromLogits, thresholds } = this.options;
    return {
      ...super.getConfig(),
      num_thresholds: this.thresholds.length,
      curve: this.curve,
      summation_method: this.summation,
      multi_label: multiLabel,
      num_labels: numLabels,
      label_weights: labelWeights,
      from_logits: fromLogits,
      ...(thresholds === null ? {} : { thresholds: this.thresholds.slice(1, -1) }),
    };
  }
}

/** All but the last, and all but the first. */
const neighbours = (x: Tensor): [Tensor, Tensor] => [x.at([":-1"]), x.at(["1:"])];
