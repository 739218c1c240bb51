/**
 * Random filters: sharper or softer, and blurred.
 */
import { cast, elementwise, select, staticDim, type Tensor, toTensor } from "../../../../tensor.ts";
import { channelsBack, channelsLast, depthwiseConv, type PerAxis } from "../../../ops/conv.ts";
import { gaussianBlur } from "../../../ops/image/filters.ts";
import type { Options } from "../../../options.ts";
import type { Settled } from "../../configured-layer.ts";
import { spatial } from "../../spatial.ts";
import { ColorLayer, type ColorOptions, colorDefaults } from "./color.ts";
import { blend, clip, type Factor, type Pair, RandomImageLayer, rangeOf } from "./image-layer.ts";

/** Blends each image with a smoothed one: a factor of 0 is smooth, 0.5 the image itself, 1 sharper. */
export class RandomSharpness extends ColorLayer {
  static readonly className = "RandomSharpness";

  protected override adjust(images: Tensor, factor: Tensor): Tensor {
    const { dataFormat } = this.options;
    const x = channelsLast(images, dataFormat);
    const channels = staticDim(x.shape[3], "the number of channels");
    const kernel = Float32Array.from({ length: 9 * channels }, (_, i) =>
      Math.floor(i / channels) === 4 ? 5 / 13 : 1 / 13,
    );
    const weights = toTensor({ dtype: "f32", shape: [3, 3, channels, 1], data: kernel }, x.engine);
    const smooth = depthwiseConv(x, weights, { strides: 1, padding: "same", dataFormat: "channels_last" });
    const share = elementwise("sub", [1, elementwise("mul", [factor, 2])]);
    return channelsBack(clip(blend(x, smooth, share), this.range), dataFormat);
  }
}

const blurDefaults = {
  ...colorDefaults,
  factor: 1 as Factor,
  kernelSize: 3 as PerAxis,
  sigma: 1 as Factor,
};

export interface RandomGaussianBlurOptions extends ColorOptions {
  /** Default 3. */
  kernelSize?: PerAxis;
  /** The width of the bell: one number or two bounds; default 1. */
  sigma?: Factor;
}

interface Blurred {
  readonly chosen: Tensor;
  readonly sigma: readonly [Tensor, Tensor];
}

/** Blurs images, with a probability drawn from the factor. */
export class RandomGaussianBlur extends RandomImageLayer<typeof blurDefaults, Blurred> {
  static readonly className = "RandomGaussianBlur";

  constructor(
    ...args: [
      factor?: Factor | Options<RandomGaussianBlurOptions>,
      options?: Options<RandomGaussianBlurOptions>,
    ]
  ) {
    super(args, blurDefaults);
  }

  protected override settle(options: Settled<typeof blurDefaults>): Settled<typeof blurDefaults> {
    const kernelSize = spatial(options.kernelSize, 2, "kernelSize", this.where);
    const valueRange = rangeOf(options.valueRange, this.where);
    return this.withBounds({ ...options, kernelSize, valueRange }, ["factor", "sigma"], [0, 1]);
  }

  override getRandomTransformation(images: Tensor, training = true): Blurred | null {
    if (!training) return null;
    const width = (): Tensor => elementwise("add", [this.draw([], this.options.sigma as Pair), 1e-6]);
    return { chosen: this.decide(images, this.factor), sigma: [width(), width()] };
  }

  override transformImages(images: Tensor, transformation: Blurred | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || transformation === null) return x;
    const { kernelSize, dataFormat, valueRange } = this.options;
    const blurred = gaussianBlur(x, {
      kernelSize: kernelSize as Pair,
      sigma: transformation.sigma,
      dataFormat,
    });
    return clip(select(transformation.chosen, blurred, x), valueRange as Pair);
  }
}
