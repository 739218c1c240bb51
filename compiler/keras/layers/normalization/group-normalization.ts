/**
 * `GroupNormalization`: standardizes each sample over groups of its channels.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { normalizeAxis } from "../../../../ir/type.ts";
import { elementwise, mean, setShape, staticDim, type Tensor } from "../../../tensor.ts";
import { varianceOf } from "../../ops/reduce.ts";
import type { Options } from "../../options.ts";
import type { KerasShape } from "../../shapes.ts";
import { ScaleOffset, type ScaleOffsetOptions, scaleOffsetDefaults } from "./scale-offset.ts";

export interface GroupNormalizationOptions extends ScaleOffsetOptions {
  /** Default 32; -1 for as many groups as channels (instance normalization). */
  groups?: number;
  /** The axis of the channels; default -1. */
  axis?: number;
}

const defaults = {
  groups: 32,
  axis: -1,
  epsilon: 1e-3,
  center: true,
  scale: true,
  ...scaleOffsetDefaults,
};

/**
 * gamma (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each sample and group of channels (Wu and He, 2018). Weights: gamma,
 * beta, each [channels].
 *
 * Example: `layers.GroupNormalization(8)(x)`. Throws ModelError where channels do not divide into groups.
 */
export class GroupNormalization extends ScaleOffset<typeof defaults> {
  static readonly className = "GroupNormalization";

  constructor(
    ...args: [
      groups?: number | Options<GroupNormalizationOptions>,
      options?: Options<GroupNormalizationOptions>,
    ]
  ) {
    super(args, defaults);
  }

  override build(inputShape: KerasShape): void {
    const channels = this.fixedAxis(inputShape, this.options.axis);
    const groups = this.groupsOf(channels);
    if (channels % groups !== 0 || channels < groups) {
      throw new ModelError("the number of channels must be a multiple of the number of groups", {
        where: this.where,
        got: `${channels} channels, groups=${groups}`,
      });
    }
    this.makeScaleAndOffset([channels]);
  }

  private groupsOf(channels: number): number {
    return this.options.groups === -1 ? channels : this.options.groups;
  }

  override call(x: Tensor): Tensor {
    const axis = normalizeAxis(this.options.axis, x.rank);
    const channels = staticDim(x.shape[axis], "the number of channels");
    const groups = this.groupsOf(channels);
    const grouped = setShape(x, [
      ...x.shape.slice(0, axis),
      groups,
      channels / groups,
      ...x.shape.slice(axis + 1),
    ]);
    const others = grouped.shape.flatMap((_, i) => (i === 0 || i === axis ? [] : [i]));
    const inverse = elementwise("rsqrt", [
      elementwise("add", [varianceOf(grouped, others, true), this.options.epsilon]),
    ]);
    const centered = elementwise("sub", [grouped, mean(grouped, others, true)]);
    const standard = setShape(elementwise("mul", [centered, inverse]), x.shape);
    const along = (weight: Tensor): Tensor =>
      setShape(
        weight,
        x.shape.map((_, i) => (i === axis ? channels : 1)),
      );
    const scaled =
      this.gamma === undefined ? standard : elementwise("mul", [standard, along(this.gamma.value)]);
    return this.beta === undefined ? scaled : elementwise("add", [scaled, along(this.beta.value)]);
  }
}
