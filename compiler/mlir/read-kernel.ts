/**
 * Loops over memory (scf, memref, arith, math, affine.apply) as statements of the kernel IR.
 */
import type { AffineExpr, AffineMap, Operation, Region, Value } from "mlir-js";
import type { Dim } from "../../ir/dim.ts";
import { Unsupported } from "../../ir/errors.ts";
import {
  add, type Buffer, type Expr, forLoop, int, load, makeBuffer, makeVar, mul, read, type Stmt, scalar, store, sub,
} from "../../ir/kernel.ts"; // biome-ignore format: one line
import { type Memory, type View, whole } from "./memory.ts";
import { dtypeOf, placeOf, readScalar, stored, unknown, withSign } from "./read-scalar.ts";

/** What the loops find outside of them. */
export interface Surroundings {
  /** The view of a memref defined outside, and the buffer of a view's memory. */
  view(value: Value): View | undefined;
  buffer(view: View): Buffer;
  /** A scalar defined outside. */
  scalar(value: Value): Expr;
  /** A dimension as an expression. */
  size(dim: Dim): Expr;
  /** A view that an operation makes of others; undefined where it makes none. */
  viewOf(op: Operation, view: (value: Value) => View, scalar: (value: Value) => Expr): View | undefined;
}

export class KernelReader {
  private readonly outside: Surroundings;
  private readonly scalars = new Map<Value, Expr>();
  private readonly views = new Map<Value, View>();
  private readonly locals = new Map<Memory, Buffer>();
  private stmts: Stmt[] = [];

  constructor(outside: Surroundings) {
    this.outside = outside;
  }

  /** The statements of one operation. */
  run(op: Operation): readonly Stmt[] {
    return this.collect(() => this.operation(op));
  }

  private collect(inside: () => void): readonly Stmt[] {
    const around = this.stmts;
    this.stmts = [];
    inside();
    const { stmts } = this;
    this.stmts = around;
    return stmts;
  }

  /** The value of a scalar. */
  scalar(value: Value): Expr {
    return this.scalars.get(value) ?? this.outside.scalar(value);
  }

  /** The view that a memref stands for. */
  view(value: Value): View {
    const view = this.views.get(value) ?? this.outside.view(value);
    if (view !== undefined) return view;
    const { owner } = value;
    throw "name" in owner ? unknown(owner) : new Unsupported("keratin", "memory of unknown origin");
  }

  private operation(op: Operation): void {
    switch (op.name) {
      case "scf.for":
        return this.for(op);
      case "scf.parallel":
        return this.parallel(op);
      case "scf.if":
        return this.if(op);
      case "memref.load":
        return this.name(op.result, withSign(load(...this.element(op.operands[0], op.operands.slice(1)))));
      case "memref.store": {
        const [value, memory, ...index] = op.operands;
        const [buffer, at] = this.element(memory, index);
        this.stmts.push(store(buffer, at, stored(this.scalar(value), buffer.dtype)));
        return;
      }
      case "memref.copy":
        return this.copy(this.view(op.operands[0]), this.view(op.operands[1]));
      case "memref.alloc":
      case "memref.alloca":
        return this.allocate(op);
      case "memref.dim":
        return void this.scalars.set(
          op.result,
          this.outside.size(this.view(op.operands[0]).shape[constantIndex(op)]),
        );
      case "affine.apply":
        return void this.scalars.set(op.result, this.apply(op));
      case "scf.reduce":
      case "scf.yield":
      case "memref.dealloc":
        return;
      default:
        return this.other(op);
    }
  }

  private other(op: Operation): void {
    const isScalar = /^(arith|math)\./.test(op.name);
    const value = isScalar
      ? readScalar(
          op,
          op.operands.map((operand) => this.scalar(operand)),
        )
      : undefined;
    if (value !== undefined) {
      // Integers are mostly indices, which later simplification sees through; the rest is computed once.
      if (value.kind === "const" || value.dtype === "i32") this.scalars.set(op.result, value);
      else this.name(op.result, value);
      return;
    }
    const view = this.outside.viewOf(
      op,
      (v) => this.view(v),
      (v) => this.scalar(v),
    );
    if (view === undefined) throw unknown(op);
    this.views.set(op.result, view);
  }

  /** Memory of one iteration. */
  private allocate(op: Operation): void {
    const { shape, element } = op.result.type;
    if (op.operands.length > 0)
      throw new Unsupported("keratin", "an allocation of open size inside a loop", { where: placeOf(op) });
    const memory: Memory = { name: "cell", dtype: dtypeOf(element, op), shape };
    const buffer = makeBuffer(memory.name, memory.dtype, shape, shape.length === 0 ? "register" : "local");
    this.locals.set(memory, buffer);
    this.stmts.push({ kind: "alloc", buffer });
    this.views.set(op.result, whole(memory));
  }

  private bufferOf(view: View): Buffer {
    return this.locals.get(view.memory) ?? this.outside.buffer(view);
  }

  private name(value: Value, expr: Expr): void {
    const variable = makeVar("v", expr.dtype);
    this.stmts.push({ kind: "let", var: variable, value: expr });
    this.scalars.set(value, read(variable));
  }

  private element(memory: Value, index: readonly Value[]): [Buffer, readonly Expr[]] {
    const view = this.view(memory);
    return [this.bufferOf(view), view.index(index.map((at) => this.scalar(at)))];
  }

  /** The statements that copy one view to another. */
  copied(from: View, to: View): readonly Stmt[] {
    return this.collect(() => this.copy(from, to));
  }

  private copy(from: View, to: View): void {
    const variables = from.shape.map((_, axis) => makeVar(`i${axis}`));
    const at = variables.map(read);
    const target = this.bufferOf(to);
    const value = stored(withSign(load(this.bufferOf(from), from.index(at))), target.dtype);
    const body: readonly Stmt[] = [store(target, to.index(at), value)];
    const nest = variables.reduceRight(
      (inner, variable, axis) => [forLoop(variable, this.outside.size(from.shape[axis]), inner)],
      body,
    );
    this.stmts.push(...nest);
  }

  private for(op: Operation): void {
    const [lower, upper, step, ...inits] = op.operands;
    const [block] = op.regions[0].blocks;
    const [counter, ...carried] = block.args;
    const state = this.carry(inits, carried);
    const body = (): readonly Stmt[] => this.bodyOf(op.regions[0], state);
    this.stmts.push(this.loop([lower, upper, step], counter, body));
    this.release(op.results, state);
  }

  /** A loop from 0 in steps of 1; the body sees the counter that it is written for. */
  private loop(bounds: readonly Value[], counter: Value, body: () => readonly Stmt[]): Stmt {
    const [lower, upper, step] = bounds.map((value) => this.scalar(value));
    const variable = makeVar("i");
    this.scalars.set(counter, add(lower, mul(read(variable), step)));
    const range = sub(upper, lower);
    const isUnit = step.kind === "const" && step.value === 1;
    const extent = isUnit ? range : scalar("floordiv", add(range, sub(step, int(1))), step);
    return forLoop(variable, extent, body());
  }

  private parallel(op: Operation): void {
    if (op.results.length > 0)
      throw new Unsupported("keratin", "a parallel loop with results", { where: placeOf(op) });
    const [block] = op.regions[0].blocks;
    const rank = block.args.length;
    const nest = (axis: number): readonly Stmt[] => {
      if (axis === rank) return this.bodyOf(op.regions[0], []);
      const bounds = [0, 1, 2].map((part) => op.operands[part * rank + axis]);
      return [this.loop(bounds, block.args[axis], () => nest(axis + 1))];
    };
    this.stmts.push(...nest(0));
  }

  private if(op: Operation): void {
    const state = this.carry([], op.results);
    const [then, otherwise] = op.regions.map((region) => this.bodyOf(region, state));
    const cond = this.scalar(op.operands[0]);
    this.stmts.push({ kind: "if", cond, then, otherwise: otherwise ?? [] });
    this.release(op.results, state);
  }

  /** Values carried from iteration to iteration live in registers, memory in memory of the kernel's own. */
  private carry(inits: readonly Value[], carried: readonly Value[]): readonly View[] {
    return carried.map((value, i) => {
      const { owner } = value;
      const op = "name" in owner ? owner : owner.parent;
      const isMemory = value.type.kind === "memref";
      const dtype = dtypeOf(isMemory ? value.type.element : value.type, op);
      const init = inits[i];
      const shape = isMemory ? (init === undefined ? value.type.shape : this.view(init).shape) : [];
      const state = whole({ name: `carried${i}`, dtype, shape });
      const buffer = makeBuffer(state.memory.name, dtype, shape, shape.length === 0 ? "register" : "local");
      this.locals.set(state.memory, buffer);
      this.stmts.push({ kind: "alloc", buffer });
      if (init !== undefined) this.put(init, state);
      return state;
    });
  }

  /** Makes a carried value that of another. */
  private put(value: Value, state: View): void {
    if (value.type.kind === "memref") this.copy(this.view(value), state);
    else this.stmts.push(store(this.bufferOf(state), [], this.scalar(value)));
  }

  /** What a loop or a branch leaves is what it carried last. */
  private release(results: readonly Value[], state: readonly View[]): void {
    results.forEach((result, i) => void this.take(result, state[i]));
  }

  private take(value: Value, state: View): void {
    if (value.type.kind === "memref") this.views.set(value, state);
    else this.name(value, load(this.bufferOf(state), []));
  }

  /** A body: what it carries is read at its beginning and written at its end. */
  private bodyOf(region: Region, state: readonly View[]): readonly Stmt[] {
    const [block] = region.blocks;
    if (block === undefined) return [];
    return this.collect(() => {
      // A loop's first argument counts; a branch has none.
      if (block.args.length > state.length)
        state.forEach((view, i) => void this.take(block.args[block.args.length - state.length + i], view));
      for (const op of block.operations) this.operation(op);
      const yielded = block.last?.name === "scf.yield" ? block.last.operands : [];
      this.yield(yielded, state);
    });
  }

  /** All at once: what is yielded may be what another value was carried in. */
  private yield(yielded: readonly Value[], state: readonly View[]): void {
    const memories = new Set(state.map(({ memory }) => memory));
    const moved = yielded.map((value, i) => {
      if (value.type.kind !== "memref") return this.scalar(value);
      const view = this.view(value);
      return view.memory !== state[i].memory && memories.has(view.memory) ? this.aside(view) : view;
    });
    moved.forEach((value, i) => {
      if ("memory" in value) this.copy(value, state[i]);
      else this.stmts.push(store(this.bufferOf(state[i]), [], value));
    });
  }

  private aside(view: View): View {
    const copy = whole({ name: "aside", dtype: view.memory.dtype, shape: view.shape });
    const buffer = makeBuffer("aside", copy.memory.dtype, view.shape, "local");
    this.locals.set(copy.memory, buffer);
    this.stmts.push({ kind: "alloc", buffer });
    this.copy(view, copy);
    return copy;
  }

  private apply(op: Operation): Expr {
    const map = op.attribute("map")?.toValue() as AffineMap | undefined;
    if (map === undefined) throw unknown(op);
    const values = op.operands.map((operand) => this.scalar(operand));
    return affineExpr(map.results[0], values.slice(0, map.dims), values.slice(map.dims));
  }
}

/** An affine expression of MLIR's as one of ours. */
export function affineExpr(expr: AffineExpr, dims: readonly Expr[], symbols: readonly Expr[]): Expr {
  if (expr.kind === "constant") return int(expr.value);
  if (expr.kind === "dim") return dims[expr.position];
  if (expr.kind === "symbol") return symbols[expr.position];
  const left = affineExpr(expr.left, dims, symbols);
  const right = affineExpr(expr.right, dims, symbols);
  if (expr.kind === "ceildiv") return scalar("neg", scalar("floordiv", scalar("neg", left), right));
  return scalar(expr.kind, left, right);
}

/** The axis that `dim` asks for. */
export function constantIndex(op: Operation): number {
  const { owner } = op.operands[1];
  const value = "name" in owner && owner.name === "arith.constant" ? owner.attribute("value") : undefined;
  if (value === undefined) throw unknown(op);
  return Number(value.integer);
}
