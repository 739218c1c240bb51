/**
 * Scalar semantics: one table, the same on every target.
 *
 * Each operator has an arity, a result type and a meaning in TypeScript (in double precision: whoever stores into f32 rounds). The
 * operators marked basic are what a target must spell. The others have one expansion into basic ones, in `ir/expand.ts`, with a
 * stated bound on its error in ULP, so that every target computes them alike.
 *
 * min and max propagate NaN. Integer arithmetic wraps; integer division truncates towards zero and by zero gives 0 (`mod` too).
 * Comparisons with NaN are false, `ne` is true. Shifts use the count modulo the width. `fma` is one rounding where the target says so,
 * else two: it is never introduced behind the user's back.
 */
import { type DType, dtypes } from "./dtype.ts";
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from "./half.ts";

interface ScalarInfo {
  readonly arity: number;
  readonly result: "same" | "bool" | "second";
  /** False: expanded into basic operators before emission. */
  readonly basic: boolean;
  /** The meaning for floats (and, unless `integer` is given, for integers before wrapping). */
  readonly meaning: (...args: number[]) => number;
  /** The meaning for integers where it differs. */
  readonly integer?: (...args: number[]) => number;
  /** Largest error of the expansion in f32, in ULP. */
  readonly ulp?: number;
}

const flag = (condition: boolean): number => (condition ? 1 : 0);

/** Ties to even, as IEEE and numpy do. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Error function by its Taylor series (|x| < 3) or continued fraction; Abramowitz and Stegun 7.1.6 and 7.1.14. */
function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum) && k < 200; k++) {
      term *= (2 * x * x) / (2 * k + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  return Math.sign(x) * (1 - erfcTail(a));
}

/** erfc of a number of at least 3, by its continued fraction. */
function erfcTail(a: number): number {
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (a + fraction);
  return Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction);
}

const erfc = (x: number): number => (x < 3 ? 1 - erf(x) : erfcTail(x));

/** Newton's method on erfc, from the asymptotic form of S. Winitzki; what is far out keeps its digits. */
function erfinv(x: number): number {
  const a = Math.abs(x);
  if (!(a < 1) || a === 0) return a > 1 ? Number.NaN : a === 1 ? x * Infinity : x;
  const l = Math.log((1 - a) * (1 + a));
  const k = 2 / (Math.PI * 0.147) + l / 2;
  let y = Math.sqrt(Math.sqrt(k * k - l / 0.147) - k);
  for (let step = 0; step < 6; step++) {
    const error = a < 0.5 ? erf(y) - a : 1 - a - erfc(y);
    y -= (error * Math.sqrt(Math.PI) * Math.exp(y * y)) / 2;
  }
  return Math.sign(x) * y;
}

/** IEEE 754's pow, as numpy, C and Keras have it. JavaScript's gives NaN for 1 ** NaN and 1 ** Infinity. */
const power = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;

const table = {
  add: { arity: 2, result: "same", basic: true, meaning: (a, b) => a + b },
  sub: { arity: 2, result: "same", basic: true, meaning: (a, b) => a - b },
  mul: { arity: 2, result: "same", basic: true, meaning: (a, b) => a * b, integer: Math.imul },
  div: {
    arity: 2, result: "same", basic: true, meaning: (a, b) => a / b,
    integer: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  }, // biome-ignore format: table
  /** Division rounding down; for indices, whose divisors are positive constants. */
  floordiv: { arity: 2, result: "same", basic: true, meaning: (a, b) => (b === 0 ? 0 : Math.floor(a / b)) },
  /** The remainder of `floordiv`: in [0, b) for positive b. */
  mod: {
    arity: 2,
    result: "same",
    basic: true,
    meaning: (a, b) => (b === 0 ? 0 : a - b * Math.floor(a / b)),
  },
  fma: {
    arity: 3,
    result: "same",
    basic: true,
    meaning: (a, b, c) => a * b + c,
    integer: (a, b, c) => Math.imul(a, b) + c,
  },
  neg: { arity: 1, result: "same", basic: true, meaning: (a) => -a },
  abs: { arity: 1, result: "same", basic: true, meaning: Math.abs },
  min: { arity: 2, result: "same", basic: true, meaning: Math.min },
  max: { arity: 2, result: "same", basic: true, meaning: Math.max },
  floor: { arity: 1, result: "same", basic: true, meaning: Math.floor },
  ceil: { arity: 1, result: "same", basic: true, meaning: Math.ceil },
  trunc: { arity: 1, result: "same", basic: true, meaning: Math.trunc },
  round: { arity: 1, result: "same", basic: true, meaning: roundHalfEven },
  sqrt: { arity: 1, result: "same", basic: true, meaning: Math.sqrt },
  lt: { arity: 2, result: "bool", basic: true, meaning: (a, b) => flag(a < b) },
  le: { arity: 2, result: "bool", basic: true, meaning: (a, b) => flag(a <= b) },
  eq: { arity: 2, result: "bool", basic: true, meaning: (a, b) => flag(a === b) },
  ne: { arity: 2, result: "bool", basic: true, meaning: (a, b) => flag(a !== b) },
  /** Bitwise on integers, logical on bool. */
  and: { arity: 2, result: "same", basic: true, meaning: (a, b) => a & b },
  or: { arity: 2, result: "same", basic: true, meaning: (a, b) => a | b },
  xor: { arity: 2, result: "same", basic: true, meaning: (a, b) => a ^ b },
  not: { arity: 1, result: "same", basic: true, meaning: (a) => flag(a === 0), integer: (a) => ~a },
  shl: { arity: 2, result: "same", basic: true, meaning: (a, b) => a << b },
  /** Arithmetic on signed integers, logical on unsigned ones. */
  shr: { arity: 2, result: "same", basic: true, meaning: (a, b) => (a > 0x7fffffff ? a >>> b : a >> b) },
  /** select(condition, a, b); never evaluates to a mix of both. */
  select: { arity: 3, result: "second", basic: true, meaning: (c, a, b) => (c ? a : b) },
  exp: { arity: 1, result: "same", basic: false, meaning: Math.exp, ulp: 1 },
  log: { arity: 1, result: "same", basic: false, meaning: Math.log, ulp: 1 },
  exp2: { arity: 1, result: "same", basic: false, meaning: (a) => 2 ** a, ulp: 1 },
  /** exp(a) - 1, with all its digits near 0. */
  expm1: { arity: 1, result: "same", basic: false, meaning: Math.expm1, ulp: 1.5 },
  log2: { arity: 1, result: "same", basic: false, meaning: Math.log2, ulp: 2 },
  log10: { arity: 1, result: "same", basic: false, meaning: Math.log10, ulp: 2 },
  /** log(1 + a), with all its digits near 0. */
  log1p: { arity: 1, result: "same", basic: false, meaning: Math.log1p, ulp: 1.5 },
  tanh: { arity: 1, result: "same", basic: false, meaning: Math.tanh, ulp: 1.5 },
  /** 1 / (1 + exp(-x)). */
  sigmoid: { arity: 1, result: "same", basic: false, meaning: (a) => 1 / (1 + Math.exp(-a)), ulp: 2.5 },
  erf: { arity: 1, result: "same", basic: false, meaning: erf, ulp: 1.5 },
  sin: { arity: 1, result: "same", basic: false, meaning: Math.sin, ulp: 2 },
  cos: { arity: 1, result: "same", basic: false, meaning: Math.cos, ulp: 2 },
  tan: { arity: 1, result: "same", basic: false, meaning: Math.tan, ulp: 3.5 },
  asin: { arity: 1, result: "same", basic: false, meaning: Math.asin, ulp: 2.5 },
  acos: { arity: 1, result: "same", basic: false, meaning: Math.acos, ulp: 2 },
  atan: { arity: 1, result: "same", basic: false, meaning: Math.atan, ulp: 2.5 },
  /** The angle of the point (b, a), in [-pi, pi]. */
  atan2: { arity: 2, result: "same", basic: false, meaning: Math.atan2, ulp: 3 },
  sinh: { arity: 1, result: "same", basic: false, meaning: Math.sinh, ulp: 2 },
  cosh: { arity: 1, result: "same", basic: false, meaning: Math.cosh, ulp: 2 },
  asinh: { arity: 1, result: "same", basic: false, meaning: Math.asinh, ulp: 3 },
  acosh: { arity: 1, result: "same", basic: false, meaning: Math.acosh, ulp: 3 },
  atanh: { arity: 1, result: "same", basic: false, meaning: Math.atanh, ulp: 3 },
  /** 1 - erf(a), with all its digits for large a. */
  erfc: { arity: 1, result: "same", basic: false, meaning: erfc, ulp: 6 },
  /** The inverse of erf. */
  erfinv: { arity: 1, result: "same", basic: false, meaning: erfinv, ulp: 5 },
  pow: { arity: 2, result: "same", basic: false, meaning: power, ulp: 1 },
  rsqrt: { arity: 1, result: "same", basic: false, meaning: (a) => 1 / Math.sqrt(a), ulp: 1.5 },
  sign: { arity: 1, result: "same", basic: false, meaning: Math.sign, ulp: 0 },
  /** max(x, 0). An operator of its own because of its gradient: 0 at 0, and known from the result alone. */
  relu: { arity: 1, result: "same", basic: false, meaning: (a) => Math.max(a, 0), ulp: 0 },
} as const satisfies { readonly [name: string]: ScalarInfo };

export type ScalarName = keyof typeof table;
export const scalars: { readonly [N in ScalarName]: ScalarInfo } = table;
export const scalarNames = Object.keys(table) as readonly ScalarName[];

/** The operators every target spells: a missing one is a compile error in the target's table. */
export type BasicScalar = {
  [N in ScalarName]: (typeof table)[N]["basic"] extends true ? N : never;
}[ScalarName];

/** The dtype of a scalar operator's result. */
export function scalarResult(name: ScalarName, args: readonly DType[]): DType {
  const { result } = scalars[name];
  if (result === "bool") return "bool";
  return result === "second" ? args[1] : args[0];
}

/**
 * Modulo 2^64, as a signed number where that is the exact one: -2 stands for 2^64 - 2 too, which is no number. Storing it makes the
 * difference.
 */
function wrapWide(value: number | bigint): number {
  if (typeof value === "number" && Math.abs(value) < 2 ** 63) return value;
  return Number(BigInt.asIntN(64, BigInt(value)));
}

/** Brings a number into the range of `dtype` as storing it does: f32 rounds, integers wrap, bool is 0 or 1. */
export function wrap(dtype: DType, value: number): number {
  switch (dtype) {
    case "f64":
      return value;
    case "i64":
    case "u64":
      return wrapWide(value);
    case "f32":
      return Math.fround(value);
    case "f16":
      return halfToNumber(numberToHalf(value));
    case "bf16":
      return bfloatToNumber(numberToBfloat(value));
    case "i32":
      return value | 0;
    case "u32":
      return value >>> 0;
    case "i16":
      return (value << 16) >> 16;
    case "u16":
      return value & 0xffff;
    case "i8":
      return (value << 24) >> 24;
    case "u8":
      return value & 0xff;
    case "bool":
      return flag(value !== 0);
  }
}

const integerRanges: { readonly [D in DType]?: readonly [number, number] } = {
  i8: [-128, 127],
  u8: [0, 255],
  i16: [-32768, 32767],
  u16: [0, 65535],
  i32: [-2147483648, 2147483647],
  u32: [0, 4294967295],
  i64: [-(2 ** 63), 2 ** 63 - 1024],
  u64: [0, 2 ** 64 - 2048],
};

/** `cast` between dtypes: float to integer truncates and saturates, NaN gives 0; integer to integer wraps. */
export function convert(from: DType, to: DType, value: number): number {
  const range = integerRanges[to];
  const fromFloat = from === "f32" || from === "f64" || from === "f16" || from === "bf16";
  if (range === undefined || !fromFloat) return wrap(to, value);
  if (Number.isNaN(value)) return 0;
  return Math.trunc(Math.min(Math.max(value, range[0]), range[1]));
}

/** Operators on 64 bits that doubles do not give: what is beyond 2^53 has lost digits all the same once it is a number again. */
const onBigInts: { readonly [name: string]: ((a: bigint, b: bigint, c: bigint) => bigint) | undefined } = {
  mul: (a, b) => a * b,
  fma: (a, b, c) => a * b + c,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  not: (a) => ~a,
  shl: (a, b) => a << (b & 63n),
  shr: (a, b) => a >> (b & 63n),
};

function applyWide(name: ScalarName, dtype: "i64" | "u64", args: readonly number[]): number | undefined {
  const operator = onBigInts[name];
  if (operator === undefined) return undefined;
  const within = dtype === "i64" ? BigInt.asIntN : BigInt.asUintN;
  const [a = 0n, b = 0n, c = 0n] = args.map((arg) => within(64, BigInt(Math.trunc(arg))));
  return wrapWide(operator(a, b, c));
}

/** The count of a shift is taken modulo the width; JavaScript's operators do that for 32 bits. */
function shiftArguments(dtype: DType, [value, count]: readonly number[]): readonly number[] {
  const bytes = dtypes[dtype].bytes;
  return bytes < 4 ? [value, count & (8 * bytes - 1)] : [value, count];
}

/** Applies an operator to values of `dtype` (that of its first data argument) and wraps the result. */
export function applyScalar(name: ScalarName, dtype: DType, args: readonly number[]): number {
  const { meaning, integer, result } = scalars[name];
  if (dtype === "i64" || dtype === "u64") {
    const wide = applyWide(name, dtype, args);
    if (wide !== undefined) return wide;
    if (dtype === "u64" && args.some((arg) => arg < 0))
      return applyScalar(
        name,
        dtype,
        args.map((arg) => (arg < 0 ? arg + 2 ** 64 : arg)),
      );
  }
  const integral = dtype !== "bool" && integerRanges[dtype] !== undefined;
  const operands = name === "shl" || name === "shr" ? shiftArguments(dtype, args) : args;
  const value = (integral && integer !== undefined ? integer : meaning)(...operands);
  return result === "bool" ? value : wrap(dtype, value);
}
