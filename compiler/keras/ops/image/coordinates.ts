/**
 * `keras.ops.image`, sampling at computed places: `mapCoordinates` and the geometric transformations that are made of it. A place between pixels
 * is a weighted mean of its neighbours (order 1) or the nearest of them (order 0).
 */

import { type Dim, productOf } from "../../../../ir/dim.ts";
import { isFloat } from "../../../../ir/dtype.ts";
import { ModelError } from "../../../../ir/errors.ts";
import { broadcastShapes } from "../../../../ir/type.ts";
import {
  broadcastTo,
  cast,
  getItem,
  setShape,
  staticDim,
  type Tensor,
  type TensorLike,
} from "../../../tensor.ts";
import { apply, choose, clamp } from "../apply.ts";
import { asTensor, parametric } from "../operation.ts";
import { takeAlong } from "../picking.ts";

/**
 * Outside of the image: a constant; the outermost pixel ("nearest"); the image again ("wrap"); mirrored at the middle of the outermost pixel
 * ("mirror") or at its edge ("reflect").
 */
export type FillMode = "constant" | "nearest" | "wrap" | "mirror" | "reflect";
const fillModes: readonly FillMode[] = ["constant", "nearest", "wrap", "mirror", "reflect"];

export interface Sampling {
  readonly order: 0 | 1;
  readonly mode: FillMode;
  readonly fillValue: number;
}

/** Checks the arguments of a transformation; throws ModelError with Keras's wording. */
export function samplingOf(interpolation: string, mode: string, fillValue: number): Sampling {
  const orders: { readonly [name: string]: 0 | 1 } = { nearest: 0, bilinear: 1 };
  const order = orders[interpolation];
  if (order === undefined)
    throw new ModelError(
      "Invalid value for argument `interpolation`. Expected of one nearest, bilinear. " +
        `Received: interpolation=${interpolation}`,
    );
  return { order, mode: fillMode(mode), fillValue };
}

function fillMode(mode: string): FillMode {
  const found = fillModes.find((known) => known === mode);
  if (found !== undefined) return found;
  throw new ModelError(
    `Invalid value for argument \`fill_mode\`. Expected one of ${fillModes.join(", ")}. Received: fill_mode=${mode}`,
  );
}

/** An index that may lie outside as one inside. */
function insideIndex(index: Tensor, size: number, mode: FillMode): Tensor {
  const mirrored = (i: Tensor, length: number): Tensor => {
    const half = length - 1;
    return apply("abs", apply("sub", apply("mod", apply("add", i, half), 2 * half), half));
  };
  switch (mode) {
    case "constant":
    case "nearest":
      return clamp(index, 0, size - 1);
    case "wrap":
      return apply("mod", index, size);
    case "mirror":
      return size === 1 ? index.mul(0) : mirrored(index, size);
    case "reflect":
      return apply("floordiv", apply("sub", mirrored(index.mul(2).add(1), 2 * size + 1), 1), 2);
  }
}

/** A neighbour along one axis: its index, whether it exists, and its weight (none where it is the only one). */
interface Neighbour {
  readonly index: Tensor;
  readonly valid: Tensor | undefined;
  readonly weight: Tensor | undefined;
}

function neighbours(coordinate: Tensor, size: number, { order, mode }: Sampling): Neighbour[] {
  const at = (index: Tensor, weight: Tensor | undefined): Neighbour => ({
    index: insideIndex(index, size, mode),
    valid: mode === "constant" ? apply("and", apply("le", 0, index), apply("lt", index, size)) : undefined,
    weight,
  });
  if (!isFloat(coordinate.dtype)) return [at(cast(coordinate, "i32"), undefined)];
  if (order === 0) {
    // Halves are rounded away from 0.
    const rounded = apply("floor", apply("add", apply("abs", coordinate), 0.5));
    return [at(cast(choose(apply("lt", coordinate, 0), apply("neg", rounded), rounded), "i32"), undefined)];
  }
  const low = apply("floor", coordinate);
  const upper = apply("sub", coordinate, low);
  const index = cast(low, "i32");
  return [at(index, apply("sub", 1, upper)), at(apply("add", index, 1), upper)];
}

/** All choices of one neighbour per axis. */
const combinations = (axes: readonly (readonly Neighbour[])[]): Neighbour[][] =>
  axes.reduce<Neighbour[][]>((all, axis) => all.flatMap((head) => axis.map((item) => [...head, item])), [[]]);

/**
 * Pixels of `images` [batch, product of sizes, channels] at places given by one coordinate per axis, each [batch, places, channels] or with 1 for
 * channels or batch: [batch, places, channels].
 */
export function sampled(
  images: Tensor,
  sizes: readonly number[],
  coordinates: readonly Tensor[],
  sampling: Sampling,
): Tensor {
  const axes = coordinates.map((coordinate, axis) => neighbours(coordinate, sizes[axis], sampling));
  const parts = combinations(axes).map((corner) => {
    const flat = corner.reduce<Tensor>(
      (sum, { index }, axis) => (axis === 0 ? index : apply("add", apply("mul", sum, sizes[axis]), index)),
      corner[0].index,
    );
    const shape = broadcastShapes(flat.shape, [images.shape[0], 1, images.shape[2]]);
    const found = takeAlong(images, broadcastTo(flat, shape), 1);
    const valid = corner.flatMap((item) => item.valid ?? []);
    const kept =
      valid.length === 0
        ? found
        : choose(
            valid.reduce((a, b) => apply("and", a, b)),
            found,
            fillOf(found, sampling),
          );
    return corner.reduce(
      (value, { weight }) => (weight === undefined ? value : apply("mul", value, weight)),
      kept,
    );
  });
  const result = parts.reduce((a, b) => apply("add", a, b));
  return isFloat(images.dtype)
    ? result
    : cast(isFloat(result.dtype) ? apply("round", result) : result, images.dtype);
}

const fillOf = (x: Tensor, { fillValue }: Sampling): Tensor => cast(asTensor(fillValue), x.dtype);

interface MapOptions {
  /** 0 or 1. */
  order: number;
  /** Default "constant". */
  fillMode?: string;
  /** Default 0. */
  fillValue?: number;
}

/**
 * The elements at `coordinates` [rank, ...places]: one row per axis of `inputs`, in elements from the first. The result has the shape [...places].
 * Throws ModelError where the number of rows is not the rank, or the order not 0 or 1.
 *
 *     ops.image.mapCoordinates([[1, 2], [3, 4]], [[0, 0.5], [1, 0.5]], 1)   // [2, 2.5]
 */
export const mapCoordinates = parametric(
  "image",
  "image.mapCoordinates",
  ["order", "fillMode", "fillValue"],
  (inputs: TensorLike, coordinates: TensorLike | readonly TensorLike[], options: MapOptions) => {
    const { order, fillMode: mode = "constant", fillValue = 0 } = options;
    const x = asTensor(inputs);
    const rows = rowsOf(coordinates);
    if (rows.length !== x.rank)
      throw new ModelError(
        "First dim of `coordinates` must be the same as the rank of `inputs`. " +
          `Received inputs with shape: ${x} and coordinate leading dim of ${rows.length}`,
      );
    if (order !== 0 && order !== 1)
      throw new ModelError(
        `Invalid value for argument \`order\`. Expected one of [0, 1]. Received: order=${order}`,
      );
    const sizes = x.shape.map((dim) => staticDim(dim, "the shape of an image"));
    const places: readonly Dim[] = rows[0].shape;
    const flat = rows.map((row) => setShape(row, [1, productOf(row.shape), 1]));
    const found = sampled(setShape(x, [1, productOf(x.shape), 1]), sizes, flat, {
      order,
      mode: fillMode(mode),
      fillValue,
    });
    return setShape(found, places);
  },
);

function rowsOf(coordinates: TensorLike | readonly TensorLike[]): Tensor[] {
  const list =
    Array.isArray(coordinates) && coordinates.some((row) => typeof row === "object" && !Array.isArray(row));
  if (list) return (coordinates as readonly TensorLike[]).map((row) => asTensor(row));
  const tensor = asTensor(coordinates as TensorLike);
  if (tensor.rank < 2)
    throw new ModelError(
      `Invalid coordinates rank: expected at least rank 2. Received input with shape: ${tensor}`,
    );
  return Array.from({ length: staticDim(tensor.shape[0], "the rank of coordinates") }, (_, i) =>
    getItem(tensor, [i]),
  );
}
