/**
 * Layers that give each sample another shape: flattened, reshaped, permuted, repeated. No weights.
 */
import { type Dim, productOf } from "../../../../ir/dim.ts";
import { ModelError } from "../../../../ir/errors.ts";
import { broadcastTo, reshape, setShape, type Tensor } from "../../../tensor.ts";
import { channelsLast, type DataFormat } from "../../ops/conv.ts";
import { permute } from "../../ops/movement.ts";
import type { Options } from "../../options.ts";
import { ConfiguredLayer, optional, required, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requirePositive } from "../require.ts";

/** All axes but the batch in one: [n, a, b, ...] to [n, a b ...]. Channels that come first are put last before. */
export class Flatten extends ConfiguredLayer<{ dataFormat: DataFormat | null }, Tensor> {
  static readonly className = "Flatten";

  constructor(
    ...args: [
      dataFormat?: DataFormat | null | Options<LayerOptions & { dataFormat?: DataFormat | null }>,
      options?: Options<LayerOptions>,
    ]
  ) {
    super(args, { dataFormat: optional<DataFormat>() });
    this.inputSpec = [{ minNdim: 1 }];
  }

  override call(x: Tensor): Tensor {
    const last = x.rank > 1 ? channelsLast(x, this.options.dataFormat) : x;
    return setShape(last, [x.shape[0], productOf(last.shape.slice(1))]);
  }
}

const reshapeDefaults = { targetShape: required<readonly number[]>() };

/** Each sample in another shape; one of its sizes may be -1: `layers.Reshape([7, -1])(x)`. */
export class Reshape extends ConfiguredLayer<typeof reshapeDefaults, Tensor> {
  static readonly className = "Reshape";

  constructor(
    ...args: [
      targetShape: readonly number[] | Options<LayerOptions & { targetShape?: readonly number[] }>,
      options?: Options<LayerOptions>,
    ]
  ) {
    super(args, reshapeDefaults);
  }

  protected override settle(options: Settled<typeof reshapeDefaults>): Settled<typeof reshapeDefaults> {
    const { targetShape } = options;
    const fits = targetShape.every((size) => Number.isInteger(size) && size >= -1);
    if (fits && targetShape.filter((size) => size === -1).length <= 1) return options;
    throw new ModelError(
      `\`target_shape\` must hold sizes, one of which may be -1. Received: target_shape=${JSON.stringify(targetShape)}`,
      { where: this.where },
    );
  }

  override call(x: Tensor): Tensor {
    const { targetShape } = this.options;
    const sample = productOf(x.shape.slice(1));
    const known = productOf(targetShape.filter((size) => size !== -1));
    const fits = typeof sample !== "number" || typeof known !== "number" || this.fits(sample, known);
    if (!fits)
      throw new ModelError("the sizes of a sample do not fit the target shape", {
        where: this.where,
        expected: `[${targetShape}]`,
        got: `[${x.shape.slice(1)}]`,
      });
    const open = typeof sample === "number" && typeof known === "number" ? sample / known : -1;
    return reshape(x, [x.shape[0], ...targetShape.map((size): Dim => (size === -1 ? open : size))]);
  }

  private fits(sample: number, known: number): boolean {
    return this.options.targetShape.includes(-1) ? known > 0 && sample % known === 0 : sample === known;
  }
}

const permuteDefaults = { dims: required<readonly number[]>() };

/** The axes of each sample in another order, counted from 1: `layers.Permute([2, 1])(x)`. */
export class Permute extends ConfiguredLayer<typeof permuteDefaults, Tensor> {
  static readonly className = "Permute";

  constructor(
    ...args: [
      dims: readonly number[] | Options<LayerOptions & { dims?: readonly number[] }>,
      options?: Options<LayerOptions>,
    ]
  ) {
    super(args, permuteDefaults);
    this.inputSpec = [{ ndim: this.options.dims.length + 1 }];
  }

  protected override settle(options: Settled<typeof permuteDefaults>): Settled<typeof permuteDefaults> {
    const { dims } = options;
    if ([...dims].sort((a, b) => a - b).every((dim, i) => dim === i + 1)) return options;
    throw new ModelError(
      `\`dims\` must be a permutation of the numbers from 1 to ${dims.length}. Received: dims=[${dims}]`,
      { where: this.where },
    );
  }

  override call(x: Tensor): Tensor {
    return permute(x, [0, ...this.options.dims]);
  }
}

const repeatDefaults = { n: required<number>() };

/** Each vector n times: [batch, features] to [batch, n, features]. Example: `layers.RepeatVector(3)(x)`. */
export class RepeatVector extends ConfiguredLayer<typeof repeatDefaults, Tensor> {
  static readonly className = "RepeatVector";

  constructor(
    ...args: [n: number | Options<LayerOptions & { n?: number }>, options?: Options<LayerOptions>]
  ) {
    super(args, repeatDefaults);
    this.inputSpec = [{ ndim: 2 }];
  }

  protected override settle(options: Settled<typeof repeatDefaults>): Settled<typeof repeatDefaults> {
    requirePositive(options.n, "n", this.where);
    return options;
  }

  override call(x: Tensor): Tensor {
    const [batch, features] = x.shape;
    return broadcastTo(setShape(x, [batch, 1, features]), [batch, this.options.n, features]);
  }
}
