/**
 * A context: everything of one piece of work. Types and attributes are made once in it, operations refer to them, diagnostics are collected
 * by it. Contexts know nothing of each other.
 */
import { Attribute, Type } from "./attribute.ts";
import { ParseError, UsageError } from "./errors.ts";
import type { Instance } from "./instance.ts";
import { Location } from "./location.ts";
import { Module } from "./module.ts";
import { type Block, Operation, type Value } from "./operation.ts";
import { PassManager } from "./pass-manager.ts";
import { Store } from "./store.ts";

export interface ContextOptions {
  /** Carry along operations, types and attributes of dialects that are not registered, unverified (default false). */
  readonly allowUnregistered?: boolean;
}

export interface ParseOptions {
  /** What diagnostics and locations call the text (default "input.mlir"). */
  readonly file?: string;
  /** Check the rules of the dialects (default true). Without, `module.verify()` does it later. */
  readonly verify?: boolean;
}

export interface OperationOptions {
  readonly operands?: readonly Value[];
  /** Types of the results, or "infer" where the operation knows them from its operands. */
  readonly results?: readonly Type[] | "infer";
  readonly attributes?: { readonly [name: string]: Attribute };
  /** How many regions it has; blocks are added with `region.addBlock` (default 0). */
  readonly regions?: number;
  /** Blocks that it branches to. */
  readonly successors?: readonly Block[];
  readonly location?: Location;
}

export class Context {
  private readonly store: Store;

  /** Use `mlir.createContext`. */
  constructor(instance: Instance, { allowUnregistered = false }: ContextOptions) {
    this.store = new Store(instance, allowUnregistered);
  }

  get isAlive(): boolean {
    return this.store.isAlive;
  }

  /** Destroys everything made in it, at once. Handles throw DeadHandleError afterwards. */
  dispose(): void {
    this.store.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  // What is registered.

  /** Names of the dialects that can be used. */
  get dialects(): readonly string[] {
    return lines(this.store.instance.text((exports) => exports.mw_dialects(this.store.context)));
  }

  /** Names of operations, with their dialect: of all dialects, or of one. */
  operations(dialect = ""): readonly string[] {
    const { context, instance } = this.store;
    return lines(
      instance.text((exports, put) => exports.mw_operations(context, ...put.text(dialect))),
    ).sort();
  }

  /**
   * Registers the dialects that IRDL text declares, for this context: operations in them are verified from then on. Throws ParseError for
   * text that is no valid IRDL, UsageError where a dialect of that name is there already.
   */
  loadIrdl(text: string, file = "dialect.irdl"): void {
    const declared = this.parse(text, { file });
    try {
      const { ptr } = declared.operation;
      if (this.store.instance.call((exports) => exports.mw_load_irdl(ptr)) === 0)
        throw new ParseError("the dialects cannot be registered", this.store.takeDiagnostics());
    } finally {
      declared.dispose();
    }
  }

  // Modules.

  /** Reads text, or MLIR's binary form. Throws ParseError with diagnostics at their lines and columns. */
  parse(source: string | Uint8Array, { file = "input.mlir", verify = true }: ParseOptions = {}): Module {
    const { context, instance } = this.store;
    this.store.takeDiagnostics();
    const at = instance.with((exports, put) => {
      const [text, size] = typeof source === "string" ? put.text(source) : put.bytes(source);
      return exports.mw_parse(context, text, size, ...put.text(file), Number(verify));
    });
    this.store.check(at, ParseError, `${file} does not parse`);
    return new Module(Operation.detached(this.store, at));
  }

  /** An empty module. */
  module(location = this.unknownLocation()): Module {
    const at = this.store.instance.call((exports) => exports.mlirModuleCreateEmpty(location.ptr));
    return new Module(Operation.detached(this.store, at));
  }

  /** A pipeline to run on several modules. Throws PipelineError. */
  passManager(pipeline: string): PassManager {
    return new PassManager(this.store, pipeline);
  }

  /**
   * A new operation without a place: `block.append` puts it somewhere. Throws UsageError where an operation cannot infer its results;
   * rules of the dialect are checked by `verify`.
   */
  operation(name: string, options: OperationOptions = {}): Operation {
    const { operands = [], results = [], attributes = {}, regions = 0, successors = [] } = options;
    const location = options.location ?? this.unknownLocation();
    const types = results === "infer" ? [] : results;
    for (const part of [...operands, ...types, ...Object.values(attributes), ...successors, location])
      this.store.same(part.store, "a part");
    const pointers = (list: readonly { readonly ptr: number }[]): number[] => [
      list.length,
      ...list.map(({ ptr }) => ptr),
    ];
    const [values, resultTypes, blocks] = [operands, types, successors].map(pointers);
    this.store.takeDiagnostics();
    const at = this.store.instance.with((exports, put) => {
      const named = Object.entries(attributes).flatMap(([key, { ptr }]) => [...put.text(key), ptr]);
      const count = Object.keys(attributes).length;
      const infer = Number(results === "infer");
      const head = [...put.text(name), location.ptr, ...values, ...resultTypes];
      return exports.mw_op_create(
        this.store.context,
        put.words([...head, count, ...named, regions, ...blocks, infer]),
      );
    });
    this.store.check(at, UsageError, `${name} cannot be made`);
    return Operation.detached(this.store, at);
  }

  // Types, attributes, locations.

  /** A type from text: `tensor<4x?xf32>`. Throws ParseError. */
  type(text: string): Type {
    const { context, instance } = this.store;
    this.store.takeDiagnostics();
    const at = instance.with((exports, put) => exports.mw_type_parse(context, ...put.text(text)));
    return Type.at(this.store, this.store.check(at, ParseError, `no type: ${text}`));
  }

  /** An attribute from text: `42 : i32`, `affine_map<(d0) -> (d0)>`. Throws ParseError. */
  attribute(text: string): Attribute {
    const { context, instance } = this.store;
    this.store.takeDiagnostics();
    const at = instance.with((exports, put) => exports.mw_attribute_parse(context, ...put.text(text)));
    return Attribute.at(this.store, this.store.check(at, ParseError, `no attribute: ${text}`));
  }

  /** A string attribute. */
  string(text: string): Attribute {
    const { context, instance } = this.store;
    const at = instance.with((exports, put) => exports.mw_attribute_string(context, ...put.text(text)));
    return Attribute.at(this.store, at);
  }

  /** An integer attribute; the type is i64 unless given. */
  integer(value: number | bigint, type: Type = this.type("i64")): Attribute {
    return this.attribute(`${value} : ${type}`);
  }

  /** An array attribute. */
  array(items: readonly Attribute[]): Attribute {
    for (const item of items) this.store.same(item.store, "an attribute");
    const { context, instance } = this.store;
    const words = items.map(({ ptr }) => ptr);
    const at = instance.with((exports, put) =>
      exports.mw_attribute_array(context, items.length, put.words(words)),
    );
    return Attribute.at(this.store, at);
  }

  /** Constant elements of a static tensor or vector type, from little-endian bytes; those of one element stand for all. */
  dense(type: Type, bytes: Uint8Array): Attribute {
    this.store.same(type.store, "a type");
    const at = this.store.instance.with((exports, put) =>
      exports.mw_attribute_dense(type.ptr, ...put.bytes(bytes)),
    );
    if (at === 0) throw new UsageError(`${bytes.length} bytes do not make ${type}`);
    return Attribute.at(this.store, at);
  }

  unknownLocation(): Location {
    return Location.at(
      this.store,
      this.store.instance.call((exports) => exports.mw_location_unknown(this.store.context)),
    );
  }

  /** A place in a text; line and column from 1. */
  fileLocation(file: string, line: number, column: number): Location {
    const { context, instance } = this.store;
    const at = instance.with((exports, put) =>
      exports.mw_location_file(context, ...put.text(file), line, column),
    );
    return Location.at(this.store, at);
  }

  /** A name, and the location that it names. */
  nameLocation(name: string, child?: Location): Location {
    const { context, instance } = this.store;
    const at = instance.with((exports, put) =>
      exports.mw_location_name(context, ...put.text(name), child?.ptr ?? 0),
    );
    return Location.at(this.store, at);
  }
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
