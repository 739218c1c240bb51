/**
 * Prints kernels in normal form as C-like text: the part that C++, CUDA and WGSL share. What differs lies in a `Dialect`, a record of
 * spellings: types, literals, one entry per basic scalar operator (a missing one is a compile error), memory access, declarations.
 *
 * Promises: the same kernel gives the same text; identifiers are unique where visible and safe whatever names come in; parentheses
 * stand where precedence needs them and nowhere else; a register is declared where it gets its first value.
 *
 * To write a dialect: build `Code` with the helpers of `clike/code.ts`, then call `printKernel` and wrap the body in a signature.
 */

import { type DType, isFloat } from "../ir/dtype.ts";
import { CompilerBug } from "../ir/errors.ts";
import type { Bind, Buffer, Expr, For, Kernel, Stmt, Var } from "../ir/kernel.ts";
import { type BasicScalar, type ScalarName, scalars } from "../ir/scalar.ts";
import { freeVars } from "../ir/walk-kernel.ts";
import { IndexFacts, initialStore } from "./clike/analysis.ts";
import { atom, type Code } from "./clike/code.ts";
import { Names } from "./clike/names.ts";
import type { SharedWork } from "./threads/share-work.ts";

export interface ValueType {
  readonly dtype: DType;
  /** 1 = scalar. */
  readonly lanes: number;
}

/** A buffer and the identifier it got. */
export interface Place {
  readonly buffer: Buffer;
  readonly name: string;
}

/** What a spelling may depend on besides the texts of the arguments. */
export interface Operation {
  /** Of the data arguments: those compared, for a comparison; the two chosen from, for `select`. */
  readonly dtype: DType;
  readonly lanes: number;
  /** Index arithmetic, which does not overflow: a plain operator will do even where the language leaves overflow undefined. */
  readonly index: boolean;
  /** Index arithmetic over arguments known to be at least zero: `/` is `floordiv`, `%` is `mod`. */
  readonly natural: boolean;
}

export type Spell = (args: readonly Code[], operation: Operation) => Code;
export type GridBind = Extract<Bind, `grid.${string}` | `thread.${string}`>;

export interface Dialect {
  /** Keywords, and names that the surrounding text uses. */
  readonly reserved: ReadonlySet<string>;
  readonly scalars: { readonly [N in BasicScalar]: Spell };
  constant(value: number, type: ValueType): Code;
  /** `type.lanes` elements from `index` on; one vector element where `buffer.lanes > 1`. Never a register. */
  load(place: Place, index: Code, type: ValueType): Code;
  /** The statements that write `type.lanes` elements from `index` on. Never to a register. */
  store(place: Place, index: Code, value: Code, type: ValueType): readonly string[];
  cast(arg: Code, from: ValueType, to: ValueType): Code;
  bitcast(arg: Code, from: ValueType, to: ValueType): Code;
  /** A scalar in every lane of `type`. */
  splat(arg: Code, type: ValueType): Code;
  extract(arg: Code, lane: number, from: ValueType): Code;
  /** `const float x = value;` */
  let(name: string, type: ValueType, value: Code): string;
  /** A mutable variable: `float x = initial;`, or uninitialised. */
  register(name: string, type: ValueType, initial?: Code): string;
  /** Declares a `local` or `shared` array; nothing where the dialect declares it outside the function (see `PrintedKernel.arrays`). */
  array(place: Place): readonly string[];
  /** `for (int i = 0; i < extent; i++)` */
  forHead(name: string, extent: Code): string;
  /** The position along a grid or thread axis. Throws where the target has none. */
  position(bind: GridBind): Code;
  /** The statement at which all threads of a workgroup meet. */
  readonly barrier: string;
}

/** How a kernel that threads share is spelled. */
export interface Sharing {
  readonly work: SharedWork;
  /** The head of a loop of which each thread runs a part. */
  forHead(name: string, extent: Code): string;
  /** The condition that holds on the first thread. */
  readonly isFirst: string;
  /** The statement at which all threads meet. */
  readonly meet: string;
}

export interface PrintedKernel {
  /** Identifiers of the global buffers and of the sizes, in the kernel's order. */
  readonly params: readonly string[];
  readonly dims: readonly string[];
  /** The `local` and `shared` arrays, with their identifiers, unique in this kernel. */
  readonly arrays: readonly Place[];
  /** The statements, indented by one level. */
  readonly body: string;
}

export const INDENT = "  ";

/** Prints the body of a kernel. `taken`: further identifiers to keep clear of, for dialects that declare things outside functions. */
export function printKernel(
  kernel: Kernel,
  dialect: Dialect,
  taken: Iterable<string> = [],
  sharing?: Sharing,
): PrintedKernel {
  const names = new Names(new Set([...dialect.reserved, ...taken]));
  const params = kernel.params.map(({ buffer }) => names.declare(buffer, buffer.name));
  const dims = kernel.dims.map(({ var: size, symbol }) => names.declare(size, symbol));
  const printer = new Printer(kernel, dialect, names, sharing);
  printer.block(kernel.body, 1);
  return { params, dims, arrays: printer.arrays, body: printer.lines.join("\n") };
}

/**
 * Prints one expression over the kernel's sizes, such as the extent of a grid axis, for the code that launches it. `textOf` gives the text
 * that stands for a size there: a name or something in parentheses.
 */
export function printExtent(
  kernel: Kernel,
  extent: Expr,
  dialect: Dialect,
  textOf: (size: Var) => string,
): Code {
  const names = new Names(new Set());
  for (const { var: size } of kernel.dims) names.assign(size, textOf(size));
  return new Printer(kernel, dialect, names).expr(extent, true);
}

const isGridBind = (bind: Bind): bind is GridBind => bind.startsWith("grid.") || bind.startsWith("thread.");
const isBasic = (name: ScalarName): name is BasicScalar => scalars[name].basic;
const COMPOUND: { readonly [N in ScalarName]?: string } = { add: "+=", sub: "-=", mul: "*=" };

class Printer {
  readonly lines: string[] = [];
  readonly arrays: Place[] = [];
  readonly #dialect: Dialect;
  readonly #names: Names;
  readonly #facts: IndexFacts;
  readonly #sharing: Sharing | undefined;

  constructor(kernel: Kernel, dialect: Dialect, names: Names, sharing?: Sharing) {
    this.#sharing = sharing;
    this.#dialect = dialect;
    this.#names = names;
    this.#facts = new IndexFacts(kernel);
  }

  block(stmts: readonly Stmt[], depth: number): void {
    /** Stores that carry the declaration of their register. */
    const declaring = new Map<Stmt, Buffer>();
    stmts.forEach((stmt, at) => {
      if (stmt.kind === "alloc" && stmt.buffer.space === "register") {
        const first = initialStore(stmts, at, stmt.buffer);
        if (first === undefined) this.#line(depth, this.#declareRegister(stmt.buffer));
        else declaring.set(first, stmt.buffer);
        return;
      }
      const register = declaring.get(stmt);
      if (register !== undefined && stmt.kind === "store") {
        const value = this.expr(stmt.value, false);
        this.#line(depth, this.#declareRegister(register, value));
      } else this.#onThreads(stmt, depth);
    });
  }

  #onThreads(stmt: Stmt, depth: number): void {
    if (this.#sharing === undefined) return this.#stmt(stmt, depth);
    const { work, meet, isFirst } = this.#sharing;
    if (work.meetings.has(stmt)) this.#line(depth, meet);
    if (!work.alone.has(stmt)) return this.#stmt(stmt, depth);
    this.#names.scoped(() => {
      this.#line(depth, `if (${isFirst}) {`);
      this.#stmt(stmt, depth + 1);
    });
    this.#line(depth, "}");
  }

  #stmt(stmt: Stmt, depth: number): void {
    switch (stmt.kind) {
      case "for":
        return this.#for(stmt, depth);
      case "let": {
        const value = this.expr(stmt.value, this.#facts.isIndexVar(stmt.var));
        return this.#line(
          depth,
          this.#dialect.let(this.#names.declare(stmt.var, stmt.var.name), stmt.var, value),
        );
      }
      case "store":
        return this.#line(depth, ...this.#store(stmt));
      case "if":
        return this.#if(stmt, depth);
      case "alloc": {
        const place = {
          buffer: stmt.buffer,
          name: this.#names.declareOutermost(stmt.buffer, stmt.buffer.name),
        };
        this.arrays.push(place);
        return this.#line(depth, ...this.#dialect.array(place));
      }
      case "barrier":
        return this.#line(depth, this.#dialect.barrier);
      default:
        throw stmt satisfies never;
    }
  }

  #for(loop: For, depth: number): void {
    const { var: counter, extent, bind, body } = loop;
    if (isGridBind(bind)) {
      const name = this.#names.declare(counter, counter.name);
      const position = this.#dialect.position(bind);
      // One group, or one thread, does not ask which it is.
      if (freeVars(body).has(counter)) this.#line(depth, this.#dialect.let(name, counter, position));
      return this.block(body, depth);
    }
    if (bind !== "serial") throw new CompilerBug("clike", `loop ${counter.name} is still bound to ${bind}`);
    const limit = this.expr(extent, true);
    this.#names.scoped(() => {
      const name = this.#names.declare(counter, counter.name);
      const { forHead } = this.#sharing?.work.shared.has(loop) ? this.#sharing : this.#dialect;
      this.#braces(`${forHead(name, limit)} {`, body, depth);
    });
    this.#line(depth, "}");
  }

  #if({ cond, then, otherwise }: Extract<Stmt, { kind: "if" }>, depth: number): void {
    const condition = this.expr(cond, true).text;
    this.#names.scoped(() => this.#braces(`if (${condition}) {`, then, depth));
    if (otherwise.length > 0) this.#names.scoped(() => this.#braces("} else {", otherwise, depth));
    this.#line(depth, "}");
  }

  #braces(head: string, body: readonly Stmt[], depth: number): void {
    this.#line(depth, head);
    this.block(body, depth + 1);
  }

  #store({ buffer, index, value }: Extract<Stmt, { kind: "store" }>): readonly string[] {
    const place = this.#place(buffer);
    if (buffer.space !== "register") {
      return this.#dialect.store(place, this.#flatIndex(index), this.expr(value, false), value);
    }
    if (value.kind === "scalar" && isFloat(value.dtype) && isReadOf(value.args[0], buffer)) {
      const operator = COMPOUND[value.name];
      if (operator !== undefined)
        return [`${place.name} ${operator} ${this.expr(value.args[1], false).text};`];
    }
    return [`${place.name} = ${this.expr(value, false).text};`];
  }

  /** The text of `expr`; `index` says whether it stands as an index, a trip count or a condition. */
  expr(expr: Expr, index: boolean): Code {
    switch (expr.kind) {
      case "const":
        return this.#dialect.constant(expr.value, expr);
      case "var":
        return atom(this.#nameOf(expr.var));
      case "load": {
        const place = this.#place(expr.buffer);
        if (expr.buffer.space === "register") return atom(place.name);
        return this.#dialect.load(place, this.#flatIndex(expr.index), expr);
      }
      case "scalar":
        return this.#scalar(expr, index);
      case "cast":
        return this.#dialect.cast(this.expr(expr.arg, index), expr.arg, expr);
      case "bitcast":
        return this.#dialect.bitcast(this.expr(expr.arg, index), expr.arg, expr);
      case "splat":
        return this.#dialect.splat(this.expr(expr.arg, index), expr);
      case "extract":
        return this.#dialect.extract(this.expr(expr.arg, index), expr.lane, expr.arg);
      default:
        throw expr satisfies never;
    }
  }

  #scalar(expr: Extract<Expr, { kind: "scalar" }>, index: boolean): Code {
    const { name, args, lanes } = expr;
    if (!isBasic(name)) throw new CompilerBug("clike", `scalar ${name} was not expanded`);
    const { dtype } = scalars[name].result === "second" ? args[1] : args[0];
    const isIndex = index && this.#facts.isIndex(expr);
    const natural = isIndex && args.every((arg) => this.#facts.isNatural(arg));
    // A condition to select by is index arithmetic where it is made of it, wherever the select itself stands.
    const codes = args.map((arg, at) => this.expr(arg, index || (name === "select" && at === 0)));
    return this.#dialect.scalars[name](codes, { dtype, lanes, index: isIndex, natural });
  }

  #flatIndex(index: readonly Expr[]): Code {
    if (index.length > 1)
      throw new CompilerBug("clike", `an index of rank ${index.length} was not flattened`);
    return index.length === 0
      ? this.#dialect.constant(0, { dtype: "i32", lanes: 1 })
      : this.expr(index[0], true);
  }

  #declareRegister(buffer: Buffer, initial?: Code): string {
    return this.#dialect.register(this.#names.declare(buffer, buffer.name), buffer, initial);
  }

  #place(buffer: Buffer): Place {
    return { buffer, name: this.#nameOf(buffer) };
  }

  #nameOf(key: Var | Buffer): string {
    const name = this.#names.get(key);
    if (name === undefined) throw new CompilerBug("clike", `${key.name} is used outside its scope`);
    return name;
  }

  #line(depth: number, ...texts: readonly string[]): void {
    for (const text of texts) this.lines.push(INDENT.repeat(depth) + text);
  }
}

const isReadOf = (expr: Expr, buffer: Buffer): boolean => expr.kind === "load" && expr.buffer === buffer;
