/**
 * Which dtype an operation on several dtypes has: the rule of Keras, which is JAX's lattice with float32 as the default float. Bool gives
 * way to integers, integers to floats, f16 and bf16 meet in f32, signed and unsigned meet in the next wider signed type. Plain numbers are
 * weak: they take the dtype of what they meet, except that a fraction makes integers f32.
 */
import { byteWidth, type DType, dtypes } from "../ir/dtype.ts";

const signed: readonly DType[] = ["i8", "i16", "i32", "i64"];

/** The dtype in which `a` and `b` meet. */
export function promote(a: DType, b: DType): DType {
  if (a === b || b === "bool") return a;
  if (a === "bool") return b;
  const [x, y] = [dtypes[a].kind, dtypes[b].kind];
  if (x === "float" || y === "float") return x === y ? widerFloat(a, b) : x === "float" ? a : b;
  if (x === y) return byteWidth(a) >= byteWidth(b) ? a : b;
  const [int, uint] = x === "signed" ? [a, b] : [b, a];
  if (byteWidth(int) > byteWidth(uint)) return int;
  return signed.find((dtype) => byteWidth(dtype) > byteWidth(uint)) ?? "f32";
}

function widerFloat(a: DType, b: DType): DType {
  if (byteWidth(a) === byteWidth(b)) return "f32";
  return byteWidth(a) > byteWidth(b) ? a : b;
}

/** The dtype of an operation on tensors of `strong` dtypes and plain numbers. Numbers alone are f32. */
export function resultDType(strong: readonly DType[], numbers: readonly number[]): DType {
  if (strong.length === 0) return "f32";
  const dtype = strong.reduce(promote);
  if (numbers.length === 0 || dtypes[dtype].kind === "float") return dtype;
  if (numbers.some((value) => !Number.isInteger(value))) return "f32";
  return dtype === "bool" ? "i32" : dtype;
}
