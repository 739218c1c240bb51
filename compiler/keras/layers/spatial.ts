/**
 * Options over spatial axes: one number for all of them, or one for each.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Padding, PerAxis } from "../ops/conv.ts";
import { toSnake } from "../options.ts";
import { requireOneOf } from "./require.ts";

/** The number of spatial axes of a layer: the static `rank` of its class. */
export function rankOf(layer: object): number {
  const rank: unknown = Reflect.get(layer.constructor, "rank");
  if (typeof rank === "number") return rank;
  throw new ModelError("a layer over spatial axes needs a static rank", { got: layer.constructor.name });
}

/** One positive integer per axis. Throws ModelError for another count, and for anything else. */
export function spatial(
  value: PerAxis,
  rank: number,
  option: string,
  where: string,
  least = 1,
): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : value;
  const fits =
    Array.isArray(list) &&
    list.length === rank &&
    list.every((item) => Number.isInteger(item) && item >= least);
  if (fits) return [...list];
  const name = toSnake(option);
  throw new ModelError(
    `\`${name}\` must be ${rank === 1 ? "a" : `${rank}`} positive integer${rank === 1 ? "" : "s, or one for all axes"}. Received: ${name}=${JSON.stringify(value)}`,
    { where },
  );
}

/** A pair of numbers per axis: one number, one for each axis, or [before, after] for each. */
export function spatialPairs(
  value: PerAxis | readonly (readonly number[])[],
  rank: number,
  option: string,
  where: string,
): readonly (readonly [number, number])[] {
  const list: readonly unknown[] = typeof value === "number" ? new Array(rank).fill(value) : value;
  const isFlatPair = rank === 1 && list.length === 2 && list.every((item) => typeof item === "number");
  const pairs = (isFlatPair ? [list] : list).map((item) => (typeof item === "number" ? [item, item] : item));
  const isCount = (item: unknown): boolean => Number.isInteger(item) && Number(item) >= 0;
  if (
    pairs.length === rank &&
    pairs.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isCount))
  )
    return pairs as [number, number][];
  const name = toSnake(option);
  throw new ModelError(
    `\`${name}\` must be a number, ${rank} numbers or ${rank} pairs, none negative. Received: ${name}=${JSON.stringify(value)}`,
    { where },
  );
}

/** The padding of windows. */
export const spatialPadding = (value: unknown, where: string, allowsCausal = false): Padding => {
  const word = typeof value === "string" ? value.toLowerCase() : value;
  return requireOneOf<Padding>(
    word,
    allowsCausal ? ["valid", "same", "causal"] : ["valid", "same"],
    "padding",
    where,
  );
};
