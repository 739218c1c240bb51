/**
 * Pooling layers: the maximum or mean of windows, or of whole images. No weights.
 */
import { cast, type Tensor, type TensorLike } from "../../tensor.ts";
import type { DataFormat, Padding, PerAxis } from "../ops/conv.ts";
import { perAxis } from "../ops/conv.ts";
import { divide, multiply } from "../ops/elementwise.ts";
import { expandDims } from "../ops/movement.ts";
import { asTensor } from "../ops/operation.ts";
import { averagePool, maxPool } from "../ops/pool.ts";
import { max, mean, sum } from "../ops/reduce.ts";
import type { JsonObject, Options } from "../options.ts";
import { readOptions } from "../options.ts";
import { session } from "../session.ts";
import type { CallOptions } from "./call.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

export interface PoolingOptions extends LayerOptions {
  /** Default 2. */
  poolSize?: PerAxis;
  /** Default null: the pool size. */
  strides?: PerAxis | null;
  /** "valid" (default) or "same". */
  padding?: Padding;
  /** Default "channels_last". */
  dataFormat?: DataFormat | null;
}

const defaults = {
  poolSize: 2 as PerAxis,
  strides: null as PerAxis | null,
  padding: "valid" as Padding,
  dataFormat: null as DataFormat | null,
};

export type PoolingArguments = [
  poolSize?: PerAxis | Options<PoolingOptions>,
  strides?: PerAxis | null | Options<PoolingOptions>,
  options?: Options<PoolingOptions>,
];

abstract class BasePooling extends Layer {
  private readonly pool: typeof maxPool | typeof averagePool;
  private readonly poolSize: number[];
  private readonly strides: number[];
  private readonly padding: Padding;
  private readonly dataFormat: DataFormat;

  constructor(
    rank: number,
    owner: string,
    pool: typeof maxPool | typeof averagePool,
    args: readonly unknown[],
  ) {
    const options = readOptions(args, defaults, {
      owner,
      positional: ["poolSize", "strides", "padding"],
      also: layerOptionNames,
    });
    super(options);
    this.pool = pool;
    this.poolSize = perAxis(options.poolSize, rank, "pool size");
    this.strides = perAxis(options.strides ?? options.poolSize, rank, "strides");
    this.padding = options.padding;
    this.dataFormat = options.dataFormat ?? session.dataFormat;
    this.inputSpec = [{ ndim: rank + 2 }];
  }

  override call(x: Tensor): Tensor {
    return this.pool(x, this.poolSize, {
      strides: this.strides,
      padding: this.padding,
      dataFormat: this.dataFormat,
    });
  }

  override getConfig(): JsonObject {
    return {
      ...super.getConfig(),
      pool_size: this.poolSize,
      padding: this.padding,
      strides: this.strides,
      data_format: this.dataFormat,
    };
  }
}

/** The maximum over windows of a sequence: [n, steps, channels] to [n, steps', channels]. Example: `layers.MaxPooling1D(2)(x)`. */
export class MaxPooling1D extends BasePooling {
  static readonly className = "MaxPooling1D";
  constructor(...args: PoolingArguments) {
    super(1, "MaxPooling1D", maxPool, args);
  }
}

/** The maximum over windows of an image: [n, h, w, channels] to [n, h', w', channels]. Example: `layers.MaxPooling2D([2, 2])(x)`. */
export class MaxPooling2D extends BasePooling {
  static readonly className = "MaxPooling2D";
  constructor(...args: PoolingArguments) {
    super(2, "MaxPooling2D", maxPool, args);
  }
}

/** The mean over windows of a sequence; padding does not count. */
export class AveragePooling1D extends BasePooling {
  static readonly className = "AveragePooling1D";
  constructor(...args: PoolingArguments) {
    super(1, "AveragePooling1D", averagePool, args);
  }
}

/** The mean over windows of an image; padding does not count. */
export class AveragePooling2D extends BasePooling {
  static readonly className = "AveragePooling2D";
  constructor(...args: PoolingArguments) {
    super(2, "AveragePooling2D", averagePool, args);
  }
}

export interface GlobalPoolingOptions extends LayerOptions {
  /** Default "channels_last". */
  dataFormat?: DataFormat | null;
  /** Keeps the spatial axes with size 1; default false. */
  keepdims?: boolean;
}

abstract class BaseGlobalPooling extends Layer {
  private readonly rank: number;
  private readonly reduce: typeof max | typeof mean;
  protected readonly dataFormat: DataFormat;
  protected readonly keepdims: boolean;

  constructor(
    rank: number,
    owner: string,
    reduce: typeof max | typeof mean,
    given: Options<GlobalPoolingOptions>,
  ) {
    const options = readOptions(
      [given],
      { dataFormat: null as DataFormat | null, keepdims: false },
      { owner, positional: [], also: layerOptionNames },
    );
    super(options);
    this.rank = rank;
    this.reduce = reduce;
    this.dataFormat = options.dataFormat ?? session.dataFormat;
    this.keepdims = options.keepdims;
    this.inputSpec = [{ ndim: rank + 2 }];
  }

  override call(x: Tensor): Tensor {
    const first = this.dataFormat === "channels_last" ? 1 : 2;
    return this.reduce(x, {
      axis: Array.from({ length: this.rank }, (_, i) => first + i),
      keepdims: this.keepdims,
    });
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), data_format: this.dataFormat, keepdims: this.keepdims };
  }
}

/** The mean over the steps: [n, steps, channels] to [n, channels]. With `mask` [n, steps], over those where it is true. */
export class GlobalAveragePooling1D extends BaseGlobalPooling {
  static readonly className = "GlobalAveragePooling1D";
  constructor(options: Options<GlobalPoolingOptions> = {}) {
    super(1, "GlobalAveragePooling1D", mean, options);
  }

  override call(x: Tensor, { mask }: CallOptions = {}): Tensor {
    if (mask === undefined || mask === null) return super.call(x);
    const steps = this.dataFormat === "channels_last" ? 1 : 2;
    const kept = expandDims(cast(asTensor(mask as TensorLike), x.dtype), 3 - steps);
    const total = sum(multiply(x, kept), { axis: steps, keepdims: this.keepdims });
    return divide(total, sum(kept, { axis: steps, keepdims: this.keepdims }));
  }
}

/** The mean over each channel of an image: [n, h, w, channels] to [n, channels]. */
export class GlobalAveragePooling2D extends BaseGlobalPooling {
  static readonly className = "GlobalAveragePooling2D";
  constructor(options: Options<GlobalPoolingOptions> = {}) {
    super(2, "GlobalAveragePooling2D", mean, options);
  }
}

/** The maximum over the steps: [n, steps, channels] to [n, channels]. */
export class GlobalMaxPooling1D extends BaseGlobalPooling {
  static readonly className = "GlobalMaxPooling1D";
  constructor(options: Options<GlobalPoolingOptions> = {}) {
    super(1, "GlobalMaxPooling1D", max, options);
  }
}

/** The maximum over each channel of an image: [n, h, w, channels] to [n, channels]. */
export class GlobalMaxPooling2D extends BaseGlobalPooling {
  static readonly className = "GlobalMaxPooling2D";
  constructor(options: Options<GlobalPoolingOptions> = {}) {
    super(2, "GlobalMaxPooling2D", max, options);
  }
}
