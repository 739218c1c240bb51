/**
 * WGSL's spelling of the basic scalar operators.
 *
 * What `ir/scalar.ts` promises and WGSL does not, and nothing can be done about: subnormal numbers may be flushed to zero; division may
 * err by 2.5 ULP and sqrt by a little more; `fma` may round once or twice; min and max may give either zero of -0 and 0; a sum or
 * product that overflows, or meets an infinity, may give any value on implementations that assume finite arithmetic (Dawn's do not).
 */
import { type DType, dtypes } from "../../ir/dtype.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { BasicScalar } from "../../ir/scalar.ts";
import {
  atom,
  type Code,
  callCode,
  guardedInfixCode,
  infixCode,
  LEVEL,
  prefixCode,
  textAt,
} from "../clike/code.ts";
import type { Spell } from "../clike.ts";
import { wrapped } from "./types.ts";

type Kind = "float" | "signed" | "unsigned" | "bool";
const kindOf = ({ dtype }: { readonly dtype: DType }): Kind => dtypes[dtype].kind;

/** One spelling for each kind of operand; an operator without one for a kind never meets it in verified IR. */
const byKind =
  (table: { readonly [K in Kind]?: Spell }): Spell =>
  (args, operation) => {
    const spell = table[kindOf(operation)];
    if (spell === undefined)
      throw new CompilerBug("wgsl", `an operator on ${operation.dtype} has no meaning there`);
    return spell(args, operation);
  };

const call =
  (callee: string): Spell =>
  (args) =>
    callCode(callee, ...args);
const same: Spell = ([a]) => a;
const arithmetic =
  (operator: string, level: number): Spell =>
  ([a, b]) =>
    infixCode(operator, level, a, b);
/** Operators whose operands WGSL's grammar wants unary or in parentheses. */
const guarded =
  (operator: string, level: number): Spell =>
  ([a, b]) => ({
    text: `${textAt(a, a.level === level ? level : LEVEL.prefix)} ${operator} ${textAt(b, LEVEL.prefix)}`,
    level,
  });
const comparison =
  (operator: string): Spell =>
  ([a, b]) => ({
    text: `${textAt(a, LEVEL.additive)} ${operator} ${textAt(b, LEVEL.additive)}`,
    level: LEVEL.relational,
  });
/** `&&` and `||` may follow themselves but not each other. */
const logical =
  (operator: string, level: number): Spell =>
  ([a, b]) => ({
    text: `${textAt(a, a.level === level ? level : LEVEL.equality)} ${operator} ${textAt(b, LEVEL.equality)}`,
    level,
  });

const wrapping =
  (spell: Spell): Spell =>
  (args, operation) =>
    wrapped(spell(args, operation), operation.dtype);

const integerOf = ({ text }: Code): number | undefined =>
  /^-?\d+u?$/.test(text) ? Number.parseInt(text, 10) : undefined;
const isNonzero = (code: Code): boolean => (integerOf(code) ?? 0) !== 0;

/** A plain operator where the divisor is known not to be zero. */
const division =
  (operator: string, helper: string): Spell =>
  ([a, b]) =>
    isNonzero(b) ? infixCode(operator, LEVEL.multiplicative, a, b) : callCode(helper, a, b);
const naturalDivision =
  (operator: string, helper: string): Spell =>
  ([a, b], { natural }) =>
    natural && isNonzero(b) ? infixCode(operator, LEVEL.multiplicative, a, b) : callCode(helper, a, b);

/** WGSL counts modulo 32 at run time, and rejects constants above that; narrow integers have fewer bits. */
const shift =
  (operator: string): Spell =>
  ([a, count], { dtype }) => {
    const last = 8 * dtypes[dtype].bytes - 1;
    const constant = integerOf(count);
    const plain = callCode("u32", count);
    const counted = last === 31 ? plain : guardedInfixCode("&", LEVEL.bitAnd, plain, atom(`${last}u`));
    const masked = constant === undefined ? counted : atom(`${constant & last}u`);
    return {
      text: `${textAt(a, LEVEL.prefix)} ${operator} ${textAt(masked, LEVEL.prefix)}`,
      level: LEVEL.shift,
    };
  };

/**
 * WGSL's `!=` is false where an operand is NaN, so it is spelled by `==`. `x != x` is how programs ask for NaN, and what a compiler that
 * assumes there is none would fold away.
 */
const floatEqual: Spell = ([a, b], operation) =>
  a.text === b.text ? prefixCode("!", callCode("is_nan", a)) : comparison("==")([a, b], operation);
const floatDiffer: Spell = ([a, b], operation) =>
  a.text === b.text ? callCode("is_nan", a) : prefixCode("!", comparison("==")([a, b], operation));

const negation: Spell = ([a]) => prefixCode("-", a);
const add = arithmetic("+", LEVEL.additive);
const subtract = arithmetic("-", LEVEL.additive);
const multiply = arithmetic("*", LEVEL.multiplicative);
const both = logical("&&", LEVEL.logicalAnd);
const either = logical("||", LEVEL.logicalOr);
const equal = comparison("==");
const differ = comparison("!=");
const divideSigned = wrapping(division("/", "divide_i32"));
const bits = (operator: string, level: number, ofBool: Spell): Spell =>
  byKind({ signed: guarded(operator, level), unsigned: guarded(operator, level), bool: ofBool });
const numbers = (float: Spell, integer: Spell): Spell =>
  byKind({ float, signed: integer, unsigned: integer });

export const scalarSpelling: { readonly [N in BasicScalar]: Spell } = {
  add: byKind({ float: add, signed: wrapping(add), unsigned: wrapping(add), bool: either }),
  sub: byKind({ float: subtract, signed: wrapping(subtract), unsigned: wrapping(subtract), bool: differ }),
  mul: byKind({ float: multiply, signed: wrapping(multiply), unsigned: wrapping(multiply), bool: both }),
  div: byKind({
    float: arithmetic("/", LEVEL.multiplicative),
    signed: divideSigned,
    unsigned: division("/", "divide_u32"),
  }),
  floordiv: byKind({
    float: call("floor_divide_f32"),
    signed: wrapping(naturalDivision("/", "floor_divide_i32")),
    unsigned: division("/", "divide_u32"),
  }),
  mod: byKind({
    float: call("modulo_f32"),
    signed: naturalDivision("%", "modulo_i32"),
    unsigned: division("%", "modulo_u32"),
  }),
  fma: numbers(
    call("fma"),
    wrapping(([a, b, c], operation) => add([multiply([a, b], operation), c], operation)),
  ),
  neg: byKind({
    float: negation,
    signed: wrapping(negation),
    unsigned: wrapping(([a], operation) => subtract([atom("0u"), a], operation)),
  }),
  abs: byKind({ float: call("abs"), signed: wrapping(call("abs")), unsigned: same, bool: same }),
  min: byKind({ float: call("min_nan"), signed: call("min"), unsigned: call("min"), bool: both }),
  max: byKind({ float: call("max_nan"), signed: call("max"), unsigned: call("max"), bool: either }),
  floor: numbers(call("floor"), same),
  ceil: numbers(call("ceil"), same),
  trunc: numbers(call("trunc"), same),
  round: numbers(call("round"), same),
  sqrt: byKind({ float: call("sqrt") }),
  lt: byKind({
    float: comparison("<"),
    signed: comparison("<"),
    unsigned: comparison("<"),
    bool: ([a, b], operation) => both([prefixCode("!", a), b], operation),
  }),
  le: byKind({
    float: comparison("<="),
    signed: comparison("<="),
    unsigned: comparison("<="),
    bool: ([a, b], operation) => either([prefixCode("!", a), b], operation),
  }),
  eq: byKind({ float: floatEqual, signed: equal, unsigned: equal, bool: equal }),
  ne: byKind({ float: floatDiffer, signed: differ, unsigned: differ, bool: differ }),
  and: bits("&", LEVEL.bitAnd, both),
  or: bits("|", LEVEL.bitOr, either),
  xor: bits("^", LEVEL.bitXor, differ),
  not: byKind({
    signed: ([a]) => prefixCode("~", a),
    unsigned: wrapping(([a]) => prefixCode("~", a)),
    bool: ([a]) => prefixCode("!", a),
  }),
  shl: byKind({ signed: wrapping(shift("<<")), unsigned: wrapping(shift("<<")) }),
  shr: byKind({ signed: shift(">>"), unsigned: shift(">>") }),
  select: ([condition, a, b]) => callCode("select", b, a, condition),
};
