/**
 * Transposed convolution over one, two and three spatial axes: the gradient of a convolution by its input, as a layer of its own.
 */
import { ModelError } from "../../../../ir/errors.ts";
import type { Tensor } from "../../../tensor.ts";
import type { PerAxis } from "../../ops/conv.ts";
import { convTranspose } from "../../ops/conv-transpose.ts";
import type { KerasShape } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import { optional, required, type Settled } from "../configured-layer.ts";
import { type KernelOptions, kernelDefaults } from "../core/kernel-options.ts";
import { requirePositive } from "../require.ts";
import { spatial } from "../spatial.ts";
import type { ConvArguments } from "./conv.ts";
import { SpatialConv, type WindowOptions, windowDefaults } from "./conv-options.ts";

export interface ConvTransposeOptions extends KernelOptions, WindowOptions {
  /** The number of channels of the result. */
  filters?: number;
  /** How much longer the result is; must be less than the stride. Default null: as "padding" says. */
  outputPadding?: PerAxis | null;
}

const { kernelSize, strides, padding, dataFormat, dilationRate } = windowDefaults;
const defaults = {
  filters: required<number>(),
  kernelSize,
  strides,
  padding,
  outputPadding: optional<PerAxis>(),
  dataFormat,
  dilationRate,
  ...kernelDefaults,
};

abstract class ConvTranspose extends SpatialConv<typeof defaults> {
  kernel: Variable | undefined;

  constructor(...args: ConvArguments<ConvTransposeOptions>) {
    super(args, defaults);
  }

  protected override settle(options: Settled<typeof defaults>): Settled<typeof defaults> {
    requirePositive(options.filters, "filters", this.where);
    const settled = super.settle(options);
    if (settled.outputPadding === null) return settled;
    const outputPadding = spatial(settled.outputPadding, this.rank, "outputPadding", this.where, 0);
    const tooLong = outputPadding.some((size, i) => size >= (settled.strides as readonly number[])[i]);
    if (tooLong)
      throw new ModelError(
        `\`output_padding\` must be less than \`strides\`. Received: output_padding=[${outputPadding}], strides=[${settled.strides}]`,
        { where: this.where },
      );
    return { ...settled, outputPadding };
  }

  protected override get allowsCausal(): boolean {
    return false;
  }

  override build(inputShape: KerasShape): void {
    const { filters } = this.options;
    this.kernel = this.weightFor("kernel", [...this.kernelSize, filters, this.fixedChannels(inputShape)]);
    this.makeBias(filters);
  }

  override call(x: Tensor): Tensor {
    const { outputPadding } = this.options;
    const padding = this.options.padding === "same" ? "same" : "valid";
    return this.finish(convTranspose(x, this.made(this.kernel), { ...this.window, padding, outputPadding }));
  }
}

/** [n, steps, channels] to [n, steps', filters]. Weights: kernel [size, filters, channels], bias [filters]. */
export class Conv1DTranspose extends ConvTranspose {
  static readonly className = "Conv1DTranspose";
  static readonly rank = 1;
}

/**
 * [n, height, width, channels] to [n, height', width', filters], where "same" makes height' = height * stride. Weights: kernel
 * [kernelHeight, kernelWidth, filters, channels], bias [filters].
 *
 * Example: `layers.Conv2DTranspose(16, 3, { strides: 2, padding: "same" })(x)`.
 */
export class Conv2DTranspose extends ConvTranspose {
  static readonly className = "Conv2DTranspose";
  static readonly rank = 2;
}

/** [n, depth, height, width, channels] to [n, depth', height', width', filters]. See `Conv2DTranspose`. */
export class Conv3DTranspose extends ConvTranspose {
  static readonly className = "Conv3DTranspose";
  static readonly rank = 3;
}
