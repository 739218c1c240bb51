// The pool of values that a random function is made from, and how productions choose from it.

import { type Builder, dimsAttr } from "../../ir/builder.ts";
import { type Shape, symbol } from "../../ir/dim.ts";
import type { Value } from "../../ir/graph.ts";
import { type TensorType, tensorType } from "../../ir/type.ts";
import type { Random } from "./seeded.ts";

/** A function in the making. */
export interface State {
  readonly random: Random;
  readonly b: Builder;
  readonly pool: Value[];
  readonly limit: number;
  /** A constant: of one number, or of a whole array. */
  constant(type: TensorType): Value;
}

/** Adds to the builder, or gives up. */
export type Production = (state: State) => Value | undefined;

/** The symbol that axes may be. */
export const n = symbol("n");
/** Elements, with 3 for a symbol. */
export const count = (shape: Shape): number =>
  shape.reduce<number>((size, dim) => size * (typeof dim === "number" ? dim : 3), 1);
export const axesOf = (value: Value): number[] => value.type.shape.map((_, axis) => axis);

/** A value from the pool, later ones more likely; of this dtype, and fit for `where`. */
export function choose(
  { random, pool }: State,
  where: (value: Value) => boolean = () => true,
): Value | undefined {
  const fit = pool.filter(where);
  const from = fit.length > 4 && random.chance(0.7) ? fit.slice(-4) : fit;
  return from.length === 0 ? undefined : random.pick(from);
}

const isF32 = (value: Value): boolean => value.type.dtype === "f32";
export const chooseFloat = (state: State, where: (value: Value) => boolean = () => true): Value | undefined =>
  choose(state, (value) => isF32(value) && where(value));

/** Something with the type of `x`: from the pool, a constant, or a smaller value broadcast. */
export function partner(state: State, x: Value): Value {
  const { random, b } = state;
  const same = (value: Value): boolean =>
    value.type.dtype === x.type.dtype && dimsAttr(value.type.shape).join() === dimsAttr(x.type.shape).join();
  const kind = random.integer(0, 3);
  const found = kind === 0 ? choose(state, same) : undefined;
  if (found !== undefined) return found;
  if (kind === 1 || x.type.shape.length === 0) return b.full(x.type, random.pick([0, 1, -1, 2, 0.5, 3]));
  const axes = axesOf(x).filter((axis) => random.chance(0.4) && typeof x.type.shape[axis] === "number");
  return b.op(
    "broadcast",
    [
      state.constant(
        tensorType(
          x.type.dtype,
          axes.map((axis) => x.type.shape[axis]),
        ),
      ),
    ],
    {
      shape: dimsAttr(x.type.shape),
      axes,
    },
  );
}
