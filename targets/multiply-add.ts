/**
 * Makes sums of products of multiply-adds: acc = acc + a * b becomes acc = fma(a, b, acc), which machines do in one instruction and one
 * rounding. Only accumulators in registers are rewritten: expansions of exp and its like say what they round, and stay as they are.
 *
 * Results then differ in their last bits between machines with and without the instruction, so strict code does without.
 */
import { isFloat } from "../ir/dtype.ts";
import { type Expr, type Kernel, type Stmt, scalar, store } from "../ir/kernel.ts";
import type { Bundle, Step } from "../ir/program.ts";
import { mapStmts } from "../ir/walk-kernel.ts";

/** The bundle with every kernel rewritten. */
export function withMultiplyAdds(bundle: Bundle): Bundle {
  const done = new Map<Kernel, Kernel>();
  const rewrite = (kernel: Kernel): Kernel => {
    const fused = done.get(kernel) ?? { ...kernel, body: mapStmts(kernel.body, { stmt: fuse }) };
    done.set(kernel, fused);
    return fused;
  };
  return {
    ...bundle,
    programs: bundle.programs.map((program) => ({ ...program, steps: mapKernels(program.steps, rewrite) })),
  };
}

function fuse(stmt: Stmt): Stmt {
  if (stmt.kind !== "store" || stmt.buffer.space !== "register" || !isFloat(stmt.buffer.dtype)) return stmt;
  const { buffer, index, value } = stmt;
  if (value.kind !== "scalar" || value.name !== "add") return stmt;
  const isSum = (expr: Expr): boolean => expr.kind === "load" && expr.buffer === buffer;
  const [a, b] = value.args;
  const [sum, product] = isSum(a) ? [a, b] : [b, a];
  if (!isSum(sum) || product.kind !== "scalar" || product.name !== "mul") return stmt;
  return store(buffer, index, scalar("fma", product.args[0], product.args[1], sum));
}

const mapKernels = (steps: readonly Step[], rewrite: (kernel: Kernel) => Kernel): readonly Step[] =>
  steps.map((step) => {
    if (step.kind === "launch") return { ...step, kernel: rewrite(step.kernel) };
    return step.kind === "chunks" ? { ...step, body: mapKernels(step.body, rewrite) } : step;
  });
