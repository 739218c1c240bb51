/**
 * Optimizers that give each number in the weights a learning rate of its own, by the size of its gradients so far: Adagrad and what followed.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { square } from "../losses/operands.ts";
import { apply, clamp } from "../ops/apply.ts";
import { type JsonObject, readOptions, toSnake } from "../options.ts";
import { Optimizer, type SlotGroups } from "./optimizer.ts";
import { type LearningRate, type OptimizerArguments, optimizerDefaults } from "./options.ts";
import type { Step, Stepped } from "./update.ts";

const defaults = { ...optimizerDefaults, learningRate: 0.001 as LearningRate };

interface AdagradOptions {
  /** Default 0.1. */
  initialAccumulatorValue?: number;
  /** Default 1e-7. */
  epsilon?: number;
}

/** a += g^2, w -= rate g / sqrt(a + epsilon) (Duchi et al., 2011). Default rate 0.001. Slot: accumulator. */
export class Adagrad extends Optimizer {
  static readonly className = "Adagrad";
  private readonly own: Required<AdagradOptions>;

  constructor(...args: OptimizerArguments<AdagradOptions>) {
    const read = readOptions(
      args,
      { ...defaults, initialAccumulatorValue: 0.1, epsilon: 1e-7 },
      { owner: "Adagrad", positional: ["learningRate", "initialAccumulatorValue", "epsilon"] },
    );
    super(read);
    this.own = read;
  }
  override slotGroups(): SlotGroups {
    return [[{ name: "accumulator", initial: this.own.initialAccumulatorValue }]];
  }
  override update({ weight, gradient, slots, learningRate }: Step): Stepped {
    const sums = apply("add", slots[0], square(gradient));
    const size = apply("sqrt", apply("add", sums, this.own.epsilon));
    const change = apply("div", apply("mul", learningRate, gradient), size);
    return { weight: apply("sub", weight, change), slots: [sums] };
  }
  override getConfig(): JsonObject {
    const { initialAccumulatorValue, epsilon } = this.own;
    return { ...super.getConfig(), initial_accumulator_value: initialAccumulatorValue, epsilon };
  }
}

interface AdadeltaOptions {
  /** The share of the old averages; default 0.95. */
  rho?: number;
  /** Default 1e-7. */
  epsilon?: number;
}

/**
 * d = -rms(old d) / rms(g) g, w += rate d, with moving averages of the squares of both (Zeiler, 2012). Default rate 0.001; the paper's is 1.
 * Slots: accumulated_grad, accumulated_delta_var.
 */
export class Adadelta extends Optimizer {
  static readonly className = "Adadelta";
  private readonly own: Required<AdadeltaOptions>;

  constructor(...args: OptimizerArguments<AdadeltaOptions>) {
    const read = readOptions(
      args,
      { ...defaults, rho: 0.95, epsilon: 1e-7 },
      { owner: "Adadelta", positional: ["learningRate", "rho", "epsilon"] },
    );
    super(read);
    this.own = read;
  }
  override slotGroups(): SlotGroups {
    return [["accumulated_grad", "accumulated_delta_var"]];
  }
  override update({ weight, gradient, slots, learningRate }: Step): Stepped {
    const { rho, epsilon } = this.own;
    const average = (old: Tensor, value: Tensor): Tensor =>
      apply("add", apply("mul", rho, old), apply("mul", 1 - rho, square(value)));
    const rms = (x: Tensor): Tensor => apply("sqrt", apply("add", x, epsilon));
    const sizes = average(slots[0], gradient);
    const delta = apply("neg", apply("div", apply("mul", rms(slots[1]), gradient), rms(sizes)));
    return {
      weight: apply("add", weight, apply("mul", learningRate, delta)),
      slots: [sizes, average(slots[1], delta)],
    };
  }
  override getConfig(): JsonObject {
    return { ...super.getConfig(), rho: this.own.rho, epsilon: this.own.epsilon };
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
  private readonly own: Required<RmspropOptions>;

  constructor(...args: OptimizerArguments<RmspropOptions>) {
    const read = readOptions(
      args,
      { ...defaults, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false },
      { owner: "RMSprop", positional: ["learningRate", "rho", "momentum", "epsilon", "centered"] },
    );
    super(read);
    this.own = read;
  }

  override slotGroups(): SlotGroups {
    const { momentum, centered } = this.own;
    return [
      ["velocity"],
      ...(momentum > 0 ? [["momentum"]] : []),
      ...(centered ? [["average_gradient"]] : []),
    ];
  }

  override update({ weight, gradient, slots, learningRate }: Step): Stepped {
    const { rho, momentum, epsilon, centered } = this.own;
    const average = (old: Tensor, value: Tensor): Tensor =>
      apply("add", apply("mul", rho, old), apply("mul", 1 - rho, value));
    const velocity = average(slots[0], square(gradient));
    const mean = centered ? [average(slots[slots.length - 1], gradient)] : [];
    const spread = centered ? apply("sub", velocity, square(mean[0])) : velocity;
    const size = apply("sqrt", apply("add", spread, epsilon));
    const increment = apply("div", apply("mul", learningRate, gradient), size);
    const moving = momentum > 0 ? [apply("add", apply("mul", momentum, slots[1]), increment)] : [];
    return {
      weight: apply("sub", weight, moving[0] ?? increment),
      slots: [velocity, ...moving, ...mean],
    };
  }

  override getConfig(): JsonObject {
    const { rho, momentum, epsilon, centered } = this.own;
    return { ...super.getConfig(), rho, momentum, epsilon, centered };
  }
}

interface FtrlOptions {
  /** At most 0; default -0.5. */
  learningRatePower?: number;
  /** Default 0.1. */
  initialAccumulatorValue?: number;
  /** Weights smaller than it asks for become 0; default 0. */
  l1RegularizationStrength?: number;
  /** Default 0. */
  l2RegularizationStrength?: number;
  /** The same on the loss alone; default 0. */
  l2ShrinkageRegularizationStrength?: number;
  /** Default 0. */
  beta?: number;
}
const ftrlDefaults = {
  learningRatePower: -0.5,
  initialAccumulatorValue: 0.1,
  l1RegularizationStrength: 0,
  l2RegularizationStrength: 0,
  l2ShrinkageRegularizationStrength: 0,
  beta: 0,
};
const ftrlKeys = Object.keys(ftrlDefaults) as readonly (keyof typeof ftrlDefaults)[];

/** "Follow the regularized leader" (McMahan et al., 2013). Default rate 0.001. Slots: accumulator, linear. */
export class Ftrl extends Optimizer {
  static readonly className = "Ftrl";
  private readonly own: typeof ftrlDefaults;

  constructor(...args: OptimizerArguments<FtrlOptions>) {
    const read = readOptions(
      args,
      { ...defaults, ...ftrlDefaults },
      { owner: "Ftrl", positional: ["learningRate", ...ftrlKeys] },
    );
    super(read);
    this.own = read;
    for (const key of ftrlKeys) this.check(key);
  }

  private check(key: keyof typeof ftrlDefaults): void {
    const [value, name] = [this.own[key], toSnake(key).replace(/l(\d)/, "l$1")];
    const isPower = key === "learningRatePower";
    if (key === "beta" || (isPower ? value <= 0 : value >= 0)) return;
    throw new ModelError(
      `\`${name}\` needs to be ${isPower ? "negative" : "positive"} or zero. Received: ${name}=${value}.`,
      { where: this.name },
    );
  }

  override slotGroups(): SlotGroups {
    return [[{ name: "accumulator", initial: this.own.initialAccumulatorValue }, "linear"]];
  }

  override update({ weight, gradient, slots, learningRate }: Step): Stepped {
    const { learningRatePower, l1RegularizationStrength: l1, l2RegularizationStrength, beta } = this.own;
    const [old, oldLinear] = slots;
    const l2 = apply("add", l2RegularizationStrength, apply("div", beta, apply("mul", 2, learningRate)));
    const shrink = apply("mul", 2 * this.own.l2ShrinkageRegularizationStrength, weight);
    const sums = apply("add", old, square(gradient));
    const power = (x: Tensor): Tensor => apply("pow", x, -learningRatePower);
    const sigma = apply("div", apply("sub", power(sums), power(old)), learningRate);
    const change = apply("sub", apply("add", gradient, shrink), apply("mul", sigma, weight));
    const linear = apply("add", oldLinear, change);
    const quadratic = apply("add", apply("div", power(sums), learningRate), apply("mul", 2, l2));
    const next = apply("div", apply("sub", clamp(linear, -l1, l1), linear), quadratic);
    return { weight: next, slots: [sums, linear] };
  }

  override getConfig(): JsonObject {
    const own = ftrlKeys.map((key) => [toSnake(key).replace("_l2_", "_l2_"), this.own[key]] as const);
    return { ...super.getConfig(), ...Object.fromEntries(own) };
  }
}
