/**
 * Configurations in the layouts before the `.keras` file, into that of Keras 3: what `Reader` reads. Three generations wrote them: Keras 1 (a list of
 * layers for a sequential model, options of other names), Keras 2 and tf.keras (nodes as lists of references), and Keras 3 when it writes
 * `.h5` (its own nodes, but objects without modules).
 */
import { ModelError } from "../../../../ir/errors.ts";
import { isPlainObject, type Json, type JsonObject } from "../../options.ts";
import { upgradeLayer } from "./layer-options.ts";

const modelClasses: readonly string[] = ["Sequential", "Functional", "Model"];

/** A model as Keras 3 writes it. `version` is the first number of Keras's. Throws ModelError for what cannot be understood. */
export function upgradeModel(given: Json, version: number): JsonObject {
  const { class_name: className, config } = requireObject(given, "a model");
  if (className === "Sequential") return upgradeSequential(config, version);
  if (className === "Functional" || className === "Model")
    return upgradeFunctional(requireObject(config, "a model"), version);
  // A class of the user: its own fromConfig knows its configuration.
  return requireObject(given, "a model");
}

function upgradeSequential(config: Json, version: number): JsonObject {
  // Keras 1, and Keras 2 up to 2.2.2, wrote the list of layers alone.
  const { layers, ...rest }: JsonObject = Array.isArray(config)
    ? { layers: config as Json }
    : requireObject(config, "a model");
  const upgraded = requireList(layers, "the layers of a model").map((layer) => upgradeObject(layer, version));
  const [first] = requireList(layers, "the layers of a model");
  const input = isPlainObject(first) ? inputShape(first as JsonObject) : undefined;
  const isInput = isPlainObject(first) && first.class_name === "InputLayer";
  const inputs: Json[] =
    input === undefined || isInput
      ? []
      : [{ class_name: "InputLayer", config: { batch_shape: input.shape, dtype: input.dtype } }];
  return { class_name: "Sequential", config: { ...rest, layers: [...inputs, ...upgraded] } };
}

/** What the first layer says of the input: Keras 1 and 2 had it there. */
function inputShape({ class_name: name, config }: JsonObject): { shape: Json; dtype: Json } | undefined {
  if (!isPlainObject(config)) return undefined;
  const { batch_input_shape: shape, dtype, input_dtype: older, layer } = config as JsonObject;
  if (shape === undefined || shape === null)
    return isPlainObject(layer) ? inputShape(layer as JsonObject) : undefined;
  const given = older ?? dtype;
  return { shape, dtype: name === "Embedding" ? "int32" : typeof given === "string" ? given : "float32" };
}

function upgradeFunctional(config: JsonObject, version: number): JsonObject {
  const layers = requireList(config.layers, "the layers of a model").map((layer) =>
    requireObject(layer, "a layer"),
  );
  const nested = new Map(layers.map((layer) => [layer.name, String(layer.class_name)]));
  const upgraded = layers.map((layer): JsonObject => {
    const { name = null, inbound_nodes: nodes = [] } = layer;
    const inbound = requireList(nodes, "nodes").map((node) => upgradeNode(node, nested));
    return { ...upgradeObject(layer, version), name, inbound_nodes: inbound };
  });
  return {
    class_name: "Functional",
    config: {
      ...config,
      layers: upgraded,
      input_layers: version < 3 ? upgradeEnds(config.input_layers, nested) : (config.input_layers ?? []),
      output_layers: version < 3 ? upgradeEnds(config.output_layers, nested) : (config.output_layers ?? []),
    },
  };
}

/** A layer, also one inside of another. */
export function upgradeObject(given: Json, version: number): JsonObject {
  const object = requireObject(given, "a layer");
  const { class_name: className } = object;
  // Objects with a module are those of Keras 3, whole.
  if (typeof className !== "string" || "module" in object) return object;
  if (modelClasses.includes(className)) return upgradeModel(object, version);
  const config = requireObject(object.config ?? {}, `the options of ${className}`);
  if (className === "InputLayer") return { class_name: className, config: upgradeInput(config) };
  if (isFunction(config, version)) return { ...object, module: "keras.src.ops.numpy" };
  const upgraded = upgradeLayer({ className, config }, version);
  const inner = Object.entries(upgraded.config).map(([key, value]): [string, Json] => [
    key,
    isInnerLayer(key, value) ? upgradeObject(value, version) : value,
  ]);
  return { class_name: upgraded.className, config: Object.fromEntries(inner) };
}

/** Functions of `keras.ops` have a name and their parameters; layers say besides whether they are trained. */
const isFunction = (config: JsonObject, version: number): boolean =>
  version >= 3 && !("trainable" in config) && !("dtype" in config);

const isInnerLayer = (key: string, value: Json): boolean =>
  /^(layer|cell|backward_layer)$/.test(key) && isPlainObject(value) && "class_name" in value;

function upgradeInput({ batch_input_shape: old, input_dtype: dtype, ...config }: JsonObject): JsonObject {
  return {
    ...config,
    ...(old === undefined ? {} : { batch_shape: old }),
    ...(dtype === undefined ? {} : { dtype }),
  };
}

/** A call: Keras 3 writes arguments, the others a list of [layer, node, output, options]. */
function upgradeNode(node: Json, nested: ReadonlyMap<Json | undefined, string>): Json {
  if (isPlainObject(node)) return node as JsonObject;
  const references = requireList(node, "a node").map((item) => requireList(item, "a reference"));
  const tensors = references.map((item) => tensorOf(item, nested));
  const options = references.find((item) => isPlainObject(item[3]) && Object.keys(item[3]).length > 0)?.[3];
  const kwargs = Object.entries(isPlainObject(options) ? (options as JsonObject) : {}).map(
    ([key, value]): [string, Json] => [
      key,
      isReference(value) ? tensorOf(value as readonly Json[], nested) : value,
    ],
  );
  return { args: [tensors.length === 1 ? tensors[0] : tensors], kwargs: Object.fromEntries(kwargs) };
}

const isReference = (value: Json): boolean =>
  Array.isArray(value) &&
  value.length >= 3 &&
  typeof value[0] === "string" &&
  typeof value[1] === "number" &&
  typeof value[2] === "number";

function tensorOf(reference: readonly Json[], nested: ReadonlyMap<Json | undefined, string>): Json {
  const [name, node, output, value] = reference;
  if (name === "_CONSTANT_VALUE") return value === undefined ? (output ?? null) : (output ?? value);
  if (typeof name !== "string" || typeof node !== "number")
    throw new ModelError("not a reference to a call", { got: JSON.stringify(reference).slice(0, 100) });
  // Models counted their own making as their first call.
  const inside = modelClasses.includes(nested.get(name) ?? "") ? 1 : 0;
  return { class_name: "__keras_tensor__", config: { keras_history: [name, node - inside, output] } };
}

/** References to the ends of the graph: Keras 1 and 2 wrote a list of them also where there is one. */
function upgradeEnds(ends: Json | undefined, nested: ReadonlyMap<Json | undefined, string>): Json {
  if (!Array.isArray(ends)) return ends ?? [];
  if (isReference(ends)) return endOf(ends, nested);
  const all = ends.map((item: Json) => (isReference(item) ? endOf(item as readonly Json[], nested) : item));
  return all.length === 1 ? all[0] : all;
}

/** `Reader` takes the imaginary call off functional models only. */
function endOf(reference: readonly Json[], nested: ReadonlyMap<Json | undefined, string>): Json {
  const [name, node, output] = reference;
  const sequential = nested.get(name) === "Sequential" && typeof node === "number" && node > 0;
  return [name, sequential ? node - 1 : node, output];
}

function requireObject(value: Json | undefined, what: string): JsonObject {
  if (isPlainObject(value)) return value as JsonObject;
  throw new ModelError("The provided configuration is not a valid Keras configuration", {
    expected: `an object that describes ${what}`,
    got: `Received: config=${JSON.stringify(value)?.slice(0, 100)}`,
  });
}

function requireList(value: Json | undefined, what: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw new ModelError("The provided configuration is not a valid Keras configuration", {
    expected: `a list: ${what}`,
    got: `Received: config=${JSON.stringify(value)?.slice(0, 100)}`,
  });
}
