/**
 * Normalizations of each sample by itself, over some of its axes: `LayerNormalization`, `RMSNormalization`, `UnitNormalization`.
 */
import type { Axes, Tensor } from "../../../tensor.ts";
import { layerNormalization, normalize, rmsNormalization } from "../../ops/normalization.ts";
import type { JsonObject, Options } from "../../options.ts";
import { type KerasShape, knownDim } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import { ConfiguredLayer, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { inOrder, ScaleOffset, type ScaleOffsetOptions, scaleOffsetDefaults } from "./scale-offset.ts";

export interface LayerNormalizationOptions extends ScaleOffsetOptions {
  /** One axis or several; default -1. */
  axis?: number | readonly number[];
  /** Divides by the root of the mean square instead, without a center; default false. */
  rmsScaling?: boolean;
}

const layerDefaults = {
  axis: -1 as number | readonly number[],
  epsilon: 1e-3,
  center: true,
  scale: true,
  rmsScaling: false,
  ...scaleOffsetDefaults,
};

const shapeOf = (inputShape: KerasShape, axes: readonly number[], where: string): number[] =>
  axes.map((axis) => knownDim(inputShape.at(axis), where, axis));

/**
 * gamma (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each sample over `axis` (Ba et al., 2016). Weights: gamma, beta,
 * with the sizes of the axes.
 *
 * Example: `layers.LayerNormalization()(x)`. Throws ModelError where those sizes are not known.
 */
export class LayerNormalization extends ScaleOffset<typeof layerDefaults> {
  static readonly className = "LayerNormalization";
  private axes: readonly number[] = [];

  constructor(
    ...args: [
      axis?: number | readonly number[] | Options<LayerNormalizationOptions>,
      options?: Options<LayerNormalizationOptions>,
    ]
  ) {
    super(args, layerDefaults);
  }

  protected override settle(options: Settled<typeof layerDefaults>): Settled<typeof layerDefaults> {
    return options.rmsScaling ? { ...options, center: false, scale: true } : options;
  }

  override build(inputShape: KerasShape): void {
    this.axes = inOrder(this.options.axis, inputShape.length);
    this.makeScaleAndOffset(shapeOf(inputShape, this.axes, this.where));
  }

  override call(x: Tensor): Tensor {
    const { epsilon, rmsScaling } = this.options;
    const [gamma, beta] = [this.gamma ?? null, this.beta ?? null];
    if (rmsScaling) return rmsNormalization(x, { scale: gamma, axis: this.axes, epsilon });
    return layerNormalization(x, { gamma, beta, axis: this.axes, epsilon });
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), axis: this.axes.length > 0 ? this.axes : this.options.axis };
  }
}

const rmsDefaults = { axis: -1 as number | readonly number[], epsilon: 1e-6 };

/** x / sqrt(mean(x^2) + epsilon) scale over `axis` (Zhang and Sennrich, 2019). Weights: scale, with the sizes of the axes. */
export class RMSNormalization extends ConfiguredLayer<typeof rmsDefaults, Tensor> {
  static readonly className = "RMSNormalization";
  protected override autocast = false;
  scale: Variable | undefined;
  private axes: readonly number[] = [];

  constructor(
    ...args: [
      axis?: number | readonly number[] | Options<LayerOptions & Partial<typeof rmsDefaults>>,
      options?: Options<LayerOptions & Partial<typeof rmsDefaults>>,
    ]
  ) {
    super(args, rmsDefaults);
  }

  override build(inputShape: KerasShape): void {
    this.axes = inOrder(this.options.axis, inputShape.length);
    this.scale = this.addWeight({
      name: "scale",
      shape: shapeOf(inputShape, this.axes, this.where),
      initializer: "ones",
    });
  }

  override call(x: Tensor): Tensor {
    return rmsNormalization(x, {
      scale: this.made(this.scale),
      axis: this.axes,
      epsilon: this.options.epsilon,
    });
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), axis: this.axes.length > 0 ? this.axes : this.options.axis };
  }
}

/** x divided by its length over `axis` (default -1), so that the length is 1. */
export class UnitNormalization extends ConfiguredLayer<{ axis: Axes }, Tensor> {
  static readonly className = "UnitNormalization";

  constructor(
    ...args: [axis?: Axes | Options<LayerOptions & { axis?: Axes }>, options?: Options<LayerOptions>]
  ) {
    super(args, { axis: -1 as Axes });
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return normalize(x, { axis: this.options.axis, order: 2, epsilon: 1e-12 });
  }
}
