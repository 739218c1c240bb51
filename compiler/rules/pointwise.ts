/**
 * Rules on ops that work element by element, whatever they are called: whether an op does is read off its lowering (`isPointwise`), so a new
 * activation moves through broadcasts and transposes like an addition does.
 *
 * Broadcasts move outwards, because work before a broadcast is done once instead of once per repetition. Transposes and reshapes sink, so
 * that transposes reach a contraction, and elementwise work stays next to the kernel it is fused into.
 */

import type { Builder } from "../../ir/builder.ts";
import { equalShapes, type Shape } from "../../ir/dim.ts";
import type { Value } from "../../ir/graph.ts";
import { type Rule, ruleOn, type Site } from "../rewrite.ts";
import { broadcastAxes, inverse, isPointwise, madeBy, numbers, splatAs, splatValue } from "./facts.ts";

/** The axes of a value along which it varies: all of them, or those that its broadcast has from its operand. */
function variesAlong(value: Value): readonly number[] {
  const op = madeBy(value, "broadcast");
  return op === undefined ? value.type.shape.map((_, axis) => axis) : numbers(op, "axes");
}

/** The value along `axes` only; it does not vary along the others. */
function along(b: Builder, value: Value, axes: readonly number[], shape: Shape): Value {
  const op = madeBy(value, "broadcast");
  if (op === undefined) return value;
  return broadcastAxes(
    b,
    op.operands[0],
    shape,
    numbers(op, "axes").map((axis) => axes.indexOf(axis)),
  );
}

function beforeBroadcast({ op, b, ops }: Site): Value | undefined {
  const { shape } = op.results[0].type;
  if (op.operands.length === 0 || op.operands.some((operand) => madeBy(operand, "broadcast") === undefined))
    return undefined;
  const axes = [...new Set(op.operands.flatMap(variesAlong))].sort((x, y) => x - y);
  const inner = axes.map((axis) => shape[axis]);
  const shrinks = axes.length < shape.length && shape.some((dim, axis) => dim !== 1 && !axes.includes(axis));
  if (!shrinks || !isPointwise(op, ops)) return undefined;
  const operands = op.operands.map((operand) => along(b, operand, axes, inner));
  return broadcastAxes(b, b.op(op.name, operands, op.attrs), shape, axes);
}

/** Operands that are transposed alike, or are broadcasts, which take any order of axes. */
function beforeTranspose({ op, b, ops }: Site): Value | undefined {
  const first = op.operands
    .map((operand) => madeBy(operand, "transpose"))
    .find((inner) => inner !== undefined);
  if (first === undefined) return undefined;
  const permutation = numbers(first, "permutation");
  const alike = op.operands.every((operand) => {
    const inner = madeBy(operand, "transpose");
    return inner === undefined
      ? madeBy(operand, "broadcast") !== undefined
      : String(numbers(inner, "permutation")) === String(permutation);
  });
  if (!alike || !isPointwise(op, ops)) return undefined;
  const operands = op.operands.map(
    (operand) => madeBy(operand, "transpose")?.operands[0] ?? b.transpose(operand, inverse(permutation)),
  );
  return b.transpose(b.op(op.name, operands, op.attrs), permutation);
}

/** Operands that are reshaped alike, or hold one number throughout. */
function beforeReshape({ op, b, ops }: Site): Value | undefined {
  const first = op.operands.map((operand) => madeBy(operand, "reshape")).find((inner) => inner !== undefined);
  if (first === undefined) return undefined;
  const { shape } = first.operands[0].type;
  const alike = op.operands.every((operand) => {
    const inner = madeBy(operand, "reshape");
    return inner === undefined
      ? splatValue(operand) !== undefined
      : equalShapes(inner.operands[0].type.shape, shape);
  });
  if (!alike || !isPointwise(op, ops)) return undefined;
  const operands = op.operands.map(
    (operand) => madeBy(operand, "reshape")?.operands[0] ?? splatAs(b, operand, shape),
  );
  return b.reshape(b.op(op.name, operands, op.attrs), op.results[0].type.shape);
}

export const broadcastAfter: Rule = ruleOn(
  "broadcast-after",
  "any",
  beforeBroadcast,
  "f(broadcast(x), broadcast(y)) = broadcast(f(x, y)), where that is smaller",
);

/** Together with `movement`, on whose compositions they rely. */
export const pointwise: readonly Rule[] = [
  broadcastAfter,
  ruleOn("transpose-after", "any", beforeTranspose, "f(transpose(x), transpose(y)) = transpose(f(x, y))"),
  ruleOn("reshape-after", "any", beforeReshape, "f(reshape(x), c) = reshape(f(x, c))"),
];
