/**
 * Optimizers around optimizers: one that scales the loss so that 16-bit gradients neither vanish nor overflow, one that hands each weight to an
 * optimizer of its own.
 */
import { ModelError } from "../../../ir/errors.ts";
import { cast, select, type Tensor } from "../../tensor.ts";
import { serializeObject } from "../config.ts";
import { apply } from "../ops/apply.ts";
import { minOf } from "../ops/reduce.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { Variable } from "../variable.ts";
import type { Group } from "./groups.ts";
import { Optimizer, type SlotGroups } from "./optimizer.ts";
import { optimizerDefaults } from "./options.ts";
import type { Stepped } from "./update.ts";

/** The base of both: all slots are those of the optimizers inside. */
abstract class Wrapper extends Optimizer {
  override slotGroups(): SlotGroups {
    return [];
  }
  override update(): Stepped {
    throw new ModelError("the optimizers inside update the weights", { where: this.name });
  }
}

export interface LossScaleOptions {
  /** The first scale; default 2^15. */
  initialScale?: number;
  /** Steps with finite gradients after which the scale doubles; default 2000. */
  dynamicGrowthSteps?: number;
  name?: string | null;
}

/**
 * Multiplies the loss by a scale and divides the gradients by it (Micikevicius et al., 2018). A step with infinite or NaN gradients is left out, and
 * halves the scale. Models of policy "mixed_float16" are compiled with it.
 *
 * Example: `optimizers.LossScaleOptimizer(optimizers.SGD(0.01))`.
 */
export class LossScaleOptimizer extends Wrapper {
  static readonly className: string = "LossScaleOptimizer";
  readonly innerOptimizer: Optimizer;
  private readonly growthSteps: number;
  private readonly initialScale: number;
  private readonly counter: Variable;
  private readonly scale: Variable;

  constructor(...args: [innerOptimizer: Optimizer, ...rest: (number | Options<LossScaleOptions>)[]]) {
    const read = readOptions(
      args,
      {
        innerOptimizer: undefined as Optimizer | undefined,
        initialScale: 2 ** 15,
        dynamicGrowthSteps: 2000,
        name: null as string | null,
      },
      {
        owner: "LossScaleOptimizer",
        positional: ["innerOptimizer", "initialScale", "dynamicGrowthSteps", "name"],
        also: Object.keys(optimizerDefaults),
      },
    );
    super({ ...optimizerDefaults, learningRate: 0, name: read.name });
    if (!(read.innerOptimizer instanceof Optimizer))
      throw new ModelError("LossScaleOptimizer wraps an optimizer", {
        where: this.name,
        expected: "a keras.optimizers.Optimizer",
        got: String(read.innerOptimizer),
      });
    this.innerOptimizer = read.innerOptimizer;
    this.innerOptimizer.lossScaleFactor = null;
    this.initialScale = read.initialScale;
    this.growthSteps = read.dynamicGrowthSteps;
    const state = (name: string, value: Variable["dtype"], data: Float32Array | Int32Array): Variable =>
      new Variable(
        { dtype: value, shape: [], data },
        { name, trainable: false, path: `${this.name}/${name}` },
      );
    this.counter = state("step_counter", "i32", Int32Array.of(0));
    this.scale = state("dynamic_scale", "f32", Float32Array.of(this.initialScale));
  }

  override build(weights: readonly Variable[]): void {
    super.build(weights);
    this.innerOptimizer.build(weights);
  }
  override get variables(): readonly Variable[] {
    return [...super.variables, this.counter, this.scale, ...this.innerOptimizer.variables];
  }
  override get groups(): readonly Group[] {
    return this.innerOptimizer.groups;
  }
  override get learningRate(): Variable {
    return this.innerOptimizer.learningRate;
  }
  override set learningRate(value: number | Variable) {
    this.innerOptimizer.learningRate = value;
  }
  override get hasSettableRate(): boolean {
    return this.innerOptimizer.hasSettableRate;
  }
  override scaleLoss(loss: Tensor): Tensor {
    return apply("mul", loss, cast(this.scale.value, loss.dtype));
  }

  override applyWhere(
    condition: Tensor | null,
    gradients: readonly Tensor[],
    weights: readonly Variable[],
  ): void {
    const finite = allFinite(gradients);
    const scale = this.scale.value;
    const plain = gradients.map((gradient) => apply("div", cast(gradient, "f32"), scale));
    this.innerOptimizer.applyWhere(
      condition === null ? finite : apply("and", condition, finite),
      plain,
      weights,
    );
    const one = { dtype: "i32", shape: [], data: Int32Array.of(1) } as const;
    const counted = apply("add", this.counter.value, one);
    const isFull = apply("le", this.growthSteps, counted);
    const grown = select(isFull, apply("mul", scale, 2), scale);
    const next: readonly (readonly [Variable, Tensor])[] = [
      [this.scale, select(finite, grown, apply("mul", scale, 0.5))],
      [this.counter, cast(select(finite, select(isFull, 0, counted), 0), "i32")],
    ];
    for (const [variable, value] of next)
      variable.assign(condition === null ? value : select(condition, value, variable.value));
  }

  override finalizeVariableValues(weights: readonly Variable[]): Promise<void> {
    return this.innerOptimizer.finalizeVariableValues(weights);
  }
  override getConfig(): JsonObject {
    return {
      name: this.name,
      inner_optimizer: serializeObject(this.innerOptimizer),
      initial_scale: this.initialScale,
      dynamic_growth_steps: this.growthSteps,
    };
  }
}

/** Whether no number is infinite or NaN. */
function allFinite(gradients: readonly Tensor[]): Tensor {
  const each = gradients.map((gradient) => {
    const flags = apply("lt", apply("abs", gradient), Number.POSITIVE_INFINITY);
    return cast(minOf(cast(flags, "i32"), null, false), "bool");
  });
  return each.reduce((a, b) => apply("and", a, b));
}

/** Chooses the optimizer of a weight: by its path, exactly or as a regular expression that matches all of it. */
export class OptimizerMap {
  static readonly module = "keras.optimizers";
  static readonly className = "OptimizerMap";
  readonly defaultOptimizer: Optimizer;
  private readonly entries: Map<string, Optimizer>;

  constructor(...args: readonly unknown[]) {
    const read = readOptions(
      args,
      {
        defaultOptimizer: undefined as Optimizer | undefined,
        optimizerMap: null as { readonly [path: string]: Optimizer } | null,
      },
      { owner: "OptimizerMap", positional: ["defaultOptimizer", "optimizerMap"] },
    );
    if (!(read.defaultOptimizer instanceof Optimizer))
      throw new ModelError(
        `default_optimizer must be a Keras Optimizer instance. Received: ${read.defaultOptimizer}`,
      );
    this.defaultOptimizer = read.defaultOptimizer;
    this.entries = new Map(Object.entries(read.optimizerMap ?? {}));
  }

  /** Throws ModelError for a path that is there already. */
  set(path: string, optimizer: Optimizer): this {
    const present = this.entries.get(path);
    if (present !== undefined)
      throw new ModelError(
        `'${path}' already exists in the OptimizerMap with value ${present.name}. ` +
          "Please make sure to not use duplicated keys.",
      );
    if (optimizer instanceof Wrapper)
      throw new ModelError(`optimizer cannot be ${optimizer.constructor.name}.`, { where: path });
    this.entries.set(path, optimizer);
    return this;
  }

  /** The optimizer of a path. Throws ModelError where several expressions match. */
  get(path: string): Optimizer {
    const exact = this.entries.get(path);
    if (exact !== undefined) return exact;
    const found = [...this.entries].filter(([pattern]) => new RegExp(`^(?:${pattern})$`).test(path));
    if (found.length > 1) throw new ModelError(`Multiple optimizers assigned to variable ${path}.`);
    return found[0]?.[1] ?? this.defaultOptimizer;
  }

  get optimizers(): readonly Optimizer[] {
    return [...new Set([...this.entries.values(), this.defaultOptimizer])];
  }

  getConfig(): JsonObject {
    return {
      default_optimizer: serializeObject(this.defaultOptimizer),
      optimizer_map: Object.fromEntries(
        [...this.entries].map(([path, optimizer]) => [path, serializeObject(optimizer)]),
      ),
    };
  }
}

type Choice = OptimizerMap | ((weight: Variable) => Optimizer);

/**
 * An optimizer for each weight, by a map or a function: `optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(), { "encoder/.*":
 * optimizers.Adam() }))`.
 */
export class MultiOptimizer extends Wrapper {
  static readonly className: string = "MultiOptimizer";
  private readonly choice: Choice;
  private inner: Optimizer[];
  private readonly chosen = new Map<Variable, Optimizer>();

  constructor(...args: readonly unknown[]) {
    const read = readOptions(
      args,
      {
        optimizerMap: undefined as Choice | undefined,
        lossScaleFactor: null as number | null,
        name: null as string | null,
      },
      { owner: "MultiOptimizer", positional: ["optimizerMap", "lossScaleFactor", "name"] },
    );
    super({ ...optimizerDefaults, learningRate: 0, lossScaleFactor: read.lossScaleFactor, name: read.name });
    this.choice = read.optimizerMap as Choice;
    this.inner = this.choice instanceof OptimizerMap ? [...this.choice.optimizers] : [];
  }

  get optimizers(): readonly Optimizer[] {
    return this.inner;
  }

  override build(weights: readonly Variable[]): void {
    if (this.built) return this.checkKnown(weights);
    super.build(weights);
    for (const weight of weights) this.chosen.set(weight, this.choose(weight));
    this.inner = [...new Set([...this.inner, ...this.chosen.values()])];
    for (const optimizer of this.inner) {
      optimizer.lossScaleFactor = this.lossScaleFactor;
      const own = weights.filter((weight) => this.chosen.get(weight) === optimizer);
      if (own.length > 0) optimizer.build(own);
    }
  }

  private choose(weight: Variable): Optimizer {
    const found = this.choice instanceof OptimizerMap ? this.choice.get(weight.path) : this.choice(weight);
    if (found instanceof Wrapper)
      throw new ModelError(`${found.constructor.name} cannot be used inside an MultiOptimizer.`);
    if (found instanceof Optimizer) return found;
    throw new ModelError(`Optimizer for variable ${weight.path} is not an Optimizer instance.`);
  }

  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.inner.flatMap(({ variables }) => variables)];
  }
  override get groups(): readonly Group[] {
    return this.inner.flatMap(({ groups }) => groups);
  }
  override get learningRate(): Variable {
    throw new ModelError(
      "Learning rate cannot be accessed on a MultiOptimizer. " +
        "Access the learning rate on the individual sub-optimizers instead.",
      { where: this.name },
    );
  }
  override get hasSettableRate(): boolean {
    return false;
  }

  override applyWhere(
    condition: Tensor | null,
    gradients: readonly Tensor[],
    weights: readonly Variable[],
  ): void {
    for (const optimizer of this.inner) {
      const own = weights.flatMap((weight, i) => (this.chosen.get(weight) === optimizer ? [i] : []));
      if (own.length > 0)
        optimizer.applyWhere(
          condition,
          own.map((i) => gradients[i]),
          own.map((i) => weights[i]),
        );
    }
    this.countBatch(condition);
  }

  override async finalizeVariableValues(weights: readonly Variable[]): Promise<void> {
    for (const optimizer of this.inner)
      await optimizer.finalizeVariableValues(
        weights.filter((weight) => this.chosen.get(weight) === optimizer),
      );
  }

  override getConfig(): JsonObject {
    if (!(this.choice instanceof OptimizerMap))
      throw new ModelError("an optimizer that chooses by a function cannot be saved", {
        where: this.name,
        hint: "Use keras.optimizers.OptimizerMap",
      });
    return {
      optimizer_map: serializeObject(this.choice),
      loss_scale_factor: this.lossScaleFactor,
      name: this.name,
    };
  }
}
