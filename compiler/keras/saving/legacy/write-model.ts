/**
 * Whole models into `.h5` files that Keras 2 and 3 load: the layout that many tools still ask for.
 */
import { type LegacyModel, type NamedArray, writeLegacy } from "../../../formats/legacy-h5.ts";
import { isPlainObject, type Json, type JsonObject } from "../../options.ts";
import type { Variable } from "../../variable.ts";
import type { SavedModel } from "../paths.ts";
import { legacyWeights } from "./convert-weights.ts";

/** The bytes of the file. `config` is the model as Keras 3 writes it. */
export async function legacyBytes(
  model: SavedModel,
  config: JsonObject,
  kerasVersion: string,
  includeOptimizer: boolean,
): Promise<Uint8Array> {
  const layers = await Promise.all(
    model.layers.map(async (layer) => ({ name: layer.name, weights: await named(legacyWeights(layer)) })),
  );
  const { optimizer } = model;
  const compiled = includeOptimizer && optimizer !== undefined;
  const saved: LegacyModel = {
    kerasVersion,
    backend: "jax",
    config: withoutModules(config, true),
    training: compiled ? trainingConfig(model.getCompileConfig()) : undefined,
    layers,
    topLevel: await named(model.ownWeights),
    optimizer: compiled ? await named(optimizer.variables) : undefined,
  };
  return writeLegacy(saved);
}

const named = (variables: readonly Variable[]): Promise<NamedArray[]> =>
  Promise.all(variables.map(async (variable) => ({ name: variable.path, array: await variable.array() })));

/** Models and their layers carry class and configuration only; what lies deeper stays as Keras 3 writes it. */
function withoutModules(given: Json, isLayer: boolean): JsonObject {
  const {
    class_name: name,
    config,
    registered_name: registered,
    name: own,
    inbound_nodes: nodes,
  } = given as JsonObject;
  const inner: JsonObject = isPlainObject(config) ? (config as JsonObject) : {};
  const layers =
    Array.isArray(inner.layers) && isLayer
      ? inner.layers.map((layer: Json) => withoutModules(layer, true))
      : undefined;
  const custom = typeof registered === "string" && registered.includes(">");
  return {
    class_name: custom ? registered : (name ?? null),
    config: layers === undefined ? inner : { ...inner, layers },
    ...(own === undefined ? {} : { name: own }),
    ...(nodes === undefined ? {} : { inbound_nodes: nodes }),
  };
}

/** As Keras 3 writes it into these files: the optimizer by itself, the rest as `compile` got it. */
function trainingConfig({ optimizer, ...rest }: JsonObject): JsonObject {
  const { class_name: name = null, config = null }: JsonObject = isPlainObject(optimizer)
    ? (optimizer as JsonObject)
    : {};
  return { ...rest, optimizer_config: { class_name: name, config } };
}
