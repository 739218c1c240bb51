/**
 * Evaluates what has constant operands. WGSL does so itself, and then rejects results that are infinite, not numbers, or divided by
 * zero: a program that is right would fail to compile. Afterwards no operator has only constants for operands.
 */
import { type DType, dtypes } from "../../ir/dtype.ts";
import { constant, type Expr, type Kernel } from "../../ir/kernel.ts";
import { applyScalar, convert, scalars } from "../../ir/scalar.ts";
import { mapStmts } from "../../ir/walk-kernel.ts";

export function foldConstants(kernel: Kernel): Kernel {
  const body = mapStmts(kernel.body, { expr: fold });
  return body === kernel.body ? kernel : { ...kernel, body };
}

const isConstant = (expr: Expr): expr is Extract<Expr, { kind: "const" }> => expr.kind === "const";

function fold(expr: Expr): Expr {
  if (expr.kind === "scalar") {
    const values = expr.args.filter(isConstant).map(({ value }) => value);
    if (values.length < expr.args.length) return divideByZero(expr);
    const { dtype } = scalars[expr.name].result === "second" ? expr.args[1] : expr.args[0];
    return constant(applyScalar(expr.name, dtype, values), expr.dtype, expr.lanes);
  }
  if ((expr.kind === "cast" || expr.kind === "bitcast") && isConstant(expr.arg)) {
    const { dtype, value } = expr.arg;
    return constant(
      expr.kind === "cast" ? convert(dtype, expr.dtype, value) : sameBits(dtype, expr.dtype, value),
      expr.dtype,
    );
  }
  return expr;
}

/** Integers divided by zero give 0, here as at run time; WGSL rejects the constant. */
function divideByZero(expr: Extract<Expr, { kind: "scalar" }>): Expr {
  const divides = expr.name === "div" || expr.name === "floordiv" || expr.name === "mod";
  const [, divisor] = expr.args;
  if (!divides || dtypes[expr.dtype].kind === "float" || !isConstant(divisor) || divisor.value !== 0)
    return expr;
  return constant(0, expr.dtype, expr.lanes);
}

/** `value` of dtype `from`, read as `to`. f64 and i64 do not occur in WGSL. */
function sameBits(from: DType, to: DType, value: number): number {
  const source = dtypes[from].allocate(1);
  source[0] = value;
  return Number(dtypes[to].view(source.buffer, 0, 1)[0]);
}
