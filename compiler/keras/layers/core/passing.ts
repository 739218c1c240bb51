/**
 * Layers that hand their input on: as it is, without masked steps, after a function of the user.
 */

import { ModelError } from "../../../../ir/errors.ts";
import { elementwise, select, type Tensor, type TensorLike } from "../../../tensor.ts";
import { serializeFunction, serializeMaybe } from "../../config.ts";
import type { Nest } from "../../nest.ts";
import { any } from "../../ops/reduce.ts";
import type { Json, JsonObject, Options, PlainObject } from "../../options.ts";
import { session } from "../../session.ts";
import { isKerasShape, type KerasShape, mapShapes, type ShapeNest } from "../../shapes.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer, optional, required } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";

/** Its input: for a name in a model, or in the place of a layer. */
export class Identity extends ConfiguredLayer<object, Nest<Tensor>> {
  static readonly className = "Identity";

  constructor(options: Options<LayerOptions> = {}) {
    super([options], {});
    this.supportsMasking = true;
  }

  override call(inputs: Nest<Tensor>): Nest<Tensor> {
    return inputs;
  }
}

/**
 * Steps all of whose features equal `maskValue` (default 0) are padding: they become 0, and the result has a mask [n, steps].
 *
 * Example: `layers.LSTM(32)(layers.Masking({ maskValue: -1 })(sequences))`.
 */
export class Masking extends ConfiguredLayer<{ maskValue: number }, Tensor> {
  static readonly className = "Masking";

  constructor(
    ...args: [
      maskValue?: number | Options<LayerOptions & { maskValue?: number }>,
      options?: Options<LayerOptions>,
    ]
  ) {
    super(args, { maskValue: 0 });
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return select(this.present(x, true), x, 0);
  }

  override computeMask(inputs: unknown): Tensor {
    return this.present(inputs as Tensor, false);
  }

  private present(x: Tensor, keepdims: boolean): Tensor {
    return any(elementwise("ne", [x, this.options.maskValue]), { axis: -1, keepdims });
  }
}

/** What `Lambda` applies: the inputs, then an object with `mask`, `training` and the given arguments. */
export type LambdaFunction = (inputs: never, options: CallOptions) => Nest<Tensor>;

export interface LambdaOptions extends LayerOptions {
  function?: LambdaFunction;
  /** The shape of the result without the batch, or a function of the input's shape; default: found by tracing. */
  outputShape?: KerasShape | ((inputShape: ShapeNest) => KerasShape) | null;
  /** The mask of the result, or a function of inputs and mask; default null: it has none. */
  mask?: TensorLike | ((inputs: unknown, mask: unknown) => unknown) | null;
  /** Further options of the function. */
  arguments?: PlainObject | null;
}

const lambdaDefaults = {
  function: required<LambdaFunction>(),
  outputShape: optional<KerasShape | ((inputShape: ShapeNest) => KerasShape)>(),
  mask: optional<TensorLike | ((inputs: unknown, mask: unknown) => unknown)>(),
  arguments: optional<PlainObject>(),
};

/**
 * A function as a layer: `layers.Lambda((x) => ops.square(x))`. It has no weights; write a subclass of Layer for those. Saved, the function must be
 * registered; Python code in files of Keras is never run, and such layers are refused.
 */
export class Lambda extends ConfiguredLayer<typeof lambdaDefaults, Nest<Tensor>> {
  static readonly className = "Lambda";

  constructor(...args: [f: LambdaFunction | Options<LambdaOptions>, options?: Options<LambdaOptions>]) {
    super(args, lambdaDefaults);
    this.supportsMasking = this.options.mask !== null;
    this.built = true;
  }

  static override fromConfig(config: JsonObject): never {
    const given = config.function;
    const name = typeof given === "object" && given !== null && !Array.isArray(given) ? given : {};
    const { config: registered } = name as JsonObject;
    const found = typeof registered === "string" ? session.registered.get(registered) : undefined;
    if (typeof found === "function")
      return new Lambda({ ...config, function: found as LambdaFunction } as never) as never;
    throw new ModelError("a Lambda layer with code is not loaded: nothing in a file is run", {
      where: `layer "${config.name ?? "lambda"}"`,
      hint: "Register the function with keras.saving.registerKerasSerializable, or write a Layer",
    });
  }

  override call(inputs: Nest<Tensor>, options: CallOptions): Nest<Tensor> {
    return this.options.function(inputs as never, { ...this.options.arguments, ...options });
  }

  override computeMask(inputs: unknown, mask: unknown): unknown {
    return typeof this.options.mask === "function" ? this.options.mask(inputs, mask) : this.options.mask;
  }

  override computeOutputShape(inputShape: ShapeNest): KerasShape | Nest<KerasShape> {
    const { outputShape } = this.options;
    if (outputShape === null) return super.computeOutputShape(inputShape);
    if (!isKerasShape(outputShape)) return outputShape(inputShape);
    const shapes: KerasShape[] = [];
    mapShapes(inputShape, (shape) => shapes.push(shape));
    return [shapes[0][0], ...outputShape];
  }

  override getConfig(): JsonObject {
    const { function: f, outputShape, mask, arguments: given } = this.options;
    const write = (value: unknown): Json =>
      typeof value === "function" ? serializeFunction(value) : serializeMaybe(value);
    return {
      ...this.baseConfig(),
      function: serializeFunction(f),
      ...(outputShape === null ? {} : { output_shape: write(outputShape) }),
      ...(mask === null ? {} : { mask: write(mask) }),
      arguments: serializeMaybe(given ?? {}),
    };
  }
}
