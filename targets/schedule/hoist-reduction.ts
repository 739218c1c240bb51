/**
 * Moves the outermost loop of an accumulating sum (the batch) outside the parallel axes, so that what one sample needs stays in cache
 * while all results are visited. Legal where the accumulator starts from the result itself: each element still adds in the same order.
 */
import type { Stmt } from "../../ir/kernel.ts";
import { visitStmts } from "../../ir/walk-kernel.ts";
import { findHot, iterations, peelParallel } from "./analyze.ts";
import { nest } from "./loops.ts";

/** Inner iterations below which the accumulators had better stay in registers. */
const ENOUGH = 32;

export function hoistReduction(stmts: readonly Stmt[]): readonly Stmt[] {
  const { loops, body } = peelParallel(stmts);
  const hot = findHot(body);
  if (hot === undefined || hot.window > 1 || hot.loops.length < 2 || hot.loops[0].extent.kind === "const")
    return stmts;
  if (iterations({ loops: hot.loops.slice(1) }) < ENOUGH || !accumulates(body)) return stmts;
  const [batch] = hot.loops;
  return nest(
    [batch, ...loops],
    body.flatMap((stmt) => (isLoopOver(stmt, batch.variable) ? stmt.body : [stmt])),
  );
}

const isLoopOver = (stmt: Stmt, variable: unknown): stmt is Extract<Stmt, { kind: "for" }> =>
  stmt.kind === "for" && stmt.var === variable;

/** Every accumulator begins with what its result holds: the first store into each register loads from global memory. */
function accumulates(stmts: readonly Stmt[]): boolean {
  let begins = false;
  let other = false;
  for (const stmt of stmts) {
    if (stmt.kind !== "store" || stmt.buffer.space !== "register") continue;
    if (stmt.value.kind === "load" && stmt.value.buffer.space === "global") begins = true;
    else other = true;
  }
  let loops = 0;
  visitStmts(stmts, (stmt) => {
    if (stmt.kind === "if") other = true;
  });
  for (const stmt of stmts) if (stmt.kind === "for") loops++;
  return begins && !other && loops === 1;
}
