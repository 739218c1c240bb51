/**
 * Register tiles: around the hottest reduction of a nest, rows of one parallel axis by vectors of another, with the loops of the reduction
 * outside of the tile, so that every load serves several results. This file chooses the axes and sizes and builds the nest; in which
 * order the loops around the tile run is `loop-order.ts`'s business.
 */
import { simplify } from "../../ir/affine.ts";
import { add, type Expr, int, makeVar, mul, read, type Stmt } from "../../ir/kernel.ts";
import { freshen, mapStmts, substitute } from "../../ir/walk-kernel.ts";
import type { Limits } from "../target.ts";
import { allowsReuse, constantOr, type HotLoop, iterations, loadsOf } from "./analyze.ts";
import type { Choice } from "./choice.ts";
import { cheapestOrder, type Level } from "./loop-order.ts";
import {
  balancedSegments,
  blockSegments,
  type Loop,
  nest,
  type Segment,
  segments,
  sink,
  splitOver,
} from "./loops.ts";
import { laneSum, spreadSum } from "./reduce-lanes.ts";
import { vectorizeRows } from "./row-vectors.ts";
import { canVectorize } from "./vectorize.ts";

/** Rows, and what loops that are no part of the tile count as, where their number is not known. */
const UNKNOWN = 64;
/** Tiles that a block of rows may hold. */
const BLOCKS = [4, 16, 32] as const;

/** How the loops of a nest are cut. */
interface Tiling {
  /** What becomes vectors, or unrolled columns. */
  readonly column: Axis;
  readonly rows?: Axis;
  readonly bind: "vector" | "unroll";
}

/** A loop cut into tiles. */
interface Axis {
  readonly loop: Loop;
  readonly size: number;
  /** The tiles that cover a loop of this extent. */
  cut(extent: Expr): readonly Segment[];
}

export function tileRegisters(
  loops: readonly Loop[],
  body: readonly Stmt[],
  hot: HotLoop,
  limits: Limits,
  choice: Choice = {},
): readonly Stmt[] {
  const { lanes } = limits;
  const vector = lanes === 1 ? undefined : vectorLoop(loops, body, lanes);
  if (vector !== undefined) return build(loops, body, hot, resultTile(loops, vector, hot, limits), choice);
  const panel = lanes === 1 ? undefined : panelLoop(loops, body, 2 * lanes);
  if (panel !== undefined) return build(loops, body, hot, resultTile(loops, panel, hot, limits), choice);
  const sum = laneSum(body, lanes);
  // A buffer made in the body would get an axis for the columns, behind the one that the vectors run along.
  const own = loadsOf(body).some(({ buffer }) => buffer.space === "local");
  const tiling = sum === undefined || own ? undefined : laneTile(loops, hot, limits);
  if (sum === undefined || tiling === undefined) return nest(loops, vectorizeRows(body, lanes));
  return build(loops, spreadSum(body, sum, lanes), hot, tiling, choice);
}

/** The last parallel axis along which everything is contiguous. */
export const vectorLoop = (loops: readonly Loop[], body: readonly Stmt[], lanes: number): Loop | undefined =>
  [...loops]
    .reverse()
    .find(({ variable, extent }) => constantOr(extent, lanes) >= lanes && canVectorize(body, variable));

/** The same where operands are packed: within panels of `width`. */
function panelLoop(loops: readonly Loop[], body: readonly Stmt[], width: number): Loop | undefined {
  return [...loops].reverse().find(({ variable, extent }) => {
    if (constantOr(extent, 0) < width) return false;
    const [panel, lane] = [makeVar("panel"), makeVar("lane")];
    const inPanel = substitute(body, new Map([[variable, add(mul(read(panel), int(width)), read(lane))]]));
    const ranges = new Map([[lane, { min: 0, max: width - 1 }]]);
    return canVectorize(mapStmts(inPanel, { expr: (expr) => simplify(expr, ranges) }), lane);
  });
}

/** Rows by vectors of results. */
function resultTile(
  loops: readonly Loop[],
  vector: Loop,
  hot: HotLoop,
  { lanes, accumulators }: Limits,
): Tiling {
  const extent = constantOr(vector.extent, lanes);
  const isShort = iterations(hot) === 1;
  // A second vector pays where both share a load: not where every load moves along with the results (depthwise).
  const isShared = allowsReuse(hot.body, vector.variable);
  const budget = Math.max(1, Math.floor((isShared ? accumulators : accumulators / 2) / hot.window));
  const columns = Math.min(isShort || !isShared ? 1 : 2, Math.floor(extent / lanes), budget);
  const column = {
    loop: vector,
    size: columns * lanes,
    cut: (whole: Expr) => segments(whole, columns * lanes, lanes),
  };
  return { column, rows: rowAxis(loops, vector, hot, Math.floor(budget / columns)), bind: "vector" };
}

/** Rows by columns of results, each summed in vectors along the reduction. */
function laneTile(loops: readonly Loop[], hot: HotLoop, { accumulators }: Limits): Tiling | undefined {
  const [column] = [...loops].reverse().filter(({ variable }) => allowsReuse(hot.body, variable));
  if (column === undefined) return undefined;
  const size = Math.min(2, constantOr(column.extent, 2));
  return {
    column: { loop: column, size, cut: (whole) => segments(whole, size, 1) },
    rows: rowAxis(loops, column, hot, accumulators / 2),
    bind: "unroll",
  };
}

/** The innermost other axis along which loads are shared, cut so that the tile fits the registers. */
function rowAxis(loops: readonly Loop[], column: Loop, hot: HotLoop, most: number): Axis | undefined {
  if (most < 2) return undefined;
  const candidates = loops.filter((loop) => loop !== column && allowsReuse(hot.body, loop.variable));
  const long = [...candidates].reverse().find(({ extent }) => constantOr(extent, 0) > 1);
  const loop = long ?? candidates[candidates.length - 1];
  if (loop === undefined) return undefined;
  return {
    loop,
    size: Math.min(most, constantOr(loop.extent, most)),
    cut: (whole) => balancedSegments(whole, most),
  };
}

/** A loop of the nest, in order: one iteration for each tile, or each block of tiles, of its axis. */
interface Step extends Level {
  readonly loop: Loop;
  cut(extent: Expr): readonly Segment[];
}

function build(
  loops: readonly Loop[],
  body: readonly Stmt[],
  hot: HotLoop,
  tiling: Tiling,
  choice: Choice,
): readonly Stmt[] {
  const isTiled = ({ loop }: { loop: Loop }): boolean =>
    loop === tiling.column.loop || loop === tiling.rows?.loop;
  const steps = loops.map((loop): Step => {
    const axis = [tiling.column, tiling.rows].find((candidate) => candidate?.loop === loop);
    return stepOf(loop, axis?.size ?? 1, axis?.cut ?? ((whole) => segments(whole, 1)));
  });
  // The batch stays outermost: its size is not known, and the addresses of samples are.
  const batch = steps.filter((step) => !isTiled(step) && step.loop.extent.kind !== "const");
  const free = steps.filter((step) => !batch.includes(step));
  const candidates = orders(free, tiling);
  const wanted = candidates.filter(
    ({ column, blocks }) => column === (choice.column ?? column) && blocks === (choice.blocks ?? blocks),
  );
  // A choice made for another shape may fit no order.
  const open = (wanted.length > 0 ? wanted : candidates).map(({ steps: inOrder }) => inOrder);
  const order = cheapestOrder(open, body, hot.loops) as readonly Step[];
  return new NestBuilder(tiling).build([...batch, ...order], body);
}

const stepOf = (loop: Loop, size: number, cut: Step["cut"]): Step => ({
  loop,
  variable: loop.variable,
  size,
  trips: Math.ceil(constantOr(loop.extent, UNKNOWN) / size),
  cut,
});

/** A way to run the loops around a tile; see `Choice`. */
interface Order {
  readonly steps: readonly Step[];
  readonly column: number;
  readonly blocks: number;
}

/**
 * The orders to choose from, the preferred one first. All but the column keep theirs, which is that of memory: the column goes anywhere
 * between them, and rows may be cut into blocks around it.
 */
function orders(steps: readonly Step[], { column, rows }: Tiling): Order[] {
  const tiles = steps.filter(({ loop }) => loop === column.loop);
  const others = steps.filter(({ loop }) => loop !== column.loop);
  const plain = [...others, undefined].map(
    (_, at): Order => ({
      steps: [...others.slice(0, at), ...tiles, ...others.slice(at)],
      column: at,
      blocks: 0,
    }),
  );
  const cut = others.filter(({ loop }) => loop === rows?.loop && loop.extent.kind === "const");
  return [...plain, ...cut.flatMap((step) => BLOCKS.flatMap((count) => withBlocks(plain, step, count)))];
}

/** A loop of blocks, and inside of it the orders with the tiles of one block. */
function withBlocks(plain: readonly Order[], step: Step, count: number): Order[] {
  if (step.trips < 2 * count) return [];
  const size = step.size * count;
  const block = stepOf(step.loop, size, (whole) => blockSegments(whole, size));
  const inner = { ...step, trips: count };
  return plain.map(({ steps, column }) => ({
    steps: [block, ...steps.map((other) => (other === step ? inner : other))],
    column,
    blocks: count,
  }));
}

/** Writes the nest: cuts each loop in turn and, innermost, sinks what is left of rows and columns into the body. */
class NestBuilder {
  private readonly tiling: Tiling;

  constructor(tiling: Tiling) {
    this.tiling = tiling;
  }

  /** `rest`: what remains of loops that have been cut already, by the loop they were. */
  build(
    [step, ...inside]: readonly Step[],
    body: readonly Stmt[],
    rest: ReadonlyMap<Loop, Loop | undefined> = new Map(),
  ): readonly Stmt[] {
    if (step === undefined) return this.tile(body, rest);
    const loop = rest.has(step.loop) ? rest.get(step.loop) : step.loop;
    if (loop === undefined) return this.build(inside, body, rest);
    return step.cut(loop.extent).flatMap((segment) => {
      const { outer, inner, body: split } = splitOver(loop.variable, segment, freshen(body));
      const tiles = this.build(inside, split, new Map([...rest, [step.loop, inner]]));
      return nest(outer === undefined ? [] : [outer], tiles);
    });
  }

  /** Rows are sunk first: columns are the last axis of the accumulators, the one that becomes vectors. */
  private tile(body: readonly Stmt[], rest: ReadonlyMap<Loop, Loop | undefined>): readonly Stmt[] {
    const { column, rows, bind } = this.tiling;
    const inRows = rows && rest.get(rows.loop);
    const along = rest.get(column.loop);
    const withRows = inRows === undefined ? body : sink(inRows, "unroll", body);
    if (along === undefined) return withRows;
    return sink(along, bind === "vector" && isVectors(along, column) ? "vector" : "unroll", withRows);
  }
}

/** The leftovers of an axis, fewer than a vector, are unrolled. */
const isVectors = ({ extent }: Loop, { size }: Axis): boolean =>
  extent.kind === "const" && extent.value > 1 && size > 1;
