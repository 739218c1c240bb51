/**
 * Stores an operand of a contraction in panels where that pays: a panel of a few neighbouring columns holds everything one register tile
 * reads, in order. Otherwise each step of the reduction reads a few columns of a long row: half a cache line, in one of a few cache sets.
 * Weights are packed while compiling (`split-prepare` moves the packing away), those that train once a step, others where enough rows
 * of results share them.
 *
 * A contraction is known by its structure: a sum over the product of two reads. The columns are the last axis of its result; the operand
 * that has them is packed, unless both have (depthwise convolutions share nothing along them).
 */
import { toAffine } from "../../ir/affine.ts";
import { Builder } from "../../ir/builder.ts";
import type { Shape } from "../../ir/dim.ts";
import type { Block, Func, Op, Value } from "../../ir/graph.ts";
import { type Expr, makeVar, read as readVar, type Var } from "../../ir/kernel.ts";
import type { OpTable } from "../../ir/op.ts";
import { freeVars } from "../../ir/walk-kernel.ts";
import { Evaluator } from "../lower/evaluator.ts";
import { domainSize, typicalSize } from "../lower/group.ts";
import type { Pass } from "../pass.ts";
import { isPacked } from "../rules/facts.ts";
import { mapBlocks, rebuildBlock } from "../walk-graph.ts";

/** Elements below which an operand stays in the first cache anyhow. */
const SMALL = 2048;
/** How often each element of an operand that every call computes anew must be used. */
const REUSE = 16;

interface PackPass extends Pass {
  /** The pass for panels of another width than 8: two vectors of a target. */
  ofWidth(width: number): Pass;
}

const passOf = (width: number): Pass => ({
  name: "pack-operands",
  doc: "Operands that register tiles walk column by column are stored in panels of these columns.",
  run: (module, { ops }) => mapBlocks(module, (block, func) => packBlock(block, func, ops, width)),
});

export const packOperands: PackPass = { ...passOf(8), ofWidth: passOf };

function packBlock(block: Block, func: Func, ops: OpTable, width: number): Block {
  const steady = new Steady(func);
  return rebuildBlock(block, (op, emit, original) => {
    const columns = columnsOf(op, ops);
    if (
      columns === undefined ||
      !isWorthPacking(op, columns, steady.has(original.operands[columns.operand]), width, ops)
    )
      return undefined;
    const b = new Builder(ops);
    b.loc = op.loc;
    const operands = op.operands.map((operand, i) =>
      i === columns.operand
        ? b.unpack(
            b.pack(operand, columns.axis, columns.at, width),
            columns.axis,
            columns.at,
            operand.type.shape,
          )
        : operand,
    );
    const results = b.results(op.name, operands, op.attrs);
    b.ops.forEach(emit);
    return results;
  });
}

/** Where the columns of a contraction are. */
interface Columns {
  readonly operand: number;
  readonly axis: number;
  /** Panels are counted behind the axes that the batch runs along. */
  readonly at: number;
}

/** The columns of a sum of products of two reads, where one operand has them, along an axis of their own. */
function columnsOf(op: Op, ops: OpTable): Columns | undefined {
  const reads = productReads(op, ops);
  if (reads === undefined) return undefined;
  const { column, batch, indices } = reads;
  const holders = indices.flatMap((index, operand) =>
    index.some((expr) => freeVars(expr).has(column)) ? [operand] : [],
  );
  if (holders.length !== 1) return undefined;
  const [operand] = holders;
  const axis = indices[operand].findIndex((expr) => isVariable(expr, column));
  const others = indices[operand].filter((_, i) => i !== axis);
  if (axis < 0 || others.some((expr) => freeVars(expr).has(column)) || others.length === 0) return undefined;
  const inner = others.findIndex((expr) => ![...batch].some((variable) => isVariable(expr, variable)));
  return { operand, axis, at: inner < 0 ? others.length - 1 : inner };
}

const isVariable = (expr: Expr, variable: Var): boolean => {
  const { constant, terms } = toAffine(expr);
  const [term] = terms;
  return (
    constant === 0 &&
    terms.length === 1 &&
    term.coefficient === 1 &&
    term.atom.kind === "var" &&
    term.atom.var === variable
  );
};

interface ProductReads {
  /** The variable of the result's last axis. */
  readonly column: Var;
  /** Variables of result axes that both operands have. */
  readonly batch: ReadonlySet<Var>;
  readonly indices: readonly (readonly Expr[])[];
}

/** The indices at which the two operands of a sum of products are read. */
function productReads(op: Op, ops: OpTable): ProductReads | undefined {
  const evaluator = new Evaluator(ops);
  const lowering = evaluator.lowering(op);
  if (lowering.kind !== "reduce" || op.operands.length !== 2 || op.results.length !== 1) return undefined;
  const kept = op.results[0].type.shape.map((_, axis) => makeVar(`i${axis}`));
  if (kept.length === 0) return undefined;
  const ctx = evaluator.context(op);
  const at = lowering.extents(ctx).map((_, axis) => readVar(makeVar(`r${axis}`)));
  const indices: (readonly Expr[])[] = [];
  const factors = new Set<Expr>();
  const [value] = lowering.body(ctx, kept.map(readVar), at, (operand, index) => {
    indices[operand] = index;
    const factor = evaluator.placeholder(op.operands[operand].type.dtype);
    factors.add(factor);
    return factor;
  });
  const isProduct =
    value.kind === "scalar" && value.name === "mul" && value.args.every((arg) => factors.has(arg));
  if (!isProduct || factors.size !== 2) return undefined;
  const has = (variable: Var) => (index: readonly Expr[]) =>
    index.some((expr) => freeVars(expr).has(variable));
  return {
    column: kept[kept.length - 1],
    batch: new Set(kept.filter((v) => indices.every(has(v)))),
    indices,
  };
}

function isWorthPacking(
  op: Op,
  { operand, axis, at }: Columns,
  isSteady: boolean,
  width: number,
  ops: OpTable,
): boolean {
  if (isPacked(op.operands[operand])) return false;
  const { dtype, shape } = op.operands[operand].type;
  const columns = shape[axis];
  if (dtype !== "f32" || typeof columns !== "number" || columns <= width || !isStaticFrom(shape, at))
    return false;
  const size = typicalSize(shape);
  const isTransposed = axis !== shape.length - 1;
  if (size / columns < 2 || (!isTransposed && size < SMALL)) return false;
  return isSteady || domainSize(op, ops) >= REUSE * size;
}

const isStaticFrom = (shape: Shape, at: number): boolean =>
  shape.slice(at).every((dim) => typeof dim === "number");

/** What is the same for all samples: made of weights and constants alone. */
class Steady {
  private readonly known = new Map<Value, boolean>();

  constructor(func: Func) {
    func.body.args.forEach((arg, i) => void this.known.set(arg, func.args[i].kind !== "input"));
  }

  has(value: Value): boolean {
    const known = this.known.get(value);
    if (known !== undefined) return known;
    const steady = value.kind === "result" && value.op.operands.every((operand) => this.has(operand));
    this.known.set(value, steady);
    return steady;
  }
}
