/**
 * The schedule for CPUs: one thread, vectors of `lanes`. Around the hottest reduction of a nest it builds a register tile: rows of one
 * parallel axis by vectors of another, reduction loops outside, so that every load is used several times. Kernels without a reduction
 * are vectorized along their last axis.
 */
import type { Expr, Stmt } from "../../ir/kernel.ts";
import { bodiesOf, freeVars, freshen, mapStmts, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";
import type { Limits } from "../target.ts";
import { constantOr, findHot, isParallel, peelParallel } from "./analyze.ts";
import type { Choice } from "./choice.ts";
import { hoistReduction } from "./hoist-reduction.ts";
import { type Loop, nest, segments, sink, splitOver } from "./loops.ts";
import { tileRegisters, vectorLoop } from "./register-tile.ts";

/** Updates of accumulators up to which the loops of a reduction are unrolled around a tile: more, and engines run out of registers. */
const UNROLLED_UPDATES = 20;
/** Elements per axis up to which loops over a stage's box, or over registers, are unrolled. */
const UNROLLED_WINDOW = 16;

export function scheduleCpu(stmts: readonly Stmt[], given: Limits, choice: Choice = {}): readonly Stmt[] {
  const limits = { ...given, accumulators: choice.accumulators ?? given.accumulators };
  return stmts.flatMap((stmt) => {
    if (stmt.kind !== "for") return [stmt];
    const hoisted = hoistReduction([stmt]);
    const [outer] = hoisted;
    if (hoisted.length === 1 && outer.kind === "for" && outer !== stmt) {
      return [{ ...outer, body: scheduleNest(outer.body, limits, choice) }];
    }
    return isParallel(stmt) ? scheduleNest([stmt], limits, choice) : [stmt];
  });
}

function scheduleNest(stmts: readonly Stmt[], limits: Limits, choice: Choice): readonly Stmt[] {
  const { loops, body } = peelParallel(stmts);
  const inner = unrollSmall(sinkWindows(body), 1);
  const hot = findHot(body);
  if (hot === undefined) return vectorizeLast(loops, inner, limits);
  const tiled = tileRegisters(loops, inner, hot, limits, choice);
  return unrollReductions(tiled, limits.lanes, choice.unrolled ?? UNROLLED_UPDATES);
}

/** Unrolls the inner loops of reductions while the code of a tile stays small. */
function unrollReductions(stmts: readonly Stmt[], lanes: number, most: number): readonly Stmt[] {
  return mapStmts(stmts, {
    stmt: (stmt) => {
      if (stmt.kind !== "for" || stmt.bind !== "serial" || isParallel(stmt)) return stmt;
      const updates = constantOr(stmt.extent, Infinity) * updatesIn(stmt.body, lanes);
      return updates <= most ? { ...stmt, bind: "unroll" } : stmt;
    },
  });
}

/** Stores that one run of the statements makes, once what is bound to be unrolled is. */
function updatesIn(stmts: readonly Stmt[], lanes: number): number {
  return stmts.reduce((sum, stmt) => {
    if (stmt.kind === "store") return sum + 1;
    if (stmt.kind !== "for")
      return sum + bodiesOf(stmt).reduce((inner, body) => inner + updatesIn(body, lanes), 0);
    const times =
      stmt.bind === "serial"
        ? Infinity
        : constantOr(stmt.extent, Infinity) / (stmt.bind === "vector" ? lanes : 1);
    return sum + times * updatesIn(stmt.body, lanes);
  }, 0);
}

/** Loops over the box of a stage move inside its reduction: one accumulator per element of the box. */
export function sinkWindows(stmts: readonly Stmt[]): readonly Stmt[] {
  return stmts.flatMap((stmt) => {
    if (stmt.kind !== "for") return [stmt];
    const body = sinkWindows(stmt.body);
    if (
      !isParallel(stmt) ||
      constantOr(stmt.extent, Infinity) > UNROLLED_WINDOW ||
      !usesRegisters(body, stmt.var)
    ) {
      return [{ ...stmt, body }];
    }
    return sink({ variable: stmt.var, extent: stmt.extent }, "unroll", body);
  });
}

function usesRegisters(stmts: readonly Stmt[], variable: Loop["variable"]): boolean {
  let uses = false;
  const check = (space: string, index: readonly Expr[]): void => {
    uses ||= space === "register" && index.some((expr) => freeVars(expr).has(variable));
  };
  visitExprs(stmts, (expr) => {
    if (expr.kind === "load") check(expr.buffer.space, expr.index);
  });
  visitStmts(stmts, (stmt) => {
    if (stmt.kind === "store") check(stmt.buffer.space, stmt.index);
  });
  return uses;
}

/** Binds to `unroll` what indexes registers, and whole reductions of up to `most` iterations. */
export function unrollSmall(stmts: readonly Stmt[], most: number): readonly Stmt[] {
  return mapStmts(stmts, {
    stmt: (stmt) => {
      if (stmt.kind !== "for" || stmt.bind !== "serial") return stmt;
      const extent = constantOr(stmt.extent, Infinity);
      const short = extent * innerIterations(stmt.body) <= most;
      const indexes = extent <= UNROLLED_WINDOW && usesRegisters(stmt.body, stmt.var);
      return short || indexes ? { ...stmt, bind: "unroll" } : stmt;
    },
  });
}

function innerIterations(stmts: readonly Stmt[]): number {
  let product = 1;
  for (const stmt of stmts) {
    if (stmt.kind !== "for") continue;
    const isTile = stmt.bind === "unroll" && isParallel(stmt);
    product = Math.max(
      product,
      (isTile ? 1 : constantOr(stmt.extent, Infinity)) * innerIterations(stmt.body),
    );
  }
  return product;
}

/** The last parallel axis along which everything is contiguous becomes vectors. */
function vectorizeLast(loops: readonly Loop[], body: readonly Stmt[], { lanes }: Limits): readonly Stmt[] {
  const vector = lanes === 1 ? undefined : vectorLoop(loops, body, lanes);
  if (vector === undefined) return nest(loops, body);
  const others = loops.filter((loop) => loop !== vector);
  const tiles = segments(vector.extent, lanes).flatMap((segment, i) => {
    const split = splitOver(vector.variable, segment, i === 0 ? body : freshen(body));
    const tile = split.inner === undefined ? split.body : sink(split.inner, "vector", split.body);
    return nest(split.outer === undefined ? [] : [split.outer], tile);
  });
  return nest(others, tiles);
}
