/**
 * Conversions between dtypes, as `convert` of `ir/scalar.ts` defines them: float to integer truncates and saturates, NaN gives 0; integer
 * to integer wraps; to bool is `!= 0`. And bitcasts.
 */
import { byteWidth, type DType, isFloat, isInteger } from "../../ir/dtype.ts";
import { CompilerBug, Unsupported } from "../../ir/errors.ts";
import type { Expr } from "../../ir/kernel.ts";
import type { Code } from "./code.ts";
import { emitConstant, machineOf, type Repr, wrapNarrow } from "./machine.ts";
import type { OpName } from "./opcodes.ts";

/** From the row to the column; bool is the column's business elsewhere. */
type Row = { readonly [To in Exclude<Repr, "bool">]: readonly OpName[] };

const fromI32: Row = {
  i32: [],
  u32: [],
  i64: ["i64.extend_i32_s"],
  u64: ["i64.extend_i32_s"],
  f32: ["f32.convert_i32_s"],
  f64: ["f64.convert_i32_s"],
};
const fromU32: Row = {
  i32: [],
  u32: [],
  i64: ["i64.extend_i32_u"],
  u64: ["i64.extend_i32_u"],
  f32: ["f32.convert_i32_u"],
  f64: ["f64.convert_i32_u"],
};
const from64 = (sign: "s" | "u"): Row => ({
  i32: ["i32.wrap_i64"],
  u32: ["i32.wrap_i64"],
  i64: [],
  u64: [],
  f32: [`f32.convert_i64_${sign}`],
  f64: [`f64.convert_i64_${sign}`],
});
const fromFloat = (from: "f32" | "f64"): Row => ({
  i32: [`i32.trunc_sat_${from}_s`],
  u32: [`i32.trunc_sat_${from}_u`],
  i64: [`i64.trunc_sat_${from}_s`],
  u64: [`i64.trunc_sat_${from}_u`],
  f32: from === "f32" ? [] : ["f32.demote_f64"],
  f64: from === "f64" ? [] : ["f64.promote_f32"],
});

const scalarCasts: { readonly [From in Repr]: Row } = {
  i32: fromI32,
  u32: fromU32,
  bool: fromU32,
  i64: from64("s"),
  u64: from64("u"),
  f32: fromFloat("f32"),
  f64: fromFloat("f64"),
};

/** Between vectors of 32-bit lanes. */
const vectorCasts: {
  readonly [R in "i32" | "u32" | "f32"]: { readonly [To in "i32" | "u32" | "f32"]: readonly OpName[] };
} = {
  i32: { i32: [], u32: [], f32: ["f32x4.convert_i32x4_s"] },
  u32: { i32: [], u32: [], f32: ["f32x4.convert_i32x4_u"] },
  f32: { i32: ["i32x4.trunc_sat_f32x4_s"], u32: ["i32x4.trunc_sat_f32x4_u"], f32: [] },
};

/** Converts what is on the stack. */
export function emitCast(code: Code, from: DType, to: DType, lanes: number): void {
  if (from === to) return;
  if (to === "bool") emitTest(code, from, lanes);
  else if (lanes === 1) emitScalarCast(code, from, to);
  else emitVectorCast(code, from, to, lanes);
}

/** x != 0; NaN is. */
function emitTest(code: Code, from: DType, lanes: number): void {
  const { type } = machineOf(from);
  emitConstant(code, from, lanes, 0);
  if (lanes === 1) code.op(`${type === "v128" ? "i32" : type}.ne`);
  else code.op(type === "f32" ? "f32x4.ne" : "i32x4.ne");
}

function emitScalarCast(code: Code, from: DType, to: DType): void {
  const [source, target] = [machineOf(from), machineOf(to)];
  const { repr } = target;
  if (repr === "bool") throw new CompilerBug("wasm casts", "a test for zero is not a conversion");
  const saturates = isFloat(from) && target.narrow !== undefined;
  if (saturates) emitClamp(code, from, to);
  code.ops(scalarCasts[source.repr][saturates ? "i32" : repr]);
  if (isInteger(from) && !contains(to, from)) wrapNarrow(code, to, 1);
}

/** Brings a float into the range of a narrow integer; NaN stays NaN. */
function emitClamp(code: Code, from: DType, to: DType): void {
  const [low, high] = rangeOf(to);
  const type = machineOf(from).type === "f32" ? "f32" : "f64";
  code[type](low);
  code.op(`${type}.max`);
  code[type](high);
  code.op(`${type}.min`);
}

function rangeOf(dtype: DType): readonly [number, number] {
  const bits = 8 * byteWidth(dtype);
  return machineOf(dtype).repr === "i32" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** Whether every value of `narrow` is one of `wide`. */
function contains(wide: DType, narrow: DType): boolean {
  const [low, high] = rangeOf(wide);
  const [least, greatest] = rangeOf(narrow);
  return low <= least && greatest <= high;
}

function emitVectorCast(code: Code, from: DType, to: DType, lanes: number): void {
  const [source, target] = [machineOf(from), machineOf(to)];
  if (target.repr === "bool") throw new CompilerBug("wasm casts", "a test for zero is not a conversion");
  if (source.repr === "bool") {
    // A mask keeps all bits of a constant one, or none.
    emitConstant(code, to, lanes, 1);
    return code.op("v128.and");
  }
  if (!isLane(source.repr) || !isLane(target.repr))
    throw new Unsupported("wasm", `casts of vectors from ${from} to ${to}`);
  const saturates = isFloat(from) && target.narrow !== undefined;
  code.ops(vectorCasts[source.repr][saturates ? "i32" : target.repr]);
  if (saturates) emitVectorClamp(code, to, lanes);
  else if (isInteger(from) && !contains(to, from)) wrapNarrow(code, to, lanes);
}

function emitVectorClamp(code: Code, to: DType, lanes: number): void {
  const [low, high] = rangeOf(to);
  emitConstant(code, "i32", lanes, low);
  code.op("i32x4.max_s");
  emitConstant(code, "i32", lanes, high);
  code.op("i32x4.min_s");
}

const isLane = (repr: Repr): repr is "i32" | "u32" | "f32" =>
  repr === "i32" || repr === "u32" || repr === "f32";

const reinterpretations: { readonly [pair: string]: OpName } = {
  "f32 i32": "i32.reinterpret_f32",
  "i32 f32": "f32.reinterpret_i32",
  "f64 i64": "i64.reinterpret_f64",
  "i64 f64": "f64.reinterpret_i64",
};

/** The same bits as another dtype of the same width. */
export function emitBitcast(code: Code, arg: Expr, to: DType): void {
  const [source, target] = [machineOf(arg.dtype), machineOf(to)];
  if (byteWidth(arg.dtype) !== byteWidth(to))
    throw new CompilerBug("wasm casts", `bitcast from ${arg.dtype} to ${to}`);
  // The byte of a bool is 0 or 1, whatever its local holds.
  if (source.repr === "bool" || target.repr === "bool") return emitCast(code, arg.dtype, to, arg.lanes);
  if (arg.lanes === 1 && source.type !== target.type)
    code.op(reinterpretations[`${source.type} ${target.type}`]);
  // Narrow integers change the extension of their sign, nothing else.
  if (source.repr !== target.repr) wrapNarrow(code, to, arg.lanes);
}
