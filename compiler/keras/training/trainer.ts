/**
 * What makes a layer a model that learns: `fit`, `evaluate`, `predict`, and their relatives for single batches.
 */
import type { NDArray } from "../../../ir/ndarray.ts";
import type { Tensor, TensorMethods } from "../../tensor.ts";
import type { Logs } from "../callbacks/callback.ts";
import type { History } from "../callbacks/history.ts";
import type { Layer, LayerOptions } from "../layers/layer.ts";
import { camelKeys, isPlainObject, type Options } from "../options.ts";
import { CompiledModel } from "./compiled-model.ts";
import { classWeights, type Data, type Dataset, isDataset, readBatch } from "./data.ts";
import {
  type EvaluateOptions,
  evaluate,
  type FitOptions,
  fit,
  type LoopModel,
  type PredictOptions,
  predict,
} from "./loop.ts";
import { Runner } from "./runner.ts";

export interface BatchOptions {
  readonly sampleWeight?: Data | null;
  /** Values by name instead of in a list; default false. */
  readonly returnDict?: boolean;
}
export interface TrainBatchOptions extends BatchOptions {
  /** Weights of classes by number. */
  readonly classWeight?: { readonly [label: string]: number } | null;
}

export abstract class Trainer<Out = Tensor> extends CompiledModel<Out> implements LoopModel {
  /** Set by callbacks to end training, evaluation, prediction. */
  stopTraining = false;
  stopEvaluating = false;
  stopPredicting = false;
  /** The epoch where `fit` begins, where a callback wants another than it was told. */
  initialEpoch: number | null = null;
  /** Of the last `fit`. */
  history: History | undefined;
  #runner: Runner;

  constructor(options: LayerOptions = {}) {
    super({ ...options });
    this.#runner = new Runner(this);
  }

  /** Programs of an earlier compilation serve no more. */
  protected override whenCompiled(runEagerly: boolean): void {
    this.#runner = new Runner(this, runEagerly);
  }

  // Loops.

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
    return this.history;
  }

  /** Loss and metrics of data: [loss, ...metrics], or by name with `returnDict: true`. */
  evaluate(x: Data, y: Data | null, options: Options<EvaluateOptions & { returnDict: true }>): Promise<Logs>;
  evaluate(
    x: Data,
    y: Data | null,
    options?: Options<EvaluateOptions & { returnDict?: false }>,
  ): Promise<number[]>;
  evaluate(dataset: Dataset, options: Options<EvaluateOptions & { returnDict: true }>): Promise<Logs>;
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

  /** One step of training: [loss, ...metrics], or by name with `returnDict: true`. The values run on over the batches until `resetMetrics`. */
  trainOnBatch(
    x: Data,
    y: Data | null,
    options: Options<TrainBatchOptions & { returnDict: true }>,
  ): Promise<Logs>;
  trainOnBatch(
    x: Data,
    y?: Data | null,
    options?: Options<TrainBatchOptions & { returnDict?: false }>,
  ): Promise<number[]>;
  async trainOnBatch(
    x: Data,
    y: Data | null = null,
    given: Options<TrainBatchOptions> = {},
  ): Promise<Logs | number[]> {
    this.requireCompiled("trainOnBatch");
    const { sampleWeight, classWeight, returnDict }: TrainBatchOptions = camelKeys(given);
    const batch = await readBatch([x, y, sampleWeight]);
    const weighed =
      classWeight && batch.y !== null
        ? { ...batch, sampleWeight: classWeights(batch.y, classWeight) }
        : batch;
    const logs = await this.#runner.step("train_step", weighed);
    return returnDict ? logs : Object.values(logs);
  }

  /** Loss and metrics of one batch, running on as those of `trainOnBatch`. */
  testOnBatch(x: Data, y: Data | null, options: Options<BatchOptions & { returnDict: true }>): Promise<Logs>;
  testOnBatch(
    x: Data,
    y?: Data | null,
    options?: Options<BatchOptions & { returnDict?: false }>,
  ): Promise<number[]>;
  async testOnBatch(
    x: Data,
    y: Data | null = null,
    given: Options<BatchOptions> = {},
  ): Promise<Logs | number[]> {
    this.requireCompiled("testOnBatch");
    const { sampleWeight, returnDict }: BatchOptions = camelKeys(given);
    const logs = await this.#runner.step("test_step", await readBatch([x, y, sampleWeight]));
    return returnDict ? logs : Object.values(logs);
  }

  async predictOnBatch(x: Data): Promise<NDArrays<Out>> {
    return (await this.#runner.predictStep(await readBatch([x]))) as NDArrays<Out>;
  }

  /** Brings values that training left in the backend to the host, so that eager code can use them at once. */
  fetchWeights(): Promise<void> {
    return this.#runner.fetch();
  }

  // What callbacks need: models know it.
  abstract get layers(): readonly Layer<unknown>[];
  abstract save(path: string): Promise<void>;
  abstract saveWeights(path: string): Promise<void>;
  abstract loadWeights(path: string): Promise<void>;
  abstract toJson(): string;
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
