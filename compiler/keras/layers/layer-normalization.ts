/**
 * `LayerNormalization`: standardizes each sample over some of its axes.
 */
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import type { Tensor } from "../../tensor.ts";
import { serializeMaybe } from "../config.ts";
import { get as getInitializer, type InitializerLike } from "../initializers/index.ts";
import { layerNormalization } from "../ops/normalization.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { get as getRegularizer, type RegularizerLike } from "../regularizers.ts";
import { type KerasShape, knownDim } from "../shapes.ts";
import type { Variable } from "../variable.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

export interface LayerNormalizationLayerOptions extends LayerOptions {
  /** One axis or several; default -1. */
  axis?: number | readonly number[];
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
  /** Adds beta; default true. */
  center?: boolean;
  /** Multiplies by gamma; default true. */
  scale?: boolean;
  /** Default "zeros". */
  betaInitializer?: InitializerLike;
  /** Default "ones". */
  gammaInitializer?: InitializerLike;
  betaRegularizer?: RegularizerLike;
  gammaRegularizer?: RegularizerLike;
}

const defaults = {
  axis: -1 as number | readonly number[],
  epsilon: 1e-3,
  center: true,
  scale: true,
  rmsScaling: false,
  betaInitializer: "zeros" as InitializerLike,
  gammaInitializer: "ones" as InitializerLike,
  betaRegularizer: null as RegularizerLike,
  gammaRegularizer: null as RegularizerLike,
};

/**
 * gamma (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each sample over `axis` (Ba et al., 2016). Weights: gamma, beta,
 * with the sizes of the axes.
 *
 * Example: `layers.LayerNormalization()(x)`. Throws ModelError where those sizes are not known.
 */
export class LayerNormalization extends Layer {
  static readonly className = "LayerNormalization";
  gamma: Variable | undefined;
  beta: Variable | undefined;
  private readonly options: typeof defaults;
  private axes: readonly number[];

  constructor(options: Options<LayerNormalizationLayerOptions> = {}) {
    const read = readOptions([options], defaults, {
      owner: "LayerNormalization",
      positional: [],
      also: layerOptionNames,
    });
    super(read);
    if (read.rmsScaling)
      throw new ModelError("rmsScaling is not available", {
        where: `layer "${this.name}"`,
        hint: "Use RMSNormalization",
      });
    this.axes = typeof read.axis === "number" ? [read.axis] : read.axis;
    this.options = {
      ...read,
      betaInitializer: getInitializer(read.betaInitializer),
      gammaInitializer: getInitializer(read.gammaInitializer),
      betaRegularizer: getRegularizer(read.betaRegularizer),
      gammaRegularizer: getRegularizer(read.gammaRegularizer),
    };
  }

  override build(inputShape: KerasShape): void {
    const { center, scale, ...rest } = this.options;
    const ascending = (a: number, b: number): number =>
      normalizeAxis(a, inputShape.length) - normalizeAxis(b, inputShape.length);
    this.axes = [...this.axes].sort(ascending);
    const shape = this.axes.map((axis) => knownDim(inputShape.at(axis), `layer "${this.name}"`, axis));
    if (scale)
      this.gamma = this.addWeight({
        name: "gamma",
        shape,
        initializer: rest.gammaInitializer,
        regularizer: rest.gammaRegularizer,
      });
    if (center)
      this.beta = this.addWeight({
        name: "beta",
        shape,
        initializer: rest.betaInitializer,
        regularizer: rest.betaRegularizer,
      });
  }

  override call(x: Tensor): Tensor {
    return layerNormalization(x, {
      gamma: this.gamma ?? null,
      beta: this.beta ?? null,
      axis: this.axes,
      epsilon: this.options.epsilon,
    });
  }

  override getConfig(): JsonObject {
    const { options } = this;
    return {
      ...super.getConfig(),
      axis: this.axes,
      epsilon: options.epsilon,
      center: options.center,
      scale: options.scale,
      rms_scaling: false,
      beta_initializer: serializeMaybe(options.betaInitializer),
      gamma_initializer: serializeMaybe(options.gammaInitializer),
      beta_regularizer: serializeMaybe(options.betaRegularizer),
      gamma_regularizer: serializeMaybe(options.gammaRegularizer),
      beta_constraint: null,
      gamma_constraint: null,
    };
  }
}
