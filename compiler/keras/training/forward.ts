/**
 * Before gradients are taken, the forward pass of a step is rewritten: bias and activation move behind pooling, so that their gradients are masks of
 * the pooled size.
 */
import { opTable } from "../../../ir/ops/index.ts";
import { rewriteModule } from "../../rewrite.ts";
import { pooling } from "../../rules/pooling.ts";
import { type Tensor, TensorMethods } from "../../tensor.ts";
import type { Trace } from "../../trace.ts";
import { getMask } from "../masks.ts";
import { session } from "../session.ts";

/** Rewrites what was traced so far; outputs, losses that layers added and variables stand for their rewritten values then. */
export function rewriteForward(trace: Trace, outputs: readonly Tensor[]): void {
  const masks = outputs.flatMap((output) => getMask(output) ?? []);
  const known = session.scope()?.known?.() ?? [];
  const keep = [...outputs, ...masks, ...session.presentLosses(), ...known].filter(
    (tensor) => tensor instanceof TensorMethods && tensor.engine === trace,
  );
  trace.rewrite((module) => rewriteModule(module, pooling, { ops: opTable }), keep);
}
