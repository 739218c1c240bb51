/**
 * Element types: names, widths, the typed array that stores each, and the promotion rule of Keras.
 *
 * f16 and bf16 are stored as their bits (Uint16Array), bool as one byte. Arithmetic on values of these types is defined by
 * `ir/scalar.ts`; this file knows only how they lie in memory.
 */
export type DType =
  | "f32" | "f64" | "f16" | "bf16"
  | "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "i64" | "u64"
  | "bool"; // biome-ignore format: one row per family

export type TypedArray =
  | Float32Array | Float64Array
  | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array
  | BigInt64Array | BigUint64Array; // biome-ignore format: one row per family

interface DTypeInfo {
  readonly bytes: number;
  readonly kind: "float" | "signed" | "unsigned" | "bool";
  /** The name Keras and numpy use. */
  readonly keras: string;
  /** The name MLIR's text uses. */
  readonly mlir: string;
  readonly allocate: (length: number) => TypedArray;
  readonly view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray;
}

type Constructor<T> = new (buffer: ArrayBufferLike | number, byteOffset?: number, length?: number) => T;

function info<T extends TypedArray>(
  bytes: number,
  kind: DTypeInfo["kind"],
  keras: string,
  mlir: string,
  Storage: Constructor<T>,
): DTypeInfo {
  return {
    bytes,
    kind,
    keras,
    mlir,
    allocate: (length) => new Storage(length),
    view: (buffer, byteOffset, length) => new Storage(buffer, byteOffset, length),
  };
}

export const dtypes: { readonly [D in DType]: DTypeInfo } = {
  f32: info(4, "float", "float32", "f32", Float32Array),
  f64: info(8, "float", "float64", "f64", Float64Array),
  f16: info(2, "float", "float16", "f16", Uint16Array),
  bf16: info(2, "float", "bfloat16", "bf16", Uint16Array),
  i8: info(1, "signed", "int8", "i8", Int8Array),
  u8: info(1, "unsigned", "uint8", "ui8", Uint8Array),
  i16: info(2, "signed", "int16", "i16", Int16Array),
  u16: info(2, "unsigned", "uint16", "ui16", Uint16Array),
  i32: info(4, "signed", "int32", "i32", Int32Array),
  u32: info(4, "unsigned", "uint32", "ui32", Uint32Array),
  i64: info(8, "signed", "int64", "i64", BigInt64Array),
  u64: info(8, "unsigned", "uint64", "ui64", BigUint64Array),
  bool: info(1, "bool", "bool", "i1", Uint8Array),
};

export const dtypeNames = Object.keys(dtypes) as readonly DType[];

export const byteWidth = (dtype: DType): number => dtypes[dtype].bytes;
export const isFloat = (dtype: DType): boolean => dtypes[dtype].kind === "float";
export const isInteger = (dtype: DType): boolean =>
  dtypes[dtype].kind === "signed" || dtypes[dtype].kind === "unsigned";

/** The dtype that Keras and numpy call `name` ("float32"), or that this project does ("f32"); undefined when unknown. */
export function dtypeFromName(name: string): DType | undefined {
  return dtypeNames.find((dtype) => dtype === name || dtypes[dtype].keras === name);
}
