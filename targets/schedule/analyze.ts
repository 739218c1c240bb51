/**
 * Questions schedules ask of naive loops: which loops are parallel, where the work is, and what a loop lets be reused.
 */

import type { Expr, For, Stmt, Var } from "../../ir/kernel.ts";
import { freeVars, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";
import type { Loop } from "./loops.ts";

/** Every iteration writes elements of its own: all stores into memory made outside the loop depend on its variable. */
export function isParallel(loop: For): boolean {
  if (loop.extent.kind === "const" && loop.extent.value === 1) return true;
  const made = new Set<unknown>();
  let parallel = true;
  visitStmts(loop.body, (stmt) => {
    if (stmt.kind === "alloc") made.add(stmt.buffer);
    if (stmt.kind === "store" && !made.has(stmt.buffer)) {
      parallel &&= stmt.index.some((index) => freeVars(index).has(loop.var));
    }
  });
  return parallel;
}

/** Peels perfectly nested parallel loops. */
export function peelParallel(stmts: readonly Stmt[]): { loops: Loop[]; body: readonly Stmt[] } {
  const loops: Loop[] = [];
  let body = stmts;
  while (body.length === 1 && body[0].kind === "for" && body[0].bind === "serial" && isParallel(body[0])) {
    loops.push({ variable: body[0].var, extent: body[0].extent });
    body = body[0].body;
  }
  return { loops, body };
}

/** The reduction with most iterations: its loops, outermost first, and the statements inside. */
export interface HotLoop {
  readonly loops: readonly Loop[];
  readonly body: readonly Stmt[];
  /** Elements of the box it is computed for, per tile: the windows of a pooling around it. */
  readonly window: number;
}

export function findHot(stmts: readonly Stmt[], window = 1): HotLoop | undefined {
  let best: HotLoop | undefined;
  for (const stmt of stmts) {
    if (stmt.kind !== "for") continue;
    const found = isParallel(stmt)
      ? findHot(stmt.body, window * constantOr(stmt.extent, 1))
      : reduction(stmt, window);
    if (found !== undefined && (best === undefined || iterations(found) > iterations(best))) best = found;
  }
  return best;
}

function reduction(loop: For, window: number): HotLoop {
  const loops: Loop[] = [];
  let body: readonly Stmt[] = [loop];
  while (body.length === 1 && body[0].kind === "for" && !isParallel(body[0])) {
    loops.push({ variable: body[0].var, extent: body[0].extent });
    body = body[0].body;
  }
  return { loops, body, window };
}

export const constantOr = (expr: Expr, otherwise: number): number =>
  expr.kind === "const" ? expr.value : otherwise;

/** Iterations of loops, those of unknown extent counted as 64. */
export const iterations = ({ loops }: { readonly loops: readonly Loop[] }): number =>
  loops.reduce((product, { extent }) => product * constantOr(extent, 64), 1);

/** The loads from memory that statements make. */
export function loadsOf(stmts: readonly Stmt[]): Extract<Expr, { kind: "load" }>[] {
  const loads: Extract<Expr, { kind: "load" }>[] = [];
  visitExprs(stmts, (expr) => {
    if (expr.kind === "load" && expr.buffer.space !== "register") loads.push(expr);
  });
  return loads;
}

/** Whether running along `variable` in one tile lets a load be reused: some load depends on it and another does not. */
export function allowsReuse(stmts: readonly Stmt[], variable: Var): boolean {
  const depends = loadsOf(stmts).map((load) => freeVars(load).has(variable));
  return depends.includes(true) && depends.includes(false);
}
