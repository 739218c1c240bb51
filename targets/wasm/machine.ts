/**
 * How values of each dtype are held and moved. Scalars narrower than 32 bits live in an i32, sign- or zero-extended, bool as 0 or 1. A
 * vector is four lanes of 32 bits: narrow integers are widened likewise, a bool vector is a mask of lanes 0 and -1, as comparisons
 * give it. In memory every element has the width of its dtype.
 */
import { byteWidth, type DType } from "../../ir/dtype.ts";
import { CompilerBug, Unsupported } from "../../ir/errors.ts";
import type { Code } from "./code.ts";
import type { OpName, ValueType } from "./opcodes.ts";

/** What arithmetic sees: the types that have operators of their own. */
export type Repr = "f32" | "f64" | "i32" | "u32" | "i64" | "u64" | "bool";

interface Machine {
  readonly repr: Repr;
  readonly type: ValueType;
  readonly load: OpName;
  readonly store: OpName;
  /** Loading and storing four elements; absent where a vector does not hold the dtype. */
  readonly vector?: VectorMoves;
  /** For dtypes narrower than their local: brings an i32, or i32 lanes, back into range modulo 2^bits. */
  readonly narrow?: { readonly bits: 8 | 16; readonly signed: boolean };
}

interface VectorMoves {
  /** The load, then what widens. */
  readonly load: readonly [OpName, ...OpName[]];
  /** What narrows, each time half the lanes, then the store; `laned` when it stores the first part of the vector. */
  readonly narrow: readonly OpName[];
  readonly store: OpName;
  readonly laned: boolean;
  readonly negate?: boolean;
}

const whole: VectorMoves = { load: ["v128.load"], narrow: [], store: "v128.store", laned: false };
const widen8 = (sign: "s" | "u"): readonly [OpName, ...OpName[]] => [
  "v128.load32_zero",
  `i16x8.extend_low_i8x16_${sign}`,
  `i32x4.extend_low_i16x8_${sign}`,
];
// Values are in range, so the saturation of these is never felt.
const narrow8 = (sign: "s" | "u"): readonly OpName[] => [
  "i16x8.narrow_i32x4_s",
  `i8x16.narrow_i16x8_${sign}`,
];
const bytes = (sign: "s" | "u"): VectorMoves => ({
  load: widen8(sign),
  narrow: narrow8(sign),
  store: "v128.store32_lane",
  laned: true,
});
const halves = (sign: "s" | "u"): VectorMoves => ({
  load: [`v128.load16x4_${sign}`],
  narrow: [`i16x8.narrow_i32x4_${sign}`],
  store: "v128.store64_lane",
  laned: true,
});
/** Between 0/1 and 0/-1 is a negation, both ways. */
const masks: VectorMoves = {
  load: [...widen8("u"), "i32x4.neg"],
  negate: true,
  narrow: narrow8("u"),
  store: "v128.store32_lane",
  laned: true,
};

const machines: { readonly [D in Exclude<DType, "f16" | "bf16">]: Machine } = {
  f32: { repr: "f32", type: "f32", load: "f32.load", store: "f32.store", vector: whole },
  f64: { repr: "f64", type: "f64", load: "f64.load", store: "f64.store" },
  i32: { repr: "i32", type: "i32", load: "i32.load", store: "i32.store", vector: whole },
  u32: { repr: "u32", type: "i32", load: "i32.load", store: "i32.store", vector: whole },
  i64: { repr: "i64", type: "i64", load: "i64.load", store: "i64.store" },
  u64: { repr: "u64", type: "i64", load: "i64.load", store: "i64.store" },
  i8: narrow("i32.load8_s", "i32.store8", bytes("s"), 8),
  u8: narrow("i32.load8_u", "i32.store8", bytes("u"), 8),
  i16: narrow("i32.load16_s", "i32.store16", halves("s"), 16),
  u16: narrow("i32.load16_u", "i32.store16", halves("u"), 16),
  bool: { repr: "bool", type: "i32", load: "i32.load8_u", store: "i32.store8", vector: masks },
};

function narrow(load: OpName, store: OpName, vector: VectorMoves, bits: 8 | 16): Machine {
  const signed = load.endsWith("s");
  return { repr: signed ? "i32" : "u32", type: "i32", load, store, vector, narrow: { bits, signed } };
}

/** Halves do not get here: kernels compute with f32 and move bits (`compiler/lower/widen-halves.ts`). */
export function machineOf(dtype: DType): Machine {
  if (dtype !== "f16" && dtype !== "bf16") return machines[dtype];
  throw new CompilerBug("wasm emitter", `a value of dtype ${dtype}`);
}

/** Throws Unsupported for vectors of 64-bit elements and of other lengths than 4. */
export function vectorMoves(dtype: DType, lanes: number): VectorMoves {
  const { vector } = machineOf(dtype);
  if (lanes === 4 && vector !== undefined) return vector;
  throw new Unsupported("wasm", `vectors of ${lanes} x ${dtype}`, {
    expected: "4 lanes of 32 bits or fewer",
    hint: "Leave loops over 64-bit elements scalar",
  });
}

export function valueType(dtype: DType, lanes: number): ValueType {
  if (lanes === 1) return machineOf(dtype).type;
  vectorMoves(dtype, lanes);
  return "v128";
}

/** The alignment that is sure, as memory instructions want it: that of one element. */
export const alignmentOf = (dtype: DType): number => Math.log2(byteWidth(dtype));

/** Stores the vector on the stack to the pointer below it. */
export function storeVector(code: Code, dtype: DType, lanes: number, offset: number): void {
  const { narrow, store, laned, negate = false } = vectorMoves(dtype, lanes);
  if (negate) code.op("i32x4.neg");
  for (const op of narrow) {
    // The instruction narrows two vectors into one; the second half is not stored.
    code.i32(0);
    code.ops(["i32x4.splat", op]);
  }
  if (laned) code.op(store, alignmentOf(dtype), offset, 0);
  else code.memory(store, alignmentOf(dtype), offset);
}

/** Wraps what is on the stack into the range of a narrow dtype; does nothing for the others. */
export function wrapNarrow(code: Code, dtype: DType, lanes: number): void {
  const range = machineOf(dtype).narrow;
  if (range === undefined) return;
  const { bits, signed } = range;
  if (lanes > 1) {
    for (const op of ["i32x4.shl", signed ? "i32x4.shr_s" : "i32x4.shr_u"] as const) {
      code.i32(32 - bits);
      code.op(op);
    }
  } else if (signed) code.op(bits === 8 ? "i32.extend8_s" : "i32.extend16_s");
  else {
    code.i32(2 ** bits - 1);
    code.op("i32.and");
  }
}

/**
 * A constant, the same in every lane. A splat is a third of the size of a vector constant, and V8 makes the same of both: a register that
 * is set before the loops.
 */
export function emitConstant(code: Code, dtype: DType, lanes: number, value: number): void {
  const { repr, type } = machineOf(dtype);
  if (type === "f32") code.f32(value);
  else if (type === "f64") code.f64(value);
  else if (type === "i64") code.i64(BigInt(value));
  else code.i32(lanes > 1 && repr === "bool" ? -value : value);
  if (lanes > 1) code.op(type === "f32" ? "f32x4.splat" : "i32x4.splat");
}
