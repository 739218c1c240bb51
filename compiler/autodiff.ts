/**
 * Reverse-mode differentiation over the graph IR. It walks the ops backwards and asks each op's own rule; it never names an op. The
 * gradient is appended to the same block as more ops, so it differentiates again and goes through the same passes.
 */
import type { Builder } from "../ir/builder.ts";
import { isFloat } from "../ir/dtype.ts";
import { ModelError } from "../ir/errors.ts";
import type { Op, Value } from "../ir/graph.ts";
import type { GradientTools, OpTable } from "../ir/op.ts";
import { opTable } from "../ir/ops/index.ts";
import { printType } from "../ir/type.ts";

/**
 * The gradients of the scalar `loss` with respect to each of `wrt`, appended to `b`; undefined where `loss` does not depend on it. Throws
 * ModelError when the loss is not a float scalar, or when the path to a wanted value goes through an op without gradient.
 */
export function gradients(
  b: Builder,
  loss: Value,
  wrt: readonly Value[],
  table: OpTable = opTable,
): (Value | undefined)[] {
  if (loss.type.shape.length !== 0 || !isFloat(loss.type.dtype)) {
    throw new ModelError("only a scalar loss has a gradient", {
      expected: "a float scalar",
      got: printType(loss.type),
      hint: "Reduce it first, with ops.mean or ops.sum",
    });
  }
  return backward(b, table, [loss], [b.full(loss.type, 1)], wrt);
}

/** The same for several values, each with its own gradient. */
function backward(
  b: Builder,
  table: OpTable,
  ys: readonly Value[],
  dys: readonly (Value | undefined)[],
  wrt: readonly Value[],
): (Value | undefined)[] {
  const ops = [...b.ops];
  const active = dependents(ops, wrt);
  const pass = new BackwardPass(b, table, active, wrt);
  ys.forEach((y, i) => pass.add(y, dys[i]));
  for (const op of ops.reverse()) if (active.has(op)) pass.visit(op);
  return wrt.map((value) => pass.sums.get(value));
}

/** The ops whose results depend on any of `sources`. */
function dependents(ops: readonly Op[], sources: readonly Value[]): ReadonlySet<Op> {
  const wanted = new Set<Value>(sources);
  const active = new Set<Op>();
  for (const op of ops) {
    if (!op.operands.some((operand) => wanted.has(operand))) continue;
    active.add(op);
    for (const result of op.results) wanted.add(result);
  }
  return active;
}

class BackwardPass {
  readonly sums = new Map<Value, Value>();
  private readonly b: Builder;
  private readonly table: OpTable;
  private readonly active: ReadonlySet<Op>;
  private readonly wrt: ReadonlySet<Value>;

  constructor(b: Builder, table: OpTable, active: ReadonlySet<Op>, wrt: readonly Value[]) {
    this.b = b;
    this.table = table;
    this.active = active;
    this.wrt = new Set(wrt);
  }

  add(value: Value, more: Value | undefined): void {
    if (more === undefined) return;
    const sum = this.sums.get(value);
    this.sums.set(value, sum === undefined ? more : this.b.add(sum, more));
  }

  visit(op: Op): void {
    const dys = op.results.map((result) => this.sums.get(result));
    if (dys.every((dy) => dy === undefined)) return;
    const rule = this.table.get(op.name)?.gradient;
    if (rule === "zero") return;
    if (rule === undefined)
      throw new ModelError("this op has no gradient", { where: op.loc || undefined, got: op.name });
    this.b.loc = op.loc;
    const wanted = op.operands.map(
      (operand) => this.wrt.has(operand) || (operand.kind === "result" && this.active.has(operand.op)),
    );
    const dxs = rule(this.b, op, dys, this.tools(wanted)) ?? [];
    op.operands.forEach((operand, i) => wanted[i] && this.add(operand, dxs[i]));
  }

  private tools(wanted: readonly boolean[]): GradientTools {
    return {
      wanted,
      backward: (b, ys, dys, wrt) => backward(b, this.table, ys, dys, wrt),
      isFree: ({ name, operands }) => {
        const kind = this.table.get(name)?.lower.kind;
        return kind === "view" || kind === "alias" || operands.length === 0;
      },
    };
  }
}
