/**
 * WGSL's spelling of constants and of conversions between dtypes.
 */
import { type DType, dtypes, isFloat } from "../../ir/dtype.ts";
import { atom, type Code, callCode, floatLiteral, LEVEL } from "../clike/code.ts";
import type { ValueType } from "../clike.ts";
import { scalarSpelling } from "./spelling.ts";
import { isNarrow, registerType, wrapped } from "./types.ts";

export function constantCode(value: number, { dtype }: ValueType): Code {
  switch (registerType(dtype)) {
    case "f32":
      return floatCode(value);
    case "i32":
      return value === -2147483648 ? atom("i32(-2147483648)") : signedAtom(value, String(value));
    case "u32":
      return atom(`${value}u`);
    case "bool":
      return atom(value === 0 ? "false" : "true");
  }
}

function floatCode(value: number): Code {
  const single = Math.fround(value);
  if (Number.isNaN(single)) return atom("nan()");
  if (Number.isFinite(single)) return signedAtom(single, finiteLiteral(single));
  return signedAtom(single, single > 0 ? "inf()" : "-inf()");
}

/** The shortest decimal that rounds to the largest f32 lies above it, and WGSL rejects that. */
function finiteLiteral(single: number): string {
  const text = floatLiteral(single, 32);
  return Math.abs(Number(text)) > LARGEST_F32 ? String(single) : text;
}

const LARGEST_F32 = 2 ** 128 - 2 ** 104;

const signedAtom = (value: number, text: string): Code =>
  value < 0 || Object.is(value, -0) ? { text, level: LEVEL.prefix } : atom(text);

const SATURATED: { readonly [D in DType]?: (x: Code) => Code } = {
  i32: (x) => callCode("to_i32", x),
  u32: (x) => callCode("to_u32", x),
  i16: (x) => callCode("to_narrow", x, atom("-32768.0"), atom("32767.0")),
  u16: (x) => callCode("u32", callCode("to_narrow", x, atom("0.0"), atom("65535.0"))),
  i8: (x) => callCode("to_narrow", x, atom("-128.0"), atom("127.0")),
  u8: (x) => callCode("u32", callCode("to_narrow", x, atom("0.0"), atom("255.0"))),
};

export function castCode(arg: Code, from: ValueType, to: ValueType): Code {
  if (to.dtype === from.dtype) return arg;
  if (to.dtype === "bool") {
    return scalarSpelling.ne([arg, constantCode(0, from)], { ...from, index: false, natural: false });
  }
  const saturate = isFloat(from.dtype) ? SATURATED[to.dtype] : undefined;
  if (saturate !== undefined) return saturate(arg);
  const [source, target] = [registerType(from.dtype), registerType(to.dtype)];
  const converted = source === target ? arg : callCode(target, arg);
  return holds(from.dtype, to.dtype) ? converted : wrapped(converted, to.dtype);
}

export function bitcastCode(arg: Code, from: ValueType, to: ValueType): Code {
  if (isNarrow(from.dtype)) return castCode(arg, from, to);
  return callCode(`bitcast<${registerType(to.dtype)}>`, arg);
}

/** Whether every value of an integer dtype `from` is in the range of `to`. */
function holds(from: DType, to: DType): boolean {
  const [a, b] = [dtypes[from], dtypes[to]];
  if (a.kind === b.kind || a.kind === "bool") return a.bytes <= b.bytes;
  return a.kind === "unsigned" && a.bytes < b.bytes;
}
