/**
 * `keras.ops` that make tensors: constants of one value, ranges, matrices of ones and zeros, one-hot rows.
 */
import { dimsAttr } from "../../../ir/builder.ts";
import type { Dim, Shape } from "../../../ir/dim.ts";
import { type DType, isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { type ArrayLike, toArray } from "../../arrays.ts";
import { broadcastTo, cast, dimTensor, elementwise, setShape, type Tensor, type TensorLike, toTensor } from "../../tensor.ts";
import { session } from "../session.ts";
import { dtypeOf, permute } from "./movement.ts";
import { asTensor, operation, operationWithOptions } from "./operation.ts";

interface DTypeOption {
  /** "float32", "int32", ...; default float32. */
  dtype?: string;
}

const dtypeFrom = (name: string | undefined): DType => (name === undefined ? session.floatx : dtypeOf(name));

/** A tensor of one value. */
export function filled(shape: Shape, value: number, dtype: DType): Tensor {
  return broadcastTo(toTensor(value, session.engine(), dtype), shape);
}

/** A tensor in the default backend, or in the trace that is open. */
export function convertToTensor(x: TensorLike, { dtype }: DTypeOption = {}): Tensor {
  const tensor = asTensor(x, dtype === undefined ? undefined : dtypeOf(dtype));
  return dtype === undefined ? tensor : cast(tensor, dtypeOf(dtype));
}
export const array = convertToTensor;

export const zeros = (shape: Shape, { dtype }: DTypeOption = {}): Tensor => filled(shape, 0, dtypeFrom(dtype));
export const ones = (shape: Shape, { dtype }: DTypeOption = {}): Tensor => filled(shape, 1, dtypeFrom(dtype));
export const full = (shape: Shape, value: number, { dtype }: DTypeOption = {}): Tensor => filled(shape, value, dtypeFrom(dtype));

const like = (name: string, value: number) =>
  operationWithOptions("numpy", name, ["dtype"], (x: TensorLike, { dtype }: DTypeOption) => {
    const tensor = asTensor(x);
    return broadcastTo(toTensor(value, tensor.engine, dtype === undefined ? tensor.dtype : dtypeOf(dtype)), tensor.shape);
  });
export const zerosLike = like("zerosLike", 0);
export const onesLike = like("onesLike", 1);
export const fullLike = operation("numpy", "fullLike", (x: TensorLike, value: number) => {
  const tensor = asTensor(x);
  return broadcastTo(toTensor(value, tensor.engine, tensor.dtype), tensor.shape);
});

/** `start`, `start + step`, ... below `stop`; with one number, from 0. Whole numbers give i32, as in numpy. */
export function arange(start: number, stop?: number, step = 1, { dtype }: DTypeOption = {}): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const whole = [from, to, step].every(Number.isInteger);
  const type = dtype === undefined ? (whole ? "i32" : session.floatx) : dtypeOf(dtype);
  const size = Math.max(Math.ceil((to - from) / step), 0);
  const steps = session.engine().op("iota", [], { shape: [size], axis: 0, dtype: type })[0];
  return elementwise("add", [elementwise("mul", [steps, step]), from]);
}

/** `num` evenly spaced numbers from start to stop, both included. */
export function linspace(start: number, stop: number, num = 50, { dtype }: DTypeOption = {}): Tensor {
  const values = Array.from({ length: num }, (_, i) => (num === 1 ? start : start + ((stop - start) * i) / (num - 1)));
  return toTensor(values, session.engine(), dtypeFrom(dtype));
}

/** Ones on the diagonal number k, zeros elsewhere. */
export function eye(n: number, m: number = n, k = 0, { dtype }: DTypeOption = {}): Tensor {
  const engine = session.engine();
  const [rows, columns] = [0, 1].map((axis) => engine.op("iota", [], { shape: [n, m], axis, dtype: "i32" })[0]);
  return cast(elementwise("eq", [elementwise("add", [rows, k]), columns]), dtypeFrom(dtype));
}
export const identity = (n: number, options: DTypeOption = {}): Tensor => eye(n, n, 0, options);

const triangle = (name: string, keeps: "lower" | "upper") =>
  operation(
    "numpy",
    name,
    (x: TensorLike, k?: number) => {
      const tensor = asTensor(x);
      const index = (axis: number): Tensor =>
        tensor.engine.op("iota", [], { shape: dimsAttr(tensor.shape), axis: normalizeAxis(axis, tensor.rank), dtype: "i32" })[0];
      const [row, column] = [elementwise("add", [index(-2), k ?? 0]), index(-1)];
      const kept = elementwise("le", keeps === "lower" ? [column, row] : [row, column]);
      return elementwise("mul", [tensor, cast(kept, tensor.dtype)]);
    },
    ["k"],
  );
/** Zeros above diagonal k. */
export const tril = triangle("tril", "lower");
/** Zeros below diagonal k. */
export const triu = triangle("triu", "upper");

interface OneHotOptions {
  numClasses: number;
  /** Where the new axis goes; default -1, the end. */
  axis?: number;
  dtype?: string;
}

/** A row of `numClasses` numbers for each integer: 1 at that place, 0 elsewhere. Integers out of range give a row of zeros. */
export const oneHot = operationWithOptions(
  "nn",
  "oneHot",
  ["numClasses", "axis", "dtype"],
  (x: TensorLike, { numClasses, axis = -1, dtype }: OneHotOptions) =>
    oneHotOf(asTensor(x, "i32"), numClasses, axis, dtypeFrom(dtype)),
);

export function oneHotOf(x: Tensor, classes: number, axis: number, dtype: DType): Tensor {
  const shape: Dim[] = [...x.shape, classes];
  const numbers = x.engine.op("iota", [], { shape: dimsAttr(shape), axis: x.rank, dtype: "i32" })[0];
  const wanted = broadcastTo(setShape(cast(x, "i32"), [...x.shape, 1]), shape);
  const hot = cast(x.engine.op("eq", [wanted, numbers], {})[0], dtype);
  const at = normalizeAxis(axis, shape.length);
  const order = x.shape.map((_, i) => i);
  order.splice(at, 0, x.rank);
  return permute(hot, order);
}

/** The sizes of the axes; numbers, where they are known. */
export const shape = (x: TensorLike): Shape => asTensor(x).shape;
export const ndim = (x: TensorLike): number => asTensor(x).rank;
/** A dimension as a scalar tensor: what to use where the batch size enters a formula. */
export const dimension = (x: TensorLike, axis: number, dtype = "int32"): Tensor => {
  const tensor = asTensor(x);
  return dimTensor(tensor.shape[normalizeAxis(axis, tensor.rank)], tensor.engine, dtypeOf(dtype));
};

/** Throws ModelError unless the tensor has a float dtype. */
export function requireFloat(x: Tensor, where: string): Tensor {
  if (!isFloat(x.dtype)) throw new ModelError("needs floats", { where, expected: "a float dtype", got: x.toString() });
  return x;
}

/** Data as an NDArray on the host, in `dtype` where it has none of its own. */
export const hostArray = (x: ArrayLike, dtype?: string) => toArray(x, dtypeFrom(dtype));
