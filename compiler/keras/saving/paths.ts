/**
 * Where the variables of a model lie in Keras's weight files. Layers of a sequential or functional model are called by their class and numbered
 * (`layers/conv2d_1`), layers in fields of another by the field (`layers/bidirectional/forward_layer`), those in lists by field and class.
 * Fields are visited in alphabetical order; what was visited before is not written twice.
 */
import { classNameOf } from "../config.ts";
import { Layer } from "../layers/layer.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { isPlainObject, type JsonObject, snakeClassName, toSnake } from "../options.ts";
import type { Variable } from "../variable.ts";

/** Something with variables of its own, at its place in the file. */
export interface SavedPlace {
  /** "layers/dense"; "" for the model itself. */
  readonly path: string;
  readonly name: string;
  readonly variables: readonly Variable[];
}

/** What saving needs of a model. */
export interface SavedModel extends Layer<unknown> {
  readonly optimizer: Optimizer | undefined;
  readonly layers: readonly Layer<unknown>[];
  getCompileConfig(): JsonObject;
}

/** All places of a model, and of its optimizer once that has slots. */
export function savedPlaces(model: SavedModel): readonly SavedPlace[] {
  const places: SavedPlace[] = [];
  const seen = new Set<Layer<unknown>>();
  visit(model, "", seen, places);
  const { optimizer } = model;
  if (optimizer?.built)
    places.push({ path: "optimizer", name: optimizer.name, variables: optimizer.variables });
  return places;
}

const join = (...parts: readonly string[]): string => parts.filter((part) => part !== "").join("/");

function visit(layer: Layer<unknown>, path: string, seen: Set<Layer<unknown>>, places: SavedPlace[]): void {
  if (seen.has(layer)) return;
  seen.add(layer);
  places.push({ path, name: layer.name, variables: layer.ownWeights });
  const listed = layer.listedLayers;
  if (listed !== undefined) visitContainer(listed, join(path, "layers"), seen, places);
  const fields = Object.entries(layer).map(([key, value]) => [toSnake(key), value] as const);
  for (const [name, value] of fields.sort(([a], [b]) => (sortKey(a) < sortKey(b) ? -1 : 1))) {
    if (value instanceof Layer) visit(value, join(path, name), seen, places);
    else if (isContainer(value)) visitContainer(Object.values(value), join(path, name), seen, places);
  }
}

/** Names that begin with an underscore come last. */
const sortKey = (name: string): string => (name.startsWith("_") ? `~${name}` : name);

const isContainer = (value: unknown): value is object => Array.isArray(value) || isPlainObject(value);

function visitContainer(
  items: readonly unknown[],
  path: string,
  seen: Set<Layer<unknown>>,
  places: SavedPlace[],
): void {
  const used = new Map<string, number>();
  const unique = (name: string): string => {
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  };
  for (const item of items) {
    if (item instanceof Layer)
      visit(item, join(path, unique(snakeClassName(classNameOf(item)))), seen, places);
    else if (isContainer(item))
      visitContainer(Object.values(item), join(path, unique("container")), seen, places);
  }
}
