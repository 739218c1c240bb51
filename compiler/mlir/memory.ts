/**
 * Memory as memref dialects see it: a piece of its own, and views on it that only re-index (subview, collapse, expand, cast).
 */
import type { Dim } from "../../ir/dim.ts";
import { productOf } from "../../ir/dim.ts";
import type { DType } from "../../ir/dtype.ts";
import { add, type Expr, int, mul, scalar } from "../../ir/kernel.ts";

/** A piece of memory: an argument, an allocation, a constant. */
export interface Memory {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

/** What a memref value stands for. */
export interface View {
  readonly memory: Memory;
  readonly shape: readonly Dim[];
  /** Where an element of the view lies in the memory. */
  index(at: readonly Expr[]): readonly Expr[];
  /** Whether it is all of the memory, in its order. */
  readonly isWhole: boolean;
}

/** A dimension as an expression. */
export type SizeOf = (dim: Dim) => Expr;

export const whole = (memory: Memory): View => ({
  memory,
  shape: memory.shape,
  index: (at) => at,
  isWhole: true,
});

/** Elements offset, offset + stride ... of each axis; `kept` are the axes that remain. */
export function subview(
  view: View,
  shape: readonly Dim[],
  offsets: readonly Expr[],
  strides: readonly Expr[],
  kept: readonly number[],
): View {
  return {
    memory: view.memory,
    shape,
    isWhole: false,
    index: (at) =>
      view.index(
        offsets.map((offset, axis) => {
          const from = kept.indexOf(axis);
          return from < 0 ? offset : add(offset, mul(at[from], strides[axis]));
        }),
      ),
  };
}

/** The same elements in row-major order, by another shape. Only the first axis may have a symbolic size. */
export function relabel(view: View, shape: readonly Dim[], size: SizeOf): View {
  const flat = (at: readonly Expr[]): Expr =>
    at.reduce<Expr>((sum, i, axis) => (axis === 0 ? i : add(mul(sum, size(shape[axis])), i)), int(0));
  const split = (position: Expr): Expr[] =>
    view.shape.map((dim, axis) => {
      const inner = productOf(view.shape.slice(axis + 1));
      const quotient = inner === 1 ? position : scalar("floordiv", position, size(inner));
      return axis === 0 ? quotient : scalar("mod", quotient, size(dim));
    });
  return {
    memory: view.memory,
    shape,
    isWhole: view.isWhole,
    index: (at) => view.index(split(flat(at))),
  };
}
