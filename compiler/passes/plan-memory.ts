/**
 * Static memory planning: gives every temporary an offset in one arena so that those alive at the same time do not overlap. Greedy by size:
 * the largest first, each at the lowest place that is free during its life (Pisarchyk and Lee, "Efficient memory management for deep
 * neural net inference", 2020).
 */
import { addDims, type Dim, mulDims, symbol, symbolsOf } from "../../ir/dim.ts";
import { CompilerBug } from "../../ir/errors.ts";

/** Something to place: alive from step `first` to step `last`, both included. */
export interface Temporary<T> {
  readonly key: T;
  readonly bytes: Dim;
  readonly first: number;
  readonly last: number;
}

export interface MemoryPlan<T> {
  readonly offsets: ReadonlyMap<T, Dim>;
  readonly bytes: Dim;
}

/** Bytes that offsets are multiples of: a cache line. */
const ALIGNMENT = 64;
const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Places temporaries of constant size first, behind them those that grow with the batch, in units of bytes per sample. */
export function planMemory<T>(temporaries: readonly Temporary<T>[]): MemoryPlan<T> {
  const fixed = temporaries.filter(({ bytes }) => typeof bytes === "number");
  const growing = temporaries.filter(({ bytes }) => typeof bytes !== "number");
  const base = place(fixed, ({ bytes }) => align(Number(bytes)));
  const rows = place(growing, ({ bytes }) => align(bytesPerSample(bytes)));
  const batch = growing.length === 0 ? 0 : symbol(symbolsOf(growing.map(({ bytes }) => bytes))[0]);
  const offsets = new Map<T, Dim>(base.offsets);
  for (const [key, offset] of rows.offsets) offsets.set(key, addDims(base.bytes, mulDims(batch, offset)));
  return { offsets, bytes: addDims(base.bytes, mulDims(batch, rows.bytes)) };
}

/** a + b * n bytes fit into (a + b) * n, for every n of at least 1. */
function bytesPerSample(bytes: Dim): number {
  if (typeof bytes === "number") return bytes;
  return bytes.terms.reduce((sum, { coefficient, symbols }) => {
    if (symbols.length > 1) throw new CompilerBug("plan-memory", "a size of more than one symbol");
    return sum + Math.max(0, coefficient);
  }, 0);
}

function place<T>(
  items: readonly Temporary<T>[],
  sizeOf: (item: Temporary<T>) => number,
): { offsets: Map<T, number>; bytes: number } {
  const placed: { item: Temporary<T>; offset: number; size: number }[] = [];
  const offsets = new Map<T, number>();
  let bytes = 0;
  const order = [...items].sort((a, b) => sizeOf(b) - sizeOf(a) || a.first - b.first);
  for (const item of order) {
    const size = sizeOf(item);
    const rivals = placed
      .filter(({ item: other }) => other.first <= item.last && item.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + size <= rival.offset) break;
      offset = Math.max(offset, rival.offset + rival.size);
    }
    placed.push({ item, offset, size });
    offsets.set(item.key, offset);
    bytes = Math.max(bytes, offset + size);
  }
  return { offsets, bytes };
}
