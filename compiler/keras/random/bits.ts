/**
 * Random bits as numbers, the way JAX does it: the same key gives the same numbers.
 */
import { dimsAttr } from "../../../ir/builder.ts";
import type { Shape } from "../../../ir/dim.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { apply } from "../ops/apply.ts";

const word = (value: number): NDArray => ({ dtype: "u32", shape: [], data: Uint32Array.of(value) });

/** Uniform 32-bit words. */
export const randomBits = (key: Tensor, shape: Shape): Tensor =>
  key.engine.op("random_bits", [key], { shape: dimsAttr(shape) })[0];

/** Uniform f32 in [0, 1): 23 random bits are the fraction of a number in [1, 2). */
export function unitUniform(key: Tensor, shape: Shape): Tensor {
  const bits = apply("or", apply("shr", randomBits(key, shape), word(9)), word(0x3f800000));
  return apply("sub", key.engine.op("bitcast", [bits], { dtype: "f32" })[0], 1);
}

/** Uniform f32 in [low, high). */
export function uniformBetween(key: Tensor, shape: Shape, low: TensorLike, high: TensorLike): Tensor {
  const spread = apply("mul", unitUniform(key, shape), apply("sub", high, low));
  return apply("max", apply("add", spread, low), low);
}

/** The f32 next to -1 towards 0: normal numbers are never infinite. */
const ABOVE_MINUS_ONE = -1 + 2 ** -24;

/** Standard normal f32: the inverse distribution function of uniform numbers. */
export const standardNormal = (key: Tensor, shape: Shape): Tensor =>
  apply("mul", apply("erfinv", uniformBetween(key, shape, ABOVE_MINUS_ONE, 1)), Math.SQRT2);
