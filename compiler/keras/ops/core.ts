/**
 * `keras.ops`, core: what a tensor is (shape, rank, dtype), its conversion to other dtypes and to arrays, and what stops or replaces gradients.
 */
import { type Dim, productOf, type Shape } from "../../../ir/dim.ts";
import { dtypes, isFloat } from "../../../ir/dtype.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { cast as castTensor, dimTensor, type Tensor, type TensorLike, TensorMethods } from "../../tensor.ts";
import { dtypeOf } from "../dtype-names.ts";
import { clamp, constantOf, extremesOf } from "./apply.ts";
import { asTensor, operation, parametric } from "./operation.ts";

/** The sizes of the axes; numbers, where they are known. `ops.shape(ops.ones([2, 3]))` is [2, 3]. */
export const shape = (x: TensorLike): Shape => asTensor(x).shape;
/** How many axes there are. */
export const ndim = (x: TensorLike): number => asTensor(x).rank;
/** How many elements there are; a number, where the shape is known. */
export const size = (x: TensorLike): Dim => productOf(asTensor(x).shape);
/** The name of the dtype, as Keras has it: "float32". */
export const dtype = (x: TensorLike): string => dtypes[asTensor(x).dtype].keras;
/** Whether this is a tensor or a variable: numbers and arrays are not. */
export const isTensor = (x: unknown): boolean => x instanceof TensorMethods;
/** A dimension as a scalar tensor: what to use where the batch size enters a formula. */
export const dimension = (x: TensorLike, axis: number, dtype = "int32"): Tensor => {
  const tensor = asTensor(x);
  return dimTensor(tensor.shape[normalizeAxis(axis, tensor.rank)], tensor.engine, dtypeOf(dtype));
};
/** The elements as an array. Throws ModelError for a traced tensor, and Unsupported where the target answers later: there use `await x.array()`. */
export const convertToNumpy = (x: TensorLike): NDArray => asTensor(x).arraySync();

interface DTypeName {
  /** "float32" or "f32", ... */
  dtype: string;
}

/** The values in another dtype. Fractions are cut off; numbers out of the range of an integer dtype become its nearest one, NaN becomes 0. */
export const cast = parametric("core", "cast", ["dtype"], (x: TensorLike, { dtype }: DTypeName) =>
  castTensor(asTensor(x), dtypeOf(dtype)),
);

/** As `cast`, but integers that do not fit become the nearest that does, too. `ops.saturateCast([-5, 300], "uint8")` is [0, 255]. */
export const saturateCast = parametric(
  "core",
  "saturateCast",
  ["dtype"],
  (x: TensorLike, { dtype }: DTypeName) => {
    const tensor = asTensor(x);
    const type = dtypeOf(dtype);
    if (type === "bool") return castTensor(clamp(tensor, 0, 1), type);
    if (isFloat(tensor.dtype) || isFloat(type) || tensor.dtype === "bool") return castTensor(tensor, type);
    const [from, to] = [extremesOf(tensor.dtype), extremesOf(type)];
    return castTensor(clamp(tensor, Math.max(from[0], to[0]), Math.min(from[1], to[1])), type);
  },
);

/** The same elements. Tensors never change, so nothing is copied. */
export const copy = operation("numpy", "copy", (x: TensorLike) => asTensor(x));

/** The same value, through which no gradient flows. */
export const stopGradient = operation("core", "stopGradient", (variable: TensorLike) =>
  constantOf(asTensor(variable)),
);
