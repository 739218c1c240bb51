/**
 * `keras.tree`: functions over nested structures, lists and dictionaries with values at their ends. Dictionaries are walked in the order of their
 * sorted keys, as everywhere in Keras.
 */
import { ModelError } from "../../ir/errors.ts";
import { isNDArray } from "../arrays.ts";
import type { Nest } from "./nest.ts";
import { isPlainObject } from "./options.ts";
import { type KerasShape, mapShapes, type ShapeNest } from "./shapes.ts";

type Path = readonly (string | number)[];

/** Unlike data for layers, lists of numbers are structures here. */
const isNested = (value: unknown): value is object =>
  Array.isArray(value) || (isPlainObject(value) && !isNDArray(value));

const flatten = (structure: unknown): unknown[] => flattenWithPath(structure).map(([, value]) => value);

/** The structure of `like` around values in the order of `flatten`. */
function packNest<T>(like: unknown, values: readonly T[]): Nest<T> {
  let next = 0;
  const pack = (structure: unknown): Nest<T> => {
    if (Array.isArray(structure)) return structure.map(pack);
    if (!isNested(structure)) return values[next++];
    const packed = new Map(entriesOf(structure).map(([key, item]) => [key, pack(item)]));
    return Object.fromEntries(Object.keys(structure).map((key) => [key, packed.get(key) as Nest<T>]));
  };
  return pack(like);
}

const entriesOf = (nest: unknown): [string | number, unknown][] => {
  if (Array.isArray(nest)) return nest.map((item, i) => [i, item]);
  const dictionary = nest as { readonly [key: string]: unknown };
  return Object.keys(dictionary)
    .sort()
    .map((key) => [key, dictionary[key]]);
};

/** The values of a structure, each with the keys and numbers that lead to it: [[["a", 0], 1], …]. */
function flattenWithPath(structure: unknown): [Path, unknown][] {
  if (!isNested(structure)) return [[[], structure]];
  return entriesOf(structure).flatMap(([key, item]) =>
    flattenWithPath(item).map(([path, value]): [Path, unknown] => [[key, ...path], value]),
  );
}

const shapeOf = (structure: unknown): string =>
  JSON.stringify(flattenWithPath(structure).map(([path]) => path));

/** Throws ModelError unless both structures have the same paths. */
function assertSameStructure(a: unknown, b: unknown): void {
  if (shapeOf(a) === shapeOf(b)) return;
  throw new ModelError("`a` and `b` don't have the same structure", {
    expected: shapeOf(a),
    got: `Received: b=${shapeOf(b)}`,
  });
}

/** A structure like the first, of what `f` makes of the values at the same place in all. Throws ModelError where structures differ. */
function mapStructure<R>(
  f: (...values: unknown[]) => R,
  first: unknown,
  ...others: readonly unknown[]
): Nest<R> {
  for (const other of others) assertSameStructure(first, other);
  const flat = others.map((other) => flatten(other));
  const results = flatten(first).map((value, i) => f(value, ...flat.map((values) => values[i])));
  return packNest(first, results);
}

/** Like `mapStructure`, where the first structure says how deep to go: what lies deeper in the others is given to `f` whole. */
function mapStructureUpTo<R>(
  shallow: unknown,
  f: (...values: unknown[]) => R,
  ...structures: readonly unknown[]
): Nest<R> {
  const results = flattenWithPath(shallow).map(([path]) =>
    f(...structures.map((structure) => valueAt(structure, path))),
  );
  return packNest(shallow, results);
}

function valueAt(structure: unknown, path: Path): unknown {
  let value = structure;
  for (const key of path) {
    if (!isNested(value) || !Object.hasOwn(value, key))
      throw new ModelError("The two structures don't have the same nested structure", {
        got: `Received: nothing at ${path.join("/")}`,
      });
    value = Reflect.get(value, key);
  }
  return value;
}

/**
 * Calls `f` on every structure and value from the outside in. What it returns stands in for the structure, which is then not walked; undefined goes on
 * inside.
 */
function traverse(f: (structure: unknown) => unknown, structure: unknown): unknown {
  const replaced = f(structure);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(structure)) return structure.map((item) => traverse(f, item));
  if (!isNested(structure)) return structure;
  return Object.fromEntries(Object.entries(structure).map(([key, item]) => [key, traverse(f, item)]));
}

/** `keras.tree`. */
export const tree = {
  isNested: (structure: unknown): boolean => isNested(structure),
  flatten,
  flattenWithPath,
  mapStructure,
  mapStructureUpTo,
  packSequenceAs: (structure: unknown, values: readonly unknown[]): unknown => packNest(structure, values),
  assertSameStructure,
  assertSamePaths: assertSameStructure,
  traverse,
  mapShapeStructure: <R>(f: (shape: KerasShape) => R, structure: ShapeNest): Nest<R> =>
    mapShapes(structure, f),
};
