/**
 * The base of layers on images. They take one image [height, width, channels], a batch of them, or a dictionary of images with labels, bounding
 * boxes and segmentation masks, to all of which they do the same. What is random about a call is drawn first, as its transformation; applying one
 * is a function of images and transformation. By itself (outside of `fit`, `predict` and calls with `training`) such a layer counts as training.
 */
import type { Dim } from "../../../../../ir/dim.ts";
import { ModelError, Unsupported } from "../../../../../ir/errors.ts";
import { cast, elementwise, setShape, staticDim, type Tensor, TensorMethods } from "../../../../tensor.ts";
import type { DataFormat } from "../../../ops/conv.ts";
import { asTensor } from "../../../ops/operation.ts";
import { isPlainObject, type JsonObject, toCamel, toSnake } from "../../../options.ts";
import { unitUniform } from "../../../random/bits.ts";
import { SeedGenerator } from "../../../random.ts";
import type { KerasShape, ShapeNest } from "../../../shapes.ts";
import type { CallOptions } from "../../call.ts";
import { ConfiguredLayer, optional, type Settled } from "../../configured-layer.ts";
import type { LayerOptions } from "../../layer.ts";

/** Boxes [n, boxes, 4] and their labels [n, boxes]. */
export interface BoundingBoxes {
  readonly boxes: Tensor;
  readonly labels: Tensor;
}

export interface ImageOptions extends LayerOptions {
  /** Where the channels are: "channels_last" or "channels_first"; default that of `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
  /** How boxes are given: "xyxy", "yxyx", "xywh", "center_xywh", "rel_xyxy" and so on. */
  boundingBoxFormat?: string | null;
}

export interface RandomImageOptions extends ImageOptions {
  /** Makes the transformations reproducible. */
  seed?: number | null;
}

export const imageDefaults = { dataFormat: optional<DataFormat>(), boundingBoxFormat: optional<string>() };
export const randomDefaults = { seed: optional<number>(), ...imageDefaults };

/** A factor as the pair of its bounds. */
export type Factor = number | readonly number[];
export type Pair = readonly [number, number];

/** The bounds of a factor: two numbers, or one, which stands for all from its negative (as far as that is allowed) to itself. */
export function boundsOf(value: Factor, [low, high]: Pair, option: string, where: string): Pair {
  const list = typeof value === "number" ? [value] : value;
  const isInside = (number: unknown): boolean =>
    typeof number === "number" && number >= low && number <= high;
  if (list.length === 1 && isInside(list[0])) return [Math.max(-Math.abs(list[0]), low), Math.abs(list[0])];
  if (list.length === 2 && list[0] <= high && list[1] >= low)
    return list[0] <= list[1] ? [list[0], list[1]] : [list[1], list[0]];
  const name = toSnake(option);
  throw new ModelError(
    `\`${name}\` must be a number, or a list of two numbers, in the range [${low}, ${high}]. Received: ${name}=${JSON.stringify(value)}`,
    { where },
  );
}

/** `T` is what a call draws; null stands for nothing to do. */
export abstract class ImageLayer<O extends typeof imageDefaults, T = null> extends ConfiguredLayer<
  O,
  unknown
> {
  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.built = true;
  }

  protected override get trainsByDefault(): boolean {
    return true;
  }

  // What layers say.

  /** What is random about a call on a batch of images. */
  getRandomTransformation(_images: Tensor, _training = true): T | null {
    return null;
  }
  /** A batch of images, transformed. */
  abstract transformImages(images: Tensor, transformation: T | null, training?: boolean): Tensor;
  transformLabels(labels: Tensor, _transformation: T | null, _training = true): Tensor {
    return labels;
  }
  transformSegmentationMasks(masks: Tensor, _transformation: T | null, _training = true): Tensor {
    return masks;
  }
  /** `images` are those before the transformation: boxes are relative to their size. */
  transformBoundingBoxes(
    boxes: BoundingBoxes,
    _transformation: T | null,
    _images: Tensor,
    _training = true,
  ): BoundingBoxes {
    return boxes;
  }

  // Axes of a batch.

  protected get isLast(): boolean {
    return this.options.dataFormat === "channels_last";
  }
  protected get channelAxis(): number {
    return this.isLast ? 3 : 1;
  }
  protected get heightAxis(): number {
    return this.isLast ? 1 : 2;
  }
  protected get widthAxis(): number {
    return this.heightAxis + 1;
  }
  /** Height and width of a batch of images. */
  protected sizeOf(images: Tensor): Pair {
    return [
      staticDim(images.shape[this.heightAxis], "the height of images"),
      staticDim(images.shape[this.widthAxis], "the width of images"),
    ];
  }

  /** A number for each image, in a shape that broadcasts with the images. */
  protected perImage(x: Tensor): Tensor {
    return setShape(x, [x.shape[0], 1, 1, 1]);
  }

  override call(data: Tensor | Dictionary, options: CallOptions): unknown {
    const training = options.training === true;
    if (data instanceof TensorMethods)
      return this.onBatch(data.value, (batch) => this.onImages(batch, training));
    return this.onDictionary(data, training);
  }

  private onImages(images: Tensor, training: boolean): Tensor {
    return this.transformImages(images, this.getRandomTransformation(images, training), training);
  }

  /** Applies a function of batches to a batch, or to one image. */
  private onBatch(x: Tensor, f: (batch: Tensor) => Tensor): Tensor {
    if (x.rank === 4) return f(x);
    if (x.rank !== 3)
      throw new ModelError("an image has 3 axes, a batch of images 4", {
        where: this.where,
        got: x.toString(),
      });
    const result = f(addBatch(x));
    return setShape(result, result.shape.slice(1));
  }

  private onDictionary(data: Dictionary, training: boolean): Dictionary {
    const given = Object.fromEntries(Object.entries(data).map(([key, value]) => [toCamel(key), value]));
    if (!(given.images instanceof TensorMethods))
      throw new ModelError(`a dictionary must have "images"`, {
        where: this.where,
        got: Object.keys(data).join(", "),
      });
    const images = given.images.value;
    const single = images.rank === 3;
    const batch = (x: Tensor): Tensor => (single ? addBatch(x) : x);
    const back = (x: Tensor): Tensor => (single ? setShape(x, x.shape.slice(1)) : x);
    const transformation = this.getRandomTransformation(batch(images), training);
    const transformed: { [key: string]: unknown } = {};
    for (const [key, value] of Object.entries(data)) {
      const name = toCamel(key);
      if (name === "boundingBoxes") {
        const boxes = this.boxesOf(value, batch);
        const result = this.transformBoundingBoxes(boxes, transformation, batch(images), training);
        transformed[key] = {
          ...(value as Dictionary),
          boxes: back(result.boxes),
          labels: back(result.labels),
        };
      } else if (value instanceof TensorMethods) {
        transformed[key] = back(this.transformPart(name, batch(value.value), transformation, training));
      } else transformed[key] = value;
    }
    return transformed;
  }

  private transformPart(name: string, x: Tensor, transformation: T | null, training: boolean): Tensor {
    if (name === "images") return this.transformImages(x, transformation, training);
    if (name === "labels") return this.transformLabels(x, transformation, training);
    return name === "segmentationMasks" ? this.transformSegmentationMasks(x, transformation, training) : x;
  }

  private boxesOf(value: unknown, batch: (x: Tensor) => Tensor): BoundingBoxes {
    if (this.options.boundingBoxFormat === null)
      throw new ModelError("an input has bounding boxes, but the layer does not know their format", {
        where: this.where,
        hint: `Pass boundingBoxFormat, for example "xyxy"`,
      });
    const { boxes, labels } = (isPlainObject(value) ? value : {}) as Partial<BoundingBoxes>;
    if (boxes === undefined || labels === undefined)
      throw new ModelError("bounding boxes are a dictionary of boxes and labels", { where: this.where });
    return { boxes: batch(asTensor(boxes)), labels: batch(asTensor(labels)) };
  }

  /** For layers whose transformation of boxes is not there. */
  protected refuseBoxes(): never {
    throw new Unsupported(this.where, "bounding boxes", {
      hint: "Transform images without boxes, or use RandomFlip and RandomCrop",
    });
  }

  override computeOutputShape(inputShape: ShapeNest): KerasShape {
    return inputShape as KerasShape;
  }

  override getConfig(): JsonObject {
    const { bounding_box_format: format, ...config } = super.getConfig();
    return format === null ? config : { ...config, bounding_box_format: format };
  }
}

/** Images with what belongs to them, by name. */
export type Dictionary = { readonly [key: string]: unknown };

const addBatch = (x: Tensor): Tensor => setShape(x, [1, ...x.shape]);

/** A layer that draws random numbers. */
export abstract class RandomImageLayer<O extends typeof randomDefaults, T> extends ImageLayer<O, T> {
  protected readonly generator: SeedGenerator;

  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.generator = new SeedGenerator(this.options.seed as number | null, this.name);
  }

  /** A key for one more draw. */
  protected key(): Tensor {
    return this.generator.next();
  }

  /** Uniform numbers between two bounds. */
  protected draw(shape: readonly Dim[], [low, high]: Pair): Tensor {
    return elementwise("add", [elementwise("mul", [unitUniform(this.key(), shape), high - low]), low]);
  }

  /** For each image, whether to do something: with a probability that is drawn between two bounds. */
  protected decide(images: Tensor, factor: Pair): Tensor {
    const shape = [images.shape[0], 1, 1, 1];
    return elementwise("lt", [this.draw(shape, [0, 1]), this.draw(shape, factor)]);
  }

  /** 1 or -1 for each image. */
  protected drawSign(shape: readonly Dim[]): Tensor {
    const isNegative = elementwise("lt", [0.5, unitUniform(this.key(), shape)]);
    return elementwise("sub", [1, elementwise("mul", [cast(isNegative, "f32"), 2])]);
  }

  /** The option `factor` as bounds. */
  protected get factor(): Pair {
    return Reflect.get(this.options, "factor") as Pair;
  }

  /** Options with their factors as bounds. */
  protected withBounds<P extends Settled<O>>(options: P, names: readonly string[], bounds: Pair): P {
    const entries = names.flatMap((name) => {
      const value: unknown = Reflect.get(options, name);
      return value === null ? [] : [[name, boundsOf(value as Factor, bounds, name, this.where)]];
    });
    return { ...options, ...Object.fromEntries(entries) };
  }
}

/** Numbers of one range mapped to another. */
export function rescale(x: Tensor, [a, b]: Pair, [c, d]: Pair): Tensor {
  if (a === c && b === d) return x;
  const unit = elementwise("div", [elementwise("sub", [x, a]), b - a]);
  return elementwise("add", [elementwise("mul", [unit, d - c]), c]);
}

export const clip = (x: Tensor, [low, high]: Pair): Tensor =>
  elementwise("min", [elementwise("max", [x, low]), high]);
/** a + share (b - a). */
export const blend = (a: Tensor, b: Tensor, share: Tensor): Tensor =>
  elementwise("add", [a, elementwise("mul", [share, elementwise("sub", [b, a])])]);

/** A range of values as an ascending pair. */
export function rangeOf(value: readonly number[], where: string): Pair {
  if (Array.isArray(value) && value.length === 2)
    return value[0] <= value[1] ? [value[0], value[1]] : [value[1], value[0]];
  throw new ModelError(
    `\`value_range\` must be a list of two numbers. Received: value_range=${JSON.stringify(value)}`,
    { where },
  );
}
