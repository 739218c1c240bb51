/**
 * The progress bar of `fit`, `evaluate` and `predict`.
 */
import { Callback, type Logs } from "./callback.ts";
import { ProgressBar, type ProgressOutput, standardOutput } from "./progress-bar.ts";

/** Prints progress as Keras does. */
export class ProgbarLogger extends Callback {
  private out: ProgressOutput = standardOutput();
  private bar: ProgressBar | undefined;
  private seen = 0;
  private inFit = false;

  override setOutput(output: ProgressOutput): void {
    super.setOutput(output);
    this.out = output;
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
    const { epochs } = this.params;
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
    this.bar = new ProgressBar(this.params.steps, this.params.verbose, this.out);
  }
  private show(batch: number, logs: Logs): void {
    this.seen = batch + 1;
    if (this.params.verbose === 1) this.bar?.update(this.seen, logs, false);
  }
  private finish(logs: Logs): void {
    const target = this.params.steps ?? this.seen;
    this.bar?.update(target, logs, true, target);
  }
}
