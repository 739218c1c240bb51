/**
 * Kernels as text, for goldens and for reading:
 *
 *     kernel dense[n](x: read f32[n, 8], w: read f32[8, 4], y: write f32[n, 4]) {
 *       for i in 0..n grid.x {
 *         alloc sum: register f32x4[]
 *         sum[] = splat(0.0, 4)
 *         for k in 0..8 unroll {
 *           sum[] = fma(splat(x[i, k], 4), w[k, 0 : 4], sum[])
 *         }
 *         y[i, 0 : 4] = max(sum[], 0.0:f32x4)
 *       }
 *     }
 *
 * `x[i, j : 4]` are 4 elements from [i, j] on. Numbers with a point are f32, those without i32, others say their type. Casts are written
 * as calls of a type. `#0 = ...` before a statement stands for a large expression that the statement uses, as one object, more than once.
 * `parseKernel` reads all of it back; printing again gives the same text.
 */
import { printDim } from "../dim.ts";
import { type DType, isFloat } from "../dtype.ts";
import type { Buffer, Expr, Kernel, Stmt, Var } from "../kernel.ts";
import type { ScalarName } from "../scalar.ts";
import { expressionsOf, operandsOf } from "../walk-kernel.ts";

/** Binary operators with their strength; all associate to the left. */
export const operators: { readonly [N in ScalarName]?: readonly [mark: string, strength: number] } = {
  or: ["|", 1],
  xor: ["^", 2],
  and: ["&", 3],
  eq: ["==", 4],
  ne: ["!=", 4],
  lt: ["<", 4],
  le: ["<=", 4],
  shl: ["<<", 5],
  shr: [">>", 5],
  add: ["+", 6],
  sub: ["-", 6],
  mul: ["*", 7],
  div: ["/", 7],
  floordiv: ["floordiv", 7],
  mod: ["mod", 7],
};

/** What no variable or buffer may be called. */
export const keywords: ReadonlySet<string> = new Set([
  "floordiv",
  "mod",
  "for",
  "let",
  "if",
  "else",
  "alloc",
  "barrier",
  "true",
  "false",
  "inf",
  "nan",
]);

/** Expressions of fewer nodes are written out wherever they occur. */
const WORTH_SHARING = 16;

export const isIdentifier = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);

/** `name`, or a variation of it, that is not in `taken`; adds it. */
export function uniqueName(name: string, taken: { has(name: string): boolean }): string {
  let unique = name;
  for (let i = 1; taken.has(unique); i++) unique = `${name}_${i}`;
  return unique;
}

/** The names in scope. */
class Names {
  private readonly byItem: ReadonlyMap<object, string>;
  private readonly taken: ReadonlySet<string>;

  constructor(byItem: ReadonlyMap<object, string> = new Map(), taken: ReadonlySet<string> = keywords) {
    this.byItem = byItem;
    this.taken = taken;
  }

  with(item: Var | Buffer): Names {
    const hint = isIdentifier(item.name) ? item.name : `_${item.name.replace(/\W/g, "_")}`;
    const name = uniqueName(hint, this.taken);
    return new Names(new Map([...this.byItem, [item, name]]), new Set([...this.taken, name]));
  }

  of(item: Var | Buffer): string {
    return this.byItem.get(item) ?? `?${item.name}`;
  }
}

export function printKernel(kernel: Kernel): string {
  let names = new Names();
  const dims = kernel.dims.map(({ symbol, var: variable }) => {
    names = names.with(variable);
    return names.of(variable) === symbol ? symbol : `${symbol} as ${names.of(variable)}`;
  });
  const params = kernel.params.map(({ buffer, access }) => {
    names = names.with(buffer);
    return `${names.of(buffer)}: ${access} ${bufferType(buffer)}`;
  });
  const head = `kernel ${isIdentifier(kernel.name) ? kernel.name : JSON.stringify(kernel.name)}`;
  return `${head}${dims.length > 0 ? `[${dims.join(", ")}]` : ""}(${params.join(", ")}) {\n${printBody(kernel.body, names, "  ")}}\n`;
}

/** One statement per line, for messages and debugging. Variables bound outside are marked with `?`. */
export const printStmts = (stmts: readonly Stmt[]): string => printBody(stmts, new Names(), "");

export const printExpr = (expr: Expr): string => new ExprPrinter(new Names(), new Map()).print(expr);

export const elementType = (dtype: DType, lanes: number): string =>
  lanes === 1 ? dtype : `${dtype}x${lanes}`;

const bufferType = ({ dtype, lanes, shape }: Buffer): string =>
  `${elementType(dtype, lanes)}[${shape.map(printDim).join(", ")}]`;

function printBody(stmts: readonly Stmt[], outer: Names, indent: string): string {
  let names = outer;
  let text = "";
  for (const stmt of stmts) {
    const { lines, shared } = nameShared(stmt, names);
    text += lines.map((line) => `${indent}${line}\n`).join("");
    const exprs = new ExprPrinter(names, shared);
    if (stmt.kind === "let") names = names.with(stmt.var);
    if (stmt.kind === "alloc") names = names.with(stmt.buffer);
    text += printStmt(stmt, exprs, names, indent);
  }
  return text;
}

/** `exprs` prints in the scope before the statement, `names` holds what it binds too. */
function printStmt(stmt: Stmt, exprs: ExprPrinter, names: Names, indent: string): string {
  const body = (stmts: readonly Stmt[], scope: Names): string =>
    `{\n${printBody(stmts, scope, `${indent}  `)}${indent}}`;
  switch (stmt.kind) {
    case "for": {
      const inner = names.with(stmt.var);
      const bind = stmt.bind === "serial" ? "" : ` ${stmt.bind}`;
      return `${indent}for ${inner.of(stmt.var)} in 0..${exprs.print(stmt.extent)}${bind} ${body(stmt.body, inner)}\n`;
    }
    case "let":
      return `${indent}let ${names.of(stmt.var)} = ${exprs.print(stmt.value)}\n`;
    case "store":
      return `${indent}${exprs.place(stmt.buffer, stmt.index, stmt.value.lanes)} = ${exprs.print(stmt.value)}\n`;
    case "if": {
      const otherwise = stmt.otherwise.length > 0 ? ` else ${body(stmt.otherwise, names)}` : "";
      return `${indent}if ${exprs.print(stmt.cond)} ${body(stmt.then, names)}${otherwise}\n`;
    }
    case "alloc":
      return `${indent}alloc ${names.of(stmt.buffer)}: ${stmt.buffer.space} ${bufferType(stmt.buffer)}\n`;
    case "barrier":
      return `${indent}barrier\n`;
    default:
      return stmt satisfies never;
  }
}

class ExprPrinter {
  private readonly names: Names;
  private readonly shared: ReadonlyMap<Expr, string>;

  constructor(names: Names, shared: ReadonlyMap<Expr, string>) {
    this.names = names;
    this.shared = shared;
  }

  /** The expression, in parentheses where it binds weaker than `strength`. */
  print(expr: Expr, strength = 0): string {
    return this.shared.get(expr) ?? this.printNode(expr, strength);
  }

  printNode(expr: Expr, strength = 0): string {
    switch (expr.kind) {
      case "const":
        return printConstant(expr.value, expr.dtype, expr.lanes);
      case "var":
        return this.names.of(expr.var);
      case "load":
        return this.place(expr.buffer, expr.index, expr.lanes);
      case "scalar": {
        const operator = operators[expr.name];
        if (operator === undefined || expr.args.length !== 2) return `${expr.name}(${this.all(expr.args)})`;
        const [mark, own] = operator;
        const text = `${this.print(expr.args[0], own)} ${mark} ${this.print(expr.args[1], own + 1)}`;
        return own < strength ? `(${text})` : text;
      }
      case "cast":
        return `${expr.dtype}(${this.print(expr.arg)})`;
      case "bitcast":
        return `bitcast(${expr.dtype}, ${this.print(expr.arg)})`;
      case "splat":
        return `splat(${this.print(expr.arg)}, ${expr.lanes})`;
      case "extract":
        return `extract(${this.print(expr.arg)}, ${expr.lane})`;
      default:
        return expr satisfies never;
    }
  }

  /** `x[i, j]`, or `x[i, j : 4]` for several elements. */
  place(buffer: Buffer, index: readonly Expr[], lanes: number): string {
    const span = buffer.lanes === 1 && lanes > 1 ? ` : ${lanes}` : "";
    return `${this.names.of(buffer)}[${this.all(index)}${span}]`;
  }

  private all(exprs: readonly Expr[]): string {
    return exprs.map((expr) => this.print(expr)).join(", ");
  }
}

/** `1.5`, `3`, `3:u8`, `true`, `-inf:f64`, `0.0:f32x4`. */
function printConstant(value: number, dtype: DType, lanes: number): string {
  if (dtype === "bool" && (value === 0 || value === 1))
    return `${value === 1}${lanes === 1 ? "" : `:boolx${lanes}`}`;
  const text = printNumber(value, isFloat(dtype));
  const isPlain = (dtype === "i32" && Number.isInteger(value)) || dtype === "f32";
  return isPlain && lanes === 1 ? text : `${text}:${elementType(dtype, lanes)}`;
}

function printNumber(value: number, hasPoint: boolean): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return hasPoint && !/[.e]/.test(text) ? `${text}.0` : text;
}

/** Gives numbers to the large expressions that a statement uses more than once, and prints them. */
function nameShared(
  stmt: Stmt,
  names: Names,
): { readonly lines: string[]; readonly shared: ReadonlyMap<Expr, string> } {
  const sizes = new Map<Expr, number>();
  const uses = new Map<Expr, number>();
  const visit = (expr: Expr): number => {
    uses.set(expr, (uses.get(expr) ?? 0) + 1);
    const known = sizes.get(expr);
    if (known !== undefined) return known;
    const size = operandsOf(expr).reduce((sum, operand) => sum + visit(operand), 1);
    sizes.set(expr, size);
    return size;
  };
  expressionsOf(stmt).forEach(visit);
  const shared = new Map<Expr, string>();
  const lines: string[] = [];
  // Sizes were noted operands first, so that each line uses only those above it.
  for (const [expr, size] of sizes) {
    if (size < WORTH_SHARING || (uses.get(expr) ?? 0) < 2) continue;
    const name = `#${shared.size}`;
    lines.push(`${name} = ${new ExprPrinter(names, shared).print(expr)}`);
    shared.set(expr, name);
  }
  return { lines, shared };
}
