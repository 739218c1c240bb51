/**
 * Adam and its relatives: steps along a moving average of gradients, divided by a moving measure of their size.
 */
import { ModelError } from "../../../ir/errors.ts";
import { select, sum, type Tensor } from "../../tensor.ts";
import { square } from "../losses/operands.ts";
import { apply } from "../ops/apply.ts";
import { type JsonObject, readOptions } from "../options.ts";
import { Variable } from "../variable.ts";
import { Optimizer, type SlotGroups } from "./optimizer.ts";
import {
  type LearningRate,
  type OptimizerArguments,
  optimizerDefaults,
  type ReadOptimizerOptions,
} from "./options.ts";
import type { Step, Stepped } from "./update.ts";

export interface MomentOptions {
  /** The share of the old average of gradients; default 0.9. */
  beta1?: number;
  /** Of their squares; default 0.999. */
  beta2?: number;
  /** "Epsilon hat" of the paper; default 1e-7. */
  epsilon?: number;
}

const momentDefaults = {
  ...optimizerDefaults,
  learningRate: 0.001 as LearningRate,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
};
const positional = ["learningRate", "beta1", "beta2", "epsilon"] as const;

/** average + (value - average) share. */
export const moved = (average: Tensor, value: Tensor, share: number): Tensor =>
  apply("add", average, apply("mul", apply("sub", value, average), share));

/** 1 - beta^step: how much of a moving average that began at 0 is filled. */
export const filled = (beta: number, step: Tensor): Tensor => apply("sub", 1, apply("pow", beta, step));

/** The base of the family: reads the options and writes them. */
abstract class MomentOptimizer extends Optimizer {
  protected readonly beta1: number;
  protected readonly beta2: number;
  protected readonly epsilon: number;

  constructor(read: ReadOptimizerOptions & Required<MomentOptions>) {
    super(read);
    this.beta1 = read.beta1;
    this.beta2 = read.beta2;
    this.epsilon = read.epsilon;
  }

  override slotGroups(): SlotGroups {
    return [["momentum", "velocity"]];
  }

  /** The new averages of gradients and of their squares. */
  protected moments({ gradient, slots }: Step): [Tensor, Tensor] {
    return [moved(slots[0], gradient, 1 - this.beta1), moved(slots[1], square(gradient), 1 - this.beta2)];
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2, epsilon: this.epsilon };
  }
}

export interface AdamOptions extends MomentOptions {
  /** Divides by the largest second moment so far (Reddi et al., 2018); default false. */
  amsgrad?: boolean;
}
const adamDefaults = { ...momentDefaults, amsgrad: false };

/**
 * Kingma and Ba, 2014, in the order before section 2.1: m += (g - m)(1 - beta1), v += (g^2 - v)(1 - beta2),
 * w -= rate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon). Default rate 0.001. Slots: momentum, velocity.
 *
 * Example: `optimizers.Adam({ learningRate: 3e-4 })`.
 */
export class Adam extends MomentOptimizer {
  static readonly className: string = "Adam";
  private readonly amsgrad: boolean;

  constructor(...args: OptimizerArguments<AdamOptions>) {
    const read = readOptions(args, adamDefaults, {
      owner: "Adam",
      positional: [...positional, "amsgrad"],
    });
    super(read);
    this.amsgrad = read.amsgrad;
  }

  override slotGroups(): SlotGroups {
    return [["momentum", "velocity"], ...(this.amsgrad ? [["velocity_hat"]] : [])];
  }

  override update(given: Step): Stepped {
    const { weight, slots, learningRate, step } = given;
    const [m, v] = this.moments(given);
    const hat = this.amsgrad ? apply("max", slots[2], v) : v;
    const rate = apply("mul", learningRate, apply("sqrt", filled(this.beta2, step)));
    const alpha = apply("div", rate, filled(this.beta1, step));
    const change = apply("div", apply("mul", m, alpha), apply("add", apply("sqrt", hat), this.epsilon));
    return { weight: apply("sub", weight, change), slots: this.amsgrad ? [m, v, hat] : [m, v] };
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), amsgrad: this.amsgrad };
  }
}

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019); default weightDecay 0.004. */
export class AdamW extends Adam {
  static override readonly className = "AdamW";
  constructor(...args: OptimizerArguments<AdamOptions>) {
    const read = readOptions(
      args,
      { ...adamDefaults, weightDecay: 0.004 as number | null },
      { owner: "AdamW", positional: ["learningRate", "weightDecay", ...positional.slice(1), "amsgrad"] },
    );
    if (read.weightDecay === null)
      throw new ModelError("Argument `weight_decay` must be a float. Received: weight_decay=None", {
        where: "AdamW",
      });
    super(read);
  }
}

/** Adam with the largest gradient so far in place of the mean square: u = max(beta2 u, |g|), w -= rate m / ((1 - beta1^t)(u + epsilon)) (ibid., 7.1). */
export class Adamax extends MomentOptimizer {
  static readonly className = "Adamax";
  constructor(...args: OptimizerArguments<MomentOptions>) {
    super(readOptions(args, momentDefaults, { owner: "Adamax", positional }));
  }
  override slotGroups(): SlotGroups {
    return [["momentum", "norm"]];
  }
  override update({ weight, gradient, slots, learningRate, step }: Step): Stepped {
    const m = moved(slots[0], gradient, 1 - this.beta1);
    const u = apply("max", apply("mul", this.beta2, slots[1]), apply("abs", gradient));
    const size = apply("mul", filled(this.beta1, step), apply("add", u, this.epsilon));
    return { weight: apply("sub", weight, apply("div", apply("mul", learningRate, m), size)), slots: [m, u] };
  }
}

/**
 * Adam with Nesterov's momentum (Dozat, 2016): the momentum of step t is beta1 (1 - 0.96^t / 2); the product of all so far is state.
 */
export class Nadam extends MomentOptimizer {
  static readonly className = "Nadam";
  private readonly product = new Variable(1, {
    name: "u_product",
    trainable: false,
    path: `${this.name}/u_product`,
  });

  constructor(...args: OptimizerArguments<MomentOptions>) {
    super(readOptions(args, momentDefaults, { owner: "Nadam", positional }));
  }
  override get scalars(): readonly Variable[] {
    return [this.product];
  }
  private momentumAt(step: Tensor): Tensor {
    return apply("mul", this.beta1, apply("sub", 1, apply("mul", 0.5, apply("pow", 0.96, step))));
  }
  override advance(step: Tensor): readonly Tensor[] {
    return [apply("mul", this.product.value, this.momentumAt(step))];
  }
  override update(given: Step): Stepped {
    const { weight, gradient, learningRate, step } = given;
    const [m, v] = this.moments(given);
    const [product] = this.advance(step);
    const next = this.momentumAt(apply("add", step, 1));
    const ahead = apply("div", apply("mul", next, m), apply("sub", 1, apply("mul", product, next)));
    const own = apply("mul", apply("sub", 1, this.momentumAt(step)), gradient);
    const mean = apply("add", ahead, apply("div", own, apply("sub", 1, product)));
    const size = apply("add", apply("sqrt", apply("div", v, filled(this.beta2, step))), this.epsilon);
    return {
      weight: apply("sub", weight, apply("div", apply("mul", mean, learningRate), size)),
      slots: [m, v],
    };
  }
}

/** Adam whose step is as long as the weight, for large batches: w -= |w| / |u| rate u, u the step of Adam (You et al., 2019). */
export class Lamb extends MomentOptimizer {
  static readonly className = "Lamb";
  constructor(...args: OptimizerArguments<MomentOptions>) {
    super(readOptions(args, momentDefaults, { owner: "Lamb", positional }));
  }
  override get isElementwise(): boolean {
    return false;
  }
  override update(given: Step): Stepped {
    const { weight, learningRate, step } = given;
    const [m, v] = this.moments(given);
    const size = apply("add", apply("sqrt", apply("div", v, filled(this.beta2, step))), this.epsilon);
    const change = apply("div", apply("div", m, filled(this.beta1, step)), size);
    const norm = (x: Tensor): Tensor => apply("sqrt", sum(square(x), null, false));
    const [weightNorm, changeNorm] = [norm(weight), norm(change)];
    const both = apply("and", apply("lt", 0, weightNorm), apply("lt", 0, changeNorm));
    const ratio = select(both, apply("div", weightNorm, changeNorm), 1);
    return {
      weight: apply("sub", weight, apply("mul", apply("mul", ratio, learningRate), change)),
      slots: [m, v],
    };
  }
}

interface ScheduleFreeOptions extends MomentOptions {
  /** Steps over which the learning rate rises from 0; default 0. */
  warmupSteps?: number;
}

/**
 * Adam without a schedule (Defazio et al., 2024): z takes the steps, x is the mean of all z so far, and the weights are between them,
 * (1 - beta1) z + beta1 x. Default rate 0.0025, epsilon 1e-8. Slots: momentum (z), velocity.
 */
export class ScheduleFreeAdamW extends MomentOptimizer {
  static readonly className = "ScheduleFreeAdamW";
  private readonly warmup: number;

  constructor(...args: OptimizerArguments<ScheduleFreeOptions>) {
    const defaults = {
      ...momentDefaults,
      learningRate: 0.0025 as LearningRate,
      epsilon: 1e-8,
      warmupSteps: 0,
    };
    const read = readOptions(args, defaults, {
      owner: "ScheduleFreeAdamW",
      positional: [...positional, "warmupSteps"],
    });
    super(read);
    this.warmup = read.warmupSteps;
  }
  override slotGroups(): SlotGroups {
    return [[{ name: "momentum", initial: "weight" }, "velocity"]];
  }
  override update({ weight, gradient, slots, learningRate, step }: Step): Stepped {
    const warm = this.warmup > 0 ? apply("min", apply("div", step, this.warmup), 1) : 1;
    const rate = apply("mul", learningRate, warm);
    const velocity = moved(slots[1], square(gradient), 1 - this.beta2);
    const size = apply("add", apply("sqrt", apply("div", velocity, filled(this.beta2, step))), this.epsilon);
    const z = apply("sub", slots[0], apply("div", apply("mul", rate, gradient), size));
    const own = apply("mul", 1 - this.beta1, slots[0]);
    const x = apply("div", apply("sub", weight, own), this.beta1);
    const share = apply("div", 1, step);
    const mean = apply("add", apply("mul", apply("sub", 1, share), x), apply("mul", share, z));
    const between = apply("add", apply("mul", 1 - this.beta1, z), apply("mul", this.beta1, mean));
    return { weight: between, slots: [z, velocity] };
  }
  override getConfig(): JsonObject {
    return { ...super.getConfig(), warmup_steps: this.warmup };
  }
}

interface LionOptions {
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.99. */
  beta2?: number;
}

/** w -= rate sign(beta1 m + (1 - beta1) g), m = beta2 m + (1 - beta2) g (Chen et al., 2023). Default rate 0.001. Slot: momentum. */
export class Lion extends Optimizer {
  static readonly className = "Lion";
  private readonly beta1: number;
  private readonly beta2: number;

  constructor(...args: OptimizerArguments<LionOptions>) {
    const defaults = { ...optimizerDefaults, learningRate: 0.001 as LearningRate, beta1: 0.9, beta2: 0.99 };
    const read = readOptions(args, defaults, {
      owner: "Lion",
      positional: ["learningRate", "beta1", "beta2"],
    });
    super(read);
    this.beta1 = read.beta1;
    this.beta2 = read.beta2;
    if (!(this.beta1 > 0 && this.beta1 <= 1))
      throw new ModelError(
        "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD. " +
          `Received: beta_1=${this.beta1}.`,
        { where: this.name },
      );
  }
  override slotGroups(): SlotGroups {
    return [["momentum"]];
  }
  override update({ weight, gradient, slots, learningRate }: Step): Stepped {
    const mix = (beta: number): Tensor =>
      apply("add", apply("mul", slots[0], beta), apply("mul", gradient, 1 - beta));
    const change = apply("mul", learningRate, apply("sign", mix(this.beta1)));
    return { weight: apply("sub", weight, change), slots: [mix(this.beta2)] };
  }
  override getConfig(): JsonObject {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2 };
  }
}
