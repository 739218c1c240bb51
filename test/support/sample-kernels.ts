// Random kernels, well-typed and in scope, to print and parse. They are not meant to be run: indices go anywhere.

import { addDims, type Dim, mulDims, symbol } from "../../ir/dim.ts";
import { type DType, dtypeNames, isFloat } from "../../ir/dtype.ts";
import {
  type Access,
  type Bind,
  type Buffer,
  bitcast,
  cast,
  constant,
  type Expr,
  extract,
  forLoop,
  type Kernel,
  load,
  makeBuffer,
  makeVar,
  read,
  type Space,
  type Stmt,
  scalar,
  splat,
  store,
  type Var,
} from "../../ir/kernel.ts";
import { type ScalarName, scalarNames, scalars, wrap } from "../../ir/scalar.ts";
import { makeRandom } from "./sample-graphs.ts";

interface Scope {
  readonly vars: Var[];
  readonly buffers: Buffer[];
}

const widths: readonly (readonly [DType, DType])[] = [
  ["f32", "i32"],
  ["u32", "f32"],
  ["f64", "i64"],
];
const names = ["i", "j", "x", "acc", "sum", "i_1", "select", "for", "a b", "f32"];

class KernelMaker {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = makeRandom(seed);
  }

  private below(count: number): number {
    return Math.floor(this.random() * count);
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  private lanes(): number {
    return this.pick([1, 1, 1, 4]);
  }

  private dim(): Dim {
    return this.pick([
      1,
      4,
      28,
      symbol("n"),
      mulDims(10, symbol("n")),
      addDims(mulDims(symbol("n"), symbol("n")), -2),
    ]);
  }

  private buffer(space: Space): Buffer {
    const shape = Array.from({ length: this.below(3) }, () => (space === "global" ? this.dim() : 8));
    const lanes = space === "register" ? this.lanes() : 1;
    return makeBuffer(this.pick(names), this.pick(dtypeNames), shape, space, lanes);
  }

  private index(buffer: Buffer, scope: Scope): Expr[] {
    return buffer.shape.map(() => this.expr("i32", 1, 1, scope));
  }

  private constant(dtype: DType, lanes: number): Expr {
    const floats = [0, -0, 1, 0.1, -2.5e-8, 1e30, Infinity, -Infinity, Number.NaN];
    const value = isFloat(dtype) ? this.pick(floats) : wrap(dtype, this.below(300) - 100);
    return constant(Object.is(value, -0) && !isFloat(dtype) ? 0 : value, dtype, lanes);
  }

  /** An expression of the given type. */
  expr(dtype: DType, lanes: number, depth: number, scope: Scope): Expr {
    const vars = scope.vars.filter((v) => v.dtype === dtype && v.lanes === lanes);
    const buffers = scope.buffers.filter(
      (b) => b.dtype === dtype && (b.lanes === lanes || (b.lanes === 1 && b.shape.length > 0)),
    );
    const deeper = (type: DType, width = lanes): Expr => this.expr(type, width, depth - 1, scope);
    if (vars.length > 0 && this.random() < 0.4) return read(this.pick(vars));
    if (depth <= 0) return this.constant(dtype, lanes);
    switch (this.below(8)) {
      case 0:
        return this.constant(dtype, lanes);
      case 1: {
        if (buffers.length === 0) return this.constant(dtype, lanes);
        const buffer = this.pick(buffers);
        return load(buffer, this.index(buffer, scope), lanes);
      }
      case 2:
        return cast(deeper(this.pick(dtypeNames)), dtype);
      case 3: {
        const pair = widths.find((types) => types.includes(dtype));
        return pair === undefined
          ? this.constant(dtype, lanes)
          : bitcast(deeper(pair[pair[0] === dtype ? 1 : 0]), dtype);
      }
      case 4:
        return lanes === 1 ? extract(deeper(dtype, 4), this.below(4)) : splat(deeper(dtype, 1), lanes);
      case 5:
        return scalar("select", deeper("bool"), deeper(dtype), deeper(dtype));
      default:
        return this.operation(dtype, deeper);
    }
  }

  private operation(dtype: DType, deeper: (type: DType) => Expr): Expr {
    const suits = (name: ScalarName): boolean =>
      scalars[name].result === (dtype === "bool" ? "bool" : "same");
    const name = this.pick(scalarNames.filter(suits));
    const of = dtype === "bool" ? this.pick(dtypeNames) : dtype;
    const first = deeper(of);
    // Sometimes one object twice.
    const second = this.random() < 0.3 ? first : deeper(of);
    return scalar(name, ...[first, second, deeper(of)].slice(0, scalars[name].arity));
  }

  body(depth: number, outer: Scope): Stmt[] {
    const scope: Scope = { vars: [...outer.vars], buffers: [...outer.buffers] };
    return Array.from({ length: 1 + this.below(4) }, () => this.stmt(depth, scope));
  }

  private stmt(depth: number, scope: Scope): Stmt {
    const choice = depth > 0 ? this.below(6) : 2 + this.below(4);
    if (choice === 0) {
      const variable = makeVar(this.pick(names));
      const binds: Bind[] = ["serial", "unroll", "vector", "grid.y", "thread.x"];
      const inner: Scope = { ...scope, vars: [...scope.vars, variable] };
      return forLoop(variable, this.expr("i32", 1, 2, scope), this.body(depth - 1, inner), this.pick(binds));
    }
    if (choice === 1) {
      const [then, otherwise] = [
        this.body(depth - 1, scope),
        this.random() < 0.5 ? this.body(depth - 1, scope) : [],
      ];
      return { kind: "if", cond: this.expr("bool", 1, 2, scope), then, otherwise };
    }
    if (choice === 2) {
      const value = this.expr(this.pick(dtypeNames), this.lanes(), 3, scope);
      const variable = makeVar(this.pick(names), value.dtype, value.lanes);
      scope.vars.push(variable);
      return { kind: "let", var: variable, value };
    }
    if (choice === 3) {
      const buffer = this.buffer(this.pick(["shared", "local", "register"]));
      scope.buffers.push(buffer);
      return { kind: "alloc", buffer };
    }
    if (choice === 4 || scope.buffers.length === 0) return { kind: "barrier" };
    const buffer = this.pick(scope.buffers);
    const lanes = buffer.lanes > 1 ? buffer.lanes : buffer.shape.length > 0 ? this.lanes() : 1;
    return store(buffer, this.index(buffer, scope), this.expr(buffer.dtype, lanes, 4, scope));
  }

  kernel(): Kernel {
    const dims = [{ symbol: "n", var: makeVar(this.pick(["n", "size"])) }];
    const access: Access[] = ["read", "write", "readwrite"];
    const params = Array.from({ length: this.below(4) }, () => ({
      buffer: this.buffer("global"),
      access: this.pick(access),
    }));
    const scope: Scope = { vars: dims.map((dim) => dim.var), buffers: params.map(({ buffer }) => buffer) };
    return { name: this.pick(["k", "conv 2d", "for"]), params, dims, body: this.body(3, scope) };
  }
}

export const randomKernel = (seed: number): Kernel => new KernelMaker(seed).kernel();
