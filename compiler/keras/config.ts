/**
 * Configurations: how layers, losses, optimizers and the like turn into JSON and back. An object is written as Keras writes it,
 *
 *     { "module": "keras.layers", "class_name": "Dense", "config": { ... }, "registered_name": null }
 *
 * with `module` and `class_name` from statics of its class. Classes of the user are written under the name they were registered with.
 */
import { ModelError } from "../../ir/errors.ts";
import { isPlainObject, type Json, type JsonObject, snakeClassName } from "./options.ts";
import { session } from "./session.ts";

/** Something with a configuration. */
export interface Configurable {
  getConfig(): JsonObject;
  getBuildConfig?(): JsonObject | undefined;
  getCompileConfig?(): JsonObject | undefined;
}

/** A class whose instances have a configuration. */
export interface ConfigurableClass {
  readonly name: string;
  /** Keras's name of the class; inherited names do not count. */
  readonly className?: string;
  /** Keras's module, "keras.layers"; absent for classes of the user. */
  readonly module?: string;
}

/** Keras's name of an object's class. */
export function classNameOf(object: object): string {
  const cls: unknown = object.constructor;
  if (typeof cls !== "function") return "object";
  return ownStatic(cls, "className") ?? cls.name;
}

function ownStatic(cls: object, key: "className"): string | undefined {
  const value: unknown = Object.hasOwn(cls, key) ? Reflect.get(cls, key) : undefined;
  return typeof value === "string" ? value : undefined;
}

/** Keras's module of a class of Keras: one that names itself. Classes of the user inherit a module, but no name. */
function moduleOf(cls: object): string | undefined {
  const module: unknown = ownStatic(cls, "className") === undefined ? undefined : Reflect.get(cls, "module");
  return typeof module === "string" ? module : undefined;
}

/** The name that a class or function of the user was registered with. */
export function registeredName(value: unknown): string | undefined {
  for (const [name, registered] of session.registered) if (registered === value) return name;
  return undefined;
}

/**
 * Makes a class or function known to saved models, under "package>Name". Example:
 * `keras.saving.registerKerasSerializable(MyLayer, { package: "mine" })`.
 */
export function registerKerasSerializable<T extends { readonly name: string }>(
  value: T,
  options: { package?: string; name?: string } = {},
): T {
  const name = options.name ?? ownStatic(value, "className") ?? value.name;
  session.registered.set(`${options.package ?? "Custom"}>${name}`, value);
  return value;
}

/** An object as Keras writes it. Throws ModelError for a class of the user that was not registered. */
export function serializeObject(object: Configurable & object): JsonObject {
  const class_name = classNameOf(object);
  return {
    ...serializeName(object.constructor, class_name),
    config: object.getConfig(),
    ...serializeState(object),
  };
}

function serializeName(cls: object, class_name: string): JsonObject {
  const registered = registeredName(cls);
  if (registered !== undefined)
    return { module: registered.split(">")[0], class_name, registered_name: registered };
  const module = moduleOf(cls);
  if (module === undefined) {
    throw new ModelError("a custom class must be registered to be saved", {
      where: class_name,
      hint: "Call keras.saving.registerKerasSerializable(TheClass) once, before saving and before loading",
    });
  }
  // Classes outside of Keras's public names carry their own name a second time.
  return { module, class_name, registered_name: module.startsWith("keras.src.") ? class_name : null };
}

/** Beside the configuration, layers say what they were built with, and models how they were compiled. */
function serializeState(object: Configurable): JsonObject {
  const build = object.getBuildConfig?.();
  const compile = object.getCompileConfig?.();
  return {
    ...(build === undefined ? {} : { build_config: build }),
    ...(compile === undefined ? {} : { compile_config: compile }),
  };
}

/** An identifier of the user: nothing, an object that has a configuration, or plain data. */
export function serializeMaybe(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (hasConfig(value)) return serializeObject(value);
  if (Array.isArray(value)) return value.map(serializeMaybe);
  if (isPlainObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, serializeMaybe(item)]));
  if (typeof value === "function") return serializeFunction(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw new ModelError("cannot be saved", { got: String(value) });
}

export function hasConfig(value: unknown): value is Configurable & object {
  return (typeof value === "object" || typeof value === "function") && value !== null && "getConfig" in value;
}

/** A function of the user, by its registered name. */
export function serializeFunction(value: unknown): JsonObject {
  const name = registeredName(value);
  if (name === undefined) {
    throw new ModelError("a custom function must be registered to be saved", {
      got: typeof value === "function" && value.name !== "" ? value.name : "an anonymous function",
      hint: "Call keras.saving.registerKerasSerializable(theFunction)",
    });
  }
  return { module: "builtins", class_name: "function", config: name, registered_name: name };
}

/** A class that makes its instances from one object of options: all of ours. */
export type FromOptions<T> = new (options: JsonObject) => T;

/** What `get` functions choose from: classes by Keras's name. */
export type ClassTable<T> = { readonly [className: string]: FromOptions<T> };

export interface Lookup<T> {
  /** "initializer", "optimizer": for errors. */
  readonly kind: string;
  readonly classes: ClassTable<T>;
  /** Other spellings: "zero", "mse". */
  readonly aliases?: { readonly [name: string]: string };
  isInstance(value: unknown): value is T;
}

/**
 * What an identifier means: an instance as it is; a name in either spelling, "glorot_uniform" or "GlorotUniform"; an object as Keras
 * writes it. Throws ModelError for names that there are not.
 */
export function resolve<T>(identifier: unknown, lookup: Lookup<T>): T {
  if (lookup.isInstance(identifier)) return identifier;
  if (typeof identifier === "string") return new (findClass(identifier, lookup))({});
  if (isPlainObject(identifier)) return fromObject(identifier, lookup);
  throw new ModelError(`Could not interpret ${lookup.kind} identifier: ${String(identifier)}`, {
    expected: "a name, an instance or a configuration",
  });
}

/** A function as Keras writes it becomes its name, or the registered function; everything else stays. */
export function unwrapFunction(identifier: unknown): unknown {
  const isFunction = isPlainObject(identifier) && identifier.class_name === "function";
  const name = isFunction ? identifier.config : identifier;
  return typeof name === "string" ? (session.customObject(name) ?? name) : name;
}

function fromObject<T>(identifier: { readonly [key: string]: unknown }, lookup: Lookup<T>): T {
  const { class_name: name, config, registered_name: registered } = identifier;
  if (typeof name !== "string" || !(config === undefined || config === null || isPlainObject(config))) {
    throw new ModelError(`not the configuration of a ${lookup.kind}`, {
      expected: "class_name and config",
      got: JSON.stringify(identifier),
    });
  }
  const options = (config ?? {}) as JsonObject;
  const custom = customOf(name, registered);
  if (typeof custom === "function") return new (custom as FromOptions<T>)(options);
  return new (findClass(name, lookup))(options);
}

/** What the user calls so, by the name it was registered with or by its own. */
function customOf(name: string, registered: unknown): unknown {
  const found = typeof registered === "string" ? session.customObject(registered) : undefined;
  return found ?? session.customObject(name);
}

function findClass<T>(name: string, { kind, classes, aliases = {} }: Lookup<T>): FromOptions<T> {
  const target = Object.hasOwn(aliases, name) ? aliases[name] : name;
  const found = Object.keys(classes).find(
    (className) => className === target || snakeClassName(className) === target,
  );
  if (found !== undefined) return classes[found];
  throw new ModelError(`Could not interpret ${kind} identifier: ${name}`, {
    expected: `one of ${Object.keys(classes).join(", ")}`,
  });
}
