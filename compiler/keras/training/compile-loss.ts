/**
 * The loss of `compile`: one for each output, weighted and added up. Which loss a name such as "crossentropy" means is settled by the first labels
 * and predictions.
 */
import { ModelError } from "../../../ir/errors.ts";
import { cast, dimTensor, type Tensor } from "../../tensor.ts";
import { get as getLoss, type LossLike } from "../losses/index.ts";
import type { Loss } from "../losses/loss.ts";
import { Mean } from "../metrics/reduction.ts";
import { apply } from "../ops/apply.ts";
import { isGeneric, kindOf, leaves, type OutputPair, type PerOutput, perOutput } from "./outputs.ts";

/** A loss of one output. */
interface OutputLoss {
  readonly output: number;
  readonly loss: Loss;
  readonly weight: number;
  readonly name: string;
}

/** An output whose labels are numbers of its classes. */
export interface ClassLabels {
  readonly output: number;
  readonly classes: number;
  /** A number that is no class but stands for "does not count". */
  readonly ignored: number | null;
}

export class CompileLoss {
  /** The running means of the losses of the outputs, where there are several. */
  metrics: readonly Mean[] = [];
  /** Known after the first step. */
  classLabels: readonly ClassLabels[] = [];
  private readonly given: PerOutput<LossLike>;
  private readonly weights: PerOutput<number> | null;
  private losses: readonly OutputLoss[] | undefined;

  /** Throws ModelError for losses that there are not, before anything is known of the data. */
  constructor(loss: PerOutput<LossLike>, lossWeights: PerOutput<number> | null) {
    this.given = loss;
    this.weights = lossWeights;
    for (const item of leaves(loss)) if (!isGeneric(item)) getLoss(item);
  }

  /** The loss of a batch: a scalar. */
  call(outputs: readonly OutputPair[]): Tensor | null {
    this.losses ??= this.build(outputs);
    const pairs = spread(outputs, this.losses);
    const terms = this.losses.map(({ output, loss, weight }, i) => {
      const { target, prediction, weight: sampleWeight } = pairs[output];
      if (target === null)
        throw new ModelError("labels for an output are missing", {
          expected: `labels for ${outputs.length} outputs`,
        });
      const value = cast(loss(target, prediction, sampleWeight), "f32");
      // Running means are of the losses as they are, without their weights.
      this.metrics[i]?.updateState(value, dimTensor(prediction.shape[0] ?? 1, prediction.engine, "f32"));
      return weight === 1 ? value : apply("mul", value, weight);
    });
    return terms.length === 0 ? null : terms.reduce((a, b) => apply("add", a, b));
  }

  private build(outputs: readonly OutputPair[]): readonly OutputLoss[] {
    const losses = this.match(outputs);
    if (losses.length > 1) this.metrics = losses.map(({ name }) => new Mean({ name: `${name}_loss` }));
    this.classLabels = losses.flatMap(({ output, loss }) => {
      const classes = outputs[output].prediction.shape.at(-1);
      return loss.labels === "classes" && typeof classes === "number"
        ? [{ output, classes, ignored: loss.ignoredClass }]
        : [];
    });
    return losses;
  }

  private match(outputs: readonly OutputPair[]): readonly OutputLoss[] {
    const { given } = this;
    const weights = perOutput(this.weights, outputs, "loss_weights");
    // Several losses for a single output are all meant for it.
    const lists =
      Array.isArray(given) && outputs.length === 1
        ? [given as readonly LossLike[]]
        : perOutput(given, outputs, "loss").map((item) => [item]);
    return lists.flatMap((list, output) =>
      list.flatMap((item) => {
        if (item === null || item === undefined) return [];
        const loss = getLoss(isGeneric(item) ? `${kindOf(outputs[output])}_crossentropy` : item);
        return [{ output, loss, weight: weights[output] ?? 1, name: outputs[output].name ?? loss.name }];
      }),
    );
  }
}

/** Where there are labels only for outputs that have a loss, these get them. */
function spread(outputs: readonly OutputPair[], losses: readonly OutputLoss[]): readonly OutputPair[] {
  const targets = outputs.flatMap(({ target }) => target ?? []);
  const wanted = [...new Set(losses.map(({ output }) => output))];
  if (targets.length === outputs.length || targets.length !== wanted.length) return outputs;
  return outputs.map((pair, i) => ({ ...pair, target: targets[wanted.indexOf(i)] ?? null }));
}
