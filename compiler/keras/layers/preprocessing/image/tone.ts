/**
 * Changes of tones: turned around above a threshold, spread over the whole range, or over it evenly.
 */
import { broadcastTo, cast, elementwise, select, sum, type Tensor, toTensor } from "../../../../tensor.ts";
import { oneHotOf } from "../../../ops/create.ts";
import { cumsum } from "../../../ops/cumulative.ts";
import { stack, unstack } from "../../../ops/joining.ts";
import { isnan } from "../../../ops/logic.ts";
import { gather } from "../../../ops/picking.ts";
import { maxOf, minOf } from "../../../ops/reduce.ts";
import type { Options } from "../../../options.ts";
import type { Settled } from "../../configured-layer.ts";
import {
  clip,
  type Factor,
  ImageLayer,
  type ImageOptions,
  imageDefaults,
  type Pair,
  RandomImageLayer,
  type RandomImageOptions,
  randomDefaults,
  rangeOf,
  rescale,
} from "./image-layer.ts";

const bytes: Pair = [0, 255];

const solarizationDefaults = {
  additionFactor: 0 as Factor,
  thresholdFactor: 0 as Factor,
  valueRange: [0, 255] as readonly number[],
  ...randomDefaults,
};

interface Solarized {
  readonly additions: Tensor;
  readonly thresholds: Tensor;
}

export interface SolarizationOptions extends RandomImageOptions {
  /** How much is added first, as a share of the range; default 0. */
  additionFactor?: Factor;
  /** From which share of the range on values are turned around; default 0. */
  thresholdFactor?: Factor;
  valueRange?: readonly number[];
}

/** Adds a number, then turns around what is above a threshold, as a film that saw too much light. */
export class Solarization extends RandomImageLayer<typeof solarizationDefaults, Solarized> {
  static readonly className = "Solarization";

  constructor(
    ...args: [additionFactor?: Factor | Options<SolarizationOptions>, options?: Options<SolarizationOptions>]
  ) {
    super(args, solarizationDefaults);
  }

  protected override settle(
    options: Settled<typeof solarizationDefaults>,
  ): Settled<typeof solarizationDefaults> {
    const range = { ...options, valueRange: rangeOf(options.valueRange, this.where) };
    const pair = (value: Factor): Factor => (typeof value === "number" ? [value, value] : value);
    const pairs = {
      ...range,
      additionFactor: pair(range.additionFactor),
      thresholdFactor: pair(range.thresholdFactor),
    };
    return this.withBounds(pairs, ["additionFactor", "thresholdFactor"], [0, 1]);
  }

  override getRandomTransformation(images: Tensor, training = true): Solarized | null {
    if (!training) return null;
    const draw = (factor: Factor): Tensor => {
      const [low, high] = factor as Pair;
      return this.draw([images.shape[0], 1, 1, 1], [low, high * 255]);
    };
    const { additionFactor, thresholdFactor } = this.options;
    return { additions: draw(additionFactor), thresholds: draw(thresholdFactor) };
  }

  override transformImages(images: Tensor, transformation: Solarized | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || transformation === null) return x;
    const range = this.options.valueRange as Pair;
    const shifted = clip(elementwise("add", [rescale(x, range, bytes), transformation.additions]), bytes);
    const isBelow = elementwise("lt", [shifted, transformation.thresholds]);
    return rescale(select(isBelow, shifted, elementwise("sub", [255, shifted])), bytes, range);
  }
}

const contrastDefaults = { valueRange: [0, 255] as readonly number[], ...imageDefaults };

/** Stretches each image so that its lowest value becomes the lowest of the range, and its highest the highest. */
export class AutoContrast extends ImageLayer<typeof contrastDefaults> {
  static readonly className = "AutoContrast";

  constructor(
    ...args: [
      valueRange?: readonly number[] | Options<ImageOptions & { valueRange?: readonly number[] }>,
      options?: Options<ImageOptions>,
    ]
  ) {
    super(args, contrastDefaults);
  }

  override transformImages(images: Tensor): Tensor {
    const range = rangeOf(this.options.valueRange, this.where);
    const given = cast(images, this.computeDType);
    const x = rescale(given, range, bytes);
    // As in Keras, over the second and third axis, also where the channels come first.
    const [low, high] = [minOf(x, [1, 2], true), maxOf(x, [1, 2], true)];
    const scale = elementwise("div", [255, elementwise("sub", [high, low])]);
    const moved = elementwise("sub", [elementwise("mul", [x, scale]), elementwise("mul", [low, scale])]);
    const result = rescale(clip(moved, bytes), bytes, range);
    return select(isnan(result), given, result);
  }
}

const equalizationDefaults = { valueRange: [0, 255] as readonly number[], bins: 256, ...imageDefaults };

/** Spreads the values of each channel so that all are equally frequent: by the histogram of the batch. */
export class Equalization extends ImageLayer<typeof equalizationDefaults> {
  static readonly className = "Equalization";

  constructor(
    ...args: [
      valueRange?:
        | readonly number[]
        | Options<ImageOptions & { valueRange?: readonly number[]; bins?: number }>,
      options?: Options<ImageOptions>,
    ]
  ) {
    super(args, equalizationDefaults);
  }

  override transformImages(images: Tensor, _: null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training) return x;
    const range = this.options.valueRange as Pair;
    const channels = unstack(x, { axis: this.channelAxis });
    const equalized = channels.map((channel) =>
      rescale(this.equalize(rescale(channel, range, bytes)), bytes, range),
    );
    return stack(equalized, { axis: this.channelAxis });
  }

  private equalize(channel: Tensor): Tensor {
    const { bins } = this.options;
    const histogram = this.histogram(channel);
    const cumulated = cast(cumsum(histogram, { axis: 0 }), "f32");
    const count = elementwise("sub", [1, cast(elementwise("lt", [0, cumulated]), "f32")]);
    // The first number of the cumulated ones that is not 0: those before it are the empty bins.
    const first = cast(sum(count, null, false), "i32");
    const low = gather(cumulated, elementwise("min", [first, bins - 1]), 0);
    const total = gather(cumulated, toTensor(bins - 1, channel.engine, "i32"), 0);
    const range = elementwise("sub", [total, low]);
    const divisor = select(elementwise("eq", [range, 0]), 1, range);
    const table = elementwise("div", [
      elementwise("mul", [elementwise("sub", [cumulated, low]), 255]),
      divisor,
    ]);
    const rounded = clip(elementwise("round", [table]), bytes);
    const places = cast(clip(elementwise("mul", [channel, (bins - 1) / 255]), [0, bins - 1]), "i32");
    const isFlat = elementwise("le", [sum(cast(elementwise("lt", [0, histogram]), "i32"), null, false), 1]);
    return select(broadcastTo(isFlat, channel.shape), channel, gather(rounded, places, 0));
  }

  /** How many values fall into each bin. */
  private histogram(channel: Tensor): Tensor {
    const { bins } = this.options;
    const places = cast(clip(elementwise("mul", [channel, (bins - 1) / 255]), [0, bins - 1]), "i32");
    const axes = places.shape.map((_, axis) => axis);
    return sum(oneHotOf(places, bins, -1, "i32"), axes, false);
  }
}
