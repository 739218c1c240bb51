/**
 * Layers that put parts of images into others: rectangles of noise or of another image, and means of two images.
 */
import type { Dim } from "../../../../../ir/dim.ts";
import { cast, dimTensor, elementwise, select, setShape, type Tensor, toTensor } from "../../../../tensor.ts";
import { iota } from "../../../ops/apply.ts";
import { concat } from "../../../ops/joining.ts";
import { gather } from "../../../ops/picking.ts";
import { argsort } from "../../../ops/sorting.ts";
import type { Options } from "../../../options.ts";
import { standardNormal } from "../../../random/bits.ts";
import { beta } from "../../../random/gamma.ts";
import { optional, type Settled } from "../../configured-layer.ts";
import {
  type BoundingBoxes,
  blend,
  clip,
  type Factor,
  type Pair,
  RandomImageLayer,
  type RandomImageOptions,
  randomDefaults,
  rangeOf,
} from "./image-layer.ts";

/** A layer that chooses a rectangle in each image. */
abstract class RectangleLayer<O extends typeof randomDefaults, T> extends RandomImageLayer<O, T> {
  /** Rectangles with the given shares [n] of height and width: where they are, [n, ...] as bool, and which share of the image they cover, [n]. */
  protected rectangles(
    images: Tensor,
    height: Tensor,
    width: Tensor,
  ): { readonly mask: Tensor; readonly covered: Tensor } {
    const [rows, columns] = this.sizeOf(images);
    const side = (axis: number, length: number, share: Tensor): { inside: Tensor; size: Tensor } => {
      const size = elementwise("mul", [share, length]);
      const start = elementwise("mul", [this.draw(share.shape, [0, 1]), elementwise("sub", [length, size])]);
      const shape: Dim[] = [1, 1, 1, 1];
      shape[axis] = length;
      const place = setShape(cast(iota(images.engine, [length], 0), "f32"), shape);
      const end = elementwise("add", [start, size]);
      const isBehind = elementwise("le", [this.perImage(start), place]);
      return { inside: elementwise("and", [isBehind, elementwise("lt", [place, this.perImage(end)])]), size };
    };
    const x = side(this.widthAxis, columns, width);
    const y = side(this.heightAxis, rows, height);
    const area = elementwise("div", [elementwise("mul", [x.size, y.size]), rows * columns]);
    return { mask: elementwise("and", [x.inside, y.inside]), covered: area };
  }

  /**
   * A partner for each image: its position in the batch. Where the size of the batch is known, batches are shuffled as in Keras; where it is open,
   * they are turned by a random number of places.
   */
  protected partners(images: Tensor): Tensor {
    const [batch] = images.shape;
    if (typeof batch === "number") return cast(argsort(this.draw([batch], [0, 1])), "i32");
    const count = dimTensor(batch, images.engine, "f32");
    const turn = elementwise("floor", [elementwise("mul", [this.draw([], [0, 1]), count])]);
    const places = elementwise("add", [cast(iota(images.engine, [batch], 0), "f32"), turn]);
    return cast(elementwise("mod", [places, count]), "i32");
  }
}

const erasingDefaults = {
  factor: 1 as Factor,
  scale: [0.02, 0.33] as Factor,
  fillValue: optional<number | readonly number[]>(),
  valueRange: [0, 255] as readonly number[],
  ...randomDefaults,
};

interface Erased {
  readonly chosen: Tensor;
  readonly mask: Tensor;
  readonly fill: Tensor;
}

export interface RandomErasingOptions extends RandomImageOptions {
  factor?: Factor;
  /** The share of the image that is erased; default [0.02, 0.33]. */
  scale?: Factor;
  /** What it is filled with: a number, one per channel, or null (default) for normal noise. */
  fillValue?: number | readonly number[] | null;
  valueRange?: readonly number[];
}

/** Erases a rectangle of each image, with a probability drawn from the factor (Zhong et al., 2017). */
export class RandomErasing extends RectangleLayer<typeof erasingDefaults, Erased> {
  static readonly className = "RandomErasing";

  constructor(
    ...args: [factor?: Factor | Options<RandomErasingOptions>, options?: Options<RandomErasingOptions>]
  ) {
    super(args, erasingDefaults);
  }

  protected override settle(options: Settled<typeof erasingDefaults>): Settled<typeof erasingDefaults> {
    const valueRange = rangeOf(options.valueRange, this.where);
    return this.withBounds({ ...options, valueRange }, ["factor", "scale"], [0, 1]);
  }

  override getRandomTransformation(images: Tensor, training = true): Erased | null {
    if (!training) return null;
    const share = (): Tensor =>
      elementwise("sqrt", [this.draw([images.shape[0]], this.options.scale as Pair)]);
    const [width, height] = [share(), share()];
    const { mask } = this.rectangles(images, height, width);
    return { mask, chosen: this.decide(images, this.factor), fill: this.filling(images) };
  }

  private filling(images: Tensor): Tensor {
    const { fillValue, valueRange } = this.options;
    const range = valueRange as Pair;
    if (fillValue === null)
      return clip(elementwise("mul", [standardNormal(this.key(), images.shape), range[1]]), range);
    const values = toTensor(fillValue, images.engine);
    if (values.rank === 0) return clip(values, range);
    return clip(
      setShape(values, this.isLast ? [1, 1, 1, values.shape[0]] : [1, values.shape[0], 1, 1]),
      range,
    );
  }

  override transformImages(images: Tensor, transformation: Erased | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || transformation === null) return x;
    const { chosen, mask, fill } = transformation;
    return select(elementwise("and", [chosen, mask]), fill, x);
  }
}

interface Mixed {
  /** The share of the image itself, [n]. */
  readonly weight: Tensor;
  /** The partner of each image in the batch, [n]. */
  readonly order: Tensor;
  readonly mask?: Tensor;
}

/** Labels [n, ...] of an image and its partner, by their shares. */
function mixLabels(labels: Tensor, { weight, order }: Mixed): Tensor {
  const shares = setShape(weight, [weight.shape[0], ...new Array<number>(labels.rank - 1).fill(1)]);
  const own = cast(labels, "f32");
  return blend(gather(own, order, 0), own, shares);
}

const cutMixDefaults = { factor: 1 as Factor, ...randomDefaults };

/** Puts a rectangle of another image of the batch into each image, and mixes the labels by the areas (Yun et al., 2019). */
export class CutMix extends RectangleLayer<typeof cutMixDefaults, Mixed> {
  static readonly className = "CutMix";

  constructor(
    ...args: [
      factor?: Factor | Options<RandomImageOptions & { factor?: Factor }>,
      options?: Options<RandomImageOptions>,
    ]
  ) {
    super(args, cutMixDefaults);
  }

  protected override settle(options: Settled<typeof cutMixDefaults>): Settled<typeof cutMixDefaults> {
    return this.withBounds(options, ["factor"], [0, 1]);
  }

  override getRandomTransformation(images: Tensor, training = true): Mixed | null {
    if (!training) return null;
    const alpha = elementwise("add", [this.draw([], this.factor), 1e-6]);
    const drawn = beta({ shape: [images.shape[0]], alpha, beta: alpha, seed: this.generator });
    const share = elementwise("sqrt", [elementwise("sub", [1, drawn])]);
    const { mask, covered } = this.rectangles(images, share, share);
    return { order: this.partners(images), mask, weight: elementwise("sub", [1, covered]) };
  }

  override transformImages(images: Tensor, transformation: Mixed | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || transformation?.mask === undefined) return x;
    return select(transformation.mask, gather(x, transformation.order, 0), x);
  }

  override transformLabels(labels: Tensor, transformation: Mixed | null, training = true): Tensor {
    return training && transformation !== null ? mixLabels(labels, transformation) : labels;
  }

  override transformBoundingBoxes(): never {
    return this.refuseBoxes();
  }
}

const mixUpDefaults = { alpha: 0.2, ...randomDefaults };

/** The mean of each image with another of the batch, weighted by a number from a beta distribution; labels likewise (Zhang et al., 2017). */
export class MixUp extends RectangleLayer<typeof mixUpDefaults, Mixed> {
  static readonly className = "MixUp";

  constructor(
    ...args: [
      alpha?: number | Options<RandomImageOptions & { alpha?: number }>,
      options?: Options<RandomImageOptions>,
    ]
  ) {
    super(args, mixUpDefaults);
  }

  override getRandomTransformation(images: Tensor, training = true): Mixed | null {
    if (!training) return null;
    const { alpha } = this.options;
    const weight = beta({ shape: [images.shape[0]], alpha, beta: alpha, seed: this.generator });
    return { weight, order: this.partners(images) };
  }

  override transformImages(images: Tensor, transformation: Mixed | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || transformation === null) return x;
    return blend(gather(x, transformation.order, 0), x, this.perImage(transformation.weight));
  }

  override transformLabels(labels: Tensor, transformation: Mixed | null, training = true): Tensor {
    return training && transformation !== null ? mixLabels(labels, transformation) : labels;
  }

  override transformSegmentationMasks(masks: Tensor, transformation: Mixed | null, training = true): Tensor {
    return this.transformImages(masks, transformation, training);
  }

  /** The boxes of both images. */
  override transformBoundingBoxes(
    given: BoundingBoxes,
    transformation: Mixed | null,
    _: Tensor,
    training = true,
  ): BoundingBoxes {
    if (!training || transformation === null) return given;
    const { order } = transformation;
    const both = (x: Tensor): Tensor => concat([x, gather(x, order, 0)], 1);
    return { boxes: both(given.boxes), labels: both(given.labels) };
  }
}
