/**
 * Reads the graph IR from MLIR's generic form: what `graph-print.ts` writes, and what mlir-opt makes of it with `--mlir-print-op-generic`
 * (and `--mlir-print-debuginfo`). Throws ModelError with line and column, on any text; what it returns is well-formed (values are defined
 * before their use, in their block) but not verified against the definitions of ops.
 */
import type { ArgRole, Block, BlockArg, Func, Module, Op, ResultRole, Value } from "../graph.ts";
import { makeOp } from "../graph.ts";
import { equalTypes, printType, type TensorType } from "../type.ts";
import { AttrReader, attrsFrom, type RawAttr, readResources } from "./mlir-attrs.ts";
import { type FunctionType, readFunctionType, readTensorType } from "./mlir-types.ts";
import { Reader } from "./reader.ts";

export function parseModule(text: string): Module {
  const { blobs, start } = readResources(text);
  return new GraphReader(text, start, blobs).readModule();
}

const VALUE = /%(?:\d+|[A-Za-z_$.-][\w$.-]*)/y;
/** Names that printers make up. */
const MADE_UP = /^(?:\d+|arg\d+)$/;

class GraphReader {
  private readonly reader: Reader;
  private readonly attrs: AttrReader;
  private readonly locations: ReadonlyMap<string, string>;

  constructor(text: string, end: number, blobs: ReadonlyMap<string, Uint8Array>) {
    this.reader = new Reader(text.slice(0, end));
    this.attrs = new AttrReader(this.reader, blobs);
    this.locations = readLocationAliases(text);
  }

  readModule(): Module {
    const { reader } = this;
    this.skipAliases();
    const isGeneric = reader.take('"builtin.module"');
    if (isGeneric) {
      reader.need("(");
      reader.need(")");
      reader.need("(");
    } else reader.need("module");
    reader.need("{");
    const funcs: Func[] = [];
    while (!reader.take("}")) funcs.push(this.readFunc());
    if (isGeneric) this.readEmptyType();
    this.readLocation();
    this.skipAliases();
    if (!reader.isAtEnd) reader.fail("the end of the module");
    return { funcs };
  }

  /** Lines `#loc1 = loc(...)`, which `readLocationAliases` has read. */
  private skipAliases(): void {
    while (this.reader.match(/#loc\d* = loc\(.*\)/y) !== undefined);
  }

  /** `) : () -> ()`. */
  private readEmptyType(): void {
    for (const mark of [")", ":", "(", ")", "->", "(", ")"]) this.reader.need(mark);
  }

  private readFunc(): Func {
    const { reader } = this;
    const at = reader.at;
    reader.need('"func.func"');
    reader.need("(");
    reader.need(")");
    reader.need("<");
    reader.need("{");
    const properties = this.attrs.readEntries();
    reader.need(">");
    reader.need("(");
    const body = this.readRegion("func.return");
    this.readEmptyType();
    this.readLocation();
    const func = {
      name: this.stringOf(properties.get("sym_name"), at),
      body,
      args: this.readRoles(properties.get("arg_attrs"), at).map((role) => this.argRole(role, at)),
      results: this.readRoles(properties.get("res_attrs"), at).map((role) => this.resultRole(role, at)),
    };
    this.checkSignature(func, properties.get("function_type"), at);
    return func;
  }

  private stringOf(raw: RawAttr | undefined, at: number): string {
    if (raw?.kind === "attr" && typeof raw.attr === "string") return raw.attr;
    return this.reader.problem("a function without its name", at);
  }

  private checkSignature({ body, args, results }: Func, raw: RawAttr | undefined, at: number): void {
    const { reader } = this;
    if (raw?.kind !== "function") return reader.problem("a function without its type", at);
    const types = (values: readonly Value[]): string =>
      values.map((value) => printType(value.type)).join("; ");
    const given = (list: readonly TensorType[]): string => list.map(printType).join("; ");
    if (types(body.args) !== given(raw.type.inputs))
      reader.problem("the function's type does not match its arguments", at);
    if (types(body.returns) !== given(raw.type.results))
      reader.problem("the function's type does not match its results", at);
    if (args.length !== body.args.length) reader.problem("a function needs a role for each argument", at);
    if (results.length !== body.returns.length) reader.problem("a function needs a role for each result", at);
  }

  /** `[{kt.param = "path"}, ...]` as pairs of kind and text. */
  private readRoles(
    raw: RawAttr | undefined,
    at: number,
  ): readonly (readonly [kind: string, text: string])[] {
    if (raw === undefined) return [];
    const { reader } = this;
    if (raw.kind !== "list") return reader.problem("roles are a list", at);
    return raw.items.map((item) => {
      const entry = item.kind === "dictionary" && item.entries.size === 1 ? [...item.entries][0] : undefined;
      const text = entry?.[1].kind === "attr" ? entry[1].attr : undefined;
      if (entry === undefined || typeof text !== "string")
        return reader.problem("a role is one entry such as kt.input", at);
      return [entry[0], text];
    });
  }

  private argRole([kind, text]: readonly [string, string], at: number): ArgRole {
    if (kind === "kt.input") return { kind: "input", name: text };
    if (kind === "kt.param") return { kind: "param", path: text };
    if (kind === "kt.state") return { kind: "state", path: text };
    if (kind === "kt.prepared") return { kind: "prepared", path: text };
    return this.reader.problem(`unknown role ${kind}`, at);
  }

  private resultRole([kind, text]: readonly [string, string], at: number): ResultRole {
    if (kind === "kt.output") return { kind: "output", name: text };
    if (kind === "kt.state") return { kind: "state", path: text };
    if (kind === "kt.prepared") return { kind: "prepared", path: text };
    return this.reader.problem(`unknown role ${kind}`, at);
  }

  /** `{ ^bb0(...): ops terminator }`. Regions are isolated: nothing outside is in scope. */
  private readRegion(terminator: string): Block {
    const { reader } = this;
    return reader.nested(() => {
      reader.need("{");
      const scope = new Map<string, Value>();
      const args = reader.take("^bb0") ? this.readArgs(scope) : [];
      const ops: Op[] = [];
      while (!reader.sees(`"${terminator}"`)) ops.push(this.readOp(scope));
      reader.need(`"${terminator}"`);
      const at = reader.at;
      const returns = this.readUses(scope);
      reader.need(":");
      this.checkType(readFunctionType(reader), returns, [], at);
      this.readLocation();
      reader.need("}");
      return { args, ops, returns };
    });
  }

  private readArgs(scope: Map<string, Value>): BlockArg[] {
    const { reader } = this;
    reader.need("(");
    const args = reader.list(")", (): BlockArg => {
      const at = reader.at;
      const name = reader.expect(VALUE, "an argument").slice(1);
      reader.need(":");
      const type = readTensorType(reader);
      this.readLocation();
      const arg: BlockArg = MADE_UP.test(name) ? { kind: "arg", type } : { kind: "arg", type, name };
      this.define(scope, name, arg, at);
      return arg;
    });
    reader.need(":");
    return args;
  }

  private define(scope: Map<string, Value>, name: string, value: Value, at: number): void {
    if (scope.has(name)) this.reader.problem(`%${name} is defined already`, at);
    scope.set(name, value);
  }

  private readOp(scope: Map<string, Value>): Op {
    const { reader } = this;
    const at = reader.at;
    const target = reader.match(VALUE)?.slice(1);
    const count = target === undefined ? 0 : reader.take(":") ? reader.integer("a number of results") : 1;
    if (target !== undefined) reader.need("=");
    const nameAt = reader.at;
    const name = /^kt\.([A-Za-z_]\w*)(?:\.\d+)*$/.exec(reader.string("an op"))?.[1];
    if (name === undefined) return reader.failAt(nameAt, 'an op of ours, "kt.…"');
    const operandsAt = reader.at;
    const operands = this.readUses(scope);
    const properties = reader.take("<{") ? this.readProperties() : [];
    const regions = reader.take("(") ? reader.list(")", () => this.readRegion("vector.yield")) : [];
    const attrsAt = reader.at;
    const entries = reader.take("{") ? this.attrs.readEntries() : [];
    reader.need(":");
    const type = readFunctionType(reader);
    this.checkType(type, operands, type.results, operandsAt);
    if (type.results.length !== count)
      reader.problem(`${type.results.length} results, of which ${count} are named`, at);
    const attrs = attrsFrom(new Map([...properties, ...entries]), reader, attrsAt);
    const op = makeOp(name, operands, type.results, attrs, regions, this.readLocation());
    for (const result of op.results) {
      this.define(scope, count === 1 ? `${target}` : `${target}#${result.index}`, result, at);
    }
    return op;
  }

  private readProperties(): ReadonlyMap<string, RawAttr> {
    const entries = this.attrs.readEntries();
    this.reader.need(">");
    return entries;
  }

  /** `(%a, %b#1)`. */
  private readUses(scope: ReadonlyMap<string, Value>): Value[] {
    const { reader } = this;
    reader.need("(");
    return reader.list(")", () => {
      const at = reader.at;
      const name = reader.expect(/%(?:\d+|[A-Za-z_$.-][\w$.-]*)(?:#\d+)?/y, "a value").slice(1);
      return scope.get(name) ?? reader.problem(`%${name} is not defined in this block`, at);
    });
  }

  private checkType(
    type: FunctionType,
    operands: readonly Value[],
    results: readonly TensorType[],
    at: number,
  ): void {
    const fits =
      type.inputs.length === operands.length &&
      type.inputs.every((input, i) => equalTypes(input, operands[i].type));
    if (!fits || type.results.length !== results.length)
      this.reader.problem("the type does not match the operands", at);
  }

  /** `loc(...)`, if one stands here: the name it holds, else nothing. */
  private readLocation(): string {
    const { reader } = this;
    if (!reader.take("loc(")) return "";
    const alias = reader.match(/#loc\d*/y);
    if (alias !== undefined) {
      reader.need(")");
      return this.locations.get(alias) ?? "";
    }
    if (reader.take("unknown")) {
      reader.need(")");
      return "";
    }
    const name = reader.string("a location");
    if (reader.take(")")) return name;
    // A place in a file, which says nothing about layers.
    reader.expect(/:\d+:\d+\)/y, "the end of a location");
    return "";
  }
}

/** The lines `#loc1 = loc("name")`, wherever they stand. */
function readLocationAliases(text: string): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const [, alias, quoted] of text.matchAll(/^(#loc\d*) = loc\(("(?:[^"\\\n]|\\.)*")\)$/gm)) {
    aliases.set(alias, new Reader(quoted).string("a location"));
  }
  return aliases;
}
