/**
 * Images of one channel without an axis for it: dialects whose convolutions want one get an axis of size 1.
 */
import { type AffineIndex, printSpec, type Spec } from "../../ir/affine-spec.ts";
import type { Builder } from "../../ir/builder.ts";
import type { Shape } from "../../ir/dim.ts";
import type { Op, Value } from "../../ir/graph.ts";

/** Whether no axis is summed over but those of windows. */
export function lacksFeatures({ operands: [image, kernel], reduced }: Spec): boolean {
  const lone = (indices: readonly AffineIndex[]): string[] =>
    indices.flatMap((index) => (index.length === 1 && index[0].factor === 1 ? [index[0].axis] : []));
  const shared = new Set(lone(image).filter((axis) => lone(kernel).includes(axis)));
  const hasWindows = image.some((index) => index.length > 1);
  return hasWindows && !reduced.some((axis) => shared.has(axis)) && shared.size === 0;
}

/** The same contraction with a channel axis: last in the image, before the last in the kernel. */
export function withFeatures(b: Builder, op: Op, { operands: [image, kernel], kept }: Spec): Value {
  const [x, w] = op.operands;
  const axis: AffineIndex = [{ axis: "one", factor: 1 }];
  const before = <T>(list: readonly T[], item: T): T[] => [...list.slice(0, -1), item, ...list.slice(-1)];
  const shape = (dims: Shape): Shape => before(dims, 1);
  const spec = printSpec([[...image, axis], before(kernel, axis)], kept);
  const sizes = op.attrs.sizes as readonly string[] | undefined;
  return b.contract(b.reshape(x, [...x.type.shape, 1]), b.reshape(w, shape(w.type.shape)), spec, sizes ?? []);
}
