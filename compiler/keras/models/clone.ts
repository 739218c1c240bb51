/**
 * `keras.models.cloneModel`: the same layers once more, with fresh weights, or with other layers in their places.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { classNameOf, serializeObject } from "../config.ts";
import { historyOf, type Operation } from "../functional/node.ts";
import { FunctionOperation, symbolicEngine } from "../functional/symbolic.ts";
import { InputLayer } from "../layers/input-layer.ts";
import { Layer } from "../layers/layer.ts";
import { flatten, mapNest, type Nest } from "../nest.ts";
import { type Options, readOptions } from "../options.ts";
import { readObject } from "../saving/load.ts";
import { Functional } from "./functional.ts";
import type { Model } from "./model.ts";
import { Sequential } from "./sequential.ts";

export interface CloneOptions {
  /** Symbolic tensors to begin at instead of new Inputs, one for each input. */
  readonly inputTensors?: Tensor | readonly Tensor[] | null;
  /** Makes the layer that stands in for one of the model; default a copy with fresh weights. Not called for inputs. */
  readonly cloneFunction?: ((layer: Layer<unknown>) => Layer<unknown>) | null;
  /** Calls the new layer on its inputs; default `layer(...args)`. */
  readonly callFunction?: ((layer: Layer<unknown>, ...args: readonly unknown[]) => unknown) | null;
  /** Gives nested models to `cloneFunction` layer by layer instead of whole; default false. */
  readonly recursive?: boolean;
}

const defaults = {
  inputTensors: null as CloneOptions["inputTensors"] | null,
  cloneFunction: null as CloneOptions["cloneFunction"] | null,
  callFunction: null as CloneOptions["callFunction"] | null,
  recursive: false,
};

/**
 * Example: `const copy = keras.models.cloneModel(model)`. Classes of the user must be registered, or `cloneFunction` must copy them. Throws ModelError for
 * subclassed models, whose layers only their own code connects.
 */
export function cloneModel<M extends Model<unknown>>(model: M, options: Options<CloneOptions> = {}): M {
  const read = readOptions([options], defaults, { owner: "cloneModel", positional: [] });
  const clone: unknown = new Cloning(read).model(model);
  return clone as M;
}

/** A layer like another, with fresh weights. */
const copyOf = (layer: Layer<unknown>): Layer<unknown> => {
  const made = readObject(serializeObject(layer));
  if (made instanceof Layer) return made;
  throw new ModelError("not a layer", { got: made.name });
};

class Cloning {
  readonly #options: typeof defaults;

  constructor(options: typeof defaults) {
    this.#options = options;
  }

  model(model: Model<unknown>): Model<unknown> {
    if (model instanceof Sequential) return this.#sequential(model);
    if (model instanceof Functional) return this.#functional(model);
    throw new ModelError("Expected `model` argument to be a Sequential or Functional model", {
      where: "cloneModel",
      got: `Received: model=${classNameOf(model)}`,
      hint: "Make a subclassed model again from its configuration",
    });
  }

  #layer(layer: Layer<unknown>): Layer<unknown> {
    const { recursive, cloneFunction } = this.#options;
    if (recursive && (layer instanceof Functional || layer instanceof Sequential)) return this.model(layer);
    return (cloneFunction ?? copyOf)(layer);
  }

  #sequential(model: Sequential): Sequential {
    const layers = model.layers.map((layer) => this.#layer(layer) as Layer);
    const given = this.#options.inputTensors;
    const first: readonly Tensor[] = given === null || given === undefined ? [] : [given].flat();
    const built = model.sublayers[0];
    const input = first.length === 0 && built instanceof InputLayer ? [copyOf(built) as Layer] : [];
    return new Sequential([...first, ...input, ...layers], { name: model.name, trainable: model.trainable });
  }

  #functional(model: Functional<unknown>): Functional<unknown> {
    const values = new Map<Tensor, unknown>();
    const given = this.#options.inputTensors;
    const tensors: readonly Tensor[] = given === null || given === undefined ? [] : [given].flat();
    if (tensors.length > 0 && tensors.length !== model.inputs.length) {
      throw new ModelError("wrong number of input tensors", {
        expected: `${model.inputs.length}`,
        got: `${tensors.length}`,
      });
    }
    model.inputs.forEach((input, i) => values.set(input, tensors[i] ?? inputLike(input)));
    const copies = new Map<Operation, Operation>();
    const copy = (operation: Operation): Operation => {
      const known =
        copies.get(operation) ?? (operation instanceof Layer ? this.#layer(operation) : again(operation));
      copies.set(operation, known);
      return known;
    };
    for (const node of model.levels.flat()) {
      if (node.isInput || node.outputs.every((output) => values.has(output))) continue;
      const { args, options } = node.fillIn(values);
      const results = flatten<unknown>(this.#call(copy(node.operation), args, options) as Nest<unknown>);
      node.outputs.forEach((output, i) => values.set(output, results[i]));
    }
    const fill = (tensor: Tensor): unknown => values.get(tensor);
    const { inputs, outputs } = model.structure;
    const ends = mapNest<Tensor, unknown>(outputs, fill);
    return new Functional<unknown>(mapNest<Tensor, unknown>(inputs, fill) as Nest<Tensor>, ends, {
      name: model.name,
      trainable: model.trainable,
    });
  }

  #call(
    operation: Operation,
    args: readonly unknown[],
    options: { readonly [name: string]: unknown },
  ): unknown {
    const { callFunction } = this.#options;
    if (operation instanceof FunctionOperation)
      return operation.call([...args, ...Object.values(options)], symbolicEngine);
    if (callFunction && operation instanceof Layer) return callFunction(operation, ...args, options);
    return operation.run(args, options);
  }
}

/** A new Input of the same name, shape and dtype; for a tensor inside of another model, of its own name. */
function inputLike(tensor: Tensor): Tensor {
  const { operation } = historyOf(tensor);
  if (operation instanceof InputLayer)
    return new InputLayer(operation.getConfig()).inboundNodes[0].outputs[0];
  throw new ModelError("a model that begins at a tensor inside of another cannot be cloned", {
    where: `"${operation.name}"`,
    hint: "Begin at keras.Input, or pass inputTensors",
  });
}

function again(operation: Operation): Operation {
  if (operation instanceof FunctionOperation)
    return new FunctionOperation(operation.info, operation.parameters, operation.name);
  throw new ModelError("cannot be cloned", { got: operation.name });
}
