/**
 * Stores a value that is read both padded and bare only once: padded. Who reads it bare reads the middle of the padded array, which is a
 * view. In a residual block, the input of the next convolution and the shortcut past it are then one array with a halo, written once.
 *
 * The padded array has to be made in any case, so this pays unless that one is many times larger and readers would miss the cache. Where
 * the value must exist bare anyway, as an argument or a result of the function, nothing is saved. `canonicalize` would undo it (a slice
 * of a pad is what was padded), so it stands behind the last one.
 */
import { Builder } from "../../ir/builder.ts";
import { addDims } from "../../ir/dim.ts";
import type { Block, Op, Value } from "../../ir/graph.ts";
import type { OpTable } from "../../ir/op.ts";
import type { Pass } from "../pass.ts";
import { isHalo, numbers, staticSize } from "../rules/facts.ts";
import { mapBlocks, rebuildBlock, usersOf } from "../walk-graph.ts";

/** How many times larger the padded array may be. */
const largestGrowth = 8;

/** The padding that can hold the value for everyone, if there is one. */
function sharedPadding(
  value: Value,
  users: readonly Op[],
  isReturned: boolean,
  ops: OpTable,
): Op | undefined {
  if (value.kind !== "result" || value.op.results.length > 1 || isReturned || isHalo(value.op))
    return undefined;
  const kind = ops.get(value.op.name)?.lower.kind;
  const [padding, ...more] = users.filter(isHalo);
  if ((kind !== "map" && kind !== "reduce") || padding === undefined || more.length > 0 || users.length < 2)
    return undefined;
  const growth = staticSize(padding.results[0].type.shape) / staticSize(value.type.shape);
  return growth <= largestGrowth ? padding : undefined;
}

function sharePaddings(block: Block, ops: OpTable): Block {
  const users = usersOf(block);
  const returned = new Set(block.returns);
  /** The padded array, by the view of its middle. */
  const paddedOf = new Map<Value, Value>();
  return rebuildBlock(block, (op, emit, original) => {
    const known = isHalo(op) ? paddedOf.get(op.operands[0]) : undefined;
    if (known !== undefined) return [known];
    const value: Value | undefined = original.results[0];
    const padding = sharedPadding(value, users.get(value) ?? [], returned.has(value), ops);
    if (padding === undefined) return undefined;
    emit(op);
    const b = new Builder(ops);
    b.loc = padding.loc;
    const padded = b.op(padding.name, op.results, padding.attrs);
    const low = numbers(padding, "low");
    const middle = b.slice(
      padded,
      low,
      value.type.shape.map((size, axis) => addDims(size, low[axis])),
    );
    b.ops.forEach(emit);
    paddedOf.set(middle, padded);
    return [middle];
  });
}

export const sharePadding: Pass = {
  name: "share-padding",
  doc: "No value is stored both bare and with a thin padding.",
  run: (module, { ops }) => mapBlocks(module, (block) => sharePaddings(block, ops)),
};
