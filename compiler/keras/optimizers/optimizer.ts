/**
 * The base of optimizers. An optimizer is slots (momentum and the like, one for each weight) and a rule: new weight and slots from old ones, the
 * gradient and the learning rate. All that Keras puts around the rule is here: clipping, weight decay, moving averages, accumulation of gradients,
 * constraints, loss scale. Step number and learning rate are variables: changing them recompiles nothing.
 */
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { type NDArray, zeros } from "../../../ir/ndarray.ts";
import { toArray } from "../../arrays.ts";
import { cast, select, type Tensor, type TensorLike, toTensor } from "../../tensor.ts";
import { classNameOf, serializeMaybe, serializeObject } from "../config.ts";
import { apply } from "../ops/apply.ts";
import { type JsonObject, snakeClassName } from "../options.ts";
import { session } from "../session.ts";
import { Variable } from "../variable.ts";
import { type Group, groupBy, readTogether, writeTogether } from "./groups.ts";
import { checkOptions, pythonFloat, type ReadOptimizerOptions } from "./options.ts";
import { getSchedule, LearningRateSchedule } from "./schedules.ts";
import { type Rule, type Step, type Stepped, updates } from "./update.ts";

/** State that an optimizer keeps for a weight. */
export interface Slot {
  readonly name: string;
  /** Default: that of the weight. Slots of other shapes are for rules that are not elementwise. */
  readonly shape?: readonly number[];
  /** Default: that of the weight. */
  readonly dtype?: DType;
  /** Default 0; "weight" begins as a copy of the weight. */
  readonly initial?: number | "weight";
}
/** Slots in groups: Keras lays the slots of a group side by side, weight by weight. */
export type SlotGroups = readonly (readonly (string | Slot)[])[];

export abstract class Optimizer implements Rule {
  static readonly module: string = "keras.optimizers";
  readonly name: string;
  /** i32: how many batches were applied. */
  readonly iterations: Variable;
  readonly options: ReadOptimizerOptions;
  /** Multiplies the loss; wrappers of optimizers change it. */
  lossScaleFactor: number | null;
  private rate: Variable | LearningRateSchedule | (() => TensorLike);
  /** By weight, by name. */
  private slotVariables = new Map<Variable, ReadonlyMap<string, Variable>>();
  private weights: readonly Variable[] | undefined;
  private exempt: (weight: Variable) => boolean = () => false;

  constructor(options: ReadOptimizerOptions) {
    this.name = options.name ?? session.uniqueName(snakeClassName(classNameOf(this)));
    this.options = options;
    this.lossScaleFactor = options.lossScaleFactor;
    checkOptions(options, this.name);
    this.iterations = this.stateVariable("iteration", {
      dtype: "i32",
      shape: [],
      data: Int32Array.of(0),
    });
    this.rate = this.readRate(options.learningRate);
  }

  private readRate(given: ReadOptimizerOptions["learningRate"]): Optimizer["rate"] {
    if (typeof given === "number") return this.stateVariable("learning_rate", toArray(given, session.floatx));
    if (typeof given === "function" && !(given instanceof LearningRateSchedule)) return given;
    return getSchedule(given);
  }

  private stateVariable(name: string, value: NDArray): Variable {
    return new Variable(value, { name, trainable: false, path: `${this.name}/${name}` });
  }

  // What a subclass says.

  /** The slots of a weight. */
  abstract slotGroups(weight: Variable): SlotGroups;
  /** The rule. */
  abstract update(step: Step): Stepped;
  /** Whether the rule works element by element, and so on many weights at once. */
  get isElementwise(): boolean {
    return true;
  }
  /** State for all weights together; `advance` gives its new values, once per update. */
  get scalars(): readonly Variable[] {
    return [];
  }
  advance(_step: Tensor): readonly Tensor[] {
    return [];
  }
  /** The weight decay of a weight. */
  protected decayOf(_weight: Variable): number | null {
    return this.options.weightDecay;
  }

  // State.

  get built(): boolean {
    return this.weights !== undefined;
  }

  private allSlots(weight: Variable): SlotGroups {
    const { useEma, gradientAccumulationSteps } = this.options;
    return [
      ...(useEma ? [["average"]] : []),
      ...(gradientAccumulationSteps === null ? [] : [["gradient_accumulator"]]),
      ...this.slotGroups(weight),
    ];
  }

  /** Makes the slots of `weights`. */
  build(weights: readonly Variable[]): void {
    if (this.weights !== undefined) return this.checkKnown(weights);
    this.weights = [...weights];
    for (const weight of weights) {
      const slots = this.allSlots(weight).flat().map(normalized);
      this.slotVariables.set(weight, new Map(slots.map((slot) => [slot.name, this.makeSlot(weight, slot)])));
    }
  }

  private makeSlot(weight: Variable, slot: Slot): Variable {
    const { name, shape = weight.shape, dtype = weight.dtype, initial = 0 } = slot;
    const full = `${weight.path.replaceAll("/", "_")}_${name}`;
    const start = zeros(dtype, shape);
    if (typeof initial === "number" && initial !== 0) start.data.fill(initial as never);
    return this.stateVariable(full, initial === "weight" ? weight.arraySync() : start);
  }

  protected checkKnown(weights: readonly Variable[]): void {
    const unknown = weights.find((weight) => !this.weights?.includes(weight));
    if (unknown === undefined) return;
    throw new ModelError(
      `Unknown variable: ${unknown.path}. This optimizer can only be called for the variables it was originally ` +
        "built with. When working with a new set of variables, you should recreate a new optimizer instance.",
      { where: this.name, hint: "model.compile({ optimizer: ... }) with a new optimizer" },
    );
  }

  /** Weights without decay: given ones, and those with one of `varNames` in their name. Throws ModelError once the optimizer is built. */
  excludeFromWeightDecay({
    varList = [],
    varNames = [],
  }: {
    varList?: readonly Variable[];
    varNames?: readonly string[];
  }): void {
    if (this.built)
      throw new ModelError(
        "`exclude_from_weight_decay()` can only be configured before the optimizer is built.",
        { where: this.name },
      );
    this.exempt = (weight) =>
      varList.includes(weight) || varNames.some((name) => new RegExp(name).test(weight.name));
  }

  /** The decay of a weight, unless it is excluded. */
  effectiveDecay(weight: Variable): number | null {
    return this.exempt(weight) ? null : this.decayOf(weight);
  }

  /** Names of the slots that the rule uses, in order. */
  slotNames(weight: Variable): readonly string[] {
    return this.slotGroups(weight)
      .flat()
      .map((slot) => normalized(slot).name);
  }

  /** Weights become their moving averages, where these are kept: what `fit` does at its end. */
  async finalizeVariableValues(weights: readonly Variable[]): Promise<void> {
    for (const weight of weights) {
      const average = this.slot(weight, "average");
      if (average !== undefined) weight.setArray(await average.array());
    }
  }

  /** The slot of a weight. */
  slot(weight: Variable, name: string): Variable | undefined {
    return this.slotVariables.get(weight)?.get(name);
  }

  /** All state that files hold, in Keras's order: iteration, learning rate, slots. */
  get variables(): readonly Variable[] {
    const rate = this.rate instanceof Variable ? [this.rate] : [];
    const weights = this.weights ?? [];
    const count = Math.max(0, ...weights.map((weight) => this.allSlots(weight).length));
    const slots = Array.from({ length: count }, (_, group) =>
      weights.flatMap((weight) =>
        (this.allSlots(weight)[group] ?? []).flatMap(
          (slot) => this.slot(weight, normalized(slot).name) ?? [],
        ),
      ),
    );
    return [this.iterations, ...rate, ...slots.flat(), ...this.scalars];
  }

  /** Weights that are updated together, with their slots; a program may hold each list of them in one piece. */
  get groups(): readonly Group[] {
    const weights = this.weights ?? [];
    const alone = (weight: Variable): boolean => !this.isElementwise || weight.constraint !== null;
    const lists = groupBy(weights, (weight) =>
      alone(weight) ? `${weights.indexOf(weight)}` : `${weight.dtype} ${this.effectiveDecay(weight)}`,
    );
    return lists.map((list) => {
      const names = [...(this.slotVariables.get(list[0])?.keys() ?? [])];
      const slots = names.map(
        (name) => [name, list.flatMap((weight) => this.slot(weight, name) ?? [])] as const,
      );
      return { weights: list, slots: new Map(slots) };
    });
  }

  /** Replaces the values of `variables`. */
  setWeights(values: readonly NDArray[]): void {
    this.variables.forEach((variable, i) => variable.setArray(values[i]));
  }

  /** Counts a batch whose update is done elsewhere. */
  protected countBatch(condition: Tensor | null): void {
    const next = apply("add", this.iterations.value, { dtype: "i32", shape: [], data: Int32Array.of(1) });
    this.iterations.assign(condition === null ? next : select(condition, next, this.iterations.value));
  }

  // The learning rate.

  /** The learning rate: assign to change it. Throws ModelError where a schedule or a function gives it. */
  get learningRate(): Variable {
    if (this.rate instanceof Variable) return this.rate;
    throw new ModelError(
      "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor argument, " +
        "hence its learning rate is not settable. If you need the learning rate to be settable, you should " +
        "instantiate the optimizer with a float `learning_rate` argument.",
      { where: this.name },
    );
  }
  set learningRate(value: number | Variable | LearningRateSchedule) {
    if (value instanceof LearningRateSchedule) this.rate = value;
    else this.learningRate.assign(value);
  }
  /** Whether the learning rate is a number that can be set. */
  get hasSettableRate(): boolean {
    return this.rate instanceof Variable;
  }

  /** The learning rate of the coming step. */
  currentLearningRate(): Tensor {
    if (this.rate instanceof Variable) return this.rate.value;
    if (this.rate instanceof LearningRateSchedule) return this.rate.call(cast(this.iterations.value, "f32"));
    return toTensor(this.rate(), session.engine());
  }

  // Updates.

  /** The loss that is differentiated: times the loss scale. */
  scaleLoss(loss: Tensor): Tensor {
    return this.lossScaleFactor === null ? loss : apply("mul", loss, this.lossScaleFactor);
  }

  /**
   * Applies gradients to weights, and counts the step: eagerly, or inside of a compiled step. Throws ModelError for weights that the optimizer
   * was not built with.
   */
  apply(gradients: readonly TensorLike[], weights: readonly Variable[] = this.weights ?? []): void {
    this.build(weights);
    if (gradients.length !== weights.length)
      throw new ModelError(
        "When passing `grads` as a list of gradient tensors, the gradients must match `optimizer.variables` " +
          `one-to-one. Received a list of ${gradients.length} gradients, but the optimizer is tracking ` +
          `${weights.length} trainable variables.`,
        { where: this.name },
      );
    const engine = session.engine();
    this.applyWhere(
      null,
      gradients.map((gradient) => toTensor(gradient, engine)),
      weights,
    );
  }

  /** Pairs of gradient and weight: `optimizer.applyGradients(gradients.map((g, i) => [g, weights[i]]))`. Pairs without gradient are left out. */
  applyGradients(pairs: readonly (readonly [TensorLike | null, Variable])[]): void {
    const given = pairs.flatMap(([gradient, weight]) =>
      gradient === null ? [] : [[gradient, weight] as const],
    );
    if (given.length === 0)
      throw new ModelError("No gradients provided for any variable.", { where: this.name });
    this.apply(
      given.map(([gradient]) => gradient),
      given.map(([, weight]) => weight),
    );
  }

  /** The same where `condition` (a bool scalar; null for always) holds; elsewhere all state stays as it is. */
  applyWhere(condition: Tensor | null, gradients: readonly Tensor[], weights: readonly Variable[]): void {
    for (const [variables, value] of updates(this, gradients, weights))
      writeTogether(
        variables,
        condition === null ? value : select(condition, value, readTogether(variables)),
      );
  }

  getConfig(): JsonObject {
    const { options, rate } = this;
    return {
      name: this.name,
      learning_rate:
        rate instanceof Variable
          ? pythonFloat(Number(rate.arraySync().data[0]))
          : rate instanceof LearningRateSchedule
            ? serializeObject(rate)
            : serializeMaybe(rate),
      weight_decay: options.weightDecay,
      clipnorm: options.clipnorm,
      global_clipnorm: options.globalClipnorm,
      clipvalue: options.clipvalue,
      use_ema: options.useEma,
      ema_momentum: options.emaMomentum,
      ema_overwrite_frequency: options.emaOverwriteFrequency,
      loss_scale_factor: options.lossScaleFactor,
      gradient_accumulation_steps: options.gradientAccumulationSteps,
    };
  }
}

const normalized = (slot: string | Slot): Slot => (typeof slot === "string" ? { name: slot } : slot);
