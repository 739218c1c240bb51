/**
 * Reads kernels from the text that `kernel-print.ts` writes. Types of expressions follow from their operands. Throws ModelError with line
 * and column; what it returns is well-formed but not verified.
 */
import { type Dim, parseDim } from "../dim.ts";
import { type DType, dtypeNames } from "../dtype.ts";
import {
  type Access,
  type Bind,
  type Buffer,
  constant,
  type Expr,
  type Kernel,
  type Space,
  type Stmt,
  type Var,
} from "../kernel.ts";
import { type ScalarName, scalarNames, scalarResult, scalars } from "../scalar.ts";
import { keywords, operators } from "./kernel-print.ts";
import { Reader } from "./reader.ts";

/** What names mean at one place. */
type Scope = ReadonlyMap<string, Var | Buffer>;

const isBuffer = (item: Var | Buffer): item is Buffer => "space" in item;

const accesses: readonly Access[] = ["readwrite", "read", "write", "fresh"];
const spaces: readonly Space[] = ["global", "shared", "local", "register"];
const binds: readonly Bind[] = [
  "serial",
  "parallel",
  "unroll",
  "vector",
  "grid.x",
  "grid.y",
  "grid.z",
  "thread.x",
  "thread.y",
  "thread.z",
];

interface Operator {
  readonly name: ScalarName;
  readonly mark: string;
  readonly strength: number;
}
/** Longer marks first: `<<` is not `<`. */
const binaryOperators: readonly Operator[] = scalarNames
  .flatMap((name) => {
    const operator = operators[name];
    return operator === undefined ? [] : [{ name, mark: operator[0], strength: operator[1] }];
  })
  .sort((a, b) => b.mark.length - a.mark.length);

/** One kernel, and nothing after it. */
export function parseKernel(text: string): Kernel {
  const reader = new Reader(text);
  const kernel = readKernel(reader);
  if (!reader.isAtEnd) reader.fail("the end of the text");
  return kernel;
}

/** The kernel that begins here. */
export function readKernel(reader: Reader): Kernel {
  reader.need("kernel");
  const name = readName(reader, "the kernel's name");
  const scope = new Map<string, Var | Buffer>();
  const dims = reader.take("[") ? reader.list("]", () => readDimVar(reader, scope)) : [];
  reader.need("(");
  const params = reader.list(")", () => {
    const at = reader.at;
    const buffer = reader.identifier("a parameter's name");
    reader.need(":");
    const access = oneOf(reader, accesses, "an access mode");
    const param = { buffer: readBuffer(reader, buffer, "global"), access };
    define(reader, scope, param.buffer, at);
    return param;
  });
  return { name, params, dims, body: readBody(reader, scope) };
}

/** A bare or a quoted name. */
export function readName(reader: Reader, what: string): string {
  return reader.sees('"') ? reader.string(what) : reader.identifier(what);
}

function readDimVar(reader: Reader, scope: Map<string, Var | Buffer>): Kernel["dims"][number] {
  const at = reader.at;
  const symbol = reader.identifier("a symbol");
  const name = reader.take("as") ? reader.identifier("a variable's name") : symbol;
  const variable: Var = { name, dtype: "i32", lanes: 1 };
  define(reader, scope, variable, at);
  return { symbol, var: variable };
}

function define(reader: Reader, scope: Map<string, Var | Buffer>, item: Var | Buffer, at: number): void {
  if (keywords.has(item.name)) reader.problem(`${item.name} is a keyword`, at);
  if (scope.has(item.name)) reader.problem(`${item.name} is defined already`, at);
  scope.set(item.name, item);
}

function oneOf<T extends string>(reader: Reader, choices: readonly T[], what: string): T {
  return choices.find((choice) => reader.take(choice)) ?? reader.fail(`${what}: ${choices.join(", ")}`);
}

/** `f32x4[n, 8]`. */
function readBuffer(reader: Reader, name: string, space: Space): Buffer {
  const { dtype, lanes } = readElementType(reader);
  reader.need("[");
  return { name, dtype, lanes, space, shape: reader.list("]", () => readDim(reader)) };
}

const ELEMENT_TYPE = new RegExp(`(${dtypeNames.join("|")})(x\\d+)?(?!\\w)`, "y");

function readElementType(reader: Reader): { readonly dtype: DType; readonly lanes: number } {
  const text = reader.expect(ELEMENT_TYPE, "an element type such as f32 or f32x4");
  const [base, lanes = "1"] = text.split("x");
  return {
    dtype: dtypeNames.find((dtype) => dtype === base) ?? reader.fail("a dtype"),
    lanes: Number(lanes),
  };
}

const DIMENSION = /-?\w+(?:\*\w+)*(?: ?[+-] ?\w+(?:\*\w+)*)*/y;

/** A dimension as `printDim` writes it. */
export function readDim(reader: Reader): Dim {
  const at = reader.at;
  const text = reader.expect(DIMENSION, "a dimension such as 8 or 10*n + 2");
  return reader.locate(at, () => parseDim(text));
}

function readBody(reader: Reader, outer: Scope): readonly Stmt[] {
  return reader.nested(() => {
    reader.need("{");
    const scope = new Map(outer);
    const stmts: Stmt[] = [];
    while (!reader.take("}")) {
      if (reader.isAtEnd) reader.fail("'}'");
      stmts.push(readStmt(reader, scope));
    }
    return stmts;
  });
}

/** Reads a statement and adds what it binds to the scope. */
function readStmt(reader: Reader, scope: Map<string, Var | Buffer>): Stmt {
  const exprs = new ExprReader(reader, scope);
  exprs.readShared();
  const at = reader.at;
  if (reader.take("barrier")) return { kind: "barrier" };
  if (reader.take("for")) return readFor(reader, scope, exprs);
  if (reader.take("if")) {
    const cond = exprs.read();
    const then = readBody(reader, scope);
    return { kind: "if", cond, then, otherwise: reader.take("else") ? readBody(reader, scope) : [] };
  }
  if (reader.take("let")) {
    const name = reader.identifier("a variable's name");
    reader.need("=");
    const value = exprs.read();
    const variable: Var = { name, dtype: value.dtype, lanes: value.lanes };
    define(reader, scope, variable, at);
    return { kind: "let", var: variable, value };
  }
  if (reader.take("alloc")) {
    const name = reader.identifier("a buffer's name");
    reader.need(":");
    const space = oneOf(reader, spaces, "a memory space");
    const buffer = readBuffer(reader, name, space);
    define(reader, scope, buffer, at);
    return { kind: "alloc", buffer };
  }
  return readStore(reader, exprs);
}

function readFor(reader: Reader, scope: Scope, exprs: ExprReader): Stmt {
  const at = reader.at;
  const variable: Var = { name: reader.identifier("a loop variable"), dtype: "i32", lanes: 1 };
  reader.need("in");
  reader.need("0..");
  const extent = exprs.read();
  const bind = binds.find((choice) => reader.take(choice)) ?? "serial";
  const inner = new Map(scope);
  define(reader, inner, variable, at);
  return { kind: "for", var: variable, extent, bind, body: readBody(reader, inner) };
}

function readStore(reader: Reader, exprs: ExprReader): Stmt {
  const at = reader.at;
  const { buffer, index, lanes } = exprs.readPlace(reader.identifier("a statement"), at);
  reader.need("=");
  const value = exprs.read();
  if (value.lanes !== lanes) reader.problem(`${lanes} lanes get a value of ${value.lanes}`, at);
  return { kind: "store", buffer, index, value };
}

const NUMBER = /-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf(?!\w)|nan(?!\w))/y;

/** Reads the expressions of one statement. */
class ExprReader {
  private readonly reader: Reader;
  private readonly scope: Scope;
  private readonly shared: Expr[] = [];

  constructor(reader: Reader, scope: Scope) {
    this.reader = reader;
    this.scope = scope;
  }

  /** The lines `#0 = ...` before a statement. */
  readShared(): void {
    while (this.reader.take(`#${this.shared.length} =`)) this.shared.push(this.read());
  }

  /** An expression whose operators bind at least as strongly as `strength`. */
  read(strength = 0): Expr {
    return this.reader.nested(() => {
      let left = this.readOperand();
      for (;;) {
        const at = this.reader.at;
        const operator = binaryOperators.find(({ mark }) => this.reader.sees(mark));
        if (operator === undefined || operator.strength < strength) return left;
        this.reader.need(operator.mark);
        left = this.apply(operator.name, [left, this.read(operator.strength + 1)], at);
      }
    });
  }

  private apply(name: ScalarName, args: readonly Expr[], at: number): Expr {
    const { arity } = scalars[name];
    if (args.length !== arity) this.reader.problem(`${name} takes ${arity} operands, not ${args.length}`, at);
    const { lanes } = args[0];
    if (args.some((arg) => arg.lanes !== lanes))
      this.reader.problem(`${name} of different numbers of lanes`, at);
    const dtype = scalarResult(
      name,
      args.map((arg) => arg.dtype),
    );
    return { kind: "scalar", name, args, dtype, lanes };
  }

  private readOperand(): Expr {
    const { reader } = this;
    const at = reader.at;
    if (reader.take("(")) {
      const inner = this.read();
      reader.need(")");
      return inner;
    }
    if (reader.take("#"))
      return this.shared[reader.integer()] ?? reader.problem("no such shared expression", at);
    const number = reader.match(NUMBER);
    if (number !== undefined) return this.readNumber(number);
    const name = reader.identifier("an expression");
    if (name === "true" || name === "false") return this.typed(name === "true" ? 1 : 0, "bool");
    if (reader.take("(")) return this.readCall(name, at);
    if (reader.sees("[")) return this.readLoad(name, at);
    const variable = this.scope.get(name) ?? reader.problem(`unknown variable ${name}`, at);
    if (isBuffer(variable)) return reader.problem(`${name} is a buffer: it needs an index`, at);
    return { kind: "var", dtype: variable.dtype, lanes: variable.lanes, var: variable };
  }

  private readNumber(text: string): Expr {
    const special = { inf: Infinity, "-inf": -Infinity, nan: Number.NaN, "-nan": Number.NaN }[text];
    return this.typed(special ?? Number(text), special !== undefined || /[.e]/.test(text) ? "f32" : "i32");
  }

  /** A constant, with the type that may follow it. */
  private typed(value: number, dtype: DType): Expr {
    const { reader } = this;
    const hasType = /^:\s*[a-z]/.test(reader.text.slice(reader.at, reader.at + 8));
    if (!hasType) return constant(value, dtype);
    reader.need(":");
    const type = readElementType(reader);
    return constant(value, type.dtype, type.lanes);
  }

  private readLoad(name: string, at: number): Expr {
    const { buffer, index, lanes } = this.readPlace(name, at);
    return { kind: "load", dtype: buffer.dtype, lanes, buffer, index };
  }

  /** `[i, j : 4]` behind a buffer's name. */
  readPlace(
    name: string,
    at: number,
  ): { readonly buffer: Buffer; readonly index: readonly Expr[]; readonly lanes: number } {
    const { reader } = this;
    const buffer = this.scope.get(name) ?? reader.problem(`unknown buffer ${name}`, at);
    if (!isBuffer(buffer)) return reader.problem(`${name} is no buffer`, at);
    reader.need("[");
    let { lanes } = buffer;
    const index = reader.list("]", () => {
      const part = this.read();
      if (reader.take(":")) lanes = reader.integer("a number of lanes");
      return part;
    });
    return { buffer, index, lanes };
  }

  /** A function of the language, a cast, or a scalar operator; the opening parenthesis is taken. */
  private readCall(name: string, at: number): Expr {
    const { reader } = this;
    const dtype = dtypeNames.find((candidate) => candidate === name);
    if (dtype !== undefined) {
      const arg = this.read();
      reader.need(")");
      return { kind: "cast", dtype, lanes: arg.lanes, arg };
    }
    if (name === "bitcast") {
      const target = oneOf(reader, dtypeNames, "a dtype");
      reader.need(",");
      const arg = this.read();
      reader.need(")");
      return { kind: "bitcast", dtype: target, lanes: arg.lanes, arg };
    }
    if (name === "splat" || name === "extract") {
      const arg = this.read();
      reader.need(",");
      const number = reader.integer();
      reader.need(")");
      if (name === "splat") return { kind: "splat", dtype: arg.dtype, lanes: number, arg };
      return { kind: "extract", dtype: arg.dtype, lanes: 1, arg, lane: number };
    }
    const operator =
      scalarNames.find((candidate) => candidate === name) ?? reader.problem(`unknown function ${name}`, at);
    return this.apply(
      operator,
      reader.list(")", () => this.read()),
      at,
    );
  }
}
