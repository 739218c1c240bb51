/**
 * `Discretization` and `CategoryEncoding`: numbers to the bins they lie in, and categories to vectors.
 */
import type { DType } from "../../../../ir/dtype.ts";
import { ModelError, Unsupported } from "../../../../ir/errors.ts";
import { type ArrayLike, toArray } from "../../../arrays.ts";
import { cast, type Tensor, type TensorLike } from "../../../tensor.ts";
import { asTensor } from "../../ops/operation.ts";
import { digitize } from "../../ops/sorting.ts";
import type { JsonObject, Options } from "../../options.ts";
import type { KerasShape } from "../../shapes.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer, optional, required, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requireOneOf, requirePositive } from "../require.ts";
import { type AdaptData, batchesOf } from "./adapt.ts";
import { encodeCategories, encodedShape, type OutputMode } from "./encode.ts";

/** There are no sparse tensors. */
export function refuseSparse(sparse: boolean, where: string): void {
  if (sparse)
    throw new Unsupported(where, "sparse tensors", { hint: "Leave `sparse` out: the result is dense" });
}

export interface DiscretizationOptions extends LayerOptions {
  /** Where the bins meet, ascending; n boundaries make n + 1 bins. */
  binBoundaries?: readonly number[] | null;
  /** How many bins `adapt` makes, instead of boundaries. */
  numBins?: number | null;
  /** How exact the quantiles of `adapt` are; default 0.01. */
  epsilon?: number;
  /** Default "int". */
  outputMode?: OutputMode;
  sparse?: boolean;
}

const discretizationDefaults = {
  binBoundaries: optional<readonly number[]>(),
  numBins: optional<number>(),
  epsilon: 0.01,
  outputMode: "int" as OutputMode,
  sparse: false,
};

/** The bin of each number: [n, ...] floats to [n, ...] integers or vectors. Example: `layers.Discretization([0, 1, 2])(x)`. */
export class Discretization extends ConfiguredLayer<typeof discretizationDefaults, Tensor> {
  static readonly className = "Discretization";
  private boundaries: readonly number[] | null;

  constructor(
    ...args: [
      binBoundaries?: readonly number[] | null | Options<DiscretizationOptions>,
      options?: Options<DiscretizationOptions>,
    ]
  ) {
    super(args, discretizationDefaults);
    this.boundaries = this.options.binBoundaries;
  }

  protected override settle(
    options: Settled<typeof discretizationDefaults>,
  ): Settled<typeof discretizationDefaults> {
    const { binBoundaries, numBins, outputMode, sparse } = options;
    refuseSparse(sparse, this.where);
    requireOneOf(outputMode, ["int", "one_hot", "multi_hot", "count"], "outputMode", this.where);
    if (binBoundaries === null && numBins === null)
      throw new ModelError("`num_bins` or `bin_boundaries` must be given", { where: this.where });
    return options;
  }

  private known(): readonly number[] {
    if (this.boundaries !== null) return this.boundaries;
    throw new ModelError("the layer has no boundaries yet", {
      where: this.where,
      hint: "Pass binBoundaries, or adapt(data)",
    });
  }

  override call(x: Tensor): Tensor {
    const boundaries = this.known();
    const { outputMode } = this.options;
    const dtype: DType = outputMode === "int" ? "i32" : this.computeDType;
    return encodeCategories(digitize(x, { bins: boundaries }), outputMode, boundaries.length + 1, dtype);
  }

  override computeOutputShape(inputShape: KerasShape): KerasShape {
    return encodedShape(inputShape, this.options.outputMode, this.known().length + 1);
  }

  /** Takes boundaries from data, so that about as many numbers fall into each bin. */
  async adapt(data: AdaptData): Promise<void> {
    const { numBins, epsilon } = this.options;
    if (numBins === null)
      throw new ModelError("a layer that was made with `bin_boundaries` cannot adapt", {
        where: this.where,
        hint: "Use `num_bins`",
      });
    let summary: Summary = { values: [], weights: [] };
    for await (const batch of batchesOf(data)) {
      const values = [...toArray(batch as ArrayLike).data].map(Number);
      summary = merge(summary, summarize(values, epsilon), epsilon);
    }
    this.boundaries = compress(summary, 1 / numBins).values.slice(0, -1);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), bin_boundaries: this.boundaries };
  }
}

/** A coarse picture of a distribution: values with the number of elements that each stands for. */
interface Summary {
  readonly values: readonly number[];
  readonly weights: readonly number[];
}

function summarize(values: readonly number[], epsilon: number): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const step = Math.max(sorted.length * epsilon, 1);
  const picked = sorted.filter(
    (_, i) => i >= Math.floor(step - 1) && (i - Math.floor(step - 1)) % Math.floor(step) === 0,
  );
  return { values: picked, weights: picked.map(() => step) };
}

function merge(a: Summary, b: Summary, epsilon: number): Summary {
  const pairs = [a, b].flatMap(({ values, weights }) =>
    values.map((value, i) => ({ value, weight: weights[i] })),
  );
  pairs.sort((x, y) => x.value - y.value);
  return compress(
    { values: pairs.map(({ value }) => value), weights: pairs.map(({ weight }) => weight) },
    epsilon,
  );
}

/** Values at equal steps of the cumulated weight. */
function compress(summary: Summary, epsilon: number): Summary {
  if (summary.values.length * epsilon < 1) return summary;
  let total = 0;
  const cumulated = summary.weights.map((weight) => {
    total += weight;
    return total;
  });
  const shares = cumulated.map((weight) => weight / total);
  const steps = Array.from({ length: Math.ceil(1 / epsilon) }, (_, i) => epsilon + i * epsilon);
  const weights = steps.map((share) => interpolate(share, shares, cumulated));
  return {
    values: steps.map((share) => Math.fround(interpolate(share, shares, summary.values))),
    weights: weights.map((weight, i) => Math.fround(weight - (weights[i - 1] ?? 0))),
  };
}

/** The piecewise linear function through (xs, ys), constant outside. */
function interpolate(x: number, xs: readonly number[], ys: readonly number[]): number {
  const after = xs.findIndex((known) => known > x);
  if (after < 0) return ys[ys.length - 1];
  if (after === 0) return ys[0];
  const share = (x - xs[after - 1]) / (xs[after] - xs[after - 1]);
  return ys[after - 1] + share * (ys[after] - ys[after - 1]);
}

export interface CategoryEncodingOptions extends LayerOptions {
  /** How many categories there are: 0 to numTokens - 1. */
  numTokens?: number;
  /** Default "multi_hot". */
  outputMode?: Exclude<OutputMode, "int">;
  sparse?: boolean;
}

const encodingDefaults = {
  numTokens: required<number>(),
  outputMode: "multi_hot" as Exclude<OutputMode, "int"> | "binary",
  sparse: false,
};

/**
 * Categories to vectors of length numTokens. Example: `layers.CategoryEncoding(4, { outputMode: "count" })([[0, 1, 1]])`; with "count" also
 * `{ countWeights }`, of the shape of the categories.
 */
export class CategoryEncoding extends ConfiguredLayer<typeof encodingDefaults, Tensor> {
  static readonly className = "CategoryEncoding";

  constructor(
    ...args: [
      numTokens: number | Options<CategoryEncodingOptions>,
      options?: Options<CategoryEncodingOptions>,
    ]
  ) {
    super(args, encodingDefaults);
  }

  protected override settle(options: Settled<typeof encodingDefaults>): Settled<typeof encodingDefaults> {
    requirePositive(options.numTokens, "numTokens", this.where);
    refuseSparse(options.sparse, this.where);
    const outputMode = options.outputMode === "binary" ? "multi_hot" : options.outputMode;
    requireOneOf(outputMode, ["one_hot", "multi_hot", "count"], "outputMode", this.where);
    return { ...options, outputMode };
  }

  private get mode(): OutputMode {
    return this.options.outputMode as OutputMode;
  }

  override get inputDType(): DType {
    return "i32";
  }

  override call(x: Tensor, { countWeights }: CallOptions): Tensor {
    const hasWeights = countWeights !== undefined && countWeights !== null;
    if (hasWeights && this.mode !== "count")
      throw new ModelError(`\`count_weights\` is not used with output_mode="${this.mode}"`, {
        where: this.where,
      });
    const weights = hasWeights ? cast(asTensor(countWeights as TensorLike), this.computeDType) : null;
    return encodeCategories(cast(x, "i32"), this.mode, this.options.numTokens, this.computeDType, weights);
  }

  override computeOutputShape(inputShape: KerasShape): KerasShape {
    return encodedShape(inputShape, this.mode, this.options.numTokens);
  }
}
