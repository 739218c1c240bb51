/**
 * Callbacks that watch a value of the logs: when training no longer gets better they stop it, or lower the learning rate.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { MultiOptimizer } from "../optimizers/wrappers.ts";
import { type Options, readOptions } from "../options.ts";
import { Callback, type Logs, readLearningRate, warn } from "./callback.ts";

export type Mode = "auto" | "min" | "max";

export interface MonitorOptions {
  /** Default "val_loss". */
  monitor?: string;
  /** Whether less is better, or more; default "auto": as the metric of that name says. */
  mode?: Mode;
  /** The smallest change that counts; default 0. */
  minDelta?: number;
}

/** The base: knows whether a value is better than another. */
export abstract class MonitorCallback extends Callback {
  protected readonly monitor: string;
  protected best: number | null;
  private readonly mode: Mode;
  private readonly minDelta: number;
  private rises: boolean | undefined;

  constructor({ monitor, mode, minDelta }: Required<MonitorOptions>, best: number | null = null) {
    super();
    this.monitor = monitor;
    this.minDelta = Math.abs(minDelta);
    this.best = best;
    const isKnown = mode === "auto" || mode === "min" || mode === "max";
    if (!isKnown) warn(`${this.constructor.name} mode '${mode}' is unknown, fallback to auto mode.`);
    this.mode = isKnown ? mode : "auto";
  }

  /** Whether `value` is better than `than` by more than the smallest change that counts. */
  protected isImprovement(value: number, than: number | null): boolean {
    if (than === null) return true;
    return this.decide() ? value - this.minDelta > than : value + this.minDelta < than;
  }

  /** Whether more is better. Throws ModelError where nothing says so; called when the metrics are made, after the first epoch. */
  protected decide(): boolean {
    this.rises ??= this.direction();
    return this.rises;
  }

  private direction(): boolean {
    if (this.mode !== "auto") return this.mode === "max";
    const name = this.monitor.replace(/^val_/, "");
    if (name === "loss") return false;
    const metric = this.model.metrics.find(
      (candidate) => candidate.name === name || this.model.metricNames.get(candidate) === name,
    );
    if (metric?.direction !== undefined) return metric.direction === "up";
    throw new ModelError(
      `${this.constructor.name} callback received monitor=${this.monitor}, but Keras isn't able to automatically ` +
        "determine whether that metric should be maximized or minimized. Pass `mode='max'` in order to monitor based " +
        "on the highest metric value, or pass `mode='min'` in order to use the lowest value.",
    );
  }
}

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without getting better before training stops; default 0. */
  patience?: number;
  /** 1 says what happens; default 0. */
  verbose?: number;
  /** A value that must be beaten. */
  baseline?: number | null;
  /** Goes back to the weights of the best epoch; default false. */
  restoreBestWeights?: boolean;
  /** Epochs before it begins to watch; default 0. */
  startFromEpoch?: number;
}

const monitorDefaults = { monitor: "val_loss", mode: "auto" as Mode, minDelta: 0 };

/** Stops training when a value no longer gets better. */
export class EarlyStopping extends MonitorCallback {
  stoppedEpoch = 0;
  bestEpoch = 0;
  private readonly options: Required<EarlyStoppingOptions>;
  private wait = 0;
  private bestWeights: readonly NDArray[] | undefined;

  constructor(...args: (string | Options<EarlyStoppingOptions>)[]) {
    const defaults = {
      ...monitorDefaults,
      patience: 0,
      verbose: 0,
      baseline: null as number | null,
      restoreBestWeights: false,
      startFromEpoch: 0,
    };
    const read = readOptions(args, defaults, {
      owner: "EarlyStopping",
      positional: ["monitor", "minDelta", "patience", "verbose", "mode"],
    });
    super(read);
    this.options = read;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.best = null;
    this.bestEpoch = 0;
    this.bestWeights = undefined;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { patience, baseline, startFromEpoch } = this.options;
    this.decide();
    const value = this.watched(logs);
    if (value === undefined || epoch < startFromEpoch) return;
    // Even where nothing is better than the baseline there are weights to go back to.
    if (this.bestWeights === undefined) await this.remember(epoch);
    this.wait += 1;
    if (this.isImprovement(value, this.best)) {
      this.best = value;
      await this.remember(epoch);
      if (baseline === null || this.isImprovement(value, baseline)) this.wait = 0;
      return;
    }
    if (this.wait < patience || epoch === 0) return;
    this.stoppedEpoch = epoch;
    this.model.stopTraining = true;
  }

  private watched(logs: Logs): number | undefined {
    const value = logs[this.monitor];
    if (value === undefined)
      warn(
        `Early stopping conditioned on metric \`${this.monitor}\` which is not available. ` +
          `Available metrics are: ${Object.keys(logs).join(",")}`,
      );
    return value;
  }

  private async remember(epoch: number): Promise<void> {
    this.bestEpoch = epoch;
    if (this.options.restoreBestWeights) this.bestWeights = await this.model.getWeights();
  }

  override onTrainEnd(): void {
    const isLoud = this.options.verbose > 0;
    if (this.stoppedEpoch > 0 && isLoud) this.print(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (this.bestWeights === undefined) return;
    if (isLoud) this.print(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    this.model.setWeights(this.bestWeights);
  }
}

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the learning rate is multiplied by; default 0.1. */
  factor?: number;
  /** Epochs without getting better before that; default 10. */
  patience?: number;
  verbose?: number;
  /** Epochs after it in which nothing is counted; default 0. */
  cooldown?: number;
  /** Default 0. */
  minLr?: number;
}

/** Lowers the learning rate when a value no longer gets better. */
export class ReduceLROnPlateau extends MonitorCallback {
  private readonly options: Required<ReduceLROnPlateauOptions>;
  private wait = 0;
  private cooling = 0;

  constructor(...args: (string | number | Options<ReduceLROnPlateauOptions>)[]) {
    const defaults = {
      ...monitorDefaults,
      minDelta: 1e-4,
      factor: 0.1,
      patience: 10,
      verbose: 0,
      cooldown: 0,
      minLr: 0,
    };
    const read = readOptions(args, defaults, {
      owner: "ReduceLROnPlateau",
      positional: ["monitor", "factor", "patience", "verbose", "mode"],
    });
    super(read);
    this.options = read;
    if (read.factor >= 1)
      throw new ModelError(
        `ReduceLROnPlateau does not support a factor >= 1.0. Received factor=${read.factor}`,
      );
  }

  override onTrainBegin(): void {
    this.best = null;
    this.cooling = 0;
    this.wait = 0;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const optimizers = optimizersOf(this.model.optimizer);
    this.decide();
    for (const [name, optimizer] of optimizers)
      logs[name === "" ? "learning_rate" : `learning_rate_${name}`] = await readLearningRate(optimizer);
    const value = logs[this.monitor];
    if (value === undefined)
      return warn(
        `Learning rate reduction is conditioned on metric \`${this.monitor}\` which is not available. ` +
          `Available metrics are: ${Object.keys(logs).join(",")}.`,
      );
    if (this.cooling > 0) {
      this.cooling -= 1;
      this.wait = 0;
    }
    if (this.isImprovement(value, this.best)) {
      this.best = value;
      this.wait = 0;
    } else if (this.cooling === 0) await this.waitOrReduce(epoch, optimizers);
  }

  private async waitOrReduce(
    epoch: number,
    optimizers: readonly (readonly [string, Optimizer])[],
  ): Promise<void> {
    this.wait += 1;
    if (this.wait < this.options.patience) return;
    for (const [name, optimizer] of optimizers) {
      const old = await readLearningRate(optimizer);
      if (!(old > Math.fround(this.options.minLr))) continue;
      const reduced = Math.max(old * this.options.factor, this.options.minLr);
      optimizer.learningRate = reduced;
      this.cooling = this.options.cooldown;
      this.wait = 0;
      if (this.options.verbose > 0)
        this.print(
          `\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing${name === "" ? "" : ` ${name}`} ` +
            `learning rate to ${reduced}.`,
        );
    }
  }
}

/** The optimizers with a learning rate, by name; "" for the only one. */
export function optimizersOf(
  optimizer: Optimizer | undefined,
): readonly (readonly [name: string, optimizer: Optimizer])[] {
  if (optimizer === undefined) return [];
  return optimizer instanceof MultiOptimizer
    ? optimizer.optimizers.map((inner) => [inner.name, inner] as const)
    : [["", optimizer]];
}
