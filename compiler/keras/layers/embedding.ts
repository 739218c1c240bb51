/**
 * `Embedding`: a vector for each of a set of integers.
 */
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { serializeMaybe } from "../config.ts";
import { get as getInitializer, type InitializerLike } from "../initializers/index.ts";
import { gather } from "../ops/picking.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { get as getRegularizer, type RegularizerLike } from "../regularizers.ts";
import type { Variable } from "../variable.ts";
import { builtWeight, requirePositive } from "./dense.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

export interface EmbeddingOptions extends LayerOptions {
  /** How many integers there are: 0 to inputDim - 1. */
  inputDim?: number;
  /** The size of a vector. */
  outputDim?: number;
  /** Default "uniform". */
  embeddingsInitializer?: InitializerLike;
  embeddingsRegularizer?: RegularizerLike;
  /** Whether 0 means "nothing here"; default false, and true is not available yet. */
  maskZero?: boolean;
}

const defaults = {
  inputDim: undefined as number | undefined,
  outputDim: undefined as number | undefined,
  embeddingsInitializer: "uniform" as InitializerLike,
  embeddingsRegularizer: null as RegularizerLike,
  maskZero: false,
};

type Arguments = [
  inputDim: number | Options<EmbeddingOptions>,
  outputDim?: number | Options<EmbeddingOptions>,
  options?: Options<EmbeddingOptions>,
];

/**
 * Row x of a matrix: [n, ...] integers to [n, ..., outputDim]. Weights: embeddings [inputDim, outputDim]. Integers out of range are clamped.
 *
 * Example: `layers.Embedding(1000, 64)(tokens)`. Throws ModelError where sizes are no positive integers.
 */
export class Embedding extends Layer {
  static readonly className = "Embedding";
  readonly inputDim: number;
  readonly outputDim: number;
  embeddings: Variable | undefined;
  private readonly options: typeof defaults;

  constructor(...args: Arguments) {
    const read = readOptions(args, defaults, {
      owner: "Embedding",
      positional: ["inputDim", "outputDim"],
      also: layerOptionNames,
    });
    super(read);
    this.inputDim = requirePositive(read.inputDim, "input dimension", this.name);
    this.outputDim = requirePositive(read.outputDim, "output dimension", this.name);
    if (read.maskZero) {
      throw new ModelError("maskZero is not available yet", {
        where: `layer "${this.name}"`,
        hint: "Without masks, padding would count as data",
      });
    }
    this.options = {
      ...read,
      embeddingsInitializer: getInitializer(read.embeddingsInitializer),
      embeddingsRegularizer: getRegularizer(read.embeddingsRegularizer),
    };
  }

  override get inputDType(): DType {
    return "i32";
  }

  override build(): void {
    const { embeddingsInitializer: initializer, embeddingsRegularizer: regularizer } = this.options;
    this.embeddings = this.addWeight({
      name: "embeddings",
      shape: [this.inputDim, this.outputDim],
      initializer,
      regularizer,
    });
  }

  override call(x: Tensor): Tensor {
    return gather(builtWeight(this.embeddings, this.name).value, x, 0);
  }

  override getConfig(): JsonObject {
    return {
      ...super.getConfig(),
      input_dim: this.inputDim,
      output_dim: this.outputDim,
      embeddings_initializer: serializeMaybe(this.options.embeddingsInitializer),
      embeddings_regularizer: serializeMaybe(this.options.embeddingsRegularizer),
      activity_regularizer: null,
      embeddings_constraint: null,
      mask_zero: this.options.maskZero,
    };
  }
}
