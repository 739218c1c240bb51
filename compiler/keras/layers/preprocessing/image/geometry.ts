/**
 * Random movements of the pixels: flips, and the affine maps of rotation, zoom, translation and shear.
 */
import type { Dim } from "../../../../../ir/dim.ts";
import { cast, elementwise, getItem, select, setShape, type Tensor } from "../../../../tensor.ts";
import { affineTransform } from "../../../ops/image/transforms.ts";
import { concat } from "../../../ops/joining.ts";
import { reverse } from "../../../ops/movement.ts";
import type { Options } from "../../../options.ts";
import { optional, required, type Settled } from "../../configured-layer.ts";
import { requireOneOf } from "../../require.ts";
import { clipRelative, convertBoxes } from "./bounding-boxes.ts";
import {
  type BoundingBoxes,
  type Factor,
  type Pair,
  RandomImageLayer,
  type RandomImageOptions,
  randomDefaults,
} from "./image-layer.ts";

type FlipMode = "horizontal" | "vertical" | "horizontal_and_vertical";
const flipDefaults = { mode: "horizontal_and_vertical" as FlipMode, ...randomDefaults };

/** Mirrors half of the images. Example: `layers.RandomFlip("horizontal")(images)`. */
export class RandomFlip extends RandomImageLayer<typeof flipDefaults, Tensor> {
  static readonly className = "RandomFlip";

  constructor(
    ...args: [
      mode?: FlipMode | Options<RandomImageOptions & { mode?: FlipMode }>,
      options?: Options<RandomImageOptions>,
    ]
  ) {
    super(args, flipDefaults);
    requireOneOf(
      this.options.mode,
      ["horizontal", "vertical", "horizontal_and_vertical"],
      "mode",
      this.where,
    );
  }

  override getRandomTransformation(images: Tensor, training = true): Tensor | null {
    if (!training) return null;
    return elementwise("le", [this.draw([images.shape[0], 1, 1, 1], [0, 1]), 0.5]);
  }

  /** The axes along which images are mirrored. */
  private get axes(): readonly number[] {
    const { mode } = this.options;
    return [
      ...(mode === "vertical" ? [] : [this.widthAxis]),
      ...(mode === "horizontal" ? [] : [this.heightAxis]),
    ];
  }

  override transformImages(images: Tensor, flips: Tensor | null, training = true): Tensor {
    return this.flip(cast(images, this.computeDType), flips, training);
  }

  private flip(x: Tensor, flips: Tensor | null, training: boolean): Tensor {
    return training && flips !== null ? select(flips, reverse(x, this.axes), x) : x;
  }

  override transformSegmentationMasks(masks: Tensor, flips: Tensor | null, training = true): Tensor {
    return this.flip(masks, flips, training);
  }

  override transformBoundingBoxes(
    given: BoundingBoxes,
    flips: Tensor | null,
    images: Tensor,
    training = true,
  ): BoundingBoxes {
    if (!training || flips === null) return given;
    const format = this.options.boundingBoxFormat ?? "xyxy";
    const size = this.sizeOf(images);
    const boxes = convertBoxes(given.boxes, format, "rel_xyxy", size);
    const part = (i: number): Tensor => getItem(boxes, ["...", `${i}:${i + 1}`]);
    const mirrored = (i: number): Tensor => elementwise("sub", [1, part(i)]);
    const across = this.axes.includes(this.widthAxis) ? [mirrored(2), mirrored(0)] : [part(0), part(2)];
    const upright = this.axes.includes(this.heightAxis) ? [mirrored(3), mirrored(1)] : [part(1), part(3)];
    const turned = concat([across[0], upright[0], across[1], upright[1]], -1);
    const chosen = select(setShape(flips, [flips.shape[0], 1, 1]), turned, boxes);
    return { boxes: convertBoxes(clipRelative(chosen), "rel_xyxy", format, size), labels: given.labels };
  }
}

type FillMode = "constant" | "nearest" | "wrap" | "reflect";
type Interpolation = "nearest" | "bilinear";

export interface GeometryOptions extends RandomImageOptions {
  /** What lies outside of the image: "reflect" (default), "wrap", "nearest", or the constant `fillValue`. */
  fillMode?: FillMode;
  /** "bilinear" (default) or "nearest". */
  interpolation?: Interpolation;
  /** Default 0. */
  fillValue?: number;
}

export const samplingDefaults = {
  fillMode: "reflect" as FillMode,
  interpolation: "bilinear" as Interpolation,
  fillValue: 0,
  ...randomDefaults,
};

/** A random affine map of the pixels: its eight parameters for each image, [n, 8]. */
abstract class AffineLayer<O extends typeof samplingDefaults> extends RandomImageLayer<O, Tensor> {
  protected get sampling(): Settled<typeof samplingDefaults> {
    return this.options as Settled<typeof samplingDefaults>;
  }

  protected override settle(options: Settled<O>): Settled<O> {
    requireOneOf(options.fillMode, ["reflect", "wrap", "constant", "nearest"], "fillMode", this.where);
    requireOneOf(options.interpolation, ["nearest", "bilinear"], "interpolation", this.where);
    return options;
  }

  override getRandomTransformation(images: Tensor, training = true): Tensor | null {
    if (!training) return null;
    return this.parameters([images.shape[0], 1], ...this.sizeOf(images));
  }

  /** The map from pixels of the result to those of the image. `column` is the shape of one number per image. */
  protected abstract parameters(column: readonly Dim[], height: number, width: number): Tensor;

  override transformImages(images: Tensor, transformation: Tensor | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    return training && transformation !== null
      ? this.sample(x, transformation, this.sampling.interpolation)
      : x;
  }

  private sample(x: Tensor, transformation: Tensor, interpolation: Interpolation): Tensor {
    const { fillMode, fillValue, dataFormat } = this.sampling;
    return affineTransform(x, transformation, { interpolation, fillMode, fillValue, dataFormat });
  }

  override transformSegmentationMasks(masks: Tensor, transformation: Tensor | null, training = true): Tensor {
    return training && transformation !== null ? this.sample(masks, transformation, "nearest") : masks;
  }

  override transformBoundingBoxes(): never {
    return this.refuseBoxes();
  }
}

/** [a, b, c, d, e, f, 0, 0] for each image: x' = a x + b y + c, y' = d x + e y + f. Numbers hold for all images. */
function affine(like: Tensor, values: readonly (Tensor | number)[]): Tensor {
  const zero = elementwise("mul", [like, 0]);
  const columns = values.map((value) =>
    typeof value === "number" ? elementwise("add", [zero, value]) : value,
  );
  return concat([...columns, zero, zero], 1);
}

const rotationDefaults = { factor: required<Factor>(), ...samplingDefaults };

/** Turns images by a share of 360 degrees, drawn from the factor. Example: `layers.RandomRotation(0.1)(images)`. */
export class RandomRotation extends AffineLayer<typeof rotationDefaults> {
  static readonly className = "RandomRotation";

  constructor(
    ...args: [
      factor: Factor | Options<GeometryOptions & { factor?: Factor }>,
      options?: Options<GeometryOptions>,
    ]
  ) {
    super(args, rotationDefaults);
  }

  protected override settle(options: Settled<typeof rotationDefaults>): Settled<typeof rotationDefaults> {
    return this.withBounds(super.settle(options), ["factor"], [-1, 1]);
  }

  protected override parameters(column: readonly Dim[], height: number, width: number): Tensor {
    const angle = elementwise("mul", [this.draw(column, this.factor), 2 * Math.PI]);
    const [cos, sin] = [elementwise("cos", [angle]), elementwise("sin", [angle])];
    const [x, y] = [(width - 1) / 2, (height - 1) / 2];
    const product = (a: Tensor, by: number): Tensor => elementwise("mul", [a, by]);
    // The middle of the image stays where it is.
    const shiftX = elementwise("add", [elementwise("sub", [x, product(cos, x)]), product(sin, y)]);
    const shiftY = elementwise("sub", [elementwise("sub", [y, product(sin, x)]), product(cos, y)]);
    return affine(angle, [cos, elementwise("neg", [sin]), shiftX, sin, cos, shiftY]);
  }
}

const zoomDefaults = {
  heightFactor: required<Factor>(),
  widthFactor: optional<Factor>(),
  ...samplingDefaults,
};

export interface RandomZoomOptions extends GeometryOptions {
  /** Positive numbers zoom out, negative ones in. */
  heightFactor?: Factor;
  /** Default null: as the height. */
  widthFactor?: Factor | null;
}

/** Zooms images in and out. Example: `layers.RandomZoom([-0.2, 0.2])(images)`. */
export class RandomZoom extends AffineLayer<typeof zoomDefaults> {
  static readonly className = "RandomZoom";

  constructor(
    ...args: [
      heightFactor: Factor | Options<RandomZoomOptions>,
      widthFactor?: Factor | null | Options<RandomZoomOptions>,
      options?: Options<RandomZoomOptions>,
    ]
  ) {
    super(args, zoomDefaults);
  }

  private drawZoom(column: readonly Dim[], factor: Factor): Tensor {
    const list = typeof factor === "number" ? [-Math.abs(factor), Math.abs(factor)] : factor;
    return this.draw(column, [1 + Math.min(...list), 1 + Math.max(...list)]);
  }

  protected override parameters(column: readonly Dim[], height: number, width: number): Tensor {
    const { heightFactor, widthFactor } = this.options;
    const tall = this.drawZoom(column, heightFactor);
    const wide = widthFactor === null ? tall : this.drawZoom(column, widthFactor);
    const offset = (zoom: Tensor, size: number): Tensor =>
      elementwise("mul", [elementwise("sub", [1, zoom]), (size - 1) / 2]);
    return affine(tall, [wide, 0, offset(wide, width), 0, tall, offset(tall, height)]);
  }
}

const translationDefaults = {
  heightFactor: required<Factor>(),
  widthFactor: required<Factor>(),
  ...samplingDefaults,
};

export interface RandomTranslationOptions extends GeometryOptions {
  /** How far down, as a share of the height. */
  heightFactor?: Factor;
  /** How far to the right, as a share of the width. */
  widthFactor?: Factor;
}

/** Moves images. Example: `layers.RandomTranslation(0.1, 0.1)(images)`. */
export class RandomTranslation extends AffineLayer<typeof translationDefaults> {
  static readonly className = "RandomTranslation";

  constructor(
    ...args: [
      heightFactor: Factor | Options<RandomTranslationOptions>,
      widthFactor?: Factor | Options<RandomTranslationOptions>,
      options?: Options<RandomTranslationOptions>,
    ]
  ) {
    super(args, translationDefaults);
  }

  protected override parameters(column: readonly Dim[], height: number, width: number): Tensor {
    const shift = (factor: Factor, size: number): Tensor => {
      const list = typeof factor === "number" ? [-Math.abs(factor), Math.abs(factor)] : factor;
      const share = this.draw(column, [Math.min(...list), Math.max(...list)]);
      return elementwise("mul", [share, -size]);
    };
    const down = shift(this.options.heightFactor, height);
    const right = shift(this.options.widthFactor, width);
    return affine(down, [1, 0, right, 0, 1, down]);
  }
}

const shearDefaults = { xFactor: 0 as Factor, yFactor: 0 as Factor, ...samplingDefaults };

export interface RandomShearOptions extends GeometryOptions {
  xFactor?: Factor;
  yFactor?: Factor;
}

/** Shears images: rows are moved by their height, columns by their width. */
export class RandomShear extends AffineLayer<typeof shearDefaults> {
  static readonly className = "RandomShear";

  constructor(
    ...args: [
      xFactor?: Factor | Options<RandomShearOptions>,
      yFactor?: Factor | Options<RandomShearOptions>,
      options?: Options<RandomShearOptions>,
    ]
  ) {
    super(args, shearDefaults);
  }

  protected override settle(options: Settled<typeof shearDefaults>): Settled<typeof shearDefaults> {
    return this.withBounds(super.settle(options), ["xFactor", "yFactor"], [-1, 1]);
  }

  protected override parameters(column: readonly Dim[]): Tensor {
    const sign = this.drawSign(column);
    const shear = (factor: Factor): Tensor => elementwise("mul", [this.draw(column, factor as Pair), sign]);
    const down = shear(this.options.yFactor);
    const right = shear(this.options.xFactor);
    return affine(down, [1, right, 0, down, 1, 0]);
  }
}
