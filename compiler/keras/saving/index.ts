/**
 * `keras.saving`: files, configurations, and the user's own classes in them.
 */
import { ModelError } from "../../../ir/errors.ts";
import { writeKeras } from "../../formats/keras-archive.ts";
import { get as getActivation } from "../activations.ts";
import { classNameOf, registeredName, registerKerasSerializable, serializeMaybe } from "../config.ts";
import { get as getInitializer } from "../initializers/index.ts";
import { get as getLoss } from "../losses/index.ts";
import { get as getMetric } from "../metrics/index.ts";
import type { Model } from "../models/model.ts";
import { get as getOptimizer } from "../optimizers/index.ts";
import { isPlainObject, type Json, type JsonObject, type Options } from "../options.ts";
import { get as getRegularizer } from "../regularizers.ts";
import { session } from "../session.ts";
import { type LoadOptions, loadModel, modelFromBytes, readObject } from "./load.ts";
import { modelArchive, type SaveOptions } from "./save.ts";
import type { LoadWeightsOptions } from "./weights.ts";

type CustomObjects = { readonly [name: string]: unknown };

/**
 * Runs `body` with these classes and functions known by name to configurations and files; a promise that it returns is waited for. Example:
 * `keras.saving.customObjectScope({ MyLayer }, () => keras.models.loadModel("model.keras"))`.
 */
export const customObjectScope = <T>(objects: CustomObjects, body: () => T): T =>
  session.withCustomObjects(objects, body);

/** All registered classes and functions by name ("package>Name"). Adding to the map registers. */
export const getCustomObjects = (): Map<string, unknown> => session.registered;

/** The name under which files know an object: as it was registered, else its own. */
export const getRegisteredName = (object: object): string =>
  registeredName(object) ??
  ("name" in object && typeof object.name === "string" ? object.name : classNameOf(object));

/** What a name means; null where nothing was registered under it. */
export const getRegisteredObject = (name: string, customObjects: CustomObjects = {}): unknown =>
  (Object.hasOwn(customObjects, name) ? customObjects[name] : session.customObject(name)) ?? null;

const readers: readonly (readonly [module: RegExp, read: (config: JsonObject) => unknown])[] = [
  [/^keras\.initializers/, getInitializer],
  [/^keras\.regularizers/, getRegularizer],
  [/^keras\.optimizers/, getOptimizer],
  [/^keras\.losses/, getLoss],
  [/^keras\.metrics/, getMetric],
];

/**
 * An object from its configuration, as `serializeKerasObject` writes it: layers, models, initializers, losses and the like, also in lists and by
 * name. Nothing in it is run. Throws ModelError for what is not known.
 */
export function deserializeKerasObject(config: Json, options: LoadOptions = {}): unknown {
  return session.withCustomObjects(options.customObjects ?? {}, () => deserialize(config, options));
}

function deserialize(config: Json, options: LoadOptions): unknown {
  if (Array.isArray(config)) return config.map((item: Json) => deserialize(item, options));
  if (!isPlainObject(config)) return config;
  const object = config as JsonObject;
  const { class_name: name, module = null, config: inner } = object;
  if (typeof name !== "string")
    return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, deserialize(item, options)]));
  if (name === "function") return typeof inner === "string" ? getActivation(inner) : unknown(object);
  if (name === "__lambda__") return unknown(object);
  const reader = readers.find(([pattern]) => pattern.test(String(module)));
  return reader === undefined ? readObject(object, options) : reader[1](object);
}

function unknown(config: JsonObject): never {
  throw new ModelError("a configuration that holds code is never run", {
    got: `Received: config=${JSON.stringify(config).slice(0, 100)}`,
    hint: "Register the function with keras.saving.registerKerasSerializable",
  });
}

/** `keras.saving`. */
export const saving = {
  registerKerasSerializable,
  customObjectScope,
  /** The same: Python makes an object of the class instead. */
  CustomObjectScope: customObjectScope,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  serializeKerasObject: serializeMaybe,
  deserializeKerasObject,
  loadModel,
  saveModel: (model: Model<unknown>, path: string, options: Options<SaveOptions> = {}): Promise<void> =>
    model.save(path, options),
  loadWeights: (model: Model<unknown>, path: string, options: LoadWeightsOptions = {}): Promise<void> =>
    model.loadWeights(path, options),
  saveWeights: (model: Model<unknown>, path: string): Promise<void> => model.saveWeights(path),
  /** A model from the bytes of a `.keras` or `.h5` file, where there are no files. */
  fromBytes: modelFromBytes,
  /** The bytes of a `.keras` file. */
  toBytes: async (model: Model<unknown>): Promise<Uint8Array> => writeKeras(await modelArchive(model)),
};
