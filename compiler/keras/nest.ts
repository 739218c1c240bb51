/**
 * Nested structures: what layers and models take and return is a value, a list of structures or a dictionary of them. Dictionaries are
 * visited in the order of their sorted keys, as Keras does.
 */
import { isArrayLike, isNDArray } from "../arrays.ts";
import { isPlainObject } from "./options.ts";

export type Nest<T> = T | readonly Nest<T>[] | { readonly [key: string]: Nest<T> };

/** True for a list or dictionary of values, false for a value (arrays of numbers are values). */
export function isNested(value: unknown): value is readonly unknown[] | { readonly [key: string]: unknown } {
  if (Array.isArray(value)) return !isArrayLike(value);
  return isPlainObject(value) && !isNDArray(value);
}

/** All values, in order. */
export function flatten<T>(nest: Nest<T>): T[] {
  if (!isNested(nest)) return [nest as T];
  if (Array.isArray(nest)) return nest.flatMap((item: Nest<T>) => flatten(item));
  const entries = nest as { readonly [key: string]: Nest<T> };
  return Object.keys(entries)
    .sort()
    .flatMap((key) => flatten(entries[key]));
}

/** The same structure with each value replaced; values are visited in the order of `flatten`. */
export function mapNest<T, R>(nest: Nest<T>, f: (value: T) => R): Nest<R> {
  if (!isNested(nest)) return f(nest as T);
  if (Array.isArray(nest)) return nest.map((item: Nest<T>) => mapNest(item, f));
  const entries = nest as { readonly [key: string]: Nest<T> };
  const mapped = new Map(
    Object.keys(entries)
      .sort()
      .map((key) => [key, mapNest(entries[key], f)]),
  );
  return Object.fromEntries(
    Object.keys(entries).flatMap((key) => {
      const value = mapped.get(key);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** The structure of `like` around `values`, given in the order of `flatten`. */
export function packNest<T>(like: Nest<unknown>, values: readonly T[]): Nest<T> {
  let next = 0;
  return mapNest(like, () => values[next++]);
}

/** The value of a list of one; else the list. */
export const singleOrAll = <T>(values: readonly T[]): T | readonly T[] =>
  values.length === 1 ? values[0] : values;
