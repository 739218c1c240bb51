/**
 * Options that every optimizer takes, and what is wrong with them.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { TensorLike } from "../../tensor.ts";
import type { JsonObject, Options } from "../options.ts";
import type { LearningRateSchedule } from "./schedules.ts";

/** A number; a schedule that gives one for each step; or a function without arguments that does. */
export type LearningRate = number | LearningRateSchedule | JsonObject | (() => TensorLike);

export interface OptimizerOptions {
  learningRate?: LearningRate;
  /** Each step first takes this share of weight and learning rate off the weights; default null, nothing. */
  weightDecay?: number | null;
  /** The largest norm of each gradient; default null, any. Only one of the three clips may be set. */
  clipnorm?: number | null;
  /** Gradients are cut to [-clipvalue, clipvalue]. */
  clipvalue?: number | null;
  /** The largest norm of all gradients together. */
  globalClipnorm?: number | null;
  /** Keeps a moving average of the weights, which takes their place when `fit` ends; default false. */
  useEma?: boolean;
  /** The share of the old average; default 0.99. */
  emaMomentum?: number;
  /** The average takes the place of the weights every so many steps; default null, only at the end. */
  emaOverwriteFrequency?: number | null;
  /** Multiplies the loss, and divides the gradients; default null, 1. */
  lossScaleFactor?: number | null;
  /** Adds up gradients over so many steps (at least 2) and updates once, with their mean; default null, in every step. */
  gradientAccumulationSteps?: number | null;
  name?: string | null;
}

/** Defaults of the common options, for `readOptions`. */
export const optimizerDefaults = {
  weightDecay: null as number | null,
  clipnorm: null as number | null,
  clipvalue: null as number | null,
  globalClipnorm: null as number | null,
  useEma: false,
  emaMomentum: 0.99,
  emaOverwriteFrequency: null as number | null,
  lossScaleFactor: null as number | null,
  gradientAccumulationSteps: null as number | null,
  name: null as string | null,
};

export type ReadOptimizerOptions = typeof optimizerDefaults & { readonly learningRate: LearningRate };

/** Arguments of an optimizer with options `T` of its own. */
export type OptimizerArguments<T> = [
  learningRate?: LearningRate | Options<OptimizerOptions & T>,
  ...rest: (T[keyof T] | Options<OptimizerOptions & T>)[],
];

/** Throws ModelError, in Keras's words, for options that contradict themselves. */
export function checkOptions(options: ReadOptimizerOptions, where: string): void {
  const { clipnorm, clipvalue, globalClipnorm, emaMomentum, emaOverwriteFrequency } = options;
  const fail = (text: string): never => {
    throw new ModelError(text, { where });
  };
  if ([clipnorm, clipvalue, globalClipnorm].filter((value) => value !== null).length > 1)
    fail(
      "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. " +
        `Received: clipnorm=${clipnorm}, clipvalue=${clipvalue}, global_clipnorm=${globalClipnorm}`,
    );
  const { gradientAccumulationSteps: steps } = options;
  if (steps !== null && !(Number.isInteger(steps) && steps >= 2))
    fail(
      "`gradient_accumulation_steps` must be an integer >= 2. " +
        `Received: gradient_accumulation_steps=${steps}`,
    );
  if (!options.useEma) return;
  if (!(emaMomentum >= 0 && emaMomentum <= 1))
    fail(`\`ema_momentum\` must be in the range [0, 1]. Received: ema_momentum=${emaMomentum}`);
  if (
    emaOverwriteFrequency !== null &&
    !(Number.isInteger(emaOverwriteFrequency) && emaOverwriteFrequency >= 1)
  )
    fail(
      "`ema_overwrite_frequency` must be an integer >= 1 or None. " +
        `Received: ema_overwrite_frequency=${emaOverwriteFrequency}`,
    );
}

/**
 * JSON has one kind of number, Python two, and Keras insists on a float here: whole numbers are written as the double below, which is the same
 * number in float32 and which no printer takes for an integer; zero as -0.0.
 */
export function pythonFloat(value: number): number {
  if (value === 0) return -0;
  return Number.isInteger(value) && Math.abs(value) < 2 ** 52 ? value * (1 - 2 ** -53) : value;
}
