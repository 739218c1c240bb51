/**
 * The base of callbacks: what is told of the progress of training. Methods may be asynchronous: training waits for them.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import type { Metric } from "../metrics/metric.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Variable } from "../variable.ts";
import { type ProgressOutput, standardOutput, type Verbosity } from "./progress-bar.ts";

/** Names to values: `{ loss: 0.3, accuracy: 0.9 }`. Callbacks may add to them; those behind see it. */
export interface Logs {
  [name: string]: number;
}

/** What a callback may do with the model. */
export interface CallbackModel {
  readonly name: string;
  readonly built: boolean;
  /** Set it to end training after the present batch. */
  stopTraining: boolean;
  stopEvaluating: boolean;
  stopPredicting: boolean;
  /** The epoch where `fit` begins, where a callback wants another than it was told. */
  initialEpoch: number | null;
  readonly optimizer: Optimizer | undefined;
  readonly metrics: readonly Metric[];
  /** The names of metrics in logs. */
  readonly metricNames: ReadonlyMap<Metric, string>;
  readonly trainableWeights: readonly Variable[];
  readonly layers: readonly { readonly name: string; readonly weights: readonly Variable[] }[];
  getWeights(): Promise<NDArray[]>;
  setWeights(weights: readonly NDArray[]): void;
  save(path: string): Promise<void>;
  saveWeights(path: string): Promise<void>;
  loadWeights(path: string): Promise<void>;
  toJson(): string;
}

export interface CallbackParams {
  readonly verbose: Verbosity;
  readonly epochs: number;
  /** Batches in an epoch; null where that shows only at the end. */
  readonly steps: number | null;
}

export type Told = void | Promise<void>;

/**
 * Override the methods you need; epochs and batches are counted from 0. `this.model` and `this.params` are set before the first call.
 *
 *     class Progress extends keras.callbacks.Callback {
 *       onEpochEnd(epoch, logs) { console.log(epoch, logs.loss) }
 *     }
 *     await model.fit(x, y, { callbacks: [new Progress()] })
 */
export class Callback {
  private present: CallbackModel | undefined;
  private told: CallbackParams | undefined;
  private output: ProgressOutput | undefined;

  setModel(model: CallbackModel): void {
    this.present = model;
  }
  setParams(params: CallbackParams): void {
    this.told = params;
  }
  setOutput(output: ProgressOutput): void {
    this.output = output;
  }

  /** The model that is trained. Throws ModelError before training begins. */
  get model(): CallbackModel {
    if (this.present !== undefined) return this.present;
    throw new ModelError("the callback has no model yet", {
      where: this.constructor.name,
      hint: "Give it to model.fit({ callbacks: [...] })",
    });
  }
  get params(): CallbackParams {
    return this.told ?? { verbose: 1, epochs: 1, steps: null };
  }
  /** Writes a line where progress goes. */
  protected print(line: string): void {
    (this.output ?? standardOutput()).write(`${line}\n`);
  }

  onTrainBegin(_logs: Logs): Told {}
  onTrainEnd(_logs: Logs): Told {}
  onEpochBegin(_epoch: number, _logs: Logs): Told {}
  onEpochEnd(_epoch: number, _logs: Logs): Told {}
  /** Another name of `onTrainBatchBegin`. */
  onBatchBegin(_batch: number, _logs: Logs): Told {}
  onBatchEnd(_batch: number, _logs: Logs): Told {}
  onTrainBatchBegin(batch: number, logs: Logs): Told {
    return this.onBatchBegin(batch, logs);
  }
  onTrainBatchEnd(batch: number, logs: Logs): Told {
    return this.onBatchEnd(batch, logs);
  }
  onTestBegin(_logs: Logs): Told {}
  onTestEnd(_logs: Logs): Told {}
  onTestBatchBegin(_batch: number, _logs: Logs): Told {}
  onTestBatchEnd(_batch: number, _logs: Logs): Told {}
  onPredictBegin(_logs: Logs): Told {}
  onPredictEnd(_logs: Logs): Told {}
  onPredictBatchBegin(_batch: number, _logs: Logs): Told {}
  onPredictBatchEnd(_batch: number, _logs: Logs): Told {}
}

/** Says something that a user should know, and goes on. */
export const warn = (text: string): void => console.warn(text);

/** The present learning rate of an optimizer, also of one that follows a schedule. */
export async function readLearningRate(optimizer: Optimizer): Promise<number> {
  if (optimizer.hasSettableRate) return Number((await optimizer.learningRate.array()).data[0]);
  // Schedules count steps, and that number may be in the program.
  await optimizer.iterations.array();
  return Number((await optimizer.currentLearningRate().array()).data[0]);
}
