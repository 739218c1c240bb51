/**
 * `keras.ops`, normalization: with given statistics, with those of the tensor itself, to unit length.
 */
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { type Axes, axesOf, mean, setShape, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { session } from "../session.ts";
import { apply, real } from "./apply.ts";
import { asTensor, parametric } from "./operation.ts";
import { varianceOf } from "./reduce.ts";

export interface BatchNormalizationOptions {
  /** The axis that keeps its statistics. */
  axis: number;
  /** Added to the result; shape [size of axis]. */
  offset?: TensorLike | null;
  /** Multiplies the result. */
  scale?: TensorLike | null;
  /** Default 1e-3. */
  epsilon?: number;
}

/** (x - mean) scale / sqrt(variance + epsilon) + offset; mean, variance, offset and scale are vectors along `axis`. */
export const batchNormalization = parametric(
  "nn",
  "batchNormalization",
  ["axis", "offset", "scale", "epsilon"],
  (x: TensorLike, meanValue: TensorLike, variance: TensorLike, options: BatchNormalizationOptions) => {
    const tensor = real(x);
    const { axis, offset = null, scale = null, epsilon = 1e-3 } = options;
    const at = normalizeAxis(axis, tensor.rank);
    const along = (vector: TensorLike): Tensor => {
      const v = asTensor(vector);
      return setShape(
        v,
        tensor.shape.map((_, i) => (i === at ? v.shape[0] : 1)),
      );
    };
    const inverse = apply("rsqrt", apply("add", along(variance), epsilon));
    const factor = scale === null ? inverse : apply("mul", inverse, along(scale));
    const result = apply("mul", apply("sub", tensor, along(meanValue)), factor);
    return offset === null ? result : apply("add", result, along(offset));
  },
);

export interface LayerNormalizationOptions {
  gamma?: TensorLike | null;
  beta?: TensorLike | null;
  /** Default -1: the last axis. */
  axis?: Axes;
  /** Default: `keras.config.epsilon()`. */
  epsilon?: number;
}

/** (x - mean) / sqrt(variance + epsilon) gamma + beta, with the statistics of each sample over `axis` (Ba et al., 2016). */
export const layerNormalization = parametric(
  "nn",
  "layerNormalization",
  ["gamma", "beta", "axis", "epsilon"],
  (
    x: TensorLike,
    { gamma = null, beta = null, axis = -1, epsilon = session.epsilon }: LayerNormalizationOptions,
  ) => {
    const tensor = real(x);
    const axes = axesOf(axis, tensor.rank);
    const along = alongAxes(tensor, axes);
    const inverse = apply("rsqrt", apply("add", varianceOf(tensor, axes, true), epsilon));
    const factor = gamma === null ? inverse : apply("mul", inverse, along(gamma));
    const result = apply("mul", apply("sub", tensor, mean(tensor, axes, true)), factor);
    return beta === null ? result : apply("add", result, along(beta));
  },
);

/** x / sqrt(mean(x^2) + epsilon) scale over `axis` (Zhang and Sennrich, 2019). */
export const rmsNormalization = parametric(
  "nn",
  "rmsNormalization",
  ["scale", "axis", "epsilon"],
  (
    x: TensorLike,
    { scale = null, axis = -1, epsilon }: { scale?: TensorLike | null; axis?: Axes; epsilon?: number },
  ) => {
    const tensor = real(x);
    const axes = axesOf(axis, tensor.rank);
    const inverse = apply(
      "rsqrt",
      apply("add", mean(apply("mul", tensor, tensor), axes, true), epsilon ?? 2 ** -23),
    );
    const result = apply("mul", tensor, inverse);
    return scale === null ? result : apply("mul", result, alongAxes(tensor, axes)(scale));
  },
);

/** Gives a weight with the sizes of `axes` a shape that broadcasts with x. */
function alongAxes(x: Tensor, axes: readonly number[]): (weight: TensorLike) => Tensor {
  return (weight) => {
    const w = asTensor(weight);
    if (w.rank !== axes.length)
      throw new ModelError("a weight does not fit the axes", {
        expected: `${axes.length} axes`,
        got: w.toString(),
      });
    return setShape(
      w,
      x.shape.map((dim, axis) => (axes.includes(axis) ? dim : 1)),
    );
  };
}

/** x / max(|x|, epsilon), with the norm of `order` over `axis`. */
export const normalize = parametric(
  "nn",
  "normalize",
  ["axis", "order", "epsilon"],
  (
    x: TensorLike,
    { axis = -1, order = 2, epsilon = 1e-7 }: { axis?: Axes; order?: number; epsilon?: number },
  ) => {
    const tensor = real(x);
    if (order === 2) {
      const squares = sum(apply("mul", tensor, tensor), axis, true);
      return apply("mul", tensor, apply("rsqrt", apply("max", squares, epsilon * epsilon)));
    }
    const powers = sum(apply("pow", apply("abs", tensor), order), axis, true);
    return apply("div", tensor, apply("max", apply("pow", powers, 1 / order), epsilon));
  },
);
