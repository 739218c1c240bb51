/**
 * Turns values of a fused group into index expressions: ops that are not staged are inlined by their lowering, and what remains is
 * asked of `onRead` (a stage's buffer, an operand of the group).
 */
import { type Ranges, simplify } from "../../ir/affine.ts";
import type { Shape } from "../../ir/dim.ts";
import { type Dim, printDim, productOf } from "../../ir/dim.ts";
import type { DType } from "../../ir/dtype.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Op, Value } from "../../ir/graph.ts";
import {
  add,
  constant,
  type Expr,
  int,
  makeVar,
  mul,
  read as readVar,
  scalar,
  type Var,
} from "../../ir/kernel.ts";
import type { LowerContext, Lowering, OpTable, Read } from "../../ir/op.ts";
import { scalars } from "../../ir/scalar.ts";
import { visitExprs } from "../../ir/walk-kernel.ts";

/** Symbols as variables: `extents` count the present chunk, `totals` the whole call. */
export interface Sizes {
  readonly extents: ReadonlyMap<string, Var>;
  readonly totals: ReadonlyMap<string, Var>;
}

interface Options {
  /** The expression of a value at an index, or undefined to inline the op that makes it. */
  readonly onRead?: (value: Value, index: readonly Expr[]) => Expr | undefined;
  /** Ranges of the variables indices are made of. */
  readonly ranges?: Ranges;
  readonly sizes?: Sizes;
}

/** A loop variable for an axis of this extent, as an expression. */
export type Local = (name: string, extent: Dim) => Expr;

export class Evaluator {
  private readonly ops: OpTable;
  private readonly options: Options;
  private readonly anonymous = new Map<string, Var>();

  constructor(ops: OpTable, options: Options = {}) {
    this.ops = ops;
    this.options = options;
  }

  /** A value at an index. */
  read(value: Value, index: readonly Expr[]): Expr {
    const simple = index.map((expr) => simplify(expr, this.options.ranges ?? noRanges));
    const known = this.options.onRead?.(value, simple);
    if (known !== undefined) return known;
    if (value.kind === "arg") throw new CompilerBug("lower", "an operand of the group has no buffer");
    return this.inline(value.op, simple);
  }

  /** The one result of a map, view, alias or join at an index. */
  inline(op: Op, index: readonly Expr[]): Expr {
    const lowering = this.lowering(op);
    const ctx = this.context(op);
    switch (lowering.kind) {
      case "view":
        return this.read(op.operands[0], lowering.source(ctx, index));
      case "alias":
        return this.read(op.operands[0], this.relabel(op, index));
      case "map":
      case "join":
        return lowering.at(ctx, index, this.reader(op));
      case "reduce": {
        const at = lowering.extents(ctx).map(() => int(0));
        return lowering.combine(ctx, lowering.init(ctx), lowering.body(ctx, index, at, this.reader(op)))[0];
      }
      default:
        throw new CompilerBug("lower", `${op.name} cannot be inlined`);
    }
  }

  reader(op: Op): Read {
    return (operand, index) => this.read(op.operands[operand], index);
  }

  lowering(op: Op): Lowering {
    const def = this.ops.get(op.name);
    if (def === undefined) throw new CompilerBug("lower", `unknown op ${op.name}`);
    return def.lower;
  }

  context(op: Op): LowerContext {
    return {
      attrs: op.attrs,
      operands: op.operands.map((operand) => operand.type),
      results: op.results.map((result) => result.type),
      extent: (dim) => this.dim(dim, this.options.sizes?.extents),
      total: (dim) => this.dim(dim, this.options.sizes?.totals),
    };
  }

  /** A dimension as an expression. Without sizes (when only index structure matters) symbols become variables of their own. */
  dim(dim: Dim, sizes: ReadonlyMap<string, Var> | undefined): Expr {
    if (typeof dim === "number") return int(dim);
    const product = (coefficient: number, symbols: readonly string[]): Expr => {
      const factors = symbols.map((name) => readVar(sizes?.get(name) ?? this.unnamed(name)));
      if (coefficient !== 1 || factors.length === 0) factors.push(int(coefficient));
      return factors.reduce(mul);
    };
    return dim.terms.map(({ coefficient, symbols }) => product(coefficient, symbols)).reduce(add);
  }

  private unnamed(name: string): Var {
    const known = this.anonymous.get(name) ?? makeVar(name);
    this.anonymous.set(name, known);
    return known;
  }

  /** The index of a reshape's operand: the same row-major position. */
  private relabel(op: Op, index: readonly Expr[]): Expr[] {
    const from = op.operands[0].type.shape;
    const to = op.results[0].type.shape;
    return unitAxes(from, to, index) ?? this.delinearize(this.linearize(index, to), from);
  }

  private linearize(index: readonly Expr[], shape: Shape): Expr {
    const { extent } = { extent: (dim: Dim) => this.dim(dim, this.options.sizes?.extents) };
    return index.reduce<Expr>(
      (flat, i, axis) => (axis === 0 ? i : add(mul(flat, extent(shape[axis])), i)),
      int(0),
    );
  }

  private delinearize(flat: Expr, shape: Shape): Expr[] {
    return shape.map((dim, axis) => {
      const inner = productOf(shape.slice(axis + 1));
      if (typeof inner !== "number")
        throw new CompilerBug("lower", `reshape to [${shape.map(printDim)}] needs constant trailing sizes`);
      const quotient = inner === 1 ? flat : scalar("floordiv", flat, int(inner));
      return axis === 0 || typeof dim !== "number" ? quotient : scalar("mod", quotient, int(dim));
    });
  }

  /** Evaluates everything a staged op reads, for the sake of `onRead`. Returns the expressions. */
  visitStage(op: Op, index: readonly Expr[], local: Local): readonly Expr[] {
    const lowering = this.lowering(op);
    if (lowering.kind !== "reduce" || isInlinable(op, this.ops)) return [this.inline(op, index)];
    const ctx = this.context(op);
    const at = lowering
      .extents(ctx)
      .map((extent, axis) => (extent === 1 ? int(0) : local(`r${axis}`, extent)));
    return lowering.body(ctx, index, at, this.reader(op));
  }

  placeholder(dtype: DType): Expr {
    return readVar(makeVar("placeholder", dtype));
  }

  /** Scalar operations per element of a map, what views and broadcasts do is free. */
  cost(op: Op): number {
    const lowering = this.lowering(op);
    if (!isInlinable(op, this.ops) || lowering.kind === "view" || lowering.kind === "alias") return 0;
    const local = new Evaluator(this.ops, { onRead: (value) => this.placeholder(value.type.dtype) });
    const index = op.results[0].type.shape.map((_, axis) => readVar(makeVar(`i${axis}`)));
    let cost = 0;
    visitExprs(local.inline(op, index), (expr) => {
      if (expr.kind === "scalar")
        cost += scalars[expr.name].basic || scalars[expr.name].ulp === 0 ? 1 : TRANSCENDENTAL;
    });
    return cost;
  }
}

const noRanges: Ranges = new Map();
/** Scalar operations that one exp or log counts as. */
const TRANSCENDENTAL = 64;

/** True for everything that is one expression per element: maps, views, and reductions over a single element. */
export function isInlinable(op: Op, ops: OpTable): boolean {
  const lowering = ops.get(op.name)?.lower;
  if (lowering === undefined || lowering.kind === "region" || lowering.kind === "kernel") return false;
  if (lowering.kind !== "reduce") return true;
  return (
    op.results.length === 1 &&
    lowering.extents(new Evaluator(ops).context(op)).every((extent) => extent === 1)
  );
}

/** Where a reshape only adds or drops axes of size 1, indices carry over; undefined for any other reshape. */
export function unitAxes(from: Shape, to: Shape, index: readonly Expr[]): Expr[] | undefined {
  const real = (shape: Shape): number[] => shape.flatMap((dim, axis) => (dim === 1 ? [] : [axis]));
  const [source, target] = [real(from), real(to)];
  if (source.length !== target.length) return undefined;
  const same = source.every((axis, i) => printDim(from[axis]) === printDim(to[target[i]]));
  if (!same) return undefined;
  return from.map((_, axis) => {
    const at = source.indexOf(axis);
    return at < 0 ? constant(0) : index[target[at]];
  });
}
