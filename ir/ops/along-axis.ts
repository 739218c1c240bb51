/**
 * What ops that work along one axis of an array share: the other axes as parallel loops, rows in the reference evaluation.
 */
import type { Dim, Shape } from "../dim.ts";
import { flatIndex, forEachIndex } from "../elements.ts";
import { ModelError } from "../errors.ts";
import type { Expr, Stmt } from "../kernel.ts";
import { inParallel } from "../loops.ts";
import { stridesOf } from "../ndarray.ts";
import type { LowerContext } from "../op.ts";

export const without = <T>(list: readonly T[], axis: number): T[] => list.filter((_, i) => i !== axis);
export const withAxis = <T>(list: readonly T[], axis: number, item: T): T[] => [
  ...list.slice(0, axis),
  item,
  ...list.slice(axis),
];
/** The shape with another size along `axis`. */
export const resized = (shape: Shape, axis: number, size: Dim): Dim[] =>
  shape.map((dim, i) => (i === axis ? size : dim));

export function requireAxis(axis: number, rank: number): void {
  if (!(Number.isInteger(axis) && axis >= 0 && axis < rank))
    throw new ModelError("axis out of range", { expected: `0 to ${rank - 1}`, got: `${axis}` });
}

/** The size of an axis that loops cannot leave open. */
export function constantSize(shape: Shape, axis: number, what: string): number {
  const size = shape[axis];
  if (typeof size === "number") return size;
  throw new ModelError(`${what} needs an axis of constant size`, {
    hint: "Give the size in Input(shape), or choose another axis",
  });
}

/** A nest over all axes of `shape` but one; `at(i)` is the full index of element i of the row. */
export function overRows(
  ctx: LowerContext,
  shape: Shape,
  axis: number,
  body: (at: (i: Expr) => readonly Expr[], row: readonly Expr[]) => readonly Stmt[],
): Stmt {
  const extents = without(shape, axis).map((dim) => ctx.extent(dim));
  return inParallel(extents, (row) => body((i) => withAxis(row, axis, i), row));
}

/** Calls `visit` for each row along `axis`: the flat position of its first element, and the distance to the next. */
export function forEachRow(
  shape: readonly number[],
  axis: number,
  visit: (first: number, stride: number, index: readonly number[]) => void,
): void {
  const strides = stridesOf(shape);
  forEachIndex(without(shape, axis), (row) => {
    const index = withAxis(row, axis, 0);
    visit(flatIndex(index, strides), strides[axis], index);
  });
}
