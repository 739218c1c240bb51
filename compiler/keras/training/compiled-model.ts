/**
 * A layer with an optimizer, a loss and metrics, and the steps of learning. A step is a method that users may override (`trainStep`, `computeLoss`,
 * `computeMetrics`, as in Keras); it is written once, and traced into one compiled program or run eagerly.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { TensorType } from "../../../ir/type.ts";
import { dimTensor, sum, type Tensor, toTensor } from "../../tensor.ts";
import { Trace } from "../../trace.ts";
import { serializeMaybe } from "../config.ts";
import { Layer, type LayerOptions } from "../layers/layer.ts";
import { trackedIn } from "../layers/tracking.ts";
import { Metric } from "../metrics/metric.ts";
import { Mean } from "../metrics/reduction.ts";
import { flatten, isNested, type Nest, packNest } from "../nest.ts";
import { apply } from "../ops/apply.ts";
import { get as getOptimizer, type OptimizerLike } from "../optimizers/index.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { LossScaleOptimizer } from "../optimizers/wrappers.ts";
import { isPlainObject, type JsonObject, type Options, readOptions } from "../options.ts";
import { session } from "../session.ts";
import { GradientTape } from "../tape.ts";
import { scratchTrace } from "../trace-scope.ts";
import type { Variable } from "../variable.ts";
import { type ClassLabels, CompileLoss } from "./compile-loss.ts";
import { CompileMetrics } from "./compile-metrics.ts";
import { rewriteForward } from "./forward.ts";
import { type OutputPair, pairOutputs } from "./outputs.ts";
import type { CompileTargets } from "./targets.ts";
import type { BoundInput, StepData, StepLogs, Trainable } from "./trainable.ts";

export interface CompileOptions extends CompileTargets {
  /** Default "rmsprop". */
  readonly optimizer?: OptimizerLike;
  /** Runs op by op instead of compiled; default false. For looking at values inside of `call`. */
  readonly runEagerly?: boolean;
  /** Accepted for Keras's sake; compiled code is the default either way. */
  readonly jitCompile?: boolean | "auto";
  /** How many batches run between two rounds of callbacks; default 1. */
  readonly stepsPerExecution?: number;
  /** Whether models of policy "mixed_float16" get a `LossScaleOptimizer` around theirs; default true. */
  readonly autoScaleLoss?: boolean;
}

const compileDefaults = {
  optimizer: "rmsprop" as OptimizerLike,
  loss: null as CompileTargets["loss"],
  lossWeights: null as CompileTargets["lossWeights"],
  metrics: null as CompileTargets["metrics"],
  weightedMetrics: null as CompileTargets["weightedMetrics"],
  runEagerly: false,
  jitCompile: "auto" as boolean | "auto",
  stepsPerExecution: 1,
  autoScaleLoss: true,
};

interface Compilation {
  readonly given: typeof compileDefaults;
  readonly optimizer: Optimizer;
  readonly loss: CompileLoss | null;
  readonly metrics: CompileMetrics;
  readonly lossTracker: Mean;
}

/** What `computeLoss` and `computeMetrics` get. */
export interface StepParts {
  readonly x?: Nest<Tensor>;
  readonly y?: Nest<Tensor> | null;
  readonly yPred: Nest<Tensor>;
  readonly sampleWeight?: Nest<Tensor> | null;
  readonly training?: boolean;
}

const isMetric = (value: unknown): value is Metric => value instanceof Metric;

export abstract class CompiledModel<Out = Tensor> extends Layer<Out> implements Trainable {
  #compilation: Compilation | undefined;

  constructor(options: LayerOptions = {}) {
    super({ ...options });
  }

  /**
   * Chooses optimizer, loss and metrics: `model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] })`. Throws ModelError for unknown names.
   * Settles which weights are trained: call it again after freezing layers.
   */
  compile(options: Options<CompileOptions> = {}): void {
    const given = readOptions([options], compileDefaults, { owner: "compile", positional: [] });
    if (!(Number.isInteger(given.stepsPerExecution) && given.stepsPerExecution >= 1))
      throw new ModelError("bad stepsPerExecution", {
        where: "compile",
        expected: "a positive integer",
        got: String(given.stepsPerExecution),
      });
    const own = getOptimizer(given.optimizer);
    const isScaled = given.autoScaleLoss && this.dtypePolicy.name === "mixed_float16";
    this.#compilation = {
      given: { ...given, optimizer: own },
      optimizer:
        isScaled && !(own instanceof LossScaleOptimizer)
          ? new LossScaleOptimizer(own, { name: "loss_scale_optimizer" })
          : own,
      loss:
        given.loss === null || given.loss === undefined
          ? null
          : new CompileLoss(given.loss, given.lossWeights ?? null),
      metrics: new CompileMetrics(given.metrics ?? null, given.weightedMetrics ?? null),
      lossTracker: new Mean({ name: "loss" }),
    };
    this.whenCompiled(given.runEagerly);
  }

  get compiled(): boolean {
    return this.#compilation !== undefined;
  }
  get optimizer(): Optimizer | undefined {
    return this.#compilation?.optimizer;
  }
  get stepsPerExecution(): number {
    return this.#compilation?.given.stepsPerExecution ?? 1;
  }

  // Steps: override them to change what happens in `fit` and `evaluate`.

  /**
   * One step of training: forward, loss, gradients, update, metrics. Gets [x, y, sampleWeight] as tensors, returns numbers by name for the logs:
   *
   *     trainStep([x, y]) {
   *       const tape = new keras.GradientTape()
   *       const loss = tape.record(() => this.computeLoss({ y, yPred: this(x, { training: true }) }))
   *       this.optimizer.apply(tape.gradient(loss, this.trainableVariables), this.trainableVariables)
   *       return { loss }
   *     }
   */
  trainStep([x, y, sampleWeight]: StepData): StepLogs {
    const { optimizer } = this.requireCompiled("trainStep");
    const tape = new GradientTape();
    const { yPred, loss } = tape.record(() => {
      const found = this.invoke([x, { training: true }]) as Nest<Tensor>;
      return { yPred: found, loss: this.computeLoss({ x, y, yPred: found, sampleWeight, training: true }) };
    });
    this.trackLoss(loss, x);
    const weights = this.trainableWeights;
    if (weights.length > 0) optimizer.apply(tape.gradient(optimizer.scaleLoss(loss), weights), weights);
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }

  /** One step of evaluation: forward, loss, metrics. */
  testStep([x, y, sampleWeight]: StepData): StepLogs {
    const yPred = this.invoke([x, { training: false }]) as Nest<Tensor>;
    this.trackLoss(this.computeLoss({ x, y, yPred, sampleWeight, training: false }), x);
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }

  /** The predictions for a batch. */
  predictStep([x]: StepData): Nest<Tensor> {
    return this.invoke([x, { training: false }]) as Nest<Tensor>;
  }

  /** The loss to train on: those of `compile`, those that layers add, and the penalties on weights. A scalar. */
  computeLoss({ y = null, yPred, sampleWeight = null }: StepParts): Tensor {
    const compiled = this.#compilation?.loss ?? null;
    const loss = y === null ? null : compiled?.call(this.pairs({ y, yPred, sampleWeight }));
    const added = this.losses.map((value) => sum(value, null, false));
    const terms = [...(loss === null || loss === undefined ? [] : [loss]), ...added];
    if (terms.length > 0) return terms.reduce((a, b) => apply("add", a, b));
    throw new ModelError("No loss to compute. Provide a `loss` argument in `compile()`.", {
      where: this.name,
      hint: "Give labels to fit and a loss to compile, or add a loss in a layer",
    });
  }

  /** Updates the metrics of `compile` and returns what all metrics say. */
  computeMetrics({ y = null, yPred, sampleWeight = null }: StepParts): StepLogs {
    if (y !== null) this.#compilation?.metrics.update(this.pairs({ y, yPred, sampleWeight }));
    return this.getMetricsResult();
  }

  /** The present results of all metrics, by name. */
  getMetricsResult(): StepLogs {
    const names = this.metricNames;
    return Object.fromEntries(
      this.metrics.map((metric) => [names.get(metric) ?? metric.name, metric.result()]),
    );
  }

  /** The names of the metrics of `compile` in logs. */
  get metricNames(): ReadonlyMap<Metric, string> {
    return new Map(this.#compilation?.metrics.named.map(({ name, metric }) => [metric, name]));
  }

  private pairs({ y = null, yPred, sampleWeight = null }: StepParts): readonly OutputPair[] {
    return pairOutputs({ y, yPred, sampleWeight }, this.outputNames);
  }

  /** The running mean of the loss counts every sample. */
  private trackLoss(loss: Tensor, x: Nest<Tensor>): void {
    const [first] = flatten<Tensor>(x);
    const size = dimTensor(first.shape[0] ?? 1, first.engine, "f32");
    this.#compilation?.lossTracker.updateState(loss, size);
  }

  /** Terms that layers have added to the loss of the running step, and the penalties on weights. */
  get losses(): readonly Tensor[] {
    const penalties = this.trainableWeights.flatMap(({ regularizer, value }) =>
      regularizer === null ? [] : [toTensor(regularizer(value), value.engine)],
    );
    return [...session.presentLosses(), ...penalties];
  }

  /** The mean loss, the metrics of `compile`, and those among the fields of the model and its layers; they begin anew with each epoch. */
  get metrics(): readonly Metric[] {
    const compilation = this.#compilation;
    const own =
      compilation === undefined
        ? []
        : [
            compilation.lossTracker,
            ...compilation.metrics.named.map(({ metric }) => metric),
            ...(compilation.loss?.metrics ?? []),
          ];
    return [...new Set([...own, ...metricsIn(this)])];
  }

  resetMetrics(): void {
    for (const metric of this.metrics) metric.resetState();
  }

  get classLabels(): readonly ClassLabels[] {
    return this.#compilation?.loss?.classLabels ?? [];
  }

  /** Outside of other layers, in a step that is being compiled, the forward pass is brought into the form that gradients are best taken of. */
  override invoke(args: readonly unknown[]): Out {
    const isOutermost = session.call() === undefined;
    const out = super.invoke(args);
    const engine = session.scope()?.engine;
    if (isOutermost && engine instanceof Trace && isTraining(args.at(-1)))
      rewriteForward(engine, flatten<Tensor>(out as Nest<Tensor>));
    return out;
  }

  /** Throws ModelError for a model that is not compiled. */
  protected requireCompiled(what: string): Compilation {
    if (this.#compilation !== undefined) return this.#compilation;
    throw new ModelError("You must call `compile()` before using the model", {
      where: what,
      hint: "model.compile({ optimizer, loss })",
    });
  }

  /** What a subclass does once the model is compiled. */
  protected abstract whenCompiled(runEagerly: boolean): void;

  // What the loops need of the model's inputs and outputs.

  get outputNames(): readonly string[] | undefined {
    return undefined;
  }

  bindInputs<T>(x: Nest<T>): readonly BoundInput<T>[] {
    const names = isPlainObject(x) && isNested(x) ? Object.keys(x).sort() : undefined;
    return flatten(x).map((value, i) => ({
      name: names?.[i] ?? (i === 0 ? "x" : `x_${i}`),
      value,
      type: undefined,
    }));
  }

  packInputs(inputs: readonly Tensor[], structure: Nest<unknown>): Nest<Tensor> {
    return packNest(structure, inputs);
  }

  /** Calls the model on tensors in a trace that is thrown away. */
  buildFor(inputs: readonly TensorType[], structure: Nest<unknown>): void {
    if (this.built && this.sublayers.every(({ built }) => built)) return;
    scratchTrace(inputs, (tensors) => this.predictStep([this.packInputs(tensors, structure), null, null]));
  }

  get optimizerVariables(): readonly Variable[] | undefined {
    return this.optimizer?.built ? this.optimizer.variables : undefined;
  }

  /** What files hold of `compile`: nothing for a model that is not compiled. */
  getCompileConfig(): JsonObject {
    const given = this.#compilation?.given;
    if (given === undefined) return {};
    return {
      optimizer: serializeMaybe(given.optimizer),
      loss: serializeMaybe(given.loss),
      loss_weights: serializeMaybe(given.lossWeights),
      metrics: serializeMaybe(given.metrics),
      weighted_metrics: serializeMaybe(given.weightedMetrics),
      run_eagerly: given.runEagerly,
      steps_per_execution: given.stepsPerExecution,
      jit_compile: given.jitCompile === "auto" ? !given.runEagerly : given.jitCompile,
    };
  }
}

const isTraining = (options: unknown): boolean => isPlainObject(options) && options.training === true;

/** Metrics among the fields of a layer and those inside it. Models inside keep theirs to themselves. */
function metricsIn(layer: Layer<unknown>): Metric[] {
  const inner = layer.sublayers.flatMap((sublayer) =>
    sublayer instanceof CompiledModel ? [] : metricsIn(sublayer),
  );
  return [...trackedIn(layer, isMetric), ...inner];
}
