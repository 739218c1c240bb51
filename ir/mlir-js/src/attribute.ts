/**
 * Types and attributes: immutable, made once per context, equal exactly where they are the same object. Both can be read from text in any
 * dialect (`context.type("memref<4x?xf32>")`), and those of the builtin dialect can be taken apart.
 */
import { type AffineMap, readAffineMap } from "./affine-map.ts";
import { UsageError } from "./errors.ts";
import type { Ptr } from "./exports.ts";
import type { Store } from "./store.ts";

/** In the order in which native/attributes.cpp numbers them; "other" are types of dialects. */
const typeKinds = [
  "other", "integer", "float", "index", "tensor", "unranked-tensor", "memref", "unranked-memref", "vector", "function",
  "tuple", "complex", "none",
] as const; // biome-ignore format: a list
export type TypeKind = (typeof typeKinds)[number];

const attributeKinds = [
  "other", "unit", "bool", "integer", "float", "string", "array", "dictionary", "type", "symbol", "affine-map",
  "dense", "resource", "dense-array", "location",
] as const; // biome-ignore format: a list
export type AttributeKind = (typeof attributeKinds)[number];

/** A size that is known only at run time: `?`. */
export const DYNAMIC = -1;

export class Type {
  readonly store: Store;
  readonly ptr: Ptr;
  readonly kind: TypeKind;

  private constructor(store: Store, ptr: Ptr) {
    this.store = store;
    this.ptr = ptr;
    this.kind = typeKinds[store.instance.call((exports) => exports.mw_type_kind(ptr))];
  }

  /** The handle of an address. */
  static at(store: Store, ptr: Ptr): Type {
    return store.unique("type", ptr, () => new Type(store, ptr));
  }

  /** As MLIR writes it: `tensor<4x?xf32>`. */
  toString(): string {
    return this.store.instance.text((exports) => exports.mw_type_print(this.ptr));
  }

  private need(...kinds: readonly TypeKind[]): void {
    if (!kinds.includes(this.kind)) throw new UsageError(`${this} is no ${kinds.join(" or ")} type`);
  }

  /** Bits of an integer or float. */
  get width(): number {
    this.need("integer", "float");
    return this.store.instance.call((exports) => exports.mw_type_width(this.ptr));
  }

  /** Of an integer. */
  get signedness(): "signless" | "signed" | "unsigned" {
    this.need("integer");
    const number = this.store.instance.call((exports) => exports.mw_type_signedness(this.ptr));
    return (["signless", "signed", "unsigned"] as const)[number];
  }

  /** Sizes of a tensor, memref or vector; `DYNAMIC` where only run time knows. */
  get shape(): readonly number[] {
    this.need("tensor", "memref", "vector");
    return [...this.store.instance.doubles((exports) => exports.mw_type_shape(this.ptr))];
  }

  private get parts(): readonly number[] {
    return [...this.store.instance.words((exports) => exports.mw_type_parts(this.ptr))];
  }

  /** Of a tensor, memref, vector or complex number. */
  get element(): Type {
    this.need("tensor", "unranked-tensor", "memref", "unranked-memref", "vector", "complex");
    return Type.at(this.store, this.parts[0]);
  }

  /** Inputs of a function type. */
  get inputs(): readonly Type[] {
    this.need("function");
    const [count, ...types] = this.parts;
    return types.slice(0, count).map((at) => Type.at(this.store, at));
  }

  /** Results of a function type. */
  get results(): readonly Type[] {
    this.need("function");
    const [count, ...types] = this.parts;
    return types.slice(count).map((at) => Type.at(this.store, at));
  }

  /** Of a tuple. */
  get members(): readonly Type[] {
    this.need("tuple");
    return this.parts.map((at) => Type.at(this.store, at));
  }

  /** The encoding of a tensor or the memory space of a memref. */
  get annotation(): Attribute | undefined {
    this.need("tensor", "memref", "unranked-memref");
    const at = this.store.instance.call((exports) => exports.mw_type_annotation(this.ptr));
    return at === 0 ? undefined : Attribute.at(this.store, at);
  }

  /** The layout of a memref in elements, NaN where only run time knows; undefined where it is not strided. */
  get layout(): { readonly strides: readonly number[]; readonly offset: number } | undefined {
    this.need("memref");
    const numbers = [...this.store.instance.doubles((exports) => exports.mw_type_strides(this.ptr))];
    const offset = numbers.pop();
    return offset === undefined ? undefined : { strides: numbers, offset };
  }
}

/** What `Attribute.toValue` gives. */
export type PlainValue =
  | boolean
  | number
  | bigint
  | string
  | Type
  | AffineMap
  | Attribute
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

export class Attribute {
  readonly store: Store;
  readonly ptr: Ptr;
  readonly kind: AttributeKind;

  private constructor(store: Store, ptr: Ptr) {
    this.store = store;
    this.ptr = ptr;
    this.kind = attributeKinds[store.instance.call((exports) => exports.mw_attribute_kind(ptr))];
  }

  /** The handle of an address. */
  static at(store: Store, ptr: Ptr): Attribute {
    return store.unique("attribute", ptr, () => new Attribute(store, ptr));
  }

  /** As MLIR writes it: `42 : i64`. */
  toString(): string {
    return this.store.instance.text((exports) => exports.mw_attribute_print(this.ptr));
  }

  private need(...kinds: readonly AttributeKind[]): void {
    if (!kinds.includes(this.kind)) throw new UsageError(`${this} is no ${kinds.join(" or ")} attribute`);
  }

  /** That of an integer, float, string or of elements; what a type attribute holds; the element type of a dense array. */
  get type(): Type | undefined {
    const at = this.store.instance.call((exports) => exports.mw_attribute_type(this.ptr));
    return at === 0 ? undefined : Type.at(this.store, at);
  }

  /** The characters of a string, or of a symbol reference: `module::function`. */
  get text(): string {
    this.need("string", "symbol");
    return this.readText();
  }

  private readText(): string {
    return this.store.instance.text((exports) => exports.mw_attribute_text(this.ptr));
  }

  /** Of an integer or bool, of any width. */
  get integer(): bigint {
    this.need("integer", "bool");
    return BigInt(this.readText());
  }

  /** Of a float, widened to double precision. */
  get float(): number {
    this.need("float");
    return this.store.instance.call((exports) => exports.mw_attribute_float(this.ptr));
  }

  /** Of an array. */
  get items(): readonly Attribute[] {
    this.need("array");
    return this.readItems();
  }

  private readItems(): Attribute[] {
    const words = this.store.instance.words((exports) => exports.mw_attribute_items(this.ptr));
    return [...words].map((at) => Attribute.at(this.store, at));
  }

  /** Of a dictionary. */
  get entries(): ReadonlyMap<string, Attribute> {
    this.need("dictionary");
    return pairs(this.readItems());
  }

  /** Of an affine map. */
  get map(): AffineMap {
    this.need("affine-map");
    return readAffineMap(this.store.instance.words((exports) => exports.mw_attribute_map(this.ptr)));
  }

  /** Little-endian elements: all of them, or one that stands for all (`isSplat`). Bools of `dense` are bits there. */
  get bytes(): Uint8Array {
    this.need("dense", "resource", "dense-array");
    return this.store.instance.bytes((exports) => exports.mw_attribute_bytes(this.ptr));
  }

  /** Whether one element stands for all. */
  get isSplat(): boolean {
    return this.store.instance.call((exports) => exports.mw_attribute_is_splat(this.ptr)) !== 0;
  }

  /**
   * The nearest value of JavaScript: integers as numbers where they are exact, a unit attribute as true, arrays and dictionaries of these,
   * the numbers of a dense array. What has none stays an Attribute.
   */
  toValue(): PlainValue {
    switch (this.kind) {
      case "unit":
        return true;
      case "bool":
        return this.integer !== 0n;
      case "integer":
        return exact(this.integer);
      case "float":
        return this.float;
      case "string":
      case "symbol":
        return this.text;
      case "array":
        return this.items.map((item) => item.toValue());
      case "dictionary":
        return Object.fromEntries([...this.entries].map(([name, item]) => [name, item.toValue()]));
      case "type":
        return this.type ?? this;
      case "affine-map":
        return this.map;
      case "dense-array":
        return numbersOf(this);
      default:
        return this;
    }
  }
}

const exact = (value: bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value;

/** Names and values in turn. */
export function pairs(items: readonly Attribute[]): ReadonlyMap<string, Attribute> {
  const map = new Map<string, Attribute>();
  for (let i = 0; i < items.length; i += 2) map.set(items[i].text, items[i + 1]);
  return map;
}

function numbersOf(attribute: Attribute): readonly PlainValue[] {
  const { buffer } = attribute.bytes;
  const type = String(attribute.type);
  if (type === "i1") return Array.from(new Uint8Array(buffer), (byte) => byte !== 0);
  if (type === "i8") return Array.from(new Int8Array(buffer));
  if (type === "i16") return Array.from(new Int16Array(buffer));
  if (type === "i32") return Array.from(new Int32Array(buffer));
  if (type === "f32") return Array.from(new Float32Array(buffer));
  if (type === "f64") return Array.from(new Float64Array(buffer));
  return Array.from(new BigInt64Array(buffer), exact);
}
