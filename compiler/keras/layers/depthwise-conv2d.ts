/**
 * `DepthwiseConv2D`: each channel is convolved on its own.
 */
import type { Tensor } from "../../tensor.ts";
import {
  type Activation,
  type ActivationLike,
  get as getActivation,
  serialize as serializeActivation,
} from "../activations.ts";
import { serializeMaybe } from "../config.ts";
import { get as getInitializer, type InitializerLike } from "../initializers/index.ts";
import { type DataFormat, depthwiseConv, type Padding, type PerAxis, perAxis } from "../ops/conv.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { get as getRegularizer, type RegularizerLike } from "../regularizers.ts";
import { session } from "../session.ts";
import { type KerasShape, knownDim } from "../shapes.ts";
import type { Variable } from "../variable.ts";
import { addBias } from "./conv.ts";
import { builtWeight, requirePositive } from "./dense.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

export interface DepthwiseConvOptions extends LayerOptions {
  kernelSize?: PerAxis;
  /** Default 1. */
  strides?: PerAxis;
  /** "valid" (default) or "same". */
  padding?: Padding;
  /** How many channels each channel becomes; default 1. */
  depthMultiplier?: number;
  /** Default "channels_last". */
  dataFormat?: DataFormat | null;
  /** Default 1. */
  dilationRate?: PerAxis;
  /** Default null: linear. */
  activation?: ActivationLike;
  /** Default true. */
  useBias?: boolean;
  /** Default "glorot_uniform". */
  depthwiseInitializer?: InitializerLike;
  /** Default "zeros". */
  biasInitializer?: InitializerLike;
  depthwiseRegularizer?: RegularizerLike;
  biasRegularizer?: RegularizerLike;
}

const defaults = {
  kernelSize: undefined as PerAxis | undefined,
  strides: 1 as PerAxis,
  padding: "valid" as Padding,
  depthMultiplier: 1,
  dataFormat: null as DataFormat | null,
  dilationRate: 1 as PerAxis,
  activation: null as ActivationLike,
  useBias: true,
  depthwiseInitializer: "glorot_uniform" as InitializerLike,
  biasInitializer: "zeros" as InitializerLike,
  depthwiseRegularizer: null as RegularizerLike,
  biasRegularizer: null as RegularizerLike,
};

/**
 * [n, height, width, channels] to [n, height', width', channels * depthMultiplier]. Weights: kernel
 * [kernelHeight, kernelWidth, channels, depthMultiplier], bias [channels * depthMultiplier].
 *
 * Example: `layers.DepthwiseConv2D(3, { padding: "same" })(x)`. Throws ModelError where sizes do not fit.
 */
export class DepthwiseConv2D extends Layer {
  static readonly className = "DepthwiseConv2D";
  readonly activation: Activation;
  kernel: Variable | undefined;
  bias: Variable | undefined;
  private readonly options: typeof defaults & {
    readonly dataFormat: DataFormat;
    readonly kernelSize: number[];
    strides: number[];
    dilationRate: number[];
  };

  constructor(
    ...args: [kernelSize: PerAxis | Options<DepthwiseConvOptions>, options?: Options<DepthwiseConvOptions>]
  ) {
    const options = readOptions(args, defaults, {
      owner: "DepthwiseConv2D",
      positional: ["kernelSize"],
      also: layerOptionNames,
    });
    super(options);
    requirePositive(options.depthMultiplier, "depth multiplier", this.name);
    this.activation = getActivation(options.activation);
    this.inputSpec = [{ ndim: 4 }];
    this.options = {
      ...options,
      kernelSize: perAxis(options.kernelSize ?? 0, 2, "kernel size"),
      strides: perAxis(options.strides, 2, "strides"),
      dilationRate: perAxis(options.dilationRate, 2, "dilation rate"),
      dataFormat: options.dataFormat ?? session.dataFormat,
      depthwiseInitializer: getInitializer(options.depthwiseInitializer),
      biasInitializer: getInitializer(options.biasInitializer),
      depthwiseRegularizer: getRegularizer(options.depthwiseRegularizer),
      biasRegularizer: getRegularizer(options.biasRegularizer),
    };
  }

  override build(inputShape: KerasShape): void {
    const {
      dataFormat,
      kernelSize,
      depthMultiplier,
      useBias,
      depthwiseInitializer,
      biasInitializer,
      depthwiseRegularizer,
      biasRegularizer,
    } = this.options;
    const axis = dataFormat === "channels_last" ? -1 : 1;
    const channels = knownDim(inputShape.at(axis), `layer "${this.name}"`, axis);
    const shape = [...kernelSize, channels, depthMultiplier];
    this.kernel = this.addWeight({
      name: "kernel",
      shape,
      initializer: depthwiseInitializer,
      regularizer: depthwiseRegularizer,
    });
    if (!useBias) return;
    this.bias = this.addWeight({
      name: "bias",
      shape: [channels * depthMultiplier],
      initializer: biasInitializer,
      regularizer: biasRegularizer,
    });
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this.options;
    const result = depthwiseConv(x, builtWeight(this.kernel, this.name), {
      strides,
      padding,
      dataFormat,
      dilationRate,
    });
    return this.activation(addBias(result, this.bias, dataFormat));
  }

  override getConfig(): JsonObject {
    const { options } = this;
    return {
      ...super.getConfig(),
      kernel_size: options.kernelSize,
      strides: options.strides,
      padding: options.padding,
      depth_multiplier: options.depthMultiplier,
      data_format: options.dataFormat,
      dilation_rate: options.dilationRate,
      activation: serializeActivation(this.activation),
      use_bias: options.useBias,
      depthwise_initializer: serializeMaybe(options.depthwiseInitializer),
      bias_initializer: serializeMaybe(options.biasInitializer),
      depthwise_regularizer: serializeMaybe(options.depthwiseRegularizer),
      bias_regularizer: serializeMaybe(options.biasRegularizer),
      depthwise_constraint: null,
      bias_constraint: null,
    };
  }
}
