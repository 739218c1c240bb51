/**
 * Index arithmetic: integer expressions as sums of coefficients times atoms, the interval a value lies in, and the simplifier built on
 * both. An atom is a variable or anything that is not itself a sum (a quotient, a clamp, a load).
 *
 * Ranges come from loops: a variable runs from 0 to extent - 1. Sizes bound to symbols are at least 1.
 */
import { constant, type Expr, int, scalar, type Var } from "./kernel.ts";
import { applyScalar, convert, type ScalarName } from "./scalar.ts";
import { mapOperands } from "./walk-kernel.ts";

export interface Interval {
  readonly min: number;
  readonly max: number;
}
/** What is known of variables; those not listed can be anything. */
export type Ranges = ReadonlyMap<Var, Interval>;

interface Term {
  readonly coefficient: number;
  readonly atom: Expr;
}
export interface Affine {
  readonly constant: number;
  readonly terms: readonly Term[];
}

/** Structural equality; variables and buffers by identity. */
export function equalExprs(a: Expr, b: Expr): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.dtype !== b.dtype || a.lanes !== b.lanes) return false;
  const all = (x: readonly Expr[], y: readonly Expr[]): boolean =>
    x.length === y.length && x.every((item, i) => equalExprs(item, y[i]));
  switch (a.kind) {
    case "const":
      return b.kind === "const" && Object.is(a.value, b.value);
    case "var":
      return b.kind === "var" && a.var === b.var;
    case "load":
      return b.kind === "load" && a.buffer === b.buffer && all(a.index, b.index);
    case "scalar":
      return b.kind === "scalar" && a.name === b.name && all(a.args, b.args);
    case "extract":
      return b.kind === "extract" && a.lane === b.lane && equalExprs(a.arg, b.arg);
    case "cast":
    case "bitcast":
    case "splat":
      return b.kind === a.kind && equalExprs(a.arg, b.arg);
  }
}

const isIndex = (expr: Expr): boolean => expr.dtype === "i32" && expr.lanes === 1;

/** Sum of two forms, the second scaled. */
export function combineAffine(a: Affine, b: Affine, scale = 1): Affine {
  const terms = [...a.terms];
  for (const { coefficient, atom } of b.terms) {
    const at = terms.findIndex((term) => equalExprs(term.atom, atom));
    if (at < 0) terms.push({ coefficient: coefficient * scale, atom });
    else terms[at] = { coefficient: terms[at].coefficient + coefficient * scale, atom };
  }
  return { constant: a.constant + b.constant * scale, terms: terms.filter((term) => term.coefficient !== 0) };
}

/** The affine form of an i32 expression. Every expression has one: what is no sum is an atom. */
export function toAffine(expr: Expr): Affine {
  if (expr.kind === "const") return { constant: expr.value, terms: [] };
  if (expr.kind === "scalar") {
    const [a, b] = expr.args;
    if (expr.name === "add") return combineAffine(toAffine(a), toAffine(b));
    if (expr.name === "sub") return combineAffine(toAffine(a), toAffine(b), -1);
    if (expr.name === "mul") {
      const [x, y] = [toAffine(a), toAffine(b)];
      if (y.terms.length === 0) return combineAffine({ constant: 0, terms: [] }, x, y.constant);
      if (x.terms.length === 0) return combineAffine({ constant: 0, terms: [] }, y, x.constant);
    }
  }
  return { constant: 0, terms: [{ coefficient: 1, atom: expr }] };
}

/** The expression of a form: terms in their order, the constant last. */
export function fromAffine({ constant: rest, terms }: Affine): Expr {
  const parts = terms.map(({ coefficient, atom }) =>
    coefficient === 1 ? atom : scalar("mul", atom, int(coefficient)),
  );
  if (rest !== 0 || parts.length === 0) parts.push(int(rest));
  return parts.reduce((a, b) => scalar("add", a, b));
}

const everything: Interval = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

/** An interval that holds the value of an i32 expression. */
export function intervalOf(expr: Expr, ranges: Ranges): Interval {
  switch (expr.kind) {
    case "const":
      return { min: expr.value, max: expr.value };
    case "var":
      return ranges.get(expr.var) ?? everything;
    case "cast":
      return expr.arg.dtype === "bool" ? { min: 0, max: 1 } : everything;
    case "scalar":
      return scalarInterval(expr.name, expr.args, ranges);
    default:
      return everything;
  }
}

function scalarInterval(name: ScalarName, args: readonly Expr[], ranges: Ranges): Interval {
  const [a, b] = args.map((arg) => intervalOf(arg, ranges));
  switch (name) {
    case "add":
    case "sub":
      return affineInterval(toAffine(scalar(name, args[0], args[1])), ranges);
    case "mul":
      return product(a, b);
    case "min":
      return { min: Math.min(a.min, b.min), max: Math.min(a.max, b.max) };
    case "max":
      return { min: Math.max(a.min, b.min), max: Math.max(a.max, b.max) };
    case "floordiv":
      if (b.min !== b.max || b.min <= 0) return everything;
      return { min: Math.floor(a.min / b.min), max: Math.floor(a.max / b.min) };
    case "mod":
      if (b.min !== b.max || b.min <= 0) return everything;
      return { min: 0, max: a.min >= 0 ? Math.min(a.max, b.min - 1) : b.min - 1 };
    case "select": {
      const c = intervalOf(args[2], ranges);
      return { min: Math.min(b.min, c.min), max: Math.max(b.max, c.max) };
    }
    default:
      return everything;
  }
}

function product(a: Interval, b: Interval): Interval {
  const corners = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max].map((x) =>
    Number.isNaN(x) ? 0 : x,
  );
  return { min: Math.min(...corners), max: Math.max(...corners) };
}

/** The interval of a sum: exact when its atoms are independent. */
export function affineInterval({ constant: rest, terms }: Affine, ranges: Ranges): Interval {
  return terms.reduce(
    (sum, { coefficient, atom }) => {
      const part = product(intervalOf(atom, ranges), { min: coefficient, max: coefficient });
      return { min: sum.min + part.min, max: sum.max + part.max };
    },
    { min: rest, max: rest },
  );
}

/** Whether a comparison holds for all values, for none (false), or depends (undefined). */
function decide(name: ScalarName, a: Expr, b: Expr, ranges: Ranges): boolean | undefined {
  const { min, max } = affineInterval(combineAffine(toAffine(a), toAffine(b), -1), ranges);
  if (name === "lt") return max < 0 ? true : min >= 0 ? false : undefined;
  if (name === "le") return max <= 0 ? true : min > 0 ? false : undefined;
  const equal = min === 0 && max === 0 ? true : min > 0 || max < 0 ? false : undefined;
  return name === "eq" ? equal : equal === undefined ? undefined : !equal;
}

/**
 * Divides a sum by a positive constant: the terms that divide evenly on one side, the rest on the other. `rest` is given back with its
 * interval, so that the caller can see whether it stays below the divisor.
 */
function divide(form: Affine, divisor: number): { quotient: Affine; rest: Affine } {
  const even = form.terms.filter(({ coefficient }) => coefficient % divisor === 0);
  const odd = form.terms.filter(({ coefficient }) => coefficient % divisor !== 0);
  const whole = Math.floor(form.constant / divisor);
  return {
    quotient: { constant: whole, terms: even.map((t) => ({ ...t, coefficient: t.coefficient / divisor })) },
    rest: { constant: form.constant - whole * divisor, terms: odd },
  };
}

function simplifyDivision(name: "floordiv" | "mod", a: Expr, b: Expr, ranges: Ranges): Expr | undefined {
  if (b.kind !== "const" || b.value <= 0) return undefined;
  const { quotient, rest } = divide(toAffine(a), b.value);
  const { min, max } = affineInterval(rest, ranges);
  if (min >= 0 && max < b.value) return fromAffine(name === "floordiv" ? quotient : rest);
  if (quotient.terms.length === 0 && quotient.constant === 0) return undefined;
  const remainder = scalar(name, fromAffine(rest), b);
  return name === "mod" ? remainder : fromAffine(combineAffine(quotient, toAffine(remainder)));
}

const bool = (value: boolean, lanes: number): Expr => constant(value ? 1 : 0, "bool", lanes);
const isConst = (expr: Expr, value: number): boolean => expr.kind === "const" && expr.value === value;

/** Rules for one node whose arguments are simplified already. */
function simplifyNode(expr: Expr, ranges: Ranges): Expr {
  if (expr.kind === "cast" && expr.arg.kind === "const") {
    return constant(convert(expr.arg.dtype, expr.dtype, expr.arg.value), expr.dtype, expr.lanes);
  }
  if (expr.kind === "splat" && expr.arg.kind === "const")
    return constant(expr.arg.value, expr.dtype, expr.lanes);
  if (expr.kind !== "scalar") return expr;
  const { name, args } = expr;
  if (name === "select" && args[0].kind === "const") return args[0].value !== 0 ? args[1] : args[2];
  if (name === "and" && expr.dtype === "bool") {
    if (isConst(args[0], 1) || isConst(args[1], 0)) return args[1]; // true & x = x; x & false = false
    if (isConst(args[1], 1) || isConst(args[0], 0)) return args[0];
  }
  if (name === "or" && expr.dtype === "bool") {
    if (isConst(args[0], 0) || isConst(args[1], 1)) return args[1]; // false | x = x; x | true = true
    if (isConst(args[1], 0) || isConst(args[0], 1)) return args[0];
  }
  if (args.every((arg) => arg.kind === "const")) return foldNode(expr);
  return args.every(isIndex) ? simplifyIndexNode(expr, ranges) : expr;
}

function foldNode(expr: Extract<Expr, { kind: "scalar" }>): Expr {
  const values = expr.args.map((arg) => (arg.kind === "const" ? arg.value : Number.NaN));
  const dtype = expr.name === "select" ? expr.dtype : expr.args[0].dtype;
  return constant(applyScalar(expr.name, dtype, values), expr.dtype, expr.lanes);
}

function simplifyIndexNode(expr: Extract<Expr, { kind: "scalar" }>, ranges: Ranges): Expr {
  const [a, b] = expr.args;
  switch (expr.name) {
    case "add":
    case "sub":
    case "mul":
      return fromAffine(toAffine(expr));
    case "floordiv":
    case "mod":
      return simplifyDivision(expr.name, a, b, ranges) ?? expr;
    case "lt":
    case "le":
    case "eq":
    case "ne": {
      const known = decide(expr.name, a, b, ranges);
      return known === undefined ? expr : bool(known, expr.lanes);
    }
    case "min":
    case "max": {
      const least = expr.name === "min" ? a : b;
      const other = expr.name === "min" ? b : a;
      if (decide("le", a, b, ranges) === true) return least;
      return decide("le", b, a, ranges) === true ? other : expr;
    }
    default:
      return expr;
  }
}

/**
 * Simplifies an expression bottom-up: sums in normal form, quotients and comparisons decided by ranges where they can be. An object that
 * occurs several times is visited once.
 */
export function simplify(expr: Expr, ranges: Ranges): Expr {
  const done = new Map<Expr, Expr>();
  const visit = (node: Expr): Expr => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const simple =
      node.kind === "var" ? simplifyVar(node, ranges) : simplifyNode(mapOperands(node, visit), ranges);
    done.set(node, simple);
    return simple;
  };
  return visit(expr);
}

function simplifyVar(expr: Extract<Expr, { kind: "var" }>, ranges: Ranges): Expr {
  const only = ranges.get(expr.var);
  return only !== undefined && only.min === only.max ? constant(only.min, expr.dtype) : expr;
}
