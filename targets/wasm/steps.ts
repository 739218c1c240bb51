/**
 * A program as a function: its parameters are the values of the program's symbols, then a pointer for each input and each output. It
 * runs the steps in order; a chunk loop keeps its base and its size in locals. On several threads each of them runs it: all take part in
 * shared kernels, the first does everything else, and they meet between steps where one may need what another did.
 */
import type { Dim } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Binding, Program, Slot, Step } from "../../ir/program.ts";
import { Code, type Local } from "./code.ts";
import { regionBase, type WasmLayout } from "./layout.ts";
import { bytesPerSample, type Callee, type Linked } from "./link.ts";
import { THREAD_PARAMETERS, ThreadCode } from "./threads.ts";

type Chunks = Extract<Step, { kind: "chunks" }>;
type Leaf = Exclude<Step, Chunks>;

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
  /** Who may still be at work on earlier steps. */
  #busy: "nobody" | "first" | "all" = "nobody";

  /** `enclosing`: the chunk loops the caller runs; base and size of each are parameters behind the program's own. */
  constructor(context: Context, enclosing: readonly Chunks[] = []) {
    const { symbols } = context.program;
    const own = parameterCount(context.program);
    this.#context = context;
    const params = own + 2 * enclosing.length;
    this.code = new Code(params + (context.threaded ? THREAD_PARAMETERS : 0));
    this.#threads = context.threaded ? new ThreadCode(this.code, params) : undefined;
    this.#symbols = new Map(symbols.map((name, local) => [name, local]));
    enclosing.forEach(({ symbol }, depth) => {
      this.#base = own + 2 * depth;
      this.#symbols.set(symbol, own + 2 * depth + 1);
    });
  }

  emit(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === "chunks") this.#chunks(step);
      else this.#onThreads(step);
    }
  }

  #onThreads(step: Leaf): void {
    if (this.#threads === undefined) return this.#step(step);
    const shared = this.#isShared(step);
    this.#await(shared);
    if (shared) this.#step(step);
    else this.#threads.alone(() => this.#step(step));
    this.#busy = shared ? "all" : "first";
  }

  /** Lets threads meet before a step if it needs them to: what the first alone did, it need not wait for. */
  #await(shared: boolean): void {
    if (this.#busy === "nobody" || (this.#busy === "first" && !shared)) return;
    this.#threads?.meet();
    this.#busy = "nobody";
  }

  #isShared(step: Step): boolean {
    if (step.kind === "chunks") return step.body.some((inner) => this.#isShared(inner));
    return step.kind === "launch" && this.#callee(step.kernel).isShared;
  }

  #step(step: Leaf): void {
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
      default:
        return step satisfies never;
    }
  }

  #callee(kernel: Kernel): Callee {
    const callee = this.#context.linked.calleeOf.get(kernel);
    if (callee === undefined) throw new CompilerBug("wasm emitter", `${kernel.name} was not linked`);
    return callee;
  }

  #launch({ kernel, args, dims }: Extract<Step, { kind: "launch" }>): void {
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
  #chunks(chunks: Chunks): void {
    const { symbol, total, size, body } = chunks;
    const { code } = this;
    const shared = this.#isShared(chunks);
    this.#await(shared);
    const [outerBase, outerSize] = [this.#base, this.#symbols.get(symbol)];
    const [end, base, count] = [code.local("i32"), code.local("i32"), code.local("i32")];
    this.#dim(total, 1);
    code.set(end);
    code.get(end);
    code.if();
    code.i32(0);
    code.set(base);
    this.#base = base;
    this.#symbols.set(symbol, count);
    code.loop();
    this.#chunkSize(size, end, base, count);
    this.emit(body);
    this.#await(shared); // for the next chunk
    code.increment(base, size);
    code.get(base);
    code.get(end);
    code.ops(["i32.lt_u"]);
    code.op("br_if", 0);
    code.end();
    code.end();
    this.#base = outerBase;
    if (outerSize === undefined) this.#symbols.delete(symbol);
    else this.#symbols.set(symbol, outerSize);
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
