/**
 * The reference backend: every op by its own meaning, in plain loops. Slow, and the oracle of all others. Keras calls it `numpy`.
 */

import { Builder } from "../../ir/builder.ts";
import { ModelError } from "../../ir/errors.ts";
import { evaluateFunc, evaluateOp } from "../../ir/evaluate.ts";
import type { Attrs, Block, BlockArg, Func, Module } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { OpTable } from "../../ir/op.ts";
import type { Backend, Session } from "../backend.ts";
import { type Engine, Tensor } from "../tensor.ts";

class ReferenceEngine implements Engine {
  readonly kind = "eager";
  private readonly ops: OpTable;

  constructor(ops: OpTable) {
    this.ops = ops;
  }

  op(
    name: string,
    operands: readonly Tensor[],
    attrs: Attrs,
    regions: readonly Block[] = [],
  ): readonly Tensor[] {
    const args = operands.map((tensor): BlockArg => ({ kind: "arg", type: tensor.type }));
    const results = new Builder(this.ops).results(name, args, attrs, regions);
    const arrays = operands.map((tensor) => this.readSync(tensor));
    const values = evaluateOp(results[0].op, arrays, this.ops, new Map());
    return values.map((array) => this.constant(array));
  }

  constant(array: NDArray): Tensor {
    return new Tensor({ dtype: array.dtype, shape: array.shape }, this, array);
  }

  adopt(tensor: Tensor): Tensor {
    return this.constant(tensor.engine.readSync(tensor));
  }

  read(tensor: Tensor): Promise<NDArray> {
    return Promise.resolve(this.readSync(tensor));
  }

  readSync(tensor: Tensor): NDArray {
    return tensor.engine === this ? (tensor.payload as NDArray) : tensor.engine.readSync(tensor);
  }
}

class ReferenceSession implements Session {
  private readonly values: Map<string, NDArray>;
  private readonly module: Module;
  private readonly ops: OpTable;

  constructor(module: Module, values: ReadonlyMap<string, NDArray>, ops: OpTable) {
    this.module = module;
    this.values = new Map(values);
    this.ops = ops;
  }

  async call(name: string, inputs: readonly NDArray[]): Promise<readonly NDArray[]> {
    const func = this.module.funcs.find((candidate) => candidate.name === name);
    if (func === undefined) throw new ModelError("no such function", { got: name });
    const results = evaluateFunc(func, this.arguments(func, inputs), this.ops);
    const outputs: NDArray[] = [];
    func.results.forEach((role, i) => {
      if (role.kind === "output") outputs.push(results[i]);
      else this.values.set(role.path, results[i]);
    });
    return outputs;
  }

  private arguments(func: Func, inputs: readonly NDArray[]): NDArray[] {
    let next = 0;
    return func.args.map((role) => (role.kind === "input" ? inputs[next++] : this.value(role.path)));
  }

  private value(path: string): NDArray {
    const value = this.values.get(path);
    if (value === undefined) throw new ModelError("no value for a parameter", { where: path });
    return value;
  }

  async read(path: string): Promise<NDArray> {
    return this.value(path);
  }

  async write(path: string, value: NDArray): Promise<void> {
    this.values.set(path, value);
  }
}

/** A backend that evaluates. */
export const referenceBackend = (ops: OpTable): Backend => ({
  name: "reference",
  eager: new ReferenceEngine(ops),
  load: async (module, values) => new ReferenceSession(module, values, ops),
});
