/**
 * A group of ops as a block of its own: its members, copies of the free ops they read through, outside values as arguments.
 */
import { isStaticShape } from "../../ir/dim.ts";
import { type Block, type BlockArg, makeOp, type Op, type Value } from "../../ir/graph.ts";
import type { OpTable } from "../../ir/op.ts";
import { Evaluator, unitAxes } from "./evaluator.ts";
import { loweringOf, typicalSize, worthRepeating } from "./group.ts";

/** True for ops that are inlined into every group that reads them. */
export function isFree(op: Op, ops: OpTable): boolean {
  const lowering = loweringOf(op, ops);
  if (lowering.kind === "view") return true;
  if (lowering.kind === "alias") {
    const [from, to] = [op.operands[0].type.shape, op.results[0].type.shape];
    return (
      from.length === 1 ||
      unitAxes(
        from,
        to,
        to.map(() => ({ kind: "const", dtype: "i32", lanes: 1, value: 0 })),
      ) !== undefined
    );
  }
  return lowering.kind === "map" && isKnownScalar(op, ops);
}

/** Made of constants and sizes alone: one number, or the same in every element. */
function isKnownScalar(op: Op, ops: OpTable): boolean {
  if (op.operands.length === 0) return new Evaluator(ops).cost(op) === 0;
  const single =
    typicalSize(op.results[0].type.shape) === 1 && worthRepeating(new Evaluator(ops).cost(op), Infinity);
  return single && op.operands.every((operand) => operand.kind === "result" && isFree(operand.op, ops));
}

/** True for ops that only say where things lie in memory. */
export function isMemoryOp(op: Op, ops: OpTable): boolean {
  const lowering = loweringOf(op, ops);
  if (lowering.kind === "alias") return true;
  return lowering.kind === "join" && lowering.axis(op.attrs) === 0 && isStaticShape(op.results[0].type.shape);
}

export interface GroupBlock extends Block {
  /** What the arguments stand for. */
  readonly outside: readonly Value[];
  /** What the returns stand for. */
  readonly exported: readonly Value[];
}

/** Copies the members of a group into a block. */
export class GroupCopy {
  private readonly args: BlockArg[] = [];
  private readonly outside: Value[] = [];
  private readonly mapped = new Map<Value, Value>();
  private readonly copied: Op[] = [];
  private readonly ops: OpTable;
  private readonly members: ReadonlySet<Op>;

  constructor(ops: OpTable, members: ReadonlySet<Op>) {
    this.ops = ops;
    this.members = members;
  }

  build(ordered: readonly Op[], exported: readonly Value[]): GroupBlock {
    for (const op of ordered) this.copy(op);
    const returns = exported.map((value) => this.value(value));
    return { args: this.args, ops: this.copied, returns, outside: this.outside, exported };
  }

  private value(value: Value): Value {
    const known = this.mapped.get(value);
    if (known !== undefined) return known;
    if (value.kind === "result" && !this.members.has(value.op) && isFree(value.op, this.ops))
      this.copy(value.op);
    else this.argument(value);
    return this.mapped.get(value) ?? value;
  }

  private argument(value: Value): void {
    const arg: BlockArg = {
      kind: "arg",
      type: value.type,
      name: value.kind === "arg" ? value.name : undefined,
    };
    this.args.push(arg);
    this.outside.push(value);
    this.mapped.set(value, arg);
  }

  private copy(op: Op): void {
    const operands = op.operands.map((operand) => this.value(operand));
    const types = op.results.map((result) => result.type);
    const copy = makeOp(op.name, operands, types, op.attrs, op.regions, op.loc);
    op.results.forEach((result, i) => this.mapped.set(result, copy.results[i]));
    this.copied.push(copy);
  }
}
