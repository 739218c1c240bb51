/**
 * `keras.ops`, reductions of the elements that are not NaN. Integers have none: there they are the plain reductions.
 */
import { isFloat } from "../../../ir/dtype.ts";
import { type Axes, cast, setShape, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply, choose, isNaNOf, numeric, real } from "./apply.ts";
import { cumulated } from "./cumulative.ts";
import { asTensor, parametric } from "./operation.ts";
import {
  type ArgOptions,
  allOf,
  countOf,
  maxOf,
  minOf,
  opposite,
  position,
  prodOf,
  type ReduceOptions,
  widened,
} from "./reduce.ts";

const reduction = (keras: string, f: (x: Tensor, axis: Axes, keepdims: boolean) => Tensor) =>
  parametric(
    "numpy",
    keras,
    ["axis", "keepdims"],
    (x: TensorLike, { axis = null, keepdims = false }: ReduceOptions) => f(asTensor(x), axis, keepdims),
  );

/** The tensor with `value` in place of NaN. */
const replaced = (x: Tensor, value: number): Tensor => (isFloat(x.dtype) ? choose(isNaNOf(x), value, x) : x);
const present = (x: Tensor): Tensor => apply("eq", x, x);

/** The sum, 0 of no numbers. */
export const nansum = reduction("nansum", (x, axis, keepdims) =>
  sum(widened(replaced(x, 0)), axis, keepdims),
);
/** The product, 1 of no numbers. */
export const nanprod = reduction("nanprod", (x, axis, keepdims) =>
  prodOf(widened(replaced(x, 1)), axis, keepdims),
);
/** The mean, NaN of no numbers. */
export const nanmean = reduction("nanmean", (x, axis, keepdims) => meanOf(real(x), axis, keepdims));
/** The mean of squared distances from the mean. */
export const nanvar = reduction("nanvar", varianceOf);
export const nanstd = reduction("nanstd", (x, axis, keepdims) =>
  apply("sqrt", varianceOf(x, axis, keepdims)),
);

function meanOf(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  const count = cast(countOf(present(x), axis, keepdims), x.dtype);
  return apply("div", sum(replaced(x, 0), axis, keepdims), count);
}

function varianceOf(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  const tensor = real(x);
  const centered = apply("sub", tensor, meanOf(tensor, axis, true));
  return meanOf(apply("mul", centered, centered), axis, keepdims);
}

/** An extremum with NaN as `worst`, and NaN where there is nothing else. */
const extremum =
  (reduce: (x: Tensor, axis: Axes, keepdims: boolean) => Tensor, worst: number) =>
  (x: Tensor, axis: Axes, keepdims: boolean): Tensor => {
    const found = reduce(replaced(numeric(x), worst), axis, keepdims);
    return isFloat(x.dtype)
      ? choose(allOf(isNaNOf(x), axis, keepdims), Number.NaN, found)
      : cast(found, x.dtype);
  };
/** The largest number. */
export const nanmax = reduction("nanmax", extremum(maxOf, Number.NEGATIVE_INFINITY));
/** The smallest number. */
export const nanmin = reduction("nanmin", extremum(minOf, Number.POSITIVE_INFINITY));

const argument = (keras: string, worst: number, sortKey: (x: Tensor) => Tensor) =>
  parametric("numpy", keras, ["axis", "keepdims"], (x: TensorLike, options: ArgOptions) => {
    const tensor = numeric(asTensor(x));
    const found = position(sortKey(replaced(tensor, worst)), options);
    if (!isFloat(tensor.dtype)) return found;
    const nothing = allOf(isNaNOf(tensor), options.axis ?? null, options.keepdims ?? false);
    return choose(setShape(nothing, found.shape), -1, found);
  });
/** The position (i32) of the first largest number; -1 where there is none. */
export const nanargmax = argument("nanargmax", Number.NEGATIVE_INFINITY, (x) => x);
/** The position (i32) of the first smallest number; -1 where there is none. */
export const nanargmin = argument("nanargmin", Number.POSITIVE_INFINITY, opposite);

interface CumulateOptions {
  axis?: number | null;
  dtype?: string | null;
}
/** The running sum, in which NaN counts as 0. */
export const nancumsum = parametric(
  "numpy",
  "nancumsum",
  ["axis", "dtype"],
  (x: TensorLike, options: CumulateOptions) => cumulated(replaced(asTensor(x), 0), "add", options),
);
/** The running product, in which NaN counts as 1. */
export const nancumprod = parametric(
  "numpy",
  "nancumprod",
  ["axis", "dtype"],
  (x: TensorLike, options: CumulateOptions) => cumulated(replaced(asTensor(x), 1), "mul", options),
);
