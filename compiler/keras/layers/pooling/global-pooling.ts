/**
 * Global pooling layers: the maximum or mean of whole sequences, images and volumes. No weights.
 */
import { cast, select, type Tensor, type TensorLike } from "../../../tensor.ts";
import type { DataFormat } from "../../ops/conv.ts";
import { divide } from "../../ops/elementwise.ts";
import { expandDims } from "../../ops/movement.ts";
import { asTensor } from "../../ops/operation.ts";
import { max, mean, sum } from "../../ops/reduce.ts";
import type { Options } from "../../options.ts";
import type { CallOptions } from "../call.ts";
import { optional } from "../configured-layer.ts";
import { type FormatOptions, SpatialLayer } from "./spatial-layer.ts";

export interface GlobalPoolingOptions extends FormatOptions {
  /** Keeps the spatial axes with size 1; default false. */
  keepdims?: boolean;
}

const globalDefaults = { dataFormat: optional<DataFormat>(), keepdims: false };

abstract class GlobalPooling extends SpatialLayer<typeof globalDefaults> {
  constructor(options: Options<GlobalPoolingOptions> = {}) {
    super([options], globalDefaults);
  }

  protected abstract get reduce(): typeof max | typeof mean;

  override call(x: Tensor, _options: CallOptions): Tensor {
    const first = this.options.dataFormat === "channels_last" ? 1 : 2;
    const axis = Array.from({ length: this.rank }, (_, i) => first + i);
    return this.reduce(x, { axis, keepdims: this.options.keepdims });
  }
}

abstract class GlobalMaxPooling extends GlobalPooling {
  protected override get reduce(): typeof max {
    return max;
  }
}

abstract class GlobalAveragePooling extends GlobalPooling {
  protected override get reduce(): typeof mean {
    return mean;
  }
}

/** The mean over the steps: [n, steps, channels] to [n, channels]. With `mask` [n, steps], over those where it is true. */
export class GlobalAveragePooling1D extends GlobalAveragePooling {
  static readonly className = "GlobalAveragePooling1D";

  constructor(options: Options<GlobalPoolingOptions> = {}) {
    super(options);
    this.supportsMasking = true;
  }

  static readonly rank = 1;

  override call(x: Tensor, options: CallOptions): Tensor {
    const { mask } = options;
    if (mask === undefined || mask === null) return super.call(x, options);
    const { dataFormat, keepdims } = this.options;
    const axis = dataFormat === "channels_last" ? 1 : 2;
    const kept = expandDims(cast(asTensor(mask as TensorLike), "bool"), 3 - axis);
    const total = sum(select(kept, x, 0), { axis, keepdims });
    return divide(total, sum(cast(kept, x.dtype), { axis, keepdims }));
  }

  /** The result has no steps. */
  override computeMask(): null {
    return null;
  }
}

/** The mean over each channel of an image: [n, h, w, channels] to [n, channels]. */
export class GlobalAveragePooling2D extends GlobalAveragePooling {
  static readonly className = "GlobalAveragePooling2D";
  static readonly rank = 2;
}

/** The mean over each channel of a volume: [n, d, h, w, channels] to [n, channels]. */
export class GlobalAveragePooling3D extends GlobalAveragePooling {
  static readonly className = "GlobalAveragePooling3D";
  static readonly rank = 3;
}

/** The maximum over the steps: [n, steps, channels] to [n, channels]. */
export class GlobalMaxPooling1D extends GlobalMaxPooling {
  static readonly className = "GlobalMaxPooling1D";
  static readonly rank = 1;
}

/** The maximum over each channel of an image. */
export class GlobalMaxPooling2D extends GlobalMaxPooling {
  static readonly className = "GlobalMaxPooling2D";
  static readonly rank = 2;
}

/** The maximum over each channel of a volume. */
export class GlobalMaxPooling3D extends GlobalMaxPooling {
  static readonly className = "GlobalMaxPooling3D";
  static readonly rank = 3;
}
