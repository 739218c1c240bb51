/**
 * The schedule for CPUs: one thread, vectors of `lanes`. Around the hottest reduction of a nest it builds a register tile: rows of one
 * parallel axis by vectors of another, reduction loops outside, so that every load is used several times. Kernels without a reduction
 * are vectorized along their last axis.
 */
import type { Expr, Stmt } from "../../ir/kernel.ts";
import { freeVars, freshen, mapStmts, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";
import type { Limits } from "../target.ts";
import {
  allowsReuse,
  constantOr,
  findHot,
  type HotLoop,
  isParallel,
  iterations,
  loadsOf,
  peelParallel,
} from "./analyze.ts";
import { hoistReduction } from "./hoist-reduction.ts";
import { type Loop, nest, segments, sink, splitOver } from "./loops.ts";
import { laneSum, spreadSum } from "./reduce-lanes.ts";
import { canVectorize } from "./vectorize.ts";

/** Iterations up to which a whole reduction is unrolled: a 3x3 window over one channel. */
const UNROLLED_REDUCTION = 9;
/** Elements per axis up to which loops over a stage's box, or over registers, are unrolled. */
const UNROLLED_WINDOW = 16;

export function scheduleCpu(stmts: readonly Stmt[], limits: Limits): readonly Stmt[] {
  return stmts.flatMap((stmt) => {
    if (stmt.kind !== "for" || stmt.bind === "parallel") return [stmt];
    const hoisted = hoistReduction([stmt]);
    const [outer] = hoisted;
    if (hoisted.length === 1 && outer.kind === "for" && outer !== stmt) {
      return [{ ...outer, body: scheduleNest(outer.body, limits) }];
    }
    return isParallel(stmt) ? scheduleNest([stmt], limits) : [stmt];
  });
}

function scheduleNest(stmts: readonly Stmt[], limits: Limits): readonly Stmt[] {
  const { loops, body } = peelParallel(stmts);
  const inner = unrollSmall(sinkWindows(body), UNROLLED_REDUCTION);
  const hot = findHot(body);
  if (hot === undefined) return vectorizeLast(loops, inner, limits);
  return new TileChoice(loops, inner, hot, limits).apply();
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

const vectorLoop = (loops: readonly Loop[], body: readonly Stmt[], lanes: number): Loop | undefined =>
  [...loops]
    .reverse()
    .find(({ variable, extent }) => constantOr(extent, lanes) >= lanes && canVectorize(body, variable));

/** Chooses the axes and sizes of a register tile, and builds it. */
class TileChoice {
  private readonly loops: readonly Loop[];
  private readonly body: readonly Stmt[];
  private readonly hot: HotLoop;
  private readonly limits: Limits;

  constructor(loops: readonly Loop[], body: readonly Stmt[], hot: HotLoop, limits: Limits) {
    this.loops = loops;
    this.body = body;
    this.hot = hot;
    this.limits = limits;
  }

  apply(): readonly Stmt[] {
    const { lanes } = this.limits;
    const vector = lanes === 1 ? undefined : vectorLoop(this.loops, this.body, lanes);
    if (vector !== undefined) return this.resultTile(vector);
    const sum = laneSum(this.body, lanes);
    return sum === undefined ? nest(this.loops, this.body) : this.laneTile();
  }

  /** Rows by vectors of results. */
  private resultTile(vector: Loop): readonly Stmt[] {
    const { lanes, accumulators } = this.limits;
    const extent = constantOr(vector.extent, lanes);
    const budget = Math.max(1, Math.floor(accumulators / this.hot.window));
    const wanted = iterations(this.hot) === 1 ? 1 : 2;
    const columns = Math.min(wanted, Math.floor(extent / lanes), budget);
    const rows = this.rowLoop(vector, Math.floor(budget / columns));
    return this.build(vector, columns * lanes, lanes, "vector", rows, (body) => body);
  }

  /** Rows by columns of results, each summed in vectors along the reduction. */
  private laneTile(): readonly Stmt[] {
    const { lanes, accumulators } = this.limits;
    const [column, row] = [...this.loops]
      .reverse()
      .filter(({ variable }) => allowsReuse(this.hot.body, variable));
    const spread = (body: readonly Stmt[]): readonly Stmt[] => {
      const sum = laneSum(body, lanes);
      return sum === undefined ? body : spreadSum(body, sum, lanes);
    };
    // A buffer made in the body would get an axis for the columns, behind the one that the vectors run along.
    const own = loadsOf(this.body).some(({ buffer }) => buffer.space === "local");
    if (column === undefined || own) return nest(this.loops, spread(this.body));
    const rows =
      row === undefined
        ? undefined
        : { loop: row, size: Math.min(constantOr(row.extent, 4), accumulators / 2) };
    return this.build(column, Math.min(2, constantOr(column.extent, 2)), 1, "unroll", rows, spread);
  }

  /** The innermost other axis along which loads are shared, cut so that the tile fits the registers. */
  private rowLoop(vector: Loop, most: number): { loop: Loop; size: number } | undefined {
    if (most < 2) return undefined;
    const candidates = this.loops.filter(
      (loop) => loop !== vector && allowsReuse(this.hot.body, loop.variable),
    );
    const fixed = [...candidates].reverse().find(({ extent }) => constantOr(extent, 0) > 1);
    const loop = fixed ?? candidates[candidates.length - 1];
    if (loop === undefined) return undefined;
    const extent = constantOr(loop.extent, most);
    const even = [...Array(Math.min(most, extent)).keys()]
      .map((i) => i + 1)
      .reverse()
      .find((size) => extent % size === 0);
    return { loop, size: even !== undefined && even * 2 > most ? even : Math.min(most, extent) };
  }

  private build(
    column: Loop,
    columns: number,
    rest: number,
    bind: "vector" | "unroll",
    rows: { loop: Loop; size: number } | undefined,
    finish: (body: readonly Stmt[]) => readonly Stmt[],
  ): readonly Stmt[] {
    const free = this.loops.filter((loop) => loop !== column && loop !== rows?.loop);
    const batch = free.filter(({ extent }) => extent.kind !== "const");
    const others = free.filter(({ extent }) => extent.kind === "const");
    const tiles = segments(column.extent, columns, rest).flatMap((segment) => {
      const along = splitOver(column.variable, segment, freshen(finish(this.body)));
      const lanes = bind === "vector" && segment.size % rest === 0 ? "vector" : "unroll";
      // Rows are sunk first: columns are the last axis of the accumulators, the one that becomes vectors.
      const inRows = this.rowTiles(rows, along.body, (tile) =>
        along.inner === undefined ? tile : sink(along.inner, lanes, tile),
      );
      return freshen(nest(along.outer === undefined ? [] : [along.outer], nest(others, inRows)));
    });
    return nest(batch, tiles);
  }

  private rowTiles(
    rows: { loop: Loop; size: number } | undefined,
    body: readonly Stmt[],
    sinkColumns: (tile: readonly Stmt[]) => readonly Stmt[],
  ): readonly Stmt[] {
    if (rows === undefined) return sinkColumns(body);
    return segments(rows.loop.extent, rows.size).flatMap((segment) => {
      const { outer, inner, body: split } = splitOver(rows.loop.variable, segment, freshen(body));
      const tile = sinkColumns(inner === undefined ? split : sink(inner, "unroll", split));
      return nest(outer === undefined ? [] : [outer], tile);
    });
  }
}
