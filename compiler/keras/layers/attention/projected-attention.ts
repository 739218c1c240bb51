/**
 * What multi-head and grouped-query attention share: query, key and value are projected to heads, the heads attend, and their results are
 * projected back. Both differ in the shapes of the projections and in the equations of scores and results.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { cast, elementwise, setShape, type Tensor, type TensorLike } from "../../../tensor.ts";
import type { ConstraintLike } from "../../constraints.ts";
import type { InitializerLike } from "../../initializers/index.ts";
import { getMask, setMask } from "../../masks.ts";
import { softmaxOf } from "../../ops/activations.ts";
import { dotProductAttention } from "../../ops/attention.ts";
import { einsum } from "../../ops/linalg.ts";
import { asTensor } from "../../ops/operation.ts";
import type { RegularizerLike } from "../../regularizers.ts";
import { session } from "../../session.ts";
import type { KerasShape } from "../../shapes.ts";
import { maskedSoftmax } from "../activations/activation.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer, optional, type Settled } from "../configured-layer.ts";
import { EinsumDense, type EinsumDenseOptions } from "../core/einsum-dense.ts";
import type { LayerOptions } from "../layer.ts";
import { Dropout } from "../regularization/dropout.ts";
import { requireBetween, requirePositive } from "../require.ts";
import { causalMask, windowMask } from "./masks.ts";

export interface ProjectedAttentionOptions extends LayerOptions {
  /** The share of weights that are dropped while training; default 0. */
  dropout?: number;
  /** Biases in the projections; default true. */
  useBias?: boolean;
  /** Each query sees only keys less than this many steps away; default null: all. */
  slidingWindow?: number | null;
  /** Has no effect: the compiler decides how attention is computed. */
  flashAttention?: boolean | null;
  /** Default "glorot_uniform". */
  kernelInitializer?: InitializerLike;
  /** Default "zeros". */
  biasInitializer?: InitializerLike;
  kernelRegularizer?: RegularizerLike;
  biasRegularizer?: RegularizerLike;
  kernelConstraint?: ConstraintLike;
  biasConstraint?: ConstraintLike;
  /** Multiplies the heads' results by a gate, the sigmoid of one more projection of the query; default false. */
  useGate?: boolean;
  seed?: number | null;
}

/** Defaults of the options that come last. */
export const projectionDefaults = {
  flashAttention: optional<boolean>(),
  kernelInitializer: "glorot_uniform" as InitializerLike,
  biasInitializer: "zeros" as InitializerLike,
  kernelRegularizer: null as RegularizerLike,
  biasRegularizer: null as RegularizerLike,
  kernelConstraint: null as ConstraintLike,
  biasConstraint: null as ConstraintLike,
  useGate: false,
  seed: optional<number>(),
};

type Defaults = typeof projectionDefaults & {
  readonly dropout: number;
  readonly useBias: boolean;
  readonly slidingWindow: number | null;
};

export interface ProjectedAttentionCall extends CallOptions {
  readonly valueMask?: TensorLike | null;
  readonly keyMask?: TensorLike | null;
  /** Where false, a query does not look at a key: [n, queries, keys], or with heads behind the batch. */
  readonly attentionMask?: TensorLike | null;
  /** Returns [result, weights]; default false. */
  readonly returnAttentionScores?: boolean;
  /** Each query sees only keys up to its own step; default false. */
  readonly useCausalMask?: boolean;
}

type Result = Tensor | readonly [Tensor, Tensor];

/** The equations of attention, and the last axes of the scores that belong to keys. */
export interface AttentionEquations {
  readonly scores: string;
  readonly result: string;
  readonly axes: readonly number[];
}

export abstract class ProjectedAttention<O extends Defaults> extends ConfiguredLayer<O, Result> {
  // In Keras's order, which is that of the weights.
  protected queryDense: EinsumDense | undefined;
  protected keyDense: EinsumDense | undefined;
  protected gateDense: EinsumDense | undefined;
  protected valueDense: EinsumDense | undefined;
  protected outputDense: EinsumDense | undefined;
  private dropoutLayer: Dropout | undefined;

  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.supportsMasking = true;
  }

  protected override settle(options: Settled<O>): Settled<O> {
    requireBetween(options.dropout, 0, 1, "dropout", this.where);
    if (options.slidingWindow !== null) requirePositive(options.slidingWindow, "slidingWindow", this.where);
    return options;
  }

  protected get common(): Settled<Defaults> {
    return this.options as Settled<Defaults>;
  }

  /** The size of a head's queries and keys. */
  protected abstract get depth(): number;
  protected abstract equations(query: Tensor): AttentionEquations;

  /** Makes what turns scores into weights. */
  protected buildAttention(): void {
    const { dropout, seed } = this.common;
    // Keras makes a softmax layer, which takes a name.
    session.uniqueName("softmax");
    this.dropoutLayer = new Dropout({ rate: dropout, seed, dtype: this.dtypePolicy });
  }

  /** One of the projections. */
  protected projection(
    name: string,
    equation: string,
    outputShape: KerasShape,
    more: EinsumDenseOptions & { readonly biasAxes: string },
  ): EinsumDense {
    const {
      kernelInitializer,
      biasInitializer,
      kernelRegularizer,
      biasRegularizer,
      kernelConstraint,
      biasConstraint,
    } = this.common;
    const { biasAxes, ...rest } = more;
    return new EinsumDense(equation, outputShape, {
      name,
      dtype: this.dtypePolicy,
      biasAxes: this.common.useBias ? biasAxes : null,
      kernelInitializer,
      biasInitializer,
      kernelRegularizer,
      biasRegularizer,
      kernelConstraint,
      biasConstraint,
      ...rest,
    });
  }

  protected override get argumentNames(): readonly string[] {
    return ["query", "value", "key"];
  }

  override call(query: Tensor, value: Tensor, key: Tensor | null, options: ProjectedAttentionCall): Result {
    const [queries, keys, values] = [
      this.part(this.queryDense)(query),
      this.part(this.keyDense)(key ?? value),
      this.part(this.valueDense)(value),
    ];
    const mask = this.attentionMask(query, value, options);
    const needsScores =
      this.common.dropout > 0 || options.returnAttentionScores === true || queries.rank !== 4;
    const [heads, weights] = needsScores
      ? this.attend(queries, keys, values, mask, options.training === true)
      : [this.attendAtOnce(queries, keys, values, mask), null];
    const gated = this.gateDense === undefined ? heads : elementwise("mul", [heads, this.gateDense(query)]);
    const result = this.part(this.outputDense)(gated);
    const queryMask = getMask(query);
    if (queryMask !== undefined) setMask(result, queryMask);
    return weights !== null && options.returnAttentionScores === true ? [result, weights] : result;
  }

  private part<T>(layer: T | undefined): T {
    if (layer !== undefined) return layer;
    throw new ModelError("the layer is not built", {
      where: this.where,
      hint: "Call it, or build(queryShape, valueShape)",
    });
  }

  /** All masks in one; null where there is none. As in Keras, the query's mask is that which the tensor carries. */
  private attentionMask(query: Tensor, value: Tensor, options: ProjectedAttentionCall): Tensor | null {
    const { valueMask, keyMask, attentionMask, useCausalMask } = options;
    const [queries, keys] = [query.shape[1], value.shape[1]];
    const { slidingWindow } = this.common;
    const present = (mask: TensorLike | null | undefined, shape: (mask: Tensor) => Tensor): Tensor[] =>
      mask === null || mask === undefined ? [] : [cast(shape(asTensor(mask)), "bool")];
    const onKeys = (mask: Tensor): Tensor => setShape(mask, [mask.shape[0], 1, ...mask.shape.slice(1)]);
    const masks = [
      ...present(getMask(query), (mask) => setShape(mask, [...mask.shape, 1])),
      ...present(valueMask, onKeys),
      ...present(keyMask, onKeys),
      ...(useCausalMask === true ? [causalMask(query, queries, keys)] : []),
      ...(slidingWindow === null ? [] : [windowMask(query, queries, keys, slidingWindow)]),
      ...present(attentionMask, (mask) => mask),
    ];
    return masks.length === 0 ? null : masks.reduce((a, b) => elementwise("and", [a, b]));
  }

  private attendAtOnce(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | null): Tensor {
    const heads = mask !== null && mask.rank < 4 ? behindBatch(mask, 4) : mask;
    return dotProductAttention(query, key, value, { mask: heads, scale: 1 / Math.sqrt(this.depth) });
  }

  /** Scores and results, each by its einsum. */
  private attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | null,
    training: boolean,
  ): [Tensor, Tensor] {
    const { scores: scoring, result, axes } = this.equations(query);
    const scaled = elementwise("mul", [query, 1 / Math.sqrt(this.depth)]);
    const scores = einsum(scoring, key, scaled);
    const last = axes.map((_, i) => scores.rank - axes.length + i);
    const weights =
      mask === null
        ? softmaxOf(scores, last)
        : maskedSoftmax(scores, behindBatch(mask, scores.rank, axes.length), last);
    const kept = this.part(this.dropoutLayer)(weights, { training });
    return [einsum(result, kept, value), weights];
  }
}

/** Puts axes of size 1 for the heads between the leading axes of a mask and those of queries and keys. */
function behindBatch(mask: Tensor, rank: number, attended = 1): Tensor {
  const at = mask.rank - 2 * attended;
  const missing = new Array<number>(Math.max(rank - mask.rank, 0)).fill(1);
  return setShape(mask, [...mask.shape.slice(0, at), ...missing, ...mask.shape.slice(at)]);
}
