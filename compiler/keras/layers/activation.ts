/**
 * Activations as layers. No weights; the result has the shape of the input.
 */
import { ModelError } from "../../../ir/errors.ts";
import { type Axes, cast, elementwise, select, type Tensor, type TensorLike } from "../../tensor.ts";
import {
  type Activation as ActivationFunction,
  type ActivationLike,
  get as getActivation,
  relu,
  serialize as serializeActivation,
} from "../activations.ts";
import { eluOf, leakyReluOf, softmaxOf } from "../ops/activations.ts";
import { asTensor } from "../ops/operation.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import type { CallOptions } from "./call.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

/** Any activation by name or function: `layers.Activation("tanh")(x)`. */
export class Activation extends Layer {
  static readonly className = "Activation";
  readonly activation: ActivationFunction;

  constructor(
    ...args: [
      activation: ActivationLike | Options<LayerOptions & { activation?: ActivationLike }>,
      options?: Options<LayerOptions>,
    ]
  ) {
    const read = readOptions(
      args,
      { activation: undefined as ActivationLike | undefined },
      { owner: "Activation", positional: ["activation"], also: layerOptionNames },
    );
    super(read);
    this.activation = getActivation(read.activation);
  }

  override call(x: Tensor): Tensor {
    return this.activation(x);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), activation: serializeActivation(this.activation) };
  }
}

interface ReluLayerOptions extends LayerOptions {
  /** Where the result stops growing; default null, nowhere. */
  maxValue?: number | null;
  /** The slope below the threshold; default 0. */
  negativeSlope?: number;
  /** Default 0. */
  threshold?: number;
}

/** max(x, 0), with options: `layers.ReLU({ maxValue: 6 })(x)`. Throws ModelError for negative options. */
export class ReLU extends Layer {
  static readonly className = "ReLU";
  private readonly maxValue: number | null;
  private readonly negativeSlope: number;
  private readonly threshold: number;

  constructor(
    ...args: [maxValue?: number | null | Options<ReluLayerOptions>, options?: Options<ReluLayerOptions>]
  ) {
    const defaults = { maxValue: null as number | null, negativeSlope: 0, threshold: 0 };
    const read = readOptions(args, defaults, {
      owner: "ReLU",
      positional: ["maxValue", "negativeSlope", "threshold"],
      also: layerOptionNames,
    });
    super(read);
    this.maxValue = read.maxValue;
    this.negativeSlope = read.negativeSlope;
    this.threshold = read.threshold;
    for (const value of [this.maxValue ?? 0, this.negativeSlope, this.threshold]) {
      if (!(value >= 0))
        throw new ModelError("options must not be negative", {
          where: `layer "${this.name}"`,
          got: String(value),
        });
    }
  }

  override call(x: Tensor): Tensor {
    return relu(x, { negativeSlope: this.negativeSlope, maxValue: this.maxValue, threshold: this.threshold });
  }

  override getConfig(): JsonObject {
    return {
      ...super.getConfig(),
      max_value: this.maxValue,
      negative_slope: this.negativeSlope,
      threshold: this.threshold,
    };
  }
}

/** x above 0, negativeSlope x below (default 0.3). */
export class LeakyReLU extends Layer {
  static readonly className = "LeakyReLU";
  private readonly negativeSlope: number;

  constructor(
    ...args: [
      negativeSlope?: number | Options<LayerOptions & { negativeSlope?: number }>,
      options?: Options<LayerOptions>,
    ]
  ) {
    const read = readOptions(
      args,
      { negativeSlope: 0.3 },
      { owner: "LeakyReLU", positional: ["negativeSlope"], also: layerOptionNames },
    );
    super(read);
    this.negativeSlope = read.negativeSlope;
  }

  override call(x: Tensor): Tensor {
    return leakyReluOf(x, this.negativeSlope);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), negative_slope: this.negativeSlope };
  }
}

/** x above 0, alpha (exp(x) - 1) below (default 1). */
export class ELU extends Layer {
  static readonly className = "ELU";
  private readonly alpha: number;

  constructor(
    ...args: [alpha?: number | Options<LayerOptions & { alpha?: number }>, options?: Options<LayerOptions>]
  ) {
    const read = readOptions(
      args,
      { alpha: 1 },
      { owner: "ELU", positional: ["alpha"], also: layerOptionNames },
    );
    super(read);
    this.alpha = read.alpha;
  }

  override call(x: Tensor): Tensor {
    return eluOf(x, this.alpha);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}

/** Probabilities along `axis` (default -1). With `mask`, positions where it is false get 0: `layers.Softmax()(scores, { mask })`. */
export class Softmax extends Layer {
  static readonly className = "Softmax";
  private readonly axis: Axes;

  constructor(
    ...args: [axis?: Axes | Options<LayerOptions & { axis?: Axes }>, options?: Options<LayerOptions>]
  ) {
    const read = readOptions(
      args,
      { axis: -1 as Axes },
      { owner: "Softmax", positional: ["axis"], also: layerOptionNames },
    );
    super(read);
    this.axis = read.axis;
  }

  override call(x: Tensor, { mask }: CallOptions): Tensor {
    if (mask === undefined || mask === null) return softmaxOf(x, this.axis);
    const kept = cast(asTensor(mask as TensorLike), "bool");
    // The lowest number instead of -infinity, so that a row without any position is not NaN; then the positions are cleared.
    const scores = softmaxOf(select(kept, x, -3.4e38), this.axis);
    return elementwise("mul", [scores, cast(kept, x.dtype)]);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), axis: this.axis };
  }
}
