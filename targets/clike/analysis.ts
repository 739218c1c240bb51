/**
 * What the printer wants to know of a kernel before it writes: which i32 expressions are index arithmetic (sums and products of loop
 * variables, sizes and constants, which stay far from overflow, so a plain `+` will do in languages where overflow is undefined),
 * which of them are never negative (so `/` is `floordiv`), and where a register is first written.
 */
import type { Buffer, Expr, Kernel, Stmt, Var } from "../../ir/kernel.ts";
import { bodiesOf, expressionsOf, operandsOf, visitStmts } from "../../ir/walk-kernel.ts";

const reads = (expr: Expr, buffer: Buffer): boolean =>
  (expr.kind === "load" && expr.buffer === buffer) || operandsOf(expr).some((child) => reads(child, buffer));

const mentions = (stmt: Stmt, buffer: Buffer): boolean =>
  (stmt.kind === "store" && stmt.buffer === buffer) ||
  expressionsOf(stmt).some((expr) => reads(expr, buffer)) ||
  bodiesOf(stmt).some((body) => body.some((inner) => mentions(inner, buffer)));

/**
 * The store that gives a register its first value, where it stands in the same list as the `alloc` at `at` and so can carry the
 * declaration; undefined where the first mention is anything else.
 */
export function initialStore(stmts: readonly Stmt[], at: number, buffer: Buffer): Stmt | undefined {
  const first = stmts.slice(at + 1).find((stmt) => mentions(stmt, buffer));
  const initial = first?.kind === "store" && first.buffer === buffer && !reads(first.value, buffer);
  return initial ? first : undefined;
}

/** Facts about the i32 variables of one kernel. */
export class IndexFacts {
  /** Loop variables, sizes, and `let`s over them that are used as an index or in a condition. */
  readonly #index = new Set<Var>();
  readonly #natural = new Set<Var>();
  readonly #pure = new Map<Expr, boolean>();

  constructor(kernel: Kernel) {
    for (const { var: size } of kernel.dims) this.#addCounter(size);
    const stmts: Stmt[] = [];
    visitStmts(kernel.body, (stmt) => stmts.push(stmt));
    const used = new Set<Var>();
    // Uses follow their `let`: from the end, so that a `let` feeding the `let` of an index counts too.
    for (const stmt of [...stmts].reverse()) {
      const feedsIndex = stmt.kind === "let" && used.has(stmt.var);
      for (const expr of expressionsOf(stmt))
        collectIndexUses(expr, feedsIndex || isIndexPlace(stmt, expr), used);
    }
    for (const stmt of stmts) {
      if (stmt.kind === "for") this.#addCounter(stmt.var);
      if (stmt.kind !== "let" || stmt.var.dtype !== "i32" || !used.has(stmt.var) || !this.isIndex(stmt.value))
        continue;
      this.#index.add(stmt.var);
      if (this.isNatural(stmt.value)) this.#natural.add(stmt.var);
    }
  }

  isIndexVar(v: Var): boolean {
    return this.#index.has(v);
  }

  /** i32 and made of nothing but index variables and constants. */
  isIndex(expr: Expr): boolean {
    const known = this.#pure.get(expr);
    if (known !== undefined) return known;
    const pure =
      expr.kind === "var"
        ? this.#index.has(expr.var)
        : expr.kind !== "load" &&
          expr.lanes === 1 &&
          isIntegral(expr) &&
          operandsOf(expr).every((arg) => this.isIndex(arg));
    this.#pure.set(expr, pure);
    return pure;
  }

  /** Index arithmetic known to be at least zero. */
  isNatural(expr: Expr): boolean {
    if (expr.kind === "const") return expr.dtype === "i32" && expr.value >= 0;
    if (expr.kind === "var") return this.#natural.has(expr.var);
    return (
      expr.kind === "scalar" && KEEPS_NATURAL.has(expr.name) && expr.args.every((arg) => this.isNatural(arg))
    );
  }

  #addCounter(v: Var): void {
    this.#index.add(v);
    this.#natural.add(v);
  }
}

const KEEPS_NATURAL: ReadonlySet<string> = new Set([
  "add",
  "mul",
  "div",
  "floordiv",
  "mod",
  "min",
  "max",
  "shr",
]);

const isIntegral = (expr: Expr): boolean => expr.dtype === "i32" || expr.dtype === "bool";

/** Whether `expr`, a direct expression of `stmt`, is an index, a trip count or a condition rather than data. */
const isIndexPlace = (stmt: Stmt, expr: Expr): boolean =>
  stmt.kind === "for" || stmt.kind === "if" || (stmt.kind === "store" && expr !== stmt.value);

function collectIndexUses(expr: Expr, asIndex: boolean, used: Set<Var>): void {
  if (expr.kind === "var" && asIndex) used.add(expr.var);
  const isSelect = expr.kind === "scalar" && expr.name === "select";
  operandsOf(expr).forEach((child, at) => {
    collectIndexUses(child, asIndex || expr.kind === "load" || (isSelect && at === 0), used);
  });
}
