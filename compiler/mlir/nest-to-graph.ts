/**
 * A nest as ops of the graph: `nest.ts` the other way round. Reads at sums of loop variables are views, products of two of them summed are
 * contractions, reads at any other place are gathers by position. It serves the bridge in, where nests come from linalg, and dialects
 * without loops, for ops that they have no word for.
 */

import { type Affine, equalExprs, simplify, toAffine } from "../../ir/affine.ts";
import { type AffineIndex, printSpec } from "../../ir/affine-spec.ts";
import { type Builder, dimsAttr } from "../../ir/builder.ts";
import { type Dim, equalDims, productOf, type Shape, symbol } from "../../ir/dim.ts";
import { CompilerBug, Unsupported } from "../../ir/errors.ts";
import type { Value } from "../../ir/graph.ts";
import { add, type Expr, int, mul, read, scalar, type Var } from "../../ir/kernel.ts";
import type { Nest } from "./nest.ts";

type Load = Extract<Expr, { kind: "load" }>;

/** Builds the results of a nest whose buffers stand for `operands`. Throws Unsupported for reductions that no op of ours is. */
export const graphOfNest = (b: Builder, nest: Nest, operands: readonly Value[]): readonly Value[] =>
  new NestBuilder(b, nest, operands).build();

class NestBuilder {
  private readonly b: Builder;
  private readonly nest: Nest;
  private readonly operands: readonly Value[];
  private readonly loops: Nest["parallel"];
  private readonly space: Shape;
  private readonly done = new Map<Expr, Value>();

  constructor(b: Builder, nest: Nest, operands: readonly Value[]) {
    this.b = b;
    this.nest = nest;
    this.operands = operands;
    this.loops = [...nest.parallel, ...nest.reduction];
    this.space = this.loops.map(({ extent }) => extent);
  }

  build(): readonly Value[] {
    const { nest } = this;
    if (nest.state.length === 0) return nest.values.map((value) => this.full(this.value(value)));
    if (nest.state.length === 2) return this.position();
    if (nest.state.length > 1) throw new Unsupported("keratin", "a reduction of several results");
    return [this.reduction()];
  }

  // Expressions over the whole space.

  /** A value in the shape of the space; a number stays one. */
  private value(expr: Expr): Value {
    const known = this.done.get(expr);
    if (known !== undefined) return known;
    const value = this.node(expr);
    this.done.set(expr, value);
    return value;
  }

  private full(value: Value): Value {
    return this.b.broadcastTo(value, this.space);
  }

  private node(expr: Expr): Value {
    const { b } = this;
    switch (expr.kind) {
      case "const":
        return b.full({ dtype: expr.dtype, shape: [] }, expr.value);
      case "var":
        return this.variable(expr.var);
      case "load":
        return this.view(expr) ?? this.gather(expr);
      case "cast":
        return b.cast(this.value(expr.arg), expr.dtype);
      case "bitcast":
        return b.op("bitcast", [this.value(expr.arg)], { dtype: expr.dtype });
      case "scalar": {
        const args = expr.args.map((arg) => this.value(arg));
        const isScalar = args.every(({ type }) => type.shape.length === 0);
        return b.op(expr.name, isScalar ? args : args.map((arg) => this.full(arg)));
      }
      default:
        throw new CompilerBug("mlir", "a vector in a nest");
    }
  }

  private variable(variable: Var): Value {
    const axis = this.loops.findIndex((loop) => loop.variable === variable);
    if (axis >= 0) return this.b.op("iota", [], { shape: dimsAttr(this.space), axis, dtype: "i32" });
    const size = [...this.nest.sizes].find(([, known]) => known === variable)?.[0];
    if (size === undefined) throw new CompilerBug("mlir", `unknown variable ${variable.name}`);
    return this.b.dim(symbol(size), "i32");
  }

  private operandOf({ buffer }: Load): Value {
    return this.operands[this.nest.operands.indexOf(buffer)];
  }

  /** What is read at constants, and at single loops with a stride: slices, reversals and a broadcast. */
  private view(load: Load): Value | undefined {
    const axes: number[] = [];
    let value = this.operandOf(load);
    const forms = load.index.map(toAffine);
    for (const [axis, form] of forms.entries()) {
      const at = this.loneLoop(form);
      if (at === undefined || axes.includes(at)) return undefined;
      axes.push(at);
      const cut = this.cut(value, axis, form, at);
      if (cut === undefined) return undefined;
      value = cut;
    }
    const kept = axes.flatMap((at, axis) => (at < 0 ? [] : [axis]));
    const squeezed = this.b.reshape(
      value,
      kept.map((axis) => value.type.shape[axis]),
    );
    const isScalar = kept.length === 0 && this.space.length > 0;
    return isScalar
      ? squeezed
      : this.b.broadcast(
          squeezed,
          this.space,
          kept.map((axis) => axes[axis]),
        );
  }

  /** The loop that an index is made of, -1 for none; undefined for any other index. */
  private loneLoop({ terms }: Affine): number | undefined {
    if (terms.length === 0) return -1;
    const { atom } = terms[0];
    if (terms.length > 1 || atom.kind !== "var") return undefined;
    const at = this.loops.findIndex(({ variable }) => variable === atom.var);
    return at < 0 ? undefined : at;
  }

  /** One axis cut to what the loop reads. */
  private cut(value: Value, axis: number, { constant, terms }: Affine, at: number): Value | undefined {
    const size = value.type.shape[axis];
    const extent = at < 0 ? 1 : this.space[at];
    const step = at < 0 ? 1 : terms[0].coefficient;
    if (constant === 0 && step === 1 && equalDims(size, extent)) return value;
    if (typeof size !== "number" || typeof extent !== "number") return undefined;
    const last = constant + step * (extent - 1);
    const [low, high] = [Math.min(constant, last), Math.max(constant, last)];
    const { shape } = value.type;
    const pick = <T>(mine: T, others: readonly T[]): T[] =>
      others.map((other, i) => (i === axis ? mine : other));
    const cut = this.b.slice(
      value,
      pick(
        low,
        shape.map(() => 0),
      ),
      pick<Dim>(high + 1, shape),
      pick(
        Math.max(1, Math.abs(step)),
        shape.map(() => 1),
      ),
    );
    return step < 0 ? this.b.op("reverse", [cut], { axes: [axis] }) : cut;
  }

  /** Element by element, by row-major position. */
  private gather(load: Load): Value {
    const value = this.operandOf(load);
    const { shape } = value.type;
    const position = load.index.reduce<Expr>(
      (flat, index, axis) => (axis === 0 ? index : add(mul(flat, int(this.fixed(shape[axis]))), index)),
      int(0),
    );
    const flat = this.b.reshape(value, [productOf(shape)]);
    const at = this.value(position);
    return this.b.op("gather", [flat, at.type.shape.length === 0 ? at : this.full(at)], { axis: 0 });
  }

  private fixed(dim: Dim): number {
    if (typeof dim === "number") return dim;
    throw new Unsupported("keratin", "reading by position where an inner axis has no constant size");
  }

  // Reductions.

  private reduction(): Value {
    const [value] = this.nest.values;
    const [state] = this.nest.state;
    if (value.kind === "scalar" && value.args.length === 2) {
      const at = value.args.findIndex((arg) => isVar(arg, state));
      if (at >= 0 && !mentions(value.args[1 - at], state))
        return this.fold(value.name, value.args[1 - at], this.start(0));
    }
    // A step that passes the value on, or ignores what was there.
    if (this.nest.reduction.length === 0) return this.unrolled(value, state);
    throw new Unsupported("keratin", "a reduction that is no sum, product, minimum or maximum");
  }

  /** What the accumulator begins with, in the shape of the result; undefined where it begins with this op's neutral element. */
  private start(i: number): Expr {
    return this.nest.init[i];
  }

  private unrolled(value: Expr, state: Var): Value {
    const replaced = replaceVar(value, state, this.start(0));
    return this.full(this.value(replaced));
  }

  private fold(name: string, value: Expr, init: Expr): Value {
    const { b } = this;
    const { dtype } = this.nest.results[0];
    const boolean = dtype === "bool";
    const folded = ((): Value => {
      if (name === "add") return this.sum(value);
      if (name === "mul") return b.op("reduce_prod", [this.full(this.value(value))], { spec: this.spec() });
      if (name === "max" || (name === "or" && boolean)) return this.maximum(value, false);
      if (name === "min" || (name === "and" && boolean)) return this.maximum(value, true);
      throw new Unsupported("keratin", `a reduction by ${name}`);
    })();
    if (isNeutral(name, this.constantOf(init))) return folded;
    const begun = this.parallelValue(init);
    return b.op(name, [begun, folded]);
  }

  /** A number that an expression always is; a read of an operand that is one number everywhere counts. */
  private constantOf(expr: Expr): number | undefined {
    if (expr.kind === "const") return expr.value;
    return expr.kind === "load" ? splatOf(this.operandOf(expr)) : undefined;
  }

  private parallelValue(expr: Expr): Value {
    const { parallel, sizes, operands } = this.nest;
    const outer: Nest = {
      ...this.nest,
      parallel,
      reduction: [],
      state: [],
      init: [],
      values: [expr],
      sizes,
      operands,
    };
    return graphOfNest(this.b, outer, this.operands)[0];
  }

  private names(): string[] {
    return this.loops.map((_, i) => `a${i}`);
  }

  /** The plain reduction of everything over the reduction loops. */
  private spec(): string {
    const names = this.names();
    return `${names.join(" ")} -> ${names.slice(0, this.nest.parallel.length).join(" ")}`.trim();
  }

  private sum(value: Expr): Value {
    return (
      this.contraction(value) ??
      this.window("reduce_sum", value) ??
      this.b.op("reduce_sum", [this.full(this.value(value))], { spec: this.spec() })
    );
  }

  /** The product of two operands, both read at sums of loops. */
  private contraction(value: Expr): Value | undefined {
    if (value.kind !== "scalar" || value.name !== "mul" || this.nest.reduction.length === 0) return undefined;
    const [x, y] = value.args;
    if (x.kind !== "load" || y.kind !== "load") return undefined;
    const [left, right] = [this.indices(x), this.indices(y)];
    if (left === undefined || right === undefined) return undefined;
    const kept = this.names().slice(0, this.nest.parallel.length);
    const used = new Set([...left, ...right].flat().map(({ axis }) => axis));
    if (!this.names().every((name) => used.has(name))) return undefined;
    return this.b.contract(
      this.operandOf(x),
      this.operandOf(y),
      printSpec([left, right], kept),
      this.sizes(),
    );
  }

  /** One operand read at sums of loops: pooling. */
  private window(op: string, value: Expr): Value | undefined {
    if (value.kind !== "load" || this.nest.reduction.length === 0) return undefined;
    const indices = this.indices(value);
    const used = new Set(indices?.flat().map(({ axis }) => axis));
    if (indices === undefined || !this.names().every((name) => used.has(name))) return undefined;
    const kept = this.names().slice(0, this.nest.parallel.length);
    return this.b.op(op, [this.operandOf(value)], { spec: printSpec([indices], kept), sizes: this.sizes() });
  }

  /** The extents that shapes may leave open: those of windows. Symbols come from shapes. */
  private sizes(): string[] {
    return this.loops.flatMap(({ extent }, i) => (typeof extent === "number" ? [`a${i}=${extent}`] : []));
  }

  private indices(load: Load): AffineIndex[] | undefined {
    const found = load.index.map((expr) => {
      const { constant, terms } = toAffine(expr);
      if (constant !== 0 || terms.length === 0) return undefined;
      const parts = terms.map(({ coefficient, atom }) => {
        const at = atom.kind === "var" ? this.loops.findIndex(({ variable }) => variable === atom.var) : -1;
        return at < 0 || coefficient <= 0 ? undefined : { axis: `a${at}`, factor: coefficient };
      });
      return parts.includes(undefined) ? undefined : (parts as AffineIndex);
    });
    return found.includes(undefined) ? undefined : (found as AffineIndex[]);
  }

  private maximum(value: Expr, isMinimum: boolean): Value {
    const { b } = this;
    const boolean = value.dtype === "bool";
    const numeric: Expr = boolean ? { kind: "cast", dtype: "i32", lanes: 1, arg: value } : value;
    const signed = isMinimum ? scalar("neg", numeric) : numeric;
    const largest =
      this.window("reduce_max", signed) ??
      b.op("reduce_max", [this.full(this.value(signed))], { spec: this.spec() });
    const result = isMinimum ? b.op("neg", [largest]) : largest;
    return boolean ? b.cast(result, "bool") : result;
  }

  /** A maximum and where it was: the accumulators (best, position) of our reduce_max. */
  private position(): readonly Value[] {
    const { values, state, reduction } = this.nest;
    const [largest, position] = values;
    const isMaximum =
      largest.kind === "scalar" && largest.name === "max" && largest.args.some((arg) => isVar(arg, state[0]));
    const taken =
      position.kind === "scalar" && position.name === "select" && isVar(position.args[2], state[1]);
    if (!isMaximum || !taken)
      throw new Unsupported("keratin", "a reduction of two results that is no argmax");
    const value = largest.args[isVar(largest.args[0], state[0]) ? 1 : 0];
    const last = (extent: Dim): number =>
      typeof extent === "number" ? extent - 1 : Number.POSITIVE_INFINITY;
    const ranges = new Map(
      this.loops.map(({ variable, extent }) => [variable, { min: 0, max: last(extent) }]),
    );
    const flat = reduction.reduce<Expr>(
      (sum, { variable, extent }, i) =>
        i === 0 ? read(variable) : add(mul(sum, int(this.fixed(extent))), read(variable)),
      int(0),
    );
    const isFlat = equalExprs(simplify(flat, ranges), simplify(position.args[1], ranges));
    if (!isFlat) throw new Unsupported("keratin", "a position that is not counted in row-major order");
    const indices = value.kind === "load" ? this.indices(value) : undefined;
    const used = new Set(indices?.flat().map(({ axis }) => axis));
    if (value.kind === "load" && indices !== undefined && this.names().every((name) => used.has(name))) {
      const kept = this.names().slice(0, this.nest.parallel.length);
      return this.b.results("reduce_max", [this.operandOf(value)], {
        spec: printSpec([indices], kept),
        sizes: this.sizes(),
      });
    }
    return this.b.results("reduce_max", [this.full(this.value(value))], { spec: this.spec() });
  }
}

const isVar = (expr: Expr, variable: Var): boolean => expr.kind === "var" && expr.var === variable;

function mentions(expr: Expr, variable: Var): boolean {
  if (isVar(expr, variable)) return true;
  if (expr.kind === "scalar") return expr.args.some((arg) => mentions(arg, variable));
  if (expr.kind === "load") return expr.index.some((index) => mentions(index, variable));
  return expr.kind === "cast" || expr.kind === "bitcast" ? mentions(expr.arg, variable) : false;
}

function replaceVar(expr: Expr, variable: Var, by: Expr): Expr {
  if (isVar(expr, variable)) return by;
  if (expr.kind === "scalar") return { ...expr, args: expr.args.map((arg) => replaceVar(arg, variable, by)) };
  if (expr.kind === "cast" || expr.kind === "bitcast")
    return { ...expr, arg: replaceVar(expr.arg, variable, by) };
  return expr;
}

/** Whether a reduction may as well begin with nothing. */
function isNeutral(name: string, value: number | undefined): boolean {
  if (value === undefined) return false;
  if (name === "add" || name === "or") return value === 0;
  if (name === "mul" || name === "and") return value === 1;
  return name === "max" ? value < -3e38 || value === -2147483648 : value > 3e38 || value === 2147483647;
}

/** The number that a value has in every element, where that is plain to see. */
export function splatOf(value: Value): number | undefined {
  if (value.kind !== "result") return undefined;
  const { op } = value;
  const array = op.attrs.value;
  if (op.operands.length === 0 && typeof array === "object" && "data" in array)
    return array.data.length === 1 ? Number(array.data[0]) : undefined;
  const isView = op.operands.length === 1 && (op.name === "broadcast" || op.name === "reshape");
  return isView ? splatOf(op.operands[0]) : undefined;
}
