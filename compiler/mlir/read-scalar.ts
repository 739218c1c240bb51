/**
 * Operations of arith and math as scalar expressions: `scalar-text.ts` the other way round. MLIR's integers have no sign; ours do, so what
 * is unsigned works on the bits.
 */
import type { Operation, Type } from "mlir-js";
import type { DType } from "../../ir/dtype.ts";
import { dtypeNames, dtypes } from "../../ir/dtype.ts";
import { Unsupported } from "../../ir/errors.ts";
import { add, bitcast, cast, constant, type Expr, mul, scalar, sub } from "../../ir/kernel.ts";
import type { ScalarName } from "../../ir/scalar.ts";

const byMlirName: ReadonlyMap<string, DType> = new Map(
  dtypeNames.map((dtype) => [dtypes[dtype].mlir, dtype]),
);

/** Ours for an element type: integers without a sign are signed, an index is i32. */
export function dtypeOf(type: Type, op: Operation): DType {
  const text = String(type);
  const known = text === "index" ? "i32" : byMlirName.get(text.replace(/^si/, "i"));
  if (known === undefined) throw new Unsupported("keratin", `the type ${text}`, { where: placeOf(op) });
  return known;
}

/** Where an operation stands in the text it comes from. */
export function placeOf(op: Operation): string {
  const { location } = op;
  const { position, name } = location;
  return position === undefined ? `${op.name} at ${location}` : `${name}:${position.line}:${position.column}`;
}

/** An operation that nothing is known of: named, with its place. */
export const unknown = (op: Operation): Unsupported =>
  new Unsupported("keratin", `the operation ${op.name}`, { where: placeOf(op) });

/** Operations that are one operator of ours. */
const plain: { readonly [name: string]: ScalarName } = {
  "arith.addf": "add", "arith.addi": "add", "arith.subf": "sub", "arith.subi": "sub", "arith.mulf": "mul", "arith.muli": "mul",
  "arith.divf": "div", "arith.divsi": "div", "arith.floordivsi": "floordiv", "arith.negf": "neg",
  "arith.minimumf": "min", "arith.maximumf": "max", "arith.minsi": "min", "arith.maxsi": "max",
  "arith.andi": "and", "arith.ori": "or", "arith.xori": "xor", "arith.shli": "shl", "arith.shrsi": "shr", "arith.select": "select",
  "math.fma": "fma", "math.absf": "abs", "math.absi": "abs", "math.floor": "floor", "math.ceil": "ceil", "math.trunc": "trunc",
  "math.roundeven": "round", "math.sqrt": "sqrt", "math.rsqrt": "rsqrt", "math.exp": "exp", "math.exp2": "exp2", "math.expm1": "expm1",
  "math.log": "log", "math.log2": "log2", "math.log10": "log10", "math.log1p": "log1p", "math.tanh": "tanh", "math.erf": "erf",
  "math.sin": "sin", "math.cos": "cos", "math.tan": "tan", "math.asin": "asin", "math.acos": "acos", "math.atan": "atan",
  "math.atan2": "atan2", "math.sinh": "sinh", "math.cosh": "cosh", "math.asinh": "asinh", "math.acosh": "acosh", "math.atanh": "atanh",
  "math.powf": "pow",
}; // biome-ignore format: a table

/** Operators on the bits as an unsigned number. */
const unsigned: { readonly [name: string]: ScalarName } = {
  "arith.divui": "div",
  "arith.remui": "mod",
  "arith.minui": "min",
  "arith.maxui": "max",
  "arith.shrui": "shr",
};

const conversions: ReadonlySet<string> = new Set([
  "arith.index_cast", "arith.extf", "arith.truncf", "arith.extsi", "arith.trunci", "arith.sitofp", "arith.fptosi",
]); // biome-ignore format: a list
const unsignedSources: ReadonlySet<string> = new Set(["arith.extui", "arith.uitofp", "arith.index_castui"]);

const twin: { readonly [D in DType]?: DType } = { i8: "u8", i16: "u16", i32: "u32", i64: "u64" };
const withoutSign = (arg: Expr): Expr => {
  const to = twin[arg.dtype];
  return to === undefined ? arg : bitcast(arg, to);
};
const back = (value: Expr, dtype: DType): Expr => (value.dtype === dtype ? value : bitcast(value, dtype));

/** What is loaded from unsigned memory has no sign in MLIR, like all integers there. */
export function withSign(loaded: Expr): Expr {
  const signed = dtypeNames.find((dtype) => twin[dtype] === loaded.dtype);
  return signed === undefined ? loaded : bitcast(loaded, signed);
}

/** A value as memory of this dtype takes it. */
export const stored = (value: Expr, dtype: DType): Expr =>
  value.dtype !== dtype && twin[value.dtype] === dtype ? bitcast(value, dtype) : value;

/** The value of an operation on scalars; undefined where it is none of arith or math. */
export function readScalar(op: Operation, args: readonly Expr[]): Expr | undefined {
  const { name } = op;
  if (!/^(arith|math)\./.test(name)) return undefined;
  const { type } = op.result;
  const dtype = dtypeOf(type.kind === "tensor" ? type.element : type, op);
  if (name === "arith.constant") return constant(constantOf(op), dtype);
  if (plain[name] !== undefined) return scalar(plain[name], ...args);
  if (unsigned[name] !== undefined) return back(scalar(unsigned[name], ...args.map(withoutSign)), dtype);
  if (conversions.has(name)) return truncating(op, args[0], dtype);
  if (unsignedSources.has(name)) return cast(withoutSign(args[0]), dtype);
  return readSpecial(op, args, dtype);
}

/** To i1 the lowest bit counts; our cast to bool asks for zero. */
const truncating = (op: Operation, arg: Expr, dtype: DType): Expr =>
  op.name === "arith.trunci" && dtype === "bool"
    ? cast(scalar("and", arg, constant(1, arg.dtype)), dtype)
    : op.name === "arith.extsi" && arg.dtype === "bool"
      ? scalar("neg", cast(arg, dtype))
      : cast(arg, dtype);

function readSpecial(op: Operation, args: readonly Expr[], dtype: DType): Expr {
  const [a, b] = args;
  switch (op.name) {
    case "arith.cmpf":
      return compareFloats(Number(op.attribute("predicate")?.integer), a, b, op);
    case "arith.cmpi":
      return compareIntegers(Number(op.attribute("predicate")?.integer), a, b);
    case "arith.bitcast":
      return bitcast(a, dtype);
    case "arith.remsi":
      return sub(a, mul(b, scalar("div", a, b)));
    case "arith.remf": {
      // Of magnitudes both remainders are one.
      const rest = scalar("mod", scalar("abs", a), scalar("abs", b));
      return scalar("select", scalar("lt", a, constant(0, dtype)), scalar("neg", rest), rest);
    }
    case "arith.ceildivsi":
      return scalar("neg", scalar("floordiv", scalar("neg", a), b));
    case "arith.minnumf":
      return unlessNaN(a, b, scalar("min", a, b));
    case "arith.maxnumf":
      return unlessNaN(a, b, scalar("max", a, b));
    case "math.round": {
      const rounded = scalar("floor", add(scalar("abs", a), constant(0.5, dtype)));
      return mul(scalar("sign", a), rounded);
    }
    default:
      throw unknown(op);
  }
}

/** The other operand where one is NaN. */
const unlessNaN = (a: Expr, b: Expr, value: Expr): Expr =>
  scalar("select", scalar("ne", a, a), b, scalar("select", scalar("ne", b, b), a, value));

/** The number of a scalar constant. */
function constantOf(op: Operation): number {
  const value = op.attribute("value");
  if (value?.kind === "bool") return value.integer === 0n ? 0 : 1;
  if (value?.kind === "integer") return Number(value.integer);
  if (value?.kind === "float") return value.float;
  throw unknown(op);
}

function compareFloats(predicate: number, a: Expr, b: Expr, op: Operation): Expr {
  const unordered = scalar("or", scalar("ne", a, a), scalar("ne", b, b));
  const different = scalar("or", scalar("lt", a, b), scalar("lt", b, a));
  const ordered: readonly (Expr | undefined)[] = [
    constant(0, "bool"), scalar("eq", a, b), scalar("lt", b, a), scalar("le", b, a), scalar("lt", a, b), scalar("le", a, b),
    different, scalar("not", unordered),
  ]; // biome-ignore format: in MLIR's order
  const found = predicate < 8 ? ordered[predicate] : undefined;
  if (found !== undefined) return found;
  if (predicate === 13) return scalar("ne", a, b);
  if (predicate === 14) return unordered;
  if (predicate === 15) return constant(1, "bool");
  const rest = ordered[predicate - 7];
  if (rest === undefined) throw unknown(op);
  return scalar("or", unordered, rest);
}

function compareIntegers(predicate: number, a: Expr, b: Expr): Expr {
  if (predicate < 2) return scalar(predicate === 0 ? "eq" : "ne", a, b);
  const [x, y] = predicate < 6 ? [a, b] : [withoutSign(a), withoutSign(b)];
  const kind = (predicate - 2) % 4;
  const name = kind % 2 === 0 ? "lt" : "le";
  return kind < 2 ? scalar(name, x, y) : scalar(name, y, x);
}
