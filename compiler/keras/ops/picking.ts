/**
 * `keras.ops` that pick elements by number. Negative numbers count from the end; numbers out of range are clamped.
 */
import type { Shape } from "../../../ir/dim.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import {
  broadcastTo,
  cast as castTensor,
  commonEngine,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { session } from "../session.ts";
import { apply, choose } from "./apply.ts";
import { flatUnless } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";

interface AxisOption {
  /** Default null: the tensor is flattened. */
  axis?: number | null;
}

/** Slices of `x` along `axis` (default: flattened) with the numbers in `indices`. `ops.take(x, [0, 2], 1)` is columns 0 and 2. */
export const take = parametric(
  "numpy",
  "take",
  ["axis"],
  (x: TensorLike, indices: TensorLike, { axis = null }: AxisOption) => {
    const tensor = flatUnless(asTensor(x), axis);
    const at = normalizeAxis(axis ?? 0, tensor.rank);
    return gather(tensor, counted(asTensor(indices, "i32"), tensor.shape[at]), at);
  },
);

/** Numbers from the start in place of negative ones, where the size is known. */
function counted(indices: Tensor, size: Shape[number]): Tensor {
  const numbers = castTensor(indices, "i32");
  if (typeof size !== "number") return numbers;
  return choose(apply("lt", numbers, 0), apply("add", numbers, size), numbers);
}

/** Slices of `x` along one axis with the numbers in `indices` (integers, not negative). */
export function gather(x: Tensor, indices: Tensor, axis: number): Tensor {
  const engine = commonEngine([x, indices]);
  return engine.op("gather", [toTensor(x, engine), castTensor(toTensor(indices, engine), "i32")], {
    axis,
  })[0];
}

/**
 * One element for each number: result[.., i, ..] = x[.., indices[.., i, ..], ..] along `axis`. The other axes of x and indices broadcast. What
 * `argsort` returns goes in here.
 */
export const takeAlongAxis = parametric(
  "numpy",
  "takeAlongAxis",
  ["axis"],
  (x: TensorLike, indices: TensorLike, { axis = null }: AxisOption) => {
    const tensor = flatUnless(asTensor(x), axis);
    const numbers = flatUnless(asTensor(indices, "i32"), axis);
    return takeAlong(tensor, numbers, normalizeAxis(axis ?? 0, tensor.rank));
  },
);

export function takeAlong(x: Tensor, indices: Tensor, axis: number): Tensor {
  const engine = commonEngine([x, indices], session.engine());
  const [values, numbers] = alignedExcept(toTensor(x, engine), toTensor(indices, engine), axis);
  return engine.op("take_along", [values, counted(numbers, values.shape[axis])], { axis })[0];
}

/** Both tensors with the larger of their sizes along all axes but one. */
function alignedExcept(x: Tensor, y: Tensor, axis: number): [Tensor, Tensor] {
  const shape = (own: Tensor, other: Tensor): Shape =>
    own.shape.map((dim, i) => (i !== axis && dim === 1 ? other.shape[i] : dim));
  return [broadcastTo(x, shape(x, y)), broadcastTo(y, shape(y, x))];
}

/** The coordinates of flat positions in an array of a shape: one tensor per axis. `ops.unravelIndex([5], [2, 3])` is [[1], [2]]. */
export const unravelIndex = parametric(
  "numpy",
  "unravelIndex",
  ["shape"],
  (indices: TensorLike, { shape }: { shape: readonly number[] }) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    let rest = counted(asTensor(indices, "i32"), size);
    const result: Tensor[] = [];
    for (const dim of [...shape].reverse()) {
      result.unshift(apply("mod", rest, dim));
      rest = apply("floordiv", rest, dim);
    }
    return result;
  },
);
