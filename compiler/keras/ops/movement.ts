/**
 * `keras.ops`, movement: reshaping, reordering, joining and cutting. No element changes its value. Axes may be negative.
 */
import { dimsAttr } from "../../../ir/builder.ts";
import { type Dim, mulDims, printDim, type Shape } from "../../../ir/dim.ts";
import { type DType, dtypeFromName } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import {
  axesOf,
  broadcastTo as broadcastTensor,
  cast as castTensor,
  commonEngine,
  elementwise,
  getItem as getItemOf,
  promoteOperands,
  reshape as reshapeTensor,
  select,
  setShape,
  staticDim,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import type { Index } from "../../indexing.ts";
import { session } from "../session.ts";
import { asTensor, operation, operationWithOptions } from "./operation.ts";

/** The dtype of a name; throws ModelError for others. */
export function dtypeOf(name: string): DType {
  const dtype = dtypeFromName(name);
  if (dtype === undefined) throw new ModelError("no such dtype", { expected: `"float32", "int32", ...`, got: name });
  return dtype;
}

/** The values in another dtype, given as "float32" or "f32". */
export const cast = operation("core", "cast", (x: TensorLike, dtype: string) => castTensor(asTensor(x), dtypeOf(dtype)), ["dtype"]);

/** The same elements in row-major order; one dimension may be -1. */
export const reshape = operation("numpy", "reshape", (x: TensorLike, newshape: readonly (Dim | null)[]) => reshapeTensor(asTensor(x), known(newshape)), [
  "newshape",
]);

/** In files the batch of a reshaped tensor is null. */
const known = (shape: readonly (Dim | null)[]): Dim[] => shape.map((dim) => dim ?? -1);

export const ravel = operation("numpy", "ravel", (x: TensorLike) => reshapeTensor(asTensor(x), [-1]));

/** The axes in the order of `axes`; reversed when it is left out. */
export const transpose = operation(
  "numpy",
  "transpose",
  (x: TensorLike, axes?: readonly number[] | null) => {
    const tensor = asTensor(x);
    return permute(tensor, axes ?? tensor.shape.map((_, axis) => tensor.rank - 1 - axis));
  },
  ["axes"],
);

export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const permutation = axes.map((axis) => normalizeAxis(axis, x.rank));
  return permutation.every((axis, i) => axis === i) && permutation.length === x.rank ? x : x.engine.op("transpose", [x], { permutation })[0];
}

export const swapaxes = operation(
  "numpy",
  "swapaxes",
  (x: TensorLike, axis1: number, axis2: number) => {
    const tensor = asTensor(x);
    const order = tensor.shape.map((_, axis) => axis);
    const [a, b] = [normalizeAxis(axis1, tensor.rank), normalizeAxis(axis2, tensor.rank)];
    [order[a], order[b]] = [order[b], order[a]];
    return permute(tensor, order);
  },
  ["axis1", "axis2"],
);

/** Moves axes to other places; the rest keep their order. */
export const moveaxis = operation(
  "numpy",
  "moveaxis",
  (x: TensorLike, source: number | readonly number[], destination: number | readonly number[]) => {
    const tensor = asTensor(x);
    const list = (axes: number | readonly number[]): number[] =>
      (typeof axes === "number" ? [axes] : axes).map((axis) => normalizeAxis(axis, tensor.rank));
    const [from, to] = [list(source), list(destination)];
    const rest = tensor.shape.flatMap((_, axis) => (from.includes(axis) ? [] : [axis]));
    const order = tensor.shape.map((_, axis) => (to.includes(axis) ? from[to.indexOf(axis)] : -1));
    return permute(tensor, order.map((axis) => (axis < 0 ? (rest.shift() ?? 0) : axis)));
  },
  ["source", "destination"],
);

/** New axes of size 1, at these places of the result. */
export const expandDims = operation(
  "numpy",
  "expandDims",
  (x: TensorLike, axis: number | readonly number[]) => {
    const tensor = asTensor(x);
    const axes = axesOf(axis, tensor.rank + (typeof axis === "number" ? 1 : axis.length));
    const shape: Dim[] = [...tensor.shape];
    for (const at of axes) shape.splice(at, 0, 1);
    return setShape(tensor, shape);
  },
  ["axis"],
);

/** Without axes of size 1: the given ones, or all. Throws ModelError for an axis of another size. */
export const squeeze = operation(
  "numpy",
  "squeeze",
  (x: TensorLike, axis?: number | readonly number[] | null) => {
    const tensor = asTensor(x);
    const axes = axis === undefined || axis === null ? tensor.shape.flatMap((dim, i) => (dim === 1 ? [i] : [])) : axesOf(axis, tensor.rank);
    const bad = axes.find((at) => tensor.shape[at] !== 1);
    if (bad !== undefined) {
      throw new ModelError("cannot squeeze", { expected: "size 1", got: `size ${printDim(tensor.shape[bad])} on axis ${bad}` });
    }
    return setShape(tensor, tensor.shape.filter((_, i) => !axes.includes(i)));
  },
  ["axis"],
);

export const broadcastTo = operation("numpy", "broadcastTo", (x: TensorLike, shape: Shape) => broadcastTensor(asTensor(x), shape), ["shape"]);

/** numpy's basic indexing, with slices as text: `getItem(x, [0, "1:3", "...", null])`. */
export const getItem = operation("numpy", "getItem", (x: TensorLike, key: readonly Index[]) => getItemOf(asTensor(x), key));

interface AxisOption {
  axis?: number;
}

/** Tensors one after the other along `axis` (default 0). */
export const concatenate = operationWithOptions(
  "numpy",
  "concatenate",
  ["axis"],
  (xs: readonly TensorLike[], { axis = 0 }: AxisOption) => concat(promoteOperands(xs, session.engine()), axis),
);

export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 1) return tensors[0];
  return tensors[0].engine.op("concat", tensors, { axis: normalizeAxis(axis, tensors[0].rank) })[0];
}

/** Tensors of one shape along a new axis. */
export const stack = operationWithOptions("numpy", "stack", ["axis"], (xs: readonly TensorLike[], { axis = 0 }: AxisOption) => {
  const tensors = promoteOperands(xs, session.engine());
  const at = normalizeAxis(axis, tensors[0].rank + 1);
  return concat(
    tensors.map((x) => setShape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])),
    at,
  );
});

/** Cuts into equal parts (a number) or at positions (a list). Throws ModelError where the axis does not divide. */
export const split = operationWithOptions(
  "numpy",
  "split",
  ["axis"],
  (x: TensorLike, sections: number | readonly number[], { axis = 0 }: AxisOption) => {
    const tensor = asTensor(x);
    const at = normalizeAxis(axis, tensor.rank);
    const size = staticDim(tensor.shape[at], "the axis to split");
    return cutPoints(size, sections).map(([start, limit]) => sliceAxis(tensor, at, start, limit));
  },
);

function cutPoints(size: number, sections: number | readonly number[]): [number, number][] {
  if (typeof sections !== "number") {
    const cuts = [0, ...sections, size];
    return cuts.slice(1).map((cut, i) => [Math.min(cuts[i], size), Math.min(cut, size)]);
  }
  if (size % sections !== 0) throw new ModelError("cannot split evenly", { expected: `a multiple of ${sections}`, got: `${size}` });
  const part = size / sections;
  return Array.from({ length: sections }, (_, i) => [i * part, (i + 1) * part]);
}

/** Positions `start` to `limit` of one axis. */
export function sliceAxis(x: Tensor, axis: number, start: number, limit: Dim): Tensor {
  const starts = x.shape.map((_, i) => (i === axis ? start : 0));
  const limits = dimsAttr(x.shape.map((dim, i) => (i === axis ? limit : dim)));
  return x.engine.op("slice", [x], { starts, limits, strides: x.shape.map(() => 1) })[0];
}

/** The slices along `axis`, which disappears. */
export const unstack = operation(
  "core",
  "unstack",
  (x: TensorLike, num?: number | null, axis?: number) => {
    const tensor = asTensor(x);
    const at = normalizeAxis(axis ?? 0, tensor.rank);
    const size = num ?? staticDim(tensor.shape[at], "the axis to unstack");
    const rest = tensor.shape.filter((_, i) => i !== at);
    return Array.from({ length: size }, (_, i) => setShape(sliceAxis(tensor, at, i, i + 1), rest));
  },
  ["num", "axis"],
);

/** Backwards along `axis` (default all). */
export const flip = operation(
  "numpy",
  "flip",
  (x: TensorLike, axis?: number | readonly number[] | null) => {
    const tensor = asTensor(x);
    return tensor.engine.op("reverse", [tensor], { axes: axesOf(axis, tensor.rank) })[0];
  },
  ["axis"],
);

/** The tensor side by side, `repeats` times per axis. */
export const tile = operation(
  "numpy",
  "tile",
  (x: TensorLike, repeats: number | readonly number[]) => {
    const counts = typeof repeats === "number" ? [repeats] : repeats;
    const tensor = asTensor(x);
    const rank = Math.max(tensor.rank, counts.length);
    const shape = [...new Array<Dim>(rank - tensor.rank).fill(1), ...tensor.shape];
    const times = [...new Array<number>(rank - counts.length).fill(1), ...counts];
    const apart = setShape(tensor, shape.flatMap((dim) => [1, dim]));
    const spread = broadcastTensor(apart, shape.flatMap((dim, axis) => [times[axis], dim]));
    return setShape(spread, shape.map((dim, axis) => mulDims(dim, times[axis])));
  },
  ["repeats"],
);

/** Each element `repeats` times in place, along `axis` (default: flattened). */
export const repeat = operation(
  "numpy",
  "repeat",
  (x: TensorLike, repeats: number, axis?: number | null) => {
    const tensor = axis === undefined || axis === null ? reshapeTensor(asTensor(x), [-1]) : asTensor(x);
    return repeatAxis(tensor, repeats, normalizeAxis(axis ?? 0, tensor.rank));
  },
  ["repeats", "axis"],
);

export function repeatAxis(x: Tensor, repeats: number, axis: number): Tensor {
  const [before, after] = [x.shape.slice(0, axis + 1), x.shape.slice(axis + 1)];
  const spread = broadcastTensor(setShape(x, [...before, 1, ...after]), [...before, repeats, ...after]);
  return setShape(spread, x.shape.map((dim, i) => (i === axis ? mulDims(dim, repeats) : dim)));
}

/** Elements move `shift` places along `axis`; those that fall off come back at the other end. */
export const roll = operation(
  "numpy",
  "roll",
  (x: TensorLike, shift: number, axis?: number | null) => {
    const tensor = asTensor(x);
    const flat = axis === undefined || axis === null ? reshapeTensor(tensor, [-1]) : tensor;
    const at = normalizeAxis(axis ?? 0, flat.rank);
    const size = staticDim(flat.shape[at], "the axis to roll");
    const cut = ((-shift % size) + size) % size;
    if (cut === 0) return tensor;
    return setShape(concat([sliceAxis(flat, at, cut, size), sliceAxis(flat, at, 0, cut)], at), tensor.shape);
  },
  ["shift", "axis"],
);

interface PadOptions {
  /** "constant" is the only one so far. */
  mode?: "constant";
  constantValues?: number;
}

/** `padWidth[axis]` is [before, after]; one pair or one number holds for all axes. */
export const pad = operationWithOptions(
  "numpy",
  "pad",
  ["mode", "constantValues"],
  (x: TensorLike, padWidth: number | readonly (number | readonly number[])[], { mode = "constant", constantValues = 0 }: PadOptions) => {
    if (mode !== "constant") throw new ModelError("no such padding", { where: "ops.pad", expected: `mode "constant"`, got: mode });
    const tensor = asTensor(x);
    const widths = padPairs(padWidth, tensor.rank);
    return padTensor(tensor, widths.map(([low]) => low), widths.map(([, high]) => high), constantValues);
  },
);

function padPairs(width: number | readonly (number | readonly number[])[], rank: number): readonly (readonly [number, number])[] {
  const all = (low: number, high: number): [number, number][] => Array.from({ length: rank }, () => [low, high]);
  if (typeof width === "number") return all(width, width);
  const flat = width.every((item): item is number => typeof item === "number") ? width : undefined;
  if (flat !== undefined) return all(flat[0], flat[1] ?? flat[0]);
  const pairs = width.map((item): [number, number] => (typeof item === "number" ? [item, item] : [item[0], item[1]]));
  if (pairs.length === rank) return pairs;
  if (pairs.length === 1) return all(...pairs[0]);
  throw new ModelError("wrong number of paddings", { where: "ops.pad", expected: `${rank} pairs`, got: `${pairs.length}` });
}

export function padTensor(x: Tensor, low: readonly number[], high: readonly number[], value: number): Tensor {
  if ([...low, ...high].every((width) => width === 0)) return x;
  return x.engine.op("pad", [x], { low, high, interior: low.map(() => 0), value })[0];
}

/** Slices of `x` along `axis` (default: flattened) with the numbers in `indices`; negative ones count from the end. */
export const take = operation(
  "numpy",
  "take",
  (x: TensorLike, indices: TensorLike, axis?: number | null) => {
    const tensor = axis === undefined || axis === null ? reshapeTensor(asTensor(x), [-1]) : asTensor(x);
    return takeAxis(tensor, asTensor(indices, "i32"), normalizeAxis(axis ?? 0, tensor.rank));
  },
  ["axis"],
);

function takeAxis(x: Tensor, indices: Tensor, axis: number): Tensor {
  const size = x.shape[axis];
  const numbers = castTensor(indices, "i32");
  const counted = typeof size === "number" ? select(elementwise("lt", [numbers, 0]), elementwise("add", [numbers, size]), numbers) : numbers;
  return gather(x, counted, axis);
}

/** Slices of `x` along one axis with the numbers in `indices` (integers, not negative). */
export function gather(x: Tensor, indices: Tensor, axis: number): Tensor {
  const engine = commonEngine([x, indices]);
  return engine.op("gather", [toTensor(x, engine), castTensor(toTensor(indices, engine), "i32")], { axis })[0];
}
