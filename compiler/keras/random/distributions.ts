/**
 * `keras.random`: uniform, normal and discrete numbers. `shape` is the shape of the result; `seed` a number, a SeedGenerator or null. The same key
 * gives the same numbers as Keras on JAX (f32).
 */
import type { Shape } from "../../../ir/dim.ts";
import { type DType, dtypes } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { cast, setShape, type Tensor, type TensorLike } from "../../tensor.ts";
import { dtypeOf } from "../dtype-names.ts";
import { apply, clamp, real } from "../ops/apply.ts";
import { type DTypeOption, dtypeFrom } from "../ops/create.ts";
import { parametric } from "../ops/operation.ts";
import { position } from "../ops/reduce.ts";
import { randomBits, standardNormal, uniformBetween } from "./bits.ts";
import { keyOf, type SeedOption, splitKey } from "./key.ts";

export interface DrawOptions extends SeedOption, DTypeOption {
  shape: Shape;
}

interface RangeOptions extends DrawOptions {
  /** Default 0. */
  minval?: TensorLike;
  /** Default 1. */
  maxval?: TensorLike;
}

/** Uniform numbers in [minval, maxval). `keras.random.uniform([2, 3], { seed: 1 })`. */
export const uniform = parametric(
  "random",
  "random.uniform",
  ["shape", "minval", "maxval", "dtype", "seed"],
  ({ shape, minval = 0, maxval = 1, dtype, seed }: RangeOptions) =>
    cast(uniformBetween(keyOf(seed), shape, real(minval), real(maxval)), dtypeFrom(dtype)),
);

interface NormalOptions extends DrawOptions {
  /** Default 0. */
  mean?: TensorLike;
  /** Default 1. */
  stddev?: TensorLike;
}
const normalOptions = ["shape", "mean", "stddev", "dtype", "seed"] as const;

const scaled = (x: Tensor, { mean = 0, stddev = 1, dtype }: NormalOptions): Tensor =>
  cast(apply("add", apply("mul", x, stddev), mean), dtypeFrom(dtype));

/** Normal numbers. */
export const normal = parametric("random", "random.normal", normalOptions, (options: NormalOptions) =>
  scaled(standardNormal(keyOf(options.seed), options.shape), options),
);

/** erf(2 / sqrt(2)): the share of normal numbers within two standard deviations. */
const WITHIN_TWO = 0.9544997361036416;
/** The f32 next to 2 towards 0. */
const BELOW_TWO = 2 - 2 ** -23;

/** Normal numbers no further than two standard deviations from the mean. */
export const truncatedNormal = parametric(
  "random",
  "random.truncatedNormal",
  normalOptions,
  (options: NormalOptions) => {
    const part = uniformBetween(keyOf(options.seed), options.shape, -WITHIN_TWO, WITHIN_TWO);
    const x = apply("mul", apply("erfinv", part), Math.SQRT2);
    return scaled(clamp(x, -BELOW_TWO, BELOW_TWO), options);
  },
);

interface IntegerOptions extends DrawOptions {
  minval: number;
  maxval: number;
}

/** Whole numbers from minval to maxval - 1. Default dtype int32. Throws ModelError where there are none, or the dtype has no whole numbers. */
export const randint = parametric(
  "random",
  "random.randint",
  ["shape", "minval", "maxval", "dtype", "seed"],
  ({ shape, minval, maxval, dtype, seed }: IntegerOptions) => {
    const type = dtypeOf(dtype ?? "int32");
    if (dtypes[type].kind === "float" || type === "bool")
      throw new ModelError(
        `\`keras.random.randint\` requires an integer \`dtype\`. Received: dtype=${dtypes[type].keras}`,
      );
    if (!(maxval > minval))
      throw new ModelError("no numbers to draw from", {
        expected: `maxval above ${minval}`,
        got: `${maxval}`,
      });
    return integersBetween(keyOf(seed), shape, minval, maxval - minval, type);
  },
);

/** Two words modulo the span: 64 random bits leave no number more likely than another (JAX's randint). */
function integersBetween(key: Tensor, shape: Shape, low: number, span: number, dtype: DType): Tensor {
  const [high, rest] = splitKey(key, 2).map((part) => apply("mod", randomBits(part, shape), u32(span)));
  const factor = 2 ** 16 % span;
  const word = apply("mul", high, u32((factor * factor) % span));
  const offset = apply("mod", apply("add", word, rest), u32(span));
  return cast(apply("add", cast(offset, "i32"), low), dtype);
}
const u32 = (value: number): NDArray => ({ dtype: "u32", shape: [], data: Uint32Array.of(value) });

interface CategoricalOptions extends SeedOption, DTypeOption {
  numSamples: number;
}

/** The smallest normal f32: the logarithm of a logarithm stays finite. */
const TINY = 2 ** -126;

/**
 * Class numbers drawn with probabilities softmax(logits): logits [batch, classes] give [batch, numSamples], i32. The largest logit with Gumbel noise
 * is such a draw.
 */
export const categorical = parametric(
  "random",
  "random.categorical",
  ["numSamples", "dtype", "seed"],
  (logits: TensorLike, { numSamples, dtype, seed }: CategoricalOptions) => {
    const x = real(logits);
    const [batch, classes] = x.shape;
    const part = uniformBetween(keyOf(seed), [batch, classes, numSamples], TINY, 1);
    const noise = apply("neg", apply("log", apply("neg", apply("log", part))));
    const drawn = position(apply("add", noise, setShape(x, [batch, classes, 1])), { axis: 1 });
    return cast(drawn, dtypeOf(dtype ?? "int32"));
  },
);
