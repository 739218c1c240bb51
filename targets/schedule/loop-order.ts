/**
 * In which order the loops around a register tile run, and whether one of them is cut into blocks first: whatever moves the fewest bytes
 * into the caches, by an estimate. The tile itself, and the order in which each result is summed, stay as they are.
 *
 * The estimate: from the innermost loop outwards, the accesses of a nest touch more and more memory, until they overflow the cache. What
 * they touch in one run of the first loop that overflows has to be brought in anew in every iteration of the loops outside of it.
 */
import { intervalOf } from "../../ir/affine.ts";
import { byteWidth, type DType } from "../../ir/dtype.ts";
import type { Expr, Stmt, Var } from "../../ir/kernel.ts";
import { visitExprs, visitStmts } from "../../ir/walk-kernel.ts";
import { constantOr } from "./analyze.ts";
import type { Loop } from "./loops.ts";

/** A loop of the nest: it runs over `variable` in `trips` steps of `size`. A variable cut into blocks has two. */
export interface Level {
  readonly variable: Var;
  readonly size: number;
  readonly trips: number;
}

/** The bytes of a cache that data may fill, and what bringing one byte into it costs. */
interface Cache {
  readonly bytes: number;
  readonly cost: number;
}

/** Three quarters of a first-level and half of a second-level cache, as nearly all cores have them; the rest is for all that is not modelled. */
const caches: readonly Cache[] = [
  { bytes: 24 << 10, cost: 1 },
  { bytes: 512 << 10, cost: 4 },
];
/** Memory moves in lines of this many bytes. */
const LINE = 64;

/** A load or a store of global memory. */
interface Access {
  readonly dtype: DType;
  readonly shape: readonly unknown[];
  readonly index: readonly Expr[];
}

/** The cheapest of several orders, each outermost loop first. The first of equals, so the caller's preference comes first. */
export function cheapestOrder(
  orders: readonly (readonly Level[])[],
  body: readonly Stmt[],
  reductions: readonly Loop[],
): readonly Level[] {
  if (orders.length < 2) return orders[0];
  const accesses = accessesOf(body);
  const whole = new Map(reductions.map(({ variable, extent }) => [variable, constantOr(extent, 64)]));
  visitStmts(body, (stmt) => {
    if (stmt.kind === "for") whole.set(stmt.var, constantOr(stmt.extent, 64));
  });
  let [best, least] = [orders[0], Infinity];
  for (const order of orders) {
    const cost = caches.reduce(
      (sum, cache) => sum + cache.cost * traffic(order, accesses, whole, cache.bytes),
      0,
    );
    // A near tie goes to the earlier one: the estimate is not that good.
    if (cost < 0.97 * least) [best, least] = [order, cost];
  }
  return best;
}

function accessesOf(body: readonly Stmt[]): readonly Access[] {
  const accesses: Access[] = [];
  const note = (
    { space, dtype, shape }: { space: string; dtype: DType; shape: readonly unknown[] },
    index: readonly Expr[],
  ): void => {
    if (space === "global") accesses.push({ dtype, shape, index });
  };
  visitExprs(body, (expr) => expr.kind === "load" && note(expr.buffer, expr.index));
  visitStmts(body, (stmt) => stmt.kind === "store" && note(stmt.buffer, stmt.index));
  return accesses;
}

/** Bytes that move into a cache of `capacity` while the whole nest runs. */
function traffic(
  order: readonly Level[],
  accesses: readonly Access[],
  whole: ReadonlyMap<Var, number>,
  capacity: number,
): number {
  const touched = (inside: readonly Level[]): number =>
    accesses.reduce((sum, access) => sum + footprint(access, inside, order, whole), 0);
  let first = order.length;
  let bytes = touched([]);
  while (first > 0 && bytes <= capacity) {
    first--;
    bytes = touched(order.slice(first));
  }
  return order.slice(0, first).reduce((product, { trips }) => product * trips, bytes);
}

/** Bytes an access touches, in whole lines, while the levels `inside` run and those around them stand still. */
function footprint(
  { dtype, shape, index }: Access,
  inside: readonly Level[],
  order: readonly Level[],
  whole: ReadonlyMap<Var, number>,
): number {
  const extents = new Map(whole);
  for (const { variable, size } of order)
    extents.set(variable, Math.min(size, extents.get(variable) ?? Infinity));
  for (const { variable, size, trips } of inside)
    extents.set(variable, Math.max(size * trips, extents.get(variable) ?? 1));
  const ranges = new Map([...extents].map(([variable, extent]) => [variable, { min: 0, max: extent - 1 }]));
  let elements = 1;
  index.forEach((expr, axis) => {
    const { min, max } = intervalOf(expr, ranges);
    const extent = Number.isFinite(max - min) ? max - min + 1 : 1;
    const isRow = axis === index.length - 1 && extent !== shape[axis];
    elements *= isRow ? Math.ceil((extent * byteWidth(dtype)) / LINE) * (LINE / byteWidth(dtype)) : extent;
  });
  return elements * byteWidth(dtype);
}
