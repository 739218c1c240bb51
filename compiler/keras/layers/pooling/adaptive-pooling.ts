/**
 * Adaptive pooling layers: the maximum or mean of as many parts as the result has positions. No weights.
 */
import type { Tensor } from "../../../tensor.ts";
import { adaptiveAveragePool, adaptiveMaxPool } from "../../ops/adaptive-pool.ts";
import type { DataFormat, PerAxis } from "../../ops/conv.ts";
import type { Options } from "../../options.ts";
import { optional, required, type Settled } from "../configured-layer.ts";
import { spatial } from "../spatial.ts";
import { type FormatOptions, SpatialLayer } from "./spatial-layer.ts";

const adaptiveDefaults = { outputSize: required<PerAxis>(), dataFormat: optional<DataFormat>() };

export interface AdaptivePoolingOptions extends FormatOptions {
  /** The number of positions along each spatial axis. */
  outputSize?: PerAxis;
}

export type AdaptivePoolingArguments = [
  outputSize: PerAxis | Options<AdaptivePoolingOptions>,
  options?: Options<AdaptivePoolingOptions>,
];

abstract class AdaptivePooling extends SpatialLayer<typeof adaptiveDefaults> {
  constructor(...args: AdaptivePoolingArguments) {
    super(args, adaptiveDefaults);
  }

  protected override settle(options: Settled<typeof adaptiveDefaults>): Settled<typeof adaptiveDefaults> {
    return { ...options, outputSize: spatial(options.outputSize, this.rank, "outputSize", this.where) };
  }

  protected abstract get pool(): typeof adaptiveMaxPool | typeof adaptiveAveragePool;

  override call(x: Tensor): Tensor {
    const { outputSize, dataFormat } = this.options;
    return this.pool(x, { outputSize, dataFormat });
  }
}

abstract class AdaptiveMaxPooling extends AdaptivePooling {
  protected override get pool(): typeof adaptiveMaxPool {
    return adaptiveMaxPool;
  }
}

abstract class AdaptiveAveragePooling extends AdaptivePooling {
  protected override get pool(): typeof adaptiveAveragePool {
    return adaptiveAveragePool;
  }
}

/** The maximum over `outputSize` parts of a sequence: [n, steps, channels] to [n, outputSize, channels]. */
export class AdaptiveMaxPooling1D extends AdaptiveMaxPooling {
  static readonly className = "AdaptiveMaxPooling1D";
  static readonly rank = 1;
}

/** The maximum over parts of an image: [n, h, w, channels] to [n, ...outputSize, channels]. */
export class AdaptiveMaxPooling2D extends AdaptiveMaxPooling {
  static readonly className = "AdaptiveMaxPooling2D";
  static readonly rank = 2;
}

/** The maximum over parts of a volume. */
export class AdaptiveMaxPooling3D extends AdaptiveMaxPooling {
  static readonly className = "AdaptiveMaxPooling3D";
  static readonly rank = 3;
}

/** The mean over parts of a sequence. */
export class AdaptiveAveragePooling1D extends AdaptiveAveragePooling {
  static readonly className = "AdaptiveAveragePooling1D";
  static readonly rank = 1;
}

/** The mean over parts of an image. */
export class AdaptiveAveragePooling2D extends AdaptiveAveragePooling {
  static readonly className = "AdaptiveAveragePooling2D";
  static readonly rank = 2;
}

/** The mean over parts of a volume. */
export class AdaptiveAveragePooling3D extends AdaptiveAveragePooling {
  static readonly className = "AdaptiveAveragePooling3D";
  static readonly rank = 3;
}
