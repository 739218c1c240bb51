/**
 * `keras.optimizers.schedules`: learning rates that depend on the number of the step. They are part of the compiled step, which therefore never
 * recompiles for them.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { ScalarName } from "../../../ir/scalar.ts";
import { cast, elementwise, select, type Tensor, type TensorLike } from "../../tensor.ts";
import { factory } from "../callable.ts";
import { type ClassTable, resolve } from "../config.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";

const apply = (name: ScalarName, ...operands: readonly TensorLike[]): Tensor => elementwise(name, operands);

export abstract class LearningRateSchedule {
  static readonly module = "keras.optimizers.schedules";
  /** The rate (f32) of step number `step` (f32, from 0). */
  abstract call(step: Tensor): Tensor;
  abstract getConfig(): JsonObject;
}

interface DecayOptions {
  initialLearningRate?: number;
  decaySteps?: number;
  decayRate?: number;
  /** Whether the rate falls once every `decaySteps` steps; default false, in every step. */
  staircase?: boolean;
  name?: string;
}

const decayDefaults = {
  initialLearningRate: undefined as number | undefined,
  decaySteps: undefined as number | undefined,
  decayRate: undefined as number | undefined,
  staircase: false,
};
const decayNames = ["initialLearningRate", "decaySteps", "decayRate"] as const;
type DecayArguments = [
  initialLearningRate: number | Options<DecayOptions>,
  decaySteps?: number,
  decayRate?: number,
  options?: Options<DecayOptions>,
];

abstract class Decay extends LearningRateSchedule {
  protected readonly initial: number;
  protected readonly steps: number;
  protected readonly rate: number;
  protected readonly staircase: boolean;

  constructor(owner: string, args: readonly unknown[], name: string) {
    super();
    const read = readOptions(args, { ...decayDefaults, name }, { owner, positional: decayNames });
    this.initial = read.initialLearningRate ?? 0;
    this.steps = positive(read.decaySteps ?? 0, owner);
    this.rate = read.decayRate ?? 0;
    this.staircase = read.staircase;
    this.name = read.name;
  }
  private readonly name: string;

  protected progress(step: Tensor): Tensor {
    const share = apply("div", step, this.steps);
    return this.staircase ? apply("floor", share) : share;
  }
  override getConfig(): JsonObject {
    return {
      initial_learning_rate: this.initial,
      decay_steps: this.steps,
      decay_rate: this.rate,
      staircase: this.staircase,
      name: this.name,
    };
  }
}

/** initial rate^(step / decaySteps). */
export class ExponentialDecay extends Decay {
  static readonly className = "ExponentialDecay";
  constructor(...args: DecayArguments) {
    super("ExponentialDecay", args, "ExponentialDecay");
  }
  override call(step: Tensor): Tensor {
    return apply("mul", this.initial, apply("pow", this.rate, this.progress(step)));
  }
}

/** initial / (1 + rate step / decaySteps). */
export class InverseTimeDecay extends Decay {
  static readonly className = "InverseTimeDecay";
  constructor(...args: DecayArguments) {
    super("InverseTimeDecay", args, "InverseTimeDecay");
  }
  override call(step: Tensor): Tensor {
    return apply("div", this.initial, apply("add", 1, apply("mul", this.rate, this.progress(step))));
  }
}

interface PolynomialOptions {
  initialLearningRate?: number;
  decaySteps?: number;
  /** Default 0.0001. */
  endLearningRate?: number;
  /** Default 1. */
  power?: number;
  name?: string;
}

/** From initial to end along (1 - step / decaySteps)^power, then end. */
export class PolynomialDecay extends LearningRateSchedule {
  static readonly className = "PolynomialDecay";
  private readonly options: {
    readonly initialLearningRate: number;
    readonly decaySteps: number;
    readonly endLearningRate: number;
    readonly power: number;
    name: string;
  };

  constructor(
    ...args: [
      initialLearningRate: number | Options<PolynomialOptions>,
      decaySteps?: number,
      options?: Options<PolynomialOptions>,
    ]
  ) {
    super();
    const defaults = {
      initialLearningRate: undefined as number | undefined,
      decaySteps: undefined as number | undefined,
      endLearningRate: 1e-4,
      power: 1,
      cycle: false,
      name: "PolynomialDecay",
    };
    const read = readOptions(args, defaults, {
      owner: "PolynomialDecay",
      positional: ["initialLearningRate", "decaySteps"],
    });
    if (read.cycle) throw new ModelError("cycle is not available", { where: "PolynomialDecay" });
    this.options = {
      ...read,
      initialLearningRate: read.initialLearningRate ?? 0,
      decaySteps: positive(read.decaySteps ?? 0, "PolynomialDecay"),
    };
  }
  override call(step: Tensor): Tensor {
    const { initialLearningRate, decaySteps, endLearningRate, power } = this.options;
    const left = apply("sub", 1, apply("div", apply("min", step, decaySteps), decaySteps));
    return apply(
      "add",
      apply("mul", initialLearningRate - endLearningRate, apply("pow", left, power)),
      endLearningRate,
    );
  }
  override getConfig(): JsonObject {
    const { initialLearningRate, decaySteps, endLearningRate, power, name } = this.options;
    return {
      initial_learning_rate: initialLearningRate,
      decay_steps: decaySteps,
      end_learning_rate: endLearningRate,
      power,
      cycle: false,
      name,
    };
  }
}

interface PiecewiseOptions {
  boundaries?: readonly number[];
  values?: readonly number[];
  name?: string;
}

/** values[i] for steps up to boundaries[i], the last value after the last boundary. */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  static readonly className = "PiecewiseConstantDecay";
  private readonly boundaries: readonly number[];
  private readonly values: readonly number[];
  private readonly name: string;

  constructor(
    ...args: [
      boundaries: readonly number[] | Options<PiecewiseOptions>,
      values?: readonly number[],
      options?: Options<PiecewiseOptions>,
    ]
  ) {
    super();
    const defaults = {
      boundaries: undefined as readonly number[] | undefined,
      values: undefined as readonly number[] | undefined,
      name: "PiecewiseConstant",
    };
    const read = readOptions(args, defaults, {
      owner: "PiecewiseConstantDecay",
      positional: ["boundaries", "values"],
    });
    this.boundaries = read.boundaries ?? [];
    this.values = read.values ?? [];
    this.name = read.name;
    if (this.values.length !== this.boundaries.length + 1) {
      throw new ModelError("one value more than boundaries is needed", {
        where: "PiecewiseConstantDecay",
        got: `${this.values.length} and ${this.boundaries.length}`,
      });
    }
  }
  override call(step: Tensor): Tensor {
    const last: TensorLike = this.values[this.values.length - 1];
    const rate = this.boundaries.reduceRight<TensorLike>(
      (rest, boundary, i) => select(apply("le", step, boundary), this.values[i], rest),
      last,
    );
    return cast(apply("add", rate, 0), "f32");
  }
  override getConfig(): JsonObject {
    return { boundaries: this.boundaries, values: this.values, name: this.name };
  }
}

interface CosineOptions {
  initialLearningRate?: number;
  decaySteps?: number;
  /** The share of the rate that is left at the end; default 0. */
  alpha?: number;
  name?: string;
  /** Where a linear rise over `warmupSteps` leads; default null, no rise. */
  warmupTarget?: number | null;
  warmupSteps?: number;
}

/** Half a cosine from initial down to alpha initial (Loshchilov and Hutter, 2016), after an optional linear rise. */
export class CosineDecay extends LearningRateSchedule {
  static readonly className = "CosineDecay";
  private readonly options: {
    initialLearningRate: number;
    decaySteps: number;
    alpha: number;
    name: string;
    warmupTarget: number | null;
    warmupSteps: number;
  };

  constructor(
    ...args: [
      initialLearningRate: number | Options<CosineOptions>,
      decaySteps?: number,
      options?: Options<CosineOptions>,
    ]
  ) {
    super();
    const defaults = {
      initialLearningRate: undefined as number | undefined,
      decaySteps: undefined as number | undefined,
      alpha: 0,
      name: "CosineDecay",
      warmupTarget: null as number | null,
      warmupSteps: 0,
    };
    const read = readOptions(args, defaults, {
      owner: "CosineDecay",
      positional: ["initialLearningRate", "decaySteps"],
    });
    this.options = {
      ...read,
      initialLearningRate: read.initialLearningRate ?? 0,
      decaySteps: positive(read.decaySteps ?? 0, "CosineDecay"),
    };
  }
  override call(step: Tensor): Tensor {
    const { initialLearningRate: initial, warmupTarget: target, warmupSteps } = this.options;
    if (target === null) return this.fall(step, initial);
    const rise = apply(
      "add",
      apply("mul", apply("div", step, Math.max(warmupSteps, 1)), target - initial),
      initial,
    );
    return select(apply("lt", step, warmupSteps), rise, this.fall(apply("sub", step, warmupSteps), target));
  }
  private fall(step: Tensor, from: number): Tensor {
    const { decaySteps, alpha } = this.options;
    const share = apply("div", apply("min", step, decaySteps), decaySteps);
    const cosine = apply("mul", 0.5, apply("add", 1, apply("cos", apply("mul", share, Math.PI))));
    return apply("mul", from, apply("add", apply("mul", cosine, 1 - alpha), alpha));
  }
  override getConfig(): JsonObject {
    const { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps } = this.options;
    return {
      initial_learning_rate: initialLearningRate,
      decay_steps: decaySteps,
      alpha,
      name,
      warmup_target: warmupTarget,
      warmup_steps: warmupSteps,
    };
  }
}

function positive(value: number, where: string): number {
  if (value > 0) return value;
  throw new ModelError("decaySteps must be positive", { where, got: String(value) });
}

const classes: ClassTable<LearningRateSchedule> = {
  ExponentialDecay,
  InverseTimeDecay,
  PolynomialDecay,
  PiecewiseConstantDecay,
  CosineDecay,
};

/** The schedule that an identifier means. */
export function getSchedule(identifier: unknown): LearningRateSchedule {
  const isInstance = (value: unknown): value is LearningRateSchedule => value instanceof LearningRateSchedule;
  return resolve(identifier, { kind: "learning rate schedule", classes, isInstance });
}

/** `keras.optimizers.schedules`. */
export const schedules = {
  LearningRateSchedule,
  ExponentialDecay: factory(ExponentialDecay),
  InverseTimeDecay: factory(InverseTimeDecay),
  PolynomialDecay: factory(PolynomialDecay),
  PiecewiseConstantDecay: factory(PiecewiseConstantDecay),
  CosineDecay: factory(CosineDecay),
};
