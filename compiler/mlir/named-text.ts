/**
 * Dialects that have a word for each op rather than loops (StableHLO, TOSA): the text of a function, given a table of words. An op that the
 * table lacks is taken apart: its loops as simpler ops (`nest-to-graph.ts`), or its scalar function in basic ones, until words are found.
 */
import { Builder } from "../../ir/builder.ts";
import type { Bindings } from "../../ir/dim.ts";
import { CompilerBug, Unsupported } from "../../ir/errors.ts";
import { expandKernel } from "../../ir/expand.ts";
import type { Func, Module, Op, Value } from "../../ir/graph.ts";
import { type Expr, makeBuffer, makeVar, read, scalar, store } from "../../ir/kernel.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { OpTable } from "../../ir/op.ts";
import { type ScalarName, scalars } from "../../ir/scalar.ts";
import { printAttr, Resources } from "../../ir/text/mlir-attrs.ts";
import { printTensorType } from "../../ir/text/mlir-types.ts";
import { quote } from "../../ir/text/reader.ts";
import type { TensorType } from "../../ir/type.ts";
import { bindSymbols } from "./bind-symbols.ts";
import { hasNest, nestOf } from "./nest.ts";
import { graphOfNest } from "./nest-to-graph.ts";

/** Writes one op; gives the names of its results. */
export type Word = (text: NamedText, op: Op, operands: readonly string[]) => readonly string[];

export interface NamedDialect {
  readonly name: string;
  readonly words: { readonly [op: string]: Word };
  /** A type as the dialect writes it. */
  type(type: TensorType): string;
  constant(text: NamedText, array: NDArray): string;
}

export interface NamedOptions {
  readonly ops: OpTable;
  /** Parameters that become constants; the others are arguments. */
  readonly values?: ReadonlyMap<string, NDArray>;
  /** The sizes that symbols stand for. */
  readonly sizes: Bindings;
}

export function toNamed(module: Module, dialect: NamedDialect, options: NamedOptions): string {
  const resources = new Resources();
  const funcs = module.funcs.map((func) =>
    new NamedText(dialect, options, resources).write(bindSymbols(func, options.sizes)),
  );
  return `module {\n${funcs.join("")}}\n${resources.print()}`;
}

export class NamedText {
  private readonly lines: string[] = [];
  private readonly dialect: NamedDialect;
  private readonly options: NamedOptions;
  private readonly resources: Resources;
  private readonly used = new Set<Value>();
  private count = 0;
  private depth = 0;

  constructor(dialect: NamedDialect, options: NamedOptions, resources: Resources) {
    this.dialect = dialect;
    this.options = options;
    this.resources = resources;
  }

  write(func: Func): string {
    const names = new Map<Value, string>();
    const params: string[] = [];
    func.body.args.forEach((arg, i) => {
      const role = func.args[i];
      const known = "path" in role && role.kind !== "state" ? this.options.values?.get(role.path) : undefined;
      if (known !== undefined) return void names.set(arg, this.constant(known));
      names.set(arg, `%arg${params.length}`);
      params.push(`%arg${params.length}: ${this.type(arg.type)}`);
    });
    for (const value of func.body.returns) this.used.add(value);
    this.block(func.body.ops, names);
    const returned = func.body.returns.map((value) => nameOf(names, value));
    const types = func.body.returns.map(({ type }) => this.type(type));
    this.line(`"func.return"(${returned.join(", ")}) : (${types.join(", ")}) -> ()`);
    const head = `  func.func @${/^[A-Za-z_][\w.$]*$/.test(func.name) ? func.name : quote(func.name)}`;
    return `${head}(${params.join(", ")}) -> (${types.join(", ")}) {\n${this.lines.join("")}  }\n`;
  }

  /** Whether anybody reads a value. */
  isUsed(value: Value): boolean {
    return this.used.has(value);
  }

  private block(ops: readonly Op[], names: Map<Value, string>): void {
    for (const op of ops) for (const operand of op.operands) this.used.add(operand);
    for (const op of ops) {
      const results = this.op(
        op,
        op.operands.map((operand) => nameOf(names, operand)),
      );
      op.results.forEach((result, i) => void names.set(result, results[i]));
    }
  }

  private op(op: Op, operands: readonly string[]): readonly string[] {
    const { value } = op.attrs;
    if (op.operands.length === 0 && typeof value === "object" && "data" in value)
      return [this.constant(value)];
    const word = Object.hasOwn(this.dialect.words, op.name) ? this.dialect.words[op.name] : undefined;
    return word?.(this, op, operands) ?? this.apart(op, operands);
  }

  /** Writes an op as simpler ones: by the loops or the scalar function that it is. */
  apart(op: Op, operands: readonly string[]): readonly string[] {
    return this.compose(op, operands, (b) =>
      isScalarFunction(op) ? [expandOp(b, op)] : this.fromNest(b, op),
    );
  }

  /** Writes an op as the ops that `build` makes. */
  compose(op: Op, operands: readonly string[], build: (b: Builder) => readonly Value[]): readonly string[] {
    if (++this.depth > 4) throw this.unsupported(op);
    const b = new Builder(this.options.ops);
    b.loc = op.loc;
    const results = build(b);
    for (const result of results) this.used.add(result);
    const names = new Map<Value, string>(op.operands.map((operand, i) => [operand, operands[i]]));
    this.block(b.ops, names);
    this.depth--;
    return results.map((result) => nameOf(names, result));
  }

  private fromNest(b: Builder, op: Op): readonly Value[] {
    if (!hasNest(op, this.options.ops)) throw this.unsupported(op);
    return graphOfNest(b, nestOf(op, this.options.ops), op.operands);
  }

  unsupported(op: Op): Unsupported {
    return new Unsupported(this.dialect.name, `the op ${op.name}`, {
      where: op.loc || undefined,
      hint: "The target mlir has loops for it",
    });
  }

  /** A line of generic text with one result of this type. */
  emit(
    name: string,
    operands: readonly string[],
    operandTypes: readonly TensorType[],
    result: TensorType,
    attrs = "",
  ): string {
    const types = operandTypes.map((type) => this.type(type)).join(", ");
    return this.define(
      `"${name}"(${operands.join(", ")})${attrs === "" ? "" : ` {${attrs}}`} : (${types}) -> ${this.type(result)}`,
    );
  }

  define(text: string, results = 1): string {
    const name = `%${this.count++}`;
    this.line(`${name}${results === 1 ? "" : `:${results}`} = ${text}`);
    return name;
  }

  private line(text: string): void {
    this.lines.push(`    ${text}\n`);
  }

  type(type: TensorType): string {
    return this.dialect.type(type);
  }

  constant(array: NDArray): string {
    return this.dialect.constant(this, array);
  }

  /** A constant as an attribute; large ones are resources. */
  elements(array: NDArray): string {
    return printAttr(array, this.resources);
  }
}

export const plainType = (type: TensorType): string => printTensorType(type);

function nameOf(names: ReadonlyMap<Value, string>, value: Value): string {
  const name = names.get(value);
  if (name === undefined) throw new CompilerBug("mlir", "a value is used before it is made");
  return name;
}

/** A scalar function that has an expansion. */
const isScalarFunction = (op: Op): boolean =>
  Object.hasOwn(scalars, op.name) && !scalars[op.name as ScalarName].basic;

/** An elementwise op in basic scalars. */
function expandOp(b: Builder, op: Op): Value {
  const { type } = op.results[0];
  const params = op.operands.map((operand, i) => makeVar(`a${i}`, operand.type.dtype));
  const values = new Map(params.map((param, i) => [param, op.operands[i]]));
  const target = makeBuffer("result", type.dtype, [], "global");
  const body = [store(target, [], scalar(op.name as ScalarName, ...params.map(read)))];
  const expanded = expandKernel({ name: op.name, params: [], dims: [], body });
  const done = new Map<Expr, Value>();
  const build = (expr: Expr): Value => {
    const known = done.get(expr);
    if (known !== undefined) return known;
    const made = node(expr);
    done.set(expr, made);
    return made;
  };
  const node = (expr: Expr): Value => {
    if (expr.kind === "const")
      return b.broadcastTo(b.full({ dtype: expr.dtype, shape: [] }, expr.value), type.shape);
    if (expr.kind === "cast") return b.cast(build(expr.arg), expr.dtype);
    if (expr.kind === "bitcast") return b.op("bitcast", [build(expr.arg)], { dtype: expr.dtype });
    if (expr.kind === "scalar") return b.op(expr.name, expr.args.map(build));
    const value = expr.kind === "var" ? values.get(expr.var) : undefined;
    // Some expansions read tables.
    if (value === undefined) throw new Unsupported("a dialect without loops", `the expansion of ${op.name}`);
    return value;
  };
  let last: Value | undefined;
  for (const step of expanded.body) {
    if (step.kind === "let") values.set(step.var, build(step.value));
    else if (step.kind === "store") last = build(step.value);
  }
  if (last === undefined) throw new CompilerBug("mlir", `${op.name} expands to nothing`);
  return last;
}
