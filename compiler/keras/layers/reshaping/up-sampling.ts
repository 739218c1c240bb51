/**
 * Layers that make the spatial axes longer: each element several times, or resized images. No weights.
 */
import { staticDim, type Tensor } from "../../../tensor.ts";
import type { DataFormat, PerAxis } from "../../ops/conv.ts";
import { resize } from "../../ops/image/resample.ts";
import { repeatAxis } from "../../ops/movement.ts";
import type { Options } from "../../options.ts";
import { ConfiguredLayer, optional, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requireOneOf, requirePositive } from "../require.ts";
import { rankOf, spatial } from "../spatial.ts";

/** Each step `size` times (default 2): `layers.UpSampling1D(3)(x)`. */
export class UpSampling1D extends ConfiguredLayer<{ size: number }, Tensor> {
  static readonly className = "UpSampling1D";

  constructor(
    ...args: [size?: number | Options<LayerOptions & { size?: number }>, options?: Options<LayerOptions>]
  ) {
    super(args, { size: 2 });
    requirePositive(this.options.size, "size", this.where);
    this.inputSpec = [{ ndim: 3 }];
  }

  override call(x: Tensor): Tensor {
    return repeatAxis(x, this.options.size, 1);
  }
}

export interface UpSamplingOptions extends LayerOptions {
  /** Default 2 along each axis. */
  size?: PerAxis;
  dataFormat?: DataFormat | null;
}

/** Elements repeated along `rank` axes. */
abstract class UpSampling<O extends { size: PerAxis; dataFormat: DataFormat | null }> extends ConfiguredLayer<
  O,
  Tensor
> {
  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.inputSpec = [{ ndim: this.rank + 2 }];
  }

  /** The number of spatial axes. */
  protected get rank(): number {
    return rankOf(this);
  }

  protected override settle(options: Settled<O>): Settled<O> {
    return { ...options, size: spatial(options.size as PerAxis, this.rank, "size", this.where) };
  }

  protected get size(): readonly number[] {
    return this.options.size as readonly number[];
  }
  /** Where the spatial axes begin. */
  protected get first(): number {
    return this.options.dataFormat === "channels_first" ? 2 : 1;
  }

  override call(x: Tensor): Tensor {
    return this.size.reduce((wide, size, i) => repeatAxis(wide, size, this.first + i), x);
  }
}

type Interpolation = (typeof interpolations)[number];
const interpolations = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] as const;

/** Each pixel `size` times along both axes (default 2), or images resized by interpolation: `layers.UpSampling2D(2, { interpolation: "bilinear" })(x)`. */
export class UpSampling2D extends UpSampling<{
  size: PerAxis;
  dataFormat: DataFormat | null;
  interpolation: string;
}> {
  static readonly className = "UpSampling2D";

  constructor(
    ...args: [
      size?: PerAxis | Options<UpSamplingOptions & { interpolation?: string }>,
      options?: Options<UpSamplingOptions & { interpolation?: string }>,
    ]
  ) {
    super(args, { size: 2, dataFormat: optional<DataFormat>(), interpolation: "nearest" });
    requireOneOf(this.options.interpolation.toLowerCase(), interpolations, "interpolation", this.where);
  }

  static readonly rank = 2;

  override call(x: Tensor): Tensor {
    const { dataFormat } = this.options;
    const interpolation = this.options.interpolation.toLowerCase();
    if (interpolation === "nearest") return super.call(x);
    const size = this.size.map(
      (factor, i) => factor * staticDim(x.shape[this.first + i], "the size of an image"),
    );
    return resize(x, { size, interpolation: interpolation as Interpolation, dataFormat });
  }
}

/** Each element of a volume `size` times along the three axes (default 2). */
export class UpSampling3D extends UpSampling<{ size: PerAxis; dataFormat: DataFormat | null }> {
  static readonly className = "UpSampling3D";

  constructor(...args: [size?: PerAxis | Options<UpSamplingOptions>, options?: Options<UpSamplingOptions>]) {
    super(args, { size: 2, dataFormat: optional<DataFormat>() });
  }

  static readonly rank = 3;
}
