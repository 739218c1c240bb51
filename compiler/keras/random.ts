/**
 * Random numbers: threefry2x32 from a key of two words, in JavaScript for the first values of weights and in the graph for dropout. The same
 * key gives the same numbers on every target.
 */

import { dimsAttr } from "../../ir/builder.ts";
import type { Shape } from "../../ir/dim.ts";
import { type DType, dtypes } from "../../ir/dtype.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";
import { randomWord } from "../../ir/ops/random.ts";
import { scalars } from "../../ir/scalar.ts";
import { elementwise, type Tensor } from "../tensor.ts";
import { session } from "./session.ts";
import { Variable } from "./variable.ts";

export type Key = readonly [number, number];

/** Uniform numbers in [0, 1), as `keras.random.uniform` has them: 23 random bits each. */
export function uniformStream(key: Key): (index: number) => number {
  return (index) => (randomWord(key, index) >>> 9) / 2 ** 23;
}

/** An array of `shape` whose element i is `draw(i)`. */
export function generate(shape: readonly number[], dtype: DType, draw: (index: number) => number): NDArray {
  const data = dtypes[dtype].allocate(sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array)
      data[i] = BigInt(Math.trunc(draw(i)));
    else data[i] = draw(i);
  }
  return { dtype, shape, data };
}

/** The numbers of `uniformStream` spread over [low, high), then to where the normal distribution function has them. */
function normalBetween(key: Key, low: number, high: number): (index: number) => number {
  const uniform = uniformStream(key);
  return (index) => Math.SQRT2 * scalars.erfinv.meaning(low + (high - low) * uniform(index));
}

/** Standard normal numbers, as `keras.random.normal` has them. */
export const normalStream = (key: Key): ((index: number) => number) => normalBetween(key, -1 + 2 ** -24, 1);

/** erf(sqrt(2)): the share of normal numbers within two standard deviations. */
const WITHIN_TWO = 0.9544997361036416;

/** Normal numbers no further than two standard deviations from the mean. */
export const truncatedNormalStream = (key: Key): ((index: number) => number) =>
  normalBetween(key, -WITHIN_TWO, WITHIN_TWO);

/** The order of 0 to n - 1 after Fisher and Yates' shuffle. */
export function permutation(n: number, key: Key): Uint32Array {
  const uniform = uniformStream(key);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform(i) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * A source of keys for random ops. Its state is a variable, so that a compiled step draws new numbers each time. `seed` makes it
 * reproducible; without one it follows the session's seed.
 */
export class SeedGenerator {
  readonly seed: number | null;
  /** u32[2]: the seed and how many keys were taken. */
  readonly state: Variable;

  /** `owner` is the name of the layer it belongs to. */
  constructor(seed: number | null = null, owner = "seed_generator") {
    this.seed = seed;
    const key = seed === null ? session.nextKey() : [seed >>> 0, 0];
    const path = [...session.namePath(), owner, "seed_generator_state"].join("/");
    this.state = new Variable(Uint32Array.from(key), {
      name: "seed_generator_state",
      trainable: false,
      path,
    });
  }

  /** The next key, as a tensor u32[2]; counts on. */
  next(): Tensor {
    const key = this.state.value;
    this.state.assign(
      elementwise("add", [key, { dtype: "u32", shape: [2], data: Uint32Array.from([0, 1]) }]),
    );
    return key;
  }
}

/** Uniform f32 numbers in [0, 1) of any shape. 23 random bits make the fraction of a number in [1, 2). */
export function uniform(key: Tensor, shape: Shape): Tensor {
  const bits = key.engine.op("random_bits", [key], { shape: dimsAttr(shape) })[0];
  const word = (value: number): NDArray => ({ dtype: "u32", shape: [], data: Uint32Array.of(value) });
  const fraction = elementwise("or", [elementwise("shr", [bits, word(9)]), word(0x3f800000)]);
  return elementwise("sub", [key.engine.op("bitcast", [fraction], { dtype: "f32" })[0], 1]);
}

/** Makes everything that is random from now on reproducible: first weights, shuffles, dropout. */
export function setRandomSeed(seed: number): void {
  session.setSeed(seed);
}
