/**
 * `Embedding`: integers to rows of a learned matrix; and `ReversibleEmbedding`, which also goes back from rows to scores of the integers.
 */
import type { DType } from "../../../../ir/dtype.ts";
import { cast, elementwise, type Tensor } from "../../../tensor.ts";
import type { ConstraintLike } from "../../constraints.ts";
import { dtypeOf } from "../../dtype-names.ts";
import type { InitializerLike } from "../../initializers/index.ts";
import { matmulOf } from "../../ops/linalg.ts";
import { permute } from "../../ops/movement.ts";
import { gather } from "../../ops/picking.ts";
import type { Options } from "../../options.ts";
import type { RegularizerLike } from "../../regularizers.ts";
import type { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer, optional, required, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requirePositive } from "../require.ts";

export interface EmbeddingOptions extends LayerOptions {
  /** How many integers there are: 0 to inputDim - 1. */
  inputDim?: number;
  /** The size of a row. */
  outputDim?: number;
  /** Default "uniform". */
  embeddingsInitializer?: InitializerLike;
  embeddingsRegularizer?: RegularizerLike;
  embeddingsConstraint?: ConstraintLike;
  /** Whether 0 is padding: the result then has a mask. Default false. */
  maskZero?: boolean;
}

const defaults = {
  inputDim: required<number>(),
  outputDim: required<number>(),
  embeddingsInitializer: "uniform" as InitializerLike,
  embeddingsRegularizer: null as RegularizerLike,
  embeddingsConstraint: null as ConstraintLike,
  maskZero: false,
};

export type EmbeddingArguments<O> = [
  inputDim: number | Options<O>,
  outputDim?: number | Options<O>,
  options?: Options<O>,
];

abstract class BaseEmbedding<O extends typeof defaults> extends ConfiguredLayer<O, Tensor> {
  protected override autocast = false;
  embeddings: Variable | undefined;

  constructor(args: readonly unknown[], options: O) {
    super(args, options);
    this.supportsMasking = this.options.maskZero;
  }

  protected override settle(options: Settled<O>): Settled<O> {
    requirePositive(options.inputDim, "inputDim", this.where);
    requirePositive(options.outputDim, "outputDim", this.where);
    return options;
  }

  override get inputDType(): DType {
    return "i32";
  }

  override build(): void {
    this.embeddings = this.weightFor("embeddings", [this.options.inputDim, this.options.outputDim]);
  }

  protected look(x: Tensor): Tensor {
    const indices = x.dtype === "i32" || x.dtype === "i64" ? x : cast(x, "i32");
    return gather(this.made(this.embeddings).value, indices, 0);
  }

  override computeMask(inputs: unknown): Tensor | null {
    return this.options.maskZero ? elementwise("ne", [inputs as Tensor, 0]) : null;
  }
}

/**
 * Row x of a matrix: [n, ...] integers to [n, ..., outputDim]. Weights: embeddings [inputDim, outputDim]. Integers out of range are clamped.
 *
 * Example: `layers.Embedding(1000, 64, { maskZero: true })(tokens)`. Throws ModelError where sizes are no positive integers.
 */
export class Embedding extends BaseEmbedding<typeof defaults> {
  static readonly className = "Embedding";

  constructor(...args: EmbeddingArguments<EmbeddingOptions>) {
    super(args, defaults);
  }

  override call(x: Tensor): Tensor {
    return this.look(x);
  }
}

export interface ReversibleEmbeddingOptions extends EmbeddingOptions {
  /** Whether the way back uses the same matrix, transposed; default true. */
  tieWeights?: boolean;
  /** The dtype of the way back; default that of the layer. */
  reverseDtype?: string | null;
  /** Scores become cap tanh(score / cap); default null: they stay. */
  logitSoftCap?: number | null;
}

const reversibleDefaults = {
  inputDim: defaults.inputDim,
  outputDim: defaults.outputDim,
  tieWeights: true,
  embeddingsInitializer: defaults.embeddingsInitializer,
  embeddingsRegularizer: defaults.embeddingsRegularizer,
  embeddingsConstraint: defaults.embeddingsConstraint,
  maskZero: false,
  reverseDtype: optional<string>(),
  logitSoftCap: optional<number>(),
};

/**
 * An embedding that can be called with `{ reverse: true }`: [n, ..., outputDim] to scores [n, ..., inputDim]. Weights: embeddings
 * [inputDim, outputDim], and without tied weights reverse_embeddings [outputDim, inputDim].
 *
 * Example: `embedding(hidden, { reverse: true })`.
 */
export class ReversibleEmbedding extends BaseEmbedding<typeof reversibleDefaults> {
  static readonly className = "ReversibleEmbedding";
  reverseEmbeddings: Variable | undefined;

  constructor(...args: EmbeddingArguments<ReversibleEmbeddingOptions>) {
    super(args, reversibleDefaults);
  }

  override build(): void {
    super.build();
    const { tieWeights, inputDim, outputDim } = this.options;
    if (!tieWeights)
      this.reverseEmbeddings = this.weightFor("embeddings", [outputDim, inputDim], {
        name: "reverse_embeddings",
      });
  }

  override call(x: Tensor, { reverse = false }: CallOptions): Tensor {
    if (!reverse) return this.look(x);
    const { tieWeights, reverseDtype, logitSoftCap } = this.options;
    const back = tieWeights
      ? permute(this.made(this.embeddings).value, [1, 0])
      : this.made(this.reverseEmbeddings).value;
    const dtype = reverseDtype === null ? x.dtype : dtypeOf(reverseDtype);
    const logits = matmulOf(cast(x, dtype), cast(back, dtype));
    if (logitSoftCap === null) return logits;
    const bounded = elementwise("tanh", [elementwise("div", [logits, logitSoftCap])]);
    return elementwise("mul", [bounded, logitSoftCap]);
  }

  /** Scores have no mask. */
  override computeMask(inputs: unknown): Tensor | null {
    const isReverse = (inputs as Tensor).dtype.startsWith("f");
    return isReverse ? null : super.computeMask(inputs);
  }
}
