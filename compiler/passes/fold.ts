/**
 * Constant folding: evaluates ops whose operands are constants, by the op's own meaning. Parameters are not constants: what depends on
 * those is moved by `split-prepare`.
 *
 * An artifact should not grow by it, so a result is kept only where it is small or no larger than what it came from; ops without operands
 * (counters) stay what they are. A result that is one number throughout becomes that number, broadcast: the form rules look for.
 */

import { Builder } from "../../ir/builder.ts";
import { isStaticShape } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import { evaluateOp } from "../../ir/evaluate.ts";
import type { Block, Op, Value } from "../../ir/graph.ts";
import { bytesOf, type NDArray, sizeOf } from "../../ir/ndarray.ts";
import type { OpTable } from "../../ir/op.ts";
import type { Pass } from "../pass.ts";
import { constantOf, splatValue } from "../rules/facts.ts";
import { mapBlocks, rebuildBlock } from "../walk-graph.ts";

/** Bytes up to which a result may be larger than its operands, and beyond which nothing is evaluated at all. */
const small = 256;
const large = 1 << 16;

function foldConstants(block: Block, ops: OpTable): Block {
  return rebuildBlock(block, (op, emit) => {
    const operands = op.operands.map(constantOf);
    if (!operands.every((array) => array !== undefined) || !isWorthwhile(op, operands, ops)) return undefined;
    const b = new Builder(ops);
    b.loc = op.loc;
    const values = evaluateOp(op, operands, ops, new Map()).map((array) => literal(b, array));
    b.ops.forEach(emit);
    return values;
  });
}

function isWorthwhile(op: Op, operands: readonly NDArray[], ops: OpTable): boolean {
  // A loop may never end.
  if (operands.length === 0 || ops.get(op.name)?.lower.kind === "region") return false;
  if (op.results.some((result) => splatValue(result) !== undefined || !isStaticShape(result.type.shape)))
    return false;
  const given = operands.reduce((sum, array) => sum + bytesOf(array).length, 0);
  const made = op.results.reduce((sum, { type }) => {
    return isStaticShape(type.shape) ? sum + sizeOf(type.shape) * byteWidth(type.dtype) : sum;
  }, 0);
  // A broadcast costs nothing where it is.
  const allowance = ops.get(op.name)?.lower.kind === "view" ? 0 : small;
  return given <= large && made <= large && made <= Math.max(allowance, given);
}

/** An array as a constant; as one number broadcast where it holds only that. */
function literal(b: Builder, array: NDArray): Value {
  const bytes = bytesOf(array);
  const width = byteWidth(array.dtype);
  const uniform = sizeOf(array.shape) > 1 && bytes.every((byte, i) => byte === bytes[i % width]);
  if (!uniform) return b.constant(array);
  return b.broadcast(b.constant({ ...array, shape: [], data: array.data.slice(0, 1) }), array.shape, []);
}

export const fold: Pass = {
  name: "fold",
  doc: "No op computes what is known while compiling, unless the result would be large.",
  run: (module, { ops }) => mapBlocks(module, (block) => foldConstants(block, ops)),
};
