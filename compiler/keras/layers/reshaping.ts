/**
 * Layers that move elements: Flatten, Reshape, Permute, ZeroPadding2D, UpSampling2D. No weights.
 */
import { productOf } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { reshape, setShape, type Tensor } from "../../tensor.ts";
import { channelsBack, channelsLast, type DataFormat, type PerAxis, perAxis } from "../ops/conv.ts";
import { permute, repeatAxis } from "../ops/movement.ts";
import { padTensor } from "../ops/padding.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { session } from "../session.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

interface FormatOptions extends LayerOptions {
  /** Default "channels_last". */
  dataFormat?: DataFormat | null;
}

/** All axes but the batch in one: [n, ...] to [n, product]. Channels end up last in either format. */
export class Flatten extends Layer {
  static readonly className = "Flatten";
  private readonly dataFormat: DataFormat;

  constructor(options: Options<FormatOptions> = {}) {
    const read = readOptions(
      [options],
      { dataFormat: null as DataFormat | null },
      { owner: "Flatten", positional: [], also: layerOptionNames },
    );
    super(read);
    this.dataFormat = read.dataFormat ?? session.dataFormat;
    this.inputSpec = [{ minNdim: 1 }];
  }

  override call(x: Tensor): Tensor {
    const last = x.rank > 2 ? channelsLast(x, this.dataFormat) : x;
    return setShape(last, [x.shape[0], productOf(last.shape.slice(1))]);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), data_format: this.dataFormat };
  }
}

/** Another shape for each sample: `layers.Reshape([7, -1])(x)`. One size may be -1. Throws ModelError where the sizes do not fit. */
export class Reshape extends Layer {
  static readonly className = "Reshape";
  private readonly targetShape: readonly number[];

  constructor(
    ...args: [
      targetShape: readonly number[] | Options<LayerOptions & { targetShape?: readonly number[] }>,
      options?: Options<LayerOptions>,
    ]
  ) {
    const defaults = { targetShape: undefined as readonly number[] | undefined };
    const read = readOptions(args, defaults, {
      owner: "Reshape",
      positional: ["targetShape"],
      also: layerOptionNames,
    });
    super(read);
    this.targetShape = read.targetShape ?? [];
  }

  override call(x: Tensor): Tensor {
    return reshape(x, [x.shape[0], ...this.targetShape]);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), target_shape: this.targetShape };
  }
}

/** The axes of each sample in another order, counted from 1: `layers.Permute([2, 1])(x)`. */
export class Permute extends Layer {
  static readonly className = "Permute";
  private readonly dims: readonly number[];

  constructor(
    ...args: [
      dims: readonly number[] | Options<LayerOptions & { dims?: readonly number[] }>,
      options?: Options<LayerOptions>,
    ]
  ) {
    const defaults = { dims: undefined as readonly number[] | undefined };
    const read = readOptions(args, defaults, {
      owner: "Permute",
      positional: ["dims"],
      also: layerOptionNames,
    });
    super(read);
    this.dims = read.dims ?? [];
    if ([...this.dims].sort((a, b) => a - b).some((dim, i) => dim !== i + 1)) {
      throw new ModelError("not a permutation", {
        where: `layer "${this.name}"`,
        expected: `the numbers 1 to ${this.dims.length}`,
        got: `[${this.dims}]`,
      });
    }
    this.inputSpec = [{ ndim: this.dims.length + 1 }];
  }

  override call(x: Tensor): Tensor {
    return permute(x, [0, ...this.dims]);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), dims: this.dims };
  }
}

/** The same on all sides, or [height, width], or [[top, bottom], [left, right]]. */
export type Padding2D =
  | number
  | readonly [number, number]
  | readonly [readonly [number, number], readonly [number, number]];

/** Zeros around each image: `layers.ZeroPadding2D([[0, 1], [0, 1]])(x)`. Default 1 on each side. */
export class ZeroPadding2D extends Layer {
  static readonly className = "ZeroPadding2D";
  private readonly padding: readonly (readonly [number, number])[];
  private readonly dataFormat: DataFormat;

  constructor(
    ...args: [
      padding?: Padding2D | Options<FormatOptions & { padding?: Padding2D }>,
      options?: Options<FormatOptions>,
    ]
  ) {
    const defaults = { padding: 1 as Padding2D, dataFormat: null as DataFormat | null };
    const read = readOptions(args, defaults, {
      owner: "ZeroPadding2D",
      positional: ["padding"],
      also: layerOptionNames,
    });
    super(read);
    const sides = typeof read.padding === "number" ? [read.padding, read.padding] : read.padding;
    this.padding = sides.map((side) => (typeof side === "number" ? [side, side] : side));
    this.dataFormat = read.dataFormat ?? session.dataFormat;
    this.inputSpec = [{ ndim: 4 }];
  }

  override call(x: Tensor): Tensor {
    const [[top, bottom], [left, right]] = this.padding;
    const around = (rows: number, columns: number): number[] =>
      this.dataFormat === "channels_last" ? [0, rows, columns, 0] : [0, 0, rows, columns];
    return padTensor(x, around(top, left), around(bottom, right), 0);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), padding: this.padding, data_format: this.dataFormat };
  }
}

interface UpSamplingOptions extends FormatOptions {
  size?: PerAxis;
  /** "nearest" is the only one so far. */
  interpolation?: string;
}

/** Each pixel `size` times along both axes (default 2): `layers.UpSampling2D([2, 2])(x)`. */
export class UpSampling2D extends Layer {
  static readonly className = "UpSampling2D";
  private readonly size: readonly number[];
  private readonly dataFormat: DataFormat;

  constructor(...args: [size?: PerAxis | Options<UpSamplingOptions>, options?: Options<UpSamplingOptions>]) {
    const defaults = { size: 2 as PerAxis, dataFormat: null as DataFormat | null, interpolation: "nearest" };
    const read = readOptions(args, defaults, {
      owner: "UpSampling2D",
      positional: ["size"],
      also: layerOptionNames,
    });
    super(read);
    this.size = perAxis(read.size, 2, "size");
    this.dataFormat = read.dataFormat ?? session.dataFormat;
    if (read.interpolation !== "nearest") {
      throw new ModelError("this interpolation is not available yet", {
        where: `layer "${this.name}"`,
        expected: `"nearest"`,
        got: read.interpolation,
      });
    }
    this.inputSpec = [{ ndim: 4 }];
  }

  override call(x: Tensor): Tensor {
    const last = channelsLast(x, this.dataFormat);
    const rows = repeatAxis(last, this.size[0], 1);
    return channelsBack(repeatAxis(rows, this.size[1], 2), this.dataFormat);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), size: this.size, data_format: this.dataFormat, interpolation: "nearest" };
  }
}
