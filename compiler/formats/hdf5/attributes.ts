/**
 * Attributes of groups and datasets, and the global heaps that hold variable-length texts.
 *
 * Keras stores names there (`name` of a layer), older files also the whole configuration as one text.
 */
import { arrayFromBytes, byteCount, elementCount } from "../array-bytes.ts";
import type { Hdf5Bytes } from "./file.ts";
import type { Message } from "./header.ts";
import { type Hdf5Attribute, type Hdf5Attributes, messageType } from "./model.ts";
import { type ElementType, type Region, readShape, readType } from "./types.ts";

/** Reads attributes; keeps the heaps it has parsed, as thousands of texts share one. */
export class AttributeReader {
  readonly file: Hdf5Bytes;
  readonly #heaps = new Map<number, ReadonlyMap<number, Region>>();

  constructor(file: Hdf5Bytes) {
    this.file = file;
  }

  /** All attributes among an object's messages, by name; those without any elements are left out. */
  read(messages: readonly Message[]): Hdf5Attributes {
    const attributes = new Map<string, Hdf5Attribute>();
    for (const message of messages) {
      if (message.type === messageType.attributeInfo) this.#refuseDense(message);
      if (message.type !== messageType.attribute) continue;
      const { name, type, shape, data } = this.#parse(message);
      if (attributes.has(name)) throw this.file.error(message.at, "an object has two attributes of one name");
      if (shape !== undefined) attributes.set(name, this.#value(name, type, shape, data));
    }
    return attributes;
  }

  #refuseDense(message: Message): void {
    const heapAt = message.at + 2 + (this.file.u8(message.at + 1, "attribute info") & 1 ? 2 : 0);
    if (this.file.address(heapAt, "fractal heap address") === undefined) return;
    const hint = 'Save it again without libver="latest", as Keras does';
    throw this.file.error(message.at, "attributes in dense storage are not read", "messages", "a heap", hint);
  }

  #parse({ at, length }: Message) {
    const { file } = this;
    const version = file.u8(at, "attribute version");
    if (version < 1 || version > 3) throw file.error(at, "unknown attribute", "version 1 to 3", `${version}`);
    if (version > 1 && file.u8(at + 1, "attribute flags") !== 0) {
      throw file.error(at, "attributes of committed types are not read", "plain types");
    }
    const [nameSize, typeSize, shapeSize] = [2, 4, 6].map((offset) => file.u16(at + offset, "attribute"));
    const padded = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size);
    const nameAt = at + (version === 3 ? 9 : 8);
    const typeAt = nameAt + padded(nameSize);
    const shapeAt = typeAt + padded(typeSize);
    const dataAt = shapeAt + padded(shapeSize);
    if (dataAt > at + length)
      throw file.error(at, "attribute is cut short", `${length} bytes`, `${dataAt - at}`);
    return {
      name: file.text(nameAt, Math.max(0, nameSize - 1), "attribute name"),
      type: readType(file, { at: typeAt, length: typeSize }),
      shape: readShape(file, { at: shapeAt, length: shapeSize }),
      data: { at: dataAt, length: at + length - dataAt },
    };
  }

  #value(name: string, type: ElementType, shape: readonly number[], data: Region): Hdf5Attribute {
    const { file } = this;
    const where = `${file.file}, attribute ${name.slice(0, 80)}`;
    const count = elementCount(shape, where);
    // Compared as a quotient: `count * bytes` could round.
    if (count > 0 && type.bytes > data.length / count) {
      throw file.error(data.at, "attribute is cut short", `${count} x ${type.bytes} bytes`, `${data.length}`);
    }
    if (type.kind === "number") {
      const length = byteCount(type.dtype, shape, where);
      return arrayFromBytes(type.dtype, shape, file.slice(data.at, length, "attribute"));
    }
    if (type.kind === "opaque" || (type.bytes === 0 && count > 0)) {
      throw file.error(data.at, "this attribute is not read", "numbers or texts", type.kind);
    }
    const texts = Array.from({ length: count }, (_, i) =>
      this.#text(type.kind, data.at + i * type.bytes, type.bytes),
    );
    return shape.length === 0 ? texts[0] : texts;
  }

  #text(kind: "text" | "heap-text", at: number, bytes: number): string {
    const { file } = this;
    if (kind === "text") {
      const stored = file.slice(at, bytes, "text");
      const end = stored.indexOf(0);
      return file.text(at, end < 0 ? bytes : end, "text");
    }
    const length = file.u32(at, "text length");
    if (length === 0) return "";
    const heapAt = file.u64(at + 4, "heap address");
    const found = this.#heap(heapAt).get(file.u32(at + 12, "heap index"));
    if (found === undefined || length > found.length) {
      const got = found === undefined ? "no such object" : `${found.length} bytes`;
      throw file.error(at, "a text is not in its heap", `${length} bytes`, got);
    }
    file.charge(found.at, length, "text");
    // Some writers count the NUL at the end.
    const padded = file.bytes[found.at + length - 1] === 0 ? length - 1 : length;
    return file.text(found.at, padded, "text");
  }

  /** The objects of a global heap by index. */
  #heap(at: number): ReadonlyMap<number, Region> {
    const known = this.#heaps.get(at);
    if (known !== undefined) return known;
    const { file } = this;
    file.expectTag(at, "GCOL");
    const size = file.u64(at + 8, "heap size");
    file.charge(at, size, "global heap");
    const objects = new Map<number, Region>();
    for (let next = at + 16; next + 16 <= at + size; ) {
      const index = file.u16(next, "heap index");
      const length = file.u64(next + 8, "heap object size");
      // Index 0 is the free space that ends the heap.
      if (index === 0) break;
      file.need(next + 16, length, "heap object");
      objects.set(index, { at: next + 16, length });
      next += 16 + Math.ceil(length / 8) * 8;
    }
    this.#heaps.set(at, objects);
    return objects;
  }
}
