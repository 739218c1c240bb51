/**
 * `keras.optimizers.schedules`: learning rates that depend on the number of the step. They are part of the compiled step, which therefore never
 * recompiles for them. To add one: its formula and `defineSchedule`, a line in both lists below.
 */
import { ModelError } from "../../../ir/errors.ts";
import { cast, select, type Tensor, type TensorLike } from "../../tensor.ts";
import { Callable, factory } from "../callable.ts";
import { type ClassTable, resolve, serializeMaybe } from "../config.ts";
import { apply } from "../ops/apply.ts";
import { asTensor } from "../ops/operation.ts";
import { type JsonObject, type Options, readOptions, toSnake } from "../options.ts";

/** Subclasses give the rate of a step: `class Mine extends keras.optimizers.schedules.LearningRateSchedule { call(step) {...} getConfig() {...} }`. */
export abstract class LearningRateSchedule extends Callable<[step: TensorLike], Tensor> {
  static readonly module: string = "keras.optimizers.schedules";
  override invoke([step]: readonly unknown[]): Tensor {
    return this.call(cast(asTensor(step as TensorLike), "f32"));
  }
  /** The rate (f32) of step number `step` (f32, from 0). */
  abstract override call(step: Tensor): Tensor;
  abstract getConfig(): JsonObject;
}

/** A schedule by its class; named, because declarations cannot describe an anonymous class. */
export interface ScheduleClass<O extends object> {
  readonly module: string;
  readonly className: string;
  readonly prototype: LearningRateSchedule;
  /** Options by name, or by position in Keras's order. */
  new (...args: (O[keyof O] | Options<Partial<O>>)[]): LearningRateSchedule;
}

/** Declares a schedule: its class name, its options with their defaults in Keras's order (undefined for required ones), its formula. */
function defineSchedule<O extends object>(
  className: string,
  defaults: { readonly [K in keyof O]: O[K] | undefined },
  formula: (step: Tensor, options: O) => Tensor,
  check: (options: O) => string | undefined = () => undefined,
): ScheduleClass<O> {
  const keys = Object.keys(defaults);
  return class extends LearningRateSchedule {
    static readonly className = className;
    private readonly options: O;
    constructor(...args: readonly unknown[]) {
      super();
      const read = readOptions(args, defaults, { owner: className, positional: keys });
      this.options = Object.fromEntries(keys.map((key) => [key, read[key as keyof typeof read]])) as O;
      const problem = check(this.options);
      if (problem !== undefined) throw new ModelError(problem, { where: className });
    }
    override call(step: Tensor): Tensor {
      return formula(step, this.options);
    }
    override getConfig(): JsonObject {
      const entries = Object.entries(this.options).map(([key, value]) => [toSnake(key), value]);
      return Object.fromEntries(entries);
    }
  };
}

const positive = (name: string, value: number): string | undefined =>
  value > 0 ? undefined : `Argument \`${name}\` must be > 0. Received: ${name}=${value}`;

export interface Decay {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  /** Whether the rate falls once every `decaySteps` steps; default false, in every step. */
  staircase: boolean;
  name: string;
}
const decayDefaults = {
  initialLearningRate: undefined,
  decaySteps: undefined,
  decayRate: undefined,
  staircase: false,
};
const progress = (step: Tensor, { decaySteps, staircase }: Decay): Tensor => {
  const share = apply("div", step, decaySteps);
  return staircase ? apply("floor", share) : share;
};

/** initial rate^(step / decaySteps). */
export const ExponentialDecay = defineSchedule<Decay>(
  "ExponentialDecay",
  { ...decayDefaults, name: "ExponentialDecay" },
  (step, options) =>
    apply("mul", options.initialLearningRate, apply("pow", options.decayRate, progress(step, options))),
  ({ decaySteps }) => positive("decay_steps", decaySteps),
);

/** initial / (1 + rate step / decaySteps). */
export const InverseTimeDecay = defineSchedule<Decay>(
  "InverseTimeDecay",
  { ...decayDefaults, name: "InverseTimeDecay" },
  (step, options) => {
    const size = apply("add", 1, apply("mul", options.decayRate, progress(step, options)));
    return apply("div", options.initialLearningRate, size);
  },
  ({ decaySteps }) => positive("decay_steps", decaySteps),
);

export interface Polynomial {
  initialLearningRate: number;
  decaySteps: number;
  /** Default 0.0001. */
  endLearningRate: number;
  /** Default 1. */
  power: number;
  /** Begins again, with ever longer periods, instead of staying at the end; default false. */
  cycle: boolean;
  name: string;
}

/** From initial to end along (1 - step / decaySteps)^power, then end. */
export const PolynomialDecay = defineSchedule<Polynomial>(
  "PolynomialDecay",
  {
    initialLearningRate: undefined,
    decaySteps: undefined,
    endLearningRate: 1e-4,
    power: 1,
    cycle: false,
    name: "PolynomialDecay",
  },
  (step, { initialLearningRate, decaySteps, endLearningRate, power, cycle }) => {
    const periods = select(apply("eq", step, 0), 1, apply("ceil", apply("div", step, decaySteps)));
    const length = cycle ? apply("mul", decaySteps, periods) : decaySteps;
    const done = apply("div", cycle ? step : apply("min", step, decaySteps), length);
    const left = apply("pow", apply("sub", 1, done), power);
    return apply("add", apply("mul", initialLearningRate - endLearningRate, left), endLearningRate);
  },
  ({ decaySteps }) => positive("decay_steps", decaySteps),
);

export interface Piecewise {
  boundaries: readonly number[];
  values: readonly number[];
  name: string;
}

/** values[i] for steps up to boundaries[i], the last value after the last boundary. */
export const PiecewiseConstantDecay = defineSchedule<Piecewise>(
  "PiecewiseConstantDecay",
  { boundaries: undefined, values: undefined, name: "PiecewiseConstant" },
  (step, { boundaries, values }) => {
    const last = apply("add", apply("mul", step, 0), values[values.length - 1]);
    return boundaries.reduceRight(
      (rest, boundary, i) => select(apply("le", step, boundary), values[i], rest),
      last,
    );
  },
  ({ boundaries, values }) =>
    boundaries.length === values.length - 1
      ? undefined
      : "The length of boundaries should be 1 less than the length of values. Received: " +
        `boundaries=[${boundaries}] of length ${boundaries.length}, and values=[${values}] of length ${values.length}.`,
);

export interface Cosine {
  initialLearningRate: number;
  decaySteps: number;
  /** The share of the rate that is left at the end; default 0. */
  alpha: number;
  name: string;
  /** Where a linear rise over `warmupSteps` leads; default null, no rise. */
  warmupTarget: number | null;
  warmupSteps: number;
}

/** from ((1 - alpha)(1 + cos(pi share)) / 2 + alpha). */
function halfCosine(share: Tensor, from: TensorLike, alpha: number, height: TensorLike = 1): Tensor {
  const cosine = apply("add", 1, apply("cos", apply("mul", share, Math.PI)));
  const scaled = apply("mul", apply("mul", cosine, 0.5), height);
  return apply("mul", from, apply("add", apply("mul", scaled, 1 - alpha), alpha));
}

/** Half a cosine from initial down to alpha initial (Loshchilov and Hutter, 2016), after an optional linear rise. */
export const CosineDecay = defineSchedule<Cosine>(
  "CosineDecay",
  {
    initialLearningRate: undefined,
    decaySteps: undefined,
    alpha: 0,
    name: "CosineDecay",
    warmupTarget: null,
    warmupSteps: 0,
  },
  (step, { initialLearningRate: initial, decaySteps, alpha, warmupTarget: target, warmupSteps }) => {
    const fall = (at: Tensor, from: number): Tensor =>
      halfCosine(apply("div", apply("min", at, decaySteps), decaySteps), from, alpha);
    if (target === null) return fall(step, initial);
    const share = apply("div", step, Math.max(warmupSteps, 1));
    const rise = apply("add", apply("mul", share, target - initial), initial);
    return select(apply("lt", step, warmupSteps), rise, fall(apply("sub", step, warmupSteps), target));
  },
  ({ decaySteps }) => positive("decay_steps", decaySteps),
);

export interface Restarts {
  initialLearningRate: number;
  firstDecaySteps: number;
  /** How much longer each period is than the one before; default 2. */
  tMul: number;
  /** How high each period begins against the one before; default 1. */
  mMul: number;
  /** The share of the rate that is left at the end of a period; default 0. */
  alpha: number;
  name: string;
}

/** Half a cosine again and again, "warm restarts" (Loshchilov and Hutter, 2016). */
export const CosineDecayRestarts = defineSchedule<Restarts>(
  "CosineDecayRestarts",
  {
    initialLearningRate: undefined,
    firstDecaySteps: undefined,
    tMul: 2,
    mMul: 1,
    alpha: 0,
    name: "SGDRDecay",
  },
  (step, { initialLearningRate, firstDecaySteps, tMul, mMul, alpha }) => {
    const { period, share } = periodOf(apply("div", step, firstDecaySteps), tMul);
    return halfCosine(share, initialLearningRate, alpha, apply("pow", mMul, period));
  },
  ({ firstDecaySteps }) => positive("first_decay_steps", firstDecaySteps),
);

/** The number of the period at time x (in first periods), and how much of it is over. Periods grow geometrically. */
function periodOf(x: Tensor, growth: number): { period: Tensor; share: Tensor } {
  if (growth === 1) {
    const period = apply("floor", x);
    return { period, share: apply("sub", x, period) };
  }
  const power = apply("log", apply("add", 1, apply("mul", x, growth - 1)));
  // At a restart the quotient is a whole number, which rounding must not bring below it.
  const period = apply("floor", apply("add", apply("div", power, Math.log(growth)), 2e-6));
  const length = apply("pow", growth, period);
  const start = apply("div", apply("sub", 1, length), 1 - growth);
  return { period, share: apply("div", apply("sub", x, start), length) };
}

const classes: ClassTable<LearningRateSchedule> = {
  ExponentialDecay,
  InverseTimeDecay,
  PolynomialDecay,
  PiecewiseConstantDecay,
  CosineDecay,
  CosineDecayRestarts,
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
  CosineDecayRestarts: factory(CosineDecayRestarts),
  deserialize: getSchedule,
  serialize: serializeMaybe,
};
