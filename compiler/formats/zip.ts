/**
 * Reading zip archives (`.keras`, `.npz`) from anyone, and writing them the way Keras does.
 *
 * Attacks on zip readers live where two readers disagree: two central entries of one name, a local header that says
 * something else than the central directory, members that share bytes, sizes that promise less than the stream holds.
 * So `openZip` compares everything the archive says twice, refuses what is said differently, and refuses overlaps,
 * before it looks at any content; nothing is inflated until the declared sizes fit a budget, and then never past them.
 * Member names are keys of a Map and touch no file system, and still must be plain relative paths.
 */
import { ModelError } from "../../ir/errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { crc32 } from "./checksum.ts";
import { inflateRaw, maxDeflateRatio } from "./inflate.ts";
import { type CentralEntry, type Directory, readDirectory } from "./zip-directory.ts";

export interface ZipMember {
  readonly name: string;
  /** Bytes when inflated. */
  readonly size: number;
  readonly compressedSize: number;
  /** The content, its CRC checked; may share memory with the archive. Throws ModelError. */
  read(): Uint8Array;
}

export interface ZipOptions {
  /** What errors call the archive; "zip archive" unless told. */
  readonly file?: string;
  /** Most bytes that all compressed members together may inflate to. The archive's size plus 64 MiB unless told. */
  readonly inflated?: number;
}

/** Deflated with any option, names marked as UTF-8, sizes repeated behind the data. Nothing else: no encryption. */
const knownFlags = 0b1000_0000_1110;

/** Every member but folders, by name, in the order of the central directory. Throws ModelError. */
export function openZip(bytes: Uint8Array, options: ZipOptions = {}): ReadonlyMap<string, ZipMember> {
  const reader = new ByteReader(bytes, options.file ?? "zip archive");
  const directory = readDirectory(reader);
  checkBudget(reader, directory.entries, options.inflated ?? bytes.length + 64 * 2 ** 20);
  const members = new Map<string, ZipMember>();
  const names = new Set<string>();
  const spans = directory.entries.map((entry) => {
    checkEntry(reader, entry, names);
    const data = checkLocalHeader(reader, entry);
    if (!entry.name.endsWith("/")) members.set(entry.name, member(reader, entry, data));
    return { name: entry.name, start: entry.headerAt, end: data + entry.compressedSize };
  });
  checkOverlap(reader, spans, directory);
  return members;
}

function member(reader: ByteReader, entry: CentralEntry, data: number): ZipMember {
  const where = `${reader.file}, member ${entry.name}`;
  const read = () => {
    const stored = reader.slice(data, entry.compressedSize, `member ${entry.name}`);
    const content = entry.method === 0 ? stored : inflateRaw(stored, entry.size, where);
    const crc = crc32(content);
    if (crc === entry.crc) return content;
    throw new ModelError("checksum of the member is wrong", {
      where,
      expected: hex(entry.crc),
      got: hex(crc),
      hint: "The file is damaged: download or save it again",
    });
  };
  return { name: entry.name, size: entry.size, compressedSize: entry.compressedSize, read };
}

const hex = (crc: number): string => `CRC ${crc.toString(16).padStart(8, "0")}`;

function checkBudget(reader: ByteReader, entries: readonly CentralEntry[], budget: number): void {
  let inflated = 0;
  for (const entry of entries) {
    if (entry.method !== 0) inflated += entry.size;
    if (inflated <= budget && entry.size <= entry.compressedSize * maxDeflateRatio) continue;
    const details = {
      where: `${reader.file}, member ${printName(entry.name)}`,
      expected: `at most ${budget} bytes of inflated members, and ${maxDeflateRatio}:1`,
      got: `${inflated} bytes, this one ${entry.size} from ${entry.compressedSize}`,
      hint: "Store the members uncompressed, as Keras does",
    };
    throw new ModelError("the archive inflates to too much", details);
  }
}

/** Names, methods and flags of one central entry; `names` collects those seen. */
function checkEntry(reader: ByteReader, entry: CentralEntry, names: Set<string>): void {
  const fail = (message: string, expected: string, got: string) =>
    reader.error(entry.at, `member ${printName(entry.name)}: ${message}`, expected, got, "Refused as unsafe");
  const problem = pathProblem(entry.name);
  if (problem !== undefined) throw fail("unsafe path", "a plain relative path", problem);
  if (names.has(entry.name)) throw fail("the name stands twice in the archive", "each name once", "two");
  names.add(entry.name);
  if (entry.flags & ~knownFlags) {
    throw fail("encrypted or of an unknown kind", "no flags but 0x80e", `0x${entry.flags.toString(16)}`);
  }
  if (entry.method !== 0 && entry.method !== 8) {
    throw fail("unknown compression", "stored (0) or deflated (8)", `method ${entry.method}`);
  }
  if (entry.method === 0 && entry.size !== entry.compressedSize) {
    throw fail("sizes of a stored member differ", `${entry.compressedSize}`, `${entry.size}`);
  }
  // The upper half of the attributes is a Unix mode; 0o12 in its top four bits is a symbolic link.
  if (entry.attributes >>> 28 === 0o12) throw fail("symbolic link", "a file", "a link");
  if (entry.name.endsWith("/") && entry.size > 0)
    throw fail("folder with content", "0 bytes", `${entry.size}`);
}

/** What is wrong with a member's path; undefined when it stays inside any folder it is unpacked to. */
function pathProblem(name: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\\\u0000-\u001f\u007f]/.test(name)) return "a backslash or control character";
  if (/^[A-Za-z]:/.test(name)) return "a drive letter";
  const parts = (name.endsWith("/") ? name.slice(0, -1) : name).split("/");
  if (parts.includes("")) return "an empty part, or an absolute path";
  if (parts.includes("..") || parts.includes(".")) return '"." or ".."';
  return undefined;
}

const printName = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);

/** Compares the local header with the central entry; returns where the data starts. */
function checkLocalHeader(reader: ByteReader, entry: CentralEntry): number {
  const at = entry.headerAt;
  const fail = (what: string, central: string | number, local: string | number) =>
    reader.error(
      at,
      `member ${printName(entry.name)}: local header disagrees with the central directory about ${what}`,
      String(central),
      String(local),
      "Refused as unsafe",
    );
  if (!reader.hasTag(at, "PK\x03\x04")) throw fail("where it is", "a local header", "something else");
  const flags = reader.u16(at + 6, "local flags");
  const method = reader.u16(at + 8, "local method");
  const nameLength = reader.u16(at + 26, "local name length");
  const name = reader.text(at + 30, nameLength, "local name");
  if (flags !== entry.flags) throw fail("flags", entry.flags, flags);
  if (method !== entry.method) throw fail("the method", entry.method, method);
  if (name !== entry.name) throw fail("the name", printName(entry.name), printName(name));
  const sizes = localSizes(reader, at, nameLength);
  // With flag 8 the sizes stand behind the data, and the header holds zeros; some writers fill them in all the same.
  const deferred = (flags & 8) !== 0;
  for (const key of ["crc", "compressedSize", "size"] as const) {
    if (sizes[key] !== entry[key] && !(deferred && sizes[key] === 0)) throw fail(key, entry[key], sizes[key]);
  }
  return at + 30 + nameLength + reader.u16(at + 28, "local extra length");
}

interface LocalSizes {
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
}

/** The sizes in a local header, from its ZIP64 field where the 32-bit ones are all ones. */
function localSizes(reader: ByteReader, at: number, nameLength: number): LocalSizes {
  const crc = reader.u32(at + 14, "local CRC");
  const compressedSize = reader.u32(at + 18, "local compressed size");
  const size = reader.u32(at + 22, "local size");
  if (size !== 0xffffffff && compressedSize !== 0xffffffff) return { crc, compressedSize, size };
  const extra = at + 30 + nameLength;
  const end = extra + reader.u16(at + 28, "local extra length");
  for (let field = extra; field + 4 <= end; field += 4 + reader.u16(field + 2, "extra field")) {
    if (reader.u16(field, "extra field") !== 1) continue;
    // In a local header both stand there, the full size first.
    return { crc, size: reader.u64(field + 4, "size"), compressedSize: reader.u64(field + 12, "size") };
  }
  return { crc, compressedSize, size };
}

interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Refuses members that share bytes with each other or with the central directory. */
function checkOverlap(reader: ByteReader, spans: readonly Span[], directory: Directory): void {
  const sorted = [...spans].sort((a, b) => a.start - b.start || a.end - b.end);
  sorted.push({ name: "the central directory", start: directory.at, end: directory.at });
  for (let i = 1; i < sorted.length; i++) {
    const [before, after] = [sorted[i - 1], sorted[i]];
    if (before.end <= after.start) continue;
    const got = `${printName(before.name)} ends at ${before.end}, ${printName(after.name)} starts there before`;
    throw reader.error(after.start, "members overlap", "separate bytes", got, "Refused as unsafe");
  }
}

/** 1 January 1980, the first day zip knows: a date that keeps archives of the same content equal. */
const firstDay = 0x0021;
/** A regular file, readable and writable by its owner, as Python's zipfile marks it. */
const fileMode = 0o600 << 16;

/**
 * A zip archive of stored members in the given order, byte for byte the same for the same members. Throws ModelError
 * when it would need ZIP64: over 65,534 members or 4 GiB.
 */
export function writeZip(members: ReadonlyMap<string, Uint8Array>): Uint8Array {
  // Per member 76 bytes of headers and its name, twice; 22 at the end. Right to the byte for ASCII names.
  let size = 22;
  for (const [name, content] of members) size += content.length + 76 + 2 * name.length;
  const out = new ByteWriter(size);
  const central = new ByteWriter();
  for (const [name, content] of members) {
    const problem = pathProblem(name);
    if (problem !== undefined || name.length > 0xffff) {
      throw new ModelError("not a path for a zip member", { where: printName(name), got: problem });
    }
    const headerAt = out.length;
    const nameBytes = new TextEncoder().encode(name);
    const common = new ByteWriter()
      .u16(20)
      .u16(nameBytes.length > name.length ? 0x800 : 0)
      .u16(0);
    common.u16(0).u16(firstDay).u32(crc32(content)).u32(content.length).u32(content.length);
    common.u16(nameBytes.length).u16(0);
    out.text("PK\x03\x04").raw(common.finish()).raw(nameBytes).raw(content);
    central
      .text("PK\x01\x02")
      .u16((3 << 8) | 20)
      .raw(common.finish());
    central.u16(0).u16(0).u16(0).u32(fileMode).u32(headerAt).raw(nameBytes);
    if (out.length > 0xfffffffe) throw new ModelError("archive too large", { expected: "at most 4 GiB" });
  }
  if (members.size > 0xfffe) throw new ModelError("too many members for a zip", { got: `${members.size}` });
  const directoryAt = out.length;
  out.raw(central.finish()).text("PK\x05\x06").u16(0).u16(0).u16(members.size).u16(members.size);
  return out.u32(central.length).u32(directoryAt).u16(0).finish();
}
