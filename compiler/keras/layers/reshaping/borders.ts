/**
 * Layers that add zeros around the spatial axes, or cut elements off them, over one, two and three of these. No weights.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { getItem, type Tensor } from "../../../tensor.ts";
import type { DataFormat, PerAxis } from "../../ops/conv.ts";
import { padTensor } from "../../ops/padding.ts";
import type { Options } from "../../options.ts";
import { ConfiguredLayer, optional, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { rankOf, spatialPairs } from "../spatial.ts";

/** The same on all sides, one number for each axis, or [before, after] for each axis. With one axis, also [before, after] alone. */
export type Sides = PerAxis | readonly (readonly number[])[];
type Pairs = readonly (readonly [number, number])[];

/** A layer with a pair of numbers for each spatial axis, in the option `sides`. */
abstract class Borders<O extends object> extends ConfiguredLayer<O, Tensor> {
  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.inputSpec = [{ ndim: this.rank + 2 }];
  }

  /** The number of spatial axes. */
  protected get rank(): number {
    return rankOf(this);
  }
  protected abstract get sides(): "padding" | "cropping";

  protected override settle(options: Settled<O>): Settled<O> {
    const pairs = spatialPairs(this.given(options), this.rank, this.sides, this.where);
    return { ...options, [this.sides]: this.rank === 1 ? pairs[0] : pairs };
  }

  private given(options: object): Sides {
    return Reflect.get(options, this.sides);
  }

  protected get pairs(): Pairs {
    return spatialPairs(this.given(this.options), this.rank, this.sides, this.where);
  }

  /** Where the spatial axes begin. */
  protected get first(): number {
    return Reflect.get(this.options, "dataFormat") === "channels_first" ? 2 : 1;
  }
}

export interface PaddingOptions extends LayerOptions {
  /** Default 1. */
  padding?: Sides;
  dataFormat?: DataFormat | null;
}
export type PaddingArguments = [padding?: Sides | Options<PaddingOptions>, options?: Options<PaddingOptions>];

const paddingDefaults = { padding: 1 as Sides, dataFormat: optional<DataFormat>() };

abstract class ZeroPadding extends Borders<typeof paddingDefaults> {
  constructor(...args: PaddingArguments) {
    super(args, paddingDefaults);
  }
  protected override get sides(): "padding" {
    return "padding";
  }
  override call(x: Tensor): Tensor {
    const { pairs, first } = this;
    const around = (side: 0 | 1): number[] => x.shape.map((_, axis) => pairs[axis - first]?.[side] ?? 0);
    return padTensor(x, around(0), around(1), 0);
  }
}

/** Zeros in front of and behind each sequence: `layers.ZeroPadding1D(2)(x)`. Default 1 on each side. */
export class ZeroPadding1D extends ZeroPadding {
  static readonly className = "ZeroPadding1D";
  static readonly rank = 1;
}

/** Zeros around each image: `layers.ZeroPadding2D([[0, 1], [0, 1]])(x)`. Default 1 on each side. */
export class ZeroPadding2D extends ZeroPadding {
  static readonly className = "ZeroPadding2D";
  static readonly rank = 2;
}

/** Zeros around each volume. Default 1 on each side. */
export class ZeroPadding3D extends ZeroPadding {
  static readonly className = "ZeroPadding3D";
  static readonly rank = 3;
}

/** A layer that cuts elements off. */
abstract class Cropping<O extends { readonly cropping: Sides }> extends Borders<O> {
  protected override get sides(): "cropping" {
    return "cropping";
  }
  override call(x: Tensor): Tensor {
    const { pairs, first } = this;
    const index = x.shape.map((size, axis) => {
      const [low, high] = pairs[axis - first] ?? [0, 0];
      if (typeof size === "number" && low + high >= size && low + high > 0)
        throw new ModelError(
          `\`cropping\` must leave something of each axis. Received: cropping=${JSON.stringify(pairs)}, inputs.shape=[${x.shape}]`,
          { where: this.where },
        );
      return low === 0 && high === 0 ? ":" : `${low}:${high === 0 ? "" : -high}`;
    });
    return getItem(x, index);
  }
}

/** Steps cut off in front and behind: `layers.Cropping1D([1, 2])(x)`. Default 1 on each side. */
export class Cropping1D extends Cropping<{ cropping: Sides }> {
  static readonly className = "Cropping1D";
  constructor(
    ...args: [
      cropping?: Sides | Options<LayerOptions & { cropping?: Sides }>,
      options?: Options<LayerOptions>,
    ]
  ) {
    super(args, { cropping: [1, 1] });
  }
  static readonly rank = 1;
}

export interface CroppingOptions extends LayerOptions {
  cropping?: Sides;
  dataFormat?: DataFormat | null;
}
type FormattedDefaults = { cropping: Sides; dataFormat: DataFormat | null };
export type CroppingArguments = [
  cropping?: Sides | Options<CroppingOptions>,
  options?: Options<CroppingOptions>,
];

/** The border of each image cut off. Default: nothing. */
export class Cropping2D extends Cropping<FormattedDefaults> {
  static readonly className = "Cropping2D";
  constructor(...args: CroppingArguments) {
    super(args, { cropping: 0, dataFormat: optional<DataFormat>() });
  }
  static readonly rank = 2;
}

/** The border of each volume cut off. Default 1 on each side. */
export class Cropping3D extends Cropping<FormattedDefaults> {
  static readonly className = "Cropping3D";
  constructor(...args: CroppingArguments) {
    super(args, { cropping: 1, dataFormat: optional<DataFormat>() });
  }
  static readonly rank = 3;
}
