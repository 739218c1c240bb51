/**
 * What rules and passes ask about single ops and values, and what takes op names to answer. Passes ask here, so that they stay blind to names.
 */
import { type Builder, dimsAttr } from "../../ir/builder.ts";
import type { Dim, Shape } from "../../ir/dim.ts";
import { isInteger } from "../../ir/dtype.ts";
import { getElement } from "../../ir/elements.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Attr, Op, Value } from "../../ir/graph.ts";
import type { Expr } from "../../ir/kernel.ts";
import { constant, makeVar, read as readVar } from "../../ir/kernel.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";
import type { OpTable } from "../../ir/op.ts";
import { dimsOf } from "../../ir/ops/movement.ts";
import { freeVars } from "../../ir/walk-kernel.ts";

/** The op that makes a value, if it has one of these names. */
export const madeBy = (value: Value, ...names: readonly string[]): Op | undefined =>
  value.kind === "result" && names.includes(value.op.name) ? value.op : undefined;

const isArray = (attr: Attr | undefined): attr is NDArray => typeof attr === "object" && "data" in attr;

/** The array of a constant. */
export function constantOf(value: Value): NDArray | undefined {
  const array = madeBy(value, "constant")?.attrs.value;
  return isArray(array) ? array : undefined;
}

/** The array of a constant op of more than one element: kernels hold only single numbers. */
export function constantArray(op: Op): NDArray | undefined {
  const array = constantOf(op.results[0]);
  return array !== undefined && sizeOf(array.shape) > 1 ? array : undefined;
}

/**
 * The number that a constant holds in every element: a constant of one element, or one broadcast. 64-bit integers that a number does not
 * hold exactly are left alone.
 */
export function splatValue(value: Value): number | undefined {
  const array = constantOf(madeBy(value, "broadcast")?.operands[0] ?? value);
  if (array === undefined || sizeOf(array.shape) !== 1) return undefined;
  const number = getElement(array, 0);
  return isInteger(array.dtype) && !Number.isSafeInteger(number) ? undefined : number;
}

/** A splat constant in another shape. */
export function splatAs(b: Builder, value: Value, shape: Shape): Value {
  const array = constantOf(madeBy(value, "broadcast")?.operands[0] ?? value);
  if (array === undefined) throw new CompilerBug("rules", "not a constant");
  return broadcastAxes(b, b.constant({ ...array, shape: [] }), shape, []);
}

/** A constant, or one of a single number broadcast. */
export const isConstant = (value: Value): boolean =>
  constantOf(value) !== undefined || splatValue(value) !== undefined;

/** Whether the op's result holds a size that only a call settles: it is no constant although it has no operands. */
export const isSizeOp = (op: Op): boolean => op.name === "dim";

/** Whether the op puts a finite constant around its operand, and nothing between: what a buffer with a border can hold. */
export const isHalo = (op: Op): boolean =>
  op.name === "pad" && Number.isFinite(op.attrs.value) && numbers(op, "interior").every((n) => n === 0);

/** Whether a value is read out of panels: what `pack-operands` leaves. */
export const isPacked = (value: Value): boolean => madeBy(value, "unpack") !== undefined;

/** An attribute that is a list of numbers. */
export function numbers(op: Op, name: string): readonly number[] {
  const attr = op.attrs[name];
  if (!Array.isArray(attr)) throw new CompilerBug("rules", `${op.name} has no list "${name}"`);
  return attr.map(Number);
}

/** An attribute that is a list of dimensions. */
export function dims(op: Op, name: string): readonly Dim[] {
  const attr = op.attrs[name];
  if (!Array.isArray(attr)) throw new CompilerBug("rules", `${op.name} has no list "${name}"`);
  return dimsOf(attr.map((dim) => (typeof dim === "number" ? dim : String(dim))));
}

/** An attribute that is a number. */
export function number(op: Op, name: string): number {
  const attr = op.attrs[name];
  if (typeof attr !== "number") throw new CompilerBug("rules", `${op.name} has no number "${name}"`);
  return attr;
}

/** Item `permutation[i]` at place i. */
export const permuted = <T>(items: readonly T[], permutation: readonly number[]): T[] =>
  permutation.map((axis) => items[axis]);

/** The permutation that undoes one. */
export const inverse = (permutation: readonly number[]): number[] =>
  range(permutation.length).map((axis) => permutation.indexOf(axis));

/** `Builder.broadcast`, but for a broadcast that changes nothing. */
export function broadcastAxes(b: Builder, x: Value, shape: Shape, axes: readonly number[]): Value {
  const nothing = axes.length === shape.length && axes.every((axis, i) => axis === i);
  return nothing ? x : b.op("broadcast", [x], { shape: dimsAttr(shape), axes });
}

export const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** The product of the dimensions that are numbers: comparable between shapes with the same symbols. */
export const staticSize = (shape: Shape): number =>
  shape.reduce<number>((size, dim) => (typeof dim === "number" ? size * dim : size), 1);

/**
 * Whether element i of the single result depends on element i of each operand and on nothing else: what commutes with every movement of
 * elements. Read off the lowering, so that a new op has it the day it is declared. Lists among its attributes would speak of axes.
 */
export function isPointwise(op: Op, ops: OpTable): boolean {
  const lower = ops.get(op.name)?.lower;
  if (lower?.kind !== "map" || op.operands.length === 0 || op.results.length !== 1) return false;
  if (Object.values(op.attrs).some(Array.isArray)) return false;
  const index = op.results[0].type.shape.map((_, axis) => readVar(makeVar(`i${axis}`)));
  let identity = true;
  const read = (operand: number, at: readonly Expr[]): Expr => {
    identity &&= at.length === index.length && at.every((expr, axis) => expr === index[axis]);
    return constant(0, op.operands[operand].type.dtype);
  };
  const size = (): Expr => readVar(makeVar("size"));
  const context = {
    attrs: op.attrs,
    operands: op.operands.map((operand) => operand.type),
    results: op.results.map((result) => result.type),
    extent: size,
    total: size,
  };
  const value = lower.at(context, index, read);
  return identity && freeVars(value).size === 0;
}

/** The two terms of a sum. */
export function addends(value: Value): readonly [Value, Value] | undefined {
  const op = madeBy(value, "add");
  return op && [op.operands[0], op.operands[1]];
}
