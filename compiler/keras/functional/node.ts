/**
 * The graph of a functional model: operations (layers and functions of `keras.ops`) called on symbolic tensors. Each call is a node; a
 * symbolic tensor knows the node it comes from.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { TensorType } from "../../../ir/type.ts";
import { type Engine, Tensor, TensorMethods } from "../../tensor.ts";
import { flatten, isNested, mapNest, type Nest, packNest } from "../nest.ts";
import type { JsonObject, PlainObject } from "../options.ts";

/** What a node calls. */
export interface Operation {
  readonly name: string;
  /** The nodes that call it, in order. */
  readonly inboundNodes: Node[];
  getConfig(): JsonObject;
  /** Applies it to values in place of the symbolic tensors of a node. */
  run(args: readonly unknown[], options: PlainObject): unknown;
}

/** Where a symbolic tensor comes from: output number `tensorIndex` of call number `nodeIndex` of `operation`. */
export class History {
  readonly operation: Operation;
  readonly nodeIndex: number;
  readonly tensorIndex: number;

  constructor(operation: Operation, nodeIndex: number, tensorIndex: number) {
    this.operation = operation;
    this.nodeIndex = nodeIndex;
    this.tensorIndex = tensorIndex;
  }

  get node(): Node {
    return this.operation.inboundNodes[this.nodeIndex];
  }
}

/** One call of an operation. */
export class Node {
  readonly operation: Operation;
  /** Arguments, with symbolic tensors anywhere in them. */
  readonly args: readonly unknown[];
  readonly options: PlainObject;
  /** The symbolic tensors among the arguments, in order. */
  readonly inputs: readonly Tensor[];
  /** The symbolic results, in order, and their structure. */
  readonly outputs: readonly Tensor[];
  readonly result: Nest<Tensor>;

  /** Records the call: makes symbolic results of the given types and adds itself to the operation's nodes. */
  constructor(
    operation: Operation,
    args: readonly unknown[],
    options: PlainObject,
    types: Nest<TensorType>,
    engine: Engine,
  ) {
    this.operation = operation;
    this.args = args;
    this.options = options;
    this.inputs = symbolicIn([args, options]);
    const nodeIndex = operation.inboundNodes.length;
    const flat = flattenTypes(types);
    this.outputs = flat.map((type, i) => new Tensor(type, engine, new History(operation, nodeIndex, i)));
    this.result = packTypes(types, this.outputs);
    operation.inboundNodes.push(this);
  }

  get isInput(): boolean {
    return this.inputs.length === 0;
  }

  /** The nodes that make the inputs. */
  get parents(): readonly Node[] {
    return this.inputs.map((tensor) => historyOf(tensor).node);
  }

  /** The arguments and options with values in place of symbolic tensors. */
  fillIn(values: ReadonlyMap<Tensor, unknown>): {
    readonly args: readonly unknown[];
    readonly options: PlainObject;
  } {
    const fill = (value: unknown): unknown => substitute(value, values);
    return {
      args: this.args.map(fill),
      options: Object.fromEntries(Object.entries(this.options).map(([key, value]) => [key, fill(value)])),
    };
  }
}

const isType = (value: unknown): value is TensorType =>
  typeof value === "object" &&
  value !== null &&
  "dtype" in value &&
  "shape" in value &&
  !Array.isArray(value);

function flattenTypes(types: Nest<TensorType>): TensorType[] {
  if (isType(types)) return [types];
  return Array.isArray(types)
    ? types.flatMap(flattenTypes)
    : Object.keys(types)
        .sort()
        .flatMap((key) => flattenTypes((types as { readonly [key: string]: Nest<TensorType> })[key]));
}

function packTypes(types: Nest<TensorType>, tensors: readonly Tensor[]): Nest<Tensor> {
  if (isType(types)) return tensors[0];
  const names = (nest: Nest<TensorType>): Nest<string> =>
    isType(nest)
      ? ""
      : Array.isArray(nest)
        ? nest.map(names)
        : Object.fromEntries(Object.entries(nest).map(([key, item]) => [key, names(item)]));
  return packNest(names(types), tensors);
}

function substitute(value: unknown, values: ReadonlyMap<Tensor, unknown>): unknown {
  if (value instanceof Tensor && isSymbolic(value)) {
    if (!values.has(value))
      throw new ModelError("a tensor of the graph was not computed", { got: value.toString() });
    return values.get(value);
  }
  return isNested(value) ? mapNest<unknown, unknown>(value, (item) => substitute(item, values)) : value;
}

export const isSymbolic = (value: unknown): value is Tensor =>
  value instanceof Tensor && value.engine.kind === "symbolic";

/** The symbolic tensors in a structure, in order. */
export function symbolicIn(value: unknown): Tensor[] {
  if (isSymbolic(value)) return [value];
  if (value instanceof TensorMethods || !isNested(value)) return [];
  return flatten<unknown>(value).filter(isSymbolic);
}

/** Where a symbolic tensor comes from; throws ModelError for other tensors. */
export function historyOf(tensor: Tensor): History {
  if (tensor.payload instanceof History) return tensor.payload;
  throw new ModelError("not a tensor of a functional model", {
    got: tensor.toString(),
    hint: "Start from keras.Input(shape)",
  });
}
