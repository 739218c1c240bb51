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
  relu as reluOp,
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
import { clip } from "./ops/elementwise.ts";
import { exp } from "./ops/exponential.ts";
import { asTensor } from "./ops/operation.ts";
import { sparsemax } from "./ops/sorting.ts";
import { tanh } from "./ops/trigonometry.ts";
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

/**
 * x above the threshold, negativeSlope (x - threshold) below, at most maxValue. Built from `ops.relu` wherever Keras does, so that the
 * gradient at the threshold is 0 and not, as that of a maximum, a half.
 */
export function relu(
  x: TensorLike,
  { negativeSlope = 0, maxValue = null, threshold = 0 }: ReluOptions = {},
): Tensor {
  const tensor = asTensor(x);
  if (negativeSlope !== 0 && maxValue === null && threshold === 0) return leakyRelu(tensor, negativeSlope);
  const above = reluAbove(tensor, threshold, maxValue);
  if (negativeSlope === 0) return above;
  const below = reluOp(elementwise("sub", [threshold, tensor]));
  return elementwise("sub", [above, elementwise("mul", [below, negativeSlope])]);
}

function reluAbove(x: Tensor, threshold: number, maxValue: number | null): Tensor {
  if (threshold === 0 && maxValue === 6) return relu6(x);
  const above = threshold === 0 ? reluOp(x) : select(elementwise("lt", [threshold, x]), x, 0);
  return maxValue === null ? above : clip(above, 0, maxValue);
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
  sparsemax,
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
