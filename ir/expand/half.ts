/**
 * 16-bit floats by integer arithmetic, for targets that have none: from bits to f32 and back, as `ir/half.ts` defines them. Nothing here
 * touches a subnormal f32, which some targets flush to zero.
 */
import type { DType } from "../dtype.ts";
import { cast, constant, type Expr, scalar } from "../kernel.ts";
import {
  abs, add, and, bits, eq, fromBits, le, lt, mul, or, select, shl, shr, sub, toFloat, toInt,
} from "./formula.ts"; // biome-ignore format: one line

export type Half = "f16" | "bf16";
export const isHalf = (dtype: DType): dtype is Half => dtype === "f16" || dtype === "bf16";

/** What the f32 exponent of a number is larger by than its f16 exponent, in place. */
const BIAS = 112 << 23;
const integer = (value: number): Expr => constant(value, "i32");

/** The f32 value of bits in a u16. */
export function decodeHalf(dtype: Half, packed: Expr): Expr {
  const word = cast(packed, "i32");
  if (dtype === "bf16") return fromBits(shl(word, 16));
  const sign = shl(and(word, 0x8000), 16);
  const rest = shl(and(word, 0x7fff), 13);
  const exponent = and(word, 0x7c00);
  const subnormal = bits(mul(toFloat(and(word, 0x3ff)), 2 ** -24));
  const special = or(rest, 0x7f800000);
  const finite = select(eq(exponent, 0), subnormal, add(rest, BIAS));
  return fromBits(or(sign, select(eq(exponent, 0x7c00), special, finite)));
}

/** The bits, in a u16, of the number nearest to an f32. */
export function encodeHalf(dtype: Half, value: Expr): Expr {
  const word = bits(value);
  const isNumber = eq(value, value);
  if (dtype === "bf16") {
    const rounded = shr(add(add(word, 0x7fff), and(shr(word, 16), 1)), 16);
    return cast(select(isNumber, rounded, integer(0x7fc0)), "u16");
  }
  const size = abs(value);
  const sizeWord = and(word, 0x7fffffff);
  const normal = sub(shr(add(add(sizeWord, 0xfff), and(shr(sizeWord, 13), 1)), 13), 112 << 10);
  const subnormal = toInt(scalar("round", mul(select(lt(size, 2 ** -14), size, 0), 2 ** 24)));
  const finite = select(lt(size, 2 ** -14), subnormal, normal);
  const magnitude = select(le(65520, size), integer(0x7c00), finite);
  const sign = and(shr(word, 16), 0x8000);
  return cast(select(isNumber, or(sign, magnitude), integer(0x7e00)), "u16");
}

/** An f32 rounded to what the type can hold. */
export const roundToHalf = (dtype: Half, value: Expr): Expr => decodeHalf(dtype, encodeHalf(dtype, value));
