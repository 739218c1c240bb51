/**
 * The base of optimizers. An optimizer is an elementwise rule: new weights and new slots (momentum and the like) from old ones, gradients and
 * the learning rate. The rule does not know whether it works on one weight or on a slab of all weights laid end to end, so that a compiled
 * step updates everything in one kernel. The step number and the learning rate are variables: changing them recompiles nothing.
 */
import { ModelError } from "../../../ir/errors.ts";
import { zeros } from "../../../ir/ndarray.ts";
import type { ScalarName } from "../../../ir/scalar.ts";
import { cast, elementwise, select, sum, type Tensor, type TensorLike, toTensor } from "../../tensor.ts";
import { classNameOf, serializeObject } from "../config.ts";
import { type JsonObject, type Options, type PlainObject, snakeClassName } from "../options.ts";
import { session } from "../session.ts";
import { Variable } from "../variable.ts";
import { getSchedule, type LearningRateSchedule } from "./schedules.ts";

/** Options that every optimizer takes. */
export interface OptimizerOptions {
  /** A number, or a schedule that gives one for each step. */
  learningRate?: number | LearningRateSchedule | JsonObject;
  /** Each step first takes this share of weight and learning rate off the weights; default null, nothing. */
  weightDecay?: number | null;
  /** The largest norm of each gradient; default null, any. Only one of the three clips may be set. */
  clipnorm?: number | null;
  /** Gradients are cut to [-clipvalue, clipvalue]. */
  clipvalue?: number | null;
  /** The largest norm of all gradients together. */
  globalClipnorm?: number | null;
  name?: string | null;
}

/** Defaults of the common options, for `readOptions`; those of Keras that are not there yet must have these values. */
export const optimizerDefaults = {
  weightDecay: null as number | null,
  clipnorm: null as number | null,
  clipvalue: null as number | null,
  globalClipnorm: null as number | null,
  useEma: false,
  emaMomentum: 0.99,
  emaOverwriteFrequency: null,
  lossScaleFactor: null,
  gradientAccumulationSteps: null,
  name: null as string | null,
};
export type ReadOptimizerOptions = typeof optimizerDefaults & {
  readonly learningRate: number | LearningRateSchedule | JsonObject;
};

/** One application of the rule: tensors of one shape, and two scalars. */
export interface Step {
  readonly weight: Tensor;
  readonly gradient: Tensor;
  /** In the order of `slotNames`. */
  readonly slots: readonly Tensor[];
  readonly learningRate: Tensor;
  /** The number of the step, f32, from 1. */
  readonly step: Tensor;
}
export interface Stepped {
  readonly weight: Tensor;
  readonly slots: readonly Tensor[];
}

export abstract class Optimizer {
  static readonly module: string = "keras.optimizers";
  readonly name: string;
  /** i32: how many steps were made. */
  readonly iterations: Variable;
  readonly options: ReadOptimizerOptions;
  private readonly rate: Variable | LearningRateSchedule;
  /** By slot name, one for each weight. */
  private slotVariables: ReadonlyMap<string, readonly Variable[]> = new Map();
  private weights: readonly Variable[] | undefined;

  constructor(options: ReadOptimizerOptions) {
    this.name = options.name ?? session.uniqueName(snakeClassName(classNameOf(this)));
    this.options = options;
    checkOptions(options, this.name);
    this.iterations = new Variable(
      { dtype: "i32", shape: [], data: Int32Array.of(0) },
      { name: "iteration", trainable: false, path: `${this.name}/iteration` },
    );
    const rate =
      typeof options.learningRate === "number" ? options.learningRate : getSchedule(options.learningRate);
    const variableOptions = { name: "learning_rate", trainable: false, path: `${this.name}/learning_rate` };
    this.rate = typeof rate === "number" ? new Variable(rate, variableOptions) : rate;
  }

  /** Names of the slots, in groups: Keras lays the slots of a group side by side, weight by weight. */
  abstract get slotGroups(): readonly (readonly string[])[];
  /** The rule. */
  abstract update(step: Step): Stepped;

  get slotNames(): readonly string[] {
    return this.slotGroups.flat();
  }

  get built(): boolean {
    return this.weights !== undefined;
  }

  /** Makes the slots of `weights`, filled with zeros. */
  build(weights: readonly Variable[]): void {
    if (this.weights !== undefined) return this.checkKnown(weights);
    this.weights = [...weights];
    const slot = (weight: Variable, name: string): Variable => {
      const full = `${weight.path.replaceAll("/", "_")}_${name}`;
      return new Variable(zeros(weight.dtype, weight.shape), {
        name: full,
        trainable: false,
        path: `${this.name}/${full}`,
      });
    };
    this.slotVariables = new Map(
      this.slotNames.map((name) => [name, weights.map((weight) => slot(weight, name))]),
    );
  }

  private checkKnown(weights: readonly Variable[]): void {
    const same =
      this.weights?.length === weights.length && weights.every((weight, i) => weight === this.weights?.[i]);
    if (same) return;
    throw new ModelError("an optimizer serves the weights it was built with", {
      where: this.name,
      hint: "Make a new optimizer for other weights: model.compile({ optimizer: ... })",
    });
  }

  /** The slots called `name`, one for each weight. */
  slots(name: string): readonly Variable[] {
    return this.slotVariables.get(name) ?? [];
  }

  /** All state, in Keras's order: iteration, learning rate, slots. */
  get variables(): readonly Variable[] {
    const rate = this.rate instanceof Variable ? [this.rate] : [];
    const slots = this.slotGroups.flatMap((group) =>
      (this.weights ?? []).flatMap((_, i) => group.map((name) => this.slots(name)[i])),
    );
    return [this.iterations, ...rate, ...slots];
  }

  /** The learning rate: assign to change it. Throws ModelError where a schedule gives it. */
  get learningRate(): Variable {
    if (this.rate instanceof Variable) return this.rate;
    throw new ModelError("a schedule gives the learning rate", {
      where: this.name,
      hint: "Make the optimizer with a number to change it by hand",
    });
  }
  set learningRate(value: number | Variable) {
    this.learningRate.assign(value);
  }

  /** The learning rate of the coming step. */
  currentLearningRate(): Tensor {
    if (this.rate instanceof Variable) return this.rate.value;
    return this.rate.call(cast(this.iterations.value, "f32"));
  }

  /** Gradients after clipping: what depends on whole gradients, and is therefore done before they are laid end to end. */
  clip(gradients: readonly Tensor[]): readonly Tensor[] {
    const { clipnorm, clipvalue, globalClipnorm } = this.options;
    if (clipnorm !== null) return gradients.map((gradient) => clipByNorm(gradient, clipnorm));
    if (globalClipnorm !== null) return clipTogether(gradients, globalClipnorm);
    if (clipvalue === null) return gradients;
    return gradients.map((gradient) => apply("min", apply("max", gradient, -clipvalue), clipvalue));
  }

  /** Weight decay, then the rule. */
  step(given: Step): Stepped {
    const { weightDecay } = this.options;
    if (weightDecay === null) return this.update(given);
    const decay = apply("mul", apply("mul", given.weight, weightDecay), given.learningRate);
    return this.update({ ...given, weight: apply("sub", given.weight, decay) });
  }

  /** Eager training: applies gradients to weights, and counts the step. */
  apply(gradients: readonly TensorLike[], weights: readonly Variable[] = this.weights ?? []): void {
    this.build(weights);
    if (gradients.length !== weights.length) {
      throw new ModelError("wrong number of gradients", {
        where: this.name,
        expected: `${weights.length}`,
        got: `${gradients.length}`,
      });
    }
    const engine = session.engine();
    const clipped = this.clip(gradients.map((gradient) => toTensor(gradient, engine)));
    const learningRate = this.currentLearningRate();
    const step = apply("add", cast(this.iterations.value, "f32"), 1);
    weights.forEach((weight, i) => {
      const slots = this.slotNames.map((name) => this.slots(name)[i]);
      const next = this.step({
        weight: weight.value,
        gradient: clipped[i],
        slots: slots.map((slot) => slot.value),
        learningRate,
        step,
      });
      weight.assign(next.weight);
      slots.forEach((slot, at) => slot.assign(next.slots[at]));
    });
    this.iterations.assignAdd({ dtype: "i32", shape: [], data: Int32Array.of(1) });
  }

  /** Pairs of gradient and weight: `optimizer.applyGradients(gradients.map((g, i) => [g, weights[i]]))`. */
  applyGradients(pairs: readonly (readonly [TensorLike, Variable])[]): void {
    this.apply(
      pairs.map(([gradient]) => gradient),
      pairs.map(([, weight]) => weight),
    );
  }

  getConfig(): JsonObject {
    const { options } = this;
    return {
      name: this.name,
      learning_rate:
        this.rate instanceof Variable
          ? pythonFloat(Number(this.rate.arraySync().data[0]))
          : serializeObject(this.rate),
      weight_decay: options.weightDecay,
      clipnorm: options.clipnorm,
      global_clipnorm: options.globalClipnorm,
      clipvalue: options.clipvalue,
      use_ema: false,
      ema_momentum: 0.99,
      ema_overwrite_frequency: null,
      loss_scale_factor: null,
      gradient_accumulation_steps: null,
    };
  }
}

const apply = (name: ScalarName, ...operands: readonly TensorLike[]): Tensor => elementwise(name, operands);

export { apply as applyScalarOp };

/** Reads what a subclass was given, for its `super` call. */
export type OptimizerArguments<T> = [
  learningRate?: number | LearningRateSchedule | Options<OptimizerOptions & T>,
  options?: Options<OptimizerOptions & T>,
];

function checkOptions(options: ReadOptimizerOptions & PlainObject, name: string): void {
  const { clipnorm, clipvalue, globalClipnorm } = options;
  if ([clipnorm, clipvalue, globalClipnorm].filter((value) => value !== null).length > 1) {
    throw new ModelError("only one way of clipping can be set", {
      where: name,
      expected: "one of clipnorm, clipvalue, globalClipnorm",
    });
  }
  const missing = (
    ["useEma", "emaOverwriteFrequency", "lossScaleFactor", "gradientAccumulationSteps"] as const
  ).find((key) => options[key]);
  if (missing !== undefined)
    throw new ModelError("this option is not available yet", { where: name, got: missing });
}

/** g limit / max(|g|, limit). */
function clipByNorm(gradient: Tensor, limit: number): Tensor {
  const squares = sum(apply("mul", gradient, gradient), null, false);
  return apply("div", apply("mul", gradient, limit), apply("max", safeRoot(squares), limit));
}

/** The same with the norm of all gradients together. */
function clipTogether(gradients: readonly Tensor[], limit: number): readonly Tensor[] {
  const squares = gradients
    .map((gradient) => sum(apply("mul", gradient, gradient), null, false))
    .reduce((a, b) => apply("add", a, b));
  const norm = safeRoot(squares);
  const scale = apply("mul", limit, apply("min", apply("div", 1, norm), 1 / limit));
  return gradients.map((gradient) => apply("mul", gradient, scale));
}

const safeRoot = (squares: Tensor): Tensor =>
  select(apply("lt", 0, squares), apply("sqrt", squares), squares);

/**
 * JSON has one kind of number, Python two, and Keras insists on a float here: whole numbers are written as the double below, which is the same
 * number in float32 and which no printer takes for an integer; zero as -0.0.
 */
export function pythonFloat(value: number): number {
  if (value === 0) return -0;
  return Number.isInteger(value) && Math.abs(value) < 2 ** 52 ? value * (1 - 2 ** -53) : value;
}
