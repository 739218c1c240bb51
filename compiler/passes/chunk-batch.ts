/**
 * Batch chunking: where no launch mixes samples, the program runs a few samples at a time, all the way through. The arena is then constant in
 * the batch size, activations stay in cache, and addresses are constants. Sums over the batch (gradients, losses) are added up chunk by
 * chunk, in fixed order.
 */

import { type Shape, symbolsOf } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import type { Value } from "../../ir/graph.ts";
import { sizeOf } from "../../ir/ndarray.ts";
import { type Item, launchesIn } from "../lower/launches.ts";

/** Launches in order, those of the middle part run chunk by chunk. */
export interface Chunked {
  readonly before: readonly Item[];
  readonly chunk: readonly Item[];
  readonly after: readonly Item[];
  /** Samples per chunk. */
  readonly size: number;
}

/** Chunks of at least this many samples, if they are to share loads of weights. */
const ROWS = 4;
const MOST = 64;
/** Loops pass through all of their weights in every iteration, whatever the number of samples: so many share that at least. */
const LOOP_ROWS = 32;

/** Splits launches around the batch loop; undefined when some sample needs a sum over all of them. */
export function chunkBatch(
  launches: readonly Item[],
  producer: ReadonlyMap<Value, Item>,
  chunkBytes: number,
): Chunked | undefined {
  const late = new Set<Item>();
  const early = new Set<Item>();
  for (const launch of launches) {
    const sources = launch.operands.flatMap((value) => producer.get(value) ?? []);
    const waits = sources.some(
      (source) => late.has(source) || source.batch === "sum" || source.batch === "whole",
    );
    const fromChunk = sources.some((source) => source.batch === "sample" && !early.has(source));
    if (waits || launch.batch === "whole" || (launch.batch === "none" && fromChunk)) late.add(launch);
    if (launch.batch === "none" && !waits && !fromChunk) early.add(launch);
    if (late.has(launch) && launch.batch === "sample") return undefined;
  }
  const chunk = launches.filter((launch) => !late.has(launch) && !early.has(launch));
  if (chunk.length === 0) return undefined;
  const needed = sourcesOf(chunk, producer);
  return {
    before: launches.filter((launch) => early.has(launch) && needed.has(launch)),
    chunk,
    after: launches.filter((launch) => late.has(launch) || (early.has(launch) && !needed.has(launch))),
    size: chunkSize(chunk, chunkBytes),
  };
}

/** The launches that others depend on. */
function sourcesOf(launches: readonly Item[], producer: ReadonlyMap<Value, Item>): ReadonlySet<Item> {
  const sources = new Set<Item>();
  const visit = ({ operands }: Item): void => {
    for (const source of operands.flatMap((value) => producer.get(value) ?? [])) {
      if (sources.has(source)) continue;
      sources.add(source);
      visit(source);
    }
  };
  launches.forEach(visit);
  return sources;
}

/** As many samples as fit the given bytes with all they compute. */
function chunkSize(launches: readonly Item[], bytes: number): number {
  let perSample = 0;
  for (const { results, batch } of [...launches, ...launches.flatMap(launchesInside)]) {
    if (batch !== "sample") continue;
    for (const { type } of results)
      perSample += byteWidth(type.dtype) * sizeOf(type.shape.slice(1).map(Number));
  }
  const fitting = Math.floor(bytes / Math.max(1, perSample));
  const wanted = launches.some(({ kind }) => kind === "control") ? Math.max(fitting, LOOP_ROWS) : fitting;
  return wanted < ROWS ? Math.max(1, wanted) : Math.min(MOST, wanted - (wanted % ROWS));
}

const launchesInside = (item: Item): readonly Item[] =>
  item.kind === "launch" ? [] : item.bodies.flatMap(launchesIn);

/** True for arrays with one row per sample. */
export const isBatched = (shape: Shape): boolean => symbolsOf(shape.slice(0, 1)).length > 0;
