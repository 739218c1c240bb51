/**
 * `keras.initializers`: the public list of initializers.
 */
import { type DType, isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { type ArrayLike, castArray, isArrayLike, toArray } from "../../arrays.ts";
import { factory } from "../callable.ts";
import { type ClassTable, resolve, serializeMaybe } from "../config.ts";
import type { JsonObject } from "../options.ts";
import { Constant, Identity, Ones, STFT, Zeros } from "./fixed.ts";
import { Initializer, type Shape } from "./initializer.ts";
import { Orthogonal, RandomNormal, RandomUniform, TruncatedNormal } from "./random.ts";
import {
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  VarianceScaling,
} from "./scaling.ts";

const classes: ClassTable<Initializer> = {
  Zeros,
  Ones,
  Constant,
  RandomUniform,
  RandomNormal,
  TruncatedNormal,
  VarianceScaling,
  GlorotUniform,
  GlorotNormal,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  Orthogonal,
  Identity,
  STFT,
};

const aliases = {
  zero: "Zeros",
  one: "Ones",
  uniform: "RandomUniform",
  normal: "RandomNormal",
  IdentityInitializer: "Identity",
  OrthogonalInitializer: "Orthogonal",
  STFTInitializer: "STFT",
  xavier_uniform: "GlorotUniform",
};

/** A function of the user: shape and dtype to values. */
export type InitializerFunction = (shape: Shape, options: { dtype: string }) => ArrayLike;
/** What options take: a name, an initializer, a function. */
export type InitializerLike = string | Initializer | InitializerFunction | JsonObject;

/** The initializer that an identifier means. Throws ModelError for unknown names. */
export function get(identifier: unknown): Initializer | InitializerFunction {
  if (typeof identifier === "function" && !(identifier instanceof Initializer))
    return identifier as InitializerFunction;
  const isInstance = (value: unknown): value is Initializer => value instanceof Initializer;
  return resolve(identifier, { kind: "initializer", classes, aliases, isInstance });
}

/** The values that an initializer gives for a weight. */
export function initialize(
  initializer: Initializer | InitializerFunction,
  shape: Shape,
  dtype: DType,
): NDArray {
  if (initializer instanceof Initializer) return initializer.create(shape, dtype);
  const value = initializer(shape, { dtype: isFloat(dtype) ? "float32" : dtype });
  if (!isArrayLike(value)) throw new ModelError("an initializer must return numbers", { got: String(value) });
  const array = castArray(toArray(value, dtype), dtype);
  return array.shape.length === shape.length ? array : { ...array, shape };
}

/** `keras.initializers`. */
export const initializers = {
  Initializer,
  Zeros: factory(Zeros),
  Ones: factory(Ones),
  Constant: factory(Constant),
  RandomUniform: factory(RandomUniform),
  RandomNormal: factory(RandomNormal),
  TruncatedNormal: factory(TruncatedNormal),
  VarianceScaling: factory(VarianceScaling),
  GlorotUniform: factory(GlorotUniform),
  GlorotNormal: factory(GlorotNormal),
  HeNormal: factory(HeNormal),
  HeUniform: factory(HeUniform),
  LecunNormal: factory(LecunNormal),
  LecunUniform: factory(LecunUniform),
  Orthogonal: factory(Orthogonal),
  Identity: factory(Identity),
  STFT: factory(STFT),
  get,
  deserialize: get,
  serialize: serializeMaybe,
};
