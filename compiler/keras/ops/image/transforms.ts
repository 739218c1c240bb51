/**
 * `keras.ops.image`, geometric transformations: each pixel of the result is looked up at a place of the input that is a function of its own.
 */

import { mulDims } from "../../../../ir/dim.ts";
import { ModelError } from "../../../../ir/errors.ts";
import { cast, getItem, setShape, staticDim, type Tensor, type TensorLike } from "../../../tensor.ts";
import { apply, iota, real } from "../apply.ts";
import { solve } from "../decompositions.ts";
import { concatenate, stack } from "../joining.ts";
import { asTensor, parametric } from "../operation.ts";
import { type Sampling, sampled, samplingOf } from "./coordinates.ts";
import { type FormatOption, onBatch, requireImages } from "./layout.ts";

export interface TransformOptions extends FormatOption {
  /** "bilinear" (default) or "nearest". */
  interpolation?: string;
  /** What lies outside of the image: "constant" (default), "nearest", "wrap", "mirror" or "reflect". */
  fillMode?: string;
  /** Default 0. */
  fillValue?: number;
}

/** Rows and columns of all pixels, [1, h w, 1] each. */
export function pixelGrid(images: Tensor): readonly [rows: Tensor, columns: Tensor] {
  const [, height, width] = images.shape;
  const flat = (axis: number): Tensor =>
    setShape(cast(iota(images.engine, [height, width], axis), "f32"), [1, mulDims(height, width), 1]);
  return [flat(0), flat(1)];
}

/** The pixels of [n, h, w, c] at rows and columns [n, h w, c], where n and c may be 1. */
export function lookup(images: Tensor, rows: Tensor, columns: Tensor, sampling: Sampling): Tensor {
  const [n, height, width, channels] = images.shape;
  const sizes = [height, width].map((size) => staticDim(size, "the size of an image"));
  const flat = setShape(images, [n, mulDims(height, width), channels]);
  return setShape(sampled(flat, sizes, [rows, columns], sampling), images.shape);
}

/**
 * Pixel (x, y) of the result is pixel (a0 x + a1 y + a2, b0 x + b1 y + b2) of the input, for a transform [a0, a1, a2, b0, b1, b2, c0, c1] or one per
 * image [n, 8]. NOTE: c0 and c1, which would make it a projection, are added to the place times the number of the channel, as Keras does on
 * JAX. Throws ModelError for other ranks and unknown modes.
 */
export const affineTransform = parametric(
  "image",
  "image.affineTransform",
  ["interpolation", "fillMode", "fillValue", "dataFormat"],
  (images: TensorLike, transform: TensorLike, options: TransformOptions) => {
    const { interpolation = "bilinear", fillMode = "constant", fillValue = 0, dataFormat } = options;
    const sampling = samplingOf(interpolation, fillMode, fillValue);
    const [x, given] = [asTensor(images), real(transform)];
    requireImages(x);
    if (given.rank !== 1 && given.rank !== 2)
      throw new ModelError(
        "Invalid transform rank: expected rank 1 (single transform) or rank 2 (batch of transforms). " +
          `Received input with shape: transform.shape=${given}`,
      );
    const rows = given.rank === 1 ? setShape(given, [1, ...given.shape]) : given;
    return onBatch(x, dataFormat, (batch) => affine(batch, rows, sampling));
  },
);

function affine(images: Tensor, transform: Tensor, sampling: Sampling): Tensor {
  const [y, x] = pixelGrid(images);
  const channel = cast(iota(images.engine, [1, 1, images.shape[3]], 2), "f32");
  const [a0, a1, a2, b0, b1, b2, c0, c1] = parameters(transform, 8);
  const place = (alongX: Tensor, alongY: Tensor, shift: Tensor, skew: Tensor): Tensor =>
    [apply("mul", x, alongX), apply("mul", y, alongY), apply("mul", channel, skew), shift].reduce((a, b) =>
      apply("add", a, b),
    );
  return lookup(images, place(b0, b1, b2, c0), place(a0, a1, a2, c1), sampling);
}

/** The columns of [n, count], as [n, 1, 1] each. */
const parameters = (transform: Tensor, count: number): Tensor[] =>
  Array.from({ length: count }, (_, i) => setShape(getItem(transform, [":", i]), [transform.shape[0], 1, 1]));

/**
 * The projection that takes the four `startPoints` [4, 2] (x, y) to `endPoints`, or one per image [n, 4, 2]. What comes from outside is
 * `fillValue`. Throws ModelError for other shapes.
 */
export const perspectiveTransform = parametric(
  "image",
  "image.perspectiveTransform",
  ["interpolation", "fillValue", "dataFormat"],
  (
    images: TensorLike,
    startPoints: TensorLike,
    endPoints: TensorLike,
    options: Omit<TransformOptions, "fillMode">,
  ) => {
    const { interpolation = "bilinear", fillValue = 0, dataFormat } = options;
    const sampling = samplingOf(interpolation, "constant", fillValue);
    const [start, end] = [pointsOf("start_points", startPoints), pointsOf("end_points", endPoints)];
    return onBatch(asTensor(images), dataFormat, (batch) => {
      const [y, x] = pixelGrid(batch);
      const [p0, p1, p2, p3, p4, p5, p6, p7] = parameters(homography(start, end), 8);
      const line = (a: Tensor, b: Tensor, c: Tensor | number): Tensor =>
        apply("add", apply("add", apply("mul", a, x), apply("mul", b, y)), c);
      const depth = line(p6, p7, 1);
      return lookup(
        batch,
        apply("div", line(p3, p4, p5), depth),
        apply("div", line(p0, p1, p2), depth),
        sampling,
      );
    });
  },
);

function pointsOf(name: string, points: TensorLike): Tensor {
  const tensor = real(points);
  const [count, pair] = tensor.shape.slice(-2);
  if ((tensor.rank === 2 || tensor.rank === 3) && count === 4 && pair === 2)
    return cast(tensor.rank === 3 ? tensor : setShape(tensor, [1, 4, 2]), "f32");
  throw new ModelError(
    `Invalid ${name} shape: expected (4,2) for a single image or (N,4,2) for a batch. Received shape: ${tensor}`,
  );
}

/** The eight parameters of the projection of each end point to its start point: two equations per point, [n, 8]. */
function homography(start: Tensor, end: Tensor): Tensor {
  const [u, v] = [getItem(start, [":", ":", 0]), getItem(start, [":", ":", 1])];
  const [x, y] = [getItem(end, [":", ":", 0]), getItem(end, [":", ":", 1])];
  const [zero, one] = [apply("mul", x, 0), apply("add", apply("mul", x, 0), 1)];
  const minus = (a: Tensor, b: Tensor): Tensor => apply("neg", apply("mul", a, b));
  const rows = concatenate(
    [
      stack([x, y, one, zero, zero, zero, minus(u, x), minus(u, y)], -1),
      stack([zero, zero, zero, x, y, one, minus(v, x), minus(v, y)], -1),
    ],
    1,
  );
  const target = concatenate([u, v], 1);
  return setShape(solve(rows, setShape(target, [...target.shape, 1])), target.shape);
}
