/**
 * Tracing: runs user code on tensors that stand for graph values and keeps what it did as a Func (define-and-run). Variables the code
 * reads become parameters, eager tensors it meets become constants.
 */
import { Builder } from "../ir/builder.ts";
import type { Shape } from "../ir/dim.ts";
import type { DType } from "../ir/dtype.ts";
import { ModelError } from "../ir/errors.ts";
import type { ArgRole, Attrs, Block, BlockArg, Func, Module, ResultRole, Value } from "../ir/graph.ts";
import type { NDArray } from "../ir/ndarray.ts";
import type { OpTable } from "../ir/op.ts";
import type { TensorType } from "../ir/type.ts";
import { type Engine, Tensor } from "./tensor.ts";

export class Trace implements Engine {
  readonly kind = "trace";
  readonly builder: Builder;
  private readonly args: BlockArg[] = [];
  private readonly roles: ArgRole[] = [];
  private readonly byPath = new Map<string, Tensor>();
  /** What stands for values that a rewrite replaced. */
  private readonly replaced = new Map<Value, Value>();

  constructor(ops: OpTable) {
    this.builder = new Builder(ops);
  }

  /** A named input of the function. */
  input(name: string, dtype: DType, shape: Shape): Tensor {
    return this.argument({ dtype, shape }, { kind: "input", name });
  }

  /** The parameter or state at `path`; asked for twice, it is the same tensor. */
  variable(path: string, type: TensorType, kind: "param" | "state" = "param"): Tensor {
    const known = this.byPath.get(path);
    if (known !== undefined) return known;
    const tensor = this.argument(type, { kind, path });
    this.byPath.set(path, tensor);
    return tensor;
  }

  private argument(type: TensorType, role: ArgRole): Tensor {
    const arg: BlockArg = { kind: "arg", type, name: role.kind === "input" ? role.name : role.path };
    this.args.push(arg);
    this.roles.push(role);
    return this.wrap(arg);
  }

  /** A graph value of this trace as a tensor. */
  wrap(value: Value): Tensor {
    return new Tensor(value.type, this, value);
  }

  /** The graph value of a tensor of this trace. */
  value(tensor: Tensor): Value {
    if (tensor.engine !== this) return this.value(this.adopt(tensor));
    const value = tensor.payload as Value;
    return this.replaced.get(value) ?? value;
  }

  /**
   * Rewrites what was traced so far, before it is differentiated: the tensors in `keep` stand for their rewritten values from now on. Others stay
   * what they were, so that code may go on using them, at the price of computing them beside the rewritten ones.
   */
  rewrite(change: (module: Module) => Module, keep: readonly Tensor[]): void {
    const returns = keep.map((tensor) => this.value(tensor));
    const results = returns.map((_, i) => ({ kind: "output", name: `kept ${i}` }) as const);
    const traced = {
      name: "traced",
      body: this.builder.block(this.args, returns),
      args: this.roles,
      results,
    };
    const { body } = change({ funcs: [{ ...traced, body: { ...traced.body, ops: [...this.builder.ops] } }] })
      .funcs[0];
    const present = new Set(this.builder.ops);
    this.builder.ops.push(...body.ops.filter((op) => !present.has(op)));
    returns.forEach((value, i) => {
      if (value !== body.returns[i]) this.replaced.set(value, body.returns[i]);
    });
  }

  op(
    name: string,
    operands: readonly Tensor[],
    attrs: Attrs,
    regions: readonly Block[] = [],
  ): readonly Tensor[] {
    const values = operands.map((operand) => this.value(operand));
    return this.builder.results(name, values, attrs, regions).map((result) => this.wrap(result));
  }

  constant(array: NDArray): Tensor {
    return this.wrap(this.builder.constant(array));
  }

  adopt(tensor: Tensor): Tensor {
    if (tensor.engine === this) return tensor;
    if (tensor.engine.kind === "trace") {
      throw new ModelError("a tensor of one trace was used in another", {
        hint: "Make tensors inside the function that uses them, or keep them in a Variable",
      });
    }
    return this.constant(tensor.engine.readSync(tensor));
  }

  read(tensor: Tensor): Promise<NDArray> {
    return Promise.reject(this.noElements(tensor));
  }

  readSync(tensor: Tensor): NDArray {
    throw this.noElements(tensor);
  }

  private noElements(tensor: Tensor): ModelError {
    return new ModelError("a traced tensor has no elements yet", {
      got: String(tensor),
      hint: "Read values outside of call(), or use compile({ runEagerly: true })",
    });
  }

  /** Closes the trace into a function. */
  finish(name: string, results: readonly { readonly tensor: Tensor; readonly role: ResultRole }[]): Func {
    const returns = results.map(({ tensor }) => this.value(tensor));
    return {
      name,
      body: this.builder.block(this.args, returns),
      args: this.roles,
      results: results.map(({ role }) => role),
    };
  }
}
