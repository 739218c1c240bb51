/**
 * Writing HDF5 files: groups, attributes and arrays, the same bytes for the same content.
 *
 * The form is the newer of the two (superblock 2, object headers with checksums, links as messages), which every HDF5
 * library since 1.8 (2008) reads: it needs no B-trees and no name heaps, carries no times, and a flipped bit in any
 * header is found. Objects are written children first, so every address is known when it is needed.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { bytesToWrite } from "../array-bytes.ts";
import { ByteWriter } from "../byte-writer.ts";
import { lookup3 } from "../checksum.ts";
import { type Hdf5Attribute, type Hdf5Attributes, type Hdf5File, messageType } from "./model.ts";
import { encodeHeapText, encodeShape, encodeType } from "./types.ts";

const superblockSize = 48;
/** The smallest global heap that the HDF5 library accepts. */
const minHeapSize = 4096;
/** Heap indices are 16-bit; a new heap is begun well before. */
const textsPerHeap = 4096;

interface Node {
  readonly children: Map<string, Node>;
  readonly path: string;
}

/** The bytes of an HDF5 file. Parents of a path need not be listed. Throws ModelError. */
export function writeHdf5(content: Hdf5File): Uint8Array {
  const root: Node = { children: new Map(), path: "" };
  for (const path of [...content.groups.keys(), ...content.datasets.keys()]) addPath(root, path);
  let size = 65_536;
  for (const { array } of content.datasets.values()) size += array.data.byteLength + 256;
  const out = new ByteWriter(size).raw(new Uint8Array(superblockSize));
  const texts = new TextHeaps(out);
  const rootAt = writeNode(out, root, content, texts);
  texts.flush();
  const superblock = new ByteWriter().u8(0x89).text("HDF\r\n\x1a\n");
  superblock.u8(2).u8(8).u8(8).u8(0).u64(0).u64(undefined).u64(out.length).u64(rootAt);
  superblock.u32(lookup3(superblock.since(0)));
  out.patch(0, superblock.finish());
  return out.finish();
}

function addPath(root: Node, path: string): void {
  if (path === "") return;
  let node = root;
  for (const name of path.split("/")) {
    if (name === "" || name === "." || name === ".." || name.includes("\0")) {
      throw new ModelError("not a path inside an HDF5 file", { where: path, expected: "names divided by /" });
    }
    const child = node.children.get(name) ?? {
      children: new Map<string, Node>(),
      path: node.path === "" ? name : `${node.path}/${name}`,
    };
    node.children.set(name, child);
    node = child;
  }
}

/** Writes an object and all below it; returns the address of its header. */
function writeNode(out: ByteWriter, node: Node, content: Hdf5File, texts: TextHeaps): number {
  const dataset = content.datasets.get(node.path);
  const attributes = dataset?.attributes ?? content.groups.get(node.path) ?? new Map();
  const messages = new Messages();
  if (dataset !== undefined) {
    if (node.children.size > 0 || content.groups.has(node.path)) {
      throw new ModelError("a dataset cannot be a group too", { where: node.path });
    }
    addArray(out, messages, dataset.array, node.path);
    // Keras looks for this attribute to know two opaque bytes for bfloat16.
    if (dataset.array.dtype === "bf16") addAttribute(messages, texts, "dtype", "bfloat16", node.path);
  } else {
    // No heap, no B-tree: all links are messages here, and 65,535 of them may stay so.
    messages.add(messageType.linkInfo, (message) => message.u8(0).u8(0).u64(undefined).u64(undefined));
    messages.add(messageType.groupInfo, (message) => message.u8(0).u8(1).u16(0xffff).u16(0));
    for (const [name, child] of node.children) {
      const address = writeNode(out, child, content, texts);
      messages.add(messageType.link, (message) => writeLink(message, name, address));
    }
  }
  addAttributes(messages, texts, attributes, node.path, dataset?.array.dtype === "bf16");
  return messages.write(out);
}

function writeLink(message: ByteWriter, name: string, address: number): void {
  const bytes = new TextEncoder().encode(name);
  // Flags: bits 0-1 the width of the length (2 bytes), bit 4 a character set follows (1 is UTF-8).
  message.u8(1).u8(0x11).u8(1).u16(bytes.length).raw(bytes).u64(address);
}

/** The messages of one object header. */
class Messages {
  readonly #body = new ByteWriter();

  add(type: number, write: (message: ByteWriter) => void): void {
    const message = new ByteWriter();
    write(message);
    if (message.length > 0xffff) {
      const hint = "Shorten the name or attribute";
      throw new ModelError("too large for HDF5", {
        expected: "65,535 bytes",
        got: `${message.length}`,
        hint,
      });
    }
    this.#body.u8(type).u16(message.length).u8(0).raw(message.finish());
  }

  /** Appends the header to the file; returns its address. */
  write(out: ByteWriter): number {
    out.align(8);
    const at = out.length;
    // Flags 2: the size of the messages takes 4 bytes, and no times are stored.
    out.text("OHDR").u8(2).u8(2).u32(this.#body.length).raw(this.#body.finish());
    out.u32(lookup3(out.since(at)));
    return at;
  }
}

/** Appends the data, then describes it: shape, type, "written when set", one contiguous block. */
function addArray(out: ByteWriter, messages: Messages, array: NDArray, path: string): void {
  const bytes = bytesToWrite(array, path);
  out.align(8);
  const at = bytes.length === 0 ? undefined : out.length;
  out.raw(bytes);
  messages.add(messageType.dataspace, (message) => message.raw(encodeShape(array.shape)));
  messages.add(messageType.datatype, (message) => message.raw(encodeType(array.dtype)));
  messages.add(messageType.fillValue, (message) => message.u8(3).u8(0x0a));
  messages.add(messageType.layout, (message) => message.u8(3).u8(1).u64(at).u64(bytes.length));
}

function addAttributes(
  messages: Messages,
  texts: TextHeaps,
  attributes: Hdf5Attributes,
  path: string,
  marked: boolean,
): void {
  for (const [name, value] of attributes) {
    if (!(marked && name === "dtype")) addAttribute(messages, texts, name, value, path);
  }
}

function addAttribute(
  messages: Messages,
  texts: TextHeaps,
  name: string,
  value: Hdf5Attribute,
  path: string,
): void {
  const isText = typeof value === "string";
  const array = isText || !("dtype" in value) ? undefined : value;
  const list = isText ? [value] : array === undefined ? (value as readonly string[]) : [];
  const type = array === undefined ? encodeHeapText() : encodeType(array.dtype);
  const shape = encodeShape(isText ? [] : (array?.shape ?? [list.length]));
  const nameBytes = new TextEncoder().encode(`${name}\0`);
  const data =
    array === undefined ? texts.references(list) : bytesToWrite(array, `${path}, attribute ${name}`);
  messages.add(messageType.attribute, (message) => {
    message.u8(3).u8(0).u16(nameBytes.length).u16(type.length).u16(shape.length).u8(1);
    message.raw(nameBytes).raw(type).raw(shape).raw(data);
  });
}

/**
 * The global heaps, where variable-length texts lie. A reference must name the address of its heap before the texts that
 * will share it are known, so a heap's place is reserved in the file when it is begun: it has room for a fixed number
 * of bytes, and a text that does not fit begins the next.
 */
class TextHeaps {
  readonly #out: ByteWriter;
  #heap: ByteWriter | undefined;
  #at = 0;
  #room = 0;
  #count = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  /** 16 bytes per text: its length, its heap, its index. */
  references(texts: readonly string[]): Uint8Array {
    const references = new ByteWriter();
    for (const text of texts) {
      const bytes = new TextEncoder().encode(text);
      if (bytes.length === 0) {
        references.u32(0).u64(0).u32(0);
        continue;
      }
      this.#add(bytes);
      references.u32(bytes.length).u64(this.#at).u32(this.#count);
    }
    return references.finish();
  }

  #add(bytes: Uint8Array): void {
    const needed = 16 + Math.ceil(bytes.length / 8) * 8;
    const heap = this.#heap;
    if (heap === undefined || heap.length + needed > this.#room || this.#count >= textsPerHeap) {
      this.flush();
      this.#begin(16 + needed);
    }
    this.#count++;
    this.#heap?.u16(this.#count).u16(1).u32(0).u64(bytes.length).raw(bytes).align(8);
  }

  #begin(atLeast: number): void {
    this.#room = Math.max(minHeapSize, atLeast);
    this.#count = 0;
    this.#out.align(8);
    this.#at = this.#out.length;
    this.#out.raw(new Uint8Array(this.#room));
    this.#heap = new ByteWriter().text("GCOL").u32(1).u64(this.#room);
  }

  /** Puts the heap begun last into its place, what is left of it marked as free. */
  flush(): void {
    if (this.#heap === undefined) return;
    const left = this.#room - this.#heap.length;
    if (left >= 16) this.#heap.u32(0).u32(0).u64(left);
    this.#out.patch(this.#at, this.#heap.finish());
    this.#heap = undefined;
  }
}
