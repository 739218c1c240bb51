/**
 * From symbolic inputs and outputs to the nodes and operations between them, in the order in which Keras lists, saves and runs them: by depth,
 * which is the largest number of nodes up to an output; within a depth, by a depth-first walk from the outputs.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { historyOf, type Node, type Operation } from "./node.ts";

export interface Graph {
  /** All nodes, by falling depth: the order of computation. */
  readonly nodes: readonly Node[];
  /** The same in groups of one depth, by falling depth. */
  readonly levels: readonly (readonly Node[])[];
  /** Each operation once, in Keras's order. */
  readonly operations: readonly Operation[];
}

/** The graph between symbolic tensors. Throws ModelError where an output does not follow from the inputs, or where a name occurs twice. */
export function traceGraph(inputs: readonly Tensor[], outputs: readonly Tensor[]): Graph {
  const walk = walkBack(inputs, outputs);
  const { nodeDepths, operationDepths } = depths(walk.order);
  for (const input of inputs) {
    const { operation, node } = historyOf(input);
    if (operationDepths.has(operation) || !node.isInput) continue;
    operationDepths.set(operation, 0);
    walk.seen.set(operation, -1);
    nodeDepths.set(node, 0);
  }
  const levels = byDepth(nodeDepths);
  const seenAt = (operation: Operation): number => walk.seen.get(operation) ?? 0;
  const operations = byDepth(operationDepths).flatMap((group) =>
    [...group].sort((a, b) => seenAt(a) - seenAt(b)),
  );
  const nodes = levels.flat();
  checkConnected(inputs, nodes);
  checkNames(operations);
  return { nodes, levels, operations };
}

/** The inputs that a tensor follows from: where a model begins that ends in it, or goes on from it. */
export function sourceInputs(tensor: Tensor): readonly Tensor[] {
  return walkBack([], [tensor])
    .order.filter((node) => node.isInput)
    .flatMap((node) => node.outputs);
}

interface Walk {
  /** Each node after those it depends on. */
  readonly order: Node[];
  /** When each operation was first seen. */
  readonly seen: Map<Operation, number>;
}

function walkBack(inputs: readonly Tensor[], outputs: readonly Tensor[]): Walk {
  const [order, seen] = [[] as Node[], new Map<Operation, number>()];
  const done = new Set<Node>();
  const given = new Set(inputs);
  const visit = (tensor: Tensor): void => {
    const { operation, node } = historyOf(tensor);
    if (done.has(node)) return;
    done.add(node);
    // An input of the model that some layer made: what lies behind it is outside of the model.
    if (!node.isInput && given.has(tensor)) return;
    if (!seen.has(operation)) seen.set(operation, seen.size);
    for (const input of node.inputs) visit(input);
    order.push(node);
  };
  outputs.forEach(visit);
  return { order, seen };
}

function depths(order: readonly Node[]): {
  nodeDepths: Map<Node, number>;
  operationDepths: Map<Operation, number>;
} {
  const inGraph = new Set(order);
  const nodeDepths = new Map<Node, number>();
  const operationDepths = new Map<Operation, number>();
  for (const node of [...order].reverse()) {
    // An operation that is called several times is as deep as its deepest call.
    const depth = Math.max(nodeDepths.get(node) ?? 0, operationDepths.get(node.operation) ?? 0);
    nodeDepths.set(node, depth);
    operationDepths.set(node.operation, depth);
    for (const parent of node.parents) {
      if (inGraph.has(parent)) nodeDepths.set(parent, Math.max(depth + 1, nodeDepths.get(parent) ?? 0));
    }
  }
  return { nodeDepths, operationDepths };
}

function byDepth<T>(depthOf: ReadonlyMap<T, number>): T[][] {
  const groups = new Map<number, T[]>();
  for (const [item, depth] of depthOf) groups.set(depth, [...(groups.get(depth) ?? []), item]);
  return [...groups].sort(([a], [b]) => b - a).map(([, group]) => group);
}

function checkConnected(inputs: readonly Tensor[], nodes: readonly Node[]): void {
  const known = new Set(inputs);
  for (const node of nodes) {
    // An Input that is not among the inputs of the model gives nothing.
    if (node.isInput) continue;
    const missing = node.inputs.find((tensor) => !known.has(tensor));
    if (missing !== undefined) {
      throw new ModelError("the graph is disconnected", {
        where: `"${node.operation.name}"`,
        expected: "tensors that follow from the inputs",
        got: `the output ${missing} of "${historyOf(missing).operation.name}"`,
        hint: "List all inputs in Model(inputs, outputs)",
      });
    }
    for (const output of node.outputs) known.add(output);
  }
}

function checkNames(operations: readonly Operation[]): void {
  const names = new Set<string>();
  for (const { name } of operations) {
    if (names.has(name))
      throw new ModelError("names of layers must be unique in a model", { got: `"${name}" more than once` });
    names.add(name);
  }
}
