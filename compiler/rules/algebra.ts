/**
 * Rules on elementwise ops. Each ends in its formula. House rules: a rule points one way and never makes the graph worse; constants go to
 * the right; what holds for reals but not for floating point is left out, unless the formula says what differs. So x * 0 stays (x may be
 * NaN or infinite), sums and products of floats are not regrouped, and nothing assumes that a NaN cannot occur.
 *
 * Binary patterns need not look for a constant on the left: the first rule moves it.
 */

import { parseDim } from "../../ir/dim.ts";
import { byteWidth, type DType, isFloat, isInteger } from "../../ir/dtype.ts";
import type { Value } from "../../ir/graph.ts";
import { applyScalar, type ScalarName } from "../../ir/scalar.ts";
import { any, match, type Rule, rule, ruleOn, type Site, splat } from "../rewrite.ts";
import { constantOf, isConstant } from "./facts.ts";

const commutative = ["add", "mul", "min", "max", "and", "or", "xor", "eq", "ne"] as const;

/** A number in the type of `like`. */
const fill = ({ b }: Site, like: Value, value: number): Value => b.full(like.type, value);

const dtypeOf = (site: Site): DType => site.op.operands[0].type.dtype;
/** Whether a number holds every value, and every sum and product after wrapping, exactly. */
const isShortInteger = (dtype: DType): boolean => isInteger(dtype) && byteWidth(dtype) <= 4;
/** Whether 1 / x is exact, and so multiplying by it is dividing by x: a power of two that stays away from the ends of the range. */
const hasExactInverse = (x: number, dtype: DType): boolean =>
  Number.isInteger(Math.log2(Math.abs(x))) &&
  Math.abs(Math.log2(Math.abs(x))) <= (dtype === "f16" ? 14 : 126);

/** Whether every value of `from` is one of `to`. */
function widens(from: DType, to: DType): boolean {
  const exact: { readonly [D in DType]?: readonly DType[] } = {
    bool: ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f16", "bf16", "f32", "f64"],
    u8: ["i16", "u16", "i32", "u32", "i64", "u64", "f16", "bf16", "f32", "f64"],
    i8: ["i16", "i32", "i64", "f16", "bf16", "f32", "f64"],
    u16: ["i32", "u32", "i64", "u64", "f32", "f64"],
    i16: ["i32", "i64", "f32", "f64"],
    u32: ["i64", "u64", "f64"],
    i32: ["i64", "f64"],
    f16: ["f32", "f64"],
    bf16: ["f32", "f64"],
    f32: ["f64"],
  };
  return exact[from]?.includes(to) ?? false;
}

/** f(f(x, c), d) with constants: f(x, f(c, d)), where `holds`. */
const regroup = (name: ScalarName, holds: (dtype: DType) => boolean, formula: string): Rule =>
  rule(
    `regroup-${name}`,
    match(name, [match(name, [any("x"), splat("c")]), splat("d")]),
    ({ x, c, d }, site) => {
      if (!holds(dtypeOf(site))) return undefined;
      return site.b.op(name, [x, fill(site, x, applyScalar(name, dtypeOf(site), [c, d]))]);
    },
    formula,
  );

/** x to the power n for n = 2, 3, 4, by multiplications. */
function power({ b }: Site, x: Value, n: number): Value {
  const square = b.op("mul", [x, x]);
  if (n === 2) return square;
  return b.op("mul", [square, n === 3 ? x : square]);
}

export const algebra: readonly Rule[] = [
  ruleOn(
    "constant-right",
    commutative,
    ({ op, b }) => {
      const [x, y] = op.operands;
      return isConstant(x) && !isConstant(y) ? b.op(op.name, [y, x]) : undefined;
    },
    "c + x = x + c, and so for every commutative op",
  ),

  // Neutral elements.
  rule(
    "add-zero",
    match("add", [any("x"), splat(0)]),
    ({ x }) => x,
    "x + 0 = x, but for x = -0, which + 0 would make 0",
  ),
  rule("add-minus-zero", match("add", [any("x"), splat(-0)]), ({ x }) => x, "x + -0 = x"),
  rule("sub-zero", match("sub", [any("x"), splat(0)]), ({ x }) => x, "x - 0 = x"),
  rule("zero-sub", match("sub", [splat(-0), any("x")]), ({ x }, { b }) => b.neg(x), "-0 - x = -x"),
  rule("mul-one", match("mul", [any("x"), splat(1)]), ({ x }) => x, "x * 1 = x"),
  rule("mul-minus-one", match("mul", [any("x"), splat(-1)]), ({ x }, { b }) => b.neg(x), "x * -1 = -x"),
  rule("div-one", match("div", [any("x"), splat(1)]), ({ x }) => x, "x / 1 = x"),
  rule("pow-one", match("pow", [any("x"), splat(1)]), ({ x }) => x, "x ^ 1 = x"),
  rule(
    "pow-zero",
    match("pow", [any("x"), splat(0)]),
    ({ x }, site) => fill(site, x, 1),
    "x ^ 0 = 1, for NaN too",
  ),
  rule("and-true", match("and", [any("x"), splat(1)]), ({ x }) => ifBool(x, x), "x and true = x"),
  rule("or-false", match("or", [any("x"), splat(0)]), ({ x }) => x, "x or 0 = x"),
  rule("xor-zero", match("xor", [any("x"), splat(0)]), ({ x }) => x, "x xor 0 = x"),
  rule("shl-zero", match(["shl", "shr"], [any("x"), splat(0)]), ({ x }) => x, "x shifted by 0 = x"),
  rule(
    "max-lowest",
    match("max", [any("x"), splat(Number.NEGATIVE_INFINITY)]),
    ({ x }) => x,
    "max(x, -inf) = x, for NaN too",
  ),
  rule(
    "min-highest",
    match("min", [any("x"), splat(Number.POSITIVE_INFINITY)]),
    ({ x }) => x,
    "min(x, inf) = x, for NaN too",
  ),

  // Absorbing elements, where no NaN can be.
  rule("and-zero", match("and", [any("x"), splat(0)]), ({ x }, site) => fill(site, x, 0), "x and 0 = 0"),
  rule(
    "or-true",
    match("or", [any("x"), splat(1)]),
    ({ x }, site) => ifBool(x, fill(site, x, 1)),
    "x or true = true",
  ),
  rule(
    "mul-zero",
    match("mul", [any("x"), splat(0)]),
    ({ x }, site) => ifInteger(x, fill(site, x, 0)),
    "x * 0 = 0 for integers",
  ),
  rule(
    "sub-same",
    match("sub", [any("x"), any("x")]),
    ({ x }, site) => ifInteger(x, fill(site, x, 0)),
    "x - x = 0 for integers",
  ),

  // The same operand twice.
  rule(
    "max-same",
    match(["max", "min"], [any("x"), any("x")]),
    ({ x }) => x,
    "max(x, x) = x, and so for min",
  ),
  rule("and-same", match(["and", "or"], [any("x"), any("x")]), ({ x }) => x, "x and x = x, and so for or"),
  rule("select-same", match("select", [any("c"), any("x"), any("x")]), ({ x }) => x, "c ? x : x = x"),

  // Signs.
  rule("neg-neg", match("neg", [match("neg", [any("x")])]), ({ x }) => x, "-(-x) = x"),
  rule(
    "add-neg",
    match("add", [any("x"), match("neg", [any("y")])]),
    ({ x, y }, { b }) => b.op("sub", [x, y]),
    "x + -y = x - y",
  ),
  rule(
    "neg-add",
    match("add", [match("neg", [any("x")]), any("y")]),
    ({ x, y }, { b }) => b.op("sub", [y, x]),
    "-x + y = y - x",
  ),
  rule(
    "sub-neg",
    match("sub", [any("x"), match("neg", [any("y")])]),
    ({ x, y }, { b }) => b.op("add", [x, y]),
    "x - -y = x + y",
  ),
  rule(
    "mul-neg-neg",
    match(["mul", "div"], [match("neg", [any("x")]), match("neg", [any("y")])]),
    ({ x, y }, { op, b }) => ifFloat(x, () => b.op(op.name, [x, y])),
    "-x * -y = x * y, -x / -y = x / y for floats",
  ),
  rule(
    "mul-neg-constant",
    match(["mul", "div"], [match("neg", [any("x")]), splat("c")]),
    ({ x, c }, site) => ifFloat(x, () => site.b.op(site.op.name, [x, fill(site, x, -c)])),
    "-x * c = x * -c, -x / c = x / -c for floats",
  ),
  rule(
    "neg-mul-constant",
    match("neg", [match(["mul", "div"], [any("x"), splat("c")], "inner")]),
    ({ x, c, inner }, site) =>
      site.uses(inner.results[0]) > 1
        ? undefined
        : ifFloat(x, () => site.b.op(inner.name, [x, fill(site, x, -c)])),
    "-(x * c) = x * -c, -(x / c) = x / -c for floats",
  ),
  rule(
    "abs-neg",
    match("abs", [match(["neg", "abs"], [any("x")])]),
    ({ x }, { b }) => b.op("abs", [x]),
    "|-x| = |x|, ||x|| = |x|",
  ),
  rule(
    "mul-of-abs",
    match("mul", [match("abs", [any("x")]), match("abs", [any("x")])]),
    ({ x }, { b }) => b.op("mul", [x, x]),
    "|x| * |x| = x * x",
  ),

  // Cheaper ops.
  rule(
    "div-constant",
    match("div", [any("x"), splat("c")]),
    ({ x, c }, site) =>
      hasExactInverse(c, dtypeOf(site))
        ? ifFloat(x, () => site.b.op("mul", [x, fill(site, x, 1 / c)]))
        : undefined,
    "x / c = x * (1 / c) for c a power of two",
  ),
  rule(
    "pow-small",
    match("pow", [any("x"), splat("n")]),
    ({ x, n }, site) => (n === 2 || n === 3 || n === 4 ? power(site, x, n) : undefined),
    "x ^ 2 = x * x, x ^ 3 = x * x * x, x ^ 4 = (x * x) * (x * x), each within the 4 ULP of pow",
  ),
  rule(
    "pow-inverse",
    match("pow", [any("x"), splat(-1)]),
    ({ x }, site) => site.b.op("div", [fill(site, x, 1), x]),
    "x ^ -1 = 1 / x",
  ),

  // Constants together. Floats only where nothing is rounded.
  regroup("max", () => true, "max(max(x, c), d) = max(x, max(c, d))"),
  regroup("min", () => true, "min(min(x, c), d) = min(x, min(c, d))"),
  regroup("add", isShortInteger, "(x + c) + d = x + (c + d) for integers, which wrap"),
  regroup("mul", isShortInteger, "(x * c) * d = x * (c * d) for integers, which wrap"),

  // Choices.
  rule("select-true", match("select", [splat(1), any("x"), any("y")]), ({ x }) => x, "true ? x : y = x"),
  rule("select-false", match("select", [splat(0), any("x"), any("y")]), ({ y }) => y, "false ? x : y = y"),
  rule(
    "select-not",
    match("select", [match("not", [any("c")]), any("x"), any("y")]),
    ({ c, x, y }, { b }) => b.op("select", [c, y, x]),
    "not c ? x : y = c ? y : x",
  ),
  rule("not-not", match("not", [match("not", [any("x")])]), ({ x }) => x, "not not x = x"),

  // Conversions.
  rule(
    "cast-same",
    match("cast", [any("x")]),
    ({ x }, { op }) => (x.type.dtype === op.attrs.dtype ? x : undefined),
    "cast to the own dtype = x",
  ),
  rule(
    "cast-cast",
    match("cast", [match("cast", [any("x")], "inner")]),
    ({ x, inner }, { op, b }) =>
      widens(x.type.dtype, inner.results[0].type.dtype) ? b.op("cast", [x], op.attrs) : undefined,
    "cast of a widening cast = one cast",
  ),
  rule(
    "bitcast-bitcast",
    match("bitcast", [match("bitcast", [any("x")])]),
    ({ x }, { op, b }) => (x.type.dtype === op.attrs.dtype ? x : b.op("bitcast", [x], op.attrs)),
    "bitcast of bitcast = one bitcast",
  ),

  // Constants in their smallest form.
  ruleOn("constant-splat", ["constant"], splatOf, "a constant of equal elements = one element, broadcast"),
  ruleOn(
    "dim-number",
    ["dim"],
    ({ op, b }) => {
      const dim = parseDim(String(op.attrs.dim));
      return typeof dim === "number" ? b.full(op.results[0].type, dim) : undefined;
    },
    "dim of a number = the number",
  ),
];

const ifBool = (x: Value, result: Value): Value | undefined => (x.type.dtype === "bool" ? result : undefined);
const ifInteger = (x: Value, result: Value): Value | undefined =>
  isInteger(x.type.dtype) ? result : undefined;
const ifFloat = (x: Value, result: () => Value): Value | undefined =>
  isFloat(x.type.dtype) ? result() : undefined;

function splatOf({ op, b }: Site): Value | undefined {
  const array = constantOf(op.results[0]);
  if (array === undefined || array.data.length < 2) return undefined;
  const { data } = array;
  // Object.is, so that 0 and -0 differ and NaN is NaN.
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], data[0])) return undefined;
  return b.broadcast(b.constant({ ...array, shape: [], data: data.slice(0, 1) }), array.shape, []);
}
