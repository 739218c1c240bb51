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
import { constantOf, real } from "./elementwise.ts";
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

export const sum = reduction("sum", sumOf);
export const mean = reduction("mean", meanOf);
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
      const found = f(asTensor(x), axis, keepdims);
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
export const any = reduction("any", (x, axis, keepdims) =>
  castTensor(maxOf(castTensor(truth(x), "i32"), axis, keepdims), "bool"),
);
export const all = reduction("all", (x, axis, keepdims) =>
  castTensor(minOf(castTensor(truth(x), "i32"), axis, keepdims), "bool"),
);
export const countNonzero = reduction("countNonzero", (x, axis, keepdims) =>
  sumOf(castTensor(truth(x), "i32"), axis, keepdims),
);

const truth = (x: Tensor): Tensor => castTensor(x, "bool");

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

interface ArgOptions {
  /** Default null: the position in the flattened tensor. */
  axis?: number | null;
  keepdims?: boolean;
}

/** The position (i32) of the first largest element. */
export const argmax = parametric("numpy", "argmax", positional, (x: TensorLike, options: ArgOptions) =>
  position(asTensor(x), options),
);
/** The position (i32) of the first smallest element. */
export const argmin = parametric("numpy", "argmin", positional, (x: TensorLike, options: ArgOptions) =>
  position(opposite(asTensor(x)), options),
);

function position(x: Tensor, { axis = null, keepdims = false }: ArgOptions): Tensor {
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
const opposite = (x: Tensor): Tensor => elementwise(dtypes[x.dtype].kind === "float" ? "neg" : "not", [x]);

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
