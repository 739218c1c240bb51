// Whether two arrays hold the same numbers, up to a tolerance.

import { getElement } from "../../ir/elements.ts";
import type { NDArray } from "../../ir/ndarray.ts";

/** How far `got` may be from `expected`: |got - expected| <= absolute + relative * |expected|. */
export interface Closeness {
  readonly absolute: number;
  readonly relative: number;
}

export const exactly: Closeness = { absolute: 0, relative: 0 };

/** Says where two arrays differ first; undefined when they do not. NaN is equal to NaN, infinities to themselves. */
export function difference(
  got: NDArray,
  expected: NDArray,
  { absolute, relative }: Closeness,
): string | undefined {
  const type = ({ dtype, shape }: NDArray): string => `${dtype}[${shape}]`;
  if (type(got) !== type(expected) || got.data.length !== expected.data.length) {
    return `expected ${type(expected)}, got ${type(got)}`;
  }
  for (let i = 0; i < got.data.length; i++) {
    const [x, y] = [getElement(got, i), getElement(expected, i)];
    if (Object.is(x, y) || x === y) continue;
    if (Math.abs(x - y) <= absolute + relative * Math.abs(y) && Number.isFinite(y)) continue;
    return `element ${i} of ${type(expected)}: expected ${y}, got ${x}`;
  }
  return undefined;
}
