/**
 * The spellings that C++ and CUDA share: scalars. C++ adds vectors on top, CUDA adds grids. Helper functions named here are in
 * `c-support.ts`.
 */

import { isStatic, productOf } from "../../ir/dim.ts";
import { byteWidth, type DType, dtypes, isFloat } from "../../ir/dtype.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { BasicScalar } from "../../ir/scalar.ts";
import type { Dialect, Operation, Place, Spell, ValueType } from "../clike.ts";
import {
  atom,
  type Code,
  callCode,
  floatLiteral,
  guardedInfixCode,
  infixCode,
  LEVEL,
  prefixCode,
  ternaryCode,
} from "./code.ts";

/** Types of values; in memory a bool is a byte (see `memoryType`). 16-bit floats are bits, on the interface only. */
const valueTypes: { readonly [D in DType]: string } = {
  f32: "float", f64: "double", f16: "uint16_t", bf16: "uint16_t",
  i8: "int8_t", u8: "uint8_t", i16: "int16_t", u16: "uint16_t", i32: "int", u32: "uint32_t", i64: "int64_t", u64: "uint64_t",
  bool: "bool",
}; // biome-ignore format: one row per family

export const valueType = (dtype: DType): string => valueTypes[dtype];
export const memoryType = (dtype: DType): string => (dtype === "bool" ? "uint8_t" : valueTypes[dtype]);

/** Types on the interface, where `int` should say how wide it is. */
export const interfaceType = (dtype: DType): string => (dtype === "i32" ? "int32_t" : memoryType(dtype));

/** A table entry by kind of operand. */
function byKind(float: Spell, integer: Spell, bool?: Spell): Spell {
  return (args, operation) => {
    if (isFloat(operation.dtype)) return float(args, operation);
    if (operation.dtype !== "bool") return integer(args, operation);
    if (bool === undefined) throw new CompilerBug("clike", "arithmetic on bool reached an emitter");
    return bool(args, operation);
  };
}

const infix =
  (operator: string, level: number): Spell =>
  ([a, b]) =>
    infixCode(operator, level, a, b);
const guarded =
  (operator: string, level: number): Spell =>
  ([a, b]) =>
    guardedInfixCode(operator, level, a, b);
const prefix =
  (operator: string): Spell =>
  ([a]) =>
    prefixCode(operator, a);
const call =
  (name: string): Spell =>
  (args) =>
    callCode(name, ...args);
const identity: Spell = ([a]) => a;
const missing: Spell = (_, { dtype }) => {
  throw new CompilerBug("clike", `an operator for floats was applied to ${dtype}`);
};
/** A function of math.h: `floorf` for f32, `floor` for f64. */
export const math =
  (name: string): Spell =>
  (args, { dtype }) =>
    callCode(dtype === "f32" ? `${name}f` : name, ...args);

/** Unsigned types as wide as `int` wrap by themselves; index arithmetic does not get that far. */
const isPlain = ({ dtype, index }: Operation): boolean => index || dtype === "u32" || dtype === "u64";
const arithmetic = (operator: string, level: number, wrapping: string, bool: Spell): Spell =>
  byKind(
    infix(operator, level),
    (args, operation) => (isPlain(operation) ? infix(operator, level) : call(wrapping))(args, operation),
    bool,
  );
const quotient =
  (operator: string, general: string): Spell =>
  (args, operation) =>
    (operation.natural && Number(args[1].text) > 0 ? infix(operator, LEVEL.multiplicative) : call(general))(
      args,
      operation,
    );

const relation =
  (operator: string, level: number): Spell =>
  ([a, b]) =>
    guardedInfixCode(operator, level, a, b, LEVEL.additive);
const logical =
  (operator: string, level: number): Spell =>
  ([a, b]) =>
    guardedInfixCode(operator, level, a, b, LEVEL.equality);
const unequal = relation("!=", LEVEL.equality);
const conjunction = logical("&&", LEVEL.logicalAnd);
const disjunction = logical("||", LEVEL.logicalOr);

const bitwise =
  (operator: string, level: number): Spell =>
  (args, operation) =>
    narrowed(guarded(operator, level)(args, operation), operation.dtype);

/** On bool, as storing into bool defines it: `add` is or, `mul` is and. */
export const cScalars: { readonly [N in BasicScalar]: Spell } = {
  add: arithmetic("+", LEVEL.additive, "wrapping_add", disjunction),
  sub: arithmetic("-", LEVEL.additive, "wrapping_sub", unequal),
  mul: arithmetic("*", LEVEL.multiplicative, "wrapping_mul", conjunction),
  div: byKind(infix("/", LEVEL.multiplicative), quotient("/", "divide")),
  floordiv: byKind(call("floor_divide"), quotient("/", "floor_divide")),
  mod: byKind(call("modulo"), quotient("%", "modulo")),
  fma: byKind(call("multiply_add"), ([a, b, c], operation) =>
    cScalars.add([cScalars.mul([a, b], operation), c], operation)),
  neg: byKind(prefix("-"), (args, { index }) => (index ? prefixCode("-", args[0]) : callCode("wrapping_neg", ...args))),
  abs: byKind(math("fabs"), (args, { dtype }) => (dtypes[dtype].kind === "unsigned" ? args[0] : callCode("absolute", ...args))),
  min: byKind(call("minimum"), call("minimum"), conjunction),
  max: byKind(call("maximum"), call("maximum"), disjunction),
  floor: byKind(math("floor"), identity),
  ceil: byKind(math("ceil"), identity),
  trunc: byKind(math("trunc"), identity),
  round: byKind(math("nearbyint"), identity),
  sqrt: byKind(math("sqrt"), missing),
  lt: relation("<", LEVEL.relational),
  le: relation("<=", LEVEL.relational),
  eq: relation("==", LEVEL.equality),
  ne: unequal,
  and: byKind(missing, bitwise("&", LEVEL.bitAnd), conjunction),
  or: byKind(missing, bitwise("|", LEVEL.bitOr), disjunction),
  xor: byKind(missing, bitwise("^", LEVEL.bitXor), unequal),
  not: byKind(missing, ([a], { dtype }) => narrowed(prefixCode("~", a), dtype), prefix("!")),
  shl: byKind(missing, call("shift_left")),
  shr: byKind(missing, call("shift_right")),
  select: ([condition, a, b]) => ternaryCode(condition, a, b),
}; // biome-ignore format: a table

/** `~` and friends promote narrow integers to int; this brings the result back. */
function narrowed(code: Code, dtype: DType): Code {
  return byteWidth(dtype) < 4 ? callCode(valueType(dtype), code) : code;
}

/** Literals of each kind. The most negative integers have no literal of their own. */
export function cConstant(value: number, dtype: DType): Code {
  if (isFloat(dtype)) return floatConstant(value, dtype);
  if (dtype === "bool") return atom(value !== 0 ? "true" : "false");
  if (dtype === "i64" && value <= -(2 ** 63)) return atom("INT64_MIN");
  if (dtype === "i32" && value === -(2 ** 31)) return atom("INT32_MIN");
  // What `long` and `long long` are differs between machines: literals of 64 bits say their type.
  const suffix = dtype === "u32" ? "u" : dtype === "u64" ? "ull" : dtype === "i64" ? "ll" : "";
  const literal: Code = { text: `${BigInt(value)}${suffix}`, level: value < 0 ? LEVEL.prefix : LEVEL.atom };
  return byteWidth(dtype) === 4 ? literal : callCode(valueType(dtype), literal);
}

function floatConstant(value: number, dtype: DType): Code {
  const single = dtype === "f32";
  if (Number.isNaN(value)) return single ? atom("not_a_number") : atom("double(not_a_number)");
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(single ? Math.fround(value) : value);
  const text =
    size === Number.POSITIVE_INFINITY
      ? single
        ? "infinity"
        : "double(infinity)"
      : floatLiteral(size, single ? 32 : 64);
  const suffix = single && size !== Number.POSITIVE_INFINITY ? "f" : "";
  return { text: `${sign}${text}${suffix}`, level: sign === "" ? LEVEL.atom : LEVEL.prefix };
}

/** Whether C++'s own conversion is the IR's: it is, but for floats to integers. */
export function cCast(arg: Code, from: DType, to: DType): Code {
  if (to === "bool") return guardedInfixCode("!=", LEVEL.equality, arg, atom("0"));
  if (isFloat(from) && !isFloat(to)) return callCode(`saturate<${valueType(to)}>`, arg);
  return callCode(valueType(to), arg);
}

/** Elements of a `local` or `shared` array. */
export function arrayLength({ buffer, name }: Place): number {
  const length = productOf(buffer.shape);
  if (!isStatic(length)) throw new CompilerBug("clike", `${name} is local and has a symbolic size`);
  return length;
}

/** A dialect of scalars, one thread, no grid. */
export const cDialect: Dialect = {
  reserved: new Set(),
  scalars: cScalars,
  constant: (value, { dtype }) => cConstant(value, dtype),
  load: ({ name, buffer }, index) => {
    const element: Code = { text: `${name}[${index.text}]`, level: LEVEL.postfix };
    return buffer.dtype === "bool" ? guardedInfixCode("!=", LEVEL.equality, element, atom("0")) : element;
  },
  store: ({ name }, index, value) => [`${name}[${index.text}] = ${value.text};`],
  cast: (arg, from, to) => cCast(arg, from.dtype, to.dtype),
  bitcast: (arg, _, to) => callCode(`bitcast<${valueType(to.dtype)}>`, arg),
  splat: (_, type) => noVectors(type),
  extract: (_arg, _lane, type) => noVectors(type),
  let: (name, { dtype }, value) => `const ${valueType(dtype)} ${name} = ${value.text};`,
  register: (name, { dtype }, initial) =>
    `${valueType(dtype)} ${name}${initial === undefined ? "" : ` = ${initial.text}`};`,
  array: (place) => [`${memoryType(place.buffer.dtype)} ${place.name}[${arrayLength(place)}];`],
  forHead: (name, extent) => `for (int ${name} = 0; ${name} < ${textOf(extent)}; ${name}++)`,
  position: (bind) => {
    throw new CompilerBug("clike", `a loop is bound to ${bind}, on a target without a grid`);
  },
  // Unreachable: threads come from a loop that `position` refused.
  barrier: "",
};

const textOf = (extent: Code): string => (extent.level <= LEVEL.shift ? `(${extent.text})` : extent.text);

function noVectors({ lanes }: ValueType): never {
  throw new CompilerBug("clike", `a vector of ${lanes} lanes on a target without vectors`);
}
