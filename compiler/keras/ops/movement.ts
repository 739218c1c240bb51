import { type Dim, mulDims, printDim, type Shape } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import type { Index } from "../../indexing.ts";
import {
  type Axes,
  axesOf,
  broadcastTo as broadcastTensor,
  getItem as getItemOf,
  reshape as reshapeTensor,
  setShape,
  staticDim,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { concat, sliceAxis } from "./joining.ts";
import { asTensor, operation, parametric } from "./operation.ts";

/** The same elements in row-major order; one dimension may be -1. */
export const reshape = parametric(
  "numpy",
  "reshape",
  ["newshape"],
  (x: TensorLike, { newshape }: { newshape: readonly (Dim | null)[] }) =>
    reshapeTensor(asTensor(x), known(newshape)),
);

/** In files the batch of a reshaped tensor is null. */
const known = (shape: readonly (Dim | null)[]): Dim[] => shape.map((dim) => dim ?? -1);

export const ravel = operation("numpy", "ravel", (x: TensorLike) => reshapeTensor(asTensor(x), [-1]));

/** The axes in the order of `axes`; reversed when it is left out. */
export const transpose = parametric(
  "numpy",
  "transpose",
  ["axes"],
  (x: TensorLike, { axes = null }: { axes?: readonly number[] | null }) => {
    const tensor = asTensor(x);
    return permute(tensor, axes ?? tensor.shape.map((_, axis) => tensor.rank - 1 - axis));
  },
);

export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const permutation = axes.map((axis) => normalizeAxis(axis, x.rank));
  return permutation.every((axis, i) => axis === i) && permutation.length === x.rank
    ? x
    : x.engine.op("transpose", [x], { permutation })[0];
}

export const swapaxes = parametric(
  "numpy",
  "swapaxes",
  ["axis1", "axis2"],
  (x: TensorLike, { axis1, axis2 }: { axis1: number; axis2: number }) => {
    const tensor = asTensor(x);
    const order = tensor.shape.map((_, axis) => axis);
    const [a, b] = [normalizeAxis(axis1, tensor.rank), normalizeAxis(axis2, tensor.rank)];
    [order[a], order[b]] = [order[b], order[a]];
    return permute(tensor, order);
  },
);

interface MoveAxes {
  source: number | readonly number[];
  destination: number | readonly number[];
}

/** Moves axes to other places; the rest keep their order. */
export const moveaxis = parametric(
  "numpy",
  "moveaxis",
  ["source", "destination"],
  (x: TensorLike, { source, destination }: MoveAxes) => {
    const tensor = asTensor(x);
    const list = (axes: number | readonly number[]): number[] =>
      [axes].flat().map((axis) => normalizeAxis(axis, tensor.rank));
    const [from, to] = [list(source), list(destination)];
    const rest = tensor.shape.flatMap((_, axis) => (from.includes(axis) ? [] : [axis]));
    const order = tensor.shape.map((_, axis) => (to.includes(axis) ? from[to.indexOf(axis)] : -1));
    return permute(
      tensor,
      order.map((axis) => (axis < 0 ? (rest.shift() ?? 0) : axis)),
    );
  },
);

/** One axis at another place; the rest keep their order. */
export function moveTo(x: Tensor, from: number, to: number): Tensor {
  const order = x.shape.flatMap((_, axis) => (axis === from ? [] : [axis]));
  order.splice(to, 0, from);
  return permute(x, order);
}

/** New axes of size 1, at these places of the result. */
export const expandDims = parametric(
  "numpy",
  "expandDims",
  ["axis"],
  (x: TensorLike, { axis }: { axis: number | readonly number[] }) => {
    const tensor = asTensor(x);
    const axes = axesOf(axis, tensor.rank + [axis].flat().length);
    const shape: Dim[] = [...tensor.shape];
    for (const at of axes) shape.splice(at, 0, 1);
    return setShape(tensor, shape);
  },
);

/** Without axes of size 1: the given ones, or all. Throws ModelError for an axis of another size. */
export const squeeze = parametric(
  "numpy",
  "squeeze",
  ["axis"],
  (x: TensorLike, { axis = null }: { axis?: Axes }) => {
    const tensor = asTensor(x);
    const axes =
      axis === null ? tensor.shape.flatMap((dim, i) => (dim === 1 ? [i] : [])) : axesOf(axis, tensor.rank);
    const bad = axes.find((at) => tensor.shape[at] !== 1);
    if (bad !== undefined) {
      throw new ModelError("cannot squeeze", {
        expected: "size 1",
        got: `size ${printDim(tensor.shape[bad])} on axis ${bad}`,
      });
    }
    return setShape(
      tensor,
      tensor.shape.filter((_, i) => !axes.includes(i)),
    );
  },
);

export const broadcastTo = parametric(
  "numpy",
  "broadcastTo",
  ["shape"],
  (x: TensorLike, { shape }: { shape: Shape }) => broadcastTensor(asTensor(x), shape),
);

/** numpy's basic indexing, with slices as text: `getItem(x, [0, "1:3", "...", null])`. */
export const getItem = operation("numpy", "getItem", (x: TensorLike, key: readonly Index[]) =>
  getItemOf(asTensor(x), key),
);

/** Backwards along `axis` (default all). */
export const flip = parametric(
  "numpy",
  "flip",
  ["axis"],
  (x: TensorLike, { axis = null }: { axis?: Axes }) => {
    const tensor = asTensor(x);
    return reverse(tensor, axesOf(axis, tensor.rank));
  },
);

/** Backwards along axis 1. */
export const fliplr = operation("numpy", "fliplr", (x: TensorLike) => reverse(asTensor(x), [1]));
/** Backwards along axis 0. */
export const flipud = operation("numpy", "flipud", (x: TensorLike) => reverse(asTensor(x), [0]));

interface RotateOptions {
  /** How many quarter turns; default 1. */
  k?: number;
  /** From the first axis towards the second; default [0, 1]. */
  axes?: readonly [number, number];
}

/** Turned by k times 90 degrees in the plane of two axes. Throws ModelError for fewer than two axes, or twice the same. */
export const rot90 = parametric(
  "numpy",
  "rot90",
  ["k", "axes"],
  (array: TensorLike, { k = 1, axes = [0, 1] }: RotateOptions) => {
    const tensor = asTensor(array);
    if (tensor.rank < 2)
      throw new ModelError(
        `Input array must have at least 2 dimensions. Received: array.ndim=${tensor.rank}`,
      );
    const [a, b] = axes.map((axis) => normalizeAxis(axis, tensor.rank));
    if (axes.length !== 2 || a === b)
      throw new ModelError(`Invalid axes: ${axes}. Axes must be a tuple of two different dimensions.`);
    const turns = ((k % 4) + 4) % 4;
    if (turns === 0) return tensor;
    if (turns === 2)
      return reverse(
        tensor,
        [a, b].sort((x, y) => x - y),
      );
    const order = tensor.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis));
    return turns === 1 ? permute(reverse(tensor, [b]), order) : reverse(permute(tensor, order), [b]);
  },
);

export const reverse = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.length === 0 ? x : x.engine.op("reverse", [x], { axes })[0];

/** The tensor side by side, `repeats` times per axis. */
export const tile = parametric(
  "numpy",
  "tile",
  ["repeats"],
  (x: TensorLike, { repeats }: { repeats: number | readonly number[] }) => {
    const counts = [repeats].flat();
    const tensor = asTensor(x);
    const rank = Math.max(tensor.rank, counts.length);
    const shape = [...new Array<Dim>(rank - tensor.rank).fill(1), ...tensor.shape];
    const times = [...new Array<number>(rank - counts.length).fill(1), ...counts];
    const apart = setShape(
      tensor,
      shape.flatMap((dim) => [1, dim]),
    );
    const spread = broadcastTensor(
      apart,
      shape.flatMap((dim, axis) => [times[axis], dim]),
    );
    return setShape(
      spread,
      shape.map((dim, axis) => mulDims(dim, times[axis])),
    );
  },
);

/** numpy's rule: without an axis, the elements in one row. */
export const flatUnless = (x: Tensor, axis: number | null): Tensor =>
  axis === null ? reshapeTensor(x, [-1]) : x;

export function repeatAxis(x: Tensor, repeats: number, axis: number): Tensor {
  const [before, after] = [x.shape.slice(0, axis + 1), x.shape.slice(axis + 1)];
  const spread = broadcastTensor(setShape(x, [...before, 1, ...after]), [...before, repeats, ...after]);
  return setShape(
    spread,
    x.shape.map((dim, i) => (i === axis ? mulDims(dim, repeats) : dim)),
  );
}

/** Elements move `shift` places along `axis`; those that fall off come back at the other end. */
export const roll = parametric(
  "numpy",
  "roll",
  ["shift", "axis"],
  (x: TensorLike, { shift, axis = null }: RollOptions) => {
    const tensor = asTensor(x);
    if (axis === null)
      return setShape(rollAxis(reshapeTensor(tensor, [-1]), [shift].flat()[0], 0), tensor.shape);
    const shifts = [shift].flat();
    return [axis]
      .flat()
      .reduce(
        (rolled, at, i) => rollAxis(rolled, shifts[i] ?? shifts[0], normalizeAxis(at, tensor.rank)),
        tensor,
      );
  },
);

interface RollOptions {
  shift: number | readonly number[];
  axis?: Axes;
}

function rollAxis(x: Tensor, shift: number, axis: number): Tensor {
  const size = staticDim(x.shape[axis], "the axis to roll");
  const cut = ((-shift % size) + size) % size;
  return cut === 0 ? x : concat([sliceAxis(x, axis, cut, size), sliceAxis(x, axis, 0, cut)], axis);
}
