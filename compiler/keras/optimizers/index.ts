/**
 * `keras.optimizers`: the public list. To add one: a class with its slots and its rule, a line in both lists.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { factory } from "../callable.ts";
import { type ClassTable, resolve } from "../config.ts";
import { type JsonObject, readOptions } from "../options.ts";
import {
  applyScalarOp as apply,
  Optimizer,
  type OptimizerArguments,
  optimizerDefaults,
  pythonFloat,
  type Step,
  type Stepped,
} from "./optimizer.ts";
import type { LearningRateSchedule } from "./schedules.ts";
import { schedules } from "./schedules.ts";

type Rate = number | LearningRateSchedule | JsonObject;

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
    const defaults = { ...optimizerDefaults, learningRate: 0.01 as Rate, momentum: 0, nesterov: false };
    const read = readOptions(args, defaults, { owner: "SGD", positional: ["learningRate"] });
    super(read);
    this.momentum = read.momentum;
    this.nesterov = read.nesterov;
    if (!(this.momentum >= 0 && this.momentum <= 1)) {
      throw new ModelError("bad momentum", {
        where: this.name,
        expected: "a number from 0 to 1",
        got: String(this.momentum),
      });
    }
  }

  override get slotGroups(): readonly (readonly string[])[] {
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

interface AdamOptions {
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** "Epsilon hat" of the paper; default 1e-7. */
  epsilon?: number;
  /** Divides by the largest second moment so far (Reddi et al., 2018); default false. */
  amsgrad?: boolean;
}

const adamDefaults = {
  ...optimizerDefaults,
  learningRate: 0.001 as Rate,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  amsgrad: false,
};

/**
 * Kingma and Ba, 2014, in the order before section 2.1: m += (g - m)(1 - beta1), v += (g^2 - v)(1 - beta2),
 * w -= rate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon). Default rate 0.001. Slots: momentum, velocity.
 *
 * Example: `optimizers.Adam({ learningRate: 3e-4 })`.
 */
export class Adam extends Optimizer {
  static readonly className: string = "Adam";
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;
  private readonly amsgrad: boolean;

  constructor(...args: OptimizerArguments<AdamOptions>) {
    const read = readOptions(args, adamDefaults, { owner: "Adam", positional: ["learningRate"] });
    super(read);
    this.beta1 = read.beta1;
    this.beta2 = read.beta2;
    this.epsilon = read.epsilon;
    this.amsgrad = read.amsgrad;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [["momentum", "velocity"], ...(this.amsgrad ? [["velocity_hat"]] : [])];
  }

  override update({ weight, gradient, slots, learningRate, step }: Step): Stepped {
    const m = moved(slots[0], gradient, 1 - this.beta1);
    const v = moved(slots[1], apply("mul", gradient, gradient), 1 - this.beta2);
    const hat = this.amsgrad ? apply("max", slots[2], v) : v;
    const correction = apply("sqrt", apply("sub", 1, apply("pow", this.beta2, step)));
    const alpha = apply(
      "div",
      apply("mul", learningRate, correction),
      apply("sub", 1, apply("pow", this.beta1, step)),
    );
    const change = apply("div", apply("mul", m, alpha), apply("add", apply("sqrt", hat), this.epsilon));
    return { weight: apply("sub", weight, change), slots: this.amsgrad ? [m, v, hat] : [m, v] };
  }

  override getConfig(): JsonObject {
    return {
      ...super.getConfig(),
      beta_1: this.beta1,
      beta_2: this.beta2,
      epsilon: this.epsilon,
      amsgrad: this.amsgrad,
    };
  }
}

/** average + (value - average) share. */
const moved = (average: Tensor, value: Tensor, share: number): Tensor =>
  apply("add", average, apply("mul", apply("sub", value, average), share));

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019); default weightDecay 0.004. */
export class AdamW extends Adam {
  static override readonly className = "AdamW";
  constructor(...args: OptimizerArguments<AdamOptions>) {
    const read = readOptions(
      args,
      { ...adamDefaults, weightDecay: 0.004 as number | null },
      { owner: "AdamW", positional: ["learningRate"] },
    );
    if (read.weightDecay === null)
      throw new ModelError("AdamW needs a weight decay", {
        where: "AdamW",
        expected: "a number",
        got: "null",
      });
    super(read);
  }
}

interface RmspropOptions {
  /** Of the average of squares; default 0.9. */
  rho?: number;
  /** Default 0. */
  momentum?: number;
  /** Default 1e-7. */
  epsilon?: number;
  /** Divides by an estimate of the variance instead of the mean square; default false. */
  centered?: boolean;
}

/**
 * Hinton, 2012: v = rho v + (1 - rho) g^2, w -= rate g / sqrt(v + epsilon), optionally through a momentum. Default rate 0.001. Slots: velocity,
 * momentum, average_gradient.
 */
export class RMSprop extends Optimizer {
  static readonly className = "RMSprop";
  private readonly rho: number;
  private readonly momentum: number;
  private readonly epsilon: number;
  private readonly centered: boolean;

  constructor(...args: OptimizerArguments<RmspropOptions>) {
    const defaults = {
      ...optimizerDefaults,
      learningRate: 0.001 as Rate,
      rho: 0.9,
      momentum: 0,
      epsilon: 1e-7,
      centered: false,
    };
    const read = readOptions(args, defaults, { owner: "RMSprop", positional: ["learningRate"] });
    super({ ...read, name: read.name ?? null });
    this.rho = read.rho;
    this.momentum = read.momentum;
    this.epsilon = read.epsilon;
    this.centered = read.centered;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [
      ["velocity"],
      ...(this.momentum > 0 ? [["momentum"]] : []),
      ...(this.centered ? [["average_gradient"]] : []),
    ];
  }

  override update({ weight, gradient, slots, learningRate }: Step): Stepped {
    const average = (old: Tensor, value: Tensor): Tensor =>
      apply("add", apply("mul", this.rho, old), apply("mul", 1 - this.rho, value));
    const velocity = average(slots[0], apply("mul", gradient, gradient));
    const mean = this.centered ? average(slots[slots.length - 1], gradient) : undefined;
    const spread = mean === undefined ? velocity : apply("sub", velocity, apply("mul", mean, mean));
    const increment = apply(
      "div",
      apply("mul", learningRate, gradient),
      apply("sqrt", apply("add", spread, this.epsilon)),
    );
    const momentum =
      this.momentum > 0 ? apply("add", apply("mul", this.momentum, slots[1]), increment) : undefined;
    const next = [
      velocity,
      ...(momentum === undefined ? [] : [momentum]),
      ...(mean === undefined ? [] : [mean]),
    ];
    return { weight: apply("sub", weight, momentum ?? increment), slots: next };
  }

  override getConfig(): JsonObject {
    return {
      ...super.getConfig(),
      rho: this.rho,
      momentum: this.momentum,
      epsilon: this.epsilon,
      centered: this.centered,
    };
  }
}

/** What `compile` takes: a name, an optimizer, a configuration. */
export type OptimizerLike = string | Optimizer | JsonObject;

const classes: ClassTable<Optimizer> = { SGD, Adam, AdamW, RMSprop };
const aliases = { sgd: "SGD", adam: "Adam", adamw: "AdamW", rmsprop: "RMSprop" };

/** The optimizer that an identifier means. Throws ModelError for unknown names. */
export function get(identifier: unknown): Optimizer {
  const isInstance = (value: unknown): value is Optimizer => value instanceof Optimizer;
  return resolve(identifier, { kind: "optimizer", classes, aliases, isInstance });
}

/** `keras.optimizers`. */
export const optimizers = {
  Optimizer,
  SGD: factory(SGD),
  Adam: factory(Adam),
  AdamW: factory(AdamW),
  RMSprop: factory(RMSprop),
  schedules,
  get,
};
