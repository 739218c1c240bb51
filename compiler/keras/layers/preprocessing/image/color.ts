/**
 * Random changes of colors: brightness, contrast, hue, saturation, and less of each. Labels, boxes and masks stay.
 */
import { cast, elementwise, getItem, mean, select, type Tensor } from "../../../../tensor.ts";
import { hsvToRgb, rgbToGrayscale, rgbToHsv } from "../../../ops/image/color.ts";
import { concat } from "../../../ops/joining.ts";
import type { Options } from "../../../options.ts";
import { session } from "../../../session.ts";
import type { Settled } from "../../configured-layer.ts";
import {
  blend,
  clip,
  type Factor,
  type Pair,
  RandomImageLayer,
  type RandomImageOptions,
  randomDefaults,
  rangeOf,
  rescale,
} from "./image-layer.ts";

export interface ColorOptions extends RandomImageOptions {
  /** How much: one number or two bounds. */
  factor?: Factor;
  /** The lowest and highest value that images have; default [0, 255]. */
  valueRange?: readonly number[];
}

export type ColorArguments = [factor: Factor | Options<ColorOptions>, options?: Options<ColorOptions>];

export const colorDefaults = {
  factor: 0 as Factor,
  valueRange: [0, 255] as readonly number[],
  ...randomDefaults,
};

/** A change of colors by one random number per image. */
export abstract class ColorLayer extends RandomImageLayer<typeof colorDefaults, Tensor> {
  constructor(...args: ColorArguments) {
    super(args, colorDefaults);
  }

  /** What a factor may be. */
  protected get bounds(): Pair {
    return [0, 1];
  }

  protected override settle(options: Settled<typeof colorDefaults>): Settled<typeof colorDefaults> {
    const valueRange = rangeOf(options.valueRange, this.where);
    return this.withBounds({ ...options, valueRange }, ["factor"], this.bounds);
  }

  protected get range(): Pair {
    return this.options.valueRange as Pair;
  }

  override getRandomTransformation(images: Tensor, training = true): Tensor | null {
    return training ? this.drawFactor([images.shape[0], 1, 1, 1]) : null;
  }

  protected drawFactor(shape: Tensor["shape"]): Tensor {
    return this.draw(shape, this.factor);
  }

  override transformImages(images: Tensor, factor: Tensor | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    return training && factor !== null ? this.adjust(x, factor) : x;
  }

  protected abstract adjust(images: Tensor, factor: Tensor): Tensor;
}

/** Adds a share of the value range, from -1 to 1, to each image. Example: `layers.RandomBrightness(0.2)(images)`. */
export class RandomBrightness extends ColorLayer {
  static readonly className = "RandomBrightness";
  protected override get bounds(): Pair {
    return [-1, 1];
  }
  protected override drawFactor(shape: Tensor["shape"]): Tensor {
    return elementwise("mul", [super.drawFactor(shape), this.range[1] - this.range[0]]);
  }
  protected override adjust(images: Tensor, delta: Tensor): Tensor {
    return clip(elementwise("add", [images, delta]), this.range);
  }
}

/** Moves each image away from its mean, or towards it, by a factor from 1 - lower to 1 + upper. */
export class RandomContrast extends ColorLayer {
  static readonly className = "RandomContrast";
  protected override drawFactor(shape: Tensor["shape"]): Tensor {
    return this.draw(shape, [1 - this.factor[0], 1 + this.factor[1]]);
  }
  protected override adjust(images: Tensor, factor: Tensor): Tensor {
    const average = mean(images, [this.heightAxis, this.widthAxis], true);
    return clip(blend(average, images, factor), this.range);
  }
}

/** A change of one channel of hue, saturation and value. */
abstract class HsvLayer extends ColorLayer {
  protected inHsv(images: Tensor, channel: number, change: (x: Tensor) => Tensor): Tensor {
    const { dataFormat } = this.options;
    const hsv = rgbToHsv(images, { dataFormat });
    const at = (i: number): Tensor =>
      getItem(
        hsv,
        hsv.shape.map((_, axis) => (axis === this.channelAxis ? `${i}:${i + 1}` : ":")),
      );
    const channels = [0, 1, 2].map((i) => (i === channel ? change(at(i)) : at(i)));
    return hsvToRgb(concat(channels, this.channelAxis), { dataFormat });
  }
}

/** Turns the hue by up to half a factor, in either direction. */
export class RandomHue extends HsvLayer {
  static readonly className = "RandomHue";
  protected override drawFactor(shape: Tensor["shape"]): Tensor {
    const size = elementwise("mul", [super.drawFactor(shape), 0.5]);
    return elementwise("mul", [this.drawSign(shape), size]);
  }
  protected override adjust(images: Tensor, delta: Tensor): Tensor {
    const turned = this.inHsv(rescale(images, this.range, [0, 1]), 0, (hue) => {
      const moved = elementwise("add", [hue, delta]);
      const below = select(elementwise("lt", [1, moved]), elementwise("sub", [moved, 1]), moved);
      return select(elementwise("lt", [below, 0]), elementwise("add", [below, 1]), below);
    });
    return rescale(clip(turned, [0, 1]), [0, 1], this.range);
  }
}

/** Multiplies the saturation by f / (1 - f): 0.5 changes nothing, 0 is gray. */
export class RandomSaturation extends HsvLayer {
  static readonly className = "RandomSaturation";
  protected override get bounds(): Pair {
    return [-1, 1];
  }
  protected override drawFactor(shape: Tensor["shape"]): Tensor {
    const factor = super.drawFactor(shape);
    return elementwise("div", [factor, elementwise("sub", [1 + session.epsilon, factor])]);
  }
  protected override adjust(images: Tensor, factor: Tensor): Tensor {
    return this.inHsv(images, 1, (saturation) => clip(elementwise("mul", [saturation, factor]), this.range));
  }
}

/** Blends each image with its gray one: 1 is gray. */
export class RandomColorDegeneration extends ColorLayer {
  static readonly className = "RandomColorDegeneration";
  protected override get bounds(): Pair {
    return [-1, 1];
  }
  protected override adjust(images: Tensor, factor: Tensor): Tensor {
    const gray = rgbToGrayscale(images, { dataFormat: this.options.dataFormat });
    return clip(blend(images, gray, factor), this.range);
  }
}

/** Keeps only the upper bits of values of 8: as many as the factor says, from 1 to 8. */
export class RandomPosterization extends ColorLayer {
  static readonly className = "RandomPosterization";
  protected override get bounds(): Pair {
    return [1, 8];
  }
  protected override drawFactor(shape: Tensor["shape"]): Tensor {
    const [low, high] = this.factor;
    return elementwise("floor", [this.draw(shape, [low, high])]);
  }
  protected override adjust(images: Tensor, bits: Tensor): Tensor {
    const bytes = elementwise("trunc", [clip(rescale(images, this.range, [0, 255]), [0, 255])]);
    // 2 to the number of bits that are lost, exactly.
    const step = elementwise("floor", [
      elementwise("add", [elementwise("exp2", [elementwise("sub", [8, bits])]), 0.5]),
    ]);
    const kept = elementwise("mul", [elementwise("floor", [elementwise("div", [bytes, step])]), step]);
    return rescale(kept, [0, 255], this.range);
  }
}

/** Turns values around, top for bottom, with a probability drawn from the factor. */
export class RandomInvert extends ColorLayer {
  static readonly className = "RandomInvert";
  override getRandomTransformation(images: Tensor, training = true): Tensor | null {
    return training ? this.decide(images, this.factor) : null;
  }
  protected override adjust(images: Tensor, chosen: Tensor): Tensor {
    return select(chosen, elementwise("sub", [this.range[1], images]), images);
  }
}

const grayscaleDefaults = { factor: 0.5, ...randomDefaults };

/** Makes images gray, with the probability `factor` (default 0.5). */
export class RandomGrayscale extends RandomImageLayer<typeof grayscaleDefaults, Tensor> {
  static readonly className = "RandomGrayscale";
  constructor(
    ...args: [
      factor?: number | Options<RandomImageOptions & { factor?: number }>,
      options?: Options<RandomImageOptions>,
    ]
  ) {
    super(args, grayscaleDefaults);
  }
  override getRandomTransformation(images: Tensor, training = true): Tensor | null {
    const { factor } = this.options;
    return training ? elementwise("lt", [this.draw([images.shape[0], 1, 1, 1], [0, 1]), factor]) : null;
  }
  override transformImages(images: Tensor, chosen: Tensor | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || chosen === null) return x;
    return select(chosen, rgbToGrayscale(x, { dataFormat: this.options.dataFormat }), x);
  }
}

const jitterDefaults = {
  valueRange: [0, 255] as readonly number[],
  brightnessFactor: null as Factor | null,
  contrastFactor: null as Factor | null,
  saturationFactor: null as Factor | null,
  hueFactor: null as Factor | null,
  ...randomDefaults,
};

/** Random brightness, contrast, saturation and hue, one after the other; factors that are null (the default) do nothing. */
export class RandomColorJitter extends RandomImageLayer<typeof jitterDefaults, null> {
  static readonly className = "RandomColorJitter";
  private readonly steps: readonly ColorLayer[];

  constructor(
    ...args: [
      valueRange?: readonly number[] | Options<Partial<typeof jitterDefaults> & RandomImageOptions>,
      options?: Options<Partial<typeof jitterDefaults> & RandomImageOptions>,
    ]
  ) {
    super(args, jitterDefaults);
    const { valueRange, seed, dataFormat, brightnessFactor, contrastFactor, saturationFactor, hueFactor } =
      this.options;
    const step = (Class: new (...args: ColorArguments) => ColorLayer, factor: Factor | null): ColorLayer[] =>
      factor === null ? [] : [new Class({ factor, valueRange, seed, dataFormat })];
    this.steps = [
      ...step(RandomBrightness, brightnessFactor),
      ...step(RandomContrast, contrastFactor),
      ...step(RandomSaturation, saturationFactor),
      ...step(RandomHue, hueFactor),
    ];
  }

  override transformImages(images: Tensor, _: null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training) return x;
    return this.steps.reduce(
      (image, layer) => layer.transformImages(image, layer.getRandomTransformation(image)),
      x,
    );
  }
}
