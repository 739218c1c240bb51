/**
 * Reverse-mode differentiation over the graph IR. It walks the ops backwards and asks each op's own rule; it never names an op. The
 * gradient is appended to the same block as more ops, so it differentiates again and goes through the same passes.
 */
import type { Builder } from "../ir/builder.ts";
import { isFloat } from "../ir/dtype.ts";
import { ModelError } from "../ir/errors.ts";
import type { Op, Value } from "../ir/graph.ts";
import type { OpTable } from "../ir/op.ts";
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
  const ops = [...b.ops];
  const active = dependents(ops, wrt);
  const sums = new Map<Value, Value>([[loss, b.full(loss.type, 1)]]);
  for (const op of ops.reverse()) {
    if (active.has(op)) backpropagate(b, table, op, active, sums, wrt);
  }
  return wrt.map((value) => sums.get(value));
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

function backpropagate(
  b: Builder,
  table: OpTable,
  op: Op,
  active: ReadonlySet<Op>,
  sums: Map<Value, Value>,
  wrt: readonly Value[],
): void {
  const dys = op.results.map((result) => sums.get(result));
  if (dys.every((dy) => dy === undefined)) return;
  const rule = table.get(op.name)?.gradient;
  if (rule === "zero") return;
  if (rule === undefined)
    throw new ModelError("this op has no gradient", { where: op.loc || undefined, got: op.name });
  b.loc = op.loc;
  const dxs = rule(b, op, dys) ?? [];
  op.operands.forEach((operand, i) => {
    const dx = dxs[i];
    const needed = wrt.includes(operand) || (operand.kind === "result" && active.has(operand.op));
    if (dx === undefined || !needed) return;
    const sum = sums.get(operand);
    sums.set(operand, sum === undefined ? dx : b.add(sum, dx));
  });
}
