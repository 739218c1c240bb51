/**
 * The loops of `fit`, `evaluate` and `predict`: epochs, batches, running values, callbacks.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { concatRows } from "../../arrays.ts";
import { flatten, type Nest, packNest } from "../nest.ts";
import { type Callback, CallbackList, type CallbackModel, type History, type Logs } from "./callbacks.ts";
import {
  ArrayData,
  type Arrays,
  classWeights,
  type Data,
  type DataSource,
  type Dataset,
  isDataset,
  readArrays,
  StreamData,
  splitArrays,
} from "./data.ts";
import type { Objectives } from "./objectives.ts";
import { type ProgressOutput, standardOutput, type Verbosity } from "./progress-bar.ts";
import type { Runner, StepResult } from "./runner.ts";

interface LoopOptions {
  /** Samples in a batch; default 32. */
  batchSize?: number | null;
  /** 0 silent, 1 (default) a progress bar, 2 a line per epoch. */
  verbose?: Verbosity | "auto";
  callbacks?: readonly Callback[];
  /** Where progress goes; default the terminal. */
  output?: ProgressOutput;
}

export interface FitOptions extends LoopOptions {
  /** Default 1. */
  epochs?: number;
  /** The last samples, this share of them, are held out: they are evaluated after each epoch. Default 0. */
  validationSplit?: number;
  /** Data to evaluate after each epoch: [x, y], [x, y, sampleWeight], or a dataset. */
  validationData?: readonly [x: Data, y: Data, sampleWeight?: Data] | Dataset | null;
  /** Another order of the samples in each epoch; default true. `keras.utils.setRandomSeed` makes it reproducible. */
  shuffle?: boolean;
  /** Weights of classes by number: `{ 0: 1, 1: 5 }`. */
  classWeight?: { readonly [label: string]: number } | null;
  /** Weights of samples. */
  sampleWeight?: Data | null;
  /** The number of the first epoch, from 0; default 0. */
  initialEpoch?: number;
  /** Batches in an epoch; default all. */
  stepsPerEpoch?: number | null;
  validationSteps?: number | null;
  validationBatchSize?: number | null;
  /** Evaluates every so many epochs; default 1. */
  validationFreq?: number;
}

export interface EvaluateOptions extends LoopOptions {
  sampleWeight?: Data | null;
  /** Batches to evaluate; default all. */
  steps?: number | null;
}

export interface PredictOptions extends LoopOptions {
  steps?: number | null;
}

const defaultBatch = 32;
const verbosity = (verbose: LoopOptions["verbose"]): Verbosity =>
  verbose === undefined || verbose === "auto" ? 1 : verbose;

/** Running values over the batches of an epoch. */
export class Tracker {
  private readonly totals: number[] = [];
  private samples = 0;
  private readonly objectives: () => Objectives | undefined;

  constructor(runner: Runner) {
    this.objectives = () => runner.objectives;
    for (const { metric } of runner.objectives?.metrics ?? []) metric.resetState();
  }

  add({ loss, outputLosses, statistics }: StepResult, size: number): void {
    this.samples += size;
    [loss, ...outputLosses].forEach((value, i) => {
      this.totals[i] = (this.totals[i] ?? 0) + Number(value.data[0]) * size;
    });
    this.objectives()?.metrics.forEach(({ metric }, i) => metric.add(statistics[i]));
  }

  /** The mean loss, metrics, then losses of the outputs. */
  logs(): Logs {
    const objectives = this.objectives();
    const mean = (i: number): number => (this.totals[i] ?? 0) / Math.max(this.samples, 1);
    const metrics = objectives?.metrics.map(({ name, metric }) => [name, metric.result()] as const) ?? [];
    const losses = objectives?.namesLosses
      ? objectives.losses.map(({ name }, i) => [`${name}_loss`, mean(i + 1)] as const)
      : [];
    return Object.fromEntries([["loss", mean(0)], ...metrics, ...losses]);
  }
}

/** Trains; returns the history of logs. */
export async function fit(
  runner: Runner,
  model: CallbackModel,
  x: Data | Dataset,
  y: Data | null,
  options: FitOptions,
): Promise<History> {
  const { epochs = 1, initialEpoch = 0, validationFreq = 1 } = options;
  const { training, validation } = await fitSources(x, y, options);
  const params = { verbose: verbosity(options.verbose), epochs, steps: training.steps };
  const callbacks = new CallbackList(
    options.callbacks ?? [],
    model,
    params,
    options.output ?? standardOutput(),
  );
  model.stopTraining = false;
  await callbacks.tell("onTrainBegin");
  let logs: Logs = {};
  for (let epoch = initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
    await callbacks.tell("onEpochBegin", {}, epoch);
    logs = await trainEpoch(runner, model, training, callbacks);
    if (validation !== undefined && (epoch + 1) % validationFreq === 0) {
      const found = await testEpoch(runner, validation, callbacks);
      logs = {
        ...logs,
        ...Object.fromEntries(Object.entries(found).map(([name, value]) => [`val_${name}`, value])),
      };
    }
    await callbacks.tell("onEpochEnd", logs, epoch);
  }
  await callbacks.tell("onTrainEnd", logs);
  return callbacks.history;
}

async function fitSources(
  x: Data | Dataset,
  y: Data | null,
  options: FitOptions,
): Promise<{ training: DataSource; validation: DataSource | undefined }> {
  const {
    validationSplit = 0,
    validationData = null,
    classWeight = null,
    sampleWeight = null,
    shuffle = true,
    stepsPerEpoch: steps = null,
  } = options;
  const batchSize = options.batchSize ?? defaultBatch;
  const heldOut = {
    batchSize: options.validationBatchSize ?? batchSize,
    shuffle: false,
    steps: options.validationSteps,
  };
  const given = validationData === null ? undefined : await validationSource(validationData, heldOut);
  if (isDataset(x)) return { training: new StreamData(x, steps), validation: given };
  if (classWeight !== null && sampleWeight !== null)
    throw new ModelError("classWeight and sampleWeight exclude each other", { where: "fit" });
  const labels = y === null ? null : await readArrays(y);
  const weights =
    sampleWeight !== null
      ? await readArrays(sampleWeight)
      : classWeight !== null && labels !== null
        ? classWeights(labels, classWeight)
        : null;
  const parts = [await readArrays(x), labels, weights];
  const [train, test] =
    validationSplit > 0 && given === undefined ? splitArrays(parts, validationSplit) : [parts, undefined];
  const training = new ArrayData({ ...named(train), batchSize, shuffle, steps });
  return { training, validation: given ?? (test && new ArrayData({ ...named(test), ...heldOut })) };
}

function named([x, y, sampleWeight]: readonly (Arrays | null)[]): {
  x: Arrays;
  y: Arrays | null;
  sampleWeight: Arrays | null;
} {
  return { x: x ?? { arrays: [], structure: [] }, y, sampleWeight };
}

type HeldOut = { batchSize: number; shuffle: boolean; steps?: number | null };

async function validationSource(
  data: NonNullable<FitOptions["validationData"]>,
  options: HeldOut,
): Promise<DataSource> {
  if (isDataset(data)) return new StreamData(data, options.steps ?? null);
  const [x, y, sampleWeight] = data;
  return new ArrayData({
    x: await readArrays(x),
    y: await readArrays(y),
    sampleWeight: sampleWeight === undefined ? null : await readArrays(sampleWeight),
    ...options,
  });
}

async function trainEpoch(
  runner: Runner,
  model: CallbackModel,
  data: DataSource,
  callbacks: CallbackList,
): Promise<Logs> {
  const tracker = new Tracker(runner);
  let step = 0;
  for await (const batch of data.epoch()) {
    await callbacks.tell("onTrainBatchBegin", {}, step);
    tracker.add(await runner.trainStep(batch), batch.size);
    await callbacks.tell("onTrainBatchEnd", tracker.logs(), step);
    step += 1;
    if (model.stopTraining) break;
  }
  if (step === 0)
    throw new ModelError("the data is empty", { where: "fit", expected: "at least one batch", got: "none" });
  return tracker.logs();
}

async function testEpoch(runner: Runner, data: DataSource, callbacks: CallbackList): Promise<Logs> {
  await callbacks.tell("onTestBegin");
  const tracker = new Tracker(runner);
  let step = 0;
  for await (const batch of data.epoch()) {
    await callbacks.tell("onTestBatchBegin", {}, step);
    tracker.add(await runner.testStep(batch), batch.size);
    await callbacks.tell("onTestBatchEnd", tracker.logs(), step);
    step += 1;
  }
  if (step === 0)
    throw new ModelError("the data is empty", {
      where: "evaluate",
      expected: "at least one batch",
      got: "none",
    });
  await callbacks.tell("onTestEnd", tracker.logs());
  return tracker.logs();
}

/** Loss and metrics of data. */
export async function evaluate(
  runner: Runner,
  model: CallbackModel,
  x: Data | Dataset,
  y: Data | null,
  options: EvaluateOptions,
): Promise<Logs> {
  const batchSize = options.batchSize ?? defaultBatch;
  const data = await source(x, y, options.sampleWeight ?? null, batchSize, options.steps ?? null);
  return testEpoch(runner, data, list(model, data, options));
}

async function source(
  x: Data | Dataset,
  y: Data | null,
  sampleWeight: Data | null,
  batchSize: number,
  steps: number | null,
): Promise<DataSource> {
  if (isDataset(x)) return new StreamData(x, steps);
  const read = (data: Data | null): Promise<Arrays> | null => (data === null ? null : readArrays(data));
  return new ArrayData({
    x: await readArrays(x),
    y: await read(y),
    sampleWeight: await read(sampleWeight),
    batchSize,
    shuffle: false,
    steps,
  });
}

const list = (model: CallbackModel, data: DataSource, options: LoopOptions): CallbackList =>
  new CallbackList(
    options.callbacks ?? [],
    model,
    { verbose: verbosity(options.verbose), epochs: 1, steps: data.steps },
    options.output ?? standardOutput(),
  );

/** Predictions of all batches, one after the other. */
export async function predict(
  runner: Runner,
  model: CallbackModel,
  x: Data | Dataset,
  options: PredictOptions,
): Promise<Nest<NDArray>> {
  const data = await source(x, null, null, options.batchSize ?? defaultBatch, options.steps ?? null);
  const callbacks = list(model, data, options);
  await callbacks.tell("onPredictBegin");
  const parts: Nest<NDArray>[] = [];
  for await (const batch of data.epoch()) {
    await callbacks.tell("onPredictBatchBegin", {}, parts.length);
    parts.push(await runner.predictStep(batch));
    await callbacks.tell("onPredictBatchEnd", {}, parts.length - 1);
  }
  await callbacks.tell("onPredictEnd");
  return joinParts(parts);
}

function joinParts(parts: readonly Nest<NDArray>[]): Nest<NDArray> {
  const [first] = parts;
  if (first === undefined)
    throw new ModelError("the data is empty", {
      where: "predict",
      expected: "at least one batch",
      got: "none",
    });
  const columns = flatten(first).map((_, i) => concatRows(parts.map((part) => flatten(part)[i])));
  return packNest(first, columns);
}
