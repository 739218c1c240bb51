/**
 * `keras.Sequential`: layers one after the other.
 */
import { ModelError } from "../../../ir/errors.ts";
import { Tensor } from "../../tensor.ts";
import { serializeObject } from "../config.ts";
import { historyOf, type Node, type Operation } from "../functional/node.ts";
import { InputLayer } from "../layers/input-layer.ts";
import { Layer } from "../layers/layer.ts";
import type { Nest } from "../nest.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { session } from "../session.ts";
import { isKerasShape, type KerasShape, printKerasShape, type ShapeNest } from "../shapes.ts";
import type { BoundInput } from "../training/trainable.ts";
import { Functional } from "./functional.ts";
import { Model } from "./model.ts";

export interface SequentialOptions {
  layers?: readonly (Layer | Tensor)[];
  name?: string | null;
  trainable?: boolean;
  dtype?: string | JsonObject | null;
}

/**
 * Example:
 *
 *     keras.Sequential([keras.Input([28, 28, 1]), layers.Flatten(), layers.Dense(10, { activation: "softmax" })])
 *
 * Without an Input the model is built when it first sees data. Throws ModelError for things that are no layers, and for a name that occurs twice.
 */
export class Sequential extends Model {
  static override readonly className = "Sequential";
  /** All layers, with the InputLayer in front where there is one. */
  #stack: Layer[] = [];
  #functional: Functional | undefined;

  constructor(
    ...args: [
      layers?: readonly (Layer | Tensor)[] | Options<SequentialOptions>,
      options?: Options<SequentialOptions>,
    ]
  ) {
    const defaults = {
      layers: [] as readonly (Layer | Tensor)[],
      name: null as string | null,
      trainable: true,
      dtype: null as string | JsonObject | null,
    };
    const read = readOptions(args, defaults, { owner: "Sequential", positional: ["layers"] });
    super({ name: read.name, trainable: read.trainable });
    for (const layer of read.layers) this.push(layer);
    this.rebuild();
  }

  /** Puts a layer at the end. */
  add(layer: Layer | Tensor): void {
    this.push(layer);
    this.rebuild();
  }

  /** Takes the last layer away and returns it. */
  pop(): Layer | undefined {
    const layer = this.#stack.pop();
    this.rebuild();
    return layer;
  }

  private push(given: Layer | Tensor): void {
    const layer = given instanceof Tensor ? historyOf(given).operation : given;
    if (!(layer instanceof Layer))
      throw new ModelError("a sequential model takes layers", {
        where: `model "${this.name}"`,
        got: String(given),
      });
    if (this.#stack.some((other) => other.name === layer.name && other !== layer)) {
      throw new ModelError("names of layers must be unique in a model", {
        where: `model "${this.name}"`,
        got: `"${layer.name}" more than once`,
      });
    }
    if (layer instanceof InputLayer && this.#stack.length > 0) {
      throw new ModelError("an Input must come first", {
        where: `model "${this.name}"`,
        got: `an Input after "${this.#stack.at(-1)?.name}"`,
      });
    }
    this.#stack.push(layer as Layer);
  }

  private rebuild(): void {
    this.#functional = undefined;
    this.built = false;
    const [first] = this.#stack;
    if (this.#stack.length < 2) return;
    if (first instanceof InputLayer) this.build(first.batchShape);
    else if (first instanceof Functional && isKerasShape(first.inputShape)) this.build(first.inputShape);
  }

  /** Builds all layers for inputs of this shape, batch included: `model.build([null, 28, 28, 1])`. */
  override build(inputShape: ShapeNest): void {
    if (!isKerasShape(inputShape)) return;
    if (this.#stack.length === 0)
      throw new ModelError("a model without layers cannot be built", {
        where: `model "${this.name}"`,
        hint: "Call model.add(layer)",
      });
    const input = this.inputLayer(inputShape);
    let x = input.inboundNodes[0].outputs[0];
    const outer = session.namePath();
    // Keras puts the model's own name in front of its weights' paths.
    const build = (): void => {
      for (const layer of this.#stack.slice(1)) x = layer(x);
    };
    if (outer.at(-1) === this.name) build();
    else session.withName([this.name], build);
    this.#functional = new Functional(input.inboundNodes[0].outputs[0], x, { name: `${this.name}/graph` });
  }

  private inputLayer(inputShape: KerasShape): InputLayer {
    const [first] = this.#stack;
    if (!(first instanceof InputLayer)) {
      const input = new InputLayer({ batchShape: inputShape, dtype: first.inputDType });
      this.#stack = [input, ...this.#stack];
      return input;
    }
    if (printKerasShape(first.batchShape) !== printKerasShape(inputShape)) {
      throw new ModelError("the model has another input shape", {
        where: `model "${this.name}"`,
        expected: printKerasShape(first.batchShape),
        got: printKerasShape(inputShape),
      });
    }
    return first;
  }

  override call(inputs: Nest<Tensor>): Tensor {
    if (this.#functional !== undefined) return this.#functional.call(inputs);
    return this.#stack.reduce<Nest<Tensor>>((x, layer) => layer(x), inputs) as Tensor;
  }

  override get layers(): readonly Layer[] {
    return this.#stack[0] instanceof InputLayer ? this.#stack.slice(1) : this.#stack;
  }
  override get sublayers(): readonly Layer<unknown>[] {
    return this.#stack;
  }
  override get listedLayers(): readonly Layer<unknown>[] {
    return this.layers;
  }
  override get operations(): readonly Operation[] {
    return this.layers;
  }
  override get levels(): readonly (readonly Node[])[] | undefined {
    return undefined;
  }
  get inputs(): readonly Tensor[] {
    return this.requireGraph().inputs;
  }
  get outputs(): readonly Tensor[] {
    return this.requireGraph().outputs;
  }
  get inputShape(): KerasShape | readonly KerasShape[] {
    return this.requireGraph().inputShape;
  }
  get outputShape(): KerasShape | readonly KerasShape[] {
    return this.requireGraph().outputShape;
  }
  override get outputNames(): readonly string[] | undefined {
    return this.#functional?.outputNames;
  }

  private requireGraph(): Functional {
    if (this.#functional !== undefined) return this.#functional;
    throw new ModelError("the model is not built yet", {
      where: `model "${this.name}"`,
      hint: "Put keras.Input(shape) first, or call build(shape)",
    });
  }

  override bindInputs<T>(x: Nest<T>): readonly BoundInput<T>[] {
    return this.#functional === undefined ? super.bindInputs(x) : this.#functional.bindInputs(x);
  }

  override getConfig(): JsonObject {
    return {
      ...super.getConfig(),
      layers: this.#stack.map((layer) => serializeObject(layer)),
      ...(this.#functional === undefined
        ? {}
        : { build_input_shape: (this.#stack[0] as InputLayer).batchShape }),
    };
  }
}
