/**
 * An op as one perfect nest of loops: what linalg.generic says. It is made from the op's `lower`, whatever the op is called, so that an op
 * added tomorrow goes through the bridge as it stands.
 *
 *     for parallel loops: state = init; for reduction loops: state = values(state, operands); result[parallel] = state
 */
import { type Ranges, simplify } from "../../ir/affine.ts";
import { type Dim, symbolsOf } from "../../ir/dim.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Op } from "../../ir/graph.ts";
import {
  add,
  type Buffer,
  constant,
  type Expr,
  int,
  load,
  makeBuffer,
  makeVar,
  mul,
  read as readVar,
  type Var,
} from "../../ir/kernel.ts";
import type { LowerContext, OpTable, Read } from "../../ir/op.ts";
import type { TensorType } from "../../ir/type.ts";

interface Loop {
  readonly variable: Var;
  readonly extent: Dim;
}

export interface Nest {
  /** One per axis of the results, in order. */
  readonly parallel: readonly Loop[];
  readonly reduction: readonly Loop[];
  /** What `load`s in the expressions read: one per operand of the op. */
  readonly operands: readonly Buffer[];
  readonly results: readonly TensorType[];
  /** The accumulators of a reduction, one per result, and what they begin with. Empty for maps. */
  readonly state: readonly Var[];
  readonly init: readonly Expr[];
  /** One per result: its element, or the next value of its accumulator. */
  readonly values: readonly Expr[];
  /** The sizes that expressions refer to, by symbol. */
  readonly sizes: ReadonlyMap<string, Var>;
}

/** Whether an op has a nest of its own: all but aliases, joins, constants of several elements, and control over regions. */
export const hasNest = (op: Op, ops: OpTable): boolean => {
  const kind = ops.get(op.name)?.lower.kind;
  return kind === "map" || kind === "view" || kind === "reduce" || kind === "join";
};

export function nestOf(op: Op, ops: OpTable): Nest {
  const lowering = ops.get(op.name)?.lower;
  if (lowering === undefined || !hasNest(op, ops)) throw new CompilerBug("mlir", `${op.name} has no nest`);
  const parallel = op.results[0].type.shape.map((extent, axis) => loop(`i${axis}`, extent));
  const builder = new NestBuilder(op, parallel);
  const index = parallel.map(({ variable }) => readVar(variable));
  switch (lowering.kind) {
    case "view":
      return builder.map(builder.read(0, lowering.source(builder.context, index)));
    case "map":
    case "join":
      return builder.map(lowering.at(builder.context, index, builder.read));
    case "reduce": {
      const reduction = lowering.extents(builder.context).map((extent, axis) => loop(`r${axis}`, extent));
      builder.note(reduction);
      const at = reduction.map(({ variable }) => readVar(variable));
      const state = op.results.map(({ type }, i) => makeVar(`state${i}`, type.dtype));
      const body = lowering.body(builder.context, index, at, builder.read);
      const values = lowering.combine(builder.context, state.map(readVar), body);
      return builder.finish({ reduction, state, init: lowering.init(builder.context), values });
    }
    default:
      throw new CompilerBug("mlir", `${op.name} has no nest`);
  }
}

const loop = (name: string, extent: Dim): Loop => ({ variable: makeVar(name), extent });

class NestBuilder {
  readonly context: LowerContext;
  private readonly op: Op;
  private readonly parallel: readonly Loop[];
  private readonly buffers: readonly Buffer[];
  private readonly sizes = new Map<string, Var>();
  private readonly ranges = new Map<Var, { min: number; max: number }>();

  constructor(op: Op, parallel: readonly Loop[]) {
    this.op = op;
    this.parallel = parallel;
    this.note(parallel);
    this.buffers = op.operands.map(({ type }, i) => makeBuffer(`x${i}`, type.dtype, type.shape, "global"));
    // Nothing is cut into chunks here: what a kernel counts is the whole call.
    const size = (dim: Dim): Expr => this.size(dim);
    this.context = {
      attrs: op.attrs,
      operands: op.operands.map((operand) => operand.type),
      results: op.results.map((result) => result.type),
      extent: size,
      total: size,
    };
  }

  note(loops: readonly Loop[]): void {
    for (const { variable, extent } of loops) {
      const max = typeof extent === "number" ? extent - 1 : Number.POSITIVE_INFINITY;
      this.ranges.set(variable, { min: 0, max });
    }
  }

  readonly read: Read = (operand, index) =>
    load(
      this.buffers[operand],
      index.map((expr) => simplify(expr, this.ranges satisfies Ranges)),
    );

  private size(dim: Dim): Expr {
    if (typeof dim === "number") return int(dim);
    for (const symbol of symbolsOf([dim])) {
      if (this.sizes.has(symbol)) continue;
      const variable = makeVar(symbol);
      this.sizes.set(symbol, variable);
      this.ranges.set(variable, { min: 1, max: Number.POSITIVE_INFINITY });
    }
    return dim.terms
      .map(({ coefficient, symbols }) =>
        symbols
          .map((symbol) => readVar(this.sizes.get(symbol) ?? makeVar(symbol)))
          .reduce(mul, constant(coefficient)),
      )
      .reduce(add);
  }

  map(value: Expr): Nest {
    return this.finish({ reduction: [], state: [], init: [], values: [value] });
  }

  finish(rest: Pick<Nest, "reduction" | "state" | "init" | "values">): Nest {
    const simple = (expr: Expr): Expr => simplify(expr, this.ranges);
    const { parallel, buffers: operands, sizes } = this;
    const results = this.op.results.map(({ type }) => type);
    return {
      ...rest,
      parallel,
      operands,
      results,
      sizes,
      init: rest.init.map(simple),
      values: rest.values.map(simple),
    };
  }
}
