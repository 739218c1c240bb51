/**
 * `keras.ops`, quantiles: numbers below which a given part of the elements lies, between two of them where the rank is no whole number.
 * `axis` is one axis, several, or null (default) for all; several quantiles come in new axes in front. Integers become f32.
 */
import { type Dim, productOf } from "../../../ir/dim.ts";
import {
  type Axes,
  axesOf,
  broadcastTo,
  cast,
  setShape,
  staticDim,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { apply, choose, clamp, isNaNOf, real } from "./apply.ts";
import { permute } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";
import { takeAlong } from "./picking.ts";
import { anyOf, countOf } from "./reduce.ts";
import { sorted } from "./sorting.ts";

/** Between two elements: weighted by distance, the one below, the one above, the nearer one, or halfway. */
export type QuantileMethod = "linear" | "lower" | "higher" | "nearest" | "midpoint";

interface QuantileOptions {
  /** Parts in [0, 1] (quantiles) or [0, 100] (percentiles): a number or a tensor. */
  q: TensorLike;
  axis?: Axes;
  /** Default "linear". */
  method?: QuantileMethod;
  keepdims?: boolean;
}
const positional = ["q", "axis", "method", "keepdims"] as const;

const quantileOperation = (keras: string, scale: number, ignoreNaN: boolean) =>
  parametric("numpy", keras, positional, (x: TensorLike, options: QuantileOptions) => {
    const { q, axis = null, method = "linear", keepdims = false } = options;
    const parts = real(asTensor(q));
    const scaled = scale === 1 ? parts : apply("div", parts, scale);
    return quantileOf(real(x), scaled, { axes: axis, method, keepdims, ignoreNaN });
  });

/** `ops.quantile([1, 2, 3, 4], 0.5)` is 2.5. NaN where an element is. */
export const quantile = quantileOperation("quantile", 1, false);
/** As `quantile`, of the elements that are not NaN. */
export const nanquantile = quantileOperation("nanquantile", 1, true);
/** As `quantile`, in percent. */
export const percentile = quantileOperation("percentile", 100, false);
/** As `percentile`, of the elements that are not NaN. */
export const nanpercentile = quantileOperation("nanpercentile", 100, true);

const medianOperation = (keras: string, ignoreNaN: boolean) =>
  parametric(
    "numpy",
    keras,
    ["axis", "keepdims"],
    (x: TensorLike, { axis = null, keepdims = false }: { axis?: Axes; keepdims?: boolean }) => {
      const tensor = real(x);
      const half = cast(asTensor(0.5), tensor.dtype);
      return quantileOf(tensor, half, { axes: axis, method: "midpoint", keepdims, ignoreNaN });
    },
  );
/** The element in the middle, or the mean of the two there. NaN where an element is. */
export const median = medianOperation("median", false);
/** As `median`, of the elements that are not NaN. */
export const nanmedian = medianOperation("nanmedian", true);

interface Rule {
  readonly axes: Axes;
  readonly method: QuantileMethod;
  readonly keepdims: boolean;
  readonly ignoreNaN: boolean;
}

function quantileOf(x: Tensor, parts: Tensor, { axes, method, keepdims, ignoreNaN }: Rule): Tensor {
  const reduced = axesOf(axes, x.rank);
  const kept = x.shape.flatMap((_, axis) => (reduced.includes(axis) ? [] : [axis]));
  const batch = kept.map((axis) => x.shape[axis]);
  const size = staticDim(productOf(reduced.map((axis) => x.shape[axis])), "the axis of a quantile");
  const rows = setShape(permute(x, [...kept, ...reduced]), [...batch, size]);
  const flat = setShape(parts, [productOf(parts.shape)]);
  const values = betweenRanks(rows, flat, method, ignoreNaN);
  // The quantiles from the last axis to the front.
  const rank = batch.length;
  const fronted = permute(values, [rank, ...batch.map((_, axis) => axis)]);
  const rest: readonly Dim[] = keepdims
    ? x.shape.map((dim, axis) => (reduced.includes(axis) ? 1 : dim))
    : batch;
  return setShape(fronted, [...parts.shape, ...rest]);
}

/** Quantiles of the last axis, along which the result has as many elements as there are parts. */
function betweenRanks(rows: Tensor, parts: Tensor, method: QuantileMethod, ignoreNaN: boolean): Tensor {
  const axis = rows.rank - 1;
  const [values] = sorted(rows, axis);
  const missing = isNaNOf(rows);
  // NaN stands last: of n elements that are numbers, the last has rank n - 1.
  const last = ignoreNaN
    ? apply("max", apply("sub", countOf(apply("not", missing), axis, true), 1), 0)
    : staticDim(rows.shape[axis], "the axis of a quantile") - 1;
  const spread = broadcastTo(parts, [...rows.shape.slice(0, -1), parts.shape[0]]);
  const rank = apply("mul", spread, typeof last === "number" ? last : cast(last, rows.dtype));
  const [low, high] = [apply("floor", rank), apply("ceil", rank)];
  const at = (position: Tensor): Tensor => takeAlong(values, cast(clamp(position, 0, last), "i32"), axis);
  const found = interpolated(at(low), at(high), apply("sub", rank, low), method);
  return ignoreNaN ? found : choose(anyOf(missing, axis, true), Number.NaN, found);
}

function interpolated(low: Tensor, high: Tensor, weight: Tensor, method: QuantileMethod): Tensor {
  switch (method) {
    case "linear":
      return apply("add", apply("mul", low, apply("sub", 1, weight)), apply("mul", high, weight));
    case "lower":
      return low;
    case "higher":
      return high;
    case "nearest":
      return choose(apply("le", weight, 0.5), low, high);
    case "midpoint":
      return apply("mul", apply("add", low, high), 0.5);
  }
}
