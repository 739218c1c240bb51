/**
 * The binary format of WebAssembly: numbers in LEB128, sections, and the module around function bodies. It knows nothing of kernels.
 * Sections are written in the order the specification demands and left out when empty; equal modules give equal bytes.
 */
import { type ValueType, valueTypes } from "./opcodes.ts";

/** A growing buffer of bytes. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;
  readonly #float = new DataView(new ArrayBuffer(8));

  get length(): number {
    return this.#length;
  }

  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Overwrites a byte written earlier. */
  patch(position: number, value: number): void {
    this.#bytes[position] = value;
  }

  bytes(values: Uint8Array): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** Unsigned LEB128, up to 2^32 - 1. */
  unsigned(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.byte((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** Signed LEB128 of an i32. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const last = rest === (low < 64 ? 0 : -1);
      this.byte(last ? low : low + 128);
      if (last) return;
    }
  }

  /** Signed LEB128 of an i64. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const last = rest === (low < 64 ? 0n : -1n);
      this.byte(last ? low : low + 128);
      if (last) return;
    }
  }

  f32(value: number): void {
    this.#float.setFloat32(0, value, true);
    this.bytes(new Uint8Array(this.#float.buffer, 0, 4));
  }

  f64(value: number): void {
    this.#float.setFloat64(0, value, true);
    this.bytes(new Uint8Array(this.#float.buffer, 0, 8));
  }

  /** A length, then that many bytes. */
  vector(values: Uint8Array): void {
    this.unsigned(values.length);
    this.bytes(values);
  }

  text(value: string): void {
    this.vector(new TextEncoder().encode(value));
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** A function: how many i32 parameters it takes (none of ours returns anything), its locals and instructions. */
export interface FunctionCode {
  /** For the name section and profilers. */
  readonly name: string;
  readonly params: number;
  /** Declarations and instructions, as they stand in the code section. */
  readonly body: Uint8Array;
}

export interface DataSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** What a module takes from whoever instantiates it: its memory, and functions without parameters, which come first in the index space. */
export interface Imports {
  readonly module: string;
  readonly memory: string;
  readonly functions: readonly string[];
}

export interface ModuleParts {
  /** Without it the module has a memory of its own. */
  readonly imports?: Imports;
  readonly functions: readonly FunctionCode[];
  readonly exports: readonly { readonly name: string; readonly func: number }[];
  /** Of 64 KiB. */
  readonly pages: { readonly min: number; readonly max: number };
  readonly data: readonly DataSegment[];
  /** Whether the function names go into the module. */
  readonly names: boolean;
}

const HEADER = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** The byte that says what bounds a memory has: 1 for both, 3 for both and shared. */
const BOUNDED = 0x01;
export const SHARED = 0x03;

export interface EncodedModule {
  readonly bytes: Uint8Array;
  /** Where the byte stands that makes an imported memory a shared one when it becomes `SHARED`. */
  readonly memoryFlag: number | undefined;
}

/** The module; its memory is exported as "memory". */
export function encodeModule(parts: ModuleParts): EncodedModule {
  const { imports, functions, exports, pages, data, names } = parts;
  const out = new ByteWriter();
  const arities = [
    ...new Set([...(imports?.functions.map(() => 0) ?? []), ...functions.map((f) => f.params)]),
  ];
  out.bytes(HEADER);
  section(out, 1, arities, (w, arity) => {
    w.byte(0x60);
    w.vector(new Uint8Array(arity).fill(valueTypes.i32));
    w.unsigned(0);
  });
  const memoryFlag =
    imports === undefined ? undefined : importSection(out, imports, pages, arities.indexOf(0));
  section(out, 3, functions, (w, { params }) => w.unsigned(arities.indexOf(params)));
  section(out, 5, imports === undefined ? [pages] : [], bounds);
  section(out, 7, [{ name: "memory", func: undefined }, ...exports], (w, { name, func }) => {
    w.text(name);
    w.byte(func === undefined ? 0x02 : 0x00);
    w.unsigned(func ?? 0);
  });
  section(out, 10, functions, (w, { body }) => w.vector(body));
  section(out, 11, data, (w, { address, bytes }) => {
    w.byte(0x00);
    w.byte(0x41);
    w.signed(address);
    w.byte(0x0b);
    w.vector(bytes);
  });
  if (names) nameSection(out, functions, imports?.functions.length ?? 0);
  return { bytes: out.toBytes(), memoryFlag };
}

function bounds(w: ByteWriter, { min, max }: ModuleParts["pages"]): void {
  w.byte(BOUNDED);
  w.unsigned(min);
  w.unsigned(max);
}

/** The memory comes last, so that its flag can be found from the end of the section. */
function importSection(
  out: ByteWriter,
  { module, memory, functions }: Imports,
  pages: ModuleParts["pages"],
  type: number,
): number {
  const limits = new ByteWriter();
  bounds(limits, pages);
  section(out, 2, [...functions, undefined], (w, name) => {
    w.text(module);
    w.text(name ?? memory);
    if (name === undefined) {
      w.byte(0x02);
      w.bytes(limits.toBytes());
    } else {
      w.byte(0x00);
      w.unsigned(type);
    }
  });
  return out.length - limits.length;
}

function section<T>(
  out: ByteWriter,
  id: number,
  items: readonly T[],
  write: (w: ByteWriter, item: T) => void,
): void {
  if (items.length === 0) return;
  const content = new ByteWriter();
  content.unsigned(items.length);
  for (const item of items) write(content, item);
  out.byte(id);
  out.vector(content.toBytes());
}

/** The custom section "name", subsection 1: what profilers and stack traces show. */
function nameSection(out: ByteWriter, functions: readonly FunctionCode[], first: number): void {
  const map = new ByteWriter();
  map.unsigned(functions.length);
  functions.forEach(({ name }, index) => {
    map.unsigned(first + index);
    map.text(name);
  });
  const content = new ByteWriter();
  content.text("name");
  content.byte(0x01);
  content.vector(map.toBytes());
  out.byte(0x00);
  out.vector(content.toBytes());
}

/** The declarations at the head of a function body: runs of equal types, counted. */
export function encodeLocals(types: readonly ValueType[]): Uint8Array {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of types) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  const out = new ByteWriter();
  out.unsigned(runs.length);
  for (const { type, count } of runs) {
    out.unsigned(count);
    out.byte(valueTypes[type]);
  }
  return out.toBytes();
}
