/**
 * `keras.ops`, statistics of several numbers at once: weighted means, correlation, signal-to-noise ratio.
 */
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import {
  type Axes,
  axesOf,
  broadcastTo,
  cast,
  mean,
  setShape,
  staticDim,
  sum,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { apply, clamp, promotedReal, real } from "./apply.ts";
import { permute, reverse } from "./movement.ts";
import { operation, parametric } from "./operation.ts";
import { padTensor } from "./padding.ts";

interface AverageOptions {
  axis?: Axes;
  /** How much each element counts: in the shape of x, or a vector along `axis`. Default: all the same. */
  weights?: TensorLike | null;
}

/** sum(weights x) / sum(weights). `ops.average([1, 2, 4], { weights: [1, 1, 2] })` is 2.75. */
export const average = parametric(
  "numpy",
  "average",
  ["axis", "weights"],
  (x: TensorLike, { axis = null, weights = null }: AverageOptions) => {
    if (weights === null) return mean(real(x), axis, false);
    const [tensor, given] = promotedReal(x, weights);
    const axes = axesOf(axis, tensor.rank);
    const fitted = given.rank === tensor.rank ? given : alongAxes(given, tensor, axis, axes);
    const total = sum(broadcastTo(fitted, tensor.shape), axes, false);
    return apply("div", sum(apply("mul", tensor, fitted), axes, false), total);
  },
);

/** Weights with the sizes of `axes`, in their order, in a shape that broadcasts. */
function alongAxes(weights: Tensor, x: Tensor, given: Axes, axes: readonly number[]): Tensor {
  const order = given === null ? axes : [given].flat().map((axis) => normalizeAxis(axis, x.rank));
  if (weights.rank !== order.length)
    throw new ModelError("weights do not fit", {
      where: "ops.average",
      expected: `the shape of x, or ${order.length} axes`,
      got: `${weights}`,
    });
  const ascending = permute(
    weights,
    axes.map((axis) => order.indexOf(axis)),
  );
  return setShape(
    ascending,
    x.shape.map((dim, axis) => (axes.includes(axis) ? dim : 1)),
  );
}

/** Pearson's correlation of the rows of a matrix with each other, in [-1, 1]: [n, observations] gives [n, n]. */
export const corrcoef = operation("numpy", "corrcoef", (x: TensorLike) => {
  const tensor = real(x);
  const rows = tensor.rank < 2 ? setShape(tensor, [1, ...tensor.shape]) : tensor;
  const centered = apply("sub", rows, mean(rows, 1, true));
  const products = centered.engine.op("contract", [centered, centered], { spec: "a k, b k -> a b" })[0];
  const size = apply("sqrt", sum(apply("mul", centered, centered), 1, false));
  const n = rows.shape[0];
  const scale = apply("mul", setShape(size, [n, 1]), setShape(size, [1, n]));
  const result = clamp(apply("div", products, scale), -1, 1);
  return tensor.rank < 2 ? setShape(result, []) : result;
});

/** The whole overlap only, all positions with any overlap, or as many as the longer vector has elements. */
type CorrelateMode = "valid" | "full" | "same";

/** Sums of products of one vector with the other moved along it: result[k] = sum of x1[k + i] x2[i]. */
export const correlate = parametric(
  "numpy",
  "correlate",
  ["mode"],
  (x1: TensorLike, x2: TensorLike, { mode = "valid" }: { mode?: CorrelateMode }) => {
    const [a, b] = promotedReal(x1, x2);
    if (a.rank !== 1 || b.rank !== 1)
      throw new ModelError("correlate() only supports 1-dimensional inputs.", { got: `${a} and ${b}` });
    const [m, n] = [a, b].map((x) => staticDim(x.shape[0], "the length of a vector"));
    return m >= n ? correlateOf(a, b, mode) : reverse(correlateOf(b, a, mode), [0]);
  },
);

function correlateOf(long: Tensor, short: Tensor, mode: CorrelateMode): Tensor {
  const n = staticDim(short.shape[0], "the length of a vector");
  const low = { valid: 0, full: n - 1, same: Math.floor(n / 2) }[mode];
  const high = { valid: 0, full: n - 1, same: n - 1 - low }[mode];
  const padded = padTensor(long, [low], [high], 0);
  return long.engine.op("contract", [padded, short], { spec: "y+k, k -> y" })[0];
}

/** Peak signal-to-noise ratio in decibels: 20 log10(maxVal) - 10 log10(mean squared difference). x1 and x2 have one shape. */
export const psnr = parametric(
  "nn",
  "psnr",
  ["maxVal"],
  (x1: TensorLike, x2: TensorLike, { maxVal }: { maxVal: TensorLike }) => {
    const [a, b] = promotedReal(x1, x2);
    const difference = apply("sub", a, b);
    const error = mean(apply("mul", difference, difference), null, false);
    const decibel = (x: Tensor, factor: number): Tensor =>
      apply("mul", apply("log", x), factor * Math.LOG10E);
    return apply("sub", decibel(cast(real(maxVal), error.dtype), 20), decibel(error, 10));
  },
);
