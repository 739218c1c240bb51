/**
 * Folds scales and shifts by parameters into the weights of the contraction before them. A batch normalisation at inference is such a scale
 * and shift per channel; it then costs nothing, since `split-prepare` moves the work on the weights out of the call.
 *
 * Rounding changes, as products are regrouped: this is the one pass that trades that for speed, and can be switched off by its name.
 */
import type { Pass } from "../pass.ts";
import { rewriteModule } from "../rewrite.ts";
import { broadcastAfter } from "../rules/pointwise.ts";
import { weightScaling } from "../rules/weight-scaling.ts";

/** Broadcasts stay outermost, so that a scale that was computed still shows the axes it varies along. */
const rules = [broadcastAfter, ...weightScaling];

export const foldBatchNorm: Pass = {
  name: "fold-batch-norm",
  doc: "No contraction with weights is followed by a scale per channel that depends on parameters only.",
  run: (module, context) => rewriteModule(module, rules, context),
};
