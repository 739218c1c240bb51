/**
 * Makes one of loops and branches that do the same but give different results. The gradient of a loop needs what its iterations computed and
 * writes the loop a second time with these values among its results; here the two become one. It goes first, before anything rewrites
 * one of them and not the other.
 */
import { type Block, makeOp, type Op, type Value } from "../../ir/graph.ts";
import type { Control, OpTable } from "../../ir/op.ts";
import { controlOf } from "../lower/group.ts";
import type { Pass } from "../pass.ts";
import {
  type Mapping,
  mapBlocks,
  replaceResults,
  structuralKeys,
  withOperands,
  withOps,
} from "../walk-graph.ts";

/** Results that all of the merged ops have: the variables of a loop. */
function fixedResults(op: Op, control: Control): number {
  return control.runs === "for" ? control.counts(op.attrs).carries : op.results.length;
}

/** The op with the results in front that it has at least. */
function core(op: Op, control: Control): Op {
  if (control.runs !== "for") return op;
  const counts = control.counts(op.attrs);
  const [region] = op.regions;
  const attrs = control.attrs({ ...counts, outputs: [] });
  const returns = region.returns.slice(0, counts.carries);
  return makeOp(op.name, op.operands, [], attrs, [{ ...region, returns }]);
}

function mergeBlock(block: Block, ops: OpTable): Block {
  const loops = block.ops.filter((op) => controlOf(op, ops)?.runs === "for");
  if (loops.length < 2) return block;
  const mapping: Mapping = new Map();
  const resolve = (value: Value): Value => mapping.get(value) ?? value;
  const keyOf = structuralKeys();
  const groups = new Map<string, Op[]>();
  const keys = new Map<Op, string>();
  const current = new Map<Op, Op>();
  // Operands of later loops may be results of earlier ones that are merged themselves, so groups are found and merged in one walk.
  for (const op of loops) {
    const control = controlOf(op, ops);
    if (control === undefined) continue;
    const key = keyOf(core(op, control));
    keys.set(op, key);
    groups.set(key, [...(groups.get(key) ?? []), op]);
  }
  if ([...groups.values()].every((group) => group.length === 1)) return block;
  const out: Op[] = [];
  for (const op of block.ops) {
    const group = groups.get(keys.get(op) ?? "") ?? [op];
    if (group[0] !== op) {
      if (!current.has(op)) out.push(rewired(op, resolve, mapping));
      continue;
    }
    if (group.length === 1) out.push(rewired(op, resolve, mapping));
    else out.push(mergeGroup(group, ops, resolve, mapping, current));
  }
  return withOps(block, out, block.returns.map(resolve));
}

function rewired(op: Op, resolve: (value: Value) => Value, mapping: Mapping): Op {
  const copy = withOperands(op, op.operands.map(resolve));
  replaceResults(op, copy.results, mapping);
  return copy;
}

/** One loop with the results of all: bodies are the same op for op, so that values correspond by position. */
function mergeGroup(
  group: readonly Op[],
  ops: OpTable,
  resolve: (value: Value) => Value,
  mapping: Mapping,
  done: Map<Op, Op>,
): Op {
  const [first, ...others] = group;
  const control = controlOf(first, ops);
  if (control?.runs !== "for") return first;
  const counts = control.counts(first.attrs);
  const fixed = fixedResults(first, control);
  const [body] = first.regions;
  const returns = [...body.returns];
  const types = first.results.map(({ type }) => type);
  const outputs = [...counts.outputs];
  const places = others.map((other) => {
    const same = correspondence(other.regions[0], body);
    const axes = control.counts(other.attrs).outputs;
    return other.regions[0].returns.map((value, i) => {
      if (i < fixed) return i;
      const own = same.get(value) ?? value;
      const known = returns.findIndex(
        (r, at) => at >= fixed && r === own && outputs[at - fixed] === axes[i - fixed],
      );
      if (known >= 0) return known;
      types.push(other.results[i].type);
      outputs.push(axes[i - fixed]);
      return returns.push(own) - 1;
    });
  });
  const attrs = control.attrs({ ...counts, outputs });
  const region = { ...body, returns };
  const merged = makeOp(first.name, first.operands.map(resolve), types, attrs, [region], first.loc);
  replaceResults(first, merged.results, mapping);
  others.forEach((other, i) => {
    done.set(other, merged);
    replaceResults(
      other,
      places[i].map((at) => merged.results[at]),
      mapping,
    );
  });
  return merged;
}

/** The values of one block by those of another of the same structure. */
function correspondence(from: Block, to: Block): ReadonlyMap<Value, Value> {
  const same = new Map<Value, Value>(from.args.map((arg, i) => [arg, to.args[i]]));
  from.ops.forEach((op, i) => {
    op.results.forEach((result, at) => void same.set(result, to.ops[i].results[at]));
  });
  return same;
}

export const mergeRegions: Pass = {
  name: "merge-regions",
  doc: "No two loops of a block differ only in what they give.",
  run: (module, { ops }) => mapBlocks(module, (block) => mergeBlock(block, ops)),
};
