/**
 * Nodes of a functional graph in Keras's files: the arguments of the call, with each symbolic tensor as a reference to the call it comes from.
 */
import { dtypes } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { Tensor } from "../../tensor.ts";
import { serializeMaybe } from "../config.ts";
import { isNested } from "../nest.ts";
import { isPlainObject, type Json, type JsonObject, toSnake } from "../options.ts";
import { toKerasShape } from "../shapes.ts";
import { historyOf, isSymbolic, type Node, type Operation } from "./node.ts";

/** A call as a file holds it. `nodes` are those of the model: references count only them. */
export function serializeNode(node: Node, nodes: ReadonlySet<Node>): JsonObject {
  const write = (value: unknown): Json => serializeArgument(value, nodes);
  return {
    args: node.args.map(write),
    kwargs: Object.fromEntries(
      Object.entries(node.options).map(([key, value]) => [toSnake(key), write(value)]),
    ),
  };
}

/** [operation, node, output]: the node by its number among those of the model, plus `offset`. */
export function tensorReference(tensor: Tensor, nodes: ReadonlySet<Node>, offset = 0): Json {
  const { operation, nodeIndex, tensorIndex } = historyOf(tensor);
  const before = operation.inboundNodes.slice(0, nodeIndex).filter((node) => nodes.has(node)).length;
  return [operation.name, before + offset, tensorIndex];
}

function serializeArgument(value: unknown, nodes: ReadonlySet<Node>): Json {
  if (isSymbolic(value)) {
    const { dtype, shape } = value.type;
    const config = {
      shape: toKerasShape(shape),
      dtype: dtypes[dtype].keras,
      keras_history: tensorReference(value, nodes),
    };
    return { class_name: "__keras_tensor__", config };
  }
  if (value instanceof Tensor)
    throw new ModelError("a constant tensor in a functional model cannot be saved", {
      got: value.toString(),
      hint: "Use numbers, or a layer with a weight",
    });
  if (typeof value === "string") return serializeIndex(value);
  if (Array.isArray(value)) return value.map((item) => serializeArgument(item, nodes));
  if (isNested(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, serializeArgument(item, nodes)]),
    );
  return serializeMaybe(value);
}

/** Slices are text here, objects in files. */
function serializeIndex(text: string): Json {
  if (text === "...") return { class_name: "__ellipsis__", config: {} };
  if (!/^-?\d*:-?\d*(:-?\d*)?$/.test(text)) return text;
  const [start = null, stop = null, step = null] = text
    .split(":")
    .map((part) => (part === "" ? null : Number(part)));
  return { class_name: "__slice__", config: { start, stop, step } };
}

/** Arguments from a file, with tensors of the operations made so far; undefined where one of them was not called yet. */
export function deserializeArgument(
  value: Json | undefined,
  operations: ReadonlyMap<string, Operation>,
): unknown {
  if (Array.isArray(value)) return value.map((item: Json) => deserializeArgument(item, operations));
  if (!isPlainObject(value)) return value;
  const { class_name: name, config } = value;
  if (name === "__keras_tensor__" && isPlainObject(config))
    return findTensor(config.keras_history, operations);
  if (name === "__ellipsis__") return "...";
  if (name === "__slice__" && isPlainObject(config))
    return [config.start, config.stop, config.step]
      .map((part) => part ?? "")
      .join(":")
      .replace(/:$/, "");
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [
    key,
    deserializeArgument(item as Json, operations),
  ]);
  return Object.fromEntries(entries);
}

/** Says that a node refers to a call that was not made yet: it must wait. */
export class NotYetCalled extends Error {}

/** The tensor that [operation, node, output] refers to. Throws NotYetCalled, or ModelError where there is no such operation. */
export function findTensor(
  reference: unknown,
  operations: ReadonlyMap<string, Operation>,
  offset = 0,
): Tensor {
  const [name, node, output] = Array.isArray(reference) ? reference : [];
  const operation = typeof name === "string" ? operations.get(name) : undefined;
  if (operation === undefined || typeof node !== "number" || typeof output !== "number") {
    throw new ModelError("the graph refers to a layer that there is not", { got: JSON.stringify(reference) });
  }
  const tensor = operation.inboundNodes[node - offset]?.outputs[output];
  if (tensor === undefined) throw new NotYetCalled(name);
  return tensor;
}
