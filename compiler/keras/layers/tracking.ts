/**
 * Finding what belongs to a layer: the layers, variables and seed generators among its fields, in the order of assignment, also inside
 * lists, dictionaries and maps.
 */
import { isPlainObject } from "../options.ts";

/** The values in `owner`'s fields for which `wanted` holds, each once. */
export function trackedIn<T>(owner: object, wanted: (value: unknown) => value is T): T[] {
  const found = new Set<T>();
  for (const value of Object.values(owner)) collect(value, wanted, found, 0);
  return [...found];
}

function collect<T>(
  value: unknown,
  wanted: (value: unknown) => value is T,
  found: Set<T>,
  depth: number,
): void {
  if (wanted(value)) found.add(value);
  // Data structures of the user nest a few levels; a deeper one is not a container of layers.
  else if (depth < 8) for (const item of contents(value)) collect(item, wanted, found, depth + 1);
}

function contents(value: unknown): Iterable<unknown> {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return value.values();
  return isPlainObject(value) ? Object.values(value) : [];
}
