/**
 * Numbers that a call computes before it dispatches anything: offsets, sizes, counts of workgroups. Dimensions and extents of loops
 * become a `Size`, plain data that the runtime evaluates with the values of the call's symbols.
 */
import { type Dim, isStatic } from "../../ir/dim.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Expr, Var } from "../../ir/kernel.ts";
import type { ScalarName } from "../../ir/scalar.ts";
import type { Size, SizeOperator } from "../../runtime/webgpu-plan.ts";

const FOLD: { readonly [O in SizeOperator]: (a: number, b: number) => number } = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => Math.floor(a / b),
  "%": (a, b) => a - b * Math.floor(a / b),
  min: Math.min,
  max: Math.max,
};

/** `[operator, a, b]`, or its value where both are numbers, or the other where one does nothing. */
export function combine(operator: SizeOperator, a: Size, b: Size): Size {
  if (typeof a === "number" && typeof b === "number") return FOLD[operator](a, b);
  if (operator === "+" && a === 0) return b;
  if (operator === "*" && a === 1) return b;
  const neutral =
    operator === "+" || operator === "-" ? 0 : operator === "*" || operator === "/" ? 1 : undefined;
  return b === neutral ? a : [operator, a, b];
}

export function dimSize(dim: Dim): Size {
  if (isStatic(dim)) return dim;
  return dim.terms
    .map(({ coefficient, symbols }) =>
      symbols.reduce<Size>((product, name) => combine("*", product, name), coefficient),
    )
    .reduce((sum, term) => combine("+", sum, term));
}

// biome-ignore format: a table
const OPERATORS: { readonly [N in ScalarName]?: SizeOperator } = {
  add: "+", sub: "-", mul: "*", div: "/", floordiv: "/", mod: "%", min: "min", max: "max",
};

/** An expression over a kernel's sizes, which stand for the dimensions of a launch. */
export function extentSize(extent: Expr, dims: ReadonlyMap<Var, Dim>): Size {
  if (extent.kind === "const") return extent.value;
  if (extent.kind === "var") {
    const dim = dims.get(extent.var);
    if (dim !== undefined) return dimSize(dim);
  }
  if (extent.kind === "scalar") {
    const operator = OPERATORS[extent.name];
    const [a, b] = extent.args;
    if (operator !== undefined) return combine(operator, extentSize(a, dims), extentSize(b, dims));
  }
  throw new CompilerBug("wgsl", `the number of workgroups is no arithmetic over sizes (${extent.kind})`);
}
