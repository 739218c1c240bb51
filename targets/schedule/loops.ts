/**
 * Loop rewrites that every schedule is made of. All are legal for parallel loops (those over result axes): their iterations do not
 * depend on one another.
 *
 * `sink` is the one that makes register tiles: it moves a loop inside everything in its body. What was one accumulator becomes one per
 * iteration, and the loops of a reduction end up outside the tile.
 */
import { CompilerBug } from "../../ir/errors.ts";
import {
  add, type Bind, type Buffer, type Expr, type For, forLoop, int, load, makeVar, mul, read, type Stmt, store, type Var,
} from "../../ir/kernel.ts"; // biome-ignore format: one line
import { mapStmts, substitute } from "../../ir/walk-kernel.ts";

/** A parallel loop taken out of its nest. */
export interface Loop {
  readonly variable: Var;
  readonly extent: Expr;
}

/** Puts loops around a body, outermost first. */
export const nest = (loops: readonly Loop[], body: readonly Stmt[]): readonly Stmt[] =>
  loops.reduceRight<readonly Stmt[]>(
    (inner, { variable, extent }) => [forLoop(variable, extent, inner)],
    body,
  );

/** A stretch of a loop that is covered by tiles of one size: indices start, start + 1 ... start + tiles * size - 1. */
export interface Segment {
  readonly start: Expr;
  readonly tiles: Expr;
  readonly size: number;
}

/** Cuts a loop into tiles of `size`, and what is left over into tiles of `rest` and then of 1. */
export function segments(extent: Expr, size: number, rest = 1): Segment[] {
  if (extent.kind !== "const") {
    const tiles: Expr =
      size === 1
        ? extent
        : { kind: "scalar", name: "floordiv", dtype: "i32", lanes: 1, args: [extent, int(size)] };
    if (size === 1) return [{ start: int(0), tiles, size }];
    const left: Expr = { kind: "scalar", name: "mod", dtype: "i32", lanes: 1, args: [extent, int(size)] };
    return [
      { start: int(0), tiles, size },
      { start: mul(tiles, int(size)), tiles: left, size: 1 },
    ];
  }
  const result: Segment[] = [];
  let start = 0;
  for (const tile of [size, rest, 1]) {
    const tiles = Math.floor((extent.value - start) / tile);
    if (tiles > 0) result.push({ start: int(start), tiles: int(tiles), size: tile });
    start += tiles * tile;
  }
  return result;
}

/** Cuts a loop into as few tiles of at most `most` as there can be, as even as they can be: 7 by 4 into 4 and 3. */
export function balancedSegments(extent: Expr, most: number): Segment[] {
  if (extent.kind !== "const") return segments(extent, most);
  const tiles = Math.ceil(extent.value / most);
  const size = Math.ceil(extent.value / tiles);
  const short = tiles * size - extent.value;
  const long = { start: int(0), tiles: int(tiles - short), size };
  return short === 0
    ? [long]
    : [long, { start: int((tiles - short) * size), tiles: int(short), size: size - 1 }];
}

/** Cuts a loop of known extent into blocks of `size`; what is left over is one smaller block. */
export function blockSegments(extent: Expr, size: number): Segment[] {
  if (extent.kind !== "const") return segments(extent, size);
  const blocks = Math.floor(extent.value / size);
  const rest = extent.value - blocks * size;
  const whole = { start: int(0), tiles: int(blocks), size };
  const last = { start: int(blocks * size), tiles: int(1), size: rest };
  return [...(blocks > 0 ? [whole] : []), ...(rest > 0 ? [last] : [])];
}

/**
 * Splits a loop variable over a segment: `variable = start + outer * size + inner`. Gives the two loops and the body rewritten; loops
 * that run once are left out.
 */
export function splitOver(
  variable: Var,
  { start, tiles, size }: Segment,
  body: readonly Stmt[],
): { outer: Loop | undefined; inner: Loop | undefined; body: readonly Stmt[] } {
  const once = tiles.kind === "const" && tiles.value === 1;
  const outer = once ? undefined : { variable: makeVar(variable.name), extent: tiles };
  const inner = size === 1 ? undefined : { variable: makeVar(`${variable.name}i`), extent: int(size) };
  let value = start;
  if (outer !== undefined)
    value = add(value, size === 1 ? read(outer.variable) : mul(read(outer.variable), int(size)));
  if (inner !== undefined) value = add(value, read(inner.variable));
  return { outer, inner, body: substitute(body, new Map([[variable, value]])) };
}

/** Moves a parallel loop inside the statements of its body; buffers made in the body get an axis for it, the last. */
export function sink(loop: Loop, bind: Bind, body: readonly Stmt[]): readonly Stmt[] {
  const expanded = new Map<Buffer, Buffer>();
  return sinkInto(loop, bind, body, expanded);
}

function sinkInto(
  loop: Loop,
  bind: Bind,
  body: readonly Stmt[],
  expanded: Map<Buffer, Buffer>,
): readonly Stmt[] {
  return body.map((stmt): Stmt => {
    switch (stmt.kind) {
      case "alloc": {
        if (loop.extent.kind !== "const")
          throw new CompilerBug("schedule", "a sunk loop needs a constant extent");
        const buffer = { ...stmt.buffer, shape: [...stmt.buffer.shape, loop.extent.value] };
        expanded.set(stmt.buffer, buffer);
        return { kind: "alloc", buffer };
      }
      case "for":
        return { ...stmt, body: sinkInto(loop, bind, stmt.body, expanded) };
      case "store":
      case "if":
        return wrap(loop, bind, stmt, expanded);
      default:
        throw new CompilerBug("schedule", `cannot sink a loop into a ${stmt.kind}`);
    }
  });
}

/** One statement under its own copy of the loop. */
function wrap(loop: Loop, bind: Bind, stmt: Stmt, expanded: ReadonlyMap<Buffer, Buffer>): For {
  const variable = makeVar(loop.variable.name);
  const at = read(variable);
  const inside = substitute([stmt], new Map([[loop.variable, at]]));
  return forLoop(variable, loop.extent, expandAccesses(inside, expanded, at), bind);
}

function expandAccesses(
  stmts: readonly Stmt[],
  expanded: ReadonlyMap<Buffer, Buffer>,
  at: Expr,
): readonly Stmt[] {
  return mapStmts(stmts, {
    expr: (expr) => {
      const buffer = expr.kind === "load" ? expanded.get(expr.buffer) : undefined;
      return expr.kind === "load" && buffer !== undefined ? load(buffer, [...expr.index, at]) : expr;
    },
    stmt: (stmt) => {
      const buffer = stmt.kind === "store" ? expanded.get(stmt.buffer) : undefined;
      return stmt.kind === "store" && buffer !== undefined
        ? store(buffer, [...stmt.index, at], stmt.value)
        : stmt;
    },
  });
}
