/**
 * Callbacks of a few lines: a schedule for the learning rate, functions in place of a class, an end to training on NaN, averages of weights.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { LossScaleOptimizer, MultiOptimizer } from "../optimizers/wrappers.ts";
import { camelKeys, type Options } from "../options.ts";
import { Callback, type Logs, readLearningRate, type Told, warn } from "./callback.ts";
import { optimizersOf } from "./monitor.ts";

/** The number of the epoch (from 0) and the present learning rate to the next one. */
export type LearningRateFunction = (epoch: number, learningRate: number) => number;

/** Sets the learning rate at the beginning of each epoch: `LearningRateScheduler((epoch, rate) => epoch < 10 ? rate : rate * 0.9)`. */
export class LearningRateScheduler extends Callback {
  private readonly schedule: LearningRateFunction;
  private readonly verbose: number;

  constructor(schedule: LearningRateFunction, options: number | { readonly verbose?: number } = {}) {
    super();
    this.schedule = schedule;
    this.verbose = typeof options === "number" ? options : (options.verbose ?? 0);
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    for (const [name, optimizer] of optimizersOf(this.model.optimizer)) {
      const rate = this.schedule(epoch, await readLearningRate(optimizer));
      if (typeof rate !== "number" || Number.isNaN(rate))
        throw new ModelError(`The output of the \`schedule\` function should be a float. Got: ${rate}`);
      optimizer.learningRate = rate;
      if (this.verbose > 0)
        this.print(
          `\nEpoch ${epoch + 1}: LearningRateScheduler setting ${name === "" ? "" : `${name} `}` +
            `learning rate to ${rate}.`,
        );
    }
  }

  override async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
    for (const [name, optimizer] of optimizersOf(this.model.optimizer))
      logs[name === "" ? "learning_rate" : `learning_rate_${name}`] = await readLearningRate(optimizer);
  }
}

/** Ends training where the loss is NaN or infinite. */
export class TerminateOnNaN extends Callback {
  private readonly raiseError: boolean;

  constructor(options: Options<{ raiseError?: boolean }> = {}) {
    super();
    const { raiseError = false }: { raiseError?: boolean } = camelKeys(options);
    this.raiseError = raiseError;
  }

  override onBatchEnd(batch: number, { loss }: Logs): void {
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raiseError)
      throw new ModelError(
        `NaN or Inf loss encountered at batch ${batch}. Loss value: ${loss}. Terminating training immediately.`,
      );
    this.print(`Batch ${batch}: Invalid loss, terminating training`);
    this.model.stopTraining = true;
  }
}

export interface LambdaFunctions {
  onEpochBegin?: (epoch: number, logs: Logs) => Told;
  onEpochEnd?: (epoch: number, logs: Logs) => Told;
  onTrainBegin?: (logs: Logs) => Told;
  onTrainEnd?: (logs: Logs) => Told;
  onTrainBatchBegin?: (batch: number, logs: Logs) => Told;
  onTrainBatchEnd?: (batch: number, logs: Logs) => Told;
}

/** Functions in place of a class: `LambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) })`. */
export class LambdaCallback extends Callback {
  constructor(functions: Options<LambdaFunctions> & { readonly [name: string]: unknown } = {}) {
    super();
    Object.assign(this, camelKeys(functions));
  }
}

/**
 * Puts the moving averages that an optimizer with `useEma` keeps in the place of the weights while the model is evaluated; with `swapOnEpoch` also from
 * the end of each epoch to the beginning of the next, so that checkpoints hold them.
 */
export class SwapEMAWeights extends Callback {
  private readonly swapOnEpoch: boolean;
  private isSwapped = false;

  constructor(options: Options<{ swapOnEpoch?: boolean }> = {}) {
    super();
    const { swapOnEpoch = false }: { swapOnEpoch?: boolean } = camelKeys(options);
    this.swapOnEpoch = swapOnEpoch;
  }

  /** The optimizers that keep averages. Throws ModelError where there is none. */
  private averaging(): readonly Optimizer[] {
    const { optimizer } = this.model;
    const inner = optimizer instanceof LossScaleOptimizer ? optimizer.innerOptimizer : optimizer;
    const all = inner instanceof MultiOptimizer ? inner.optimizers : inner === undefined ? [] : [inner];
    const found = all.filter(({ options }) => options.useEma);
    if (found.length > 0) return found;
    throw new ModelError(
      "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer. Received: use_ema=false",
    );
  }

  private async swap(): Promise<void> {
    for (const optimizer of this.averaging())
      for (const weight of this.model.trainableWeights) {
        const average = optimizer.slot(weight, "average");
        if (average === undefined) continue;
        const [own, mean] = [await weight.array(), await average.array()];
        weight.setArray(mean);
        average.setArray(own);
      }
    this.isSwapped = !this.isSwapped;
  }

  override async onEpochBegin(): Promise<void> {
    if (this.swapOnEpoch && this.isSwapped) await this.swap();
  }
  override async onEpochEnd(epoch: number): Promise<void> {
    if (!this.swapOnEpoch || this.isSwapped) return;
    await this.swap();
    // The optimizer puts the averages into the model when training ends: they are there already.
    if (epoch === this.params.epochs - 1)
      for (const optimizer of this.averaging())
        for (const weight of this.model.trainableWeights)
          optimizer.slot(weight, "average")?.setArray(await weight.array());
  }
  override async onTestBegin(): Promise<void> {
    if (!this.isSwapped) await this.swap();
  }
  override async onTestEnd(): Promise<void> {
    if (this.isSwapped) await this.swap();
  }
  override async onPredictBegin(): Promise<void> {
    if (!this.isSwapped) await this.swap();
  }
  override async onPredictEnd(): Promise<void> {
    if (this.isSwapped) await this.swap();
  }
}

export interface RemoteMonitorOptions {
  /** Default "http://localhost:9000". */
  root?: string;
  /** Default "/publish/epoch/end/". */
  path?: string;
  /** The name of the form field that holds the JSON; default "data". */
  field?: string;
  headers?: { readonly [name: string]: string } | null;
  /** Sends the JSON itself instead of a form; default false. */
  sendAsJson?: boolean;
}

/** Sends the logs of each epoch to a server. A server that does not answer is a warning. */
export class RemoteMonitor extends Callback {
  private readonly options: Required<RemoteMonitorOptions>;

  constructor(options: Options<RemoteMonitorOptions> = {}) {
    super();
    const given: RemoteMonitorOptions = camelKeys(options);
    this.options = {
      root: "http://localhost:9000",
      path: "/publish/epoch/end/",
      field: "data",
      headers: null,
      sendAsJson: false,
      ...given,
    };
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { root, path, field, headers, sendAsJson } = this.options;
    const json = JSON.stringify({ epoch, ...logs });
    const body = sendAsJson ? json : new URLSearchParams({ [field]: json });
    const type: { readonly [name: string]: string } = sendAsJson
      ? { "content-type": "application/json" }
      : {};
    try {
      await fetch(root + path, { method: "POST", body, headers: { ...type, ...headers } });
    } catch {
      warn(`Could not reach RemoteMonitor root server at ${root}`);
    }
  }
}
