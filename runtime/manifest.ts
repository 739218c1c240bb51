/**
 * The manifest of an artifact, and what every loader does with it: evaluate sizes, check the caller's arrays, bind the symbols.
 * It travels with each artifact, so it is small and imports nothing. Whatever a caller passes wrongly ends in one Error that says
 * what, expected and got; nothing was run then.
 */

/** Elements are stored as in `typedArrays`; f16 and bf16 as their bits, bool as bytes 0 and 1. */
export type DType =
  | "f32"
  | "f64"
  | "f16"
  | "bf16"
  | "i8"
  | "u8"
  | "i16"
  | "u16"
  | "i32"
  | "u32"
  | "i64"
  | "u64"
  | "bool";

/** A number, or a polynomial in symbols: "n", "10*n + 2". */
export type Size = number | string;

/** An input or output. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Size[];
}

/** A named part of weights or state; `offset` in bytes. */
export interface Field extends Port {
  readonly shape: readonly number[];
  readonly offset: number;
}

export interface Region {
  readonly bytes: number;
  readonly fields: readonly Field[];
}

/** What can be called: "predict", "train_step". */
export interface Entry {
  /** The values the compiled function takes first, in this order. */
  readonly symbols: readonly string[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Bytes of scratch memory. */
  readonly arena: Size;
}

/** A module that several threads can run takes its memory from outside. */
export interface ThreadLayout {
  /** Pages of 64 KiB to begin with. */
  readonly pages: number;
  /** The byte of the module that says whether the memory is shared. */
  readonly flag: number;
  /** Where the first thread has its scratch memory, and how much of it every other one needs. */
  readonly scratch: number;
  readonly scratchBytes: number;
}

export interface Manifest {
  /** Of this file's format; a loader refuses others. */
  readonly format: 1;
  readonly name: string;
  readonly entries: { readonly [name: string]: Entry };
  readonly weights: Region;
  readonly state: Region;
  /** Where the WASM module keeps its regions; `inlined` when it brings the bytes of weights and state itself. */
  readonly wasm?: {
    readonly weights: number;
    readonly state: number;
    readonly arena: number;
    readonly inlined?: boolean;
    /** Of a module that several threads can run. */
    readonly threads?: ThreadLayout;
    /** Whether there is a variant for engines with relaxed SIMD: `model.relaxed.wasm`. */
    readonly relaxed?: boolean;
  };
}

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A flat array, whose length may tell the batch size, or one with its shape. */
export type Tensor = TypedArray | { readonly data: TypedArray; readonly shape: readonly number[] };
export type Tensors = { readonly [name: string]: Tensor };
export type Arrays = { [name: string]: TypedArray };
/** The value of each symbol in one call. */
export type Bindings = { [symbol: string]: number };

export const typedArrays = {
  f32: Float32Array,
  f64: Float64Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  bool: Uint8Array,
} as const;

export const mismatch = (what: string, expected: string, got: string): Error =>
  new Error(`${what}; expected ${expected}; got ${got}`);

/** The number a size stands for; NaN where a symbol has no value. */
export function evaluate(size: Size, bindings: Bindings): number {
  if (typeof size === "number") return size;
  // Most sizes are one symbol.
  if (size in bindings) return bindings[size];
  let sum = 0;
  for (const term of size.replace(/ /g, "").replace(/-/g, "+-").split("+")) {
    let product = term === "" ? 0 : 1;
    for (const factor of term.replace(/^-/, "-1*").split("*")) product *= bindings[factor] ?? Number(factor);
    sum += product;
  }
  return sum;
}

/** Elements of a tensor. */
export const countOf = (shape: readonly Size[], bindings: Bindings): number =>
  shape.reduce<number>((product, size) => product * evaluate(size, bindings), 1);

/**
 * Checks the arrays against the entry and finds the value of every symbol, from shapes that are given and from lengths. Throws the
 * Error described above.
 */
export function bindInputs(
  where: string,
  { symbols, inputs }: Entry,
  tensors: Tensors,
): { bindings: Bindings; arrays: TypedArray[] } {
  for (const name in tensors) {
    if (!inputs.some((port) => port.name === name))
      throw mismatch(`${where} has no input "${name}"`, namesOf(inputs), name);
  }
  const bindings: Bindings = Object.create(null);
  const arrays = inputs.map((port) => {
    const tensor = tensors[port.name];
    if (tensor === undefined)
      throw mismatch(
        `${where}: input "${port.name}" is missing`,
        namesOf(inputs),
        namesOf(Object.keys(tensors)),
      );
    const data = dataOf(tensor);
    checkArray(where, "input", port, data);
    if ("shape" in tensor) bindShape(where, port, tensor.shape, symbols, bindings);
    return data;
  });
  // A length settles one symbol, and with it perhaps another input's.
  for (const _ of symbols) {
    inputs.forEach(({ shape }, i) => {
      settle(symbols, arrays[i].length, bindings, (trial) => countOf(shape, trial));
    });
  }
  inputs.forEach((port, i) => {
    checkLength(where, "input", port, arrays[i].length, bindings);
  });
  return { bindings, arrays };
}

/** The array of an output, the caller's (checked) or a new one. */
export function outputArray(
  where: string,
  port: Port,
  bindings: Bindings,
  out: Arrays | undefined,
): TypedArray | undefined {
  const data = out?.[port.name];
  if (data === undefined) return undefined;
  checkArray(where, "output", port, data);
  checkLength(where, "output", port, data.length, bindings);
  return data;
}

/** Also accepts what another realm made: type names, not constructors. */
export const isArray = (value: unknown): value is TypedArray =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

const dataOf = (tensor: Tensor): TypedArray => (isArray(tensor) ? tensor : (tensor.data ?? tensor));
const typeOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
const namesOf = (items: readonly (Port | string)[]): string =>
  items.map((item) => (typeof item === "string" ? item : item.name)).join(", ") || "none";
const shapeText = (shape: readonly Size[]): string => `[${shape.join(", ")}]`;

type Role = "input" | "output";

function checkArray(where: string, role: Role, { name, dtype }: Port, data: TypedArray): void {
  const expected = typedArrays[dtype].name;
  const got = typeOf(data);
  const fail = (what: string, wanted: string, found: string): Error =>
    mismatch(`${where}: ${role} "${name}" ${what}`, wanted, found);
  if (got !== expected && !(dtype === "u8" && got === "Uint8ClampedArray"))
    throw fail("has the wrong type", expected, got);
  if (typeOf(data.buffer) !== "ArrayBuffer")
    throw fail("lies in shared memory", "an array of its own", typeOf(data.buffer));
  if (data.length === 0 && isDetached(data.buffer))
    throw fail("is detached", expected, "an array that was transferred away");
}

/** `ArrayBuffer.detached` is too young to ask. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true;
  }
}

function bindShape(
  where: string,
  port: Port,
  shape: readonly number[],
  symbols: readonly string[],
  bindings: Bindings,
): void {
  const fits = port.shape.every((size, axis) => {
    settle(symbols, shape[axis], bindings, (trial) => evaluate(size, trial));
    return evaluate(size, bindings) === shape[axis];
  });
  if (fits && shape.length === port.shape.length) return;
  throw mismatch(
    `${where}: input "${port.name}" has the wrong shape`,
    shapeText(port.shape) + valuesText(bindings),
    shapeText(shape),
  );
}

/** Solves `measure = value` for a symbol without a value, where it is the only one in `measure`, and linear. */
function settle(
  symbols: readonly string[],
  value: number,
  bindings: Bindings,
  measure: (trial: Bindings) => number,
): void {
  for (const symbol of symbols) {
    if (symbol in bindings) continue;
    const at = (trial: number): number => measure({ ...bindings, [symbol]: trial });
    const [zero, one] = [at(0), at(1)];
    // Not a number where another symbol is unknown, infinite where this one does not occur.
    const solution = (value - zero) / (one - zero);
    if (Number.isInteger(solution) && solution >= 0) bindings[symbol] = solution;
  }
}

function checkLength(
  where: string,
  role: Role,
  { name, shape }: Port,
  length: number,
  bindings: Bindings,
): void {
  const count = countOf(shape, bindings);
  if (count === length) return;
  const hint = Number.isNaN(count) ? " (or { data, shape }: the length alone does not tell the shape)" : "";
  const size = Number.isNaN(count) ? "" : `${count} elements, `;
  throw mismatch(
    `${where}: ${role} "${name}" has the wrong length`,
    `${size}shape ${shapeText(shape)}${valuesText(bindings)}${hint}`,
    `${length}`,
  );
}

const valuesText = (bindings: Bindings): string => {
  const values = Object.entries(bindings).map(([name, value]) => `${name} = ${value}`);
  return values.length === 0 ? "" : ` with ${values.join(", ")}`;
};

/** A tensor passed by itself belongs to the only port. */
export function named(ports: readonly Port[], value: Tensors | Tensor): Tensors {
  const alone = isArray(value) || ("data" in value && "shape" in value);
  if (!alone) return value as Tensors;
  if (ports.length !== 1)
    throw mismatch("one array for several ports", ports.map(({ name }) => name).join(", "), "an array");
  return { [ports[0].name]: value as Tensor };
}
