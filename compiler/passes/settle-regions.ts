/**
 * Gives loops and branches what memory planning takes for granted: every return of a region is computed in it, by an op of its own, so that
 * it can be written where the result lies; what a loop begins with, and what a branch is chosen by, lies in memory as it is. Where that is
 * not so (a variable handed on to another one, one value returned twice, the result of a loop inside) a copy sees to it.
 *
 * The last pass before fusion, which puts these copies into the kernels that make what they copy.
 */
import { Builder } from "../../ir/builder.ts";
import type { Block, Op, Value } from "../../ir/graph.ts";
import type { Control, OpTable } from "../../ir/op.ts";
import { controlOf, loweringOf } from "../lower/group.ts";
import type { Pass } from "../pass.ts";
import { mapBlocks, rebuildBlock, withOperands } from "../walk-graph.ts";

function settleBlock(block: Block, ops: OpTable): Block {
  return rebuildBlock(block, (op, emit) => {
    const control = controlOf(op, ops);
    if (control === undefined || control.runs === "once") return undefined;
    const copied = inMemory(op, control);
    const operands = op.operands.map((operand, i) => (copied(i) ? copyOf(operand, op, ops, emit) : operand));
    const regions = op.regions.map((region, i) => settleReturns(region, expectation(op, control, i), ops));
    const settled = withOperands(op, operands, regions);
    emit(settled);
    return settled.results;
  });
}

/** Whether operand `i` must be copied: it is read before any kernel can pick a slice out of it. */
function inMemory(op: Op, control: Control): (i: number) => boolean {
  const isArgument = (i: number): boolean => op.operands[i].kind === "arg";
  switch (control.runs) {
    case "choice":
      return (i) => i === 0 && isArgument(i);
    case "while":
      return (i) => i < control.carries(op.attrs) && isArgument(i);
    case "for":
      return (i) => i < control.counts(op.attrs).carries && isArgument(i);
    default:
      return () => false;
  }
}

function copyOf(value: Value, { loc }: Op, ops: OpTable, emit: (op: Op) => void): Value {
  const b = new Builder(ops);
  b.loc = loc;
  const copy = b.copy(value);
  b.ops.forEach(emit);
  return copy;
}

/** Which returns of a region may be an argument (a variable that keeps its value), and which are slices. */
interface Expectation {
  readonly variables: number;
  readonly slices: boolean;
}

function expectation(op: Op, control: Control, region: number): Expectation {
  if (control.runs === "for") return { variables: control.counts(op.attrs).carries, slices: true };
  if (control.runs === "while" && region === 1)
    return { variables: control.carries(op.attrs), slices: false };
  return { variables: 0, slices: false };
}

function settleReturns(block: Block, { variables, slices }: Expectation, ops: OpTable): Block {
  const [first, last] = [new Builder(ops), new Builder(ops)];
  const taken = new Set<Value>();
  const returns = block.returns.map((value, i) => {
    if (i < variables && value === block.args[i]) return value;
    const root = rootOf(value, ops);
    const isSlice = slices && i >= variables;
    const isOwn = root.kind === "result" && controlOf(root.op, ops) === undefined && !taken.has(root);
    const isPlain = root === value && isSliceable(root, ops);
    if (isOwn && (isPlain || !isSlice)) {
      taken.add(root);
      return value;
    }
    // Variables are copied before the next ones are written over them.
    if (value.kind === "arg") return first.copy(value);
    last.loc = value.op.loc;
    return last.copy(value);
  });
  const copied = [...first.ops, ...block.ops, ...last.ops];
  return copied.length === block.ops.length ? block : { args: block.args, ops: copied, returns };
}

/** Whether the kernel that makes a value can write it into a stack. */
function isSliceable(value: Value, ops: OpTable): boolean {
  if (value.kind === "arg") return false;
  const { kind } = loweringOf(value.op, ops);
  return kind !== "join" && kind !== "kernel";
}

/** What a chain of reshapes reshapes. */
function rootOf(value: Value, ops: OpTable): Value {
  if (value.kind === "arg" || loweringOf(value.op, ops).kind !== "alias") return value;
  return rootOf(value.op.operands[0], ops);
}

export const settleRegions: Pass = {
  name: "settle-regions",
  doc: "Every return of a loop or branch is computed in it, by an op of its own.",
  run: (module, { ops }) => mapBlocks(module, (block) => settleBlock(block, ops)),
};
