/**
 * Reading models. A file is data: its names are looked up in tables of known layers and in what the user registered, and nothing in it is run.
 */
import { ModelError } from "../../../ir/errors.ts";
import { isHdf5, readHdf5 } from "../../formats/hdf5.ts";
import { parseJson } from "../../formats/json.ts";
import { readKeras } from "../../formats/keras-archive.ts";
import { type LegacyWeights, readLegacy } from "../../formats/legacy-h5.ts";
import type { Tensor } from "../../tensor.ts";
import type { FromOptions } from "../config.ts";
import type { Operation } from "../functional/node.ts";
import { deserializeArgument, findTensor, NotYetCalled } from "../functional/serialize-node.ts";
import { FunctionOperation, operationOfClass, symbolicEngine } from "../functional/symbolic.ts";
import { layerClasses } from "../layers/class-table.ts";
import { Layer } from "../layers/layer.ts";
import { Functional } from "../models/functional.ts";
import { Model } from "../models/model.ts";
import { Sequential } from "../models/sequential.ts";
import type { Nest } from "../nest.ts";
import { isPlainObject, type Json, type JsonObject, toCamel } from "../options.ts";
import { session } from "../session.ts";
import type { ShapeNest } from "../shapes.ts";
import { readFile } from "./files.ts";
import { modelFromLegacy } from "./legacy/read-model.ts";
import { applyWeights } from "./weights.ts";

export interface LoadOptions {
  /** Classes and functions by the names that the file uses, beside those that were registered. */
  readonly customObjects?: { readonly [name: string]: unknown };
  /** Compiles the model as it was when it was saved; default true. */
  readonly compile?: boolean;
}

/** Reads a `.keras` file, or an `.h5` file of Keras 1 to 3. Rejects with ModelError for damaged files and for layers that are not known. */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  return modelFromBytes(await readFile(path), options, path);
}

/** The model in the bytes of a `.keras` or `.h5` file: what works in browsers too. */
export async function modelFromBytes(
  bytes: Uint8Array,
  options: LoadOptions = {},
  file = "model file",
): Promise<Model> {
  if (isHdf5(bytes)) {
    const saved = readLegacy(readHdf5(bytes, { file }), file);
    const make = (config: Json): Model =>
      session.withWeightsOfFile(weightCount(saved), () => modelFromConfig(config, options));
    return modelFromLegacy(saved, file, make, options.compile !== false);
  }
  const archive = await readKeras(bytes, file);
  const stored = [...archive.weights.arrays.values()].reduce((sum, { data }) => sum + data.length, 0);
  const model = session.withWeightsOfFile(stored, () => modelFromConfig(archive.config, options));
  applyWeights(model, archive.weights, file);
  return model;
}

const weightCount = ({ layers, topLevel }: LegacyWeights): number =>
  [...layers.flatMap(({ weights }) => weights), ...topLevel].reduce(
    (sum, { array }) => sum + array.data.length,
    0,
  );

/** A model with fresh weights from the text of `model.toJson()`. */
export function modelFromJson(text: string, options: LoadOptions = {}): Model {
  return modelFromConfig(parseJson(text, "model JSON", { pythonFloats: true }), options);
}

function modelFromConfig(config: Json, options: LoadOptions): Model {
  const model = session.withCustomObjects(options.customObjects ?? {}, () =>
    new Reader(options).operation(config),
  );
  if (model instanceof Model) return model as Model;
  throw new ModelError("the file holds no model", {
    got: isPlainObject(config) ? String(config.class_name) : String(config),
  });
}

/** A layer, model or function of `keras.ops` from its configuration as Keras writes it. Throws ModelError for those that are not known. */
export const readObject = (config: JsonObject, options: LoadOptions = {}): Operation =>
  new Reader(options).operation(config);

/** What `fromConfig` of a layer with layers inside gets, to make these. */
export interface LayerReader {
  layer(config: Json | undefined): Layer;
}

/** A layer from its configuration as Keras writes it: what `serializeKerasObject` gives. Throws ModelError for unknown layers. */
export const deserializeLayer = (config: JsonObject, options: LoadOptions = {}): Layer =>
  new Reader(options).layer(config);

type LayerClass = FromOptions<Layer<unknown>> & {
  fromConfig?(config: JsonObject, reader: LayerReader): Layer<unknown>;
};

class Reader implements LayerReader {
  private readonly options: LoadOptions;
  private readonly classes = layerClasses();

  constructor(options: LoadOptions) {
    this.options = options;
  }

  layer(config: Json | undefined): Layer {
    const operation = this.operation(config);
    if (operation instanceof Layer) return operation as Layer;
    throw new ModelError("not a layer", { got: operation.name });
  }

  /** A layer or a function of `keras.ops`, from its configuration. */
  operation(given: Json | undefined): Operation {
    const {
      class_name: name,
      config,
      registered_name: registered,
      module,
      build_config: build,
      compile_config: compile,
    } = requireObject(given);
    if (typeof name !== "string")
      throw new ModelError("a layer without a class", { got: JSON.stringify(given).slice(0, 100) });
    const inner = requireObject(config ?? {});
    if (typeof module === "string" && module.startsWith("keras.src.ops.")) return readFunction(name, inner);
    const made = this.make(name, typeof registered === "string" ? registered : undefined, inner);
    if (isPlainObject(build)) made.buildFromConfig(build as JsonObject);
    if (
      made instanceof Model &&
      isPlainObject(compile) &&
      "optimizer" in compile &&
      this.options.compile !== false
    )
      made.compile(readCompile(compile as JsonObject));
    return made;
  }

  private make(name: string, registered: string | undefined, config: JsonObject): Layer<unknown> {
    const custom = this.custom(registered ?? name) ?? this.custom(name);
    if (custom !== undefined) return fromClass(custom, config, this);
    if (name === "Sequential") return this.sequential(config);
    if (name === "Functional" || (name === "Model" && "layers" in config)) return this.functional(config);
    const found = Object.hasOwn(this.classes, name) ? this.classes[name] : undefined;
    if (found !== undefined) return fromClass(found, config, this);
    throw unknownLayer(name, registered);
  }

  private custom(name: string): LayerClass | undefined {
    const found = session.customObject(name);
    return typeof found === "function" ? (found as LayerClass) : undefined;
  }

  private sequential({ layers, name, trainable, build_input_shape: shape }: JsonObject): Sequential {
    const model = new Sequential(
      requireList(layers).map((layer) => this.layer(layer)),
      { name: textOr(name), trainable: trainable !== false },
    );
    if (!model.built && Array.isArray(shape)) model.build(shape as ShapeNest);
    return model;
  }

  private functional({
    layers,
    name,
    trainable,
    input_layers: inputs,
    output_layers: outputs,
  }: JsonObject): Functional {
    const operations = new Map<string, Operation>();
    const waiting: { operation: Operation; nodes: readonly Json[] }[] = [];
    for (const item of requireList(layers)) {
      const { name: own, inbound_nodes: nodes, ...config } = requireObject(item);
      const operation = this.operation(config);
      operations.set(typeof own === "string" ? own : operation.name, operation);
      waiting.push({ operation, nodes: requireList(nodes ?? []) });
    }
    connect(waiting, operations);
    // Keras counts an imaginary first call for models inside of models.
    const tensor = (reference: Json): Tensor => endTensor(reference, operations);
    return new Functional<unknown>(
      mapReferences(inputs ?? [], tensor),
      mapReferences(outputs ?? [], tensor),
      { name: textOr(name), trainable: trainable !== false },
    ) as Functional;
  }
}

/** Calls operations on each other, in the order in which their arguments become known. */
function connect(
  waiting: readonly { operation: Operation; nodes: readonly Json[] }[],
  operations: ReadonlyMap<string, Operation>,
): void {
  const queues = waiting
    .map(({ operation, nodes }) => ({ operation, nodes: [...nodes] }))
    .filter(({ nodes }) => nodes.length > 0);
  for (let left = queues.length; left > 0; ) {
    let progress = false;
    for (const { operation, nodes } of queues)
      while (nodes.length > 0 && tryCall(operation, nodes[0], operations))
        progress = nodes.shift() !== undefined;
    left = queues.filter(({ nodes }) => nodes.length > 0).length;
    if (left > 0 && !progress) {
      throw new ModelError("the graph of the model has a loop or a missing call", {
        got: queues
          .filter(({ nodes }) => nodes.length > 0)
          .map(({ operation }) => operation.name)
          .join(", "),
      });
    }
  }
}

/** Makes one call; false where its arguments are not known yet. */
function tryCall(operation: Operation, node: Json, operations: ReadonlyMap<string, Operation>): boolean {
  const { args = [], kwargs = {} } = requireObject(node);
  try {
    const values = requireList(args).map((arg) => deserializeArgument(arg, operations));
    const options = Object.fromEntries(
      Object.entries(requireObject(kwargs)).map(([key, value]) => [
        toCamel(key),
        deserializeArgument(value, operations),
      ]),
    );
    if (operation instanceof FunctionOperation)
      operation.call([...values, ...Object.values(options)], symbolicEngine);
    else operation.run(values, options);
    return true;
  } catch (error) {
    if (error instanceof NotYetCalled) return false;
    throw error;
  }
}

/** An input or output of a model. */
function endTensor(reference: Json, operations: ReadonlyMap<string, Operation>): Tensor {
  try {
    return findTensor(reference, operations, isNestedModel(reference, operations) ? 1 : 0);
  } catch (error) {
    if (!(error instanceof NotYetCalled)) throw error;
    throw new ModelError("the graph refers to a call that there is not", { got: JSON.stringify(reference) });
  }
}

function isNestedModel(reference: Json, operations: ReadonlyMap<string, Operation>): boolean {
  const name = Array.isArray(reference) ? (reference as readonly Json[])[0] : undefined;
  return typeof name === "string" && operations.get(name) instanceof Functional;
}

/** References in a structure: [name, node, output] is a leaf. */
function mapReferences(value: Json, tensor: (reference: Json) => Tensor): Nest<Tensor> {
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    return items.length === 3 && typeof items[0] === "string" && typeof items[1] === "number"
      ? tensor(items)
      : items.map((item) => mapReferences(item, tensor));
  }
  return Object.fromEntries(
    Object.entries(requireObject(value)).map(([key, item]) => [key, mapReferences(item, tensor)]),
  );
}

function readFunction(className: string, { name, ...config }: JsonObject): FunctionOperation {
  const info = operationOfClass(className);
  if (info === undefined)
    throw new ModelError("this operation is not available", { got: `keras.ops, ${className}` });
  const parameters = Object.fromEntries(Object.entries(config).map(([key, value]) => [toCamel(key), value]));
  return new FunctionOperation(info, parameters, textOr(name) ?? undefined);
}

function fromClass(found: LayerClass, config: JsonObject, reader: LayerReader): Layer<unknown> {
  return typeof found.fromConfig === "function" ? found.fromConfig(config, reader) : new found(config);
}

function readCompile(config: JsonObject): JsonObject {
  // What is not known here has no meaning here: other versions of Keras write more.
  const known = ["optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly"];
  return Object.fromEntries(
    Object.entries(config).filter(([key, value]) => known.includes(key) && value !== null),
  );
}

function unknownLayer(name: string, registered: string | undefined): ModelError {
  return new ModelError("unknown layer", {
    got: registered === undefined ? name : `${name} (registered as "${registered}")`,
    hint: "Register your own with keras.saving.registerKerasSerializable, or pass it in customObjects",
  });
}

function requireObject(value: Json | undefined): JsonObject {
  if (isPlainObject(value)) return value as JsonObject;
  throw new ModelError("bad model configuration", {
    expected: "an object",
    got: JSON.stringify(value)?.slice(0, 100),
  });
}

function requireList(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw new ModelError("bad model configuration", {
    expected: "a list",
    got: JSON.stringify(value)?.slice(0, 100),
  });
}

const textOr = (value: Json | undefined): string | null => (typeof value === "string" ? value : null);
