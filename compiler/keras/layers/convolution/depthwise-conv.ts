/**
 * Depthwise convolution, where each channel is convolved on its own, and separable convolution, which mixes the channels afterwards.
 */
import type { Tensor } from "../../../tensor.ts";
import type { ConstraintLike } from "../../constraints.ts";
import type { InitializerLike } from "../../initializers/index.ts";
import { depthwiseConv, type PerAxis, separableConv } from "../../ops/conv.ts";
import type { Options } from "../../options.ts";
import type { RegularizerLike } from "../../regularizers.ts";
import type { KerasShape } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import { required, type Settled } from "../configured-layer.ts";
import { type BiasOptions, kernelDefaults } from "../core/kernel-options.ts";
import { requirePositive } from "../require.ts";
import type { ConvArguments } from "./conv.ts";
import { SpatialConv, type WindowOptions, windowDefaults } from "./conv-options.ts";

export interface DepthwiseConvOptions extends BiasOptions, WindowOptions {
  /** How many channels each channel becomes; default 1. */
  depthMultiplier?: number;
  /** Default "glorot_uniform". */
  depthwiseInitializer?: InitializerLike;
  depthwiseRegularizer?: RegularizerLike;
  depthwiseConstraint?: ConstraintLike;
}

const { kernelSize, strides, padding, dataFormat, dilationRate } = windowDefaults;
const { activation, useBias, biasInitializer, biasRegularizer, biasConstraint } = kernelDefaults;
const glorot = "glorot_uniform" as InitializerLike;
const regularizer = null as RegularizerLike;
const constraint = null as ConstraintLike;

const depthwiseDefaults = {
  kernelSize,
  strides,
  padding,
  depthMultiplier: 1,
  dataFormat,
  dilationRate,
  activation,
  useBias,
  depthwiseInitializer: glorot,
  biasInitializer,
  depthwiseRegularizer: regularizer,
  biasRegularizer,
  depthwiseConstraint: constraint,
  biasConstraint,
};

abstract class DepthwiseConv extends SpatialConv<typeof depthwiseDefaults> {
  kernel: Variable | undefined;

  constructor(
    ...args: [kernelSize: PerAxis | Options<DepthwiseConvOptions>, options?: Options<DepthwiseConvOptions>]
  ) {
    super(args, depthwiseDefaults);
  }

  protected override settle(options: Settled<typeof depthwiseDefaults>): Settled<typeof depthwiseDefaults> {
    requirePositive(options.depthMultiplier, "depthMultiplier", this.where);
    return super.settle(options);
  }

  override build(inputShape: KerasShape): void {
    const channels = this.fixedChannels(inputShape);
    const { depthMultiplier } = this.options;
    const shape = [...this.kernelSize, channels, depthMultiplier];
    this.kernel = this.weightFor("depthwise", shape, { name: "kernel" });
    this.makeBias(channels * depthMultiplier);
  }

  override call(x: Tensor): Tensor {
    return this.finish(depthwiseConv(x, this.made(this.kernel), this.window));
  }
}

/** [n, steps, channels] to [n, steps', channels * depthMultiplier]. Weights: kernel [size, channels, depthMultiplier], bias. */
export class DepthwiseConv1D extends DepthwiseConv {
  static readonly className = "DepthwiseConv1D";
  static readonly rank = 1;
}

/**
 * [n, height, width, channels] to [n, height', width', channels * depthMultiplier]. Weights: kernel
 * [kernelHeight, kernelWidth, channels, depthMultiplier], bias [channels * depthMultiplier].
 *
 * Example: `layers.DepthwiseConv2D(3, { padding: "same" })(x)`. Throws ModelError where sizes do not fit.
 */
export class DepthwiseConv2D extends DepthwiseConv {
  static readonly className = "DepthwiseConv2D";
  static readonly rank = 2;
}

export interface SeparableConvOptions extends DepthwiseConvOptions {
  /** The number of channels of the result. */
  filters?: number;
  /** Default "glorot_uniform". */
  pointwiseInitializer?: InitializerLike;
  pointwiseRegularizer?: RegularizerLike;
  pointwiseConstraint?: ConstraintLike;
}

const separableDefaults = {
  filters: required<number>(),
  kernelSize,
  strides,
  padding,
  dataFormat,
  dilationRate,
  depthMultiplier: 1,
  activation,
  useBias,
  depthwiseInitializer: glorot,
  pointwiseInitializer: glorot,
  biasInitializer,
  depthwiseRegularizer: regularizer,
  pointwiseRegularizer: regularizer,
  biasRegularizer,
  depthwiseConstraint: constraint,
  pointwiseConstraint: constraint,
  biasConstraint,
};

abstract class SeparableConv extends SpatialConv<typeof separableDefaults> {
  depthwiseKernel: Variable | undefined;
  pointwiseKernel: Variable | undefined;

  constructor(...args: ConvArguments<SeparableConvOptions>) {
    super(args, separableDefaults);
  }

  protected override settle(options: Settled<typeof separableDefaults>): Settled<typeof separableDefaults> {
    requirePositive(options.filters, "filters", this.where);
    requirePositive(options.depthMultiplier, "depthMultiplier", this.where);
    return super.settle(options);
  }

  override build(inputShape: KerasShape): void {
    const channels = this.fixedChannels(inputShape);
    const { depthMultiplier, filters } = this.options;
    const depthwise = [...this.kernelSize, channels, depthMultiplier];
    const pointwise = [...this.kernelSize.map(() => 1), channels * depthMultiplier, filters];
    this.depthwiseKernel = this.weightFor("depthwise", depthwise, { name: "depthwise_kernel" });
    this.pointwiseKernel = this.weightFor("pointwise", pointwise, { name: "pointwise_kernel" });
    this.makeBias(filters);
  }

  override call(x: Tensor): Tensor {
    const [depthwise, pointwise] = [this.made(this.depthwiseKernel), this.made(this.pointwiseKernel)];
    return this.finish(separableConv(x, depthwise, pointwise, this.window));
  }
}

/** [n, steps, channels] to [n, steps', filters]. Weights: depthwise_kernel [size, channels, depthMultiplier], pointwise_kernel, bias. */
export class SeparableConv1D extends SeparableConv {
  static readonly className = "SeparableConv1D";
  static readonly rank = 1;
}

/**
 * A depthwise convolution, then a pointwise one: [n, height, width, channels] to [n, height', width', filters]. Weights: depthwise_kernel
 * [kernelHeight, kernelWidth, channels, depthMultiplier], pointwise_kernel [1, 1, channels * depthMultiplier, filters], bias [filters].
 *
 * Example: `layers.SeparableConv2D(32, 3)(x)`.
 */
export class SeparableConv2D extends SeparableConv {
  static readonly className = "SeparableConv2D";
  static readonly rank = 2;
}
