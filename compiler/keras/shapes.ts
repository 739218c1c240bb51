/**
 * Shapes as Keras writes them: numbers, and null for the batch (and whatever else is unknown). Inside, the batch is the symbol `n`.
 */
import { type Dim, type Shape, symbol } from "../../ir/dim.ts";
import { ModelError } from "../../ir/errors.ts";
import type { Nest } from "./nest.ts";

/** One dimension; null where it is not known. */
export type KerasDim = number | null;
export type KerasShape = readonly KerasDim[];
/** Shapes of the inputs of a layer: one, or a structure of them. */
export type ShapeNest = KerasShape | readonly ShapeNest[] | { readonly [key: string]: ShapeNest };

/** The batch: the symbol that the compiler chunks over. */
export const batch: Dim = symbol("n");

export const toKerasShape = (shape: Shape): KerasShape =>
  shape.map((dim) => (typeof dim === "number" ? dim : null));

/** A shape with its leading null as the batch symbol; throws ModelError for unknown sizes elsewhere. */
export function fromKerasShape(shape: KerasShape, where?: string): Shape {
  return shape.map((dim, axis) => {
    if (dim !== null) return dim;
    if (axis === 0) return batch;
    throw new ModelError("only the batch size may be unknown", {
      where,
      expected: "a number on every axis but the first",
      got: printKerasShape(shape),
      hint: "Give the size in Input(shape), or as an override when loading the model",
    });
  });
}

/** `(None, 28, 28, 1)`, and `(5,)` for one axis: Python's spelling, which `summary` shows. */
export function printKerasShape(shape: KerasShape): string {
  const dims = shape.map((dim) => (dim === null ? "None" : String(dim)));
  return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(", ")})`;
}

export function isKerasShape(value: unknown): value is KerasShape {
  return Array.isArray(value) && value.every((dim) => dim === null || typeof dim === "number");
}

/** The known size of an axis; throws ModelError where it is not known. */
export function knownDim(dim: KerasDim | undefined, where: string, axis: number): number {
  if (typeof dim === "number") return dim;
  throw new ModelError("the size of an axis must be known", {
    where,
    expected: `a number on axis ${axis}`,
    got: dim === null ? "None" : "no such axis",
  });
}

/** Maps a function over the shapes of a structure. */
export function mapShapes<R>(shapes: ShapeNest, f: (shape: KerasShape) => R): Nest<R> {
  if (isKerasShape(shapes)) return f(shapes);
  if (Array.isArray(shapes)) return shapes.map((shape: ShapeNest) => mapShapes(shape, f));
  const entries = shapes as { readonly [key: string]: ShapeNest };
  return Object.fromEntries(Object.entries(entries).map(([key, shape]) => [key, mapShapes(shape, f)]));
}
