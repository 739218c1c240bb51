/**
 * Pooling layers: the maximum or mean of windows over one, two and three spatial axes. No weights.
 */
import type { Tensor } from "../../../tensor.ts";
import type { DataFormat, Padding, PerAxis } from "../../ops/conv.ts";
import { averagePool, maxPool } from "../../ops/pool.ts";
import type { Options } from "../../options.ts";
import { optional, type Settled } from "../configured-layer.ts";
import { spatial, spatialPadding } from "../spatial.ts";
import { type FormatOptions, SpatialLayer } from "./spatial-layer.ts";

export interface PoolingOptions extends FormatOptions {
  /** Default 2. */
  poolSize?: PerAxis;
  /** Default null: the pool size. */
  strides?: PerAxis | null;
  /** "valid" (default) or "same". */
  padding?: Padding;
}

const poolDefaults = {
  poolSize: 2 as PerAxis,
  strides: optional<PerAxis>(),
  padding: "valid" as Padding,
  dataFormat: optional<DataFormat>(),
};

export type PoolingArguments = [
  poolSize?: PerAxis | Options<PoolingOptions>,
  strides?: PerAxis | null | Options<PoolingOptions>,
  options?: Options<PoolingOptions>,
];

abstract class WindowPooling extends SpatialLayer<typeof poolDefaults> {
  constructor(...args: PoolingArguments) {
    super(args, poolDefaults);
  }

  protected override settle(options: Settled<typeof poolDefaults>): Settled<typeof poolDefaults> {
    const { rank, where } = this;
    return {
      ...options,
      poolSize: spatial(options.poolSize, rank, "poolSize", where),
      strides: spatial(options.strides ?? options.poolSize, rank, "strides", where),
      padding: spatialPadding(options.padding, where),
    };
  }

  protected abstract get pool(): typeof maxPool | typeof averagePool;

  override call(x: Tensor): Tensor {
    const { poolSize, strides, padding, dataFormat } = this.options;
    return this.pool(x, poolSize, { strides, padding, dataFormat });
  }
}

abstract class MaxPooling extends WindowPooling {
  protected override get pool(): typeof maxPool {
    return maxPool;
  }
}

abstract class AveragePooling extends WindowPooling {
  protected override get pool(): typeof averagePool {
    return averagePool;
  }
}

/** The maximum over windows of a sequence: [n, steps, channels] to [n, steps', channels]. Example: `layers.MaxPooling1D(2)(x)`. */
export class MaxPooling1D extends MaxPooling {
  static readonly className = "MaxPooling1D";
  static readonly rank = 1;
}

/** The maximum over windows of an image: [n, h, w, channels] to [n, h', w', channels]. Example: `layers.MaxPooling2D([2, 2])(x)`. */
export class MaxPooling2D extends MaxPooling {
  static readonly className = "MaxPooling2D";
  static readonly rank = 2;
}

/** The maximum over windows of a volume: [n, d, h, w, channels] to [n, d', h', w', channels]. */
export class MaxPooling3D extends MaxPooling {
  static readonly className = "MaxPooling3D";
  static readonly rank = 3;
}

/** The mean over windows of a sequence; padding does not count. */
export class AveragePooling1D extends AveragePooling {
  static readonly className = "AveragePooling1D";
  static readonly rank = 1;
}

/** The mean over windows of an image; padding does not count. */
export class AveragePooling2D extends AveragePooling {
  static readonly className = "AveragePooling2D";
  static readonly rank = 2;
}

/** The mean over windows of a volume; padding does not count. */
export class AveragePooling3D extends AveragePooling {
  static readonly className = "AveragePooling3D";
  static readonly rank = 3;
}
