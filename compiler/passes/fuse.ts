/**
 * Fusion: groups ops into tile programs, one kernel each. There is one mechanism, and it does not know op names: an op joins the group of a
 * consumer when the group can still be placed (`lower/group.ts`), computing nothing twice and giving up no parallel axis it needs.
 *
 * Ops that cost nothing (views, broadcasts, constants) are copied into every group that reads through them. Reshapes and joins that are
 * only a matter of memory stay outside, as they are. Everything else ends up in exactly one `fused` op.
 */
import { equalDims, symbolsOf } from "../../ir/dim.ts";
import type { Block, Func, Op, Value } from "../../ir/graph.ts";
import type { OpTable } from "../../ir/op.ts";
import { Evaluator } from "../lower/evaluator.ts";
import { frameOf } from "../lower/frame.ts";
import {
  controlOf,
  domainSize,
  isIntense,
  isLittle,
  loweringOf,
  type Placement,
  place,
  reduces,
  typicalSize,
  worthRepeating,
} from "../lower/group.ts";
import { type GroupBlock, GroupCopy, isFree, isMemoryOp } from "../lower/group-block.ts";
import { type Group, isWall, RegroupedBlock } from "../lower/regroup.ts";
import type { Pass } from "../pass.ts";
import { isPrepare, mapFuncs } from "../walk-graph.ts";

/** Iterations of parallel axes that a group may give up to hold a row. */
const LARGEST_ROW = 4096;

export const fuse: Pass = {
  name: "fuse",
  doc: "Every op is a group that becomes one kernel, or a matter of memory.",
  run: (module, { ops }) =>
    mapFuncs(module, (func) => (isFused(func, ops) || isPrepare(func) ? func : fuseFunc(func, ops))),
};

const isFused = (func: Func, ops: OpTable): boolean => isFusedBlock(func.body, ops);

const isFusedBlock = (block: Block, ops: OpTable): boolean =>
  block.ops.every((op) => {
    const control = controlOf(op, ops);
    if (control === undefined) return isMemoryOp(op, ops);
    return control.runs === "once" || op.regions.every((region) => isFusedBlock(region, ops));
  });

/** What stands in for fusion when it is switched off: every op a kernel of its own. */
export const isolate: Pass = {
  ...fuse,
  name: "isolate",
  doc: "Every op that computes is a kernel of its own.",
  run: (module, { ops }) =>
    mapFuncs(module, (func) => (isFused(func, ops) || isPrepare(func) ? func : fuseFunc(func, ops, true))),
};

/** Replaces the body of a function by fused ops and memory ops; `alone`: no two ops share a group. */
export const fuseFunc = (func: Func, ops: OpTable, alone = false): Func => ({
  ...func,
  body: fuseBlock(func.body, ops, alone),
});

/** `slices`: arguments that have no memory of their own, so that nothing can be laid over them. */
function fuseBlock(
  block: Block,
  ops: OpTable,
  alone: boolean,
  slices: ReadonlySet<Value> = new Set(),
): Block {
  const grouping = new Grouping(block, ops, alone, slices);
  grouping.run();
  const inside = (op: Op): Block[] =>
    op.regions.map((region) => fuseBlock(region, ops, alone, slicesOf(op, region, slices, ops)));
  return new RegroupedBlock(block, ops, grouping, inside).run();
}

/** The arguments of a region that are slices of stacked operands, or stand for slices outside. */
function slicesOf(op: Op, region: Block, outside: ReadonlySet<Value>, ops: OpTable): ReadonlySet<Value> {
  const skipped = op.operands.length - region.args.length;
  const control = controlOf(op, ops);
  const counts = control?.runs === "for" ? control.counts(op.attrs) : undefined;
  return new Set(
    region.args.filter((_, i) => {
      const isCut = counts !== undefined && i >= counts.carries && i < counts.carries + counts.inputs.length;
      return isCut || outside.has(op.operands[i + skipped]);
    }),
  );
}

interface Placed {
  readonly block: GroupBlock;
  readonly placement: Placement;
}

/** The same parallel axes. */
const sameRows = ({ placement: a }: Placed, { placement: b }: Placed): boolean =>
  a.axes.length === b.axes.length && a.axes.every(({ extent }, i) => equalDims(extent, b.axes[i].extent));

/** One reads the other, or both read the same array; for groups that compute single numbers, the same number. */
function related({ block: a, placement }: Placed, { block: b }: Placed): boolean {
  const seen = new Set([...a.outside, ...a.exported]);
  const counts = (value: Value): boolean => value.type.shape.length > 0 || placement.axes.length === 0;
  return (
    b.outside.some((value) => seen.has(value) && counts(value)) ||
    b.exported.some((value) => a.outside.includes(value))
  );
}

class Grouping {
  readonly groups = new Map<Op, Group>();
  private readonly knownReaders = new Map<Op, ReadonlySet<Op>>();
  private readonly knownFree = new Map<Op, boolean>();
  private readonly users = new Map<Value, Op[]>();
  private readonly returned: ReadonlySet<Value>;
  private readonly evaluator: Evaluator;
  private readonly alone: boolean;
  private readonly block: Block;
  private readonly ops: OpTable;
  private readonly slices: ReadonlySet<Value>;

  constructor(block: Block, ops: OpTable, alone: boolean, slices: ReadonlySet<Value>) {
    this.slices = slices;
    this.alone = alone;
    this.block = block;
    this.ops = ops;
    this.evaluator = new Evaluator(ops);
    this.returned = new Set(block.returns);
    for (const op of block.ops) {
      for (const operand of new Set(op.operands)) this.users.set(operand, [...this.usersOf(operand), op]);
    }
  }

  private usersOf(value: Value): readonly Op[] {
    return this.users.get(value) ?? [];
  }

  /** A reshape; or a join whose parts can all be written in place: made here, each once, and wanted nowhere else in particular. */
  private isMemory(op: Op): boolean {
    if (!isMemoryOp(op, this.ops)) return false;
    if (loweringOf(op, this.ops).kind === "alias") return !this.slices.has(this.aliased(op.operands[0]));
    const parts = op.operands.map((operand) => this.aliased(operand));
    const isOwn = (part: Value): boolean => part.kind === "result" && !this.isPlaced(part, op);
    return !this.isPlaced(op.results[0], op) && new Set(parts).size === parts.length && parts.every(isOwn);
  }

  /** What a chain of reshapes reshapes. */
  private aliased(value: Value): Value {
    if (value.kind === "arg" || loweringOf(value.op, this.ops).kind !== "alias") return value;
    return this.aliased(value.op.operands[0]);
  }

  /** Returned, or part of another join than `join`: perhaps under another shape. */
  private isPlaced(value: Value, join: Op): boolean {
    if (this.returned.has(value)) return true;
    return this.usersOf(value).some((user) => {
      const { kind } = loweringOf(user, this.ops);
      return kind === "alias" ? this.isPlaced(user.results[0], join) : kind === "join" && user !== join;
    });
  }

  /** Readers come after what they read: going backwards, every reader has its group. */
  run(): void {
    for (const op of [...this.block.ops].reverse()) {
      if (controlOf(op, this.ops) !== undefined) continue;
      if (this.isMemory(op) || (this.isFree(op) && !this.neededInMemory(op.results[0]))) continue;
      const group = (this.alone ? undefined : this.findGroup(op)) ?? { ops: new Set() };
      group.ops.add(op);
      this.groups.set(op, group);
    }
    if (!this.alone) this.mergeSiblings();
  }

  /** Groups that run over the same parallel axes and read the same values become one. */
  private mergeSiblings(): void {
    const groups = [...new Set(this.groups.values())]
      .reverse()
      .filter((group) => ![...group.ops].some((op) => this.crossesBatch(op) || isWall(op, this.ops)));
    const placed = new Map(groups.map((group) => [group, this.placed(group.ops)]));
    for (const [i, first] of groups.entries()) {
      for (const second of groups.slice(i + 1)) {
        const [a, b] = [placed.get(first), placed.get(second)];
        if (a === undefined || b === undefined || !sameRows(a, b) || !related(a, b)) continue;
        if (this.competes(first.ops, second.ops)) continue;
        const union = this.union(first, second, a);
        if (union === undefined) continue;
        for (const op of second.ops) {
          first.ops.add(op);
          this.groups.set(op, first);
        }
        placed.set(first, union);
        placed.delete(second);
      }
    }
  }

  private placed(members: ReadonlySet<Op>): Placed | undefined {
    const block = this.blockOf(members);
    const placement = place(block, this.ops);
    return placement && { block, placement };
  }

  /** Both groups as one, where that can be placed over the same rows. */
  private union(first: Group, second: Group, rows: Placed): Placed | undefined {
    const [op, ...rest] = first.ops;
    if (this.makesCycle(op, { ops: new Set([...rest, ...second.ops]) })) return undefined;
    const union = this.placed(new Set([...first.ops, ...second.ops]));
    return union !== undefined && sameRows(union, rows) ? union : undefined;
  }

  /** Returned, or read by an op that is a matter of memory, or by a loop: a free op then has to be computed after all. */
  private neededInMemory(value: Value): boolean {
    if (this.returned.has(value)) return true;
    return this.usersOf(value).some(
      (user) =>
        controlOf(user, this.ops) !== undefined ||
        (this.isMemory(user) && (!this.isFree(user) || this.neededInMemory(user.results[0]))),
    );
  }

  /** True where something outside of `members` reads the value, perhaps through ops that are inlined there. */
  leaves(value: Value, members: ReadonlySet<Op>): boolean {
    if (this.neededInMemory(value)) return true;
    return this.usersOf(value).some((user) => {
      // A free member is computed here, and inlined by others all the same.
      if (members.has(user) && !this.isFree(user)) return false;
      const isElsewhere = this.groups.has(user) && !members.has(user);
      return (
        isElsewhere || (this.isFree(user) && user.results.some((result) => this.leaves(result, members)))
      );
    });
  }

  /**
   * The ops that read an op's results, looking through those that are inlined: grouped ones, and memory ops. Going backwards, an op's users
   * have their groups when it is first asked for, so the answer stays.
   */
  private readers(op: Op): ReadonlySet<Op> {
    const known = this.knownReaders.get(op);
    if (known !== undefined) return known;
    const readers = new Set<Op>();
    for (const user of op.results.flatMap((result) => this.usersOf(result))) {
      if (this.groups.has(user) || !this.isFree(user)) readers.add(user);
      // Even where a free op is computed for somebody, others inline it.
      if (this.isFree(user)) for (const reader of this.readers(user)) readers.add(reader);
    }
    this.knownReaders.set(op, readers);
    return readers;
  }

  private isFree(op: Op): boolean {
    const known = this.knownFree.get(op) ?? isFree(op, this.ops);
    this.knownFree.set(op, known);
    return known;
  }

  private findGroup(op: Op): Group | undefined {
    const candidates = new Set([...this.readers(op)].map((reader) => this.groups.get(reader)));
    for (const group of candidates) {
      if (group !== undefined && this.mayJoin(op, group)) return group;
    }
    return undefined;
  }

  private mayJoin(op: Op, group: Group): boolean {
    if (this.makesCycle(op, group)) return false;
    if (this.crossesBatch(op) || isWall(op, this.ops) || this.competes([op], group.ops)) return false;
    if ([...group.ops].some((member) => isWall(member, this.ops))) return this.mayReadThrough(op, group);
    if (!reduces(op, this.ops) && !this.worthInlining(op, group)) return false;
    const before = group.placement ?? place(this.blockOf(group.ops), this.ops);
    group.placement = before;
    const after = place(this.blockOf(new Set([...group.ops, op])), this.ops);
    if (before === undefined || after === undefined || !this.keepsParallelism(op, before, after))
      return false;
    group.placement = after;
    return true;
  }

  /** A map that only a hand-built kernel reads, and that costs next to nothing: how often it is read is not known. */
  private mayReadThrough(op: Op, group: Group): boolean {
    const isCheap = worthRepeating(this.evaluator.cost(op), Number.POSITIVE_INFINITY);
    const isItsOwn = [...this.readers(op)].every((reader) => group.ops.has(reader));
    return (
      loweringOf(op, this.ops).kind === "map" && isCheap && isItsOwn && !this.neededInMemory(op.results[0])
    );
  }

  /** Two contractions in one kernel would have to share its registers. Little ones don't mind. */
  private competes(some: Iterable<Op>, others: Iterable<Op>): boolean {
    const needsTile = (op: Op): boolean =>
      isIntense(op, this.ops) && !isLittle(op, typicalSize(op.results[0].type.shape.slice(1)), this.ops);
    return [...some].some(needsTile) && [...others].some(needsTile);
  }

  /** A sum over a symbolic axis ends its group, so that it can be taken chunk by chunk: what follows needs the whole sum. */
  private crossesBatch(op: Op): boolean {
    const lowering = loweringOf(op, this.ops);
    if (lowering.kind !== "reduce") return false;
    return symbolsOf(lowering.extents(this.evaluator.context(op))).length > 0;
  }

  /**
   * A map whose elements are read again and again (the input of a convolution) is computed once, in a kernel of its own, unless it is next
   * to free.
   */
  private worthInlining(op: Op, group: Group): boolean {
    if (this.isFramed(op, group)) return true;
    const size = typicalSize(op.results[0].type.shape);
    const readers = [...this.readers(op)].filter((reader) => group.ops.has(reader));
    const times = Math.max(...readers.map((reader) => this.timesComputed(reader, group))) / size;
    if (times <= 1) return true;
    return (
      size > 1 &&
      worthRepeating(this.evaluator.cost(op), times) &&
      !readers.some((reader) => reduces(reader, this.ops))
    );
  }

  /** Whether the group does nothing so far but put a frame around the op's result: it is written there, not read. */
  private isFramed(op: Op, group: Group): boolean {
    const [framing, ...more] = group.ops;
    return (
      more.length === 0 && framing.operands[0] === op.results[0] && frameOf(framing, this.ops) !== undefined
    );
  }

  /** How often a member of the group is computed, what is inlined being computed as often as it is read. */
  private timesComputed(op: Op, group: Group): number {
    const own = domainSize(op, this.ops);
    if (reduces(op, this.ops)) return own;
    const readers = [...this.readers(op)].filter((reader) => group.ops.has(reader));
    return readers.reduce((most, reader) => Math.max(most, this.timesComputed(reader, group)), own);
  }

  private keepsParallelism(op: Op, before: Placement, after: Placement): boolean {
    if (after.axes.length >= before.axes.length) return true;
    const kept = after.axes.map(({ axis }) => axis);
    const dropped = before.axes.filter(({ axis }) => !kept.includes(axis));
    const row = typicalSize(dropped.map(({ extent }) => extent));
    if (after.axes.length === 0 || row > LARGEST_ROW) return false;
    const stage = after.stages.find((candidate) => candidate.op === op);
    if (stage === undefined || !reduces(op, this.ops)) return true;
    const elements = typicalSize(stage.box.map(({ extent }) => extent));
    return elements === 1 || isLittle(op, elements, this.ops);
  }

  /** Would some value have to be both before and after the group? */
  private makesCycle(op: Op, group: Group): boolean {
    const inside = (candidate: Op): boolean => candidate === op || group.ops.has(candidate);
    const seen = new Set<Op>();
    const comesBack = (members: Iterable<Op>): boolean =>
      [...members]
        .flatMap((member) => [...this.readers(member)])
        .some((reader) => {
          if (inside(reader) || seen.has(reader)) return inside(reader);
          seen.add(reader);
          return comesBack(this.groups.get(reader)?.ops ?? [reader]);
        });
    const leaving = [op, ...group.ops]
      .flatMap((member) => [...this.readers(member)])
      .filter((reader) => !inside(reader));
    return leaving.some((reader) => comesBack(this.groups.get(reader)?.ops ?? [reader]));
  }

  /** The group as a block of its own: free ops copied in, outside values as arguments, what others read as returns. */
  blockOf(members: ReadonlySet<Op>): GroupBlock {
    const ordered = this.block.ops.filter((op) => members.has(op));
    const exported = ordered.flatMap((op) => op.results).filter((result) => this.leaves(result, members));
    return new GroupCopy(this.ops, members).build(ordered, exported);
  }
}
