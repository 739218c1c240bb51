/**
 * Layers that are noise while training and nothing otherwise: elements or whole channels set to 0, normal noise added or multiplied.
 */
import type { Dim, Shape } from "../../../../ir/dim.ts";
import { elementwise, select, type Tensor } from "../../../tensor.ts";
import type { DataFormat } from "../../ops/conv.ts";
import type { Options } from "../../options.ts";
import { standardNormal, unitUniform } from "../../random/bits.ts";
import { dropout } from "../../random/masks.ts";
import { SeedGenerator } from "../../random.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer, optional, required, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requireBetween } from "../require.ts";
import { rankOf } from "../spatial.ts";

export interface NoiseOptions extends LayerOptions {
  /** Makes the noise reproducible. */
  seed?: number | null;
}

type Defaults = { readonly seed: number | null };

/** A layer that does something random while training. */
abstract class Noise<O extends Defaults> extends ConfiguredLayer<O, Tensor> {
  private readonly seedGenerator: SeedGenerator | undefined;

  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    if (this.strength > 0) this.seedGenerator = new SeedGenerator(this.options.seed, this.name);
    this.supportsMasking = true;
    this.built = true;
  }

  /** How much noise there is: from 0, none, to 1. */
  protected get strength(): number {
    return 0;
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    return training && this.seedGenerator !== undefined ? this.disturb(x, this.seedGenerator) : x;
  }

  /** The noisy input. */
  protected abstract disturb(x: Tensor, seed: SeedGenerator): Tensor;
}

/** Noise with a share of disturbed elements. */
abstract class RateNoise<O extends Defaults & { readonly rate: number }> extends Noise<O> {
  protected override settle(options: Settled<O>): Settled<O> {
    requireBetween(options.rate, 0, 1, "rate", this.where);
    return options;
  }

  get rate(): number {
    return this.options.rate as number;
  }
  protected override get strength(): number {
    return this.rate;
  }
}

export interface DropoutOptions extends NoiseOptions {
  /** The share of elements that become 0: from 0 to 1. */
  rate?: number;
  /** Shape of the mask, which then broadcasts; null where it is that of the input. */
  noiseShape?: readonly (number | null)[] | null;
}

const dropoutDefaults = {
  rate: required<number>(),
  noiseShape: optional<readonly (number | null)[]>(),
  seed: optional<number>(),
};

/** The shape of the noise: that of the input but for the axes that are given. */
const shapeOfNoise = (x: Tensor, given: readonly (number | null)[] | null): Shape =>
  x.shape.map((dim, axis): Dim => given?.[axis] ?? dim);

/**
 * While training, each element is 0 with probability `rate`, else x / (1 - rate), which keeps the sum's expectation (Srivastava et al., 2014).
 * Otherwise it passes its input on.
 *
 * Example: `layers.Dropout(0.5)(x, { training: true })`. Throws ModelError for a rate outside of [0, 1].
 */
export class Dropout extends RateNoise<typeof dropoutDefaults> {
  static readonly className = "Dropout";

  constructor(...args: [rate: number | Options<DropoutOptions>, options?: Options<DropoutOptions>]) {
    super(args, dropoutDefaults);
  }

  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    return dropout(x, { rate: this.rate, noiseShape: this.options.noiseShape, seed });
  }
}

/**
 * Dropout for networks of `selu`: it keeps mean and variance (Klambauer et al., 2017). Elements that do not stay become the negative limit of
 * `selu`; then all are scaled and shifted.
 */
export class AlphaDropout extends RateNoise<typeof dropoutDefaults> {
  static readonly className = "AlphaDropout";

  constructor(...args: [rate: number | Options<DropoutOptions>, options?: Options<DropoutOptions>]) {
    super(args, dropoutDefaults);
  }

  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    const limit = -1.6732632423543772 * 1.0507009873554805;
    const scale = ((1 - this.rate) * (1 + this.rate * limit ** 2)) ** -0.5;
    const kept = elementwise("le", [
      this.rate,
      unitUniform(seed.next(), shapeOfNoise(x, this.options.noiseShape)),
    ]);
    const mixed = select(kept, x, limit);
    return elementwise("add", [elementwise("mul", [mixed, scale]), -scale * limit * this.rate]);
  }
}

const rateDefaults = { rate: required<number>(), seed: optional<number>() };
type RateArguments = [
  rate: number | Options<NoiseOptions & { rate?: number }>,
  options?: Options<NoiseOptions & { rate?: number }>,
];

/** While training, x times normal noise with mean 1 and the variance rate / (1 - rate) of dropout (Srivastava et al., 2014). */
export class GaussianDropout extends RateNoise<typeof rateDefaults> {
  static readonly className = "GaussianDropout";

  constructor(...args: RateArguments) {
    super(args, rateDefaults);
  }

  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    const noise = elementwise("mul", [
      standardNormal(seed.next(), x.shape),
      Math.sqrt(this.rate / (1 - this.rate)),
    ]);
    return elementwise("mul", [x, elementwise("add", [noise, 1])]);
  }
}

const noiseDefaults = { stddev: required<number>(), seed: optional<number>() };

/** While training, x plus normal noise of the given standard deviation, from 0 to 1. */
export class GaussianNoise extends Noise<typeof noiseDefaults> {
  static readonly className = "GaussianNoise";

  constructor(
    ...args: [
      stddev: number | Options<NoiseOptions & { stddev?: number }>,
      options?: Options<NoiseOptions & { stddev?: number }>,
    ]
  ) {
    super(args, noiseDefaults);
  }

  protected override settle(options: Settled<typeof noiseDefaults>): Settled<typeof noiseDefaults> {
    requireBetween(options.stddev, 0, 1, "stddev", this.where);
    return options;
  }
  protected override get strength(): number {
    return this.options.stddev;
  }

  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    return elementwise("add", [
      x,
      elementwise("mul", [standardNormal(seed.next(), x.shape), this.options.stddev]),
    ]);
  }
}

const spatialDefaults = { ...rateDefaults, dataFormat: optional<DataFormat>() };

/** Dropout of whole channels: of one noise for all positions. */
abstract class SpatialDropout<O extends typeof rateDefaults> extends RateNoise<O> {
  /** The number of spatial axes. */
  protected get rank(): number {
    return rankOf(this);
  }
  protected abstract get format(): DataFormat;

  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.inputSpec = [{ ndim: this.rank + 2 }];
  }

  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    const channels = this.format === "channels_last" ? x.rank - 1 : 1;
    const noiseShape = x.shape.map((_, axis) => (axis === 0 || axis === channels ? null : 1));
    return dropout(x, { rate: this.rate, noiseShape, seed });
  }
}

/** Drops whole channels of sequences [n, steps, channels]: neighbours are alike, so single elements would not be missed. */
export class SpatialDropout1D extends SpatialDropout<typeof rateDefaults> {
  static readonly className = "SpatialDropout1D";
  constructor(...args: RateArguments) {
    super(args, rateDefaults);
  }
  static readonly rank = 1;
  protected override get format(): DataFormat {
    return "channels_last";
  }
}

type SpatialArguments = [
  rate: number | Options<NoiseOptions & { rate?: number; dataFormat?: DataFormat | null }>,
  options?: Options<NoiseOptions & { rate?: number; dataFormat?: DataFormat | null }>,
];

abstract class FormattedSpatialDropout extends SpatialDropout<typeof spatialDefaults> {
  constructor(...args: SpatialArguments) {
    super(args, spatialDefaults);
  }
  protected override get format(): DataFormat {
    return this.options.dataFormat;
  }
}

/** Drops whole channels of images. */
export class SpatialDropout2D extends FormattedSpatialDropout {
  static readonly className = "SpatialDropout2D";
  static readonly rank = 2;
}

/** Drops whole channels of volumes. */
export class SpatialDropout3D extends FormattedSpatialDropout {
  static readonly className = "SpatialDropout3D";
  static readonly rank = 3;
}
