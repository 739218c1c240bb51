/**
 * Random sequences of augmentations: `RandAugment` and `AugMix`.
 */
import { cast, elementwise, getItem, select, sum, type Tensor } from "../../../../tensor.ts";
import type { Options } from "../../../options.ts";
import { beta, gamma } from "../../../random/gamma.ts";
import type { Settled } from "../../configured-layer.ts";
import { RandomBrightness, RandomColorDegeneration, RandomContrast, RandomPosterization } from "./color.ts";
import { RandomSharpness } from "./filters.ts";
import { RandomRotation, RandomShear, RandomTranslation } from "./geometry.ts";
import {
  blend,
  clip,
  type Factor,
  type Pair,
  RandomImageLayer,
  type RandomImageOptions,
  randomDefaults,
} from "./image-layer.ts";
import { AutoContrast, Equalization, Solarization } from "./tone.ts";

const common = {
  valueRange: [0, 255] as readonly number[],
  interpolation: "bilinear" as "nearest" | "bilinear",
};

export interface AugmentOptions extends RandomImageOptions {
  valueRange?: readonly number[];
  /** How strong, from 0 to 1: one number or two bounds. */
  factor?: Factor;
  interpolation?: "nearest" | "bilinear";
}

/** What every augmentation is: images to images, one random change. */
type Augmentation = (images: Tensor) => Tensor;

interface Parts {
  readonly factor: Pair;
  readonly valueRange: readonly number[];
  readonly interpolation: "nearest" | "bilinear";
  readonly seed: number | null;
  readonly dataFormat: "channels_last" | "channels_first";
}

/** The augmentations that are mixed; those of colors only where wanted. */
function augmentations(
  { factor, valueRange, interpolation, seed, dataFormat }: Parts,
  withColors: boolean,
): RandomLayers {
  const [moves, colors] = [
    { interpolation, seed, dataFormat },
    { factor, valueRange, seed, dataFormat },
  ];
  const bits = Math.max(1, Math.floor(8 * factor[1]));
  return [
    new RandomShear({ xFactor: factor, yFactor: factor, ...moves }),
    new RandomTranslation({ heightFactor: factor, widthFactor: factor, ...moves }),
    new RandomRotation({ factor, ...moves }),
    ...(withColors
      ? [
          new RandomBrightness(colors),
          new RandomColorDegeneration(colors),
          new RandomContrast(colors),
          new RandomSharpness(colors),
        ]
      : []),
    new Solarization({ additionFactor: factor, thresholdFactor: factor, valueRange, seed, dataFormat }),
    new RandomPosterization({ factor: bits, valueRange, seed, dataFormat }),
    new AutoContrast({ valueRange, dataFormat }),
    new Equalization({ valueRange, dataFormat }),
  ];
}

type RandomLayers = readonly {
  getRandomTransformation(images: Tensor, training?: boolean): unknown;
  transformImages(images: Tensor, transformation: never, training?: boolean): Tensor;
}[];

const asFunctions = (layers: RandomLayers): readonly Augmentation[] =>
  layers.map(
    (layer) => (images) => layer.transformImages(images, layer.getRandomTransformation(images) as never),
  );

const randDefaults = { ...common, numOps: 2, factor: 0.5 as Factor, ...randomDefaults };

/** `numOps` randomly chosen augmentations, one after the other (Cubuk et al., 2019); the same ones for the whole batch. */
export class RandAugment extends RandomImageLayer<typeof randDefaults, readonly Tensor[]> {
  static readonly className = "RandAugment";
  private readonly parts: RandomLayers;

  constructor(
    ...args: [
      valueRange?: readonly number[] | Options<AugmentOptions & { numOps?: number }>,
      options?: Options<AugmentOptions & { numOps?: number }>,
    ]
  ) {
    super(args, randDefaults);
    this.parts = augmentations({ ...this.options, factor: this.factor }, true);
  }

  protected override settle(options: Settled<typeof randDefaults>): Settled<typeof randDefaults> {
    return this.withBounds(options, ["factor"], [0, 1]);
  }

  /** The number of the augmentation of each step. */
  override getRandomTransformation(_: Tensor, training = true): readonly Tensor[] | null {
    if (!training) return null;
    return Array.from({ length: this.options.numOps }, () =>
      elementwise("floor", [this.draw([], [0, this.parts.length])]),
    );
  }

  override transformImages(images: Tensor, choices: readonly Tensor[] | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || choices === null) return x;
    const functions = asFunctions(this.parts);
    return choices.reduce(
      (image, choice) =>
        functions.reduce((kept, f, i) => select(elementwise("eq", [choice, i]), f(image), kept), image),
      x,
    );
  }
}

const mixDefaults = {
  ...common,
  numChains: 3,
  chainDepth: 3,
  factor: 0.3 as Factor,
  alpha: 1,
  allOps: true,
  ...randomDefaults,
};

export interface AugMixOptions extends AugmentOptions {
  /** Default 3. */
  numChains?: number;
  /** Augmentations in a chain; default 3. */
  chainDepth?: number;
  /** Of the distributions of the weights; default 1. */
  alpha?: number;
  /** Also changes colors; default true. */
  allOps?: boolean;
}

interface MixedChains {
  /** Of the original, from 0 to 1. */
  readonly weight: Tensor;
  /** Of the chains; they sum to 1. */
  readonly shares: Tensor;
  readonly choices: readonly (readonly Tensor[])[];
}

/** The weighted mean of several chains of augmentations and of the image itself (Hendrycks et al., 2019). */
export class AugMix extends RandomImageLayer<typeof mixDefaults, MixedChains> {
  static readonly className = "AugMix";
  private readonly parts: RandomLayers;

  constructor(
    ...args: [valueRange?: readonly number[] | Options<AugMixOptions>, options?: Options<AugMixOptions>]
  ) {
    super(args, mixDefaults);
    this.parts = augmentations({ ...this.options, factor: this.factor }, this.options.allOps);
  }

  protected override settle(options: Settled<typeof mixDefaults>): Settled<typeof mixDefaults> {
    return this.withBounds(options, ["factor"], [0, 1]);
  }

  override getRandomTransformation(_: Tensor, training = true): MixedChains | null {
    if (!training) return null;
    const { numChains, chainDepth, alpha } = this.options;
    const drawn = gamma({ shape: [numChains], alpha, seed: this.generator });
    // One more than there are augmentations: nothing happens.
    const choice = (): Tensor => elementwise("floor", [this.draw([], [0, this.parts.length + 1])]);
    return {
      weight: beta({ shape: [], alpha, beta: alpha, seed: this.generator }),
      shares: elementwise("div", [drawn, sum(drawn, 0, true)]),
      choices: Array.from({ length: numChains }, () => Array.from({ length: chainDepth }, choice)),
    };
  }

  override transformImages(images: Tensor, transformation: MixedChains | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || transformation === null) return x;
    const { weight, shares, choices } = transformation;
    const functions = asFunctions(this.parts);
    const chains = choices.map((chain, i) => {
      const image = chain.reduce(
        (kept, choice) =>
          functions.reduce((y, f, k) => select(elementwise("eq", [choice, k]), f(kept), y), kept),
        x,
      );
      return elementwise("mul", [image, getItem(shares, [i])]);
    });
    const mixed = chains.reduce((a, b) => elementwise("add", [a, b]));
    return clip(blend(mixed, x, weight), this.options.valueRange as Pair);
  }
}
