/**
 * How much arithmetic an entry does: the floating-point operations in its lowering, one for each scalar operator on floats (a
 * multiply-add is two, exp is one), as a polynomial in the entry's symbols. Counted on the graph, so that every target states the same
 * number, whatever its schedules repeat.
 */
import { addDims, type Dim, mulDims, productOf } from "../../ir/dim.ts";
import { isFloat } from "../../ir/dtype.ts";
import type { Block, Func, Op } from "../../ir/graph.ts";
import { type Expr, int, load, makeBuffer, makeVar, read } from "../../ir/kernel.ts";
import type { LowerContext, OpTable, Read } from "../../ir/op.ts";
import { visitExprs } from "../../ir/walk-kernel.ts";

/** The operations of one call. */
export const flopsOf = (func: Func, ops: OpTable): Dim => blockFlops(func.body, ops);

const blockFlops = (block: Block, ops: OpTable): Dim =>
  block.ops.map((op) => opFlops(op, ops)).reduce<Dim>(addDims, 0);

function opFlops(op: Op, ops: OpTable): Dim {
  if (op.regions.length > 0)
    return op.regions.map((region) => blockFlops(region, ops)).reduce<Dim>(addDims, 0);
  const lower = ops.get(op.name)?.lower;
  if (lower?.kind !== "map" && lower?.kind !== "reduce") return 0;
  const context: LowerContext = {
    attrs: op.attrs,
    operands: op.operands.map(({ type }) => type),
    results: op.results.map(({ type }) => type),
    extent: () => int(1),
    total: () => int(1),
  };
  const index = op.results[0].type.shape.map((_, axis) => read(makeVar(`i${axis}`)));
  const elements = productOf(op.results[0].type.shape);
  if (lower.kind === "map") return mulDims(elements, count([lower.at(context, index, readFrom(op))]));
  const extents = lower.extents(context);
  const at = extents.map((_, axis) => read(makeVar(`r${axis}`)));
  const values = lower.body(context, index, at, readFrom(op));
  const state = values.map((value, i) => read(makeVar(`s${i}`, value.dtype)));
  const each = count([...values, ...lower.combine(context, state, values)]);
  return mulDims(mulDims(elements, productOf(extents)), each);
}

/** Reads that cost nothing: an element of a buffer that stands for the operand. */
function readFrom(op: Op): Read {
  const buffers = op.operands.map(({ type }, i) => makeBuffer(`x${i}`, type.dtype, type.shape, "global"));
  return (operand, index) => load(buffers[operand], index);
}

/** Operators on floats, each expression object once: what is shared is computed once. */
function count(exprs: readonly Expr[]): number {
  const seen = new Set<Expr>();
  for (const expr of exprs) visitExprs(expr, (node) => void seen.add(node));
  return [...seen].filter((node) => node.kind === "scalar" && isFloat(node.args[0].dtype)).length;
}
