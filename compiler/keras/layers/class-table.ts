/**
 * Layers by the name that model files use.
 */
import type { ClassTable } from "../config.ts";
import * as layers from "./index.ts";
import { Layer } from "./layer.ts";

type LayerClass = ClassTable<Layer<unknown>>[string] & { readonly className: string };

/** A class of Keras: one that can be made and that has a name of its own. */
const isLayerClass = (value: unknown): value is LayerClass =>
  typeof value === "function" && value.prototype instanceof Layer && Object.hasOwn(value, "className");

/** The layers of Keras by class name; aliases are not among them. */
export function layerClasses(): ClassTable<Layer<unknown>> {
  const found = Object.values<unknown>(layers).filter(isLayerClass);
  return Object.fromEntries(found.map((Class) => [Class.className, Class]));
}
