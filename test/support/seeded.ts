// Random numbers that a seed decides, and arrays filled with them, for tests that have to fail the same way twice.

import { type DType, dtypes, isFloat } from "../../ir/dtype.ts";
import { setElement } from "../../ir/elements.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
}

/** mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const shuffle = <T>(items: readonly T[]): T[] => {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = integer(0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    return shuffled;
  };
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (items) => items[integer(0, items.length - 1)],
    shuffle,
  };
}

/** Elements in `range`: reals for floats, whole numbers for integers. f32 lies in a Float64Array when `wide`. */
export function randomArray(
  random: Random,
  dtype: DType,
  shape: readonly number[],
  [low, high]: readonly [number, number] = [-2, 2],
  wide = false,
): NDArray {
  const data = dtypes[wide && dtype === "f32" ? "f64" : dtype].allocate(sizeOf(shape));
  const array = { dtype, shape, data };
  for (let i = 0; i < data.length; i++) {
    if (dtype === "bool") setElement(array, i, random.integer(0, 1));
    else
      setElement(
        array,
        i,
        isFloat(dtype)
          ? low + (high - low) * random.next()
          : random.integer(Math.ceil(low), Math.floor(high)),
      );
  }
  return array;
}
