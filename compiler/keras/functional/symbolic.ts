/**
 * The engine of symbolic tensors: it computes nothing, it records. A function of `keras.ops` called on a symbolic tensor becomes a node of the
 * functional graph, under the name that Keras's files give it.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import type { TensorType } from "../../../ir/type.ts";
import { type Engine, Tensor } from "../../tensor.ts";
import { serializeMaybe } from "../config.ts";
import { flatten, mapNest, type Nest } from "../nest.ts";
import * as ops from "../ops/index.ts";
import { bindParameters, isOperation, type OperationInfo } from "../ops/operation.ts";
import { type JsonObject, type PlainObject, snakeClassName, toSnake } from "../options.ts";
import { session } from "../session.ts";
import { scratchTrace } from "../trace-scope.ts";
import { isSymbolic, Node, type Operation, symbolicIn } from "./node.ts";

/** A function of `keras.ops` with its parameters: what Keras calls an Operation that is no layer. */
export class FunctionOperation implements Operation {
  readonly name: string;
  readonly info: OperationInfo;
  readonly parameters: PlainObject;
  readonly inboundNodes: Node[] = [];

  constructor(info: OperationInfo, parameters: PlainObject, name?: string) {
    this.info = info;
    this.parameters = parameters;
    this.name = name ?? session.uniqueName(snakeClassName(info.className));
  }

  run(args: readonly unknown[], options: PlainObject): unknown {
    return this.info.apply(args, { ...this.parameters, ...options });
  }

  getConfig(): JsonObject {
    const entries = Object.entries(this.parameters).map(([key, value]) => [
      toSnake(key),
      serializeMaybe(value),
    ]);
    return { name: this.name, ...Object.fromEntries(entries) };
  }

  /** As model files hold it. */
  serialize(): JsonObject {
    const { module, className } = this.info;
    return { module, class_name: className, config: this.getConfig(), registered_name: className };
  }

  /** Records a call. */
  call(args: readonly unknown[], engine: Engine): Nest<Tensor> {
    return new Node(
      this,
      args,
      {},
      inferTypes(args, (filled) => this.run(filled, {})),
      engine,
    ).result;
  }
}

type Table = { readonly [name: string]: unknown };

/** The operations of `keras.ops` by name ("logSoftmax", "image.resize"); undefined where there is none. */
export function operationInfo(name: string): OperationInfo | undefined {
  let found: unknown = ops;
  for (const part of name.split(".")) {
    const table = found as Table;
    found = Object.hasOwn(table, part) ? table[part] : undefined;
    if (found === undefined) return undefined;
  }
  return isOperation(found) ? found.operation : undefined;
}

/** The operation that files call `className` ("LogSoftmax"); undefined where there is none. */
export function operationOfClass(className: string): OperationInfo | undefined {
  const tables: readonly Table[] = [ops, ops.image];
  return tables
    .flatMap((table) => Object.values(table))
    .filter(isOperation)
    .find(({ operation }) => operation.className === className)?.operation;
}

/** The types of what `body` makes of `args`, whose symbolic tensors it gets as tensors of a trace. */
export function inferTypes(
  args: readonly unknown[],
  body: (filled: readonly unknown[]) => unknown,
): Nest<TensorType> {
  const symbolic = [...new Set(symbolicIn(args))];
  return scratchTrace(
    symbolic.map((tensor) => tensor.type),
    (inputs) => {
      const values = new Map(symbolic.map((tensor, i) => [tensor, inputs[i]]));
      const filled = mapNest<unknown, unknown>(args, (arg) => (isSymbolic(arg) ? values.get(arg) : arg));
      return typesOf(body(filled as readonly unknown[]));
    },
  );
}

/** The types in a structure of tensors. */
export function typesOf(result: unknown): Nest<TensorType> {
  return mapNest<unknown, TensorType>(result as Nest<unknown>, (value) => {
    if (value instanceof Tensor) return { dtype: value.dtype, shape: value.shape };
    throw new ModelError("a call must return tensors", {
      got: String(value),
      hint: "Return a tensor, or a list or dictionary of them",
    });
  });
}

class SymbolicEngine implements Engine {
  readonly kind = "symbolic";

  composite(name: string, args: readonly unknown[]): unknown {
    const info = operationInfo(name);
    if (info === undefined) throw new ModelError("not an operation of keras.ops", { got: name });
    const operands = args.slice(0, info.operands);
    return new FunctionOperation(info, bindParameters(args.slice(info.operands), info.parameters)).call(
      operands,
      this,
    );
  }

  op(name: string): readonly Tensor[] {
    throw new ModelError("this cannot be part of a functional model", {
      got: name,
      hint: "Use functions of keras.ops, or write a Layer",
    });
  }

  constant(array: NDArray): Tensor {
    throw new ModelError("an array is no symbolic tensor", {
      got: `[${array.shape}]`,
      hint: "Put the symbolic operand first",
    });
  }

  adopt(tensor: Tensor): Tensor {
    throw new ModelError("a tensor with elements is no symbolic tensor", {
      got: tensor.toString(),
      hint: "Use functions of keras.ops",
    });
  }

  read(tensor: Tensor): Promise<NDArray> {
    return Promise.reject(this.noElements(tensor));
  }

  readSync(tensor: Tensor): NDArray {
    throw this.noElements(tensor);
  }

  private noElements(tensor: Tensor): ModelError {
    return new ModelError("a symbolic tensor has no elements", {
      got: tensor.toString(),
      hint: "Call the model on data instead",
    });
  }
}

/** The one engine of symbolic tensors; it has no state. */
export const symbolicEngine: Engine = new SymbolicEngine();

/** All tensors of a structure. */
export const flatTensors = (nest: Nest<Tensor>): Tensor[] => flatten(nest);
