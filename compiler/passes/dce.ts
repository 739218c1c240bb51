/**
 * Dead code elimination: drops ops whose results nobody uses, and with them parameters and states that a function neither uses nor
 * writes. Inputs stay, used or not: they are the function's interface. The returns of a region stay as well: they are its op's results.
 */
import type { Block, Func } from "../../ir/graph.ts";
import type { Pass } from "../pass.ts";
import { countUses, dependenciesOf, mapBlocks, mapFuncs, withOps } from "../walk-graph.ts";

const dropDeadOps = (block: Block): Block =>
  withOps(block, dependenciesOf(block.ops, block.returns), block.returns);

function dropUnusedArgs(func: Func): Func {
  const uses = countUses(func.body);
  const written = new Set(func.results.map((role) => (role.kind === "state" ? role.path : undefined)));
  const keep = func.args.map(
    (role, i) => role.kind === "input" || uses.has(func.body.args[i]) || written.has(role.path),
  );
  if (keep.every(Boolean)) return func;
  const args = func.body.args.filter((_, i) => keep[i]);
  return { ...func, args: func.args.filter((_, i) => keep[i]), body: { ...func.body, args } };
}

export const dce: Pass = {
  name: "dce",
  doc: "Every op, parameter and state is used.",
  run: (module) => mapFuncs(mapBlocks(module, dropDeadOps), dropUnusedArgs),
};
