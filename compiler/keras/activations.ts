/**
 * `keras.activations`: the functions that layers take by name.
 */
import { ModelError } from "../../ir/errors.ts";
import { elementwise, select, type Tensor, type TensorLike } from "../tensor.ts";
import { serializeFunction, unwrapFunction } from "./config.ts";
import {
  celu,
  elu,
  gelu as geluOp,
  glu,
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softShrink,
  softsign,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  tanhShrink,
} from "./ops/activations.ts";
import { exp, tanh } from "./ops/elementwise.ts";
import { asTensor } from "./ops/operation.ts";
import { type Json, type JsonObject, toCamel, toSnake } from "./options.ts";

/** A function of one tensor. */
export type Activation = (x: Tensor) => Tensor;
/** What options take: a name, a function, null for none. */
export type ActivationLike = string | Activation | JsonObject | null;

export interface ReluOptions {
  /** The slope below the threshold; default 0. */
  negativeSlope?: number;
  /** Where the result stops growing; default null, nowhere. */
  maxValue?: number | null;
  /** Default 0. */
  threshold?: number;
}

/** x above the threshold, negativeSlope (x - threshold) below, at most maxValue. */
export function relu(
  x: TensorLike,
  { negativeSlope = 0, maxValue = null, threshold = 0 }: ReluOptions = {},
): Tensor {
  const tensor = asTensor(x);
  const above = reluAbove(tensor, negativeSlope, threshold);
  return maxValue === null ? above : elementwise("min", [above, maxValue]);
}

function reluAbove(x: Tensor, slope: number, threshold: number): Tensor {
  if (slope === 0 && threshold === 0) return elementwise("max", [x, 0]);
  const active = elementwise("lt", [threshold, x]);
  const below = slope === 0 ? 0 : elementwise("mul", [elementwise("sub", [x, threshold]), slope]);
  return select(active, x, below);
}

/** x times the normal distribution function of x. NOTE: exact by default, unlike `keras.ops.gelu`. */
export const gelu = (x: TensorLike, { approximate = false }: { approximate?: boolean } = {}): Tensor =>
  geluOp(x, approximate);

/** x. */
export const linear = (x: TensorLike): Tensor => asTensor(x);
export const exponential = (x: TensorLike): Tensor => exp(x);

/** `keras.activations`, by camelCase name. */
export const activations = {
  linear,
  relu,
  relu6,
  leakyRelu,
  elu,
  selu,
  celu,
  gelu,
  glu,
  silu,
  swish: silu,
  mish,
  softmax,
  logSoftmax,
  softplus,
  softsign,
  squareplus,
  sparsePlus,
  sparseSigmoid,
  sigmoid,
  logSigmoid,
  hardSigmoid,
  hardSilu,
  hardSwish: hardSilu,
  hardTanh,
  hardShrink,
  softShrink,
  tanh,
  tanhShrink,
  exponential,
  get,
  serialize,
};

type Named = Exclude<keyof typeof activations, "get" | "serialize">;
const isNamed = (name: string): name is Named =>
  name !== "get" && name !== "serialize" && Object.hasOwn(activations, name);

/** The activation that an identifier means; null is linear. Throws ModelError for unknown names. */
export function get(identifier: unknown): Activation {
  if (identifier === null || identifier === undefined) return linear;
  const named = unwrapFunction(identifier);
  if (typeof named === "function") return named as Activation;
  const camel = typeof named === "string" ? toCamel(named) : "";
  if (isNamed(camel)) return activations[camel];
  const names = Object.keys(activations).filter(isNamed).map(toSnake);
  throw new ModelError("unknown activation", {
    expected: `one of ${names.join(", ")}`,
    got: JSON.stringify(identifier),
  });
}

/** The name of an activation, for files. Functions of the user must be registered. */
export function serialize(activation: Activation): Json {
  const name = Object.keys(activations).find((key) => isNamed(key) && activations[key] === activation);
  return name === undefined ? serializeFunction(activation) : toSnake(name);
}
