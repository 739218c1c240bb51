/**
 * Moves the outermost loop of an accumulating sum (the batch) outside the parallel axes, so that what one sample needs stays in cache
 * while all results are visited. Legal where the sum is added to what the result holds: it is then added in parts, one per iteration, in the same order.
 */
import type { Stmt } from "../../ir/kernel.ts";
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

/** Every accumulator begins as a constant and is added to what its result holds: the sum may be taken in parts. */
function accumulates(stmts: readonly Stmt[]): boolean {
  let isPlain = stmts.filter(({ kind }) => kind === "for").length === 1;
  let adds = false;
  for (const stmt of stmts) {
    if (stmt.kind === "if") isPlain = false;
    if (stmt.kind !== "store") continue;
    if (stmt.buffer.space === "register") isPlain &&= stmt.value.kind === "const";
    else if (addsTo(stmt)) adds = true;
    else isPlain = false;
  }
  return isPlain && adds;
}

/** y = y + accumulator */
function addsTo({ buffer, value }: Extract<Stmt, { kind: "store" }>): boolean {
  if (value.kind !== "scalar" || value.name !== "add") return false;
  const [before, sum] = value.args;
  return (
    before.kind === "load" &&
    before.buffer === buffer &&
    sum.kind === "load" &&
    sum.buffer.space === "register"
  );
}
