/**
 * Gradient descent, with and without momentum.
 */
import { ModelError } from "../../../ir/errors.ts";
import { apply } from "../ops/apply.ts";
import { type JsonObject, readOptions } from "../options.ts";
import { Optimizer, type SlotGroups } from "./optimizer.ts";
import { type LearningRate, type OptimizerArguments, optimizerDefaults, pythonFloat } from "./options.ts";
import type { Step, Stepped } from "./update.ts";

interface SgdOptions {
  /** Default 0: plain gradient descent. */
  momentum?: number;
  /** Looks ahead along the momentum (Nesterov, 1983); default false. */
  nesterov?: boolean;
}

/**
 * w - rate g; with momentum: v = momentum v - rate g, w + v; with Nesterov's: w + momentum v - rate g. Default rate 0.01. Slot: momentum.
 *
 * Example: `optimizers.SGD({ learningRate: 0.1, momentum: 0.9 })`. Throws ModelError for a momentum outside of [0, 1].
 */
export class SGD extends Optimizer {
  static readonly className = "SGD";
  private readonly momentum: number;
  private readonly nesterov: boolean;

  constructor(...args: OptimizerArguments<SgdOptions>) {
    const defaults = {
      ...optimizerDefaults,
      learningRate: 0.01 as LearningRate,
      momentum: 0,
      nesterov: false,
    };
    const read = readOptions(args, defaults, {
      owner: "SGD",
      positional: ["learningRate", "momentum", "nesterov"],
    });
    super(read);
    this.momentum = read.momentum;
    this.nesterov = read.nesterov;
    if (!(this.momentum >= 0 && this.momentum <= 1))
      throw new ModelError(
        `\`momentum\` must be a float between [0, 1]. Received: momentum=${this.momentum}`,
        {
          where: this.name,
        },
      );
  }

  override slotGroups(): SlotGroups {
    return this.momentum === 0 ? [] : [["momentum"]];
  }

  override update({ weight, gradient, slots, learningRate }: Step): Stepped {
    const change = apply("mul", gradient, learningRate);
    if (this.momentum === 0) return { weight: apply("sub", weight, change), slots: [] };
    const velocity = apply("sub", apply("mul", slots[0], this.momentum), change);
    const ahead = this.nesterov ? apply("sub", apply("mul", velocity, this.momentum), change) : velocity;
    return { weight: apply("add", weight, ahead), slots: [velocity] };
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), momentum: pythonFloat(this.momentum), nesterov: this.nesterov };
  }
}
