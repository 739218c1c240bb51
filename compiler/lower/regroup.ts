/**
 * Writes a block anew once its ops have found their groups: one fused op per group, in an order that respects what depends on what; memory
 * ops, loops and branches between them.
 */
import { Builder } from "../../ir/builder.ts";
import type { Block, Op, Value } from "../../ir/graph.ts";
import type { OpTable } from "../../ir/op.ts";
import { loweringOf, type Placement, place } from "./group.ts";
import type { GroupBlock } from "./group-block.ts";

export interface Group {
  readonly ops: Set<Op>;
  /** Of these ops, once it is known. */
  placement?: Placement;
}

/** Who belongs to whom. Ops without a group stay what they are. */
export interface Regrouping {
  readonly groups: ReadonlyMap<Op, Group>;
  /** The group as a block of its own. */
  blockOf(members: ReadonlySet<Op>): GroupBlock;
}

/** A kernel built by hand is one as it stands: nothing is fused with it, but for what it reads through. */
export const isWall = (op: Op, ops: OpTable): boolean => loweringOf(op, ops).kind === "kernel";

export class RegroupedBlock {
  private readonly builder: Builder;
  private readonly mapped = new Map<Value, Value>();
  private readonly done = new Set<Group>();
  private readonly block: Block;
  private readonly ops: OpTable;
  private readonly grouping: Regrouping;
  private readonly regionsOf: (op: Op) => readonly Block[];

  constructor(block: Block, ops: OpTable, grouping: Regrouping, regionsOf: (op: Op) => readonly Block[]) {
    this.regionsOf = regionsOf;
    this.block = block;
    this.ops = ops;
    this.grouping = grouping;
    this.builder = new Builder(ops);
    for (const arg of block.args) this.mapped.set(arg, arg);
  }

  run(): Block {
    for (const op of this.block.ops) {
      const group = this.grouping.groups.get(op);
      if (group !== undefined) this.emitGroup(group);
    }
    const returns = this.block.returns.map((value) => this.value(value));
    return this.builder.block(this.block.args, returns);
  }

  private value(value: Value): Value {
    const known = this.mapped.get(value);
    if (known !== undefined) return known;
    if (value.kind === "arg") return value;
    const group = this.grouping.groups.get(value.op);
    if (group !== undefined) this.emitGroup(group);
    else this.emitAlone(value.op);
    return this.mapped.get(value) ?? value;
  }

  /** A memory op, a loop or a branch. */
  private emitAlone(op: Op): void {
    const operands = op.operands.map((operand) => this.value(operand));
    this.builder.loc = op.loc;
    const results = this.builder.results(op.name, operands, op.attrs, this.regionsOf(op));
    op.results.forEach((result, i) => this.mapped.set(result, results[i]));
  }

  private emitGroup(group: Group): void {
    if (this.done.has(group)) return;
    this.done.add(group);
    const { outside, exported, args, ops, returns } = this.grouping.blockOf(group.ops);
    const operands = outside.map((value) => this.value(value));
    const placement = [...group.ops].some((op) => isWall(op, this.ops))
      ? undefined
      : place({ args, ops, returns }, this.ops);
    const axes = placement?.axes.map(({ axis }) => axis) ?? [];
    this.builder.loc = groupLoc([...group.ops]);
    const results = this.builder.results("fused", operands, { axes }, [{ args, ops, returns }]);
    exported.forEach((value, i) => this.mapped.set(value, results[i]));
  }
}

/** The location a fused op shows: that of its ops, each once. */
const groupLoc = (ops: readonly Op[]): string =>
  [...new Set(ops.map((op) => op.loc).filter((loc) => loc !== ""))].join("+");
