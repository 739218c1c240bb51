/**
 * Images of another size: resized, or cut out of the middle or of a random place.
 */

import type { Index } from "../../../../indexing.ts";
import { cast, elementwise, getItem, type Tensor } from "../../../../tensor.ts";
import { iota } from "../../../ops/apply.ts";
import { resize } from "../../../ops/image/resample.ts";
import { stack } from "../../../ops/joining.ts";
import { gather } from "../../../ops/picking.ts";
import type { Options } from "../../../options.ts";
import type { KerasShape, ShapeNest } from "../../../shapes.ts";
import { required, type Settled } from "../../configured-layer.ts";
import { requirePositive } from "../../require.ts";
import { convertBoxes } from "./bounding-boxes.ts";
import {
  type BoundingBoxes,
  ImageLayer,
  type ImageOptions,
  imageDefaults,
  RandomImageLayer,
  type RandomImageOptions,
  randomDefaults,
} from "./image-layer.ts";

type Interpolation = "nearest" | "bilinear" | "bicubic" | "lanczos3" | "lanczos5";
type Size = { readonly height: number; readonly width: number };

function checkSize<O extends Size>(options: O, where: string): O {
  requirePositive(options.height, "height", where);
  requirePositive(options.width, "width", where);
  return options;
}

/** The shape of images, or of a batch of them, with another height and width. */
function resizedShape(shape: KerasShape, { height, width }: Size, isLast: boolean): KerasShape {
  const first = shape.length - (isLast ? 3 : 2);
  return shape.map((dim, i) => (i === first ? height : i === first + 1 ? width : dim));
}

const resizingDefaults = {
  height: required<number>(),
  width: required<number>(),
  interpolation: "bilinear" as Interpolation,
  cropToAspectRatio: false,
  padToAspectRatio: false,
  fillMode: "constant" as const,
  fillValue: 0,
  antialias: false,
  ...imageDefaults,
};

export interface ResizingOptions extends ImageOptions {
  height?: number;
  width?: number;
  /** "nearest", "bilinear" (default), "bicubic", "lanczos3" or "lanczos5". */
  interpolation?: Interpolation;
  /** Cuts the image to the new ratio of height and width first; default false: it is stretched. */
  cropToAspectRatio?: boolean;
  /** Pads it to that ratio, with `fillValue`; default false. */
  padToAspectRatio?: boolean;
  fillMode?: "constant";
  fillValue?: number;
  /** Smooths before making smaller; default false. */
  antialias?: boolean;
}

type SizeArguments<O> = [height: number | Options<O>, width?: number | Options<O>, options?: Options<O>];

/** Images of the given height and width: `layers.Resizing(224, 224)(images)`. */
export class Resizing extends ImageLayer<typeof resizingDefaults> {
  static readonly className = "Resizing";

  constructor(...args: SizeArguments<ResizingOptions>) {
    super(args, resizingDefaults);
  }

  protected override settle(options: Settled<typeof resizingDefaults>): Settled<typeof resizingDefaults> {
    return checkSize(options, this.where);
  }

  override transformImages(images: Tensor): Tensor {
    return cast(this.resized(images, this.options.interpolation), this.computeDType);
  }

  private resized(images: Tensor, interpolation: Interpolation): Tensor {
    const { height, width, boundingBoxFormat: _, interpolation: __, ...rest } = this.options;
    return resize(images, { size: [height, width], interpolation, ...rest });
  }

  override transformSegmentationMasks(masks: Tensor): Tensor {
    return this.resized(masks, "nearest");
  }

  /** Boxes of stretched images. */
  override transformBoundingBoxes({ boxes, labels }: BoundingBoxes, _: null, images: Tensor): BoundingBoxes {
    const { height, width, boundingBoxFormat, cropToAspectRatio, padToAspectRatio } = this.options;
    if (cropToAspectRatio || padToAspectRatio) return this.refuseBoxes();
    const format = boundingBoxFormat ?? "xyxy";
    const relative = convertBoxes(boxes, format, "rel_xyxy", this.sizeOf(images));
    return { boxes: convertBoxes(relative, "rel_xyxy", format, [height, width]), labels };
  }

  override computeOutputShape(inputShape: ShapeNest): KerasShape {
    return resizedShape(inputShape as KerasShape, this.options, this.isLast);
  }
}

const centerDefaults = { height: required<number>(), width: required<number>(), ...imageDefaults };

/** The middle of images; images that are too small are resized to the same ratio first. */
export class CenterCrop extends ImageLayer<typeof centerDefaults> {
  static readonly className = "CenterCrop";

  constructor(...args: SizeArguments<ImageOptions & Partial<Size>>) {
    super(args, centerDefaults);
  }

  protected override settle(options: Settled<typeof centerDefaults>): Settled<typeof centerDefaults> {
    return checkSize(options, this.where);
  }

  override transformImages(images: Tensor): Tensor {
    const x = cast(images, this.computeDType);
    const { height, width, dataFormat } = this.options;
    const [rows, columns] = this.sizeOf(x);
    if (rows < height || columns < width)
      return resize(x, { size: [height, width], cropToAspectRatio: true, dataFormat });
    const [top, left] = [Math.floor((rows - height) / 2), Math.floor((columns - width) / 2)];
    const index = x.shape.map((): Index => ":");
    index[this.heightAxis] = `${top}:${top + height}`;
    index[this.widthAxis] = `${left}:${left + width}`;
    return getItem(x, index);
  }

  override transformSegmentationMasks(masks: Tensor): Tensor {
    return this.transformImages(masks);
  }

  override transformBoundingBoxes(): never {
    return this.refuseBoxes();
  }

  override computeOutputShape(inputShape: ShapeNest): KerasShape {
    return resizedShape(inputShape as KerasShape, this.options, this.isLast);
  }
}

const randomCropDefaults = { height: required<number>(), width: required<number>(), ...randomDefaults };

interface Corner {
  readonly top: Tensor | number;
  readonly left: Tensor | number;
}

/** A part of images at a random place, the same for the whole batch, while training; then the images as they are. */
export class RandomCrop extends RandomImageLayer<typeof randomCropDefaults, Corner> {
  static readonly className = "RandomCrop";

  constructor(...args: SizeArguments<RandomImageOptions & Partial<Size>>) {
    super(args, randomCropDefaults);
  }

  protected override settle(options: Settled<typeof randomCropDefaults>): Settled<typeof randomCropDefaults> {
    return checkSize(options, this.where);
  }

  override getRandomTransformation(images: Tensor, training = true): Corner | null {
    if (!training) return null;
    const [rows, columns] = this.sizeOf(images);
    const { height, width } = this.options;
    if (rows > height && columns > width) {
      const place = (most: number): Tensor => cast(this.draw([], [0, most + 1]), "i32");
      return { top: place(rows - height), left: place(columns - width) };
    }
    const cropHeight = Math.max(Math.min(rows, Math.floor((columns * height) / width)), 1);
    const cropWidth = Math.max(Math.min(columns, Math.floor((rows * width) / height)), 1);
    return { top: Math.floor((rows - cropHeight) / 2), left: Math.floor((columns - cropWidth) / 2) };
  }

  override transformImages(images: Tensor, corner: Corner | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || corner === null) return x;
    const { height, width, dataFormat } = this.options;
    const [rows, columns] = this.sizeOf(x);
    const [cutHeight, cutWidth] = [Math.min(height, rows), Math.min(width, columns)];
    const cut = this.cut(x, corner, cutHeight, cutWidth);
    return cutHeight === height && cutWidth === width
      ? cut
      : resize(cut, { size: [height, width], dataFormat });
  }

  private cut(x: Tensor, { top, left }: Corner, height: number, width: number): Tensor {
    const from = (start: Tensor | number, count: number): Tensor =>
      elementwise("add", [iota(x.engine, [count], 0), start]);
    return gather(gather(x, from(top, height), this.heightAxis), from(left, width), this.widthAxis);
  }

  override transformSegmentationMasks(masks: Tensor, corner: Corner | null, training = true): Tensor {
    return this.transformImages(masks, corner, training);
  }

  override transformBoundingBoxes(
    given: BoundingBoxes,
    corner: Corner | null,
    images: Tensor,
    training = true,
  ): BoundingBoxes {
    if (!training || corner === null) return given;
    const format = this.options.boundingBoxFormat ?? "xyxy";
    const { height, width } = this.options;
    const absolute = convertBoxes(given.boxes, format, "xyxy", this.sizeOf(images));
    const shift = stack(
      [corner.left, corner.top, corner.left, corner.top].map((by) =>
        elementwise("add", [cast(zeroLike(images), "f32"), by]),
      ),
    );
    const moved = elementwise("max", [elementwise("sub", [absolute, shift]), 0]);
    return { boxes: convertBoxes(moved, "xyxy", format, [height, width]), labels: given.labels };
  }

  override computeOutputShape(inputShape: ShapeNest): KerasShape {
    return resizedShape(inputShape as KerasShape, this.options, this.isLast);
  }
}

/** The number 0 in the engine of x. */
const zeroLike = (x: Tensor): Tensor =>
  x.engine.constant({ dtype: "i32", shape: [], data: Int32Array.of(0) });
