/**
 * Convolution layers over one and two spatial axes. Both are one class with a rank; see `ops/conv.ts` for what they compute.
 */
import { ModelError } from "../../../ir/errors.ts";
import { elementwise, setShape, type Tensor } from "../../tensor.ts";
import {
  type Activation,
  type ActivationLike,
  get as getActivation,
  serialize as serializeActivation,
} from "../activations.ts";
import { serializeMaybe } from "../config.ts";
import { get as getInitializer, type InitializerLike } from "../initializers/index.ts";
import { conv, type DataFormat, type Padding, type PerAxis, perAxis } from "../ops/conv.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { get as getRegularizer, type RegularizerLike } from "../regularizers.ts";
import { session } from "../session.ts";
import { type KerasShape, knownDim } from "../shapes.ts";
import type { Variable } from "../variable.ts";
import { builtWeight, requirePositive } from "./dense.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

export interface ConvLayerOptions extends LayerOptions {
  /** The number of channels of the result. */
  filters?: number;
  /** One size for all spatial axes, or one for each. */
  kernelSize?: PerAxis;
  /** Default 1. */
  strides?: PerAxis;
  /** "valid" (default), "same", or for Conv1D "causal". */
  padding?: Padding;
  /** Default "channels_last". */
  dataFormat?: DataFormat | null;
  /** Default 1. Strides and dilation cannot both be more than 1. */
  dilationRate?: PerAxis;
  /** Channels are convolved in this many separate groups; default 1. */
  groups?: number;
  /** Default null: linear. */
  activation?: ActivationLike;
  /** Default true. */
  useBias?: boolean;
  /** Default "glorot_uniform". */
  kernelInitializer?: InitializerLike;
  /** Default "zeros". */
  biasInitializer?: InitializerLike;
  kernelRegularizer?: RegularizerLike;
  biasRegularizer?: RegularizerLike;
}

const defaults = {
  filters: undefined as number | undefined,
  kernelSize: undefined as PerAxis | undefined,
  strides: 1 as PerAxis,
  padding: "valid" as Padding,
  dataFormat: null as DataFormat | null,
  dilationRate: 1 as PerAxis,
  groups: 1,
  activation: null as ActivationLike,
  useBias: true,
  kernelInitializer: "glorot_uniform" as InitializerLike,
  biasInitializer: "zeros" as InitializerLike,
  kernelRegularizer: null as RegularizerLike,
  biasRegularizer: null as RegularizerLike,
};

export type ConvArguments = [
  filters: number | Options<ConvLayerOptions>,
  kernelSize?: PerAxis | Options<ConvLayerOptions>,
  options?: Options<ConvLayerOptions>,
];

abstract class BaseConv extends Layer {
  readonly filters: number;
  readonly activation: Activation;
  kernel: Variable | undefined;
  bias: Variable | undefined;
  private readonly rank: number;
  private readonly options: typeof defaults & {
    readonly dataFormat: DataFormat;
    readonly kernelSize: number[];
    strides: number[];
    dilationRate: number[];
  };

  constructor(rank: number, owner: string, args: readonly unknown[]) {
    const options = readOptions(args, defaults, {
      owner,
      positional: ["filters", "kernelSize"],
      also: layerOptionNames,
    });
    super(options);
    this.rank = rank;
    this.filters = requirePositive(options.filters, "filters", this.name);
    this.activation = getActivation(options.activation);
    this.options = {
      ...options,
      kernelSize: perAxis(options.kernelSize ?? 0, rank, "kernel size"),
      strides: perAxis(options.strides, rank, "strides"),
      dilationRate: perAxis(options.dilationRate, rank, "dilation rate"),
      dataFormat: options.dataFormat ?? session.dataFormat,
      kernelInitializer: getInitializer(options.kernelInitializer),
      biasInitializer: getInitializer(options.biasInitializer),
      kernelRegularizer: getRegularizer(options.kernelRegularizer),
      biasRegularizer: getRegularizer(options.biasRegularizer),
    };
    this.inputSpec = [{ ndim: rank + 2 }];
    this.check();
  }

  private check(): void {
    const { strides, dilationRate, padding, groups } = this.options;
    const where = `layer "${this.name}"`;
    if (Math.max(...strides) > 1 && Math.max(...dilationRate) > 1) {
      throw new ModelError("strides and dilation cannot both be more than 1", {
        where,
        got: `strides [${strides}], dilation [${dilationRate}]`,
      });
    }
    if (!["valid", "same", ...(this.rank === 1 ? ["causal"] : [])].includes(padding))
      throw new ModelError("unknown padding", { where, got: padding });
    if (!Number.isInteger(groups) || groups < 1 || this.filters % groups !== 0) {
      throw new ModelError("filters must be a multiple of groups", {
        where,
        got: `${this.filters} filters, ${groups} groups`,
      });
    }
  }

  override build(inputShape: KerasShape): void {
    const {
      dataFormat,
      groups,
      kernelSize,
      useBias,
      kernelInitializer,
      biasInitializer,
      kernelRegularizer,
      biasRegularizer,
    } = this.options;
    const axis = dataFormat === "channels_last" ? -1 : 1;
    const channels = knownDim(inputShape.at(axis), `layer "${this.name}"`, axis);
    if (channels % groups !== 0) {
      throw new ModelError("channels must be a multiple of groups", {
        where: `layer "${this.name}"`,
        got: `${channels} channels, ${groups} groups`,
      });
    }
    const shape = [...kernelSize, channels / groups, this.filters];
    this.kernel = this.addWeight({
      name: "kernel",
      shape,
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
    });
    if (useBias)
      this.bias = this.addWeight({
        name: "bias",
        shape: [this.filters],
        initializer: biasInitializer,
        regularizer: biasRegularizer,
      });
    this.inputSpec = [{ ndim: this.rank + 2, axes: { [axis]: channels } }];
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this.options;
    const result = conv(x, builtWeight(this.kernel, this.name), {
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
      filters: this.filters,
      kernel_size: options.kernelSize,
      strides: options.strides,
      padding: options.padding,
      data_format: options.dataFormat,
      dilation_rate: options.dilationRate,
      groups: options.groups,
      activation: serializeActivation(this.activation),
      use_bias: options.useBias,
      kernel_initializer: serializeMaybe(options.kernelInitializer),
      bias_initializer: serializeMaybe(options.biasInitializer),
      kernel_regularizer: serializeMaybe(options.kernelRegularizer),
      bias_regularizer: serializeMaybe(options.biasRegularizer),
      kernel_constraint: null,
      bias_constraint: null,
    };
  }
}

/** Adds a vector along the channels; without one, nothing. */
export function addBias(x: Tensor, bias: Variable | undefined, format: DataFormat): Tensor {
  if (bias === undefined) return x;
  if (format === "channels_last") return elementwise("add", [x, bias]);
  return elementwise("add", [
    x,
    setShape(bias.value, [bias.shape[0], ...new Array<number>(x.rank - 2).fill(1)]),
  ]);
}

/**
 * Convolution of sequences: [n, steps, channels] to [n, steps', filters]. Weights: kernel [size, channels / groups, filters], bias [filters].
 *
 * Example: `layers.Conv1D(32, 3, { padding: "causal", activation: "relu" })(x)`. Throws ModelError where sizes or channels do not fit.
 */
export class Conv1D extends BaseConv {
  static readonly className = "Conv1D";
  constructor(...args: ConvArguments) {
    super(1, "Conv1D", args);
  }
}

/**
 * Convolution of images: [n, height, width, channels] to [n, height', width', filters]. Weights: kernel
 * [kernelHeight, kernelWidth, channels / groups, filters], bias [filters].
 *
 * Example: `layers.Conv2D(32, [3, 3], { activation: "relu" })(x)`. Throws ModelError where sizes or channels do not fit.
 */
export class Conv2D extends BaseConv {
  static readonly className = "Conv2D";
  constructor(...args: ConvArguments) {
    super(2, "Conv2D", args);
  }
}
