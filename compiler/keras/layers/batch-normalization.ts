/**
 * `BatchNormalization`: standardizes each channel over the batch.
 */
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { elementwise, mean, type Tensor } from "../../tensor.ts";
import { serializeMaybe } from "../config.ts";
import { get as getInitializer, type InitializerLike } from "../initializers/index.ts";
import { batchNormalization } from "../ops/normalization.ts";
import { varianceOf } from "../ops/reduce.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { get as getRegularizer, type RegularizerLike } from "../regularizers.ts";
import { type KerasShape, knownDim } from "../shapes.ts";
import type { Variable } from "../variable.ts";
import type { CallOptions } from "./call.ts";
import { builtWeight } from "./dense.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

export interface BatchNormalizationLayerOptions extends LayerOptions {
  /** The axis of the channels; default -1. */
  axis?: number;
  /** Of the moving averages; default 0.99. */
  momentum?: number;
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
  /** Default "zeros". */
  movingMeanInitializer?: InitializerLike;
  /** Default "ones". */
  movingVarianceInitializer?: InitializerLike;
  betaRegularizer?: RegularizerLike;
  gammaRegularizer?: RegularizerLike;
}

const defaults = {
  axis: -1,
  momentum: 0.99,
  epsilon: 1e-3,
  center: true,
  scale: true,
  betaInitializer: "zeros" as InitializerLike,
  gammaInitializer: "ones" as InitializerLike,
  movingMeanInitializer: "zeros" as InitializerLike,
  movingVarianceInitializer: "ones" as InitializerLike,
  betaRegularizer: null as RegularizerLike,
  gammaRegularizer: null as RegularizerLike,
  synchronized: false,
  renorm: false,
  renormMomentum: 0.99,
};

/**
 * gamma (x - mean) / sqrt(variance + epsilon) + beta (Ioffe and Szegedy, 2015). While training, mean and variance are those of the batch, and
 * moving averages take them in: moving = momentum moving + (1 - momentum) batch; else they are the moving averages. A frozen layer
 * (`trainable = false`) uses the moving averages in training too. Weights: gamma, beta, moving_mean, moving_variance, each [channels].
 *
 * Example: `layers.BatchNormalization()(x)`. Throws ModelError where the number of channels is not known or changes.
 */
export class BatchNormalization extends Layer {
  static readonly className = "BatchNormalization";
  gamma: Variable | undefined;
  beta: Variable | undefined;
  movingMean: Variable | undefined;
  movingVariance: Variable | undefined;
  private readonly options: typeof defaults;

  constructor(options: Options<BatchNormalizationLayerOptions> = {}) {
    const read = readOptions([options], defaults, {
      owner: "BatchNormalization",
      positional: [],
      also: [...layerOptionNames, "renormClipping"],
    });
    super(read);
    if (read.renorm) throw new ModelError("renorm is not available", { where: `layer "${this.name}"` });
    this.options = {
      ...read,
      betaInitializer: getInitializer(read.betaInitializer),
      gammaInitializer: getInitializer(read.gammaInitializer),
      movingMeanInitializer: getInitializer(read.movingMeanInitializer),
      movingVarianceInitializer: getInitializer(read.movingVarianceInitializer),
      betaRegularizer: getRegularizer(read.betaRegularizer),
      gammaRegularizer: getRegularizer(read.gammaRegularizer),
    };
  }

  override build(inputShape: KerasShape): void {
    const { axis, center, scale, ...rest } = this.options;
    const shape = [knownDim(inputShape.at(axis), `layer "${this.name}"`, axis)];
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
    this.movingMean = this.addWeight({
      name: "moving_mean",
      shape,
      initializer: rest.movingMeanInitializer,
      trainable: false,
    });
    this.movingVariance = this.addWeight({
      name: "moving_variance",
      shape,
      initializer: rest.movingVarianceInitializer,
      trainable: false,
    });
    this.inputSpec = [{ ndim: inputShape.length, axes: { [axis]: shape[0] } }];
  }

  override call(x: Tensor, { training, mask }: CallOptions): Tensor {
    if (mask !== undefined && mask !== null)
      throw new ModelError("masks are not available yet", { where: `layer "${this.name}"` });
    const [movingMean, movingVariance] = [
      builtWeight(this.movingMean, this.name),
      builtWeight(this.movingVariance, this.name),
    ];
    if (!training || !this.trainable) return this.normalize(x, movingMean.value, movingVariance.value);
    const axis = normalizeAxis(this.options.axis, x.rank);
    const others = x.shape.flatMap((_, i) => (i === axis ? [] : [i]));
    const [batchMean, batchVariance] = [mean(x, others, false), varianceOf(x, others, false)];
    this.follow(movingMean, batchMean);
    this.follow(movingVariance, batchVariance);
    return this.normalize(x, batchMean, batchVariance);
  }

  private normalize(x: Tensor, center: Tensor, variance: Tensor): Tensor {
    const { axis, epsilon } = this.options;
    return batchNormalization(x, center, variance, {
      axis,
      offset: this.beta ?? null,
      scale: this.gamma ?? null,
      epsilon,
    });
  }

  private follow(moving: Variable, value: Tensor): void {
    const { momentum } = this.options;
    moving.assign(
      elementwise("add", [elementwise("mul", [moving, momentum]), elementwise("mul", [value, 1 - momentum])]),
    );
  }

  override getConfig(): JsonObject {
    const { options } = this;
    return {
      ...super.getConfig(),
      axis: options.axis,
      momentum: options.momentum,
      epsilon: options.epsilon,
      center: options.center,
      scale: options.scale,
      beta_initializer: serializeMaybe(options.betaInitializer),
      gamma_initializer: serializeMaybe(options.gammaInitializer),
      moving_mean_initializer: serializeMaybe(options.movingMeanInitializer),
      moving_variance_initializer: serializeMaybe(options.movingVarianceInitializer),
      beta_regularizer: serializeMaybe(options.betaRegularizer),
      gamma_regularizer: serializeMaybe(options.gammaRegularizer),
      beta_constraint: null,
      gamma_constraint: null,
      synchronized: options.synchronized,
    };
  }
}
