/**
 * `Normalization`: features with mean 0 and variance 1, by statistics that are given or taken from data.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { type NDArray, sizeOf } from "../../../../ir/ndarray.ts";
import { normalizeAxis } from "../../../../ir/type.ts";
import { type ArrayLike, toArray } from "../../../arrays.ts";
import { elementwise, setShape, type Tensor } from "../../../tensor.ts";
import { asTensor } from "../../ops/operation.ts";
import type { Options } from "../../options.ts";
import { session } from "../../session.ts";
import { type KerasShape, knownDim } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import { ConfiguredLayer, optional, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { type AdaptData, batchesOf } from "./adapt.ts";

type Numbers = number | readonly number[];

export interface NormalizationOptions extends LayerOptions {
  /** The axes that keep statistics of their own; default -1. Null for one mean and variance of everything. */
  axis?: number | readonly number[] | null;
  /** With `variance`, instead of `adapt`. */
  mean?: Numbers | null;
  variance?: Numbers | null;
  /** Goes back from normalized features; default false. */
  invert?: boolean;
}

const defaults = {
  axis: -1 as number | readonly number[] | null,
  mean: optional<Numbers>(),
  variance: optional<Numbers>(),
  invert: false,
};

/**
 * (x - mean) / max(sqrt(variance), epsilon). Weights, unless statistics are given: mean, variance, count; `adapt` sets them.
 *
 * Example: `const normalize = layers.Normalization(); await normalize.adapt(data); normalize(x)`.
 */
export class Normalization extends ConfiguredLayer<typeof defaults, Tensor> {
  static readonly className = "Normalization";
  private adaptMean: Variable | undefined;
  private adaptVariance: Variable | undefined;
  /** The kept axes, ascending, and their sizes. */
  private kept: readonly number[] = [];
  private sizes: readonly number[] = [];

  constructor(
    ...args: [
      axis?: number | readonly number[] | null | Options<NormalizationOptions>,
      options?: Options<NormalizationOptions>,
    ]
  ) {
    super(args, defaults);
    this.supportsMasking = true;
  }

  protected override settle(options: Settled<typeof defaults>): Settled<typeof defaults> {
    const { axis, mean, variance } = options;
    if ((mean === null) !== (variance === null))
      throw new ModelError(
        `\`mean\` and \`variance\` must be set together. Received: mean=${mean} and variance=${variance}`,
        { where: this.where },
      );
    return { ...options, axis: axis === null ? [] : [axis].flat() };
  }

  override build(inputShape: KerasShape): void {
    const axes = this.options.axis as readonly number[];
    this.kept = axes.map((axis) => normalizeAxis(axis, inputShape.length)).sort((a, b) => a - b);
    this.sizes = this.kept.map((axis) => knownDim(inputShape[axis], this.where, axis));
    if (this.options.mean !== null) return;
    const still = { shape: this.sizes, trainable: false };
    this.adaptMean = this.addWeight({ name: "mean", initializer: "zeros", ...still });
    this.adaptVariance = this.addWeight({ name: "variance", initializer: "ones", ...still });
    // Keras counts nothing in it either.
    this.addWeight({
      name: "count",
      shape: [],
      dtype: "int32",
      initializer: "zeros",
      trainable: false,
    });
  }

  override call(x: Tensor): Tensor {
    const { mean, variance, invert } = this.options;
    const [center, spread] =
      mean === null
        ? [this.made(this.adaptMean).value, this.made(this.adaptVariance).value].map((w) => this.along(w, x))
        : [mean, variance ?? 1].map((numbers) => this.along(asTensor(numbers), x));
    const deviation = elementwise("max", [elementwise("sqrt", [spread]), session.epsilon]);
    return invert
      ? elementwise("add", [center, elementwise("mul", [x, deviation])])
      : elementwise("div", [elementwise("sub", [x, center]), deviation]);
  }

  /** Statistics in a shape that broadcasts with x: those of fewer axes belong to the last kept ones. */
  private along(numbers: Tensor, x: Tensor): Tensor {
    if (numbers.rank === 0) return numbers;
    const own = this.kept.slice(-numbers.rank);
    return setShape(
      numbers,
      x.shape.map((_, axis) => (own.includes(axis) ? numbers.shape[own.indexOf(axis)] : 1)),
    );
  }

  /** Takes mean and variance from data: an array, or batches of them. Replaces those of earlier data. */
  async adapt(data: AdaptData): Promise<void> {
    const moments = new Moments();
    for await (const batch of batchesOf(data)) {
      const array = toArray(batch as ArrayLike);
      if (!this.built) this.build(array.shape);
      this.checkSizes(array);
      moments.add(array, this.kept);
    }
    const { mean, variance } = moments.result();
    const store = (values: Float64Array): NDArray => ({
      dtype: "f32",
      shape: this.sizes,
      data: Float32Array.from(values),
    });
    this.made(this.adaptMean).setArray(store(mean));
    this.made(this.adaptVariance).setArray(store(variance));
  }

  private checkSizes({ shape }: NDArray): void {
    if (this.kept.every((axis, i) => shape[axis] === this.sizes[i])) return;
    throw new ModelError("the data do not have the shape that the layer was built with", {
      where: this.where,
      expected: `sizes [${this.sizes}] on the axes [${this.kept}]`,
      got: `[${shape}]`,
    });
  }
}

/** Mean and variance over batches, for each index of the kept axes, in double precision. */
class Moments {
  private count = 0;
  private mean = new Float64Array();
  private squares = new Float64Array();

  /** Welford's update, element by element. */
  add({ shape, data }: NDArray, kept: readonly number[]): void {
    const groups = sizeOf(kept.map((axis) => shape[axis]));
    if (this.mean.length === 0)
      [this.mean, this.squares] = [new Float64Array(groups), new Float64Array(groups)];
    const counts = new Float64Array(groups).fill(this.count);
    for (let i = 0; i < data.length; i++) {
      const group = groupOf(i, shape, kept);
      counts[group] += 1;
      const delta = Number(data[i]) - this.mean[group];
      this.mean[group] += delta / counts[group];
      this.squares[group] += delta * (Number(data[i]) - this.mean[group]);
    }
    this.count = counts[0];
  }

  result(): { mean: Float64Array; variance: Float64Array } {
    if (this.count === 0)
      throw new ModelError("adapt() received no data", { hint: "Pass an array or batches of arrays" });
    return { mean: this.mean, variance: this.squares.map((sum) => sum / this.count) };
  }
}

/** The number of the group that element i belongs to: its position on the kept axes. */
function groupOf(i: number, shape: readonly number[], kept: readonly number[]): number {
  let [rest, group, stride] = [i, 0, 1];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const at = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
    if (!kept.includes(axis)) continue;
    group += at * stride;
    stride *= shape[axis];
  }
  return group;
}
