/**
 * What `fit` returns.
 */
import { Callback, type Logs } from "./callback.ts";

/** Keeps the logs of every epoch. */
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
