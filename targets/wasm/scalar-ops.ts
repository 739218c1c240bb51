/**
 * The spelling of every basic operator on scalars, by representation. Semantics are those of `ir/scalar.ts`, corner by corner: WebAssembly's
 * own division traps where ours gives zero or wraps.
 */
import type { Expr } from "../../ir/kernel.ts";
import type { Code } from "./code.ts";
import type { Repr } from "./machine.ts";
import { multiplyAdd, type Procedure, type Speller, type Spellings, undefinedOn } from "./spelling.ts";

type Float = "f32" | "f64";
type Int = "i32" | "i64";
type Sign = "s" | "u";

const floats = (t: Float): Spellings => ({
  add: [`${t}.add`],
  sub: [`${t}.sub`],
  mul: [`${t}.mul`],
  div: [`${t}.div`],
  floordiv: floorDivideFloats(t),
  mod: floatRemainder(t),
  fma: multiplyAdd(`${t}.mul`, `${t}.add`),
  neg: [`${t}.neg`],
  abs: [`${t}.abs`],
  min: [`${t}.min`],
  max: [`${t}.max`],
  floor: [`${t}.floor`],
  ceil: [`${t}.ceil`],
  trunc: [`${t}.trunc`],
  round: [`${t}.nearest`],
  sqrt: [`${t}.sqrt`],
  lt: [`${t}.lt`],
  le: [`${t}.le`],
  eq: [`${t}.eq`],
  ne: [`${t}.ne`],
  and: undefinedOn("floats"),
  or: undefinedOn("floats"),
  xor: undefinedOn("floats"),
  not: undefinedOn("floats"),
  shl: undefinedOn("floats"),
  shr: undefinedOn("floats"),
  select,
});

const integers = (t: Int, sign: Sign): Spellings => ({
  add: [`${t}.add`],
  sub: [`${t}.sub`],
  mul: [`${t}.mul`],
  div: divide(t, sign),
  floordiv: floorDivide(t, sign),
  mod: remainder(t, sign),
  fma: multiplyAdd(`${t}.mul`, `${t}.add`),
  neg: negate(t),
  abs: sign === "u" ? [] : absolute(t),
  min: choose(t, sign, "first"),
  max: choose(t, sign, "second"),
  floor: [],
  ceil: [],
  trunc: [],
  round: [],
  sqrt: undefinedOn("integers"),
  lt: [`${t}.lt_${sign}`],
  le: [`${t}.le_${sign}`],
  eq: [`${t}.eq`],
  ne: [`${t}.ne`],
  and: [`${t}.and`],
  or: [`${t}.or`],
  xor: [`${t}.xor`],
  not: complement(t),
  shl: [`${t}.shl`],
  shr: [`${t}.shr_${sign}`],
  select,
});

/** 0 and 1 in an i32. Arithmetic is that of numbers, brought back to 0 or 1. */
const booleans: Spellings = {
  add: ["i32.or"],
  sub: ["i32.xor"],
  mul: ["i32.and"],
  div: undefinedOn("bool"),
  floordiv: undefinedOn("bool"),
  mod: undefinedOn("bool"),
  fma: multiplyAdd("i32.and", "i32.or"),
  neg: [],
  abs: [],
  min: ["i32.and"],
  max: ["i32.or"],
  floor: [],
  ceil: [],
  trunc: [],
  round: [],
  sqrt: [],
  lt: ["i32.lt_u"],
  le: ["i32.le_u"],
  eq: ["i32.eq"],
  ne: ["i32.ne"],
  and: ["i32.and"],
  or: ["i32.or"],
  xor: ["i32.xor"],
  not: ["i32.eqz"],
  shl: undefinedOn("bool"),
  shr: undefinedOn("bool"),
  select,
};

export const scalarSpellings: { readonly [R in Repr]: Spellings } = {
  f32: floats("f32"),
  f64: floats("f64"),
  i32: integers("i32", "s"),
  u32: integers("i32", "u"),
  i64: integers("i64", "s"),
  u64: integers("i64", "u"),
  bool: booleans,
};

/** Both arms are computed, so no branch can be mispredicted; what is read in the arm not taken is in bounds all the same. */
function select({ code, emit }: Speller, args: readonly Expr[]): void {
  const [condition, a, b] = args;
  [a, b, condition].forEach(emit);
  code.op("select");
}

function constant(code: Code, t: Float | Int, value: number): void {
  if (t === "i64") code.i64(BigInt(value));
  else code[t](value);
}

// Floats. Divisions that round down are computed in double precision: a quotient just below an integer must not be rounded up to it.

/** The operands in double precision, in locals. */
function holdDoubles({ code, emit }: Speller, t: Float, args: readonly Expr[]): readonly [number, number] {
  const [a, b] = args.map((arg) => {
    const local = code.local("f64");
    emit(arg);
    if (t === "f32") code.op("f64.promote_f32");
    code.set(local);
    return local;
  });
  return [a, b];
}

/** Zero where the divisor is zero, else what `compute` leaves; back to single precision for f32. */
function unlessZero(code: Code, t: Float, divisor: number, compute: () => void): void {
  code.f64(0);
  compute();
  code.get(divisor);
  code.f64(0);
  code.ops(["f64.eq", "select"]);
  if (t === "f32") code.op("f32.demote_f64");
}

function floorDivideFloats(t: Float): Procedure {
  return (to, args) => {
    const [a, b] = holdDoubles(to, t, args);
    unlessZero(to.code, t, b, () => {
      to.code.get(a);
      to.code.get(b);
      to.code.ops(["f64.div", "f64.floor"]);
    });
  };
}

/** a - b * floor(a / b). */
function floatRemainder(t: Float): Procedure {
  return (to, args) => {
    const [a, b] = holdDoubles(to, t, args);
    unlessZero(to.code, t, b, () => {
      for (const operand of [a, b, a, b]) to.code.get(operand);
      to.code.ops(["f64.div", "f64.floor", "f64.mul", "f64.sub"]);
    });
  };
}

// Integers.

function negate(t: Int): Procedure {
  return ({ code, emit }, [a]) => {
    constant(code, t, 0);
    emit(a);
    code.op(`${t}.sub`);
  };
}

function complement(t: Int): Procedure {
  return ({ code, emit }, [a]) => {
    emit(a);
    constant(code, t, -1);
    code.op(`${t}.xor`);
  };
}

/** (a ^ s) - s with s = a >> 31: the smallest integer stays itself. */
function absolute(t: Int): Procedure {
  return ({ code, hold }, [a]) => {
    const value = hold(a);
    const sign = code.local(t);
    code.get(value);
    code.get(value);
    constant(code, t, t === "i32" ? 31 : 63);
    code.op(`${t}.shr_s`);
    code.set(sign);
    code.get(sign);
    code.op(`${t}.xor`);
    code.get(sign);
    code.op(`${t}.sub`);
  };
}

/** min keeps the first operand where it is less, max the second. */
function choose(t: Int, sign: Sign, kept: "first" | "second"): Procedure {
  return ({ code, hold }, args) => {
    const [a, b] = args.map(hold);
    for (const operand of kept === "first" ? [a, b, a, b] : [b, a, a, b]) code.get(operand);
    code.ops([`${t}.lt_${sign}`, "select"]);
  };
}

const positiveConstant = (expr: Expr): number | undefined =>
  expr.kind === "const" && expr.value > 0 ? expr.value : undefined;
const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value));

/** A divisor that is neither 0 nor, when signed, -1: the machine's division does not trap. */
const isSafe = (expr: Expr): boolean => expr.kind === "const" && expr.value !== 0 && expr.value !== -1;

/**
 * Leaves `a / b` truncated. Divisors 0 and -1 trap or may overflow, but for both of them `a * b` is the answer: 0 and -a. Unsigned, the
 * product serves for 0 alone.
 */
function divideHeld(code: Code, t: Int, sign: Sign, a: number, b: number): void {
  code.get(b);
  if (sign === "s") {
    constant(code, t, 1);
    code.op(`${t}.add`);
    constant(code, t, 1);
    code.op(`${t}.le_u`);
  } else code.op(`${t}.eqz`);
  code.if(t);
  code.get(a);
  code.get(b);
  code.op(`${t}.mul`);
  code.else();
  code.get(a);
  code.get(b);
  code.op(`${t}.div_${sign}`);
  code.end();
}

function divide(t: Int, sign: Sign): Procedure {
  return ({ code, emit, hold }, [a, b]) => {
    if (isSafe(b)) {
      emit(a);
      emit(b);
      code.op(`${t}.div_${sign}`);
    } else divideHeld(code, t, sign, hold(a), hold(b));
  };
}

function floorDivide(t: Int, sign: Sign): Procedure {
  const truncating = divide(t, sign);
  return (to, [a, b]) => {
    const { code, emit } = to;
    const divisor = positiveConstant(b);
    if (divisor !== undefined && isPowerOfTwo(divisor)) {
      emit(a);
      constant(code, t, Math.log2(divisor));
      code.op(`${t}.shr_${sign}`);
    } else if (sign === "u") truncating(to, [a, b]);
    else if (divisor !== undefined && to.isNatural(a)) {
      emit(a);
      emit(b);
      code.op(`${t}.div_u`);
    } else if (divisor !== undefined) floorDivideByPositive(to, t, a, b);
    else floorDivideHeld(to, t, a, b);
  };
}

/** The truncated quotient, plus the sign of the remainder: -1 where it is negative. */
function floorDivideByPositive({ code, emit, hold }: Speller, t: Int, x: Expr, divisor: Expr): void {
  const [a, quotient] = [hold(x), code.local(t)];
  code.get(a);
  emit(divisor);
  code.op(`${t}.div_s`);
  code.set(quotient);
  for (const operand of [quotient, a, quotient]) code.get(operand);
  emit(divisor);
  code.ops([`${t}.mul`, `${t}.sub`]);
  constant(code, t, t === "i32" ? 31 : 63);
  code.ops([`${t}.shr_s`, `${t}.add`]);
}

/** The truncated quotient, less one where a remainder is left and its sign is not the divisor's. */
function floorDivideHeld({ code, hold }: Speller, t: Int, x: Expr, y: Expr): void {
  const [a, b, quotient, rest] = [hold(x), hold(y), code.local(t), code.local(t)];
  divideHeld(code, t, "s", a, b);
  code.set(quotient);
  for (const operand of [quotient, a, quotient, b]) code.get(operand);
  code.ops([`${t}.mul`, `${t}.sub`]);
  code.set(rest);
  code.get(rest);
  code.get(b);
  code.op(`${t}.xor`);
  constant(code, t, 0);
  code.op(`${t}.lt_s`);
  code.get(rest);
  constant(code, t, 0);
  code.ops([`${t}.ne`, "i32.and"]);
  // With b = 0 the "remainder" is a, whose sign may differ from that of 0: it must not count.
  code.get(b);
  constant(code, t, 0);
  code.ops([`${t}.ne`, "i32.and"]);
  if (t === "i64") code.op("i64.extend_i32_u");
  code.op(`${t}.sub`);
}

function remainder(t: Int, sign: Sign): Procedure {
  const floored = floorDivide(t, sign);
  return (to, [a, b]) => {
    const { code, emit } = to;
    const divisor = positiveConstant(b);
    if (divisor !== undefined && isPowerOfTwo(divisor)) {
      emit(a);
      constant(code, t, divisor - 1);
      code.op(`${t}.and`);
    } else if (divisor !== undefined && (sign === "u" || to.isNatural(a))) {
      emit(a);
      emit(b);
      code.op(`${t}.rem_u`);
    } else subtractMultiple(to, t, floored, a, b);
  };
}

/** a - b * floor(a / b), and 0 where b is. */
function subtractMultiple(to: Speller, t: Int, floored: Procedure, x: Expr, y: Expr): void {
  const { code } = to;
  const [a, b] = [to.hold(x), to.hold(y)];
  code.get(a);
  code.get(b);
  floored(to, [to.name(a, x.dtype, 1), to.name(b, y.dtype, 1)]);
  code.ops([`${t}.mul`, `${t}.sub`]);
  constant(code, t, 0);
  code.get(b);
  constant(code, t, 0);
  code.ops([`${t}.ne`, "select"]);
}
