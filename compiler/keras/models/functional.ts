/**
 * `keras.Model(inputs, outputs)`: a model that is the graph between symbolic tensors.
 */
import { ModelError } from "../../../ir/errors.ts";
import { printType } from "../../../ir/type.ts";
import { type Tensor, TensorMethods } from "../../tensor.ts";
import { serializeObject } from "../config.ts";
import { type Graph, traceGraph } from "../functional/graph.ts";
import { historyOf, isSymbolic, type Node, type Operation } from "../functional/node.ts";
import { serializeNode, tensorReference } from "../functional/serialize-node.ts";
import { FunctionOperation } from "../functional/symbolic.ts";
import { InputLayer } from "../layers/input-layer.ts";
import { Layer, type LayerOptions } from "../layers/layer.ts";
import { flatten, isNested, mapNest, type Nest, packNest } from "../nest.ts";
import { type Json, type JsonObject, snakeClassName } from "../options.ts";
import { session } from "../session.ts";
import { type KerasShape, toKerasShape } from "../shapes.ts";
import type { BoundInput } from "../training/trainable.ts";
import { Model } from "./model.ts";

/** The values that tensors of a structure stand for: `Functional<[Tensor, Tensor]>` returns two tensors. */
export class Functional<Out = Tensor> extends Model<Out> {
  static override readonly module = "keras.src.models.functional";
  static override readonly className = "Functional";
  readonly #graph: Graph;
  readonly #inputs: readonly Tensor[];
  readonly #inputStructure: Nest<Tensor>;
  readonly #outputs: readonly Tensor[];
  readonly #outputStructure: Nest<Tensor>;

  /** Throws ModelError where inputs or outputs are no symbolic tensors, or where an output does not follow from the inputs. */
  constructor(inputs: Nest<Tensor>, outputs: Out, options: LayerOptions = {}) {
    super({
      name: options.name ?? session.uniqueName(snakeClassName("Functional")),
      trainable: options.trainable,
    });
    this.#inputStructure = inputs;
    this.#outputStructure = outputs as Nest<Tensor>;
    this.#inputs = symbolic(inputs, "inputs", this.name);
    this.#outputs = symbolic(this.#outputStructure, "outputs", this.name);
    this.#graph = traceGraph(this.#inputs, this.#outputs);
    this.built = true;
    if (options.trainable === false) this.trainable = false;
  }

  // What the graph says.

  override get listedLayers(): readonly Layer<unknown>[] {
    return this.layers;
  }
  override get operations(): readonly Operation[] {
    return this.#graph.operations;
  }
  override get levels(): readonly (readonly Node[])[] {
    return this.#graph.levels;
  }
  override get layers(): readonly Layer<unknown>[] {
    return this.operations.filter((operation): operation is Layer<unknown> => operation instanceof Layer);
  }
  override get sublayers(): readonly Layer<unknown>[] {
    return [...new Set([...this.layers, ...super.sublayers])];
  }
  /** Symbolic inputs, in the order of the data. */
  get inputs(): readonly Tensor[] {
    return this.#inputs;
  }
  get outputs(): readonly Tensor[] {
    return this.#outputs;
  }
  /** The same, in the structures that the model was made with. */
  get structure(): { readonly inputs: Nest<Tensor>; readonly outputs: Nest<Tensor> } {
    return { inputs: this.#inputStructure, outputs: this.#outputStructure };
  }
  get inputNames(): readonly string[] {
    return this.#inputs.map((tensor) => historyOf(tensor).operation.name);
  }
  override get outputNames(): readonly string[] {
    const names = this.#outputs.map((tensor) => historyOf(tensor).operation.name);
    // One layer may give several outputs.
    return names.map((name, i) =>
      names.indexOf(name) === i
        ? name
        : `${name}_${names.slice(0, i).filter((other) => other === name).length}`,
    );
  }
  /** Shapes with null for the batch. */
  get inputShape(): KerasShape | readonly KerasShape[] {
    return unpack(this.#inputs.map((tensor) => toKerasShape(tensor.shape)));
  }
  get outputShape(): KerasShape | readonly KerasShape[] {
    return unpack(this.#outputs.map((tensor) => toKerasShape(tensor.shape)));
  }

  // Calls.

  override call(inputs: Nest<Tensor>): Out {
    const values = this.bindInputs(inputs).map(({ value, name, type }) => this.checked(value, name, type));
    return this.run_(values) as Out;
  }

  override packInputs(inputs: readonly Tensor[]): Nest<Tensor> {
    return packNest(this.#inputStructure, inputs);
  }

  /**
   * Runs the graph on one value for each input. As in Keras, `training` given to the model, as fit and predict do, counts more than what
   * the call of a layer in the graph recorded.
   */
  private run_(inputs: readonly Tensor[]): Nest<Tensor> {
    const training = session.call()?.training;
    const values = new Map<Tensor, Tensor>(this.#inputs.map((tensor, i) => [tensor, inputs[i]]));
    for (const node of this.#graph.nodes) {
      if (node.isInput || node.outputs.every((output) => values.has(output))) continue;
      const { args, options } = node.fillIn(values);
      const overruled = training !== undefined && options.training !== undefined;
      const given = overruled ? { ...options, training } : options;
      const results = flatten(node.operation.run(args, given) as Nest<Tensor>);
      node.outputs.forEach((output, i) => values.set(output, results[i]));
    }
    return mapNest(this.#outputStructure, (tensor) => values.get(tensor) ?? tensor);
  }

  private checked(value: Tensor, name: string, type: BoundInput<Tensor>["type"]): Tensor {
    const fits =
      type === undefined ||
      (value.rank === type.shape.length &&
        type.shape.every(
          (dim, i) => typeof dim !== "number" || typeof value.shape[i] !== "number" || dim === value.shape[i],
        ));
    if (fits) return value;
    throw new ModelError("the input has another shape than the model wants", {
      where: `input "${name}" of "${this.name}"`,
      expected: printType(type),
      got: value.toString(),
    });
  }

  override bindInputs<T>(x: Nest<T>): readonly BoundInput<T>[] {
    const values = this.orderInputs(x);
    if (values.length !== this.#inputs.length) {
      throw new ModelError("wrong number of inputs", {
        where: `model "${this.name}"`,
        expected: this.inputNames.join(", "),
        got: `${values.length}`,
      });
    }
    return this.#inputs.map(({ type }, i) => ({ name: this.inputNames[i], value: values[i], type }));
  }

  /** Data by name goes to the input of that name. */
  private orderInputs<T>(x: Nest<T>): T[] {
    if (x instanceof TensorMethods || !isNested(x) || Array.isArray(x)) return flatten(x);
    const entries = x as { readonly [name: string]: Nest<T> };
    const names =
      isNested(this.#inputStructure) && !Array.isArray(this.#inputStructure)
        ? Object.keys(this.#inputStructure).sort()
        : this.inputNames;
    const missing = names.find((name) => !(name in entries));
    if (missing !== undefined) {
      throw new ModelError("data for an input is missing", {
        where: `model "${this.name}"`,
        expected: names.join(", "),
        got: Object.keys(entries).join(", "),
      });
    }
    return names.flatMap((name) => flatten(entries[name]));
  }

  // Files.

  override getBuildConfig(): JsonObject {
    return { input_shape: null };
  }

  /** Layers with the nodes between them, as Keras writes them. Throws ModelError for models that begin inside of another. */
  override getConfig(): JsonObject {
    const stray = this.#inputs.find((tensor) => !(historyOf(tensor).operation instanceof InputLayer));
    if (stray !== undefined) {
      throw new ModelError("a model that begins at a tensor inside of another cannot be saved", {
        where: `model "${this.name}"`,
        hint: "Begin at keras.Input",
      });
    }
    const nodes = new Set(this.#graph.nodes);
    const layers = this.operations.map((operation): Json => {
      const inbound = operation.inboundNodes.filter((node) => nodes.has(node) && !node.isInput);
      return {
        ...(operation instanceof FunctionOperation ? operation.serialize() : serializeObject(operation)),
        name: operation.name,
        inbound_nodes: inbound.map((node) => serializeNode(node, nodes)),
      };
    });
    const reference = (tensor: Tensor): Json =>
      tensorReference(tensor, nodes, historyOf(tensor).operation instanceof Functional ? 1 : 0);
    return {
      name: this.name,
      trainable: this.trainable,
      layers,
      input_layers: mapNest<Tensor, Json>(this.#inputStructure, reference) as Json,
      output_layers: mapNest<Tensor, Json>(this.#outputStructure, reference) as Json,
    };
  }
}

function symbolic(nest: Nest<Tensor>, what: string, model: string): readonly Tensor[] {
  const flat = flatten<unknown>(nest);
  const bad = flat.find((tensor) => !isSymbolic(tensor));
  if (flat.length === 0 || bad !== undefined) {
    throw new ModelError(`${what} must be symbolic tensors`, {
      where: `model "${model}"`,
      got: String(bad ?? "none"),
      hint: "Begin at keras.Input and call layers on it",
    });
  }
  return flat.filter(isSymbolic);
}

const unpack = (shapes: readonly KerasShape[]): KerasShape | readonly KerasShape[] =>
  shapes.length === 1 ? shapes[0] : shapes;
