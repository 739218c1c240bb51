/**
 * `fused`: a group of ops that becomes one kernel. Its region is isolated: what it uses comes in as operands. `axes` are the parallel
 * axes of the tile program, as axes of the main result: everything in the group is computed tile by tile along them.
 */
import { CompilerBug } from "../errors.ts";
import type { OpDef } from "../op.ts";

export const fused: OpDef<{ readonly axes: readonly number[] }> = {
  name: "fused",
  doc: "The results of the region, computed by one kernel.",
  tolerance: "rounding",
  arity: [0, Number.POSITIVE_INFINITY],
  attrNames: ["axes"],
  infer(_operands, _attrs, [region]) {
    if (region === undefined) throw new CompilerBug("fuse", "a fused op needs a region");
    return region.returns.map((value) => value.type);
  },
  evaluate: (operands, _attrs, context) => context.run(0, operands),
  lower: { kind: "region", control: { runs: "once" } },
  samples: [],
};
