/**
 * `Dense`: a matrix product along the last axis.
 */
import { ModelError } from "../../../ir/errors.ts";
import { elementwise, type Tensor } from "../../tensor.ts";
import {
  type Activation,
  type ActivationLike,
  get as getActivation,
  serialize as serializeActivation,
} from "../activations.ts";
import { serializeMaybe } from "../config.ts";
import { get as getInitializer, type InitializerLike } from "../initializers/index.ts";
import { matmulOf } from "../ops/linalg.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { get as getRegularizer, type RegularizerLike } from "../regularizers.ts";
import { type KerasShape, knownDim } from "../shapes.ts";
import type { Variable } from "../variable.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

export interface DenseOptions extends LayerOptions {
  /** The size of the last axis of the result. */
  units?: number;
  /** Default null: linear. */
  activation?: ActivationLike;
  /** Default true. */
  useBias?: boolean;
  /** Default "glorot_uniform". */
  kernelInitializer?: InitializerLike;
  /** Default "zeros". */
  biasInitializer?: InitializerLike;
  kernelRegularizer?: RegularizerLike;
  biasRegularizer?: RegularizerLike;
}

const defaults = {
  units: undefined as number | undefined,
  activation: null as ActivationLike,
  useBias: true,
  kernelInitializer: "glorot_uniform" as InitializerLike,
  biasInitializer: "zeros" as InitializerLike,
  kernelRegularizer: null as RegularizerLike,
  biasRegularizer: null as RegularizerLike,
};

/**
 * activation(x kernel + bias): [n, ..., inputs] to [n, ..., units]. Weights: kernel [inputs, units], bias [units].
 *
 * Example: `layers.Dense(10, { activation: "softmax" })(x)`. Throws ModelError where units is no positive integer, or where the size of the
 * last axis is not known or changes between calls.
 */
export class Dense extends Layer {
  static readonly className = "Dense";
  readonly units: number;
  readonly activation: Activation;
  kernel: Variable | undefined;
  bias: Variable | undefined;
  private readonly options: typeof defaults;

  constructor(...args: [units: number | Options<DenseOptions>, options?: Options<DenseOptions>]) {
    const options = readOptions(args, defaults, {
      owner: "Dense",
      positional: ["units"],
      also: layerOptionNames,
    });
    super(options);
    this.units = requirePositive(options.units, "units", this.name);
    this.activation = getActivation(options.activation);
    this.inputSpec = [{ minNdim: 2 }];
    this.options = {
      ...options,
      kernelInitializer: getInitializer(options.kernelInitializer),
      biasInitializer: getInitializer(options.biasInitializer),
      kernelRegularizer: getRegularizer(options.kernelRegularizer),
      biasRegularizer: getRegularizer(options.biasRegularizer),
    };
  }

  override build(inputShape: KerasShape): void {
    const inputs = knownDim(inputShape.at(-1), `layer "${this.name}"`, -1);
    const { useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer } = this.options;
    this.kernel = this.addWeight({
      name: "kernel",
      shape: [inputs, this.units],
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
    });
    if (useBias)
      this.bias = this.addWeight({
        name: "bias",
        shape: [this.units],
        initializer: biasInitializer,
        regularizer: biasRegularizer,
      });
    this.inputSpec = [{ minNdim: 2, axes: { [-1]: inputs } }];
  }

  override call(x: Tensor): Tensor {
    const product = matmulOf(x, builtWeight(this.kernel, this.name).value);
    return this.activation(this.bias === undefined ? product : elementwise("add", [product, this.bias]));
  }

  override getConfig(): JsonObject {
    const { useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer } = this.options;
    return {
      ...super.getConfig(),
      units: this.units,
      activation: serializeActivation(this.activation),
      use_bias: useBias,
      kernel_initializer: serializeMaybe(kernelInitializer),
      bias_initializer: serializeMaybe(biasInitializer),
      kernel_regularizer: serializeMaybe(kernelRegularizer),
      bias_regularizer: serializeMaybe(biasRegularizer),
      kernel_constraint: null,
      bias_constraint: null,
    };
  }
}

/** A positive integer; throws ModelError for anything else. */
export function requirePositive(value: number | undefined, what: string, layer: string): number {
  if (value !== undefined && Number.isInteger(value) && value > 0) return value;
  throw new ModelError(`bad ${what}`, {
    where: `layer "${layer}"`,
    expected: "a positive integer",
    got: String(value),
  });
}

/** A weight that `build` makes. */
export function builtWeight(weight: Variable | undefined, layer: string): Variable {
  if (weight === undefined)
    throw new ModelError("the layer has no weights yet", {
      where: `layer "${layer}"`,
      hint: "Call it, or build(inputShape)",
    });
  return weight;
}
