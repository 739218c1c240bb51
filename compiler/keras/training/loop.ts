/**
 * The loops of `fit`, `evaluate` and `predict`: epochs, batches, callbacks. What is learned and measured is in the steps; here is only their order.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { concatRows } from "../../arrays.ts";
import type { Callback, CallbackModel, Logs } from "../callbacks/callback.ts";
import { CallbackList } from "../callbacks/callback-list.ts";
import type { History } from "../callbacks/history.ts";
import { type ProgressOutput, standardOutput, type Verbosity } from "../callbacks/progress-bar.ts";
import { flatten, type Nest, packNest } from "../nest.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Variable } from "../variable.ts";
import {
  ArrayData,
  type Arrays,
  type Batch,
  type ClassWeight,
  classWeights,
  type Data,
  type DataSource,
  type Dataset,
  isDataset,
  readArrays,
  StreamData,
  splitArrays,
} from "./data.ts";
import type { StepName } from "./program.ts";
import type { Runner } from "./runner.ts";

interface LoopOptions {
  /** Samples in a batch; default 32. */
  batchSize?: number | null;
  /** 0 silent, 1 (default) a progress bar, 2 a line per epoch. */
  verbose?: Verbosity | "auto";
  callbacks?: readonly Callback[] | CallbackList;
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
  classWeight?: ClassWeight | null;
  /** Weights of samples. */
  sampleWeight?: Data | null;
  /** The number of the first epoch, from 0; default 0. */
  initialEpoch?: number;
  /** Batches in an epoch; default all. */
  stepsPerEpoch?: number | null;
  validationSteps?: number | null;
  validationBatchSize?: number | null;
  /** Evaluates every so many epochs (default 1), or after the epochs of these numbers, counted from 1. */
  validationFreq?: number | readonly number[];
}

export interface EvaluateOptions extends LoopOptions {
  sampleWeight?: Data | null;
  /** Batches to evaluate; default all. */
  steps?: number | null;
}

export interface PredictOptions extends LoopOptions {
  steps?: number | null;
}

/** What the loops need of a model. */
export interface LoopModel extends CallbackModel {
  readonly stepsPerExecution: number;
  readonly trainableWeights: readonly Variable[];
  readonly optimizer: Optimizer | undefined;
  resetMetrics(): void;
  fetchWeights(): Promise<void>;
}

const defaultBatch = 32;
const verbosity = (verbose: LoopOptions["verbose"]): Verbosity =>
  verbose === undefined || verbose === "auto" ? 1 : verbose;

/** Trains; returns the history of logs. */
export async function fit(
  runner: Runner,
  model: LoopModel,
  x: Data | Dataset,
  y: Data | null,
  options: FitOptions,
): Promise<History> {
  const { epochs = 1, initialEpoch = 0, validationFreq = 1 } = options;
  const { training, validation } = await fitSources(x, y, options);
  const callbacks = callbacksOf(model, training, options, epochs);
  model.stopTraining = false;
  model.initialEpoch = null;
  await callbacks.tell("onTrainBegin");
  let logs: Logs = {};
  for (let epoch = model.initialEpoch ?? initialEpoch; epoch < epochs; epoch++) {
    model.resetMetrics();
    await callbacks.tell("onEpochBegin", {}, epoch);
    logs = await trainEpoch(runner, model, training, callbacks);
    if (validation !== undefined && isTimeToEvaluate(epoch, validationFreq))
      logs = { ...logs, ...prefixed(await testEpoch(runner, model, validation, callbacks)) };
    await callbacks.tell("onEpochEnd", logs, epoch);
    if (model.stopTraining) break;
  }
  await model.fetchWeights();
  if (epochs > 0) await model.optimizer?.finalizeVariableValues(model.trainableWeights);
  await callbacks.tell("onTrainEnd", logs);
  return callbacks.history;
}

const isTimeToEvaluate = (epoch: number, frequency: number | readonly number[]): boolean =>
  typeof frequency === "number" ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);

const prefixed = (logs: Logs): Logs =>
  Object.fromEntries(Object.entries(logs).map(([name, value]) => [`val_${name}`, value]));

function callbacksOf(
  model: LoopModel,
  data: DataSource,
  { callbacks = [], verbose, output }: LoopOptions,
  epochs: number,
): CallbackList {
  if (callbacks instanceof CallbackList) return callbacks;
  const params = { verbose: verbosity(verbose), epochs, steps: data.steps };
  return new CallbackList(callbacks, { model, params, output: output ?? standardOutput() });
}

async function fitSources(
  x: Data | Dataset,
  y: Data | null,
  options: FitOptions,
): Promise<{ training: DataSource; validation: DataSource | undefined }> {
  const { validationSplit = 0, validationData = null, classWeight = null, sampleWeight = null } = options;
  const { shuffle = true, stepsPerEpoch: steps = null } = options;
  const batchSize = options.batchSize ?? defaultBatch;
  const heldOut = {
    batchSize: options.validationBatchSize ?? batchSize,
    shuffle: false,
    steps: options.validationSteps,
  };
  const given = validationData === null ? undefined : await validationSource(validationData, heldOut);
  if (isDataset(x)) {
    if (validationSplit > 0)
      throw new ModelError("`validation_split` is only supported for arrays.", {
        where: "fit",
        hint: "Give validationData",
      });
    return { training: new StreamData(x, steps, { classWeight, shuffle }), validation: given };
  }
  const parts = await readParts(x, y, sampleWeight, classWeight);
  const [train, test] =
    validationSplit > 0 && given === undefined ? splitArrays(parts, validationSplit) : [parts, undefined];
  const training = new ArrayData({ ...named(train), batchSize, shuffle, steps });
  return { training, validation: given ?? (test && new ArrayData({ ...named(test), ...heldOut })) };
}

async function readParts(
  x: Data,
  y: Data | null,
  sampleWeight: Data | null,
  classWeight: ClassWeight | null,
): Promise<(Arrays | null)[]> {
  if (classWeight !== null && sampleWeight !== null)
    throw new ModelError("You cannot `class_weight` and `sample_weight` at the same time.", { where: "fit" });
  const labels = y === null ? null : await readArrays(y);
  if (sampleWeight !== null) return [await readArrays(x), labels, await readArrays(sampleWeight)];
  const weights = classWeight === null || labels === null ? null : classWeights(labels, classWeight);
  return [await readArrays(x), labels, weights];
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

/** Batches in the portions that run between two rounds of callbacks, each with the number of its first batch. */
async function* portions(
  data: DataSource,
  size: number,
): AsyncIterable<{ first: number; batches: readonly Batch[] }> {
  let first = 0;
  let batches: Batch[] = [];
  for await (const batch of data.epoch()) {
    batches.push(batch);
    if (batches.length < size) continue;
    yield { first, batches };
    first += batches.length;
    batches = [];
  }
  if (batches.length > 0) yield { first, batches };
}

async function runBatches(runner: Runner, name: StepName, batches: readonly Batch[]): Promise<Logs> {
  let logs: Logs = {};
  for (const batch of batches) logs = await runner.step(name, batch);
  return logs;
}

async function trainEpoch(
  runner: Runner,
  model: LoopModel,
  data: DataSource,
  callbacks: CallbackList,
): Promise<Logs> {
  let logs: Logs | undefined;
  for await (const { first, batches } of portions(data, model.stepsPerExecution)) {
    await callbacks.tell("onTrainBatchBegin", {}, first);
    logs = await runBatches(runner, "train_step", batches);
    await callbacks.tell("onTrainBatchEnd", logs, first + batches.length - 1);
    if (model.stopTraining) break;
  }
  return logs ?? emptyData("fit");
}

async function testEpoch(
  runner: Runner,
  model: LoopModel,
  data: DataSource,
  callbacks: CallbackList,
): Promise<Logs> {
  await callbacks.tell("onTestBegin");
  model.resetMetrics();
  let logs: Logs | undefined;
  for await (const { first, batches } of portions(data, model.stepsPerExecution)) {
    await callbacks.tell("onTestBatchBegin", {}, first);
    logs = await runBatches(runner, "test_step", batches);
    await callbacks.tell("onTestBatchEnd", logs, first + batches.length - 1);
    if (model.stopEvaluating) break;
  }
  const found = logs ?? emptyData("evaluate");
  await callbacks.tell("onTestEnd", found);
  return found;
}

function emptyData(where: string): never {
  throw new ModelError("the data is empty", { where, expected: "at least one batch", got: "none" });
}

/** Loss and metrics of data. */
export async function evaluate(
  runner: Runner,
  model: LoopModel,
  x: Data | Dataset,
  y: Data | null,
  options: EvaluateOptions,
): Promise<Logs> {
  const batchSize = options.batchSize ?? defaultBatch;
  const data = await source(x, y, options.sampleWeight ?? null, batchSize, options.steps ?? null);
  model.stopEvaluating = false;
  return testEpoch(runner, model, data, callbacksOf(model, data, options, 1));
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

/** Predictions of all batches, one after the other. */
export async function predict(
  runner: Runner,
  model: LoopModel,
  x: Data | Dataset,
  options: PredictOptions,
): Promise<Nest<NDArray>> {
  const data = await source(x, null, null, options.batchSize ?? defaultBatch, options.steps ?? null);
  const callbacks = callbacksOf(model, data, options, 1);
  model.stopPredicting = false;
  await callbacks.tell("onPredictBegin");
  const parts: Nest<NDArray>[] = [];
  for await (const { first, batches } of portions(data, model.stepsPerExecution)) {
    await callbacks.tell("onPredictBatchBegin", {}, first);
    for (const batch of batches) parts.push(await runner.predictStep(batch));
    await callbacks.tell("onPredictBatchEnd", {}, first + batches.length - 1);
    if (model.stopPredicting) break;
  }
  await callbacks.tell("onPredictEnd");
  return joinParts(parts);
}

function joinParts(parts: readonly Nest<NDArray>[]): Nest<NDArray> {
  const [first] = parts;
  if (first === undefined) return emptyData("predict");
  const columns = flatten(first).map((_, i) => concatRows(parts.map((part) => flatten(part)[i])));
  return packNest(first, columns);
}
