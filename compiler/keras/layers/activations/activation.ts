/**
 * Activations as layers. The result has the shape of the input, and its mask.
 */
import { type Axes, cast, elementwise, select, type Tensor, type TensorLike } from "../../../tensor.ts";
import { type ActivationLike, relu } from "../../activations.ts";
import type { ConstraintLike } from "../../constraints.ts";
import type { InitializerLike } from "../../initializers/index.ts";
import { eluOf, leakyReluOf, softmaxOf } from "../../ops/activations.ts";
import { asTensor } from "../../ops/operation.ts";
import type { Options } from "../../options.ts";
import type { RegularizerLike } from "../../regularizers.ts";
import { type KerasShape, knownDim, type ShapeNest } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer, optional, required, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requireBetween } from "../require.ts";

/** What the layers of this file share: they pass masks on. */
abstract class ActivationLayer<O extends object> extends ConfiguredLayer<O, Tensor> {
  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.supportsMasking = true;
  }
}

type Arguments<T> = [first?: T[keyof T] | Options<LayerOptions & T>, options?: Options<LayerOptions & T>];

const activationDefaults = { activation: required<ActivationLike>() };

/** Any activation by name or function: `layers.Activation("tanh")(x)`. */
export class Activation extends ActivationLayer<typeof activationDefaults> {
  static readonly className = "Activation";

  constructor(...args: Arguments<{ activation?: ActivationLike }>) {
    super(args, activationDefaults);
  }

  override call(x: Tensor): Tensor {
    return this.options.activation(x);
  }

  /** As in Keras, the shape of the input, also for those activations that change it. */
  override computeOutputShape(inputShape: ShapeNest): KerasShape {
    return inputShape as KerasShape;
  }
}

const reluDefaults = { maxValue: optional<number>(), negativeSlope: 0, threshold: 0 };

interface ReluLayerOptions extends LayerOptions {
  /** Where the result stops growing; default null, nowhere. */
  maxValue?: number | null;
  /** The slope below the threshold; default 0. */
  negativeSlope?: number;
  /** Default 0. */
  threshold?: number;
}

/** max(x, 0), with options: `layers.ReLU({ maxValue: 6 })(x)`. Throws ModelError for negative options. */
export class ReLU extends ActivationLayer<typeof reluDefaults> {
  static readonly className = "ReLU";

  constructor(
    ...args: [maxValue?: number | null | Options<ReluLayerOptions>, options?: Options<ReluLayerOptions>]
  ) {
    super(args, reluDefaults);
  }

  protected override settle(options: Settled<typeof reluDefaults>): Settled<typeof reluDefaults> {
    for (const name of ["maxValue", "negativeSlope", "threshold"] as const)
      requireBetween(options[name] ?? 0, 0, Number.POSITIVE_INFINITY, name, this.where);
    return options;
  }

  override call(x: Tensor): Tensor {
    return relu(x, this.options);
  }
}

/** x above 0, negativeSlope x below (default 0.3). */
export class LeakyReLU extends ActivationLayer<{ negativeSlope: number }> {
  static readonly className = "LeakyReLU";

  constructor(...args: Arguments<{ negativeSlope?: number }>) {
    super(args, { negativeSlope: 0.3 });
  }

  override call(x: Tensor): Tensor {
    return leakyReluOf(x, this.options.negativeSlope);
  }
}

/** x above 0, alpha (exp(x) - 1) below (default 1). */
export class ELU extends ActivationLayer<{ alpha: number }> {
  static readonly className = "ELU";

  constructor(...args: Arguments<{ alpha?: number }>) {
    super(args, { alpha: 1 });
  }

  override call(x: Tensor): Tensor {
    return eluOf(x, this.options.alpha);
  }
}

const preluDefaults = {
  alphaInitializer: "zeros" as InitializerLike,
  alphaRegularizer: null as RegularizerLike,
  alphaConstraint: null as ConstraintLike,
  sharedAxes: optional<number | readonly number[]>(),
};

export interface PReLUOptions extends LayerOptions {
  /** Default "zeros". */
  alphaInitializer?: InitializerLike;
  alphaRegularizer?: RegularizerLike;
  alphaConstraint?: ConstraintLike;
  /** Axes (from 1) along which there is only one slope; default none. */
  sharedAxes?: number | readonly number[] | null;
}

/** x above 0, alpha x below, with a learned alpha for each element of a sample (He et al., 2015). Weights: alpha. */
export class PReLU extends ActivationLayer<typeof preluDefaults> {
  static readonly className = "PReLU";
  alpha: Variable | undefined;

  constructor(options: Options<PReLUOptions> = {}) {
    super([options], preluDefaults);
  }

  protected override settle(options: Settled<typeof preluDefaults>): Settled<typeof preluDefaults> {
    const { sharedAxes } = options;
    return { ...options, sharedAxes: typeof sharedAxes === "number" ? [sharedAxes] : sharedAxes };
  }

  override build(inputShape: KerasShape): void {
    const { sharedAxes } = this.options;
    const shared = sharedAxes === null ? [] : [sharedAxes].flat();
    const shape = inputShape
      .slice(1)
      .map((dim, i) => (shared.includes(i + 1) ? 1 : knownDim(dim, this.where, i + 1)));
    this.alpha = this.weightFor("alpha", shape);
    const axes = Object.fromEntries(
      inputShape.flatMap((dim, axis) => (axis > 0 && !shared.includes(axis) ? [[axis, dim ?? 0]] : [])),
    );
    this.inputSpec = [{ ndim: inputShape.length, axes }];
  }

  override call(x: Tensor): Tensor {
    const below = elementwise("min", [x, 0]);
    return elementwise("add", [
      elementwise("max", [x, 0]),
      elementwise("mul", [this.made(this.alpha), below]),
    ]);
  }
}

/** Probabilities along `axis` (default -1). With `mask`, positions where it is false get 0: `layers.Softmax()(scores, { mask })`. */
export class Softmax extends ActivationLayer<{ axis: Axes }> {
  static readonly className = "Softmax";

  constructor(...args: Arguments<{ axis?: Axes }>) {
    super(args, { axis: -1 as Axes });
  }

  override call(x: Tensor, { mask }: CallOptions): Tensor {
    const { axis } = this.options;
    if (mask === undefined || mask === null) return softmaxOf(x, axis);
    return maskedSoftmax(x, asTensor(mask as TensorLike), axis);
  }
}

/** The softmax of those scores whose mask is true; the others get 0. */
export function maskedSoftmax(x: Tensor, mask: Tensor, axis: Axes): Tensor {
  const kept = cast(mask, "bool");
  // The lowest number instead of -infinity, so that a row without any position is not NaN; then the positions are cleared.
  const scores = softmaxOf(select(kept, x, -3.4e38), axis);
  return elementwise("mul", [scores, cast(kept, x.dtype)]);
}
