/**
 * The central directory of a zip archive: where it is, and what each of its entries claims, ZIP64 included.
 *
 * This half only parses; `zip.ts` judges. Claims are kept as they stand, sizes as exact numbers below 2^53.
 */
import type { ByteReader } from "./byte-reader.ts";

/** One entry of the central directory. */
export interface CentralEntry {
  /** Where the entry stands, for errors. */
  readonly at: number;
  readonly name: string;
  readonly flags: number;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** External attributes; the upper 16 bits are a Unix mode. */
  readonly attributes: number;
  /** Where its local header should be. */
  readonly headerAt: number;
}

export interface Directory {
  readonly at: number;
  readonly entries: readonly CentralEntry[];
}

/** Far beyond any model; bounds the work on a directory of empty members. */
const maxEntries = 100_000;
const entrySize = 46;
const endSize = 22;

interface Extent {
  readonly at: number;
  readonly size: number;
  readonly count: number;
  /** Where the record stands that ends the directory. */
  readonly end: number;
}

/** Finds and reads the central directory. Throws ModelError. */
export function readDirectory(reader: ByteReader): Directory {
  const extent = locate(reader);
  if (extent.count > maxEntries || extent.count * entrySize > extent.size) {
    const expected = `at most ${maxEntries}, of ${entrySize} bytes or more`;
    throw reader.error(extent.at, "absurd number of members", expected, `${extent.count}`);
  }
  const entries: CentralEntry[] = [];
  let at = extent.at;
  for (let i = 0; i < extent.count; i++) {
    const { entry, next } = readEntry(reader, at, extent.end);
    entries.push(entry);
    at = next;
  }
  if (at !== extent.at + extent.size) {
    throw reader.error(at, "the central directory ends elsewhere", `${extent.at + extent.size}`, `${at}`);
  }
  return { at: extent.at, entries };
}

/** The end-of-directory record, or its ZIP64 form where that one says so. */
function locate(reader: ByteReader): Extent {
  const end = findEnd(reader);
  const count = reader.u16(end + 10, "number of members");
  const size = reader.u32(end + 12, "directory size");
  const at = reader.u32(end + 16, "directory offset");
  const disks = reader.u16(end + 4, "disk number") + reader.u16(end + 6, "disk number");
  if (count === 0xffff || size === 0xffffffff || at === 0xffffffff) return locate64(reader, end - 20);
  if (disks !== 0 || count !== reader.u16(end + 8, "number of members")) {
    throw reader.error(end, "archives of several parts are not read", "one part", "more");
  }
  return checkExtent(reader, { at, size, count, end });
}

function locate64(reader: ByteReader, locatorAt: number): Extent {
  if (!reader.hasTag(locatorAt, "PK\x06\x07")) {
    throw reader.error(locatorAt, "ZIP64 sizes without a ZIP64 record", "its locator", "something else");
  }
  const end = reader.u64(locatorAt + 8, "ZIP64 offset");
  if (!reader.hasTag(end, "PK\x06\x06")) {
    throw reader.error(end, "no ZIP64 record where the locator points", "its tag", "something else");
  }
  const count = reader.u64(end + 32, "number of members");
  const size = reader.u64(end + 40, "directory size");
  return checkExtent(reader, { at: reader.u64(end + 48, "directory offset"), size, count, end });
}

/** The directory must end where its end record starts: no room for a second directory to hide in. */
function checkExtent(reader: ByteReader, extent: Extent): Extent {
  reader.need(extent.at, extent.size, "central directory");
  if (extent.at + extent.size === extent.end) return extent;
  const got = `${extent.at} + ${extent.size}`;
  throw reader.error(extent.end, "the central directory is not where it should end", `${extent.end}`, got);
}

/** The last end-of-directory record whose comment reaches exactly to the end of the file. */
function findEnd(reader: ByteReader): number {
  const first = Math.max(0, reader.length - endSize - 0xffff);
  for (let at = reader.length - endSize; at >= first; at--) {
    if (!reader.hasTag(at, "PK\x05\x06")) continue;
    if (at + endSize + reader.u16(at + 20, "comment length") === reader.length) return at;
  }
  const hint = reader.hasTag(0, "\x89HDF") ? "This is an HDF5 file, not a .keras one" : "Is it cut short?";
  throw reader.error(reader.length, "not a zip archive", "an end-of-directory record", "none", hint);
}

function readEntry(reader: ByteReader, at: number, end: number): { entry: CentralEntry; next: number } {
  if (!reader.hasTag(at, "PK\x01\x02")) {
    throw reader.error(at, "not an entry of the central directory", "its tag", "something else");
  }
  const nameLength = reader.u16(at + 28, "name length");
  const extraLength = reader.u16(at + 30, "extra length");
  const next = at + entrySize + nameLength + extraLength + reader.u16(at + 32, "comment length");
  if (next > end) throw reader.error(at, "entry reaches over the end of the directory", `${end}`, `${next}`);
  const large = zip64Fields(reader, at, at + entrySize + nameLength, extraLength);
  const entry: CentralEntry = {
    at,
    name: reader.text(at + entrySize, nameLength, "member name"),
    flags: reader.u16(at + 8, "flags"),
    method: reader.u16(at + 10, "method"),
    crc: reader.u32(at + 16, "CRC"),
    attributes: reader.u32(at + 38, "attributes"),
    ...large,
  };
  return { entry, next };
}

type LargeFields = Pick<CentralEntry, "compressedSize" | "size" | "headerAt">;

/** Sizes and offset: those that are all ones stand, in this order, in the ZIP64 extra field. */
function zip64Fields(reader: ByteReader, at: number, extraAt: number, extraLength: number): LargeFields {
  let field = extraAt;
  let left = 0;
  for (let scan = extraAt; scan + 4 <= extraAt + extraLength; ) {
    const length = reader.u16(scan + 2, "extra field");
    if (scan + 4 + length > extraAt + extraLength) throw reader.error(scan, "extra field too long");
    if (reader.u16(scan, "extra field") === 1) [field, left] = [scan + 4, length];
    scan += 4 + length;
  }
  const take = (offset: number, what: string): number => {
    const value = reader.u32(at + offset, what);
    if (value !== 0xffffffff) return value;
    if (left < 8) throw reader.error(at, `ZIP64 ${what} is missing`, "a ZIP64 field of 8 bytes", `${left}`);
    field += 8;
    left -= 8;
    return reader.u64(field - 8, what);
  };
  const size = take(24, "size");
  const compressedSize = take(20, "compressed size");
  const headerAt = take(42, "header offset");
  reader.need(headerAt, 30, "local header");
  return { compressedSize, size, headerAt };
}
