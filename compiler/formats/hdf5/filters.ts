/**
 * The filters of chunked datasets, undone: deflate, shuffle and Fletcher-32. A closed list, each at most once; anything
 * else (plug-ins, szip) is refused by number.
 */
import { fletcher32 } from "../checksum.ts";
import { inflateZlib, maxDeflateRatio } from "../inflate.ts";
import type { Hdf5Bytes } from "./file.ts";
import type { Message } from "./header.ts";

/** The number HDF5 has given to each. */
export type Stage = 1 | 2 | 3;
const names: Readonly<Record<Stage, string>> = { 1: "deflate", 2: "shuffle", 3: "fletcher32" };
const isStage = (id: number): id is Stage => id in names;

/** The pipeline in the order in which it was applied. Throws ModelError. */
export function readFilters(file: Hdf5Bytes, { at }: Message): Stage[] {
  const version = file.u8(at, "filter pipeline version");
  const count = file.u8(at + 1, "number of filters");
  const stages: Stage[] = [];
  let next = at + (version === 1 ? 8 : 2);
  for (let i = 0; i < count; i++) {
    const id = file.u16(next, "filter");
    if (!isStage(id) || stages.includes(id)) {
      const expected = `${Object.values(names).join(", ")}, each at most once`;
      throw file.error(
        next,
        "this filter is not undone",
        expected,
        isStage(id) ? `${names[id]} twice` : `${id}`,
      );
    }
    stages.push(id);
    // Version 2 leaves out the names of HDF5's own filters, and all padding.
    const nameLength = version === 1 ? file.u16(next + 2, "filter name length") : 0;
    const values = file.u16(next + (version === 1 ? 6 : 4), "filter values");
    if (version === 1) next += 8 + Math.ceil(nameLength / 8) * 8 + 4 * (values + (values % 2));
    else next += 6 + 4 * values;
  }
  return stages;
}

/**
 * Undoes the pipeline on one stored chunk. `size` is what must come out; `skipped` has bit i set when filter i was not
 * applied to this chunk; `bytes` is the size of an element. Throws ModelError.
 */
export function undoFilters(
  stored: Uint8Array,
  stages: readonly Stage[],
  skipped: number,
  size: number,
  bytes: number,
  where: string,
): Uint8Array {
  const applied = stages.filter((_, i) => (skipped & (1 << i)) === 0);
  const deflate = applied.indexOf(1);
  // A checksum taken before deflating was deflated with the data.
  const checksumFirst = applied.indexOf(3) >= 0 && applied.indexOf(3) < deflate;
  return applied.reduceRight((data, stage) => {
    if (stage === 1) return inflateZlib(data, size + (checksumFirst ? 4 : 0), where);
    return stage === 2 ? unshuffle(data, bytes) : withoutChecksum(data);
  }, stored);
}

/** Most bytes that `stored` bytes can become. */
export const mostBytes = (stored: number, stages: readonly Stage[]): number =>
  stages.includes(1) ? stored * maxDeflateRatio : stored;

/** All first bytes of the elements, then all second ones …: back into elements. */
function unshuffle(data: Uint8Array, bytes: number): Uint8Array {
  const count = Math.floor(data.length / bytes);
  const out = data.slice();
  for (let byte = 0; byte < bytes; byte++) {
    for (let i = 0; i < count; i++) out[i * bytes + byte] = data[byte * count + i];
  }
  return out;
}

/** Cuts off the checksum; damage leaves an empty chunk, which the caller refuses as too short. */
function withoutChecksum(data: Uint8Array): Uint8Array {
  if (data.length < 4) return new Uint8Array(0);
  const content = data.subarray(0, data.length - 4);
  const stored = new DataView(data.buffer, data.byteOffset + content.length, 4).getUint32(0, true);
  return stored === fletcher32(content) ? content : new Uint8Array(0);
}
