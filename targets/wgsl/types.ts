/**
 * Which WGSL type holds a value of each dtype, and which dtypes WGSL cannot hold. Integers narrower than 32 bits live in registers as
 * i32 or u32, always in range: operators that can leave the range wrap.
 */
import { byteWidth, type DType, dtypes } from "../../ir/dtype.ts";
import { Unsupported } from "../../ir/errors.ts";
import { atom, type Code, callCode } from "../clike/code.ts";

export type Register = "f32" | "i32" | "u32" | "bool";

const REGISTER = { float: "f32", signed: "i32", unsigned: "u32", bool: "bool" } as const;
// biome-ignore format: one row per family
const INSTEAD: { readonly [D in DType]?: string } = {
  f64: "f32",
  i64: "i32", u64: "u32",
};

/** Throws Unsupported for dtypes without a WGSL type that needs no optional feature. */
export function registerType(dtype: DType): Register {
  const instead = INSTEAD[dtype];
  if (instead === undefined) return REGISTER[dtypes[dtype].kind];
  throw new Unsupported("wgsl", `dtype ${dtype}`, {
    hint: `Cast to ${instead} first, or compile for wasm or cpp, which have ${dtype}`,
  });
}

/** Narrower than the 32-bit words that storage buffers are made of. */
export const isNarrow = (dtype: DType): boolean => byteWidth(dtype) < 4;

/** Back into the range of a narrow integer: the low bits, sign-extended where signed. */
export function wrapped(code: Code, dtype: DType): Code {
  if (!isNarrow(dtype) || dtype === "bool") return code;
  return callCode("extractBits", code, atom("0u"), atom(`${8 * dtypes[dtype].bytes}u`));
}
