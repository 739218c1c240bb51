/**
 * Layers that are described by their options. Such a layer states the options with their defaults once; reading them in both spellings, resolving
 * names of initializers, regularizers, constraints and activations, and writing the configuration all follow from that table.
 */

import { ModelError } from "../../../ir/errors.ts";
import { type Activation, get as getActivation, serialize as serializeActivation } from "../activations.ts";
import { classNameOf, serializeMaybe } from "../config.ts";
import { type Constraint, type ConstraintFunction, get as getConstraint } from "../constraints.ts";
import { get as getInitializer, type InitializerFunction } from "../initializers/index.ts";
import type { Initializer } from "../initializers/initializer.ts";
import type { DataFormat } from "../ops/conv.ts";
import { type Json, type JsonObject, type PlainObject, readOptions, toSnake } from "../options.ts";
import { get as getRegularizer, type Regularizer, type RegularizerFunction } from "../regularizers.ts";
import { session } from "../session.ts";
import type { Variable } from "../variable.ts";
import { Layer, layerOptionNames } from "./layer.ts";
import type { WeightOptions } from "./weight-options.ts";

/** The default of an option that must be given. */
export const required = <T>(): T => undefined as T;
/** The default of an option that may be left out. */
export const optional = <T>(): T | null => null;

/** Options after names became what they mean. */
export type Settled<O> = { readonly [K in keyof O]: SettledOption<K, O[K]> };
type SettledOption<K, V> = K extends `${string}Initializer`
  ? Initializer | InitializerFunction
  : K extends `${string}Regularizer`
    ? Regularizer | RegularizerFunction | null
    : K extends `${string}Constraint`
      ? Constraint | ConstraintFunction | null
      : K extends `${string}ctivation`
        ? Activation
        : K extends "dataFormat"
          ? DataFormat
          : V;

type Meaning = (value: unknown) => unknown;
/** What options mean, by the end of their name. */
const meanings: readonly (readonly [suffix: RegExp, meaning: Meaning])[] = [
  [/Initializer$/, (value) => (value === null ? null : getInitializer(value))],
  [/Regularizer$/, getRegularizer],
  [/Constraint$/, getConstraint],
  [/[aA]ctivation$/, getActivation],
  [/^dataFormat$/, dataFormatOf],
];

function dataFormatOf(value: unknown): DataFormat {
  if (value === null) return session.dataFormat;
  if (value === "channels_last" || value === "channels_first") return value;
  throw new ModelError("bad data format. Expected one of channels_last, channels_first", {
    got: `data_format=${value}`,
  });
}

const settleOption = (name: string, value: unknown): unknown => {
  const found = meanings.find(([suffix]) => suffix.test(name));
  return found === undefined ? value : found[1](value);
};

const writeOption = (name: string, value: unknown): Json =>
  /[aA]ctivation$/.test(name) ? serializeActivation(value as Activation) : serializeMaybe(value);

/** A layer whose constructor takes the options of `defaults`, by name or in that order. */
export abstract class ConfiguredLayer<O extends object, Out = unknown> extends Layer<Out> {
  protected readonly options: Settled<O>;

  /** `positional` are the options that may be given by position; by default all, in the order of `defaults`. */
  constructor(args: readonly unknown[], defaults: O, positional = Object.keys(defaults)) {
    const owner = classNameOf(new.target.prototype);
    const read = readOptions(args, defaults, { owner, positional, also: layerOptionNames });
    super(read);
    const entries = Object.keys(defaults).map((name) => [name, settleOption(name, read[name])]);
    this.options = this.settle(Object.fromEntries(entries));
  }

  /** Checks options and brings them into one form: a number for both axes becomes a list. Runs in the constructor, before fields exist. */
  protected settle(options: Settled<O>): Settled<O> {
    return options;
  }

  /** The part of the configuration that every layer has. */
  protected baseConfig(): JsonObject {
    return super.getConfig();
  }

  override getConfig(): JsonObject {
    const own = Object.entries(this.options).map(([name, value]) => [
      toSnake(name),
      writeOption(name, value),
    ]);
    return { ...this.baseConfig(), ...Object.fromEntries(own) };
  }

  /** Makes a weight with the initializer, regularizer and constraint that the options hold for `role`: "kernel", "bias", "gamma". */
  protected weightFor(
    role: string,
    shape: WeightOptions["shape"],
    options: Partial<WeightOptions> = {},
  ): Variable {
    const given: PlainObject = this.options;
    const option = (kind: string): never => given[`${role}${kind}`] as never;
    return this.addWeight({
      name: toSnake(role),
      shape,
      initializer: option("Initializer"),
      regularizer: option("Regularizer"),
      constraint: option("Constraint"),
      ...options,
    });
  }

  /** "layer "dense"": for errors. */
  protected get where(): string {
    return `layer "${this.name}"`;
  }

  /** A weight that `build` has made. Throws ModelError before. */
  protected made(weight: Variable | undefined): Variable {
    if (weight !== undefined) return weight;
    throw new ModelError("the layer has no weights yet", {
      where: this.where,
      hint: "Call it, or build(inputShape)",
    });
  }
}
