/**
 * A fused function as a list of launches: one naive kernel per fused op, with the graph values it reads and writes, and how it relates to
 * the batch. Loops and branches hold lists of their own. The passes over these lists (chunking, merging, memory planning) need no
 * knowledge of ops.
 *
 * In a counted loop, slices of stacked arrays have no memory of their own: kernels read and write them where they lie in the stack, at
 * an index that the loop's counter gives. So nothing is copied in or out, and any axis may be the one that is cut.
 */
import { type Dim, equalDims, symbol, symbolsOf } from "../../ir/dim.ts";
import type { Block, Op, Value } from "../../ir/graph.ts";
import type { Buffer, Expr, Kernel, Stmt, Var } from "../../ir/kernel.ts";
import type { Control, OpTable } from "../../ir/op.ts";
import { expressionsOf, operandsOf, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";
import { loweringOf } from "./group.ts";
import { handBuiltOp, lowerHandBuilt } from "./hand-built.ts";
import { lowerGroup } from "./kernel.ts";
import type { Slice } from "./slices.ts";

/**
 * `none`: the batch does not occur. `sample`: every sample by itself. `sum`: plain sums over samples. `whole`: samples are mixed in some
 * other way, so the batch cannot be cut.
 */
export type BatchUse = "none" | "sample" | "sum" | "whole";

export interface Launch {
  readonly kind: "launch";
  readonly kernel: Kernel;
  /** What the kernel's parameters stand for: operands first, then results. */
  readonly operands: readonly Value[];
  readonly results: readonly Value[];
  readonly batch: BatchUse;
  /** The same launch adding to its results instead of replacing them; only for `sum`. */
  accumulating(): Launch;
}

/** A loop or branch, and what its regions launch. */
export interface ControlItem {
  readonly kind: "control";
  readonly op: Op;
  readonly control: Control;
  readonly operands: readonly Value[];
  readonly results: readonly Value[];
  readonly batch: BatchUse;
  readonly bodies: readonly (readonly Item[])[];
  /** What counts a counted loop. */
  readonly symbol: string;
}

export type Item = Launch | ControlItem;

/** All launches, those inside loops and branches too. */
export const launchesIn = (items: readonly Item[]): Launch[] =>
  items.flatMap((item) => (item.kind === "launch" ? [item] : item.bodies.flatMap(launchesIn)));

/** The symbol of the batch, Keras's leading None. */
export const BATCH = "n";

export const lowerLaunches = (block: Block, ops: OpTable): Item[] =>
  new BlockLowering(ops, symbolsOf(block.args.flatMap(({ type }) => type.shape))).items(block);

class BlockLowering {
  private readonly names = new Map<string, number>();
  private readonly slices = new Map<Value, Slice>();
  private readonly ops: OpTable;
  private readonly symbols: Set<string>;

  constructor(ops: OpTable, symbols: readonly string[]) {
    this.ops = ops;
    this.symbols = new Set(symbols);
  }

  items(block: Block): Item[] {
    return block.ops.flatMap((op): Item[] => {
      const lowering = loweringOf(op, this.ops);
      if (lowering.kind !== "region") return [];
      return [lowering.control.runs === "once" ? this.launch(op) : this.control(op, lowering.control)];
    });
  }

  private launch(op: Op): Launch {
    const [block] = op.regions;
    const name = uniqueName(op, this.names);
    const slices = new Map<Value, Slice>();
    const note = (inner: Value, outer: Value): void => {
      const slice = this.slices.get(outer);
      if (slice !== undefined) slices.set(inner, slice);
    };
    block.args.forEach((arg, i) => note(arg, op.operands[i]));
    block.returns.forEach((value, i) => note(value, op.results[i]));
    return handBuiltOp(block, this.ops) === undefined
      ? this.groupLaunch(op, name, slices)
      : this.handBuiltLaunch(op, name, slices);
  }

  /** Memory that only the kernel uses is one more result. */
  private handBuiltLaunch(op: Op, name: string, slices: ReadonlyMap<Value, Slice>): Launch {
    const { kernel, scratch } = lowerHandBuilt(op.regions[0], name, this.ops, slices);
    const launch: Launch = {
      kind: "launch",
      kernel,
      operands: op.operands,
      results: [...op.results, ...scratch],
      batch: batchUse(kernel, false),
      accumulating: () => launch,
    };
    return launch;
  }

  private groupLaunch(op: Op, name: string, slices: ReadonlyMap<Value, Slice>): Launch {
    const [block] = op.regions;
    const axes = Array.isArray(op.attrs.axes)
      ? op.attrs.axes.filter((axis): axis is number => typeof axis === "number")
      : [];
    const { kernel, additive } = lowerGroup(block, axes, name, this.ops, { slices });
    const { operands, results } = op;
    const base = { kind: "launch", operands, results, batch: batchUse(kernel, additive) } as const;
    const accumulating = (): Launch => ({
      ...base,
      kernel: lowerGroup(block, axes, name, this.ops, { slices, accumulate: true }).kernel,
      accumulating,
    });
    return { ...base, kernel, accumulating };
  }

  private control(op: Op, control: Control): ControlItem {
    const symbol = this.freshSymbol();
    this.noteSlices(op, control, symbol);
    const bodies = op.regions.map((region) => this.items(region));
    const { operands, results } = op;
    return {
      kind: "control",
      op,
      control,
      operands,
      results,
      batch: controlBatch(op, control, bodies),
      bodies,
      symbol,
    };
  }

  private freshSymbol(): string {
    let symbol = "step";
    for (let i = 2; this.symbols.has(symbol); i++) symbol = `step_${i}`;
    this.symbols.add(symbol);
    return symbol;
  }

  /** Arguments and returns of the regions that are slices; also captures of what is a slice outside. */
  private noteSlices(op: Op, control: Control, symbol: string): void {
    const [skipped, counts] =
      control.runs === "for" ? [0, control.counts(op.attrs)] : [control.runs === "choice" ? 1 : 0, undefined];
    for (const region of op.regions) {
      region.args.forEach((arg, i) => {
        const outer = this.slices.get(op.operands[i + skipped]);
        if (outer !== undefined) this.slices.set(arg, outer);
      });
    }
    if (counts === undefined) return;
    const [{ args, returns }] = op.regions;
    const cut = (whole: Value, axis: number): Slice => {
      const outer = this.slices.get(whole) ?? { shape: whole.type.shape, cuts: [] };
      return { ...outer, cuts: [{ axis, symbol, extent: counts.length }, ...outer.cuts] };
    };
    counts.inputs.forEach((axis, i) => {
      const at = counts.carries + i;
      this.slices.set(args[at], cut(op.operands[at], axis));
    });
    counts.outputs.forEach((axis, i) => {
      const at = counts.carries + i;
      this.slices.set(returns[at], cut(op.results[at], axis));
    });
  }
}

/** A loop keeps samples apart where all of its kernels do; it cannot be cut where any of them mixes samples. */
function controlBatch(op: Op, control: Control, bodies: readonly (readonly Item[])[]): BatchUse {
  const uses = new Set(bodies.flat().map(({ batch }) => batch));
  const isLeading = ({ type }: Value): boolean => symbolsOf(type.shape.slice(1)).length === 0;
  const isWhole =
    uses.has("whole") ||
    uses.has("sum") ||
    ![...op.operands, ...op.results].every(isLeading) ||
    (control.runs === "for" && symbolsOf([control.counts(op.attrs).length]).length > 0);
  if (isWhole) return "whole";
  return uses.has("sample") || op.results.some(({ type }) => symbolsOf(type.shape).length > 0)
    ? "sample"
    : "none";
}

/** Kernels are named after the layers they come from, else after what they compute. */
function uniqueName(op: Op, names: Map<string, number>): string {
  const inner = op.regions[0].ops.map(({ name }) => name);
  const base = (op.loc === "" ? inner[inner.length - 1] : op.loc)
    .replaceAll(/[^A-Za-z0-9]+/g, "_")
    .slice(0, 48);
  const count = names.get(base) ?? 0;
  names.set(base, count + 1);
  return count === 0 ? base : `${base}_${count + 1}`;
}

function batchUse(kernel: Kernel, additive: boolean): BatchUse {
  const batch = symbol(BATCH);
  const involved = kernel.params
    .filter(({ buffer }) => symbolsOf(buffer.shape).length > 0)
    .map(({ buffer }) => buffer);
  if (involved.length === 0) return kernel.dims.some(({ symbol: name }) => name === BATCH) ? "whole" : "none";
  const leading = (shape: readonly Dim[]): boolean =>
    equalDims(shape[0], batch) && symbolsOf(shape.slice(1)).length === 0;
  if (!involved.every((buffer) => leading(buffer.shape))) return "whole";
  const counters = leadingIndices(kernel, new Set(involved));
  if (counters === undefined) return "whole";
  const written = kernel.params.some(({ buffer, access }) => access !== "read" && involved.includes(buffer));
  const outer = kernel.body.flatMap((stmt) => (stmt.kind === "for" ? [stmt.var] : []));
  if (outer.length === kernel.body.length && sameMembers(counters, outer)) {
    return outer.some((sample) => usedAsValue(kernel, sample)) ? "whole" : "sample";
  }
  return additive && !written ? "sum" : "whole";
}

const sameMembers = <T>(set: ReadonlySet<T>, list: readonly T[]): boolean =>
  set.size === list.length && list.every((item) => set.has(item));

/** Whether the number of a sample is anything but the first index of a buffer: counted by chunk, it would start again at 0. */
function usedAsValue(kernel: Kernel, sample: Var): boolean {
  const isSample = (expr: Expr): boolean => expr.kind === "var" && expr.var === sample;
  const behindFirst = (index: readonly Expr[]): readonly Expr[] =>
    index.slice(index.length > 0 && isSample(index[0]) ? 1 : 0);
  const uses = (expr: Expr): boolean => {
    if (isSample(expr)) return true;
    return (expr.kind === "load" ? behindFirst(expr.index) : operandsOf(expr)).some(uses);
  };
  let used = false;
  visitStmts(kernel.body, (stmt) => {
    if (stmt.kind === "store") used ||= [stmt.value, ...behindFirst(stmt.index)].some(uses);
    else used ||= expressionsOf(stmt).some(uses);
  });
  return used;
}

/** The loop variables that index the leading axes of these buffers; undefined where an index is anything else. */
function leadingIndices(kernel: Kernel, buffers: ReadonlySet<Buffer>): ReadonlySet<Var> | undefined {
  const variables = new Set<Var>();
  let simple = true;
  const note = (buffer: Buffer, [index]: readonly Expr[]): void => {
    if (!buffers.has(buffer)) return;
    if (index.kind === "var") variables.add(index.var);
    else simple = false;
  };
  visitExprs(kernel.body, (expr) => {
    if (expr.kind === "load") note(expr.buffer, expr.index);
  });
  visitStmts(kernel.body, (stmt: Stmt) => {
    if (stmt.kind === "store") note(stmt.buffer, stmt.index);
  });
  return simple ? variables : undefined;
}
