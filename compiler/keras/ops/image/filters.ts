/**
 * `keras.ops.image`, filters: blur and edges as convolutions of each channel by itself, and the similarity of two images.
 */
import { ModelError } from "../../../../ir/errors.ts";
import type { NDArray } from "../../../../ir/ndarray.ts";
import {
  cast,
  mean,
  setShape,
  staticDim,
  sum,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../../tensor.ts";
import { session } from "../../session.ts";
import { apply, iota, real } from "../apply.ts";
import { depthwiseConv, type PerAxis, perAxis } from "../conv.ts";
import { stack } from "../joining.ts";
import { asTensor, parametric } from "../operation.ts";
import { type FormatOption, onBatch } from "./layout.ts";

/** exp(-(x / sigma)^2 / 2) at `size` places around 0, scaled to sum 1. */
function gaussian(size: number, sigma: TensorLike): Tensor {
  const places = apply("sub", cast(iota(session.engine(), [size], 0), "f32"), (size - 1) / 2);
  const ratio = apply("div", places, cast(real(sigma), "f32"));
  const bell = apply("exp", apply("mul", -0.5, apply("mul", ratio, ratio)));
  return apply("div", bell, sum(bell, 0, true));
}

/** Every channel of [n, h, w, c] convolved with one kernel [kh, kw]. */
function filtered(x: Tensor, kernel: Tensor, padding: "same" | "valid"): Tensor {
  const [height, width] = kernel.shape;
  const repeated = apply("mul", setShape(kernel, [height, width, 1, 1]), onesFor(x));
  return depthwiseConv(x, cast(repeated, x.dtype), { padding, dataFormat: "channels_last" });
}

const onesFor = (x: Tensor): Tensor => {
  const channels = staticDim(x.shape[3], "the number of channels");
  return toTensor(
    { dtype: "f32", shape: [1, 1, channels, 1], data: new Float32Array(channels).fill(1) },
    x.engine,
  );
};

interface BlurOptions extends FormatOption {
  /** Height and width of the kernel; default [3, 3]. */
  kernelSize?: PerAxis;
  /** Its standard deviations; default [1, 1]. */
  sigma?: number | readonly [TensorLike, TensorLike] | TensorLike;
}

/**
 * Images convolved with a Gaussian bell; beyond the border they are 0. NOTE: without `dataFormat` the channels come first, whatever
 * `imageDataFormat` says, as in Keras on JAX.
 */
export const gaussianBlur = parametric(
  "image",
  "image.gaussianBlur",
  ["kernelSize", "sigma", "dataFormat"],
  (images: TensorLike, { kernelSize = [3, 3], sigma = [1, 1], dataFormat }: BlurOptions) =>
    onBatch(real(images), dataFormat ?? "channels_first", (x) =>
      blurred(x, perAxis(kernelSize, 2, "kernel size"), sigma),
    ),
);

export function blurred(
  x: Tensor,
  size: readonly number[],
  sigma: NonNullable<BlurOptions["sigma"]>,
): Tensor {
  const [first, second] = sigmasOf(sigma);
  // NOTE: as in Keras, the first size and deviation are those across, the second those down.
  const [across, down] = [gaussian(size[0], first), gaussian(size[1], second)];
  const kernel = apply("mul", setShape(down, [size[1], 1]), setShape(across, [1, size[0]]));
  return filtered(x, kernel, "same");
}

function sigmasOf(sigma: NonNullable<BlurOptions["sigma"]>): readonly [TensorLike, TensorLike] {
  if (typeof sigma === "number") return [sigma, sigma];
  if (Array.isArray(sigma)) return [sigma[0] as TensorLike, sigma[1] as TensorLike];
  const tensor = asTensor(sigma as TensorLike);
  return tensor.rank === 0 ? [tensor, tensor] : [tensor.at([0]), tensor.at([1])];
}

const sobel = (values: readonly number[]): NDArray => ({
  dtype: "f32",
  shape: [3, 3],
  data: Float32Array.from(values),
});

/** The slopes of each channel down and across, in a new last axis: [n, h, w, c] gives [n, h, w, c, 2]. Throws ModelError for a single image. */
export const sobelEdges = parametric(
  "image",
  "image.sobelEdges",
  ["dataFormat"],
  (images: TensorLike, { dataFormat = "channels_last" }: FormatOption) => {
    const x = real(images);
    if (x.rank !== 4) throw new ModelError("sobelEdges is for batches", { expected: "rank 4", got: `${x}` });
    const edges = (kernel: NDArray): Tensor =>
      onBatch(x, dataFormat ?? "channels_last", (batch) =>
        filtered(batch, toTensor(kernel, batch.engine), "same"),
      );
    return stack(
      [edges(sobel([-1, -2, -1, 0, 0, 0, 1, 2, 1])), edges(sobel([-1, 0, 1, -2, 0, 2, -1, 0, 1]))],
      -1,
    );
  },
);

interface SsimOptions extends FormatOption {
  /** The range of pixels; default 1. */
  maxVal?: number;
  /** The window: its size (default 11) and deviation (1.5). */
  filterSize?: number;
  filterSigma?: number;
  /** Default 0.01 and 0.03. */
  k1?: number;
  k2?: number;
}

/** Structural similarity, 1 for equal images (Wang et al., "Image quality assessment", 2004): a scalar, or one number per image [n]. */
export const ssim = parametric(
  "image",
  "image.ssim",
  ["maxVal", "filterSize", "filterSigma", "k1", "k2", "dataFormat"],
  (image1: TensorLike, image2: TensorLike, options: SsimOptions) => {
    const { maxVal = 1, filterSize = 11, filterSigma = 1.5, k1 = 0.01, k2 = 0.03, dataFormat } = options;
    const original = asTensor(image1);
    const [x, y] = [real(original), real(image2)];
    const bell = gaussian(filterSize, filterSigma);
    const kernel = apply("mul", setShape(bell, [filterSize, 1]), setShape(bell, [1, filterSize]));
    const local = (image: Tensor): Tensor =>
      onBatch(image, dataFormat, (batch) => filtered(batch, kernel, "valid"));
    const similarity = similarityOf(x, y, local, (k1 * maxVal) ** 2, (k2 * maxVal) ** 2);
    const first = x.rank - 3;
    return cast(mean(similarity, [first, first + 1, first + 2], false), original.dtype);
  },
);

/** (2 mx my + c1)(2 sxy + c2) / ((mx^2 + my^2 + c1)(sx + sy + c2)) with local means m and variances s. */
function similarityOf(x: Tensor, y: Tensor, local: (x: Tensor) => Tensor, c1: number, c2: number): Tensor {
  const [mx, my] = [local(x), local(y)];
  const spread = (a: Tensor, b: Tensor, means: Tensor): Tensor =>
    apply("sub", local(apply("mul", a, b)), means);
  const [xx, yy, xy] = [apply("mul", mx, mx), apply("mul", my, my), apply("mul", mx, my)];
  const plus = (a: Tensor, b: Tensor | number): Tensor => apply("add", a, b);
  const numerator = apply("mul", plus(xy.mul(2), c1), plus(spread(x, y, xy).mul(2), c2));
  const denominator = apply(
    "mul",
    plus(plus(xx, yy), c1),
    plus(plus(spread(x, x, xx), spread(y, y, yy)), c2),
  );
  return apply("div", numerator, denominator);
}
