/**
 * Losses as metrics: cross entropies, divergences and margins.
 */
import * as hinge from "../losses/hinge.ts";
import * as losses from "../losses/probabilistic.ts";
import { defineMeanMetric } from "./reduction.ts";

export const KLDivergence = defineMeanMetric("KLDivergence", losses.klDivergence);
export const Poisson = defineMeanMetric("Poisson", losses.poisson);
export const BinaryCrossentropy = defineMeanMetric("BinaryCrossentropy", losses.binaryCrossentropy, {
  fromLogits: false,
  labelSmoothing: 0,
});
export const CategoricalCrossentropy = defineMeanMetric(
  "CategoricalCrossentropy",
  losses.categoricalCrossentropy,
  { fromLogits: false, labelSmoothing: 0, axis: -1 },
);
export const SparseCategoricalCrossentropy = defineMeanMetric(
  "SparseCategoricalCrossentropy",
  losses.sparseCategoricalCrossentropy,
  { fromLogits: false, ignoreClass: null as number | null, axis: -1 },
);
export const Hinge = defineMeanMetric("Hinge", hinge.hinge);
export const SquaredHinge = defineMeanMetric("SquaredHinge", hinge.squaredHinge);
export const CategoricalHinge = defineMeanMetric("CategoricalHinge", hinge.categoricalHinge);
