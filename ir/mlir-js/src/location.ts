/**
 * Locations: where an operation comes from.
 */
import type { Ptr } from "./exports.ts";
import type { Store } from "./store.ts";

const kinds = ["other", "file", "name", "fused", "call-site"] as const;
/** "other" is the unknown location, and those of dialects. */
export type LocationKind = (typeof kinds)[number];

export class Location {
  readonly store: Store;
  readonly ptr: Ptr;
  readonly kind: LocationKind;

  private constructor(store: Store, ptr: Ptr) {
    this.store = store;
    this.ptr = ptr;
    this.kind = kinds[store.instance.call((exports) => exports.mw_location_kind(ptr))];
  }

  /** The handle of an address. */
  static at(store: Store, ptr: Ptr): Location {
    return store.unique("location", ptr, () => new Location(store, ptr));
  }

  /** The file of a place in text, or the name of a name location. */
  get name(): string | undefined {
    if (this.kind !== "file" && this.kind !== "name") return undefined;
    return this.store.instance.text((exports) => exports.mw_location_text(this.ptr));
  }

  /** Line and column of a place in text, from 1. */
  get position(): { readonly line: number; readonly column: number } | undefined {
    if (this.kind !== "file") return undefined;
    const [line, column] = this.parts;
    return { line, column };
  }

  /** What a named, fused or call-site location is made of. */
  get children(): readonly Location[] {
    return this.kind === "file" ? [] : this.parts.map((at) => Location.at(this.store, at));
  }

  private get parts(): readonly number[] {
    return [...this.store.instance.words((exports) => exports.mw_location_parts(this.ptr))];
  }

  /** As MLIR writes it: `loc("a.mlir":3:8)`. */
  toString(): string {
    return this.store.instance.text((exports) => exports.mw_attribute_print(this.ptr));
  }
}
