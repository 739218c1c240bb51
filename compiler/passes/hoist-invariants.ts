/**
 * Moves out of loops what every iteration would compute alike, and out of all regions the arrays that are constants: what does not depend on
 * the loop's variables and slices is computed once and captured. Moves and repetitions that cost nothing stay where they are read.
 */
import { type Block, makeOp, type Op, type Value } from "../../ir/graph.ts";
import type { OpTable } from "../../ir/op.ts";
import { isFree } from "../lower/group-block.ts";
import type { Pass } from "../pass.ts";
import { argumentFor, firstCapture, loopControl, partsOf, withCaptures } from "../regions.ts";
import { constantArray } from "../rules/facts.ts";
import {
  dependenciesOf,
  type Mapping,
  mapBlocks,
  rebuildBlock,
  replaceResults,
  withOperands,
} from "../walk-graph.ts";

/** What leaves a region: ops, copies of which go outside, and the values that the rest of the region takes from them. */
interface Leaving {
  readonly ops: readonly Op[];
  readonly values: readonly Value[];
}

function leaving(region: Block, captures: ReadonlySet<Value>, onlyConstants: boolean, ops: OpTable): Leaving {
  const invariant = new Set<Op>();
  const isKnown = (value: Value): boolean =>
    value.kind === "arg" ? captures.has(value) : invariant.has(value.op);
  for (const op of region.ops) {
    const mayLeave = onlyConstants ? constantArray(op) !== undefined : op.operands.every(isKnown);
    if (mayLeave) invariant.add(op);
  }
  const works = (op: Op): boolean => constantArray(op) !== undefined || !isFree(op, ops);
  const wanted = new Set<Value>();
  const want = (value: Value): void => {
    if (value.kind === "result" && invariant.has(value.op) && works(value.op)) wanted.add(value);
  };
  for (const op of region.ops) if (!invariant.has(op) || !works(op)) op.operands.forEach(want);
  region.returns.forEach(want);
  const values = [...wanted];
  return { ops: dependenciesOf(region.ops, values), values };
}

function hoist(block: Block, ops: OpTable): Block {
  return rebuildBlock(block, (op, emit) => {
    const control = loopControl(op, ops);
    if (control === undefined) return undefined;
    const parts = partsOf(op, control);
    const found = op.regions.map((region) => {
      const captures = new Set<Value>(region.args.slice(firstCapture(parts)));
      return leaving(region, captures, control.runs === "choice", ops);
    });
    if (found.every(({ values }) => values.length === 0)) return undefined;
    const outer = found.flatMap((leave, i) => {
      const given = new Map<Value, Value>(
        op.regions[i].args.map((arg, at) => [arg, op.operands[at + parts.skipped]]),
      );
      return emitCopies(leave, given, emit);
    });
    const inner = found.flatMap(({ values }) => values);
    const regions = op.regions.map((region) => takingFrom(region, inner));
    const changed = withCaptures(op, outer, regions);
    emit(changed);
    return changed.results;
  });
}

/** Copies of the ops outside; answers what stands there for the values. */
function emitCopies({ ops, values }: Leaving, mapping: Map<Value, Value>, emit: (op: Op) => void): Value[] {
  const resolve = (value: Value): Value => mapping.get(value) ?? value;
  for (const op of ops) {
    const types = op.results.map(({ type }) => type);
    const copy = makeOp(op.name, op.operands.map(resolve), types, op.attrs, op.regions, op.loc);
    op.results.forEach((result, i) => void mapping.set(result, copy.results[i]));
    emit(copy);
  }
  return values.map(resolve);
}

/** The region with arguments in place of values it made itself. */
function takingFrom(region: Block, values: readonly Value[]): Block {
  const args = values.map(argumentFor);
  const mapping: Mapping = new Map(values.map((value, i) => [value, args[i]]));
  const resolve = (value: Value): Value => mapping.get(value) ?? value;
  const rebuilt = region.ops.map((op) => {
    const copy = withOperands(op, op.operands.map(resolve));
    const results = op.results.map((result, i) => mapping.get(result) ?? copy.results[i]);
    replaceResults(op, results, mapping);
    return copy;
  });
  const returns = region.returns.map(resolve);
  return { args: [...region.args, ...args], ops: dependenciesOf(rebuilt, returns), returns };
}

export const hoistInvariants: Pass = {
  name: "hoist-invariants",
  doc: "No iteration of a loop computes what all of them would; no region holds a constant array.",
  run: (module, { ops }) => mapBlocks(module, (block) => hoist(block, ops)),
};
