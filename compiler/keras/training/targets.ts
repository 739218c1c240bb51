/**
 * What `compile` says of losses and metrics.
 */
import type { LossLike } from "../losses/index.ts";
import type { MetricLike } from "../metrics/index.ts";
import type { PerOutput } from "./outputs.ts";

export interface CompileTargets {
  /** One for all outputs, or a list or dictionary with one for each. */
  readonly loss?: PerOutput<LossLike> | null;
  /** What each loss counts in the sum; default 1. */
  readonly lossWeights?: PerOutput<number> | null;
  /** Evaluated without the weights of samples. */
  readonly metrics?: PerOutput<MetricLike | readonly MetricLike[]> | null;
  /** Evaluated with them. */
  readonly weightedMetrics?: PerOutput<MetricLike | readonly MetricLike[]> | null;
}
