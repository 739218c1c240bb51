/**
 * Common subexpression elimination: of ops that compute the same, the first one stays. All ops are pure (random bits come from their key),
 * so sameness is structural; see `structuralKeys`. Regions are isolated, so each block is a scope of its own.
 */
import type { Block, Op } from "../../ir/graph.ts";
import type { Pass } from "../pass.ts";
import { mapBlocks, rebuildBlock, structuralKeys } from "../walk-graph.ts";

function mergeEqualOps(block: Block): Block {
  const keyOf = structuralKeys();
  const first = new Map<string, Op>();
  return rebuildBlock(block, (op) => {
    const key = keyOf(op);
    const known = first.get(key);
    if (known === undefined) first.set(key, op);
    return known?.results;
  });
}

export const cse: Pass = {
  name: "cse",
  doc: "No block computes the same thing twice.",
  run: (module) => mapBlocks(module, mergeEqualOps),
};
