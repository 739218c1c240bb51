/**
 * `keras.ops`, reductions: sums, means, extrema and their positions. `axis` is one axis, a list of them, or null for all; negative ones
 * count from the end. With `keepdims` reduced axes stay, with size 1.
 */

import { productOf } from "../../../ir/dim.ts";
import { type DType, dtypes, isFloat } from "../../../ir/dtype.ts";
import {
  type Axes,
  axesOf,
  cast as castTensor,
  elementwise,
  keepAxes,
  mean as meanOf,
  reductionSpec,
  setShape,
  sum as sumOf,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { dtypeOf } from "../dtype-names.ts";
import { apply, constantOf, numeric, real, truth } from "./apply.ts";
import { asTensor, parametric } from "./operation.ts";

export interface ReduceOptions {
  /** Default null: all axes. */
  axis?: Axes;
  /** Default false. */
  keepdims?: boolean;
}
const positional = ["axis", "keepdims"] as const;

const reduction = (keras: string, f: (x: Tensor, axis: Axes, keepdims: boolean) => Tensor) =>
  parametric("numpy", keras, positional, (x: TensorLike, { axis = null, keepdims = false }: ReduceOptions) =>
    f(asTensor(x), axis, keepdims),
  );

/** Small integers and bool are summed as 32-bit ones. */
export const sum = reduction("sum", (x, axis, keepdims) => sumOf(widened(x), axis, keepdims));

/** The integers that sums and products of small ones are taken in. */
export function widened(x: Tensor): Tensor {
  const { kind, bytes } = dtypes[x.dtype];
  if (kind === "float" || bytes >= 4) return x;
  return castTensor(x, kind === "unsigned" ? "u32" : "i32");
}

export const mean = reduction("mean", meanOf);
/** The product; small integers and bool are multiplied as 32-bit ones. */
export const prod = parametric(
  "numpy",
  "prod",
  ["axis", "keepdims", "dtype"],
  (x: TensorLike, { axis = null, keepdims = false, dtype }: ReduceOptions & { dtype?: string | null }) => {
    const tensor = asTensor(x);
    const factors =
      dtype === undefined || dtype === null ? widened(tensor) : castTensor(tensor, dtypeOf(dtype));
    return prodOf(factors, axis, keepdims);
  },
);

interface ExtremumOptions extends ReduceOptions {
  /** A value that takes part everywhere. */
  initial?: number | null;
}
const extremum = (
  keras: string,
  name: "max" | "min",
  f: (x: Tensor, axis: Axes, keepdims: boolean) => Tensor,
) =>
  parametric(
    "numpy",
    keras,
    ["axis", "keepdims", "initial"],
    (x: TensorLike, { axis = null, keepdims = false, initial = null }: ExtremumOptions) => {
      const tensor = asTensor(x);
      if (tensor.dtype === "bool") return castTensor(f(castTensor(tensor, "i32"), axis, keepdims), "bool");
      const found = f(tensor, axis, keepdims);
      return initial === null ? found : elementwise(name, [found, initial]);
    },
  );
/** NaN where there is one. */
export const max = extremum("max", "max", maxOf);
export const min = extremum("min", "min", minOf);
export const amax = reduction("amax", maxOf);
export const amin = reduction("amin", minOf);
/** The mean of squared distances from the mean (no correction for the sample size). */
export const variance = reduction("var", varianceOf);
export const std = reduction("std", (x, axis, keepdims) =>
  elementwise("sqrt", [varianceOf(x, axis, keepdims)]),
);
/** Whether an element is not zero: bool. */
export const any = reduction("any", anyOf);
/** Whether no element is zero: bool. */
export const all = reduction("all", allOf);
/** How many elements are not zero: i32. */
export const countNonzero = reduction("countNonzero", (x, axis, keepdims) =>
  countOf(truth(x), axis, keepdims),
);
/** The difference of the largest and the smallest element. */
export const ptp = reduction("ptp", (x, axis, keepdims) => {
  const tensor = numeric(x);
  return apply("sub", maxOf(tensor, axis, keepdims), minOf(tensor, axis, keepdims));
});

export function anyOf(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  return castTensor(maxOf(castTensor(truth(x), "i32"), axis, keepdims), "bool");
}

export function allOf(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  return castTensor(minOf(castTensor(truth(x), "i32"), axis, keepdims), "bool");
}

/** The product over `axis`. */
export function prodOf(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  const axes = axesOf(axis, x.rank);
  const result =
    axes.length === 0 ? x : x.engine.op("reduce_prod", [x], { spec: reductionSpec(x.rank, axes) })[0];
  return keepAxes(result, x.shape, axes, keepdims);
}

/** How many elements of a bool tensor are true: i32. */
export const countOf = (x: Tensor, axis: Axes, keepdims: boolean): Tensor =>
  sumOf(castTensor(x, "i32"), axis, keepdims);

/** log(sum(exp(x))) without overflow. */
export const logsumexp = parametric(
  "math",
  "logsumexp",
  positional,
  (x: TensorLike, options: ReduceOptions) => {
    const { axis = null, keepdims = false } = options;
    const tensor = real(x);
    const top = constantOf(maxOf(tensor, axis, true));
    const sums = sumOf(elementwise("exp", [elementwise("sub", [tensor, top])]), axis, true);
    const result = elementwise("add", [elementwise("log", [sums]), top]);
    return keepdims ? result : dropAxes(result, axesOf(axis, tensor.rank));
  },
);

/** Mean and variance over `axes` at once. */
export const moments = parametric(
  "nn",
  "moments",
  ["axes", "keepdims"],
  (x: TensorLike, { axes = null, keepdims = false }: { axes?: Axes; keepdims?: boolean }) => {
    const tensor = real(x);
    return [meanOf(tensor, axes, keepdims), varianceOf(tensor, axes, keepdims)] as const;
  },
);

export interface ArgOptions {
  /** Default null: the position in the flattened tensor. */
  axis?: number | null;
  keepdims?: boolean;
}

/** The position (i32) of the first largest element. */
export const argmax = parametric("numpy", "argmax", positional, (x: TensorLike, options: ArgOptions) =>
  position(numeric(asTensor(x)), options),
);
/** The position (i32) of the first smallest element. */
export const argmin = parametric("numpy", "argmin", positional, (x: TensorLike, options: ArgOptions) =>
  position(opposite(numeric(asTensor(x))), options),
);

export function position(x: Tensor, { axis = null, keepdims = false }: ArgOptions): Tensor {
  const flat = axis === null ? setShape(x, [productOf(x.shape)]) : x;
  const axes = axesOf(axis, flat.rank);
  const result = reduceMax(flat, axes)[1];
  return axis === null && keepdims
    ? setShape(
        result,
        x.shape.map(() => 1),
      )
    : keepAxes(result, flat.shape, axes, keepdims);
}

function reduceMax(x: Tensor, axes: readonly number[]): readonly Tensor[] {
  return x.engine.op("reduce_max", [x], { spec: reductionSpec(x.rank, axes) });
}

export function maxOf(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  const axes = axesOf(axis, x.rank);
  return keepAxes(axes.length === 0 ? x : reduceMax(x, axes)[0], x.shape, axes, keepdims);
}

/** The minimum is the opposite of the maximum of opposites. */
export function minOf(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  return opposite(maxOf(opposite(x), axis, keepdims));
}

/** A mapping that reverses the order and is its own inverse: -x for floats, the complement of the bits for integers. */
export const opposite = (x: Tensor): Tensor =>
  elementwise(dtypes[x.dtype].kind === "float" ? "neg" : "not", [x]);

export function varianceOf(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  const tensor = isFloat(x.dtype) ? x : castTensor(x, "f32" satisfies DType);
  const centered = elementwise("sub", [tensor, meanOf(tensor, axis, true)]);
  return meanOf(elementwise("mul", [centered, centered]), axis, keepdims);
}

/** Removes axes of size 1. */
export const dropAxes = (x: Tensor, axes: readonly number[]): Tensor =>
  setShape(
    x,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );
