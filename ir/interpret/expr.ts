/**
 * Expressions as closures: scalars give numbers, vectors give arrays of numbers. Everything is evaluated, both sides of a `select` too, as
 * a target without branches does: a load on the side not taken must still be in bounds.
 */
import { CompilerBug } from "../errors.ts";
import type { Expr, Stmt } from "../kernel.ts";
import { convert, scalars, wrap } from "../scalar.ts";
import { expressionsOf, operandsOf } from "../walk-kernel.ts";
import { compileLoad, compilePlace, compileVectorLoad, type NumberCode } from "./access.ts";
import { bitcaster, type Operator, operatorOf } from "./arithmetic.ts";
import { type Frame, type Scope, slotOfVar } from "./frame.ts";

export type VectorCode = (frame: Frame) => readonly number[];
type ScalarExpr = Extract<Expr, { kind: "scalar" }>;

/** The expressions of one statement. What occurs in them more than once as an object is computed once, by `prologue`. */
export interface Compiled {
  readonly prologue: readonly ((frame: Frame) => void)[];
  readonly number: (expr: Expr) => NumberCode;
  readonly vector: (expr: Expr) => VectorCode;
}

export function compileExpressionsOf(stmt: Stmt, scope: Scope): Compiled {
  return compileExpressions(expressionsOf(stmt), scope);
}

export function compileExpressions(roots: readonly Expr[], scope: Scope): Compiled {
  const prologue: ((frame: Frame) => void)[] = [];
  const numbers = new Map<Expr, NumberCode>();
  const vectors = new Map<Expr, VectorCode>();
  const code: Compiled = {
    prologue,
    number: (expr) => numbers.get(expr) ?? compileNumber(expr, scope, code),
    vector: (expr) => vectors.get(expr) ?? compileVector(expr, scope, code),
  };
  for (const shared of sharedNodes(roots)) {
    if (shared.lanes === 1) {
      const value = code.number(shared);
      const slot = scope.slots.numbers++;
      prologue.push((frame) => {
        frame.numbers[slot] = value(frame);
      });
      numbers.set(shared, (frame) => frame.numbers[slot]);
    } else {
      const value = code.vector(shared);
      const slot = scope.slots.vectors++;
      prologue.push((frame) => {
        frame.vectors[slot] = value(frame);
      });
      vectors.set(shared, (frame) => frame.vectors[slot]);
    }
  }
  return code;
}

/** The objects with operands that occur more than once, operands before users. */
function sharedNodes(roots: readonly Expr[]): Expr[] {
  const seen = new Set<Expr>();
  const shared = new Set<Expr>();
  const order: Expr[] = [];
  const visit = (expr: Expr): void => {
    if (operandsOf(expr).length === 0) return;
    if (seen.has(expr)) {
      shared.add(expr);
      return;
    }
    seen.add(expr);
    operandsOf(expr).forEach(visit);
    order.push(expr);
  };
  roots.forEach(visit);
  return order.filter((expr) => shared.has(expr));
}

function compileNumber(expr: Expr, scope: Scope, code: Compiled): NumberCode {
  if (expr.lanes !== 1) throw new CompilerBug("interpret", `${scope.kernel} uses a vector as a scalar`);
  switch (expr.kind) {
    case "const": {
      const value = wrap(expr.dtype, expr.value);
      return () => value;
    }
    case "var": {
      const slot = slotOfVar(scope, expr.var);
      return (frame) => frame.numbers[slot];
    }
    case "load":
      return compileLoad(compilePlace(scope, expr.buffer, expr.index.map(code.number), 1), expr.buffer);
    case "scalar":
      return compileOperator(expr, code);
    case "cast": {
      const { dtype } = expr;
      const from = expr.arg.dtype;
      const arg = code.number(expr.arg);
      return (frame) => convert(from, dtype, arg(frame));
    }
    case "bitcast": {
      const arg = code.number(expr.arg);
      const change = bitcaster(expr.arg.dtype, expr.dtype);
      return (frame) => change(arg(frame));
    }
    case "splat":
      return code.number(expr.arg);
    case "extract": {
      const { lane } = expr;
      const arg = code.vector(expr.arg);
      return (frame) => arg(frame)[lane];
    }
    default:
      return expr satisfies never;
  }
}

const dataType = (expr: ScalarExpr): Expr["dtype"] => expr.args[expr.name === "select" ? 1 : 0].dtype;

const operatorFor = (expr: ScalarExpr): Operator =>
  operatorOf(expr.name, dataType(expr), scalars[expr.name].arity);

function compileOperator(expr: ScalarExpr, code: Compiled): NumberCode {
  const operator = operatorFor(expr);
  const [a, b, c] = expr.args.map(code.number);
  if (expr.args.length === 1) return (frame) => operator(a(frame), 0, 0);
  if (expr.args.length === 2) return (frame) => operator(a(frame), b(frame), 0);
  return (frame) => operator(a(frame), b(frame), c(frame));
}

function compileVector(expr: Expr, scope: Scope, code: Compiled): VectorCode {
  const { lanes } = expr;
  const spread = (value: number): readonly number[] => new Array<number>(lanes).fill(value);
  switch (expr.kind) {
    case "const": {
      const value = spread(wrap(expr.dtype, expr.value));
      return () => value;
    }
    case "var": {
      const slot = slotOfVar(scope, expr.var);
      return (frame) => frame.vectors[slot];
    }
    case "load":
      return compileVectorLoad(compilePlace(scope, expr.buffer, expr.index.map(code.number), lanes));
    case "scalar":
      return compileVectorOperator(expr, code);
    case "cast": {
      const { dtype } = expr;
      const from = expr.arg.dtype;
      const arg = code.vector(expr.arg);
      return (frame) => arg(frame).map((value) => convert(from, dtype, value));
    }
    case "bitcast": {
      const arg = code.vector(expr.arg);
      const change = bitcaster(expr.arg.dtype, expr.dtype);
      return (frame) => arg(frame).map(change);
    }
    case "splat": {
      const arg = code.number(expr.arg);
      return (frame) => spread(arg(frame));
    }
    case "extract":
      throw new CompilerBug("interpret", `${scope.kernel} extracts a vector`);
    default:
      return expr satisfies never;
  }
}

function compileVectorOperator(expr: ScalarExpr, code: Compiled): VectorCode {
  const operator = operatorFor(expr);
  const { lanes } = expr;
  const [a, b, c] = expr.args.map(code.vector);
  const none = new Array<number>(lanes).fill(0);
  return (frame) => {
    const [x, y, z] = [a(frame), b?.(frame) ?? none, c?.(frame) ?? none];
    const result = new Array<number>(lanes);
    for (let lane = 0; lane < lanes; lane++) result[lane] = operator(x[lane], y[lane], z[lane]);
    return result;
  };
}
