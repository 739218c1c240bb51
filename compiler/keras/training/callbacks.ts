/**
 * `keras.callbacks`: what is told of the progress of training. Methods may be asynchronous: training waits for them.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { ProgressBar, type ProgressOutput, type Verbosity } from "./progress-bar.ts";

/** Names to values: `{ loss: 0.3, accuracy: 0.9 }`. */
export type Logs = { readonly [name: string]: number };

/** What a callback may do with the model. */
export interface CallbackModel {
  readonly name: string;
  /** Set it to end training after the present batch. */
  stopTraining: boolean;
  getWeights(): Promise<NDArray[]>;
  setWeights(weights: readonly NDArray[]): void;
}

export interface CallbackParams {
  readonly verbose: Verbosity;
  readonly epochs: number;
  /** Batches in an epoch; null where that shows only at the end. */
  readonly steps: number | null;
}

type Told = void | Promise<void>;

/** Override the methods you need. `this.model` and `this.params` are set before the first call. */
export class Callback {
  model: CallbackModel | undefined;
  params: CallbackParams | undefined;

  onTrainBegin(_logs: Logs): Told {}
  onTrainEnd(_logs: Logs): Told {}
  onEpochBegin(_epoch: number, _logs: Logs): Told {}
  onEpochEnd(_epoch: number, _logs: Logs): Told {}
  onTrainBatchBegin(_batch: number, _logs: Logs): Told {}
  onTrainBatchEnd(_batch: number, _logs: Logs): Told {}
  onTestBegin(_logs: Logs): Told {}
  onTestEnd(_logs: Logs): Told {}
  onTestBatchBegin(_batch: number, _logs: Logs): Told {}
  onTestBatchEnd(_batch: number, _logs: Logs): Told {}
  onPredictBegin(_logs: Logs): Told {}
  onPredictEnd(_logs: Logs): Told {}
  onPredictBatchBegin(_batch: number, _logs: Logs): Told {}
  onPredictBatchEnd(_batch: number, _logs: Logs): Told {}
}

/** Keeps the logs of every epoch: what `fit` returns. */
export class History extends Callback {
  /** Numbers of the epochs, from 0. */
  epoch: number[] = [];
  /** By name, one value for each epoch. */
  readonly history: { [name: string]: number[] } = {};

  override onTrainBegin(): void {
    this.epoch = [];
  }
  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value);
    }
  }
}

/** Prints progress as Keras does. */
export class ProgbarLogger extends Callback {
  private readonly out: ProgressOutput;
  private bar: ProgressBar | undefined;
  private seen = 0;
  private inFit = false;

  constructor(out: ProgressOutput) {
    super();
    this.out = out;
  }

  override onTrainBegin(): void {
    // Validation inside of fit is silent.
    this.inFit = true;
  }
  override onTestBegin(): void {
    if (!this.inFit) this.reset();
  }
  override onPredictBegin(): void {
    this.reset();
  }
  override onEpochBegin(epoch: number): void {
    this.reset();
    const epochs = this.params?.epochs ?? 1;
    if (epochs > 1) this.out.write(`Epoch ${epoch + 1}/${epochs}\n`);
  }
  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.show(batch, logs);
  }
  override onTestBatchEnd(batch: number, logs: Logs): void {
    if (!this.inFit) this.show(batch, logs);
  }
  override onPredictBatchEnd(batch: number): void {
    this.show(batch, {});
  }
  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.finish(logs);
  }
  override onTestEnd(logs: Logs): void {
    if (!this.inFit) this.finish(logs);
  }
  override onPredictEnd(): void {
    this.finish({});
  }

  private reset(): void {
    this.seen = 0;
    this.bar = new ProgressBar(this.params?.steps ?? null, this.params?.verbose ?? 1, this.out);
  }
  private show(batch: number, logs: Logs): void {
    this.seen = batch + 1;
    if (this.params?.verbose === 1) this.bar?.update(this.seen, logs, false);
  }
  private finish(logs: Logs): void {
    const target = this.params?.steps ?? this.seen;
    this.bar?.update(target, logs, true, target);
  }
}

export interface EarlyStoppingOptions {
  /** Default "val_loss". */
  monitor?: string;
  /** The smallest change that counts; default 0. */
  minDelta?: number;
  /** Epochs without one before training stops; default 0. */
  patience?: number;
  /** Default "auto": "max" for accuracies, else "min". */
  mode?: "auto" | "min" | "max";
  /** A value that must be beaten from the start. */
  baseline?: number | null;
  /** Goes back to the weights of the best epoch; default false. */
  restoreBestWeights?: boolean;
  /** Epochs before it begins to watch; default 0. */
  startFromEpoch?: number;
}

/** Stops training when a value no longer gets better. */
export class EarlyStopping extends Callback {
  stoppedEpoch = 0;
  bestEpoch = 0;
  private readonly options: Required<EarlyStoppingOptions>;
  private best: number;
  private wait = 0;
  private bestWeights: readonly NDArray[] | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    super();
    const defaults = {
      monitor: "val_loss",
      minDelta: 0,
      patience: 0,
      mode: "auto",
      baseline: null,
      restoreBestWeights: false,
      startFromEpoch: 0,
    } as const;
    this.options = { ...defaults, ...options };
    this.best = this.options.baseline ?? this.worst();
  }

  private worst(): number {
    return this.rises() ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  private rises(): boolean {
    const { mode, monitor } = this.options;
    return mode === "max" || (mode === "auto" && monitor.endsWith("accuracy"));
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.best = this.options.baseline ?? this.worst();
    this.bestWeights = undefined;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { monitor, patience, minDelta, restoreBestWeights, startFromEpoch } = this.options;
    const value = logs[monitor];
    if (value === undefined) {
      throw new ModelError("there is no such value to watch", {
        where: "EarlyStopping",
        expected: Object.keys(logs).join(", "),
        got: monitor,
      });
    }
    if (epoch < startFromEpoch) return;
    this.wait += 1;
    if (this.rises() ? value > this.best + minDelta : value < this.best - minDelta) {
      this.best = value;
      this.bestEpoch = epoch;
      this.wait = 0;
      if (restoreBestWeights) this.bestWeights = await this.model?.getWeights();
    }
    if (this.wait < patience || epoch === 0 || this.wait === 0) return;
    this.stoppedEpoch = epoch;
    if (this.model !== undefined) this.model.stopTraining = true;
  }

  override onTrainEnd(): void {
    if (this.bestWeights !== undefined) this.model?.setWeights(this.bestWeights);
  }
}

type Moment = { [K in keyof Callback]: K extends `on${string}` ? K : never }[keyof Callback];

/** Several callbacks as one. */
export class CallbackList {
  readonly history = new History();
  private readonly callbacks: readonly Callback[];

  constructor(
    callbacks: readonly Callback[],
    model: CallbackModel,
    params: CallbackParams,
    out: ProgressOutput,
  ) {
    const progress = params.verbose === 0 ? [] : [new ProgbarLogger(out)];
    this.callbacks = [...callbacks, this.history, ...progress];
    for (const callback of this.callbacks) {
      callback.model = model;
      callback.params = params;
    }
  }

  /** Tells all of them, in order, with the logs in alphabetical order as Keras shows them. */
  async tell(moment: Exclude<Moment, EpochMoment>, logs?: Logs): Promise<void>;
  async tell(moment: EpochMoment, logs: Logs | undefined, index: number): Promise<void>;
  async tell(moment: Moment, logs: Logs = {}, index = 0): Promise<void> {
    const sorted = Object.fromEntries(Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : 1)));
    for (const callback of this.callbacks) {
      const told = isEpochMoment(moment) ? callback[moment](index, sorted) : callback[moment](sorted);
      if (told !== undefined) await told;
    }
  }
}

type EpochMoment = Extract<Moment, `on${"Epoch" | "TrainBatch" | "TestBatch" | "PredictBatch"}${string}`>;
const isEpochMoment = (moment: Moment): moment is EpochMoment => /Epoch|Batch/.test(moment);
