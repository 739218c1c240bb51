/**
 * Convolution layers over one, two and three spatial axes: one class with the number of axes; see `ops/conv.ts` for what they compute.
 */
import { ModelError } from "../../../../ir/errors.ts";
import type { Tensor } from "../../../tensor.ts";
import { conv, type PerAxis } from "../../ops/conv.ts";
import type { Options } from "../../options.ts";
import type { KerasShape } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import { required, type Settled } from "../configured-layer.ts";
import { type KernelOptions, kernelDefaults } from "../core/kernel-options.ts";
import { requirePositive } from "../require.ts";
import { SpatialConv, type WindowOptions, windowDefaults } from "./conv-options.ts";

export interface ConvOptions extends KernelOptions, WindowOptions {
  /** The number of channels of the result. */
  filters?: number;
  /** Channels are convolved in this many separate groups; default 1. */
  groups?: number;
}

const defaults = { filters: required<number>(), ...windowDefaults, groups: 1, ...kernelDefaults };

export type ConvArguments<O = ConvOptions> = [
  filters: number | Options<O>,
  kernelSize?: PerAxis | Options<O>,
  options?: Options<O>,
];

abstract class Conv extends SpatialConv<typeof defaults> {
  kernel: Variable | undefined;

  constructor(...args: ConvArguments) {
    super(args, defaults);
  }

  protected override settle(options: Settled<typeof defaults>): Settled<typeof defaults> {
    const { filters, groups } = options;
    requirePositive(filters, "filters", this.where);
    requirePositive(groups, "groups", this.where);
    if (filters % groups !== 0)
      throw new ModelError(
        `the number of filters must be a multiple of the number of groups. Received: groups=${groups}, filters=${filters}`,
        { where: this.where },
      );
    return super.settle(options);
  }

  override build(inputShape: KerasShape): void {
    const { groups, filters } = this.options;
    const channels = this.fixedChannels(inputShape);
    if (channels % groups !== 0)
      throw new ModelError(
        `the number of input channels must be a multiple of the number of groups. Received: groups=${groups}, but the input has ${channels} channels`,
        { where: this.where },
      );
    this.kernel = this.weightFor("kernel", [...this.kernelSize, channels / groups, filters]);
    this.makeBias(filters);
  }

  override call(x: Tensor): Tensor {
    return this.finish(conv(x, this.made(this.kernel), this.window));
  }
}

/**
 * Convolution of sequences: [n, steps, channels] to [n, steps', filters]. Weights: kernel [size, channels / groups, filters], bias [filters].
 * The padding "causal" never looks ahead.
 *
 * Example: `layers.Conv1D(32, 3, { padding: "causal", activation: "relu" })(x)`. Throws ModelError where sizes or channels do not fit.
 */
export class Conv1D extends Conv {
  static readonly className = "Conv1D";
  static readonly rank = 1;
}

/**
 * Convolution of images: [n, height, width, channels] to [n, height', width', filters]. Weights: kernel
 * [kernelHeight, kernelWidth, channels / groups, filters], bias [filters].
 *
 * Example: `layers.Conv2D(32, [3, 3], { activation: "relu" })(x)`. Throws ModelError where sizes or channels do not fit.
 */
export class Conv2D extends Conv {
  static readonly className = "Conv2D";
  static readonly rank = 2;
}

/** Convolution of volumes: [n, depth, height, width, channels] to [n, depth', height', width', filters]. See `Conv2D`. */
export class Conv3D extends Conv {
  static readonly className = "Conv3D";
  static readonly rank = 3;
}
