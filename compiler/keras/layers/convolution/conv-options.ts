/**
 * What convolution layers share: windows and strides over any number of spatial axes, the place of the channels, bias and activation.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { elementwise, setShape, type Tensor } from "../../../tensor.ts";
import type { DataFormat, Padding, PerAxis } from "../../ops/conv.ts";
import { type KerasShape, knownDim } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import { ConfiguredLayer, optional, required, type Settled } from "../configured-layer.ts";
import { kernelDefaults } from "../core/kernel-options.ts";
import { rankOf, spatial, spatialPadding } from "../spatial.ts";

export interface WindowOptions {
  /** One size for all spatial axes, or one for each. */
  kernelSize?: PerAxis;
  /** Default 1. */
  strides?: PerAxis;
  /** "valid" (default): only whole windows; "same": zeros around, so that sizes are divided by the strides. */
  padding?: Padding;
  /** Where the channels are: "channels_last" or "channels_first"; default that of `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
  /** Distance between the elements of a window; default 1. Strides and dilation cannot both be more than 1. */
  dilationRate?: PerAxis;
}

/** Their defaults, in Keras's order. */
export const windowDefaults = {
  kernelSize: required<PerAxis>(),
  strides: 1 as PerAxis,
  padding: "valid" as Padding,
  dataFormat: optional<DataFormat>(),
  dilationRate: 1 as PerAxis,
};

const { activation, useBias } = kernelDefaults;
type Required = typeof windowDefaults & {
  readonly activation: typeof activation;
  readonly useBias: typeof useBias;
};

/** A convolution over `rank` spatial axes. */
export abstract class SpatialConv<O extends Required> extends ConfiguredLayer<O, Tensor> {
  bias: Variable | undefined;

  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.inputSpec = [{ minNdim: this.rank + 2 }];
  }

  /** The number of spatial axes. */
  protected get rank(): number {
    return rankOf(this);
  }

  protected override settle(options: Settled<O>): Settled<O> {
    const { rank, where } = this;
    const settled = {
      ...options,
      kernelSize: spatial(options.kernelSize as PerAxis, rank, "kernelSize", where),
      strides: spatial(options.strides as PerAxis, rank, "strides", where),
      dilationRate: spatial(options.dilationRate as PerAxis, rank, "dilationRate", where),
      padding: spatialPadding(options.padding, where, rank === 1 && this.allowsCausal),
    };
    if (
      Math.max(...settled.strides) > 1 &&
      Math.max(...settled.dilationRate) > 1 &&
      !this.allowsDilatedStrides
    ) {
      throw new ModelError(
        `\`strides > 1\` and \`dilation_rate > 1\` do not go together. Received: strides=[${settled.strides}] and dilation_rate=[${settled.dilationRate}]`,
        { where },
      );
    }
    return settled;
  }

  /** Whether one spatial axis may be padded in front only. */
  protected get allowsCausal(): boolean {
    return true;
  }
  protected get allowsDilatedStrides(): boolean {
    return false;
  }

  /** The options of the windows, for functions of `keras.ops`. */
  protected get window() {
    const { strides, padding, dataFormat, dilationRate } = this.options as Settled<Required>;
    return { strides, padding, dataFormat, dilationRate };
  }

  protected get kernelSize(): readonly number[] {
    return this.options.kernelSize as readonly number[];
  }

  /** The number of channels that come in; from now on no other will do. */
  protected fixedChannels(inputShape: KerasShape): number {
    const axis = this.window.dataFormat === "channels_last" ? -1 : 1;
    const channels = knownDim(inputShape.at(axis), this.where, axis);
    this.inputSpec = [{ minNdim: this.rank + 2, axes: { [axis]: channels } }];
    return channels;
  }

  protected makeBias(filters: number): void {
    if (this.options.useBias) this.bias = this.weightFor("bias", [filters]);
  }

  /** Adds the bias along the channels, and applies the activation. */
  protected finish(x: Tensor): Tensor {
    const { activation: f } = this.options as Settled<Required>;
    if (this.bias === undefined) return f(x);
    const isLast = this.window.dataFormat === "channels_last";
    const ones = new Array<number>(isLast ? 0 : x.rank - 2).fill(1);
    return f(elementwise("add", [x, setShape(this.bias.value, [this.bias.shape[0], ...ones])]));
  }
}
