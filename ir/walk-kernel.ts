/**
 * Walks over the kernel IR: map, visit, substitute, and the questions every pass asks (which buffers, which free variables).
 *
 * All of them are pure. A map returns the very object it was given when nothing below it changed, so that an unchanged subtree is
 * shared between input and output and "did this pass do anything?" is a comparison by identity. An expression may use one object in
 * several places (a lowering that returns `x * x` does): a walk sees that object once per expression, so its work is linear in the
 * number of objects, not in the size of the tree they unfold to.
 */
import type { Access, Buffer, Expr, Stmt, Var } from "./kernel.ts";

/** Maps a list; the list itself when every element maps to itself. */
export function mapShared<T>(list: readonly T[], f: (item: T) => T): readonly T[] {
  let changed = false;
  const mapped = list.map((item) => {
    const result = f(item);
    changed ||= result !== item;
    return result;
  });
  return changed ? mapped : list;
}

/** Rebuilds one node with its direct operands mapped. */
export function mapOperands(expr: Expr, f: (operand: Expr) => Expr): Expr {
  switch (expr.kind) {
    case "const":
    case "var":
      return expr;
    case "load": {
      const index = mapShared(expr.index, f);
      return index === expr.index ? expr : { ...expr, index };
    }
    case "scalar": {
      const args = mapShared(expr.args, f);
      return args === expr.args ? expr : { ...expr, args };
    }
    case "cast":
    case "bitcast":
    case "splat":
    case "extract": {
      const arg = f(expr.arg);
      return arg === expr.arg ? expr : { ...expr, arg };
    }
    default:
      return expr satisfies never;
  }
}

/** Applies `f` to every node, operands before the nodes that use them. */
export function mapExpr(expr: Expr, f: (expr: Expr) => Expr): Expr {
  const done = new Map<Expr, Expr>();
  const visit = (node: Expr): Expr => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const result = f(mapOperands(node, visit));
    if (operandsOf(node).length > 0) done.set(node, result);
    return result;
  };
  return visit(expr);
}

export interface StmtMap {
  /** Called on every expression node, operands first, as `mapExpr` does. */
  readonly expr?: (expr: Expr) => Expr;
  /** Called on every statement, after its parts were mapped. A list takes the statement's place: `[]` removes it. */
  readonly stmt?: (stmt: Stmt) => Stmt | readonly Stmt[];
}

/** Maps statements bottom-up. */
export function mapStmts(stmts: readonly Stmt[], { expr, stmt }: StmtMap): readonly Stmt[] {
  const onExpr = expr === undefined ? (e: Expr): Expr => e : (e: Expr): Expr => mapExpr(e, expr);
  const onBody = (body: readonly Stmt[]): readonly Stmt[] => {
    const rebuilt = mapShared(body, (s) => mapParts(s, onExpr, onBody));
    return stmt === undefined ? rebuilt : flatMapShared(rebuilt, stmt);
  };
  return onBody(stmts);
}

/** Rebuilds one statement: `onExpr` on its own expressions, `onBody` on its bodies. */
export function mapParts(
  stmt: Stmt,
  onExpr: (expr: Expr) => Expr,
  onBody: (body: readonly Stmt[]) => readonly Stmt[],
): Stmt {
  switch (stmt.kind) {
    case "for": {
      const extent = onExpr(stmt.extent);
      const body = onBody(stmt.body);
      return extent === stmt.extent && body === stmt.body ? stmt : { ...stmt, extent, body };
    }
    case "let": {
      const value = onExpr(stmt.value);
      return value === stmt.value ? stmt : { ...stmt, value };
    }
    case "store": {
      const index = mapShared(stmt.index, onExpr);
      const value = onExpr(stmt.value);
      return index === stmt.index && value === stmt.value ? stmt : { ...stmt, index, value };
    }
    case "if": {
      const cond = onExpr(stmt.cond);
      const then = onBody(stmt.then);
      const otherwise = onBody(stmt.otherwise);
      const same = cond === stmt.cond && then === stmt.then && otherwise === stmt.otherwise;
      return same ? stmt : { ...stmt, cond, then, otherwise };
    }
    case "alloc":
    case "barrier":
      return stmt;
    default:
      return stmt satisfies never;
  }
}

function flatMapShared(list: readonly Stmt[], f: (stmt: Stmt) => Stmt | readonly Stmt[]): readonly Stmt[] {
  let changed = false;
  const mapped = list.flatMap((stmt) => {
    const result = f(stmt);
    changed ||= result !== stmt;
    return result;
  });
  return changed ? mapped : list;
}

const isStmts = (code: readonly Stmt[] | Expr): code is readonly Stmt[] => Array.isArray(code);

/** The operands of one expression node. */
export function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "const":
    case "var":
      return [];
    case "load":
      return expr.index;
    case "scalar":
      return expr.args;
    case "cast":
    case "bitcast":
    case "splat":
    case "extract":
      return [expr.arg];
    default:
      return expr satisfies never;
  }
}

/** The expressions that stand in one statement itself, not in its bodies. */
export function expressionsOf(stmt: Stmt): readonly Expr[] {
  switch (stmt.kind) {
    case "for":
      return [stmt.extent];
    case "let":
      return [stmt.value];
    case "store":
      return [...stmt.index, stmt.value];
    case "if":
      return [stmt.cond];
    case "alloc":
    case "barrier":
      return [];
    default:
      return stmt satisfies never;
  }
}

/** The statement lists inside one statement. */
export function bodiesOf(stmt: Stmt): readonly (readonly Stmt[])[] {
  if (stmt.kind === "for") return [stmt.body];
  return stmt.kind === "if" ? [stmt.then, stmt.otherwise] : [];
}

/** Calls `f` on every statement, outer before inner, in order of execution. */
export function visitStmts(stmts: readonly Stmt[], f: (stmt: Stmt) => void): void {
  for (const stmt of stmts) {
    f(stmt);
    for (const body of bodiesOf(stmt)) visitStmts(body, f);
  }
}

/** Calls `f` on every expression node, users before their operands. */
export function visitExprs(code: readonly Stmt[] | Expr, f: (expr: Expr) => void): void {
  if (isStmts(code)) {
    visitStmts(code, (stmt) => {
      for (const expr of expressionsOf(stmt)) visitExprs(expr, f);
    });
    return;
  }
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    f(expr);
    operandsOf(expr).forEach(visit);
  };
  visit(code);
}

/** Replaces free variables by expressions. The replacements are not searched again. */
export function substitute(code: Expr, by: ReadonlyMap<Var, Expr>): Expr;
export function substitute(code: readonly Stmt[], by: ReadonlyMap<Var, Expr>): readonly Stmt[];
export function substitute(code: readonly Stmt[] | Expr, by: ReadonlyMap<Var, Expr>): readonly Stmt[] | Expr {
  if (by.size === 0) return code;
  const replace = (expr: Expr): Expr => (expr.kind === "var" ? (by.get(expr.var) ?? expr) : expr);
  return isStmts(code) ? mapStmts(code, { expr: replace }) : mapExpr(code, replace);
}

/** Replaces buffers, in loads, stores and allocations. Shapes and spaces are the caller's business. */
export function replaceBuffers(code: readonly Stmt[], by: ReadonlyMap<Buffer, Buffer>): readonly Stmt[] {
  if (by.size === 0) return code;
  const moved = <T extends { readonly buffer: Buffer }>(use: T): T => {
    const buffer = by.get(use.buffer);
    return buffer === undefined ? use : { ...use, buffer };
  };
  return mapStmts(code, {
    expr: (expr) => (expr.kind === "load" ? moved(expr) : expr),
    stmt: (stmt) => (stmt.kind === "store" || stmt.kind === "alloc" ? moved(stmt) : stmt),
  });
}

/** The buffers that are loaded from or stored to, and how, in order of appearance. */
export function buffersOf(code: readonly Stmt[] | Expr): Map<Buffer, Access> {
  const uses = new Map<Buffer, Access>();
  const note = (buffer: Buffer, access: "read" | "write"): void => {
    const known = uses.get(buffer) ?? access;
    uses.set(buffer, known === access ? access : "readwrite");
  };
  const noteLoads = (expr: Expr): void => {
    if (expr.kind === "load") note(expr.buffer, "read");
  };
  if (!isStmts(code)) visitExprs(code, noteLoads);
  else {
    visitStmts(code, (stmt) => {
      if (stmt.kind === "store") note(stmt.buffer, "write");
      for (const expr of expressionsOf(stmt)) visitExprs(expr, noteLoads);
    });
  }
  return uses;
}

/** The buffers that are allocated, in order of appearance. */
export function allocationsOf(stmts: readonly Stmt[]): Buffer[] {
  const buffers: Buffer[] = [];
  visitStmts(stmts, (stmt) => {
    if (stmt.kind === "alloc") buffers.push(stmt.buffer);
  });
  return buffers;
}

/** The variables that loops and `let`s bind, in order of appearance. */
export function boundVars(stmts: readonly Stmt[]): Var[] {
  const vars: Var[] = [];
  visitStmts(stmts, (stmt) => {
    if (stmt.kind === "for" || stmt.kind === "let") vars.push(stmt.var);
  });
  return vars;
}

/** The variables that are read but not bound inside. Relies on a variable being bound once in a kernel (see `verify-kernel.ts`). */
export function freeVars(code: readonly Stmt[] | Expr): Set<Var> {
  const free = new Set<Var>();
  visitExprs(code, (expr) => {
    if (expr.kind === "var") free.add(expr.var);
  });
  if (isStmts(code)) for (const bound of boundVars(code)) free.delete(bound);
  return free;
}

/**
 * A copy with variables and allocated buffers of its own, so that a body can stand in a kernel twice. Names stay: they are hints, the
 * printer tells equal ones apart.
 */
export function freshen(stmts: readonly Stmt[]): readonly Stmt[] {
  const vars = new Map<Var, Var>(boundVars(stmts).map((v) => [v, { ...v }]));
  const buffers = new Map<Buffer, Buffer>(allocationsOf(stmts).map((buffer) => [buffer, { ...buffer }]));
  if (vars.size === 0 && buffers.size === 0) return stmts;
  const rename = <T extends { readonly var: Var }>(use: T): T => {
    const renamed = vars.get(use.var);
    return renamed === undefined ? use : { ...use, var: renamed };
  };
  const copy = mapStmts(stmts, {
    expr: (expr) => (expr.kind === "var" ? rename(expr) : expr),
    stmt: (stmt) => (stmt.kind === "for" || stmt.kind === "let" ? rename(stmt) : stmt),
  });
  return replaceBuffers(copy, buffers);
}
