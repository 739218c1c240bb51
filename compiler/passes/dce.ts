/**
 * Dead code elimination: drops ops whose results nobody uses; of loops and branches what is not used of their results, variables, stacked
 * operands and captures; and parameters and states that a function neither uses nor writes. Inputs stay, used or not: they are the function's
 * interface.
 */
import type { Block, Func, Module, Op, Value } from "../../ir/graph.ts";
import type { OpTable } from "../../ir/op.ts";
import type { Pass } from "../pass.ts";
import { type Kept, type LoopControl, loopControl, partsOf, withParts } from "../regions.ts";
import { countUses, dependenciesOf, mapBlocks, mapFuncs, rebuildBlock, withOps } from "../walk-graph.ts";

function dropDeadOps(block: Block, ops: OpTable): Block {
  const live = withOps(block, dependenciesOf(block.ops, block.returns), block.returns);
  if (!live.ops.some((op) => loopControl(op, ops) !== undefined)) return live;
  const uses = countUses(live);
  return rebuildBlock(live, (op, emit, original) => {
    const control = loopControl(op, ops);
    if (control === undefined) return undefined;
    const kept = keptParts(op, control, (i) => uses.has(original.results[i]));
    if ([...kept.args, ...kept.results].every(Boolean)) return undefined;
    const less = withParts(op, control, kept);
    emit(less);
    let next = 0;
    return op.results.map((_, i) => (kept.results[i] ? less.results[next++] : undefined));
  });
}

/** What the used results of a loop or branch need. A variable that is needed makes its next value needed. */
function keptParts(op: Op, control: LoopControl, isUsed: (result: number) => boolean): Kept {
  const { carries } = partsOf(op, control);
  const results = op.results.map((_, i) => isUsed(i));
  for (;;) {
    const args = op.regions[0].args.map(
      (_, at) => isRead(op, control, results, at) || (at < carries && results[at]),
    );
    const more = results.findIndex((kept, i) => !kept && i < carries && args[i]);
    if (more < 0) return { args, results };
    results[more] = true;
  }
}

/** Whether what is kept of some region reads its argument number `at`. */
function isRead(op: Op, control: LoopControl, results: readonly boolean[], at: number): boolean {
  return op.regions.some((region, i) => {
    const isTest = control.runs === "while" && i === 0;
    const returns = isTest ? region.returns : region.returns.filter((_, result) => results[result]);
    return readValues(region, returns).has(region.args[at]);
  });
}

function readValues(region: Block, returns: readonly Value[]): ReadonlySet<Value> {
  const ops = dependenciesOf(region.ops, returns);
  return new Set([...ops.flatMap(({ operands }) => operands), ...returns]);
}

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

/** What a region no longer gives may have kept other things alive, inside and outside, so this goes on until nothing changes. */
function dropAll(module: Module, ops: OpTable): Module {
  const next = mapBlocks(module, (block) => dropDeadOps(block, ops));
  return next === module ? module : dropAll(next, ops);
}

export const dce: Pass = {
  name: "dce",
  doc: "Every op, parameter and state is used.",
  run: (module, { ops }) => mapFuncs(dropAll(module, ops), dropUnusedArgs),
};
