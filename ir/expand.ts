/**
 * Expands the scalar operators that targets do not spell (exp, log, tanh, sin ...) into basic ones, and names with `let` whatever a
 * statement uses more than once. The last step before emission, on any number of lanes.
 *
 * The expansions are branch-free f32 and integer arithmetic without fma, so that every target computes the same bits; their error bounds
 * stand in `ir/scalar.ts` and are asserted in test/expand.test.ts. f16 and bf16 are computed in f32 and rounded; f64 is Unsupported.
 *
 * Names are per statement: expressions of equal structure in one statement become one `let` in front of it, loads included (nothing is
 * stored between two reads of one statement). Nothing is shared between statements.
 */
import { Unsupported } from "./errors.ts";
import { erf, erfc, erfinv } from "./expand/error-function.ts";
import { exp, log, relu, sigmoid, sign, tanh } from "./expand/exponential.ts";
import { collect, type Expansion, type Scope } from "./expand/formula.ts";
import { acosh, asinh, atanh, cosh, sinh } from "./expand/hyperbolic.ts";
import { acos, asin, atan, atan2 } from "./expand/inverse-trig.ts";
import { exp2, expm1, log1p, log2, log10 } from "./expand/logarithms.ts";
import { pow, rsqrt } from "./expand/power.ts";
import { cos, sin, tan } from "./expand/trig.ts";
import { cast, type Expr, type Kernel, type Stmt } from "./kernel.ts";
import { type BasicScalar, type ScalarName, scalars } from "./scalar.ts";
import { expressionsOf, mapOperands, mapParts, operandsOf } from "./walk-kernel.ts";

type ComplexScalar = Exclude<ScalarName, BasicScalar>;

// biome-ignore format: by family
const expansions: { readonly [N in ComplexScalar]: Expansion } = {
  exp, exp2, expm1, log, log2, log10, log1p, pow, rsqrt,
  tanh, sigmoid, sinh, cosh, asinh, acosh, atanh,
  erf, erfc, erfinv,
  sin, cos, tan, asin, acos, atan, atan2,
  sign, relu,
};

const isComplex = (name: ScalarName): name is ComplexScalar => !scalars[name].basic;

/** The kernel in basic scalars. Throws Unsupported for f64, and for integers where only floats have a meaning. */
export function expandKernel(kernel: Kernel): Kernel {
  const body = expandBody(kernel.body, kernel.name);
  return body === kernel.body ? kernel : { ...kernel, body };
}

function expandBody(body: readonly Stmt[], where: string): readonly Stmt[] {
  const expanded = body.flatMap((stmt) => expandStmt(stmt, where));
  const isSame = expanded.length === body.length && expanded.every((stmt, i) => stmt === body[i]);
  return isSame ? body : expanded;
}

function expandStmt(stmt: Stmt, where: string): readonly Stmt[] {
  // Grid and thread loops stay perfectly nested: no `let` comes between them.
  if (stmt.kind === "for" && stmt.bind !== "serial") {
    const body = expandBody(stmt.body, where);
    return [body === stmt.body ? stmt : { ...stmt, body }];
  }
  const roots = expressionsOf(stmt);
  const intern = makeInterner();
  const uses = countUses(roots.map(intern));
  return collect((scope) => {
    const expand = makeExpander(scope, uses, where);
    const rebuilt = mapParts(
      stmt,
      (expr) => expand(intern(expr)),
      (inner) => expandBody(inner, where),
    );
    scope.emit(rebuilt);
  });
}

/** Makes expressions of equal structure one object. */
function makeInterner(): (expr: Expr) => Expr {
  const numbers = new Map<object, number>();
  const known = new Map<string, Expr>();
  const done = new Map<Expr, Expr>();
  const numberOf = (item: object): number => {
    const number = numbers.get(item) ?? numbers.size;
    numbers.set(item, number);
    return number;
  };
  const intern = (expr: Expr): Expr => {
    const before = done.get(expr);
    if (before !== undefined) return before;
    const rebuilt = mapOperands(expr, intern);
    const key = `${detailOf(rebuilt, numberOf)}(${operandsOf(rebuilt).map(numberOf)})${rebuilt.dtype}x${rebuilt.lanes}`;
    const result = known.get(key) ?? rebuilt;
    known.set(key, result);
    done.set(expr, result);
    return result;
  };
  return intern;
}

/** What tells a node from others with the same operands and type. */
function detailOf(expr: Expr, numberOf: (item: object) => number): string {
  switch (expr.kind) {
    case "const":
      return `const ${Object.is(expr.value, -0) ? "-0" : expr.value}`;
    case "var":
      return `var ${numberOf(expr.var)}`;
    case "load":
      return `load ${numberOf(expr.buffer)}`;
    case "scalar":
      return expr.name;
    case "extract":
      return `extract ${expr.lane}`;
    case "cast":
    case "bitcast":
    case "splat":
      return expr.kind;
    default:
      return expr satisfies never;
  }
}

/** How often each node is an operand. */
function countUses(roots: readonly Expr[]): ReadonlyMap<Expr, number> {
  const uses = new Map<Expr, number>();
  const visit = (expr: Expr): void => {
    const before = uses.get(expr) ?? 0;
    uses.set(expr, before + 1);
    if (before === 0) operandsOf(expr).forEach(visit);
  };
  roots.forEach(visit);
  return uses;
}

/** Rebuilds one interned expression; shared nodes become variables of `scope`. */
function makeExpander(scope: Scope, uses: ReadonlyMap<Expr, number>, where: string): (expr: Expr) => Expr {
  const done = new Map<Expr, Expr>();
  const expand = (expr: Expr): Expr => {
    const before = done.get(expr);
    if (before !== undefined) return before;
    const rebuilt = mapOperands(expr, expand);
    const basic =
      rebuilt.kind === "scalar" && isComplex(rebuilt.name)
        ? expandScalar(scope, rebuilt, rebuilt.name, where)
        : rebuilt;
    const result =
      (uses.get(expr) ?? 0) > 1 && isWorthNaming(basic) ? scope.name(hintOf(expr), basic) : basic;
    done.set(expr, result);
    return result;
  };
  return expand;
}

/** Constants and variables, in every lane or in one, cost nothing; nor do sums of indices, which addresses absorb. */
function isWorthNaming(expr: Expr): boolean {
  if (expr.kind === "splat") return isWorthNaming(expr.arg);
  return (operandsOf(expr).length > 0 || expr.kind === "load") && !isIndexSum(expr);
}

/** Made of variables and constants by addition, subtraction and multiplication. */
function isIndexSum(expr: Expr): boolean {
  if (expr.kind === "const" || expr.kind === "var") return true;
  return (
    expr.kind === "scalar" && indexSums.has(expr.name) && expr.dtype === "i32" && expr.args.every(isIndexSum)
  );
}

const indexSums: ReadonlySet<ScalarName> = new Set(["add", "sub", "mul"]);

function hintOf(expr: Expr): string {
  if (expr.kind === "scalar") return expr.name;
  return expr.kind === "load" ? expr.buffer.name : expr.kind;
}

type ScalarExpr = Extract<Expr, { kind: "scalar" }>;

function expandScalar(scope: Scope, expr: ScalarExpr, name: ComplexScalar, where: string): Expr {
  const { dtype } = expr;
  const args = expr.args.map((arg) => scope.name(`${name}_of`, arg));
  const isGeneral = name === "sign" || name === "relu" || (name === "rsqrt" && dtype === "f64");
  if (dtype === "f32" || (isGeneral && dtype !== "bool")) return expansions[name](scope, ...args);
  if (dtype === "f16" || dtype === "bf16") {
    const wide = args.map((arg) => scope.name(`${name}_of`, cast(arg, "f32")));
    return cast(expansions[name](scope, ...wide), dtype);
  }
  throw new Unsupported("the expansion of scalars", `${name} of ${dtype}`, {
    where,
    hint: "Compute it in f32, or evaluate with the reference backend",
  });
}
