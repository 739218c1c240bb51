/**
 * `keras.ops` along an axis step by step: running sums and products, differences, integrals.
 */
import { normalizeAxis } from "../../../ir/type.ts";
import { cast, setShape, staticDim, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { dtypeOf } from "../dtype-names.ts";
import { apply, numeric, promotedReal, real } from "./apply.ts";
import { sliceAxis } from "./joining.ts";
import { flatUnless } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";

export interface CumulateOptions {
  /** Default null: the tensor is flattened. */
  axis?: number | null;
  /** Default that of the tensor; i32 for bool. */
  dtype?: string | null;
}

/** The sum of all elements up to each one. `ops.cumsum([1, 2, 3])` is [1, 3, 6]. */
export const cumsum = parametric(
  "numpy",
  "cumsum",
  ["axis", "dtype"],
  (x: TensorLike, options: CumulateOptions) => cumulated(asTensor(x), "add", options),
);
/** The product of all elements up to each one. */
export const cumprod = parametric(
  "numpy",
  "cumprod",
  ["axis", "dtype"],
  (x: TensorLike, options: CumulateOptions) => cumulated(asTensor(x), "mul", options),
);

export function cumulated(
  x: Tensor,
  combine: "add" | "mul",
  { axis = null, dtype }: CumulateOptions,
): Tensor {
  const flat = flatUnless(x, axis);
  const tensor = dtype === undefined || dtype === null ? numeric(flat) : cast(flat, dtypeOf(dtype));
  const at = normalizeAxis(axis ?? 0, tensor.rank);
  return tensor.engine.op("cumulate", [tensor], { axis: at, combine, reverse: false })[0];
}

interface DiffOptions {
  /** How many times; default 1. */
  n?: number;
  /** Default -1. */
  axis?: number;
}

/** Each element less the one before it, n times: the axis gets n shorter. Of bool, whether they differ. */
export const diff = parametric(
  "numpy",
  "diff",
  ["n", "axis"],
  (a: TensorLike, { n = 1, axis = -1 }: DiffOptions) => {
    let tensor = asTensor(a);
    const at = normalizeAxis(axis, tensor.rank);
    for (let i = 0; i < n; i++) {
      const [before, after] = neighbours(tensor, at);
      tensor = apply(tensor.dtype === "bool" ? "xor" : "sub", after, before);
    }
    return tensor;
  },
);

/** All elements but the last, and all but the first. */
function neighbours(x: Tensor, axis: number): [Tensor, Tensor] {
  const size = staticDim(x.shape[axis], "an axis of differences");
  return [sliceAxis(x, axis, 0, Math.max(size - 1, 0)), sliceAxis(x, axis, Math.min(1, size), size)];
}

interface TrapezoidOptions {
  /** Where the elements stand; default at distance `dx`. */
  x?: TensorLike | null;
  /** Default 1. */
  dx?: TensorLike;
  /** Default -1. */
  axis?: number;
}

/** The integral along `axis` by the trapezoidal rule: the sum of (y[i] + y[i+1]) / 2 times the distance. */
export const trapezoid = parametric(
  "numpy",
  "trapezoid",
  ["x", "dx", "axis"],
  (y: TensorLike, { x = null, dx = 1, axis = -1 }: TrapezoidOptions) => {
    const [values, places] = x === null ? [real(y), undefined] : promotedReal(y, x);
    const at = normalizeAxis(axis, values.rank);
    const [before, after] = neighbours(values, at);
    const width = places === undefined ? real(dx) : distances(places, values.rank, at);
    return apply("mul", sum(apply("mul", apply("add", before, after), width), at, false), 0.5);
  },
);

/** The distances of neighbours in a shape that broadcasts: a vector lies along `axis`. */
function distances(x: Tensor, rank: number, axis: number): Tensor {
  const placed =
    x.rank === 1
      ? setShape(
          x,
          Array.from({ length: rank }, (_, i) => (i === axis ? x.shape[0] : 1)),
        )
      : x;
  const [before, after] = neighbours(placed, placed.rank - rank + axis);
  return apply("sub", after, before);
}
