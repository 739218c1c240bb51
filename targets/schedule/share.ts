/**
 * Names what a stretch of straight-line code computes or loads more than once. Unrolled tiles read each weight once per row and each input
 * once per column: after this pass, once.
 */
import type { Buffer, Expr, Stmt } from "../../ir/kernel.ts";
import { makeVar, read, type Var } from "../../ir/kernel.ts";
import { buffersOf, mapOperands, mapStmts, operandsOf, visitExprs } from "../../ir/walk-kernel.ts";

export const shareSubexpressions = (stmts: readonly Stmt[]): readonly Stmt[] => dropUnused(share(stmts));

function share(stmts: readonly Stmt[]): readonly Stmt[] {
  const result: Stmt[] = [];
  let run: Stmt[] = [];
  const flush = (): void => {
    result.push(...new StraightLine(run).rewrite());
    run = [];
  };
  for (const stmt of stmts) {
    if (stmt.kind === "store" || stmt.kind === "let") {
      run.push(stmt);
      continue;
    }
    flush();
    result.push(descend(stmt));
  }
  flush();
  return result;
}

/** Without the `let`s that nothing reads any more. */
function dropUnused(stmts: readonly Stmt[]): readonly Stmt[] {
  const used = new Set<Var>();
  visitExprs(stmts, (expr) => void (expr.kind === "var" && used.add(expr.var)));
  let dropped = false;
  const kept = mapStmts(stmts, {
    stmt: (stmt) => {
      if (stmt.kind !== "let" || used.has(stmt.var)) return stmt;
      dropped = true;
      return [];
    },
  });
  return dropped ? dropUnused(kept) : kept;
}

function descend(stmt: Stmt): Stmt {
  if (stmt.kind === "for") return { ...stmt, body: share(stmt.body) };
  if (stmt.kind !== "if") return stmt;
  return { ...stmt, then: share(stmt.then), otherwise: share(stmt.otherwise) };
}

interface Node {
  readonly expr: Expr;
  readonly id: number;
  /** Places that use it: other nodes, counted once each per operand, and statements. */
  uses: number;
  variable?: Var;
}

/** A run of stores and `let`s. Expressions that read what the run writes are left alone. */
class StraightLine {
  private readonly nodes = new Map<string, Node>();
  private readonly known = new Map<Expr, Node>();
  /** What `let`s of the run stand for. */
  private readonly bound = new Map<Var, Node>();
  private readonly ids = new Map<object, number>();
  private readonly stmts: readonly Stmt[];
  private readonly written: ReadonlySet<Buffer>;

  constructor(stmts: readonly Stmt[]) {
    this.stmts = stmts;
    this.written = new Set(stmts.flatMap((stmt) => (stmt.kind === "store" ? [stmt.buffer] : [])));
  }

  rewrite(): Stmt[] {
    for (const stmt of this.stmts) {
      if (stmt.kind !== "let" && stmt.kind !== "store") continue;
      const node = this.node(stmt.value);
      node.uses++;
      if (stmt.kind === "let" && !this.isMutable(stmt.value)) this.bound.set(stmt.var, node);
    }
    const result: Stmt[] = [];
    for (const stmt of this.stmts) {
      if (stmt.kind === "let") this.emitLet(stmt, result);
      if (stmt.kind === "store") result.push({ ...stmt, value: this.emit(stmt.value, result) });
    }
    return result;
  }

  /** A `let` names its value for the rest of the run; another of the same value becomes a second name for it. */
  private emitLet({ var: variable, value }: Extract<Stmt, { kind: "let" }>, result: Stmt[]): void {
    const node = this.bound.get(variable);
    if (node !== undefined && node.variable === undefined) {
      const parts = value.kind === "load" ? value : mapOperands(value, (part) => this.emit(part, result));
      result.push({ kind: "let", var: variable, value: parts });
      node.variable = variable;
      return;
    }
    result.push({ kind: "let", var: variable, value: this.emit(value, result) });
  }

  private id(object: object): number {
    const id = this.ids.get(object) ?? this.ids.size;
    this.ids.set(object, id);
    return id;
  }

  private node(expr: Expr): Node {
    const seen = (expr.kind === "var" ? this.bound.get(expr.var) : undefined) ?? this.known.get(expr);
    if (seen !== undefined) return seen;
    const key = this.key(expr);
    const found = this.nodes.get(key);
    const node = found ?? { expr, id: this.nodes.size, uses: 0 };
    if (found === undefined) {
      this.nodes.set(key, node);
      if (expr.kind !== "load") for (const operand of operandsOf(expr)) this.node(operand).uses++;
    }
    this.known.set(expr, node);
    return node;
  }

  /** Equal keys, equal values. Loads are leaves: their indices are not shared, so that addresses stay sums. */
  private key(expr: Expr): string {
    const head = `${expr.kind} ${expr.dtype}x${expr.lanes}`;
    switch (expr.kind) {
      case "const":
        return `${head} ${Object.is(expr.value, -0) ? "-0" : expr.value}`;
      case "var":
        return `${head} ${this.id(expr.var)}`;
      case "load":
        return `${head} ${this.id(expr.buffer)} ${expr.index.map((index) => this.node(index).id).join(",")}`;
      case "scalar":
        return `${head} ${expr.name} ${expr.args.map((arg) => this.node(arg).id).join(",")}`;
      case "extract":
        return `${head} ${expr.lane} ${this.node(expr.arg).id}`;
      default:
        return `${head} ${this.node(expr.arg).id}`;
    }
  }

  private emit(expr: Expr, before: Stmt[]): Expr {
    if (expr.kind === "const") return expr;
    const node = this.node(expr);
    if (expr.kind === "var") return node.variable === undefined ? expr : read(node.variable);
    if (node.variable !== undefined) return read(node.variable);
    const value = expr.kind === "load" ? expr : mapOperands(expr, (operand) => this.emit(operand, before));
    if (node.uses < 2 || this.isMutable(expr) || isTrivial(expr)) return value;
    node.variable = makeVar(nameOf(expr), expr.dtype, expr.lanes);
    before.push({ kind: "let", var: node.variable, value });
    return read(node.variable);
  }

  private isMutable(expr: Expr): boolean {
    return [...buffersOf(expr).keys()].some((buffer) => this.written.has(buffer));
  }
}

/** Registers are variables already. */
const isTrivial = (expr: Expr): boolean =>
  (expr.kind === "load" && expr.buffer.space === "register") ||
  (expr.kind === "splat" && expr.arg.kind === "const");

function nameOf(expr: Expr): string {
  if (expr.kind === "load") return expr.buffer.name;
  if (expr.kind === "splat" && expr.arg.kind === "load") return expr.arg.buffer.name;
  return expr.kind === "scalar" ? expr.name : "value";
}
