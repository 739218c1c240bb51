/**
 * Random perspectives and elastic deformations.
 */
import {
  broadcastTo,
  cast,
  elementwise,
  select,
  setShape,
  type Tensor,
  toTensor,
} from "../../../../tensor.ts";
import { channelsBack, channelsLast } from "../../../ops/conv.ts";
import { samplingOf } from "../../../ops/image/coordinates.ts";
import { blurred } from "../../../ops/image/filters.ts";
import { lookup, perspectiveTransform, pixelGrid } from "../../../ops/image/transforms.ts";
import type { Options } from "../../../options.ts";
import { standardNormal } from "../../../random/bits.ts";
import type { Settled } from "../../configured-layer.ts";
import { requireBetween } from "../../require.ts";
import type { GeometryOptions } from "./geometry.ts";
import { samplingDefaults } from "./geometry.ts";
import { clip, type Factor, type Pair, RandomImageLayer, randomDefaults } from "./image-layer.ts";

const perspectiveDefaults = {
  factor: 1 as Factor,
  scale: 1,
  interpolation: "bilinear" as "nearest" | "bilinear",
  fillValue: 0,
  ...randomDefaults,
};

interface Projected {
  readonly chosen: Tensor;
  /** Corners [n, 4, 2] before and after. */
  readonly start: Tensor;
  readonly end: Tensor;
}

/** Moves the corners of images, with a probability drawn from the factor. `scale` from 0 to 1 says how far. */
export class RandomPerspective extends RandomImageLayer<typeof perspectiveDefaults, Projected> {
  static readonly className = "RandomPerspective";

  constructor(
    ...args: [
      factor?: Factor | Options<Omit<GeometryOptions, "fillMode"> & { factor?: Factor; scale?: number }>,
      options?: Options<Omit<GeometryOptions, "fillMode"> & { scale?: number }>,
    ]
  ) {
    super(args, perspectiveDefaults);
  }

  protected override settle(
    options: Settled<typeof perspectiveDefaults>,
  ): Settled<typeof perspectiveDefaults> {
    requireBetween(options.scale, 0, 1, "scale", this.where);
    return this.withBounds(options, ["factor"], [0, 1]);
  }

  override getRandomTransformation(images: Tensor, training = true): Projected | null {
    if (!training) return null;
    const [height, width] = this.sizeOf(images);
    const { scale } = this.options;
    const corners = [0, 0, width - 1, 0, 0, height - 1, width - 1, height - 1];
    const corner = toTensor({ dtype: "f32", shape: [4, 2], data: Float32Array.from(corners) }, images.engine);
    const start = broadcastTo(corner, [images.shape[0], 4, 2]);
    const moves = this.draw([images.shape[0], 4, 2], [-0.5 * scale, 0.5 * scale]);
    return {
      chosen: this.decide(images, this.factor),
      start,
      end: elementwise("add", [start, elementwise("mul", [start, moves])]),
    };
  }

  override transformImages(images: Tensor, transformation: Projected | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    return training && transformation !== null
      ? this.project(x, transformation, this.options.interpolation)
      : x;
  }

  private project(
    x: Tensor,
    { chosen, start, end }: Projected,
    interpolation: "nearest" | "bilinear",
  ): Tensor {
    const { fillValue, dataFormat } = this.options;
    return select(chosen, perspectiveTransform(x, start, end, { interpolation, fillValue, dataFormat }), x);
  }

  override transformSegmentationMasks(
    masks: Tensor,
    transformation: Projected | null,
    training = true,
  ): Tensor {
    return training && transformation !== null ? this.project(masks, transformation, "nearest") : masks;
  }

  override transformBoundingBoxes(): never {
    return this.refuseBoxes();
  }
}

const elasticDefaults = {
  factor: 1 as Factor,
  scale: 1 as Factor,
  ...samplingDefaults,
  valueRange: [0, 255] as readonly number[],
};

interface Deformed {
  readonly chosen: Tensor;
  /** How far each pixel moves, [n, height width, 1]. */
  readonly rows: Tensor;
  readonly columns: Tensor;
}

export interface RandomElasticOptions extends GeometryOptions {
  factor?: Factor;
  /** How strong: one number or two bounds from 0 to 1. */
  scale?: Factor;
  valueRange?: readonly number[];
}

/** Deforms images by smooth noise (Simard et al., 2003), with a probability drawn from the factor. */
export class RandomElasticTransform extends RandomImageLayer<typeof elasticDefaults, Deformed> {
  static readonly className = "RandomElasticTransform";

  constructor(
    ...args: [factor?: Factor | Options<RandomElasticOptions>, options?: Options<RandomElasticOptions>]
  ) {
    super(args, elasticDefaults);
  }

  protected override settle(options: Settled<typeof elasticDefaults>): Settled<typeof elasticDefaults> {
    return this.withBounds(options, ["factor", "scale"], [0, 1]);
  }

  override getRandomTransformation(images: Tensor, training = true): Deformed | null {
    if (!training) return null;
    const [height, width] = this.sizeOf(images);
    const strength = this.draw([], this.options.scale as Pair);
    const [alpha, sigma] = [
      elementwise("mul", [strength, 100]),
      elementwise("add", [elementwise("mul", [strength, 10]), 1e-6]),
    ];
    const field = (): Tensor => {
      const noise = standardNormal(this.key(), [images.shape[0], height, width, 1]);
      const smooth = blurred(noise, [odd(height), odd(width)], [sigma, sigma]);
      return setShape(elementwise("mul", [smooth, alpha]), [images.shape[0], height * width, 1]);
    };
    return { chosen: this.decide(images, this.factor), rows: field(), columns: field() };
  }

  override transformImages(images: Tensor, transformation: Deformed | null, training = true): Tensor {
    const x = cast(images, this.computeDType);
    if (!training || transformation === null) return x;
    const range = this.options.valueRange as Pair;
    return clip(this.deform(x, transformation, this.options.interpolation), range);
  }

  private deform(
    images: Tensor,
    { chosen, rows, columns }: Deformed,
    interpolation: "nearest" | "bilinear",
  ): Tensor {
    const { fillMode, fillValue, dataFormat } = this.options;
    const x = channelsLast(images, dataFormat);
    const [y, across] = pixelGrid(x);
    const sampling = samplingOf(interpolation, fillMode, fillValue);
    const moved = lookup(x, elementwise("add", [y, rows]), elementwise("add", [across, columns]), sampling);
    return select(chosen, channelsBack(moved, dataFormat), images);
  }

  override transformSegmentationMasks(
    masks: Tensor,
    transformation: Deformed | null,
    training = true,
  ): Tensor {
    return training && transformation !== null ? this.deform(masks, transformation, "nearest") : masks;
  }

  override transformBoundingBoxes(): never {
    return this.refuseBoxes();
  }
}

/** The size of the smoothing window: as long as the image, at most 25, odd. */
const odd = (size: number): number => 2 * Math.floor((Math.min(size, 25) - 1) / 2) + 1;
