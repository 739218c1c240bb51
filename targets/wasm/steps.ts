/**
 * A program as a function: its parameters are the values of the program's symbols, then a pointer for each input and each output. It
 * runs the steps in order; loops keep their counters in locals. On several threads each of them runs it: all take part in
 * shared kernels, the first does everything else, and they meet between steps where one may need what another did. What data decides, all
 * of them read: between two meetings, so that nobody overwrites it early.
 */
import type { Dim } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Kernel } from "../../ir/kernel.ts";
import {
  type Binding,
  isNested,
  type Program,
  type SimpleStep,
  type Slot,
  type Step,
  type StepOf,
} from "../../ir/program.ts";
import { isSharedStep, Meetings } from "../threads/meetings.ts";
import { Code, type Local } from "./code.ts";
import { regionBase, type WasmLayout } from "./layout.ts";
import { bytesPerSample, type Callee, type Linked } from "./link.ts";
import { THREAD_PARAMETERS, ThreadCode } from "./threads.ts";

/** Loops that a symbol counts. */
export type Enclosing = StepOf<"chunks" | "for">;

/** What the steps of a program are emitted against. */
export interface Context {
  readonly program: Program;
  readonly layout: WasmLayout;
  readonly linked: Linked;
  /** Whether several threads run the program. */
  readonly threaded: boolean;
}

/** Where the parameters of a program's function are. */
export const parameterCount = ({ symbols, inputs, outputs }: Program): number =>
  symbols.length + inputs.length + outputs.length;

export class StepEmitter {
  readonly code: Code;
  readonly #context: Context;
  readonly #symbols: Map<string, Local>;
  /** The base of the innermost chunk loop around. */
  #base: Local | undefined;
  readonly #threads: ThreadCode | undefined;
  readonly #meetings = new Meetings(() => this.#threads?.meet());

  /** `enclosing`: the loops the caller runs; base and symbol of each are parameters behind the program's own. */
  constructor(context: Context, enclosing: readonly Enclosing[] = []) {
    const { symbols } = context.program;
    const own = parameterCount(context.program);
    this.#context = context;
    const params = own + 2 * enclosing.length;
    this.code = new Code(params + (context.threaded ? THREAD_PARAMETERS : 0));
    this.#threads = context.threaded ? new ThreadCode(this.code, params) : undefined;
    this.#symbols = new Map(symbols.map((name, local) => [name, local]));
    enclosing.forEach(({ kind, symbol }, depth) => {
      if (kind === "chunks") this.#base = own + 2 * depth;
      this.#symbols.set(symbol, own + 2 * depth + 1);
    });
  }

  emit(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === "chunks") this.#chunks(step);
      else if (step.kind === "for") this.#counted(step);
      else this.#onThreads(step);
    }
  }

  #onThreads(step: Exclude<Step, Enclosing>): void {
    if (this.#threads === undefined) return this.#step(step);
    const shared = this.#isShared(step);
    this.#meetings.before(shared);
    if (shared) this.#step(step);
    else this.#threads.alone(() => this.#step(step));
    // Where data decides, threads have met at the end.
    if (!shared || !isNested(step)) this.#meetings.after(shared);
  }

  #isShared(step: Step): boolean {
    return isSharedStep(step, (kernel) => this.#callee(kernel).isShared);
  }

  #step(step: SimpleStep | StepOf<"while" | "if">): void {
    switch (step.kind) {
      case "launch":
        return this.#launch(step);
      case "clear":
        this.#address({ slot: step.slot, advance: 0 });
        this.code.i32(0);
        this.#dim(step.slot.size, byteWidth(step.slot.dtype));
        return this.code.op("memory.fill", 0);
      case "copy":
        this.#address(step.to);
        this.#address(step.from);
        this.#dim(step.size, byteWidth(step.from.slot.dtype));
        return this.code.op("memory.copy", 0, 0);
      case "while":
        return this.#while(step);
      case "if":
        return this.#if(step);
      default:
        return step satisfies never;
    }
  }

  #callee(kernel: Kernel): Callee {
    const callee = this.#context.linked.calleeOf.get(kernel);
    if (callee === undefined) throw new CompilerBug("wasm emitter", `${kernel.name} was not linked`);
    return callee;
  }

  #launch({ kernel, args, dims }: StepOf<"launch">): void {
    const { index, specialization, isShared } = this.#callee(kernel);
    dims.forEach((dim, at) => {
      if (specialization.dims[at] === undefined) this.#dim(dim, 1);
    });
    args.forEach((binding, at) => {
      if (specialization.addresses[at] === undefined) this.#address(binding);
    });
    if (isShared) this.#threads?.pass();
    this.code.op("call", index);
  }

  /** `for (base = 0; base < total; base += size) { symbol = min(size, total - base); body }`. */
  #chunks(step: StepOf<"chunks">): void {
    const { code } = this;
    const { symbol, size, body } = step;
    const outer = this.#base;
    const [base, count] = [code.local("i32"), code.local("i32")];
    this.#loop(step, step.total, { counter: base, by: size }, (end) => {
      this.#base = base;
      this.#chunkSize(size, end, base, count);
      this.#within(symbol, count, body);
      this.#base = outer;
    });
  }

  /** `for (count = 0; count < extent; count += 1) { symbol = count or extent - 1 - count; body }`. */
  #counted(step: StepOf<"for">): void {
    const { code } = this;
    const count = code.local("i32");
    const at = step.reverse ? code.local("i32") : count;
    this.#loop(step, step.extent, { counter: count, by: 1 }, (end) => {
      if (step.reverse) {
        code.get(end);
        code.i32(1);
        code.op("i32.sub");
        code.get(count);
        code.op("i32.sub");
        code.set(at);
      }
      this.#within(step.symbol, at, step.body);
    });
  }

  /** Runs `body` with the counter = 0, by ... below `limit`. */
  #loop(
    step: Step,
    limit: Dim,
    { counter, by }: { counter: Local; by: number },
    body: (end: Local) => void,
  ): void {
    const { code } = this;
    const shared = this.#isShared(step);
    this.#meetings.before(shared);
    const end = code.local("i32");
    this.#dim(limit, 1);
    code.set(end);
    code.get(end);
    code.if();
    code.i32(0);
    code.set(counter);
    code.loop();
    body(end);
    this.#meetings.before(shared); // for the next iteration
    code.increment(counter, by);
    code.get(counter);
    code.get(end);
    code.ops(["i32.lt_u"]);
    code.op("br_if", 0);
    code.end();
    code.end();
  }

  /** Emits steps in which `symbol` has the value of a local. */
  #within(symbol: string, value: Local, body: readonly Step[]): void {
    const outer = this.#symbols.get(symbol);
    this.#symbols.set(symbol, value);
    this.emit(body);
    if (outer === undefined) this.#symbols.delete(symbol);
    else this.#symbols.set(symbol, outer);
  }

  /** `test; if (cond) do { body; test } while (cond)`. */
  #while(step: StepOf<"while">): void {
    const { code } = this;
    const shared = this.#isShared(step);
    this.emit(step.test);
    this.#condition(step.cond, shared);
    code.if();
    code.loop();
    this.emit(step.body);
    this.emit(step.test);
    this.#condition(step.cond, shared);
    code.op("br_if", 0);
    code.end();
    code.end();
  }

  #if(step: StepOf<"if">): void {
    const shared = this.#isShared(step);
    this.#condition(step.cond, shared);
    this.code.if();
    this.emit(step.then);
    if (shared) this.#meetings.before(true);
    this.code.else();
    this.emit(step.otherwise);
    if (shared) this.#meetings.before(true);
    this.code.end();
  }

  /** Leaves a bool on the stack: once it is there, and before anybody goes on. */
  #condition(slot: Slot, shared: boolean): void {
    if (shared) this.#meetings.before(true);
    this.#address({ slot, advance: 0 });
    this.code.memory("i32.load8_u", 0, 0);
    if (shared) this.#threads?.meet();
  }

  #chunkSize(size: number, end: Local, base: Local, count: Local): void {
    const { code } = this;
    code.get(end);
    code.get(base);
    code.op("i32.sub");
    code.set(count);
    code.get(count);
    code.i32(size);
    code.get(count);
    code.i32(size);
    code.ops(["i32.lt_u", "select"]);
    code.set(count);
  }

  /** Leaves the address of a binding on the stack. */
  #address(binding: Binding): void {
    const { code } = this;
    const { slot } = binding;
    const begin = regionBase(this.#context.layout, slot);
    if (begin === undefined) code.get(this.#pointer(slot));
    this.#dim(slot.offset, 1, begin);
    if (begin === undefined) code.op("i32.add");
    const perSample = bytesPerSample(binding);
    if (this.#base === undefined || perSample === 0) return;
    code.get(this.#base);
    code.i32(perSample);
    code.ops(["i32.mul", "i32.add"]);
  }

  #pointer({ region }: Slot): Local {
    const { symbols, inputs } = this.#context.program;
    if (region.kind === "input") return symbols.length + region.index;
    if (region.kind === "output") return symbols.length + inputs.length + region.index;
    throw new CompilerBug("wasm emitter", `${region.kind} has no pointer`);
  }

  /** Leaves `dim * factor + plus` on the stack. */
  #dim(dim: Dim, factor: number, plus = 0): void {
    const { code } = this;
    if (typeof dim === "number") return code.i32(dim * factor + plus);
    code.i32(plus);
    for (const { coefficient, symbols } of dim.terms) {
      code.i32(coefficient * factor);
      for (const name of symbols) {
        const local = this.#symbols.get(name);
        if (local === undefined)
          throw new CompilerBug("wasm emitter", `${this.#context.program.name}: ${name} is unbound`);
        code.get(local);
        code.op("i32.mul");
      }
      code.op("i32.add");
    }
  }
}
