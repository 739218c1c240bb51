/**
 * The only way to make ops: infers types, checks operands, appends to a block. Methods beside `op` are shorthand for the primitives
 * that gradients, rules and layers use most; they insert the broadcast that binary ops need.
 */

import { type Dim, equalShapes, printDim, type Shape } from "./dim.ts";
import type { DType } from "./dtype.ts";
import { setElement } from "./elements.ts";
import { CompilerBug, ModelError } from "./errors.ts";
import {
  type Attrs,
  type Block,
  type BlockArg,
  type Loc,
  makeOp,
  type Op,
  type OpResult,
  type Value,
} from "./graph.ts";
import { type NDArray, zeros } from "./ndarray.ts";
import type { ScalarName } from "./scalar.ts";
import { broadcastShapes, printType, type TensorType } from "./type.ts";

/** Anything a shorthand accepts as an operand: numbers become constants of the other operand's dtype. */
export type Operand = Value | number;

/** Attributes for a list of dimensions: numbers, or text when symbolic. */
export const dimsAttr = (shape: Shape): (number | string)[] =>
  shape.map((dim) => (typeof dim === "number" ? dim : printDim(dim)));

/** What the builder must know of an op; `OpDef` holds the rest. */
export interface OpSignature {
  readonly name: string;
  /** How many operands; `Infinity` for a variable number. */
  readonly arity: readonly [min: number, max: number];
  /** Result types. Throws ModelError when operands or attributes do not fit. */
  infer(operands: readonly TensorType[], attrs: Attrs, regions: readonly Block[]): readonly TensorType[];
}

/** What can be inlined: a block, or a part of one whose `args` are values it takes from the rest. */
export interface InlineSource {
  readonly args: readonly Value[];
  readonly ops: readonly Op[];
  readonly returns: readonly Value[];
}

/** The same block in other objects: an op stands in one place only. */
export function copyBlock(block: Block): Block {
  const args = block.args.map((arg): BlockArg => ({ ...arg }));
  const mapping = new Map<Value, Value>(block.args.map((arg, i) => [arg, args[i]]));
  const resolve = (value: Value): Value => mapping.get(value) ?? value;
  const ops = block.ops.map((op) => {
    const types = op.results.map(({ type }) => type);
    const copy = makeOp(
      op.name,
      op.operands.map(resolve),
      types,
      op.attrs,
      op.regions.map(copyBlock),
      op.loc,
    );
    op.results.forEach((result, i) => mapping.set(result, copy.results[i]));
    return copy;
  });
  return { args, ops, returns: block.returns.map(resolve) };
}

export class Builder {
  readonly ops: Op[] = [];
  /** Stamped on every op made from now on. */
  loc: Loc = "";
  private readonly table: ReadonlyMap<string, OpSignature>;

  constructor(table: ReadonlyMap<string, OpSignature>) {
    this.table = table;
  }

  /** Appends an op and returns its results; throws ModelError when operands or attributes do not fit. */
  results(
    name: string,
    operands: readonly Value[],
    attrs: Attrs = {},
    regions: readonly Block[] = [],
  ): readonly OpResult[] {
    const def = this.table.get(name);
    if (def === undefined) throw new ModelError("no such op", { where: this.loc || undefined, got: name });
    const op = makeOp(name, operands, this.infer(def, operands, attrs, regions), attrs, regions, this.loc);
    this.ops.push(op);
    return op.results;
  }

  /** `results` for ops with one result, or whose first result is meant. */
  op(name: string, operands: readonly Value[], attrs: Attrs = {}, regions: readonly Block[] = []): OpResult {
    return this.results(name, operands, attrs, regions)[0];
  }

  /** A builder for a block of its own: a region. */
  nested(): Builder {
    const inner = new Builder(this.table);
    inner.loc = this.loc;
    return inner;
  }

  /** Appends copies of ops, with `args` in place of `source.args`; answers what stands for `source.returns`. */
  inline(source: InlineSource, args: readonly Value[]): readonly Value[] {
    if (args.length !== source.args.length) {
      const [expected, got] = [`${source.args.length}`, `${args.length}`];
      throw new CompilerBug("inline", "wrong number of arguments", { expected, got });
    }
    const mapping = new Map(source.args.map((arg, i) => [arg, args[i]]));
    const resolve = (value: Value): Value => mapping.get(value) ?? value;
    const outer = this.loc;
    for (const op of source.ops) {
      this.loc = op.loc;
      const results = this.results(op.name, op.operands.map(resolve), op.attrs, op.regions.map(copyBlock));
      op.results.forEach((result, i) => mapping.set(result, results[i]));
    }
    this.loc = outer;
    return source.returns.map(resolve);
  }

  private infer(
    def: OpSignature,
    operands: readonly Value[],
    attrs: Attrs,
    regions: readonly Block[],
  ): readonly TensorType[] {
    const types = operands.map((operand) => operand.type);
    const [min, max] = def.arity;
    try {
      if (types.length < min || types.length > max) {
        throw new ModelError("wrong number of operands", {
          expected: `${min} to ${max}`,
          got: `${types.length}`,
        });
      }
      return def.infer(types, attrs, regions);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      const where = this.loc === "" ? def.name : `${def.name} in "${this.loc}"`;
      throw new ModelError(`${error.message} (operands: ${types.map(printType).join(", ")})`, { where });
    }
  }

  // Sources.

  constant(array: NDArray): OpResult {
    return this.op("constant", [], { value: array });
  }

  /** A constant of one value in every element. */
  full(type: TensorType, value: number): Value {
    const scalar = zeros(type.dtype, []);
    setElement(scalar, 0, value);
    return this.broadcastTo(this.constant(scalar), type.shape);
  }

  /** A dimension as a scalar of `dtype`. */
  dim(dim: Dim, dtype: DType): Value {
    if (typeof dim === "number") return this.full({ dtype, shape: [] }, dim);
    return this.op("dim", [], { dim: printDim(dim), dtype });
  }

  // Movement.

  reshape(x: Value, shape: Shape): Value {
    return equalShapes(x.type.shape, shape) ? x : this.op("reshape", [x], { shape: dimsAttr(shape) });
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    return permutation.every((axis, position) => axis === position)
      ? x
      : this.op("transpose", [x], { permutation });
  }

  /** Elements from `starts` up to `limits` along each axis, every `strides`-th (default 1). */
  slice(
    x: Value,
    starts: readonly number[],
    limits: Shape,
    strides: readonly number[] = starts.map(() => 1),
  ): Value {
    return this.op("slice", [x], { starts, limits: dimsAttr(limits), strides });
  }

  /** Puts axis i of `x` at axis `axes[i]` of the result; the other axes repeat. */
  broadcast(x: Value, shape: Shape, axes: readonly number[]): Value {
    const same = equalShapes(x.type.shape, shape) && axes.every((axis, i) => axis === i);
    return same ? x : this.op("broadcast", [x], { shape: dimsAttr(shape), axes });
  }

  /** numpy's broadcasting: aligns trailing axes, repeats those of size 1. */
  broadcastTo(x: Value, shape: Shape): Value {
    if (equalShapes(x.type.shape, shape)) return x;
    const offset = shape.length - x.type.shape.length;
    const kept = x.type.shape.flatMap((dim, axis) => (dim === 1 && shape[axis + offset] !== 1 ? [] : [axis]));
    const squeezed = this.reshape(
      x,
      kept.map((axis) => x.type.shape[axis]),
    );
    return this.broadcast(
      squeezed,
      shape,
      kept.map((axis) => axis + offset),
    );
  }

  /** Cuts `axis` into panels of `width` neighbours, counted by axis `at` of the result; see `ops/pack.ts`. */
  pack(x: Value, axis: number, at: number, width: number): Value {
    return this.op("pack", [x], { axis, at, width });
  }

  /** What was packed, in the shape it had. */
  unpack(x: Value, axis: number, at: number, shape: Shape): Value {
    return this.op("unpack", [x], { axis, at, shape: dimsAttr(shape) });
  }

  /** The same elements in memory of their own. */
  copy(x: Value): Value {
    return this.op("copy", [x]);
  }

  // Elementwise.

  unary(name: ScalarName, x: Value): Value {
    return this.op(name, [x]);
  }

  binary(name: ScalarName, a: Operand, b: Operand): Value {
    const [x, y] = this.pair(a, b);
    const shape = broadcastShapes(x.type.shape, y.type.shape);
    return this.op(name, [this.broadcastTo(x, shape), this.broadcastTo(y, shape)]);
  }

  private pair(a: Operand, b: Operand): [Value, Value] {
    if (typeof a === "number" && typeof b === "number") return [this.number(a, "f32"), this.number(b, "f32")];
    const dtype = typeof a === "number" ? (b as Value).type.dtype : a.type.dtype;
    return [
      typeof a === "number" ? this.number(a, dtype) : a,
      typeof b === "number" ? this.number(b, dtype) : b,
    ];
  }

  private number(value: number, dtype: DType): Value {
    return this.full({ dtype, shape: [] }, value);
  }

  add = (a: Operand, b: Operand): Value => this.binary("add", a, b);
  sub = (a: Operand, b: Operand): Value => this.binary("sub", a, b);
  mul = (a: Operand, b: Operand): Value => this.binary("mul", a, b);
  div = (a: Operand, b: Operand): Value => this.binary("div", a, b);
  max = (a: Operand, b: Operand): Value => this.binary("max", a, b);
  min = (a: Operand, b: Operand): Value => this.binary("min", a, b);
  pow = (a: Operand, b: Operand): Value => this.binary("pow", a, b);
  neg = (x: Value): Value => this.unary("neg", x);
  exp = (x: Value): Value => this.unary("exp", x);
  log = (x: Value): Value => this.unary("log", x);
  sqrt = (x: Value): Value => this.unary("sqrt", x);

  /** `condition ? a : b`, all three broadcast to one shape. */
  select(condition: Value, a: Operand, b: Operand): Value {
    const [x, y] = this.pair(a, b);
    const shape = [x, y].reduce((s, v) => broadcastShapes(s, v.type.shape), condition.type.shape);
    return this.op(
      "select",
      [condition, x, y].map((v) => this.broadcastTo(v, shape)),
    );
  }

  cast(x: Value, dtype: DType): Value {
    return x.type.dtype === dtype ? x : this.op("cast", [x], { dtype });
  }

  // Reductions and contractions.

  /** Sums over `axes`, which disappear. */
  sum(x: Value, axes: readonly number[]): Value {
    if (axes.length === 0) return x;
    return this.op("reduce_sum", [x], { spec: axesSpec(x.type.shape.length, axes) });
  }

  /** Sums `x` down to `shape`, undoing a numpy broadcast. */
  sumTo(x: Value, shape: Shape): Value {
    const offset = x.type.shape.length - shape.length;
    const axes = x.type.shape.flatMap((dim, axis) =>
      axis < offset || (shape[axis - offset] === 1 && dim !== 1) ? [axis] : [],
    );
    return this.reshape(this.sum(x, axes), shape);
  }

  /** A sum of products; see `ops/contract.ts` for the notation. */
  contract(a: Value, b: Value, spec: string, sizes: readonly string[] = []): Value {
    return this.op("contract", [a, b], sizes.length === 0 ? { spec } : { spec, sizes });
  }

  block(args: readonly BlockArg[], returns: readonly Value[]): Block {
    return { args, ops: this.ops, returns };
  }
}

/** The spec of a plain reduction over `axes`: "a b c -> a c". */
export function axesSpec(rank: number, axes: readonly number[]): string {
  const names = Array.from({ length: rank }, (_, axis) => `a${axis}`);
  return `${names.join(" ")} -> ${names.filter((_, axis) => !axes.includes(axis)).join(" ")}`.trim();
}
