/**
 * The spelling of every basic operator on vectors of four lanes. What SIMD128 lacks (integer division, shifts by different counts) is
 * done lane by lane with the scalar spelling.
 */
import { Unsupported } from "../../ir/errors.ts";
import { type Expr, extract, scalar, splat } from "../../ir/kernel.ts";
import type { BasicScalar } from "../../ir/scalar.ts";
import type { Repr } from "./machine.ts";
import type { OpName } from "./opcodes.ts";
import { multiplyAdd, type Procedure, type Spellings, spell, undefinedOn } from "./spelling.ts";

const LANES = 4;

const floats: Spellings = {
  add: ["f32x4.add"],
  sub: ["f32x4.sub"],
  mul: ["f32x4.mul"],
  div: ["f32x4.div"],
  floordiv: laneByLane("floordiv"),
  mod: laneByLane("mod"),
  fma: multiplyAdd("f32x4.mul", "f32x4.add"),
  neg: ["f32x4.neg"],
  abs: ["f32x4.abs"],
  min: extremum("f32x4.min", "f32x4.pmin"),
  max: extremum("f32x4.max", "f32x4.pmax"),
  floor: ["f32x4.floor"],
  ceil: ["f32x4.ceil"],
  trunc: ["f32x4.trunc"],
  round: ["f32x4.nearest"],
  sqrt: ["f32x4.sqrt"],
  lt: ["f32x4.lt"],
  le: ["f32x4.le"],
  eq: ["f32x4.eq"],
  ne: ["f32x4.ne"],
  and: undefinedOn("floats"),
  or: undefinedOn("floats"),
  xor: undefinedOn("floats"),
  not: undefinedOn("floats"),
  shl: undefinedOn("floats"),
  shr: undefinedOn("floats"),
  select,
};

const integers = (sign: "s" | "u"): Spellings => ({
  add: ["i32x4.add"],
  sub: ["i32x4.sub"],
  mul: ["i32x4.mul"],
  div: laneByLane("div"),
  floordiv: laneByLane("floordiv"),
  mod: laneByLane("mod"),
  fma: multiplyAdd("i32x4.mul", "i32x4.add"),
  neg: ["i32x4.neg"],
  abs: sign === "u" ? [] : ["i32x4.abs"],
  min: [`i32x4.min_${sign}`],
  max: [`i32x4.max_${sign}`],
  floor: [],
  ceil: [],
  trunc: [],
  round: [],
  sqrt: undefinedOn("integers"),
  lt: [`i32x4.lt_${sign}`],
  le: [`i32x4.le_${sign}`],
  eq: ["i32x4.eq"],
  ne: ["i32x4.ne"],
  and: ["v128.and"],
  or: ["v128.or"],
  xor: ["v128.xor"],
  not: ["v128.not"],
  shl: shift("i32x4.shl", "shl"),
  shr: shift(`i32x4.shr_${sign}`, "shr"),
  select,
});

/** Lanes are 0 or -1, and 0 < -1 when unsigned. */
const masks: Spellings = {
  add: ["v128.or"],
  sub: ["v128.xor"],
  mul: ["v128.and"],
  div: undefinedOn("bool"),
  floordiv: undefinedOn("bool"),
  mod: undefinedOn("bool"),
  fma: multiplyAdd("v128.and", "v128.or"),
  neg: [],
  abs: [],
  min: ["v128.and"],
  max: ["v128.or"],
  floor: [],
  ceil: [],
  trunc: [],
  round: [],
  sqrt: [],
  lt: ["i32x4.lt_u"],
  le: ["i32x4.le_u"],
  eq: ["i32x4.eq"],
  ne: ["v128.xor"],
  and: ["v128.and"],
  or: ["v128.or"],
  xor: ["v128.xor"],
  not: ["v128.not"],
  shl: undefinedOn("bool"),
  shr: undefinedOn("bool"),
  select,
};

const doubles = undefinedOn("vectors of 64-bit lanes");
const none = Object.fromEntries(Object.keys(floats).map((name) => [name, doubles])) as {
  [N in BasicScalar]: Procedure;
};

export type VectorSpellings = { readonly [R in Repr]: Spellings };
export const vectorSpellings: VectorSpellings = {
  f32: floats,
  i32: integers("s"),
  u32: integers("u"),
  bool: masks,
  f64: none,
  i64: none,
  u64: none,
};

/** With relaxed SIMD, where multiplying and adding may be one rounding. */
export const relaxedSpellings: VectorSpellings = {
  ...vectorSpellings,
  f32: { ...floats, fma: ["f32x4.relaxed_madd"] },
};

function select(...[{ code, emit }, [condition, a, b]]: Parameters<Procedure>): void {
  emit(a);
  emit(b);
  emit(condition);
  code.op("v128.bitselect");
}

/** The scalar in every lane of a vector that has only one. */
function uniform(expr: Expr): Expr | undefined {
  if (expr.kind === "splat") return expr.arg;
  return expr.kind === "const" ? { ...expr, lanes: 1 } : undefined;
}

/** Vector shifts take one count for all lanes. */
function shift(op: OpName, name: BasicScalar): Procedure {
  const separately = laneByLane(name);
  return (to, [value, counts]) => {
    const count = uniform(counts);
    if (count === undefined) return separately(to, [value, counts]);
    to.emit(value);
    to.emit(count);
    to.code.op(op);
  };
}

/**
 * min and max. x86 has no instruction that propagates NaN from both sides: `f32x4.max` costs eight there, `pmax(a, b) = a < b ? b : a`
 * one. With a constant b that is not NaN both agree, but for the sign of a zero result: max(-0, 0) is 0 and pmax gives -0, which
 * adding 0 mends; min(0, -0) is left to the full instruction.
 */
function extremum(full: OpName, pseudo: "f32x4.pmin" | "f32x4.pmax"): Procedure {
  return (to, args) => {
    const bound = args.find((arg) => uniform(arg)?.kind === "const");
    const value = bound && uniform(bound);
    const known = value?.kind === "const" ? value.value : Number.NaN;
    if (bound === undefined || Number.isNaN(known) || (pseudo === "f32x4.pmin" && Object.is(known, -0))) {
      return spell(to, [full], args);
    }
    to.emit(args[0] === bound ? args[1] : args[0]);
    to.emit(bound);
    to.code.op(pseudo);
    if (pseudo === "f32x4.pmin" || !Object.is(known, 0)) return;
    to.emit(bound);
    to.code.op("f32x4.add");
  };
}

function laneByLane(name: BasicScalar): Procedure {
  return (to, args) => {
    const { dtype } = args[0];
    if (args.some((arg) => arg.lanes !== LANES))
      throw new Unsupported("wasm", `${name} of vectors of another length than 4`);
    const held = args.map((arg) => to.name(to.hold(arg), arg.dtype, LANES));
    const lane = (at: number): Expr => scalar(name, ...held.map((vector) => extract(vector, at)));
    const replace = dtype === "f32" ? "f32x4.replace_lane" : "i32x4.replace_lane";
    to.emit(splat(lane(0), LANES));
    for (let at = 1; at < LANES; at++) {
      to.emit(lane(at));
      to.code.op(replace, at);
    }
  };
}
