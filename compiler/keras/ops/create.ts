/**
 * `keras.ops` that make tensors: constants of one value, ranges, matrices of ones and zeros, one-hot rows.
 */
import type { Dim, Shape } from "../../../ir/dim.ts";
import type { DType } from "../../../ir/dtype.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import {
  broadcastTo,
  cast,
  elementwise,
  setShape,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { dtypeOf } from "../dtype-names.ts";
import { session } from "../session.ts";
import { iota } from "./apply.ts";
import { permute } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";
import { maxOf } from "./reduce.ts";

export interface DTypeOption {
  /** "float32", "int32", ...; default float32. */
  dtype?: string | null;
}

export const dtypeFrom = (name: string | null | undefined): DType =>
  name === undefined || name === null ? session.floatx : dtypeOf(name);

/** A tensor of one value, or of a tensor repeated. */
export function filled(shape: Shape, value: TensorLike, dtype: DType): Tensor {
  return broadcastTo(cast(toTensor(value, session.engine(), dtype), dtype), shape);
}

/** A tensor in the default backend, or in the trace that is open. NOTE: plain numbers are f32 unless `dtype` says otherwise, whole ones too. */
export const convertToTensor = parametric(
  "core",
  "convertToTensor",
  ["dtype"],
  (x: TensorLike, { dtype }: DTypeOption) => {
    if (dtype === undefined || dtype === null) return asTensor(x);
    return cast(asTensor(x, dtypeOf(dtype)), dtypeOf(dtype));
  },
);

/** As `convertToTensor`, but whole numbers without a `dtype` are i32, as in numpy: `ops.array([1, 2])`, but f32 for `ops.array([1, 2.5])`. */
export const array = parametric("numpy", "array", ["dtype"], (x: TensorLike, { dtype }: DTypeOption) =>
  convertToTensor(x, dtype ?? (isWhole(x) ? "int32" : undefined)),
);
const isWhole = (x: unknown): boolean =>
  Array.isArray(x) ? x.length > 0 && x.every(isWhole) : typeof x === "number" && Number.isInteger(x);

interface ShapeOptions extends DTypeOption {
  shape: Shape;
}
const constantFill = (name: string, value: number) =>
  parametric("numpy", name, ["shape", "dtype"], ({ shape, dtype }: ShapeOptions) =>
    filled(shape, value, dtypeFrom(dtype)),
  );
export const zeros = constantFill("zeros", 0);
export const ones = constantFill("ones", 1);
/** As `zeros`: no program reads memory that nothing was written to. */
export const empty = constantFill("empty", 0);
export const full = parametric(
  "numpy",
  "full",
  ["shape", "fillValue", "dtype"],
  ({ shape, fillValue, dtype }: ShapeOptions & { fillValue: TensorLike }) =>
    filled(shape, fillValue, dtypeFrom(dtype)),
);

const like = (name: string, value: number) =>
  parametric("numpy", name, ["dtype"], (x: TensorLike, { dtype }: DTypeOption) =>
    fillLike(asTensor(x), value, dtype),
  );
export const zerosLike = like("zerosLike", 0);
export const onesLike = like("onesLike", 1);
export const emptyLike = like("emptyLike", 0);
export const fullLike = parametric(
  "numpy",
  "fullLike",
  ["fillValue", "dtype"],
  (x: TensorLike, { fillValue, dtype }: DTypeOption & { fillValue: TensorLike }) =>
    fillLike(asTensor(x), fillValue, dtype),
);

export const fillLike = (x: Tensor, value: TensorLike, dtype: string | null | undefined): Tensor => {
  const type = dtype === undefined || dtype === null ? x.dtype : dtypeOf(dtype);
  return broadcastTo(cast(toTensor(value, x.engine, type), type), x.shape);
};

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
  const [rows, columns] = [0, 1].map((axis) => iota(engine, [n, m], axis));
  return cast(elementwise("eq", [elementwise("add", [rows, k]), columns]), dtype);
}

interface OneHotOptions {
  numClasses: number;
  /** Where the new axis goes; default -1, the end. */
  axis?: number;
  dtype?: string | null;
}

/**
 * Several classes at once: 1 at the place of each integer of the last axis, which disappears, 0 elsewhere. [batch, k] to [batch, numClasses];
 * one vector of integers to [numClasses].
 */
export const multiHot = parametric(
  "nn",
  "multiHot",
  ["numClasses", "axis", "dtype"],
  (inputs: TensorLike, { numClasses, axis = -1, dtype }: OneHotOptions) => {
    const x = asTensor(inputs, "i32");
    const hot = oneHotOf(x, numClasses, axis, dtypeFrom(dtype));
    return maxOf(hot, x.rank > 1 ? 1 : 0, false);
  },
);

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
  const numbers = iota(x.engine, shape, x.rank);
  const wanted = broadcastTo(setShape(cast(x, "i32"), [...x.shape, 1]), shape);
  const hot = cast(x.engine.op("eq", [wanted, numbers], {})[0], dtype);
  const at = normalizeAxis(axis, shape.length);
  const order = x.shape.map((_, i) => i);
  order.splice(at, 0, x.rank);
  return permute(hot, order);
}
