/**
 * `Attention` and `AdditiveAttention`: means of values, weighted by how well keys match a query. Called on [query, value] or
 * [query, value, key], each [n, steps, features].
 */
import { ModelError } from "../../../../ir/errors.ts";
import { cast, elementwise, select, setShape, sum, type Tensor, type TensorLike } from "../../../tensor.ts";
import { classNameOf } from "../../config.ts";
import { softmaxOf } from "../../ops/activations.ts";
import { matmulOf } from "../../ops/linalg.ts";
import { swapaxes } from "../../ops/movement.ts";
import { asTensor } from "../../ops/operation.ts";
import type { Options } from "../../options.ts";
import { dropout } from "../../random/masks.ts";
import { SeedGenerator } from "../../random.ts";
import { type KerasShape, knownDim } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer, optional, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requireBetween, requireOneOf } from "../require.ts";
import { causalMask } from "./masks.ts";

export interface BaseAttentionOptions extends LayerOptions {
  /** Multiplies scores by a learned scale. */
  useScale?: boolean;
  /** The share of weights that are dropped while training; default 0. */
  dropout?: number;
  seed?: number | null;
}

/** Beside `training`: masks of query and value, and what to return. */
export interface AttentionCall extends CallOptions {
  readonly mask?: readonly (TensorLike | null)[] | null;
  /** Returns [result, weights]; default false. */
  readonly returnAttentionScores?: boolean;
  /** Each query sees only values up to its own step; default false. */
  readonly useCausalMask?: boolean;
}

type Defaults = { readonly useScale: boolean; readonly dropout: number; readonly seed: number | null };
type Result = Tensor | readonly [Tensor, Tensor];

abstract class BaseAttention<O extends Defaults> extends ConfiguredLayer<O, Result> {
  scale: Variable | undefined;
  private readonly seedGenerator: SeedGenerator | undefined;

  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.supportsMasking = true;
    if (this.dropout > 0)
      this.seedGenerator = new SeedGenerator(this.options.seed as number | null, this.name);
  }

  protected override settle(options: Settled<O>): Settled<O> {
    requireBetween(options.dropout, 0, 1, "dropout", this.where);
    return options;
  }

  private get dropout(): number {
    return this.options.dropout as number;
  }

  private checkCount(inputs: readonly unknown[]): void {
    if (!Array.isArray(inputs) || inputs.length < 2 || inputs.length > 3)
      throw new ModelError(
        `\`${classNameOf(this)}\` takes a list of inputs, [query, value] or [query, value, key]. Received: ${Array.isArray(inputs) ? `a list of ${inputs.length}` : String(inputs)}`,
        { where: this.where },
      );
  }

  override build(inputShape: readonly KerasShape[]): void {
    this.checkCount(inputShape);
    this.buildScale(inputShape[0]);
  }

  protected abstract buildScale(queryShape: KerasShape): void;
  /** [n, queries, keys]. */
  protected abstract scores(query: Tensor, key: Tensor): Tensor;

  override call(inputs: readonly Tensor[], options: AttentionCall): Result {
    const [query, value, key = value] = inputs;
    const [queryMask = null, valueMask = null] = options.mask ?? [];
    const scores = this.scores(query, key);
    const mask = this.scoreMask(scores, valueMask, options.useCausalMask === true);
    const visible =
      mask === null
        ? scores
        : select(mask, scores, elementwise("sub", [scores, scores.dtype === "f16" ? 65504 : 1e9]));
    const weights = softmaxOf(visible, -1);
    const drops = options.training === true && this.seedGenerator !== undefined;
    const kept = drops ? dropout(weights, { rate: this.dropout, seed: this.seedGenerator }) : weights;
    const result = matmulOf(kept, value);
    const shown = queryMask === null ? result : select(lastAxis(asTensor(queryMask)), result, 0);
    return options.returnAttentionScores === true ? [shown, weights] : shown;
  }

  private scoreMask(scores: Tensor, valueMask: TensorLike | null, isCausal: boolean): Tensor | null {
    const keys = valueMask === null ? null : cast(asTensor(valueMask), "bool");
    const seen = keys === null ? null : setShape(keys, [keys.shape[0], 1, keys.shape[1]]);
    if (!isCausal) return seen;
    const past = causalMask(scores, scores.shape[scores.rank - 2], scores.shape[scores.rank - 1]);
    return seen === null ? past : elementwise("and", [seen, past]);
  }

  override computeMask(_inputs: unknown, masks: unknown): unknown {
    return Array.isArray(masks) ? masks[0] : null;
  }
}

const lastAxis = (mask: Tensor): Tensor => cast(setShape(mask, [...mask.shape, 1]), "bool");

/** query [n, q, f] and key [n, k, f] side by side: [n, q, k, f]. */
const pairs = (query: Tensor, key: Tensor): Tensor =>
  elementwise("add", [
    setShape(query, [...query.shape.slice(0, -1), 1, query.shape[query.rank - 1]]),
    setShape(key, [...key.shape.slice(0, -2), 1, ...key.shape.slice(-2)]),
  ]);

const last = (x: Tensor): Tensor => sum(x, -1, false);

export interface AttentionOptions extends BaseAttentionOptions {
  /** "dot" (default): products of query and key; "concat": tanh of their sums. */
  scoreMode?: "dot" | "concat";
}

const attentionDefaults = {
  useScale: false,
  scoreMode: "dot" as "dot" | "concat",
  dropout: 0,
  seed: optional<number>(),
};

/**
 * softmax(query key^T) value (Luong et al., 2015). Weights: with useScale a scale, with score mode "concat" a weight, both scalars.
 *
 * Example: `layers.Attention()([query, value])`.
 */
export class Attention extends BaseAttention<typeof attentionDefaults> {
  static readonly className = "Attention";
  concatScoreWeight: Variable | undefined;

  constructor(options: Options<AttentionOptions> = {}) {
    super([options], attentionDefaults);
    requireOneOf(this.options.scoreMode, ["dot", "concat"], "scoreMode", this.where);
  }

  protected override buildScale(): void {
    const { useScale, scoreMode } = this.options;
    if (useScale) this.scale = this.addWeight({ name: "scale", shape: [], initializer: "ones" });
    if (scoreMode === "concat")
      this.concatScoreWeight = this.addWeight({
        name: "concat_score_weight",
        shape: [],
        initializer: "ones",
      });
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const scaled = (x: Tensor): Tensor =>
      this.scale === undefined ? x : elementwise("mul", [x, this.scale]);
    if (this.concatScoreWeight === undefined)
      return scaled(matmulOf(query, swapaxes(key, { axis1: -2, axis2: -1 })));
    const total = last(elementwise("tanh", [scaled(pairs(query, key))]));
    return elementwise("mul", [total, this.concatScoreWeight]);
  }
}

const additiveDefaults = { useScale: true, dropout: 0, seed: optional<number>() };

/**
 * softmax(sum of scale tanh(query + key)) value (Bahdanau et al., 2014). Weights: with useScale (default) scale [features].
 *
 * Example: `layers.AdditiveAttention()([query, value])`.
 */
export class AdditiveAttention extends BaseAttention<typeof additiveDefaults> {
  static readonly className = "AdditiveAttention";

  constructor(
    ...args: [useScale?: boolean | Options<BaseAttentionOptions>, options?: Options<BaseAttentionOptions>]
  ) {
    super(args, additiveDefaults);
  }

  protected override buildScale(queryShape: KerasShape): void {
    if (!this.options.useScale) return;
    const features = knownDim(queryShape.at(-1), this.where, -1);
    this.scale = this.addWeight({ name: "scale", shape: [features], initializer: "glorot_uniform" });
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const matches = elementwise("tanh", [pairs(query, key)]);
    return last(this.scale === undefined ? matches : elementwise("mul", [matches, this.scale]));
  }
}
