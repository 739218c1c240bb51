/**
 * The shapes that a layer was built with, as files hold them: one shape, or those of several arguments by name.
 */
import type { JsonObject } from "../options.ts";
import { mapShapes, type ShapeNest } from "../shapes.ts";

const jsonShapes = (shapes: ShapeNest): JsonObject[string] =>
  mapShapes<JsonObject[string]>(shapes, (shape) => shape) as JsonObject[string];

const isShapes = (value: unknown): value is ShapeNest => typeof value === "object" && value !== null;

export function writeBuildConfig(shapes: readonly ShapeNest[], names: readonly string[]): JsonObject {
  const written = shapes.map(jsonShapes);
  if (written.length === 1) return { input_shape: written[0] };
  const entries = names.flatMap((name, i) =>
    written[i] === undefined ? [] : [[`${name}_shape`, written[i]]],
  );
  return { shapes_dict: Object.fromEntries(entries) };
}

/** The shapes of the arguments, in order. */
export function readBuildConfig(config: JsonObject, names: readonly string[]): readonly ShapeNest[] {
  const { input_shape: single, shapes_dict: dictionary } = config;
  const several = (dictionary ?? {}) as JsonObject;
  const named = names.map((name) => several[`${name}_shape`]);
  return [single ?? named[0], ...named.slice(1)].filter(isShapes);
}
