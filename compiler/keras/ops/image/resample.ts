/**
 * `keras.ops.image`, resampling: every pixel of the result is a weighted sum along each axis, so that resizing is one contraction with a matrix
 * of weights per axis. The weights are those of JAX: a kernel around the place in the input, stretched when shrinking with `antialias`, scaled
 * to sum 1.
 */

import { dtypes, isFloat } from "../../../../ir/dtype.ts";
import { ModelError } from "../../../../ir/errors.ts";
import type { NDArray } from "../../../../ir/ndarray.ts";
import { normalizeAxis } from "../../../../ir/type.ts";
import { cast, getItem, staticDim, sum, type Tensor, type TensorLike, toTensor } from "../../../tensor.ts";
import { session } from "../../session.ts";
import { apply, choose, iota, real } from "../apply.ts";
import { saturateCast } from "../core.ts";
import { sliceAxis } from "../joining.ts";
import { asTensor, parametric } from "../operation.ts";
import { padTensor } from "../padding.ts";
import { gather } from "../picking.ts";
import { channelAxis, type FormatOption, requireImages } from "./layout.ts";

type Kernel = (distance: Tensor) => Tensor;

const cubicPart = (x: Tensor, a: number, b: number, c: number, d: number): Tensor =>
  [b, c, d].reduce<Tensor>(
    (sum, term) => apply("add", apply("mul", sum, x), term),
    apply("add", apply("mul", x, 0), a),
  );

/** Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2. */
const cubic: Kernel = (x) => {
  const outer = choose(apply("lt", x, 2), cubicPart(x, -0.5, 2.5, -4, 2), 0);
  return choose(apply("lt", x, 1), cubicPart(x, 1.5, -2.5, 0, 1), outer);
};
const triangle: Kernel = (x) => apply("max", apply("sub", 1, x), 0);
/** sinc(x) sinc(x / radius) inside of the radius (Duchon, "Lanczos filtering in one and two dimensions", 1979). */
const lanczos =
  (radius: number): Kernel =>
  (x) => {
    const sine = (factor: number): Tensor => apply("sin", apply("mul", x, factor));
    const near = apply("le", x, 1e-3);
    const square = apply("mul", apply("mul", x, x), Math.PI ** 2);
    const waves = apply("mul", apply("mul", sine(Math.PI), sine(Math.PI / radius)), radius);
    const value = choose(near, 1, apply("div", waves, choose(near, 1, square)));
    return choose(apply("lt", radius, x), 0, value);
  };

const kernels: { readonly [method: string]: Kernel } = {
  linear: triangle,
  bilinear: triangle,
  trilinear: triangle,
  cubic,
  bicubic: cubic,
  tricubic: cubic,
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
};

interface AxisPlan {
  readonly from: number;
  readonly to: number;
  readonly scale: TensorLike;
  readonly translation: TensorLike;
}

/** The share of each input pixel in each output pixel: f32[from, to]. Places outside of the input have none. */
function weights({ from, to, scale, translation }: AxisPlan, kernel: Kernel, antialias: boolean): Tensor {
  const engine = session.engine();
  const inverse = apply("div", 1, scale);
  const steps = cast(iota(engine, [1, to], 1), "f32");
  const middle = apply(
    "sub",
    apply("mul", apply("add", steps, 0.5), inverse),
    apply("mul", translation, inverse),
  );
  const place = apply("sub", middle, 0.5);
  const pixels = cast(iota(engine, [from, 1], 0), "f32");
  const distance = apply("abs", apply("sub", place, pixels));
  const stretch = antialias ? apply("max", inverse, 1) : 1;
  const raw = kernel(apply("div", distance, stretch));
  const total = sum(raw, 0, true);
  const usable = apply("lt", 1000 * 2 ** -23, apply("abs", total));
  const share = choose(usable, apply("div", raw, choose(usable, total, 1)), 0);
  return choose(apply("and", apply("le", -0.5, place), apply("le", place, from - 0.5)), share, 0);
}

/** One axis as sums of its elements by the columns of a matrix. */
function contractAxis(x: Tensor, axis: number, matrix: Tensor): Tensor {
  const names = x.shape.map((_, i) => `a${i}`);
  const result = names.map((name, i) => (i === axis ? "o" : name));
  const spec = `${names.join(" ")}, a${axis} o -> ${result.join(" ")}`;
  return x.engine.op("contract", [x, toTensor(cast(matrix, x.dtype), x.engine)], { spec })[0];
}

interface ScaleOptions {
  /** The size of every axis of the result. */
  outputShape: readonly number[];
  /** One factor for each of `spatialDims`. */
  scale: TensorLike;
  translation: TensorLike;
  spatialDims: readonly number[];
  /** "linear", "cubic", "lanczos3" or "lanczos5" ("bilinear" and the like are the same). */
  method: string;
  /** Whether the kernel is stretched when shrinking; default true. */
  antialias?: boolean;
}

/**
 * Moves pixel x of each spatial axis to x scale + translation; pixels without source are 0. Throws ModelError for an unknown method.
 *
 *     ops.image.scaleAndTranslate(images, [1, 8, 8, 3], [2, 2], [0, 1], [1, 2], "linear")
 */
export const scaleAndTranslate = parametric(
  "image",
  "image.scaleAndTranslate",
  ["outputShape", "scale", "translation", "spatialDims", "method", "antialias"],
  (images: TensorLike, options: ScaleOptions) => {
    const { outputShape, spatialDims, method, antialias = true } = options;
    const kernel = kernels[method];
    if (kernel === undefined)
      throw new ModelError(
        `Invalid value for argument \`method\`. Expected one of ${Object.keys(kernels)}. Received: method=${method}`,
      );
    const [scale, translation] = [real(options.scale), real(options.translation)];
    return spatialDims.reduce((x, dim, i) => {
      const axis = normalizeAxis(dim, x.rank);
      const from = staticDim(x.shape[axis], "the size of an image");
      const plan = {
        from,
        to: outputShape[axis],
        scale: getItem(scale, [i]),
        translation: getItem(translation, [i]),
      };
      return contractAxis(x, axis, weights(plan, kernel, antialias));
    }, real(images));
  },
);

interface ResizeOptions extends FormatOption {
  /** [height, width]. */
  size: readonly number[];
  /** Default "bilinear". */
  interpolation?: "bilinear" | "nearest" | "bicubic" | "lanczos3" | "lanczos5";
  /** Whether shrinking averages over what it leaves out; default false. */
  antialias?: boolean;
  /** Whether to cut the middle of the image out first, of the aspect ratio of `size`. */
  cropToAspectRatio?: boolean;
  /** Whether to pad the image first to that aspect ratio. */
  padToAspectRatio?: boolean;
  /** Only "constant". */
  fillMode?: "constant";
  /** What `padToAspectRatio` pads with; default 0. */
  fillValue?: number;
}

/** Images of another height and width, in the dtype they had. Throws ModelError for unknown methods and bad sizes. */
export const resize = parametric(
  "image",
  "image.resize",
  [
    "size", "interpolation", "antialias", "cropToAspectRatio", "padToAspectRatio", "fillMode", "fillValue", "dataFormat",
  ], // biome-ignore format: in order
  (images: TensorLike, options: ResizeOptions) => {
    const x = asTensor(images);
    checkResize(x, options);
    const fitted = fittedToRatio(x, options);
    const { interpolation = "bilinear" } = options;
    if (interpolation === "nearest") return eachAxis(fitted, options, nearestAxis);
    const kernel = kernels[interpolation];
    const resized = eachAxis(real(fitted), options, (y, axis, from, to) =>
      contractAxis(
        y,
        axis,
        weights({ from, to, scale: to / from, translation: 0 }, kernel, options.antialias ?? false),
      ),
    );
    return isFloat(x.dtype) ? resized : saturateCast(apply("round", resized), dtypes[x.dtype].keras);
  },
);

function checkResize(x: Tensor, options: ResizeOptions): void {
  const {
    size,
    interpolation = "bilinear",
    fillMode = "constant",
    cropToAspectRatio,
    padToAspectRatio,
  } = options;
  const known = ["bilinear", "nearest", "lanczos3", "lanczos5", "bicubic"];
  const refuse = (argument: string, expected: string, got: unknown): never => {
    throw new ModelError(
      `Invalid value for argument \`${argument}\`. Expected ${expected}. Received: ${argument}=${got}`,
    );
  };
  if (!known.includes(interpolation)) refuse("interpolation", `one of ${known}`, interpolation);
  if (fillMode !== "constant") refuse("fill_mode", "'constant'", fillMode);
  if (cropToAspectRatio && padToAspectRatio)
    throw new ModelError("Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio` can be `True`.");
  if (size.length !== 2) refuse("size", "a list of two elements (height, width)", JSON.stringify(size));
  requireImages(x);
}

/** The axes of height and width. */
function spatialAxes(x: Tensor, { dataFormat }: FormatOption): [number, number] {
  const channels = channelAxis(x, dataFormat);
  return channels === x.rank - 1 ? [x.rank - 3, x.rank - 2] : [x.rank - 2, x.rank - 1];
}

function eachAxis(
  x: Tensor,
  options: ResizeOptions,
  change: (x: Tensor, axis: number, from: number, to: number) => Tensor,
): Tensor {
  return spatialAxes(x, options).reduce((y, axis, i) => {
    const from = staticDim(y.shape[axis], "the size of an image");
    return from === options.size[i] ? y : change(y, axis, from, options.size[i]);
  }, x);
}

/** The pixel in whose middle the middle of the new one falls, in f32 as in JAX. */
function nearestAxis(x: Tensor, axis: number, from: number, to: number): Tensor {
  const source = (i: number): number => Math.floor(Math.fround(Math.fround((i + 0.5) * from) / to));
  const numbers: NDArray = {
    dtype: "i32",
    shape: [to],
    data: Int32Array.from({ length: to }, (_, i) => source(i)),
  };
  return gather(x, toTensor(numbers, x.engine), axis);
}

/** The image cropped or padded to the aspect ratio of `size`. */
function fittedToRatio(x: Tensor, options: ResizeOptions): Tensor {
  const { size, cropToAspectRatio = false, padToAspectRatio = false, fillValue = 0 } = options;
  if (!cropToAspectRatio && !padToAspectRatio) return x;
  const axes = spatialAxes(x, options);
  const [height, width] = axes.map((axis) => staticDim(x.shape[axis], "the size of an image"));
  const wanted = [Math.trunc((width * size[0]) / size[1]), Math.trunc((height * size[1]) / size[0])];
  if (cropToAspectRatio)
    return axes.reduce((y, axis, i) => {
      const whole = i === 0 ? height : width;
      const kept = Math.max(Math.min(whole, wanted[i]), 1);
      const start = Math.trunc((whole - kept) / 2);
      return sliceAxis(y, axis, start, start + kept);
    }, x);
  const margins = [height, width].map((whole, i) => Math.trunc((Math.max(whole, wanted[i]) - whole) / 2));
  const at = margins[0] > 0 ? 0 : 1;
  const widths = x.shape.map((_, axis) => (axis === axes[at] ? margins[at] : 0));
  return padTensor(x, widths, widths, fillValue);
}
