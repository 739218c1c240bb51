/**
 * A fused function as a list of launches: one naive kernel per fused op, with the graph values it reads and writes, and how it relates to
 * the batch. The passes over this list (chunking, merging, memory planning) need no knowledge of ops.
 */
import { type Dim, equalDims, symbol, symbolsOf } from "../../ir/dim.ts";
import type { Block, Op, Value } from "../../ir/graph.ts";
import type { Buffer, Expr, Kernel, Stmt, Var } from "../../ir/kernel.ts";
import type { OpTable } from "../../ir/op.ts";
import { expressionsOf, operandsOf, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";
import { handBuiltOp, lowerHandBuilt } from "./hand-built.ts";
import { lowerGroup } from "./kernel.ts";

/**
 * `none`: the batch does not occur. `sample`: every sample by itself. `sum`: plain sums over samples. `whole`: samples are mixed in some
 * other way, so the batch cannot be cut.
 */
export type BatchUse = "none" | "sample" | "sum" | "whole";

export interface Launch {
  readonly kernel: Kernel;
  /** What the kernel's parameters stand for: operands first, then results. */
  readonly operands: readonly Value[];
  readonly results: readonly Value[];
  readonly batch: BatchUse;
  /** The same launch adding to its results instead of replacing them; only for `sum`. */
  accumulating(): Launch;
}

/** The symbol of the batch, Keras's leading None. */
export const BATCH = "n";

export function lowerLaunches(block: Block, ops: OpTable): Launch[] {
  const names = new Map<string, number>();
  return block.ops.filter((op) => op.regions.length > 0).map((op) => lowerOp(op, ops, uniqueName(op, names)));
}

function lowerOp(op: Op, ops: OpTable, name: string): Launch {
  return handBuiltOp(op.regions[0], ops) === undefined
    ? groupLaunch(op, ops, name)
    : handBuiltLaunch(op, ops, name);
}

/** Memory that only the kernel uses is one more result. */
function handBuiltLaunch(op: Op, ops: OpTable, name: string): Launch {
  const { kernel, scratch } = lowerHandBuilt(op.regions[0], name, ops);
  const results = [...op.results, ...scratch];
  const launch: Launch = {
    kernel,
    operands: op.operands,
    results,
    batch: batchUse(kernel, false),
    accumulating: () => launch,
  };
  return launch;
}

function groupLaunch(op: Op, ops: OpTable, name: string): Launch {
  const axes = Array.isArray(op.attrs.axes)
    ? op.attrs.axes.filter((axis): axis is number => typeof axis === "number")
    : [];
  const { kernel, additive } = lowerGroup(op.regions[0], axes, name, ops);
  const batch = batchUse(kernel, additive);
  const base = { operands: op.operands, results: op.results, batch };
  const accumulating = (): Launch => ({
    ...base,
    kernel: lowerGroup(op.regions[0], axes, name, ops, { accumulate: true }).kernel,
    accumulating,
  });
  return { ...base, kernel, accumulating };
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
  const outer = kernel.body.length === 1 && kernel.body[0].kind === "for" ? kernel.body[0].var : undefined;
  if (counters.size === 1 && outer !== undefined && counters.has(outer)) {
    return usedAsValue(kernel, outer) ? "whole" : "sample";
  }
  return additive && !written ? "sum" : "whole";
}

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
