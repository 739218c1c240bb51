/**
 * The steps of a program as statements of one function: pointers to its slots as named constants, then a call per step. C++ and CUDA
 * differ only in how a launch, a clear and a copy are spelled.
 */
import { type Dim, mulDims, symbolsOf } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Binding, SimpleStep, Slot, Step, StepOf } from "../../ir/program.ts";
import { mayOverlap } from "../aliasing.ts";
import { memoryType } from "../clike/c-dialect.ts";
import { Names } from "../clike/names.ts";
import { INDENT } from "../clike.ts";
import { isSharedStep, Meetings } from "../threads/meetings.ts";
import type { Entry } from "./interface.ts";

export interface StepSpelling {
  /** `args`: pointers. `dims`: ints, in the order of `kernel.dims`. */
  launch(kernel: Kernel, args: readonly string[], dims: readonly string[]): string;
  clear(pointer: string, bytes: string): string;
  copy(to: string, from: string, bytes: string, overlap: boolean): string;
  /** The condition of an `if` or a loop: the bool that a pointer leads to. */
  test(pointer: string): string;
  /** Where several threads run the program: which kernels they share, and how they meet and stay away. */
  readonly threads?: {
    isShared(kernel: Kernel): boolean;
    readonly meet: string;
    /** A step that the first thread does alone. */
    alone(step: string): string;
  };
}

/** The statements, indented by one level. `reserved`: names in scope that locals must not hide. */
export function printSteps(entry: Entry, spelling: StepSpelling, reserved: ReadonlySet<string>): string {
  const printer = new StepPrinter(entry, spelling, reserved);
  printer.steps(entry.program.steps, 1, undefined);
  return [...printer.slotLines, ...printer.lines].join("\n");
}

type Symbols = ReadonlyMap<string, string>;

/** `10 * n + 2`, in int64_t. */
export function dimText(dim: Dim, nameOf: Symbols): string {
  if (typeof dim === "number") return String(dim);
  const terms = dim.terms.map(({ coefficient, symbols }) => {
    const factors = symbols.map((symbol) => nameOf.get(symbol) ?? symbol);
    return (coefficient === 1 && factors.length > 0 ? factors : [String(coefficient), ...factors]).join(
      " * ",
    );
  });
  return terms.join(" + ").replaceAll("+ -", "- ");
}

/** The same as an int: kernels count in 32 bits, and sizes were checked to fit. */
const intText = (dim: Dim, nameOf: Symbols): string =>
  typeof dim === "number" ? String(dim) : `int(${dimText(dim, nameOf)})`;

/** The identifiers of a program's symbols. */
export const symbolNames = ({ program, sizes }: Entry): Map<string, string> =>
  new Map(program.symbols.map((symbol, at) => [symbol, sizes[at]]));

class StepPrinter {
  readonly slotLines: string[] = [];
  readonly lines: string[] = [];
  readonly #entry: Entry;
  readonly #spelling: StepSpelling;
  readonly #names: Names;
  readonly #outerSymbols: Symbols;
  readonly #meetings: Meetings;
  #symbols: Symbols;
  #depth = 1;
  /** Whether the first thread runs what is printed now. */
  #isAlone = false;

  constructor(entry: Entry, spelling: StepSpelling, reserved: ReadonlySet<string>) {
    this.#entry = entry;
    this.#spelling = spelling;
    const taken = [...entry.sizes, ...[...entry.inputs, ...entry.outputs].map(({ name }) => name)];
    this.#names = new Names(new Set([...reserved, ...taken]));
    this.#outerSymbols = symbolNames(entry);
    this.#symbols = this.#outerSymbols;
    this.#meetings = new Meetings(() => {
      if (spelling.threads !== undefined) this.#line(spelling.threads.meet);
    });
  }

  #line(text: string): void {
    this.lines.push(INDENT.repeat(this.#depth) + text);
  }

  /** `base` is the variable that counts samples in the chunks around, if any. */
  steps(steps: readonly Step[], depth: number, base: string | undefined): void {
    for (const step of steps) {
      this.#depth = depth;
      if (step.kind === "chunks") this.#chunks(step, depth);
      else if (step.kind === "for") this.#counted(step, depth, base);
      else if (step.kind === "while" || step.kind === "if") this.#decided(step, depth, base);
      else this.#onThreads(step, this.#text(step, base));
    }
  }

  #onThreads(step: Step, text: string): void {
    const { threads } = this.#spelling;
    const shared = this.#isShared(step);
    this.#meetings.before(shared);
    this.#line(threads === undefined || shared || this.#isAlone ? text : threads.alone(text));
    this.#meetings.after(shared);
  }

  /** Where data decides: the first thread does all of it alone, or threads meet around the decision. */
  #decided(step: StepOf<"while" | "if">, depth: number, base: string | undefined): void {
    const { threads } = this.#spelling;
    const shared = this.#isShared(step);
    this.#meetings.before(shared);
    if (threads === undefined || shared || this.#isAlone) return this.#decision(step, depth, base, shared);
    this.#isAlone = true;
    this.#line(threads.alone("{"));
    this.#decision(step, depth + 1, base, shared);
    this.#depth = depth;
    this.#line("}");
    this.#isAlone = false;
    this.#meetings.after(shared);
  }

  #decision(step: StepOf<"while" | "if">, depth: number, base: string | undefined, shared: boolean): void {
    const line = (text: string): void => {
      this.#depth = depth;
      this.#line(text);
    };
    const body = (steps: readonly Step[]): void => {
      this.steps(steps, depth + 1, base);
      this.#depth = depth + 1;
      this.#meetings.before(shared);
    };
    const cond = this.#pointer(step.cond);
    if (step.kind === "while") {
      line("for (;;) {");
      body(step.test);
      this.#depth = depth + 1;
      this.#line(`if (!${this.#condition(cond, shared)}) break;`);
      body(step.body);
    } else {
      this.#depth = depth;
      line(`if (${this.#condition(cond, shared)}) {`);
      body(step.then);
      line("} else {");
      body(step.otherwise);
    }
    line("}");
  }

  /** The text of a condition; with threads, of a constant: all have read it before somebody writes the next one. */
  #condition(pointer: string, shared: boolean): string {
    const test = this.#spelling.test(pointer);
    if (!shared) return test;
    const name = this.#names.fresh("goes_on");
    this.#line(`const bool ${name} = ${test};`);
    this.#line(`${this.#spelling.threads?.meet}`);
    return name;
  }

  #isShared(step: Step): boolean {
    const { threads } = this.#spelling;
    return threads !== undefined && isSharedStep(step, threads.isShared);
  }

  #text(step: SimpleStep, base: string | undefined): string {
    switch (step.kind) {
      case "launch": {
        const args = step.args.map((arg, at) =>
          this.#argument(arg, step.kernel.params[at].buffer.dtype, base),
        );
        const dims = step.dims.map((dim) => intText(dim, this.#symbols));
        return this.#spelling.launch(step.kernel, args, dims);
      }
      case "clear":
        return this.#spelling.clear(this.#pointer(step.slot), this.#bytes(step.slot, step.slot.size));
      case "copy": {
        const { from, to, size } = step;
        const overlap = mayOverlap(from.slot, to.slot);
        const [target, source] = [to, from].map((binding) =>
          this.#argument(binding, binding.slot.dtype, base),
        );
        return this.#spelling.copy(target, source, this.#bytes(from.slot, size), overlap);
      }
      default:
        throw step satisfies never;
    }
  }

  #chunks(chunks: StepOf<"chunks">, depth: number): void {
    const { symbol, total, size, body } = chunks;
    const shared = this.#isShared(chunks);
    this.#meetings.before(shared);
    const indent = INDENT.repeat(depth);
    const limit = dimText(total, this.#symbols);
    const outer = this.#symbols;
    this.#names.scoped(() => {
      const base = this.#names.fresh("start");
      const count = this.#names.fresh(symbol);
      this.#symbols = new Map([...outer, [symbol, count]]);
      this.lines.push(
        `${indent}for (int64_t ${base} = 0; ${base} < ${limit}; ${base} += ${size}) {`,
        `${indent + INDENT}const int64_t ${count} = ${base} + ${size} <= ${limit} ? ${size} : ${limit} - ${base};`,
      );
      this.steps(body, depth + 1, base);
      this.#depth = depth + 1;
      this.#meetings.before(shared); // The next chunk writes where this one reads.
      this.lines.push(`${indent}}`);
    });
    this.#symbols = outer;
  }

  #counted(step: StepOf<"for">, depth: number, base: string | undefined): void {
    const { symbol, extent, reverse, body } = step;
    const shared = this.#isShared(step);
    this.#meetings.before(shared);
    const indent = INDENT.repeat(depth);
    const limit = dimText(extent, this.#symbols);
    const outer = this.#symbols;
    this.#names.scoped(() => {
      const at = this.#names.fresh(symbol);
      this.#symbols = new Map([...outer, [symbol, at]]);
      const head = reverse
        ? `int64_t ${at} = ${limit}; ${at}-- > 0;`
        : `int64_t ${at} = 0; ${at} < ${limit}; ${at}++`;
      this.lines.push(`${indent}for (${head}) {`);
      this.steps(body, depth + 1, base);
      this.#depth = depth + 1;
      this.#meetings.before(shared); // The next iteration writes where this one reads.
      this.lines.push(`${indent}}`);
    });
    this.#symbols = outer;
  }

  #bytes(slot: Slot, size: Dim): string {
    return dimText(mulDims(byteWidth(slot.dtype), size), this.#symbols);
  }

  /** A pointer to elements of `dtype`, where the chunk stands. */
  #argument({ slot, advance }: Binding, dtype: Slot["dtype"], base: string | undefined): string {
    const pointer = this.#pointer(slot);
    const type = `${isConstant(slot) ? "const " : ""}${memoryType(dtype)}`;
    const typed = memoryType(dtype) === memoryType(slot.dtype) ? pointer : `at<${type}>(${pointer}, 0)`;
    if (advance === 0 || base === undefined) return typed;
    return `${typed} + ${base}${advance === 1 ? "" : ` * ${advance}`}`;
  }

  /** The name of the constant that points to a slot, which is declared at the first mention. */
  #pointer(slot: Slot): string {
    const known = this.#names.get(slot) ?? this.#portName(slot);
    if (known !== undefined) return known;
    const type = `${isConstant(slot) ? "const " : ""}${memoryType(slot.dtype)}`;
    const address = `at<${type}>(${this.#regionName(slot)}, ${dimText(slot.offset, this.#symbols)})`;
    if (symbolsOf([slot.offset]).some((symbol) => !this.#outerSymbols.has(symbol))) return address;
    const name = this.#names.declareOutermost(slot, slot.name);
    this.slotLines.push(`${INDENT}${type}* const ${name} = ${address};`);
    return name;
  }

  /** The parameter that is the slot itself. */
  #portName({ region, offset, dtype }: Slot): string | undefined {
    if (region.kind !== "input" && region.kind !== "output") return undefined;
    const { name, port } = (region.kind === "input" ? this.#entry.inputs : this.#entry.outputs)[region.index];
    return offset === 0 && memoryType(port.dtype) === memoryType(dtype) ? name : undefined;
  }

  #regionName({ region }: Slot): string {
    if (region.kind === "input") return this.#entry.inputs[region.index].name;
    if (region.kind === "output") return this.#entry.outputs[region.index].name;
    return `model.${region.kind}`;
  }
}

/** Whether a slot is read-only by where it lies. */
const isConstant = ({ region }: Slot): boolean => region.kind === "weights" || region.kind === "input";
