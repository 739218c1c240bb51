/**
 * `keras.ops` that make tensors: constants of one value, ranges, matrices of ones and zeros, one-hot rows.
 */
import { dimsAttr } from "../../../ir/builder.ts";
import type { Dim, Shape } from "../../../ir/dim.ts";
import type { DType } from "../../../ir/dtype.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import {
  broadcastTo,
  cast,
  dimTensor,
  elementwise,
  setShape,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { dtypeOf } from "../dtype-names.ts";
import { session } from "../session.ts";
import { permute } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";

interface DTypeOption {
  /** "float32", "int32", ...; default float32. */
  dtype?: string;
}

const dtypeFrom = (name: string | undefined): DType => (name === undefined ? session.floatx : dtypeOf(name));

/** A tensor of one value. */
export function filled(shape: Shape, value: number, dtype: DType): Tensor {
  return broadcastTo(toTensor(value, session.engine(), dtype), shape);
}

/** A tensor in the default backend, or in the trace that is open. NOTE: plain numbers are f32 unless `dtype` says otherwise, whole ones too. */
export const convertToTensor = parametric(
  "core",
  "convertToTensor",
  ["dtype"],
  (x: TensorLike, { dtype }: DTypeOption) => {
    const tensor = asTensor(x, dtype === undefined ? undefined : dtypeOf(dtype));
    return dtype === undefined ? tensor : cast(tensor, dtypeOf(dtype));
  },
);
export const array = convertToTensor;

interface ShapeOptions extends DTypeOption {
  shape: Shape;
}
const constantFill = (name: string, value: number) =>
  parametric("numpy", name, ["shape", "dtype"], ({ shape, dtype }: ShapeOptions) =>
    filled(shape, value, dtypeFrom(dtype)),
  );
export const zeros = constantFill("zeros", 0);
export const ones = constantFill("ones", 1);
export const full = parametric(
  "numpy",
  "full",
  ["shape", "fillValue", "dtype"],
  ({ shape, fillValue, dtype }: ShapeOptions & { fillValue: number }) =>
    filled(shape, fillValue, dtypeFrom(dtype)),
);

const like = (name: string, value: number) =>
  parametric("numpy", name, ["dtype"], (x: TensorLike, { dtype }: DTypeOption) =>
    fillLike(asTensor(x), value, dtype),
  );
export const zerosLike = like("zerosLike", 0);
export const onesLike = like("onesLike", 1);
export const fullLike = parametric(
  "numpy",
  "fullLike",
  ["fillValue", "dtype"],
  (x: TensorLike, { fillValue, dtype }: DTypeOption & { fillValue: number }) =>
    fillLike(asTensor(x), fillValue, dtype),
);

const fillLike = (x: Tensor, value: number, dtype: string | undefined): Tensor =>
  broadcastTo(toTensor(value, x.engine, dtype === undefined ? x.dtype : dtypeOf(dtype)), x.shape);

interface RangeOptions extends DTypeOption {
  start: number;
  stop?: number | null;
  step?: number;
}

/** `start`, `start + step`, ... below `stop`; with one number, from 0. Whole numbers give i32, as in numpy. */
export const arange = parametric(
  "numpy",
  "arange",
  ["start", "stop", "step", "dtype"],
  ({ start, stop = null, step = 1, dtype }: RangeOptions) => {
    const [from, to] = stop === null ? [0, start] : [start, stop];
    const whole = [from, to, step].every(Number.isInteger);
    const type = dtype === undefined ? (whole ? "i32" : session.floatx) : dtypeOf(dtype);
    const size = Math.max(Math.ceil((to - from) / step), 0);
    const steps = session.engine().op("iota", [], { shape: [size], axis: 0, dtype: type })[0];
    return elementwise("add", [elementwise("mul", [steps, step]), from]);
  },
);

interface LinspaceOptions extends DTypeOption {
  start: number;
  stop: number;
  /** Default 50. */
  num?: number;
  /** Whether stop is the last; default true. */
  endpoint?: boolean;
}

/** `num` evenly spaced numbers from start to stop. */
export const linspace = parametric(
  "numpy",
  "linspace",
  ["start", "stop", "num", "endpoint", "dtype"],
  ({ start, stop, num = 50, endpoint = true, dtype }: LinspaceOptions) => {
    const steps = Math.max(endpoint ? num - 1 : num, 1);
    const values = Array.from({ length: num }, (_, i) => start + ((stop - start) * i) / steps);
    return toTensor(values, session.engine(), dtypeFrom(dtype));
  },
);

interface EyeOptions extends DTypeOption {
  N: number;
  M?: number | null;
  k?: number;
}

/** Ones on diagonal number k (default 0) of an N x M matrix, zeros elsewhere. */
export const eye = parametric(
  "numpy",
  "eye",
  ["N", "M", "k", "dtype"],
  ({ N, M = null, k = 0, dtype }: EyeOptions) => diagonal(N, M ?? N, k, dtypeFrom(dtype)),
);
export const identity = parametric(
  "numpy",
  "identity",
  ["n", "dtype"],
  ({ n, dtype }: DTypeOption & { n: number }) => diagonal(n, n, 0, dtypeFrom(dtype)),
);

function diagonal(n: number, m: number, k: number, dtype: DType): Tensor {
  const engine = session.engine();
  const [rows, columns] = [0, 1].map(
    (axis) => engine.op("iota", [], { shape: [n, m], axis, dtype: "i32" })[0],
  );
  return cast(elementwise("eq", [elementwise("add", [rows, k]), columns]), dtype);
}

const triangle = (name: string, keeps: "lower" | "upper") =>
  parametric("numpy", name, ["k"], (x: TensorLike, { k = 0 }: { k?: number }) => {
    const tensor = asTensor(x);
    const index = (axis: number): Tensor =>
      tensor.engine.op("iota", [], {
        shape: dimsAttr(tensor.shape),
        axis: normalizeAxis(axis, tensor.rank),
        dtype: "i32",
      })[0];
    const [row, column] = [elementwise("add", [index(-2), k]), index(-1)];
    const kept = elementwise("le", keeps === "lower" ? [column, row] : [row, column]);
    return elementwise("mul", [tensor, cast(kept, tensor.dtype)]);
  });
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
export const oneHot = parametric(
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
