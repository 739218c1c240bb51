/**
 * The second lowering's last step: a function that MLIR's passes brought down to loops over memory, as a Program. Every loop nest is a
 * launch, every allocation a temporary of the arena; nothing is fused or scheduled here. It is what plain MLIR gives.
 */
import type { Operation, Value } from "mlir-js";
import { addDims, type Dim, divideDims, isStatic, mulDims, subDims, symbolsOf } from "../../ir/dim.ts";
import { CompilerBug, Unsupported } from "../../ir/errors.ts";
import type { Func } from "../../ir/graph.ts";
import {
  type Access, add, type Buffer, constant, type Expr, forLoop, int, type Kernel, load, makeBuffer, makeVar, mul, read, type Stmt, store, type Var,
} from "../../ir/kernel.ts"; // biome-ignore format: one line
import type { Port, Program } from "../../ir/program.ts";
import { buffersOf } from "../../ir/walk-kernel.ts";
import type { FieldOffsets } from "../lower/storage.ts";
import { assemble, type Copy, type Home, type Launch, type Loop } from "./assemble.ts";
import { elementsOf } from "./elements.ts";
import { type Memory, type View, whole } from "./memory.ts";
import { constantIndex, KernelReader, type Surroundings } from "./read-kernel.ts";
import { dtypeOf, readScalar, unknown } from "./read-scalar.ts";
import { viewOf } from "./views.ts";

/** Reads `lowered`, which MLIR's passes made of `func`. Throws Unsupported, with its place, for what has no loops of ours. */
export const readProgram = (lowered: Operation, func: Func, fields: FieldOffsets): Program =>
  new ProgramReader(func, fields).read(lowered);

class ProgramReader {
  private readonly func: Func;
  private readonly fields: FieldOffsets;
  private readonly views = new Map<Value, View>();
  private readonly dims = new Map<Value, Dim>();
  /** Scalars computed between the loops: by what, or where they were put. */
  private readonly scalars = new Map<Value, Operation | Memory>();
  private readonly homes = new Map<Memory, Home>();
  private readonly written = new Set<Memory>();
  private readonly launches: Launch[] = [];
  private readonly loops: Loop[] = [];
  /** What runs, in order; inside a loop, that of the loop. */
  private nodes: (Launch | Loop)[] = [];

  constructor(func: Func, fields: FieldOffsets) {
    this.func = func;
    this.fields = fields;
  }

  read(lowered: Operation): Program {
    const [block] = lowered.regions[0].blocks;
    block.args.forEach((arg, i) => void this.views.set(arg, whole(this.argument(i))));
    let returned: readonly Value[] = [];
    for (const op of block.operations) {
      if (op.name === "func.return") returned = op.operands;
      else this.topLevel(op);
    }
    const copies = this.finish(returned);
    const { launches, loops, nodes, homes } = this;
    const { steps, bytes } = assemble({ launches, loops, nodes, homes, copies });
    const inputs = this.ports("input");
    const symbols = [...new Set(inputs.flatMap(({ shape }) => symbolsOf(shape)))].sort();
    return { name: this.func.name, symbols, inputs, outputs: this.ports("output"), arenaBytes: bytes, steps };
  }

  private argument(i: number): Memory {
    const role = this.func.args[i];
    const { dtype, shape } = this.func.body.args[i].type;
    const memory: Memory = { name: role.kind === "input" ? role.name : role.path, dtype, shape };
    if (role.kind === "input") {
      const index = this.func.args.slice(0, i).filter(({ kind }) => kind === "input").length;
      this.homes.set(memory, { region: { kind: "input", index }, offset: 0 });
    } else this.homes.set(memory, this.field(role.path));
    return memory;
  }

  private field(path: string): Home {
    const field = this.fields.get(path);
    if (field === undefined) throw new CompilerBug("mlir", `no place for ${path}`);
    return { region: { kind: field.region }, offset: field.offset };
  }

  private ports(kind: "input" | "output"): Port[] {
    const values = kind === "input" ? this.func.body.args : this.func.body.returns;
    const roles = kind === "input" ? this.func.args : this.func.results;
    return values.flatMap(({ type }, i) => {
      const role = roles[i];
      return role.kind === "input" || role.kind === "output" ? [{ name: role.name, ...type }] : [];
    });
  }

  // Between the loops.

  private topLevel(op: Operation): void {
    switch (op.name) {
      case "memref.alloc":
      case "memref.alloca": {
        const dtype = dtypeOf(op.result.type.element, op);
        const memory: Memory = { name: "temporary", dtype, shape: this.shapeOf(op.result, op.operands) };
        return void this.views.set(op.result, whole(memory));
      }
      case "memref.dim":
        return void this.dims.set(op.result, this.viewOrFail(op.operands[0]).shape[constantIndex(op)]);
      case "memref.get_global":
        return this.global(op);
      case "memref.load":
        return this.keepLoad(op);
      case "memref.dealloc":
      case "scf.yield":
      case "scf.condition":
        return;
      case "scf.while":
        return this.while(op);
      case "scf.for":
      case "scf.parallel":
      case "scf.if":
        return this.control(op);
      case "memref.store":
      case "memref.copy":
        return this.launch((reader) => reader.run(op));
      default:
        return this.pure(op);
    }
  }

  /** A loop or branch as one kernel; what it leaves is put into memory that later kernels see. */
  private control(op: Operation): void {
    const results = op.results.map((result, i) => {
      const isMemory = result.type.kind === "memref";
      const dtype = dtypeOf(isMemory ? result.type.element : result.type, op);
      const shape = isMemory ? this.shapeOf(result, []) : [];
      return { result, memory: { name: `result${i}`, dtype, shape } satisfies Memory };
    });
    this.launch((reader, parts) => [
      ...reader.run(op),
      ...results.flatMap(({ result, memory }) => {
        if (result.type.kind === "memref") return reader.copied(reader.view(result), whole(memory));
        return [store(this.bufferOf(parts, memory), [], reader.scalar(result))];
      }),
    ]);
    for (const { result, memory } of results) {
      if (result.type.kind === "memref") this.views.set(result, whole(memory));
      else this.scalars.set(result, memory);
    }
  }

  /** The carried memory is copied from round to round; what the condition passes on is what the body and the results are. */
  private while(op: Operation): void {
    const [before, after] = op.regions.map((region) => region.blocks[0]);
    const carried = op.operands.map((operand, i) => this.copyOf(this.viewOrFail(operand), `carried${i}`));
    const first = this.launches.length;
    before.args.forEach((arg, i) => void this.views.set(arg, carried[i]));
    const cond: Memory = { name: "condition", dtype: "bool", shape: [] };
    const test = this.inside(() => {
      for (const inner of before.operations) this.topLevel(inner);
      const [answer] = before.last?.operands ?? [];
      this.launch((reader, parts) => [store(this.bufferOf(parts, cond), [], reader.scalar(answer))]);
    });
    const passed = (before.last?.operands ?? []).slice(1).map((value) => this.viewOrFail(value));
    after.args.forEach((arg, i) => void this.views.set(arg, passed[i]));
    const body = this.inside(() => {
      for (const inner of after.operations) this.topLevel(inner);
      const next = (after.last?.operands ?? []).map((value) => this.copyOf(this.viewOrFail(value), "next"));
      next.forEach((view, i) => void this.launch((reader) => reader.copied(view, carried[i])));
    });
    const loop: Loop = { test, cond, body, first, last: this.launches.length - 1 };
    this.loops.push(loop);
    this.nodes.push(loop);
    op.results.forEach((result, i) => void this.views.set(result, passed[i]));
  }

  private inside(build: () => void): readonly (Launch | Loop)[] {
    const around = this.nodes;
    this.nodes = [];
    build();
    const { nodes } = this;
    this.nodes = around;
    return nodes;
  }

  private copyOf(view: View, name: string): View {
    const copy = whole({ name, dtype: view.memory.dtype, shape: view.shape });
    this.launch((reader) => reader.copied(view, copy));
    return copy;
  }

  /** Sizes are polynomials, views re-index, other scalars are computed by the kernels that use them. */
  private pure(op: Operation): void {
    const dim = this.dimOf(op);
    if (dim !== undefined) return void this.dims.set(op.result, dim);
    const surroundings = this.surroundings(new KernelParts());
    const view = surroundings.viewOf(op, (value) => this.viewOrFail(value), surroundings.scalar);
    if (view !== undefined) return void this.views.set(op.result, view);
    if (!/^(arith|math)\./.test(op.name)) throw unknown(op);
    this.scalars.set(op.result, op);
  }

  private dimOf(op: Operation): Dim | undefined {
    if (op.results.length !== 1 || String(op.result.type) !== "index") return undefined;
    const value = op.attribute("value");
    if (op.name === "arith.constant" && value !== undefined) return Number(value.integer);
    const parts = op.operands.map((operand) => this.dims.get(operand));
    const [a, b] = parts;
    if (a === undefined || b === undefined) return undefined;
    if (op.name === "arith.addi") return addDims(a, b);
    if (op.name === "arith.subi") return subDims(a, b);
    if (op.name === "arith.muli") return mulDims(a, b);
    return op.name === "arith.divui" || op.name === "arith.divsi" ? divideDims(a, b) : undefined;
  }

  /** A shape with its `?`s taken from values, in order. */
  private shapeOf(value: Value, sizes: readonly Value[]): Dim[] {
    let next = 0;
    return value.type.shape.map((size) => {
      if (size >= 0) return size;
      const dim = this.dims.get(sizes[next++]);
      if (dim === undefined) throw new Unsupported("keratin", "a size that data decides");
      return dim;
    });
  }

  private viewOrFail(value: Value): View {
    const view = this.views.get(value);
    if (view !== undefined) return view;
    throw "name" in value.owner
      ? unknown(value.owner)
      : new CompilerBug("mlir", "an argument without memory");
  }

  /** A number read between the loops is put aside: what it was read from may change before it is used. */
  private keepLoad(op: Operation): void {
    const aside: Memory = { name: "number", dtype: dtypeOf(op.result.type, op), shape: [] };
    this.launch((reader, parts) => {
      const stmts = reader.run(op);
      return [...stmts, store(this.bufferOf(parts, aside), [], reader.scalar(op.result))];
    });
    this.scalars.set(op.result, aside);
  }

  /** Constants in memory are written there, element by element: large ones came as parameters. */
  private global(op: Operation): void {
    const { shape, element } = op.result.type;
    const memory: Memory = { name: "constant", dtype: dtypeOf(element, op), shape };
    const name = op.attribute("name")?.text;
    const declared = op.parent?.parent?.regions[0].blocks[0].operations.find(
      (other) => other.name === "memref.global" && other.attribute("sym_name")?.text === name,
    );
    const elements =
      declared === undefined ? undefined : elementsOf(declared.attribute("initial_value"), memory);
    if (elements === undefined) throw unknown(op);
    this.views.set(op.result, whole(memory));
    this.launch((_, parts) =>
      elements.map(({ index, value }) =>
        store(this.bufferOf(parts, memory), index.map(int), constant(value, memory.dtype)),
      ),
    );
  }

  // Kernels.

  private launch(build: (reader: KernelReader, parts: KernelParts) => readonly Stmt[]): void {
    const parts = new KernelParts();
    const reader = new KernelReader(this.surroundings(parts));
    const stmts = [...build(reader, parts)];
    // Every kernel is a loop, be it a single iteration.
    const isLoop = stmts.length === 1 && stmts[0].kind === "for";
    const body = isLoop ? stmts : [forLoop(makeVar("once"), int(1), stmts)];
    const uses = buffersOf(body);
    const used = [...parts.buffers].filter(([, buffer]) => uses.has(buffer));
    const params = used.map(([memory, buffer]) => ({
      buffer,
      access: this.access(memory, uses.get(buffer)),
    }));
    const dims = [...parts.sizes].map(([name, variable]) => ({ symbol: name, var: variable }));
    const kernel: Kernel = { name: `loops_${this.launches.length}`, params, dims, body };
    const launch = { kernel, memories: used.map(([memory]) => memory) };
    this.launches.push(launch);
    this.nodes.push(launch);
  }

  /** What nothing wrote before holds nothing that a kernel could look at. */
  private access(memory: Memory, use: Access = "read"): Access {
    const isFresh = use === "readwrite" && !this.homes.has(memory) && !this.written.has(memory);
    if (use !== "read") this.written.add(memory);
    return isFresh ? "fresh" : use;
  }

  private bufferOf(parts: KernelParts, memory: Memory): Buffer {
    const known = parts.buffers.get(memory);
    if (known !== undefined) return known;
    const buffer = makeBuffer(`m${parts.buffers.size}`, memory.dtype, memory.shape, "global");
    parts.buffers.set(memory, buffer);
    for (const name of symbolsOf(memory.shape)) parts.size(name);
    return buffer;
  }

  private surroundings(parts: KernelParts): Surroundings {
    const size = (dim: Dim): Expr => dimExpr(dim, parts);
    const outside = (value: Value): Expr => {
      const dim = this.dims.get(value);
      if (dim !== undefined) return size(dim);
      const kept = this.scalars.get(value);
      if (kept === undefined)
        throw "name" in value.owner ? unknown(value.owner) : new CompilerBug("mlir", "a scalar argument");
      if (!("operands" in kept)) return load(this.bufferOf(parts, kept), []);
      const expr = readScalar(kept, kept.operands.map(outside));
      if (expr === undefined) throw unknown(kept);
      return expr;
    };
    return {
      view: (value) => this.views.get(value),
      buffer: ({ memory }) => this.bufferOf(parts, memory),
      scalar: outside,
      size,
      viewOf: (op, view, scalarOf) =>
        viewOf(op, { view, scalar: scalarOf, size, shape: (v, sizes) => this.shapeOf(v, sizes) }),
    };
  }

  // Memory.

  /** What is returned is computed in place where it can be; the rest is copied at the end. */
  private finish(returned: readonly Value[]): readonly Copy[] {
    const copies: Copy[] = [];
    let outputs = 0;
    returned.forEach((value, i) => {
      const role = this.func.results[i];
      const to: Home =
        role.kind === "output"
          ? { region: { kind: "output", index: outputs++ }, offset: 0 }
          : this.field(role.path);
      let view = this.viewOrFail(value);
      if (!view.isWhole) view = this.copyOf(view, "result");
      if (role.kind === "output" && !this.homes.has(view.memory)) this.homes.set(view.memory, to);
      else copies.push({ from: view.memory, to });
    });
    return copies;
  }
}

/** The parameters of a kernel, as they turn out to be needed. */
class KernelParts {
  readonly buffers = new Map<Memory, Buffer>();
  readonly sizes = new Map<string, Var>();

  size(name: string): Var {
    const known = this.sizes.get(name) ?? makeVar(name);
    this.sizes.set(name, known);
    return known;
  }
}

function dimExpr(dim: Dim, parts: KernelParts): Expr {
  if (isStatic(dim)) return int(dim);
  const product = (coefficient: number, symbols: readonly string[]): Expr =>
    symbols.map((name) => read(parts.size(name))).reduce(mul, int(coefficient));
  return dim.terms.map(({ coefficient, symbols }) => product(coefficient, symbols)).reduce(add);
}
