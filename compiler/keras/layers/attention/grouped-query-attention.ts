/**
 * `GroupedQueryAttention`: several query heads share a head of keys and values (Ainslie et al., "GQA", 2023).
 */
import { ModelError } from "../../../../ir/errors.ts";
import type { Tensor } from "../../../tensor.ts";
import type { Options } from "../../options.ts";
import type { KerasShape } from "../../shapes.ts";
import { optional, required, type Settled } from "../configured-layer.ts";
import { requirePositive } from "../require.ts";
import {
  type AttentionEquations,
  ProjectedAttention,
  type ProjectedAttentionOptions,
  projectionDefaults,
} from "./projected-attention.ts";

export interface GroupedQueryAttentionOptions extends ProjectedAttentionOptions {
  /** The size of each head. */
  headDim?: number;
  numQueryHeads?: number;
  /** A divisor of the number of query heads. */
  numKeyValueHeads?: number;
}

const defaults = {
  headDim: required<number>(),
  numQueryHeads: required<number>(),
  numKeyValueHeads: required<number>(),
  dropout: 0,
  useBias: true,
  slidingWindow: optional<number>(),
  ...projectionDefaults,
};

/**
 * query [n, q, features] and value (and key) [n, k, features] to [n, q, features]. Sublayers query, key, value, attention_output (and gate) hold
 * the weights.
 *
 * Example: `layers.GroupedQueryAttention(64, 8, 2)(x, x)`. Throws ModelError where the heads do not divide.
 */
export class GroupedQueryAttention extends ProjectedAttention<typeof defaults> {
  /** In files; Keras knows the class under both names. */
  static readonly className = "GroupQueryAttention";

  constructor(
    ...args: [
      headDim: number | Options<GroupedQueryAttentionOptions>,
      numQueryHeads?: number | Options<GroupedQueryAttentionOptions>,
      numKeyValueHeads?: number | Options<GroupedQueryAttentionOptions>,
      options?: Options<GroupedQueryAttentionOptions>,
    ]
  ) {
    super(args, defaults);
  }

  protected override settle(options: Settled<typeof defaults>): Settled<typeof defaults> {
    const { headDim, numQueryHeads, numKeyValueHeads } = options;
    for (const [name, value] of Object.entries({ headDim, numQueryHeads, numKeyValueHeads }))
      requirePositive(value, name, this.where);
    if (numQueryHeads % numKeyValueHeads !== 0)
      throw new ModelError(
        `\`num_query_heads\` must be a multiple of \`num_key_value_heads\`. Received: num_query_heads=${numQueryHeads}, num_key_value_heads=${numKeyValueHeads}`,
        { where: this.where },
      );
    return super.settle(options);
  }

  protected override get depth(): number {
    return this.options.headDim;
  }

  override build(queryShape: KerasShape, ...others: readonly KerasShape[]): void {
    const [valueShape, keyShape = valueShape] = others;
    const { headDim, numQueryHeads, numKeyValueHeads, useGate } = this.options;
    const toHeads = (name: string, shape: KerasShape, heads: number, activation: string | null = null) => {
      const outputShape = [null, heads, headDim];
      const dense = this.projection(name, "bqm,muh->bquh", outputShape, { biasAxes: "uh", activation });
      dense.build(shape);
      return dense;
    };
    this.queryDense = toHeads("query", queryShape, numQueryHeads);
    this.keyDense = toHeads("key", keyShape, numKeyValueHeads);
    if (useGate) this.gateDense = toHeads("gate", queryShape, numQueryHeads, "sigmoid");
    this.valueDense = toHeads("value", valueShape, numKeyValueHeads);
    this.buildAttention();
    const features = queryShape.at(-1) ?? null;
    this.outputDense = this.projection("attention_output", "bquh,uhm->bqm", [null, features], {
      biasAxes: "m",
    });
    this.outputDense.build([null, null, numQueryHeads, headDim]);
  }

  /** Keys are repeated for each query head of their group. */
  protected override equations(_query: Tensor): AttentionEquations {
    return { scores: "bkuh,bquh->buqk", result: "buqk,bkuh->bquh", axes: [1] };
  }
}
