/**
 * Options of layers, losses and optimizers. They are camelCase in TypeScript and snake_case in files; both spellings are accepted, in types
 * and at run time. Positional arguments may be given by name as well: `Dense(10, { useBias: false })` is `Dense({ units: 10, use_bias: false })`.
 */
import { ModelError } from "../../ir/errors.ts";

type Snake<S extends string> = S extends `${infer Head}${infer Tail}`
  ? Tail extends Uncapitalize<Tail>
    ? `${Lowercase<Head>}${Snake<Tail>}`
    : `${Lowercase<Head>}_${Snake<Tail>}`
  : S;

/** `T` with each option in either spelling. */
export type Options<T> = T & { readonly [K in keyof T as K extends string ? Snake<K> : never]?: T[K] };

/** Plain data as JSON holds it: what `getConfig` returns and files store. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export const toCamel = (name: string): string =>
  name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
export const toSnake = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A class name as Keras writes it in automatic names: `MaxPooling2D` gives `max_pooling2d`. */
export function snakeClassName(name: string): string {
  return name
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

export type PlainObject = { readonly [key: string]: unknown };

/** An object literal, as opposed to an array, a tensor, a layer or any other class. */
export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What an owner of options looks like to `readOptions`. */
interface Reading {
  /** Named in errors. */
  readonly owner: string;
  /** Names of the positional arguments, in order. */
  readonly positional: readonly string[];
  /** Further names that are allowed: handled elsewhere. */
  readonly also?: readonly string[];
}

/**
 * Reads the arguments of a constructor into one object with all of `defaults`' keys. Throws ModelError for an unknown option, naming those
 * there are, and for a missing one (a default of undefined means required).
 */
export function readOptions<T extends object>(
  args: readonly unknown[],
  defaults: T,
  reading: Reading,
): T & PlainObject {
  const given = collect(args, reading.positional);
  const known = new Set([...Object.keys(defaults), ...reading.positional, ...(reading.also ?? [])]);
  // Files of other versions hold options we do not have; null says that they are not in use.
  const unknown = Object.keys(given).filter((name) => !known.has(name) && given[name] !== null);
  if (unknown.length > 0) {
    throw new ModelError("unrecognized option", {
      where: reading.owner,
      expected: `one of ${[...known].sort().join(", ")}`,
      got: unknown.join(", "),
    });
  }
  const merged: T & PlainObject = { ...defaults, ...given };
  const missing = Object.keys(defaults).find((name) => merged[name] === undefined);
  if (missing !== undefined) throw new ModelError(`missing argument "${missing}"`, { where: reading.owner });
  return merged;
}

/** Positional arguments by name, then those of a trailing options object. Undefined counts as not given. */
function collect(args: readonly unknown[], positional: readonly string[]): PlainObject {
  const given: { [key: string]: unknown } = {};
  args.forEach((arg, i) => {
    const last = i === args.length - 1;
    if (last && isPlainObject(arg)) Object.assign(given, camelKeys(arg));
    else if (arg !== undefined && positional[i] !== undefined) given[positional[i]] = arg;
  });
  return given;
}

/** The same entries with camelCase keys; entries that are undefined are left out. */
export function camelKeys(options: object): PlainObject {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[toCamel(key), value]])),
  );
}
