/**
 * Brings a scheduled kernel into the normal form that emitters take (`targets/target.ts`): unrolled, in vectors, flat, registers named,
 * common subexpressions shared, scalar functions expanded.
 */
import { type Interval, intervalOf, simplify } from "../../ir/affine.ts";
import { expandKernel } from "../../ir/expand.ts";
import { int, type Kernel, type Stmt, type Var } from "../../ir/kernel.ts";
import { mapStmts, substitute, visitStmts } from "../../ir/walk-kernel.ts";
import { flatten } from "./flatten.ts";
import { splitRegisters } from "./registers.ts";
import { shareSubexpressions } from "./share.ts";
import { unroll } from "./unroll.ts";
import { vectorize } from "./vectorize.ts";

export function finish(kernel: Kernel, lanes: number): Kernel {
  // Before anything is copied: vectors want to see which indices are contiguous.
  const tidy = simplifyAll(runInOrder(kernel.body), rangesOf(kernel));
  const unrolled = { ...kernel, body: vectorize(unroll(tidy), lanes) };
  const ranges = rangesOf(unrolled);
  const simple = simplifyAll(dropTrivialLoops(simplifyAll(unrolled.body, ranges)), ranges);
  // What cannot be registers becomes local memory, and is flattened with the rest.
  const flat = flatten({ ...unrolled, body: splitRegisters(simple) }, ranges);
  const expanded = expandKernel({ ...flat, body: simplifyAll(flat.body, ranges) });
  return { ...expanded, body: shareSubexpressions(expanded.body) };
}

/** Parallel loops that no schedule spread run one iteration after the other. */
const runInOrder = (stmts: readonly Stmt[]): readonly Stmt[] =>
  mapStmts(stmts, {
    stmt: (stmt) => (stmt.kind === "for" && stmt.bind === "parallel" ? { ...stmt, bind: "serial" } : stmt),
  });

/** What loops and sizes say about their variables. */
export function rangesOf(kernel: Kernel): ReadonlyMap<Var, Interval> {
  const ranges = new Map<Var, Interval>(
    kernel.dims.map((dim) => [dim.var, { min: 1, max: Number.POSITIVE_INFINITY }]),
  );
  visitStmts(kernel.body, (stmt) => {
    if (stmt.kind === "let" && stmt.value.dtype === "i32")
      ranges.set(stmt.var, intervalOf(stmt.value, ranges));
    if (stmt.kind !== "for") return;
    const max = stmt.extent.kind === "const" ? stmt.extent.value - 1 : Number.POSITIVE_INFINITY;
    ranges.set(stmt.var, { min: 0, max });
  });
  return ranges;
}

/** Simplifies index arithmetic, and drops branches whose condition is decided. */
function simplifyAll(stmts: readonly Stmt[], ranges: ReadonlyMap<Var, Interval>): readonly Stmt[] {
  const expr = (e: Parameters<typeof simplify>[0]) => simplify(e, ranges);
  return stmts.flatMap((stmt): readonly Stmt[] => {
    switch (stmt.kind) {
      case "for":
        return [{ ...stmt, extent: expr(stmt.extent), body: simplifyAll(stmt.body, ranges) }];
      case "let":
        return [{ ...stmt, value: expr(stmt.value) }];
      case "store":
        return [{ ...stmt, index: stmt.index.map(expr), value: expr(stmt.value) }];
      case "if": {
        const cond = expr(stmt.cond);
        const [then, otherwise] = [simplifyAll(stmt.then, ranges), simplifyAll(stmt.otherwise, ranges)];
        if (cond.kind === "const") return cond.value !== 0 ? then : otherwise;
        return [{ ...stmt, cond, then, otherwise }];
      }
      default:
        return [stmt];
    }
  });
}

/** Loops that never run or do nothing go, those that run once are their body. Grid and thread loops stay. */
const dropTrivialLoops = (stmts: readonly Stmt[]): readonly Stmt[] =>
  mapStmts(stmts, {
    stmt: (stmt) => {
      if (stmt.kind !== "for" || stmt.bind !== "serial") return stmt;
      const extent = stmt.extent.kind === "const" ? stmt.extent.value : undefined;
      if (stmt.body.length === 0 || extent === 0) return [];
      return extent === 1 ? substitute(stmt.body, new Map([[stmt.var, int(0)]])) : stmt;
    },
  });
