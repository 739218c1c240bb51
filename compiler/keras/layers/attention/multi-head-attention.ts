/**
 * `MultiHeadAttention`: several attentions side by side, each with its own projections (Vaswani et al., "Attention is all you need", 2017).
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

export interface MultiHeadAttentionOptions extends ProjectedAttentionOptions {
  numHeads?: number;
  /** The size of each head for query and key. */
  keyDim?: number;
  /** The size of each head for value; default that for key. */
  valueDim?: number | null;
  /** The last axes of the result; default the features of the query. */
  outputShape?: number | readonly number[] | null;
  /** The axes to attend over; default all between batch and features. */
  attentionAxes?: number | readonly number[] | null;
}

const defaults = {
  numHeads: required<number>(),
  keyDim: required<number>(),
  valueDim: optional<number>(),
  dropout: 0,
  useBias: true,
  outputShape: optional<number | readonly number[]>(),
  attentionAxes: optional<number | readonly number[]>(),
  slidingWindow: optional<number>(),
  ...projectionDefaults,
};

const letters = (from: number, count: number): string =>
  Array.from({ length: count }, (_, i) => String.fromCharCode(97 + from + i)).join("");
const open = (count: number): null[] => new Array<null>(count).fill(null);

/**
 * query [n, ..., q] and value (and key) [n, ..., v] to [n, ..., outputShape]. Sublayers query, key, value, attention_output (and gate) hold the
 * weights, each a kernel and a bias.
 *
 * Example: `layers.MultiHeadAttention(8, 64)(x, x, { useCausalMask: true })`. Throws ModelError for sizes that are no positive integers.
 */
export class MultiHeadAttention extends ProjectedAttention<typeof defaults> {
  static readonly className = "MultiHeadAttention";

  constructor(
    ...args: [
      numHeads: number | Options<MultiHeadAttentionOptions>,
      keyDim?: number | Options<MultiHeadAttentionOptions>,
      options?: Options<MultiHeadAttentionOptions>,
    ]
  ) {
    super(args, defaults);
  }

  protected override settle(options: Settled<typeof defaults>): Settled<typeof defaults> {
    const { numHeads, keyDim, valueDim, outputShape, attentionAxes } = options;
    requirePositive(numHeads, "numHeads", this.where);
    requirePositive(keyDim, "keyDim", this.where);
    const list = (value: number | readonly number[] | null) => (typeof value === "number" ? [value] : value);
    return {
      ...super.settle(options),
      valueDim: valueDim === null ? keyDim : requirePositive(valueDim, "valueDim", this.where),
      outputShape: list(outputShape),
      attentionAxes: list(attentionAxes),
    };
  }

  protected override get depth(): number {
    return this.options.keyDim;
  }
  private get valueDim(): number {
    return this.options.valueDim ?? this.options.keyDim;
  }

  override build(queryShape: KerasShape, ...others: readonly KerasShape[]): void {
    const [valueShape, keyShape = valueShape] = others;
    if (JSON.stringify(valueShape.slice(1, -1)) !== JSON.stringify(keyShape.slice(1, -1)))
      throw new ModelError(
        `\`value\` and \`key\` must agree in all sizes but the last. Received: value_shape=${JSON.stringify(valueShape)} and key_shape=${JSON.stringify(keyShape)}`,
        { where: this.where },
      );
    const { keyDim, numHeads, useGate } = this.options;
    this.queryDense = this.toHeads("query", queryShape, keyDim);
    this.keyDense = this.toHeads("key", keyShape, keyDim);
    if (useGate) this.gateDense = this.toHeads("gate", queryShape, this.valueDim, "sigmoid");
    this.valueDense = this.toHeads("value", valueShape, this.valueDim);
    this.buildAttention();
    this.outputDense = this.fromHeads(queryShape);
    this.outputDense.build([...queryShape.slice(0, -1), numHeads, this.valueDim]);
  }

  /** [..., features] to [..., heads, size]. */
  private toHeads(name: string, shape: KerasShape, size: number, activation: string | null = null) {
    const free = shape.length - 1;
    const [kept, features, heads] = [letters(0, free), letters(free, 1), letters(free + 1, 2)];
    const equation = `${kept}${features},${features}${heads}->${kept}${heads}`;
    const outputShape = [...open(free - 1), this.options.numHeads, size];
    const dense = this.projection(name, equation, outputShape, { biasAxes: heads, activation });
    dense.build(shape);
    return dense;
  }

  /** [..., heads, size] to [..., outputShape]. */
  private fromHeads(queryShape: KerasShape) {
    const sizes = (this.options.outputShape as readonly number[] | null) ?? [queryShape.at(-1) ?? null];
    const free = queryShape.length - 1;
    const [kept, heads, result] = [letters(0, free), letters(free, 2), letters(free + 2, sizes.length)];
    const equation = `${kept}${heads},${heads}${result}->${kept}${result}`;
    return this.projection("attention_output", equation, [...open(free - 1), ...sizes], { biasAxes: result });
  }

  /** Queries [n, ..., heads, size]: the attended axes of keys get letters of their own. */
  protected override equations({ rank }: Tensor): AttentionEquations {
    const given = this.options.attentionAxes as readonly number[] | null;
    const axes =
      given?.map((axis) => (axis < 0 ? rank - 1 + axis : axis)) ??
      Array.from({ length: rank - 3 }, (_, i) => i + 1);
    const target = letters(0, rank);
    const fresh = letters(rank, axes.length);
    const source = [...target]
      .map((letter, i) => (axes.includes(i) ? fresh[axes.indexOf(i)] : letter))
      .join("");
    const batch = [...target.slice(0, -1)].filter((_, i) => !axes.includes(i)).join("");
    const scores = `${batch}${axes.map((axis) => target[axis]).join("")}${axes.map((axis) => source[axis]).join("")}`;
    return { scores: `${source},${target}->${scores}`, result: `${scores},${source}->${target}`, axes };
  }
}
