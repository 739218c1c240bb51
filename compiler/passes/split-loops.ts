/**
 * Takes out of loops what need not be done step by step, and does it for all steps at once: products of slices with what stays the same are
 * one large product before the loop; sums over all iterations (gradients of weights) are one large product behind it. What ops become is in
 * their definitions (`OpDef.stack`).
 */
import { Builder } from "../../ir/builder.ts";
import { CompilerBug } from "../../ir/errors.ts";
import { type Block, type BlockArg, makeOp, type Op, type Value } from "../../ir/graph.ts";
import type { Control, OpTable, Stacked } from "../../ir/op.ts";
import type { Pass } from "../pass.ts";
import { loopControl } from "../regions.ts";
import { addends, splatValue } from "../rules/facts.ts";
import {
  countUses,
  dependenciesOf,
  type Mapping,
  mapBlocks,
  rebuildBlock,
  replaceResults,
  withOperands,
} from "../walk-graph.ts";

type Loop = Extract<Control, { readonly runs: "for" }>;

/** The axis to stack values along: behind that of the samples, which then stay apart. */
const axisOf = ({ type: { shape } }: Value): number =>
  shape.length > 0 && typeof shape[0] !== "number" ? 1 : 0;

/** The parts of a loop in a form that can be added to. */
class OpenLoop {
  readonly op: Op;
  readonly carries: number;
  readonly inputs: readonly number[];
  readonly region: Block;
  private readonly loop: Loop;

  constructor(op: Op, loop: Loop) {
    this.op = op;
    this.loop = loop;
    this.region = op.regions[0];
    const { carries, inputs } = loop.counts(op.attrs);
    this.carries = carries;
    this.inputs = inputs;
  }

  /** How an argument looks to all iterations at once; undefined for the loop's variables. */
  outside(arg: Value): Stacked | undefined {
    const at = (this.region.args as readonly Value[]).indexOf(arg);
    if (at < this.carries) return undefined;
    return { value: this.op.operands[at], axis: this.inputs[at - this.carries] };
  }

  /** The loop with more stacked operands, which stand for values of the body. */
  withInputs(stacks: readonly Stacked[], values: readonly Value[]): Op {
    const counts = this.loop.counts(this.op.attrs);
    const args = values.map(({ type }): BlockArg => ({ kind: "arg", type }));
    const first = this.carries + this.inputs.length;
    const insert = <T>(list: readonly T[], more: readonly T[]): T[] => [
      ...list.slice(0, first),
      ...more,
      ...list.slice(first),
    ];
    const axes = stacks.map(({ axis }) => axis ?? 0);
    const attrs = this.loop.attrs({ ...counts, inputs: [...counts.inputs, ...axes] });
    const region = standingFor(this.region, values, args);
    const given = stacks.map(({ value }) => value);
    const types = this.op.results.map(({ type }) => type);
    const regions = [{ ...region, args: insert(region.args, args) }];
    return makeOp(this.op.name, insert(this.op.operands, given), types, attrs, regions, this.op.loc);
  }

  /** The loop with more stacked results, in which the variables `kept` no longer change. */
  withOutputs(values: readonly Value[], kept: ReadonlySet<number>, ops: OpTable): Op {
    const counts = this.loop.counts(this.op.attrs);
    const returns = this.region.returns.map((value, i) => (kept.has(i) ? this.region.args[i] : value));
    const attrs = this.loop.attrs({ ...counts, outputs: [...counts.outputs, ...values.map(axisOf)] });
    const all = [...returns, ...values];
    const region = { args: this.region.args, ops: dependenciesOf(this.region.ops, all), returns: all };
    const b = new Builder(ops);
    b.loc = this.op.loc;
    b.results(this.op.name, this.op.operands, attrs, [region]);
    return b.ops[0];
  }
}

/** The block with arguments in place of values it made itself. */
function standingFor(block: Block, values: readonly Value[], args: readonly BlockArg[]): Block {
  const mapping: Mapping = new Map(values.map((value, i) => [value, args[i]]));
  const resolve = (value: Value): Value => mapping.get(value) ?? value;
  const rebuilt = block.ops.map((op) => {
    const copy = withOperands(op, op.operands.map(resolve));
    const results = op.results.map((result, i) => mapping.get(result) ?? copy.results[i]);
    replaceResults(op, results, mapping);
    return copy;
  });
  const returns = block.returns.map(resolve);
  return { args: block.args, ops: dependenciesOf(rebuilt, returns), returns };
}

/** Moves in front of a loop the sums that depend on slices and captures alone. */
function before(op: Op, loop: Loop, ops: OpTable, emit: (op: Op) => void): Op {
  const open = new OpenLoop(op, loop);
  const b = new Builder(ops);
  const known = new Map<Value, Stacked | undefined>();
  const stackOf = (value: Value): Stacked | undefined => {
    if (value.kind === "arg") return open.outside(value);
    if (!known.has(value)) known.set(value, stackedOp(b, value.op, stackOf, ops));
    return known.get(value);
  };
  const sums = open.region.ops.filter((inner) => ops.get(inner.name)?.lower.kind === "reduce");
  const pairs = sums.flatMap(({ results: [value] }) => {
    const stack = stackOf(value);
    return stack?.axis === undefined ? [] : [{ value, stack }];
  });
  if (pairs.length === 0) return op;
  const stacks = pairs.map(({ stack }) => stack);
  const wanted = stacks.map(({ value }) => value);
  dependenciesOf(b.ops, wanted).forEach(emit);
  const values = pairs.map(({ value }) => value);
  return open.withInputs(stacks, values);
}

/** The result of an op in all iterations, where its operands are known there. */
function stackedOp(
  b: Builder,
  op: Op,
  stackOf: (value: Value) => Stacked | undefined,
  ops: OpTable,
): Stacked | undefined {
  const { stack } = ops.get(op.name) ?? {};
  if (stack === undefined || op.results.length !== 1) return undefined;
  const operands = op.operands.map(stackOf);
  if (!operands.every((operand) => operand !== undefined)) return undefined;
  if (operands.every(({ axis }) => axis === undefined)) return undefined;
  const axis = axisOf(op.results[0]);
  b.loc = op.loc;
  const value = stack(b, op, operands, axis);
  return value && { value, axis };
}

/** The terms that a variable grows by in each iteration, where that is all that happens to it. */
function growth(
  variable: Value,
  next: Value,
  uses: ReadonlyMap<Value, number>,
): readonly Value[] | undefined {
  const parts = addends(next);
  if (parts === undefined || uses.get(next) !== 1) return undefined;
  const own = parts.indexOf(variable);
  if (own >= 0) return uses.get(variable) === 1 ? [parts[1 - own]] : undefined;
  for (const [i, part] of parts.entries()) {
    const inner = growth(variable, part, uses);
    if (inner !== undefined) return [...inner, parts[1 - i]];
  }
  return undefined;
}

/** The ops that a term is the sum of: each used only here, and able to sum over iterations. */
function summands(term: Value, uses: ReadonlyMap<Value, number>, ops: OpTable): readonly Op[] | undefined {
  if (term.kind === "arg" || uses.get(term) !== 1) return undefined;
  const parts = addends(term);
  if (parts !== undefined) {
    const [first, second] = parts.map((part) => summands(part, uses, ops));
    return first && second && [...first, ...second];
  }
  const { stack, lower } = ops.get(term.op.name) ?? {};
  const isSum = stack !== undefined && lower?.kind === "reduce" && term.op.results.length === 1;
  return isSum ? [term.op] : undefined;
}

/** The variables that only grow by sums, and the ops of these sums. */
function growing({ region, carries }: OpenLoop, ops: OpTable): ReadonlyMap<number, readonly Op[]> {
  const uses = countUses(region);
  const sums = new Map<number, readonly Op[]>();
  for (let i = 0; i < carries; i++) {
    const terms = growth(region.args[i], region.returns[i], uses) ?? [];
    const found = terms.map((term) => summands(term, uses, ops));
    if (found.length > 0 && found.every((list) => list !== undefined)) sums.set(i, found.flat());
  }
  return sums;
}

/** The stacked results that are sums nobody in the loop reads. */
function leavingSums({ region, carries }: OpenLoop, ops: OpTable): ReadonlyMap<number, readonly Op[]> {
  const uses = countUses(region);
  const sums = new Map<number, readonly Op[]>();
  region.returns.forEach((value, i) => {
    const found = i < carries ? undefined : summands(value, uses, ops);
    if (found?.length === 1) sums.set(i, found);
  });
  return sums;
}

/** Moves sums behind a loop: over all of its iterations, and those it only gives; answers what stands for its results. */
function behind(op: Op, loop: Loop, ops: OpTable, emit: (op: Op) => void): readonly Value[] | undefined {
  const open = new OpenLoop(op, loop);
  const varies = (inner: Op): boolean =>
    inner.operands.some((value) => value.kind === "result" || open.outside(value)?.axis !== undefined);
  const found = [...growing(open, ops), ...leavingSums(open, ops)];
  const sums = new Map(found.filter(([, list]) => list.every(varies)));
  if (sums.size === 0) return undefined;
  // Slices and captures are known behind the loop as they are; everything else the loop has to stack.
  const isMissing = (value: Value): boolean => value.kind === "result" || open.outside(value) === undefined;
  const operands = [...sums.values()].flat().flatMap((inner) => inner.operands);
  const values = [...new Set(operands.filter(isMissing))];
  const changed = open.withOutputs(values, new Set([...sums.keys()].filter((i) => i < open.carries)), ops);
  emit(changed);
  const stackOf = (value: Value): Stacked => {
    const at = values.indexOf(value);
    if (at >= 0) return { value: changed.results[op.results.length + at], axis: axisOf(value) };
    return open.outside(value) ?? { value, axis: undefined };
  };
  const b = new Builder(ops);
  const { outputs } = loop.counts(op.attrs);
  const results = op.results.map((_, i): Value => {
    const totals = sums.get(i)?.map((inner) => stacked(b, inner, stackOf, outputs[i - open.carries], ops));
    if (totals === undefined) return changed.results[i];
    const sum = totals.reduce(b.add);
    if (i >= open.carries) return sum;
    return splatValue(op.operands[i]) === 0 ? sum : b.add(op.operands[i], sum);
  });
  b.ops.forEach(emit);
  return results;
}

/** An op's result in all iterations, along `axis`; without one their sum. */
function stacked(
  b: Builder,
  op: Op,
  stackOf: (value: Value) => Stacked,
  axis: number | undefined,
  ops: OpTable,
): Value {
  b.loc = op.loc;
  const value = ops.get(op.name)?.stack?.(b, op, op.operands.map(stackOf), axis);
  if (value === undefined) throw new CompilerBug("split-loops", `${op.name} cannot leave its loop`);
  return value;
}

function splitBlock(block: Block, ops: OpTable): Block {
  return rebuildBlock(block, (op, emit) => {
    const control = loopControl(op, ops);
    if (control?.runs !== "for") return undefined;
    const later = before(op, control, ops, emit);
    const results = behind(later, control, ops, emit);
    if (results !== undefined) return results;
    if (later === op) return undefined;
    emit(later);
    return later.results;
  });
}

export const splitLoops: Pass = {
  name: "split-loops",
  doc: "No loop does step by step what can be done for all steps at once.",
  run: (module, { ops }) => mapBlocks(module, (block) => splitBlock(block, ops)),
};
