/**
 * F scores: precision and recall in one number.
 */
import { ModelError } from "../../../ir/errors.ts";
import { cast, mean, setShape, staticDim, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply } from "../ops/apply.ts";
import { maxOf } from "../ops/reduce.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { session } from "../session.ts";
import type { Variable } from "../variable.ts";
import { Metric, type MetricOptions, type SampleWeight, updateOperands } from "./metric.ts";
import { requireMatrices } from "./regression.ts";

type Average = "micro" | "macro" | "weighted" | null;

export interface FScoreOptions extends MetricOptions {
  /** null (default): a score for each class. "macro": their mean; "weighted": by how often they occur; "micro": over all decisions. */
  average?: Average;
  /** Above it a prediction counts as positive; default null: the largest of the sample does. */
  threshold?: number | null;
}
export interface FBetaOptions extends FScoreOptions {
  /** How much recall weighs against precision; default 1. */
  beta?: number;
}

const averages: readonly unknown[] = [null, "micro", "macro", "weighted"];
type State = "true_positives" | "false_positives" | "false_negatives" | "intermediate_weights";
const states: readonly State[] = [
  "true_positives",
  "false_positives",
  "false_negatives",
  "intermediate_weights",
];

/** (1 + beta^2) precision recall / (beta^2 precision + recall) of labels 0 and 1 and predictions, both [n, classes] (van Rijsbergen, 1979). */
export class FBetaScore extends Metric {
  static readonly className: string = "FBetaScore";
  protected readonly options: { average: Average; beta: number; threshold: number | null };
  private sums: ReadonlyMap<State, Variable> | undefined;

  constructor(options: Options<FBetaOptions> = {}) {
    const { average, beta, threshold, ...rest } = readOptions(
      [options],
      {
        average: null as Average,
        beta: 1,
        threshold: null as number | null,
        name: "fbeta_score" as string | null,
      },
      { owner: "FBetaScore", positional: [], also: ["dtype"] },
    );
    super({ ...rest, direction: "up" });
    this.options = { average, beta, threshold };
    this.check();
  }

  private check(): void {
    const { average, beta, threshold } = this.options;
    const fail = (text: string): never => {
      throw new ModelError(text, { where: this.name });
    };
    if (!averages.includes(average))
      fail(
        "Invalid `average` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. " +
          `Received: average=${average}`,
      );
    if (!(beta > 0)) fail(`Invalid \`beta\` argument value. It should be > 0. Received: beta=${beta}`);
    if (threshold !== null && !(threshold > 0 && threshold <= 1))
      fail(
        "Invalid `threshold` argument value. It should verify 0 < threshold <= 1. " +
          `Received: threshold=${threshold}`,
      );
  }

  private build(y: Tensor, p: Tensor): ReadonlyMap<State, Variable> {
    if (this.sums !== undefined) return this.sums;
    requireMatrices(y, p, "FBetaScore");
    const shape = this.options.average === "micro" ? [] : [staticDim(p.shape[1], "the number of classes")];
    this.sums = new Map(states.map((name) => [name, this.addVariable({ name, shape })]));
    return this.sums;
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
    const { yTrue: y, yPred: scores, sampleWeight: weights } = asOperands(yTrue, yPred, sampleWeight, this);
    const sums = this.build(y, scores);
    const p = this.positives(scores);
    const axis = this.options.average === "micro" ? null : 0;
    const terms: { readonly [name in State]: Tensor } = {
      true_positives: apply("mul", p, y),
      false_positives: apply("mul", p, apply("sub", 1, y)),
      false_negatives: apply("mul", apply("sub", 1, p), y),
      intermediate_weights: y,
    };
    for (const [name, variable] of sums) {
      const weighted = weights === null ? terms[name] : apply("mul", terms[name], weights);
      variable.assignAdd(sum(weighted, axis, false));
    }
  }

  /** 1 where a prediction counts as positive. */
  private positives(p: Tensor): Tensor {
    const { threshold } = this.options;
    if (threshold !== null) return cast(apply("lt", threshold, p), p.dtype);
    const isLargest = apply("le", maxOf(p, -1, true), p);
    return cast(apply("and", isLargest, apply("lt", 1e-9, apply("abs", p))), p.dtype);
  }

  override result(): Tensor {
    const [tp, fp, fn, weights] = states.map((name) => this.state(name));
    const share = (wrong: Tensor): Tensor =>
      apply("div", tp, apply("add", apply("add", tp, wrong), session.epsilon));
    const [precision, recall] = [share(fp), share(fn)];
    const square = this.options.beta ** 2;
    const sums = apply("add", apply("add", apply("mul", precision, square), recall), session.epsilon);
    const score = apply("mul", apply("div", apply("mul", precision, recall), sums), 1 + square);
    if (this.options.average === null) return score;
    if (this.options.average !== "weighted") return mean(score, null, false);
    const parts = apply("div", weights, apply("add", sum(weights, null, false), session.epsilon));
    return sum(apply("mul", score, parts), null, false);
  }

  private state(name: State): Tensor {
    const variable = this.sums?.get(name);
    if (variable === undefined) throw new ModelError("the metric has not seen a batch", { where: this.name });
    return variable.value;
  }

  override getConfig(): JsonObject {
    const { average, beta, threshold } = this.options;
    return { ...super.getConfig(), average, beta, threshold };
  }
}

/** Weights as a column beside labels and predictions. */
function asOperands(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight, { dtype }: Metric) {
  const found = updateOperands([yTrue, yPred, sampleWeight], dtype);
  const { sampleWeight: given } = found;
  if (given === null) return found;
  const weights = cast(given, dtype);
  return { ...found, sampleWeight: weights.rank === 1 ? setShape(weights, [...weights.shape, 1]) : weights };
}

/** FBetaScore with beta 1. Example: `metrics.F1Score({ average: "macro" })`. */
export class F1Score extends FBetaScore {
  static override readonly className = "F1Score";
  constructor(options: Options<FScoreOptions> = {}) {
    super({ name: "f1_score", ...options });
  }
  override getConfig(): JsonObject {
    const { beta: _, ...config } = super.getConfig();
    return config;
  }
}
