/**
 * Several callbacks as one.
 */
import type { Callback, CallbackModel, CallbackParams, Logs } from "./callback.ts";
import { History } from "./history.ts";
import { ProgbarLogger } from "./progbar-logger.ts";
import { type ProgressOutput, standardOutput } from "./progress-bar.ts";

type Moment = { [K in keyof Callback]: K extends `on${string}` ? K : never }[keyof Callback];
type NumberedMoment = Extract<
  Moment,
  `on${"Epoch" | "TrainBatch" | "TestBatch" | "PredictBatch" | "Batch"}${string}`
>;
const isNumbered = (moment: Moment): moment is NumberedMoment => /Epoch|Batch/.test(moment);

interface Around {
  readonly model: CallbackModel;
  readonly params: CallbackParams;
  readonly output?: ProgressOutput;
}

/** The callbacks of the user, then the history, then the progress bar unless training is silent. Loops of one's own may hold one too. */
export class CallbackList {
  readonly history: History;
  private readonly callbacks: readonly Callback[];

  constructor(callbacks: readonly Callback[], { model, params, output = standardOutput() }: Around) {
    const known = callbacks.find((callback) => callback instanceof History);
    this.history = known ?? new History();
    const hasBar = params.verbose === 0 || callbacks.some((callback) => callback instanceof ProgbarLogger);
    this.callbacks = [
      ...callbacks,
      ...(known === undefined ? [this.history] : []),
      ...(hasBar ? [] : [new ProgbarLogger()]),
    ];
    for (const callback of this.callbacks) {
      callback.setOutput(output);
      callback.setParams(params);
      callback.setModel(model);
    }
  }

  /** Tells all of them, in order, with the logs in alphabetical order as Keras shows them. */
  async tell(moment: Exclude<Moment, NumberedMoment>, logs?: Logs): Promise<void>;
  async tell(moment: NumberedMoment, logs: Logs | undefined, index: number): Promise<void>;
  async tell(moment: Moment, logs: Logs = {}, index = 0): Promise<void> {
    const sorted: Logs = Object.fromEntries(Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : 1)));
    for (const callback of this.callbacks) {
      const told = isNumbered(moment) ? callback[moment](index, sorted) : callback[moment](sorted);
      if (told !== undefined) await told;
    }
  }
}
