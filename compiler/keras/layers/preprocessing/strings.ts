/**
 * Strings as data. There are no string tensors: texts live in nested arrays on the host, and layers turn them into tensors of integers at once,
 * also while a function is traced.
 */
import { ModelError } from "../../../../ir/errors.ts";
import type { NDArray } from "../../../../ir/ndarray.ts";

/** A text, or a nested array of texts in which all arrays of a level are of one length. */
export type Strings = string | readonly Strings[];

export function isStrings(value: unknown): value is Strings {
  if (typeof value === "string") return true;
  return Array.isArray(value) && value.length > 0 && isStrings(value[0]);
}

/** All texts, in order. */
export const flatStrings = (texts: Strings): string[] =>
  typeof texts === "string" ? [texts] : texts.flatMap((text) => flatStrings(text));

export function shapeOfStrings(texts: Strings): number[] {
  if (typeof texts === "string") return [];
  const inner = texts.map((text) => shapeOfStrings(text));
  if (inner.some((shape) => String(shape) !== String(inner[0])))
    throw new ModelError("ragged nested array of strings", { expected: `arrays of shape [${inner[0]}]` });
  return [texts.length, ...(inner[0] ?? [])];
}

/** A number for each text, as an array of the same shape. */
export const numbersOf = (texts: Strings, number: (text: string) => number): NDArray => ({
  dtype: "i32",
  shape: shapeOfStrings(texts),
  data: Int32Array.from(flatStrings(texts), number),
});

/** Texts in the order and shape of an array. */
export function stringsLike({ shape, data }: NDArray, text: (value: number) => string): Strings {
  const texts = [...data].map((value) => text(Number(value)));
  const nest = (dims: readonly number[], start: number, size: number): Strings => {
    if (dims.length === 0) return texts[start];
    const step = size / dims[0];
    return Array.from({ length: dims[0] }, (_, i) => nest(dims.slice(1), start + i * step, step));
  };
  return nest(shape, 0, texts.length);
}
