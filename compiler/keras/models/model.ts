/**
 * `keras.Model`: a layer that can be trained, evaluated, asked for predictions and saved. Functional and sequential models are subclasses; users
 * subclass it with a `call` of their own.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { printJson } from "../../formats/json.ts";
import type { Tensor, TensorMethods } from "../../tensor.ts";
import { classNameOf, serializeMaybe, serializeObject } from "../config.ts";
import type { Node, Operation } from "../functional/node.ts";
import { type Inputs, Layer, type LayerOptions } from "../layers/layer.ts";
import { flatten, isNested, type Nest, packNest } from "../nest.ts";
import { get as getOptimizer, type OptimizerLike } from "../optimizers/index.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { camelKeys, isPlainObject, type JsonObject, type Options, readOptions } from "../options.ts";
import { type SaveOptions, saveModel, saveWeights } from "../saving/save.ts";
import { type LoadWeightsOptions, loadWeights } from "../saving/weights.ts";
import type { History, Logs } from "../training/callbacks.ts";
import { type Data, type Dataset, isDataset, readBatch } from "../training/data.ts";
import {
  type EvaluateOptions,
  evaluate,
  type FitOptions,
  fit,
  type PredictOptions,
  predict,
  Tracker,
} from "../training/loop.ts";
import { type CompileTargets, checkTargets } from "../training/objectives.ts";
import { type Compilation, Runner } from "../training/runner.ts";
import type { BoundInput, Trainable } from "../training/trainable.ts";
import type { Variable } from "../variable.ts";
import { type SummaryModel, type SummaryOptions, summaryText } from "./summary.ts";

export interface CompileOptions extends CompileTargets {
  /** Default "rmsprop". */
  readonly optimizer?: OptimizerLike;
  /** Runs op by op instead of compiled; default false. For looking at values inside of `call`. */
  readonly runEagerly?: boolean;
  /** Accepted for Keras's sake; compiled code is the default either way. */
  readonly jitCompile?: boolean | "auto";
  /** Accepted for Keras's sake: only 1. */
  readonly stepsPerExecution?: number;
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

export interface BatchOptions {
  readonly sampleWeight?: Data | null;
}

export class Model<Out = Tensor> extends Layer<Out> implements Trainable, SummaryModel {
  static override readonly module: string = "keras";
  static readonly className: string = "Model";
  /** Set by callbacks to end training. */
  stopTraining = false;
  /** Of the last `fit`. */
  history: History | undefined;
  #compilation: Compilation | undefined;
  /** What `compile` was given, for files. */
  #compileConfig: typeof compileDefaults | undefined;
  #runner: Runner;
  #tracker: Tracker | undefined;

  constructor(options: LayerOptions = {}) {
    super({ ...options });
    this.#runner = new Runner(this);
  }

  override call(_inputs: never, ..._rest: never[]): Out {
    throw new ModelError("a model of your own needs a call method", {
      where: classNameOf(this),
      hint: "class MyModel extends keras.Model { call(x) { ... } }",
    });
  }

  // Training.

  /**
   * Chooses optimizer, loss and metrics: `model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] })`. Throws ModelError for unknown names.
   * Settles which weights are trained: call it again after freezing layers.
   */
  compile(options: Options<CompileOptions> = {}): void {
    const read = readOptions([options], compileDefaults, { owner: "compile", positional: [] });
    const optimizer = getOptimizer(read.optimizer);
    checkTargets(read);
    this.#compileConfig = { ...read, optimizer };
    this.#compilation = { ...read, optimizer };
    this.#runner = new Runner(this, this.#compilation);
    this.#tracker = undefined;
  }

  get compiled(): boolean {
    return this.#compilation !== undefined;
  }
  get optimizer(): Optimizer | undefined {
    return this.#compilation?.optimizer;
  }

  /**
   * Trains on x and labels y, or on a dataset: an iterable of [x, y]. Resolves to the history of losses and metrics by epoch. Rejects with ModelError
   * where the model is not compiled, shapes or counts do not fit, or labels are NaN or out of range.
   */
  fit(x: Data, y: Data | null, options?: Options<FitOptions>): Promise<History>;
  fit(dataset: Dataset, options?: Options<FitOptions>): Promise<History>;
  async fit(x: Data | Dataset, ...rest: readonly unknown[]): Promise<History> {
    const { y, options } = splitRest<FitOptions>(x, rest);
    this.requireCompiled("fit");
    this.history = await fit(this.#runner, this, x, y, options);
    this.#tracker = undefined;
    await this.fetchWeights();
    return this.history;
  }

  /** Loss and metrics of data: [loss, ...metrics], or by name with `returnDict: true`. */
  evaluate(x: Data, y: Data | null, options: Options<EvaluateOptions & { returnDict: true }>): Promise<Logs>;
  evaluate(
    x: Data,
    y: Data | null,
    options?: Options<EvaluateOptions & { returnDict?: false }>,
  ): Promise<number[]>;
  evaluate(dataset: Dataset, options?: Options<EvaluateOptions & { returnDict?: false }>): Promise<number[]>;
  async evaluate(x: Data | Dataset, ...rest: readonly unknown[]): Promise<Logs | number[]> {
    const { y, options } = splitRest<EvaluateOptions & { returnDict?: boolean }>(x, rest);
    this.requireCompiled("evaluate");
    const logs = await evaluate(this.#runner, this, x, y, options);
    return options.returnDict ? logs : Object.values(logs);
  }

  /** Predictions for all samples, in the structure that the model returns. */
  async predict(x: Data | Dataset, options: Options<PredictOptions> = {}): Promise<NDArrays<Out>> {
    return (await predict(this.#runner, this, x, camelKeys(options))) as NDArrays<Out>;
  }

  /** One step of training. The values run on over the batches until `resetMetrics`, as in Keras. */
  async trainOnBatch(x: Data, y: Data | null = null, options: Options<BatchOptions> = {}): Promise<Logs> {
    this.requireCompiled("trainOnBatch");
    const batch = await readBatch([x, y, options.sampleWeight]);
    this.#tracker ??= new Tracker(this.#runner);
    this.#tracker.add(await this.#runner.trainStep(batch), batch.size);
    return this.#tracker.logs();
  }

  /** Loss and metrics of one batch, running on as those of `trainOnBatch`. */
  async testOnBatch(x: Data, y: Data | null = null, options: Options<BatchOptions> = {}): Promise<Logs> {
    this.requireCompiled("testOnBatch");
    const batch = await readBatch([x, y, options.sampleWeight]);
    this.#tracker ??= new Tracker(this.#runner);
    this.#tracker.add(await this.#runner.testStep(batch), batch.size);
    return this.#tracker.logs();
  }

  async predictOnBatch(x: Data): Promise<NDArrays<Out>> {
    return (await this.#runner.predictStep(await readBatch([x]))) as NDArrays<Out>;
  }

  resetMetrics(): void {
    this.#tracker = undefined;
  }

  private requireCompiled(what: string): void {
    if (this.#compilation !== undefined) return;
    throw new ModelError("the model is not compiled", {
      where: what,
      hint: "Call model.compile({ optimizer, loss }) first",
    });
  }

  /** Brings weights that training left in the backend to the host, so that eager code can use them at once. */
  async fetchWeights(): Promise<void> {
    for (const variable of [...this.variables, ...(this.optimizer?.variables ?? [])])
      if (variable.store !== undefined) await variable.array();
  }

  // What training needs.

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

  callFlat(inputs: readonly Tensor[], structure: Nest<unknown>, training: boolean): Nest<Tensor> {
    const packed: Inputs = packNest(structure, inputs);
    return this.invoke([packed, { training }]) as Nest<Tensor>;
  }

  // Looking inside.

  /** The layers of the model, in order. */
  get layers(): readonly Layer<unknown>[] {
    return this.sublayers;
  }

  /** What `summary` lists. */
  get operations(): readonly Operation[] {
    return this.layers;
  }
  get levels(): readonly (readonly Node[])[] | undefined {
    return undefined;
  }
  get optimizerVariables(): readonly Variable[] | undefined {
    return this.optimizer?.built ? this.optimizer.variables : undefined;
  }

  /** A layer by name or by position. Throws ModelError where there is none. */
  getLayer(which: string | number): Layer<unknown> {
    const found =
      typeof which === "number" ? this.layers.at(which) : this.layers.find(({ name }) => name === which);
    if (found !== undefined) return found;
    throw new ModelError("no such layer", {
      where: this.name,
      expected: this.layers.map(({ name }) => name).join(", "),
      got: String(which),
    });
  }

  /** Prints layers, shapes and parameter counts. */
  summary(options: Options<SummaryOptions> = {}): void {
    const read: SummaryOptions = camelKeys(options);
    const text = summaryText(this, read);
    if (read.printFn) read.printFn(text);
    else if (typeof process === "undefined") console.log(text);
    else process.stdout.write(text);
  }

  // Files.

  /**
   * Writes a file that Keras 3 loads too: configuration, weights, and the state of the optimizer. A `.keras` file, or by its ending an `.h5` file of the
   * older layout. Rejects with ModelError for other endings, and where it cannot be written.
   */
  save(path: string, options: Options<SaveOptions> = {}): Promise<void> {
    return saveModel(this, path, camelKeys(options));
  }
  /** Writes a `.weights.h5` file. */
  saveWeights(path: string): Promise<void> {
    return saveWeights(this, path);
  }
  /** Reads the weights of a `.weights.h5`, `.keras` or `.h5` file, or of the bytes of one, into a model of the same build. */
  loadWeights(file: string | Uint8Array, options: LoadWeightsOptions = {}): Promise<void> {
    return loadWeights(this, file, options);
  }
  /** The configuration as text: what `keras.models.modelFromJson` reads. */
  toJson(): string {
    return printJson(serializeObject(this));
  }

  /** What files hold of `compile`: nothing for a model that is not compiled. */
  getCompileConfig(): JsonObject {
    const config = this.#compileConfig;
    if (config === undefined) return {};
    return {
      optimizer: serializeMaybe(config.optimizer),
      loss: serializeMaybe(config.loss),
      loss_weights: serializeMaybe(config.lossWeights),
      metrics: serializeMaybe(config.metrics),
      weighted_metrics: serializeMaybe(config.weightedMetrics),
      run_eagerly: config.runEagerly,
      steps_per_execution: config.stepsPerExecution,
      jit_compile: config.jitCompile === "auto" ? !config.runEagerly : config.jitCompile,
    };
  }
}

/** The arrays behind the tensors of a structure. */
export type NDArrays<T> = T extends TensorMethods
  ? NDArray
  : T extends object
    ? { [K in keyof T]: NDArrays<T[K]> }
    : T;

/** Labels and options of a call: a dataset brings its labels itself. */
function splitRest<T>(
  x: Data | Dataset,
  rest: readonly unknown[],
): { readonly y: Data | null; readonly options: T } {
  const [first, second] = rest;
  if (isDataset(x) && isPlainObject(first)) return { y: null, options: camelKeys(first) as T };
  return {
    y: (first ?? null) as Data | null,
    options: (isPlainObject(second) ? camelKeys(second) : {}) as T,
  };
}
