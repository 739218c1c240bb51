/**
 * Attributes in MLIR's text. Whole numbers are `3 : i64`, others `0.5 : f64`; constants are `dense<...>`, large ones resources whose bytes
 * stand at the end of the text; types are themselves.
 */
import { byteWidth } from "../dtype.ts";
import { getElement } from "../elements.ts";
import type { Attr, Attrs } from "../graph.ts";
import { bytesOf, type NDArray, sizeOf } from "../ndarray.ts";
import type { TensorType } from "../type.ts";
import { fromBytes, makeDense, printDense, printHex, readDenseBody, readHex, withPoint } from "./dense.ts";
import { type FunctionType, printTensorType, readFunctionType, readTensorType } from "./mlir-types.ts";
import { quote, Reader } from "./reader.ts";

/** Constants of more bytes are resources. */
const MOST_INLINE_BYTES = 1024;

/** The large constants of a text, by name, in order of appearance. */
export class Resources {
  private readonly names = new Map<NDArray, string>();

  nameOf(array: NDArray): string {
    const name = this.names.get(array) ?? `constant_${this.names.size}`;
    this.names.set(array, name);
    return name;
  }

  /** The section at the end of the text; empty when there are none. Each blob begins with its alignment. */
  print(): string {
    if (this.names.size === 0) return "";
    const blobs = [...this.names].map(([array, name]) => {
      const bytes = bytesOf(array);
      const blob = new Uint8Array(4 + bytes.length);
      new DataView(blob.buffer).setUint32(0, Math.max(4, byteWidth(array.dtype)), true);
      blob.set(bytes, 4);
      return `      ${name}: ${printHex(blob)}`;
    });
    return `\n{-#\n  dialect_resources: {\n    builtin: {\n${blobs.join(",\n")}\n    }\n  }\n#-}\n`;
  }
}

const isList = (attr: Attr): attr is readonly Attr[] => Array.isArray(attr);

export function printAttr(attr: Attr, resources: Resources, isElement = false): string {
  if (typeof attr === "boolean") return String(attr);
  if (typeof attr === "string") return quote(attr);
  if (typeof attr === "number") return printNumber(attr, isElement);
  if (isList(attr)) return `[${attr.map((item) => printAttr(item, resources, true)).join(", ")}]`;
  if (!("data" in attr)) return printTensorType(attr);
  const isSmall = sizeOf(attr.shape) * byteWidth(attr.dtype) <= MOST_INLINE_BYTES;
  const body = isSmall ? printDense(attr) : `dense_resource<${resources.nameOf(attr)}>`;
  return `${body} : ${printTensorType(attr)}`;
}

/** Inside lists `i64` goes without saying, as MLIR has it. */
function printNumber(value: number, isElement: boolean): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0))
    return isElement ? String(value) : `${value} : i64`;
  const scalar: NDArray = { dtype: "f64", shape: [], data: new Float64Array([value]) };
  return `${Number.isFinite(value) ? withPoint(Object.is(value, -0) ? "-0" : String(value)) : printDense(scalar).slice(6, -1)} : f64`;
}

/** ` {a = 1 : i64, b = "x"}` sorted by name, or nothing. */
export function printAttrs(attrs: Attrs, resources: Resources): string {
  const entries = Object.keys(attrs)
    .sort()
    .flatMap((name) => {
      const attr = attrs[name];
      return attr === undefined
        ? []
        : [`${/^[A-Za-z_][\w.$]*$/.test(name) ? name : quote(name)} = ${printAttr(attr, resources)}`];
    });
  return entries.length === 0 ? "" : ` {${entries.join(", ")}}`;
}

/** What attributes of MLIR's own ops hold beyond ours: those of functions. */
export type RawAttr =
  | { readonly kind: "attr"; readonly attr: Attr }
  | { readonly kind: "list"; readonly items: readonly RawAttr[] }
  | { readonly kind: "dictionary"; readonly entries: ReadonlyMap<string, RawAttr> }
  | { readonly kind: "function"; readonly type: FunctionType };

/** Reads attributes; large constants come from `blobs`. */
export class AttrReader {
  private readonly reader: Reader;
  private readonly blobs: ReadonlyMap<string, Uint8Array>;

  constructor(reader: Reader, blobs: ReadonlyMap<string, Uint8Array>) {
    this.reader = reader;
    this.blobs = blobs;
  }

  /** `name = value, ...}`: the entries of a dictionary whose opening brace is taken. */
  readEntries(): ReadonlyMap<string, RawAttr> {
    const { reader } = this;
    const entries = new Map<string, RawAttr>();
    reader.list("}", () => {
      const at = reader.at;
      const name = reader.sees('"')
        ? reader.string("a name")
        : reader.expect(/[A-Za-z_][\w.$]*/y, "an attribute's name");
      if (entries.has(name)) reader.problem(`attribute ${name} occurs twice`, at);
      reader.need("=");
      entries.set(name, this.read());
    });
    return entries;
  }

  read(): RawAttr {
    const { reader } = this;
    return reader.nested((): RawAttr => {
      if (reader.take("[")) return { kind: "list", items: reader.list("]", () => this.read()) };
      if (reader.take("{")) return { kind: "dictionary", entries: this.readEntries() };
      if (reader.sees("(")) return { kind: "function", type: readFunctionType(reader) };
      return { kind: "attr", attr: this.readLeaf() };
    });
  }

  private readLeaf(): Attr {
    const { reader } = this;
    const at = reader.at;
    if (reader.sees('"')) return reader.string("a string");
    if (reader.take("true")) return true;
    if (reader.take("false")) return false;
    if (reader.sees("tensor")) return readTensorType(reader);
    if (reader.take("dense<")) {
      const body = readDenseBody(reader);
      const { dtype, shape } = this.readStaticType();
      return makeDense(reader, body, dtype, shape, at);
    }
    if (reader.take("dense_resource<")) return this.readResource(at);
    return this.readNumber();
  }

  private readResource(at: number): NDArray {
    const { reader } = this;
    const name = reader.sees('"') ? reader.string("a name") : reader.identifier("the name of a resource");
    reader.need(">");
    const { dtype, shape } = this.readStaticType();
    const bytes = this.blobs.get(name) ?? reader.problem(`no resource ${name}`, at);
    return fromBytes(reader, bytes, dtype, shape, at);
  }

  private readStaticType(): { readonly dtype: TensorType["dtype"]; readonly shape: readonly number[] } {
    const { reader } = this;
    reader.need(":");
    const at = reader.at;
    const { dtype, shape } = readTensorType(reader);
    return {
      dtype,
      shape: shape.map((dim) =>
        typeof dim === "number" ? dim : reader.problem("a constant of symbolic shape", at),
      ),
    };
  }

  private readNumber(): number {
    const { reader } = this;
    const at = reader.at;
    const text = reader.expect(/0x[0-9A-Fa-f]+|-?\d+(?:\.\d*(?:[eE][+-]?\d+)?)?/y, "an attribute");
    const type = reader.take(":") ? reader.expect(/f64|i64/y, "i64 or f64") : undefined;
    if (type !== "f64" || !text.startsWith("0x")) {
      const value = Number(text);
      return Number.isFinite(value) ? value : reader.problem("a number too large", at);
    }
    const scalar = makeDense(reader, { kind: "numbers", texts: [text], isSplat: true }, "f64", [], at);
    return getElement(scalar, 0);
  }
}

/** Entries as attributes of an op; throws ModelError for what only functions have. */
export function attrsFrom(entries: ReadonlyMap<string, RawAttr>, reader: Reader, at: number): Attrs {
  // fromEntries makes own properties of any name, `__proto__` too.
  return Object.fromEntries([...entries].map(([name, raw]) => [name, attrFrom(raw, reader, at)]));
}

function attrFrom(raw: RawAttr, reader: Reader, at: number): Attr {
  if (raw.kind === "attr") return raw.attr;
  if (raw.kind === "list") return raw.items.map((item) => attrFrom(item, reader, at));
  return reader.problem(`a ${raw.kind} is no attribute of ours`, at);
}

/** The blobs of a text's resource section, and where it begins. */
export function readResources(text: string): {
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly start: number;
} {
  const blobs = new Map<string, Uint8Array>();
  const start = text.search(/^\{-#/m);
  if (start < 0) return { blobs, start: text.length };
  const reader = new Reader(text);
  reader.at = start;
  reader.need("{-#");
  reader.need("dialect_resources");
  reader.need(":");
  reader.need("{");
  reader.need("builtin");
  reader.need(":");
  reader.need("{");
  reader.list("}", () => {
    const name = reader.sees('"') ? reader.string("a name") : reader.identifier("a name");
    reader.need(":");
    const at = reader.at;
    const blob = readHex(reader);
    if (blob.length < 4) reader.failAt(at, "a blob with its alignment");
    blobs.set(name, blob.slice(4));
  });
  reader.need("}");
  reader.need("#-}");
  if (!reader.isAtEnd) reader.fail("the end of the text");
  return { blobs, start };
}
