/**
 * The links of a group: names and addresses of its children, in the old form (a B-tree over symbol tables, what h5py
 * writes unless told otherwise) and in the newer compact one (a message per link).
 *
 * Only hard links are followed. Soft and external links are refused: a path that leads elsewhere is how a weights file
 * reads what is not its own. Groups in dense storage (a fractal heap: `libver="latest"` with many children) are refused
 * with the way out; Keras never writes them.
 */
import type { Hdf5Bytes } from "./file.ts";
import type { Message } from "./header.ts";
import { messageType } from "./model.ts";

export interface Link {
  readonly name: string;
  readonly address: number;
}

/** The children of a group; undefined when the messages are not those of a group. Throws ModelError. */
export function readLinks(file: Hdf5Bytes, messages: readonly Message[]): Link[] | undefined {
  const table = messages.find((message) => message.type === messageType.symbolTable);
  const info = messages.find((message) => message.type === messageType.linkInfo);
  const compact = messages.filter((message) => message.type === messageType.link);
  if (table === undefined && info === undefined && compact.length === 0) return undefined;
  if (info !== undefined) refuseDense(file, info);
  const links = compact.map((message) => readLink(file, message));
  if (table !== undefined) links.push(...readSymbolTable(file, table));
  const names = new Set<string>();
  for (const { name, address } of links) {
    checkName(file, address, name);
    if (names.has(name))
      throw file.error(address, "a group has two children of one name", "one", quoted(name));
    names.add(name);
  }
  return links;
}

const quoted = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);

/** "/" in a name would make two children share a path; "." and ".." mean something to other readers. */
function checkName(file: Hdf5Bytes, at: number, name: string): void {
  if (name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name)) return;
  throw file.error(
    at,
    "unsafe name of a group or dataset",
    'a name without "/"',
    quoted(name),
    "Refused as unsafe",
  );
}

function refuseDense(file: Hdf5Bytes, info: Message): void {
  const heapAt = info.at + 2 + (file.u8(info.at + 1, "link info") & 1 ? 8 : 0);
  if (file.address(heapAt, "fractal heap address") === undefined) return;
  const hint = 'Save it again without libver="latest" and track_order, as Keras does';
  throw file.error(info.at, "groups in dense storage are not read", "symbol tables or links", "a heap", hint);
}

function refuseLink(file: Hdf5Bytes, at: number, kind: string, name: string): never {
  const hint = "Refused as unsafe; copy the data into the file instead";
  throw file.error(at, `${kind} link ${quoted(name)} in the file`, "hard links only", `a ${kind} link`, hint);
}

function readLink(file: Hdf5Bytes, message: Message): Link {
  const flags = file.u8(message.at + 1, "link flags");
  let at = message.at + 2;
  const kind = flags & 8 ? file.u8(at++, "link type") : 0;
  at += (flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0);
  const length = [file.u8, file.u16, file.u32, file.u64][flags & 3].call(file, at, "name length");
  at += 1 << (flags & 3);
  if (length + 8 > message.at + message.length - at) {
    // Soft links may be shorter than an address; what is cut short is refused either way.
    if (kind === 0) throw file.error(at, "link is cut short", `${length} bytes of name`, "fewer");
  }
  const name = file.text(at, Math.min(length, message.length), "link name");
  if (kind !== 0) refuseLink(file, at, kind === 1 ? "soft" : kind === 64 ? "external" : "user-defined", name);
  return { name, address: file.u64(at + length, "link address") };
}

/** The addresses a group's B-tree node points to, and the heap that holds its names. */
function readSymbolTable(file: Hdf5Bytes, message: Message): Link[] {
  const treeAt = file.u64(message.at, "B-tree address");
  const heapAt = file.u64(message.at + 8, "local heap address");
  file.expectTag(heapAt, "HEAP");
  file.charge(heapAt, 32, "local heap");
  const names = { at: file.u64(heapAt + 24, "heap data"), length: file.u64(heapAt + 8, "heap size") };
  file.need(names.at, names.length, "local heap");
  const links: Link[] = [];
  visitTree(file, treeAt, 0, 8, (leaf) => links.push(...readSymbols(file, leaf, names)));
  return links;
}

/**
 * Calls `visit` with every child address of the leaves of a version 1 B-tree, in order, and the key before it.
 * `type` 0 are groups, 1 chunks; `keyLength` is the size of a key in bytes. Levels must fall on the way down, which
 * bounds the depth and rules out cycles; the file's budget bounds the rest. Throws ModelError.
 */
export function visitTree(
  file: Hdf5Bytes,
  at: number,
  type: number,
  keyLength: number,
  visit: (child: number, keyAt: number) => void,
  above = 64,
): void {
  file.expectTag(at, "TREE");
  const level = file.u8(at + 5, "B-tree level");
  const count = file.u16(at + 6, "B-tree entries");
  if (file.u8(at + 4, "B-tree type") !== type || level >= above) {
    throw file.error(
      at,
      "the B-tree is damaged",
      `a node of type ${type} below level ${above}`,
      `level ${level}`,
    );
  }
  file.charge(at, 24 + count * (keyLength + 8), "B-tree node");
  for (let i = 0; i < count; i++) {
    const keyAt = at + 24 + i * (keyLength + 8);
    const child = file.u64(keyAt + keyLength, "B-tree child");
    if (level === 0) visit(child, keyAt);
    else visitTree(file, child, type, keyLength, visit, level);
  }
}

/** The entries of one symbol table node. */
function readSymbols(file: Hdf5Bytes, at: number, names: { at: number; length: number }): Link[] {
  file.expectTag(at, "SNOD");
  const count = file.u16(at + 6, "number of symbols");
  file.charge(at, 8 + 40 * count, "symbol table");
  return Array.from({ length: count }, (_, i) => {
    const entry = at + 8 + 40 * i;
    const offset = file.u64(entry, "name offset");
    const name = readHeapName(file, names, offset);
    // Cache type 2 is a soft link; its header address is undefined.
    if (file.u32(entry + 16, "cache type") === 2) refuseLink(file, entry, "soft", name);
    return { name, address: file.u64(entry + 8, "object header address") };
  });
}

function readHeapName(file: Hdf5Bytes, names: { at: number; length: number }, offset: number): string {
  if (offset >= names.length) {
    throw file.error(
      names.at,
      "a name lies outside its heap",
      `an offset below ${names.length}`,
      `${offset}`,
    );
  }
  const start = names.at + offset;
  const end = file.bytes.indexOf(0, start);
  if (end < 0 || end >= names.at + names.length) throw file.error(start, "a name without an end", "a NUL");
  file.charge(start, end - start, "name");
  return file.text(start, end - start, "name");
}
