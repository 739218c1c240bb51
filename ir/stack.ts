/**
 * How ops run for all iterations of a loop at once (`OpDef.stack`): those that compute element by element, and those that are a sum in the
 * notation of `affine-spec.ts`.
 */
import { parseSpec, printSpec } from "./affine-spec.ts";
import type { Builder } from "./builder.ts";
import type { Dim } from "./dim.ts";
import type { Op, Value } from "./graph.ts";
import type { Stacked } from "./op.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The size of the new axis. */
const extentOf = (operands: readonly Stacked[]): Dim | undefined => {
  const varying = operands.find(({ axis }) => axis !== undefined);
  return varying?.axis === undefined ? undefined : varying.value.type.shape[varying.axis];
};

/** An operand with the new axis at `axis`: moved there, or repeated along it. */
function aligned(b: Builder, { value, axis: from }: Stacked, axis: number, extent: Dim): Value {
  const { shape } = value.type;
  if (from === undefined) {
    const whole = [...shape.slice(0, axis), extent, ...shape.slice(axis)];
    return b.broadcast(value, whole, range(shape.length).map((i) => (i < axis ? i : i + 1))); // biome-ignore format: one line
  }
  const others = range(shape.length).filter((i) => i !== from);
  return b.transpose(value, [...others.slice(0, axis), from, ...others.slice(axis)]);
}

/** Of ops that compute each element from the same element of their operands. */
export function stackElementwise(
  b: Builder,
  op: Op,
  operands: readonly Stacked[],
  axis: number | undefined,
): Value | undefined {
  const extent = extentOf(operands);
  if (axis === undefined || extent === undefined) return undefined;
  const values = operands.map((operand) => aligned(b, operand, axis, extent));
  return b.op(op.name, values, op.attrs);
}

/** Of sums: iterations are one more axis, kept or summed over. */
export function stackSum(
  b: Builder,
  op: Op & { readonly attrs: { readonly spec: string } },
  operands: readonly Stacked[],
  axis: number | undefined,
): Value | undefined {
  const { operands: indices, kept } = parseSpec(op.attrs.spec);
  const taken = new Set([...kept, ...indices.flat(2).map((term) => term.axis)]);
  const name = range(taken.size + 1)
    .map((i) => `s${i}`)
    .find((candidate) => !taken.has(candidate));
  if (name === undefined) return undefined;
  const loop = [{ axis: name, factor: 1 }];
  const stacked = indices.map((list, i) => {
    const at = operands[i].axis;
    return at === undefined ? list : [...list.slice(0, at), loop, ...list.slice(at)];
  });
  const results = axis === undefined ? kept : [...kept.slice(0, axis), name, ...kept.slice(axis)];
  const attrs = { ...op.attrs, spec: printSpec(stacked, results) };
  return b.op(op.name, operands.map(({ value }) => value), attrs); // biome-ignore format: one line
}
