/**
 * `gather`: picks slices along one axis by number. Numbers out of range are clamped, on every target alike, so that no index of a model or
 * of its data reads outside.
 */
import type { Builder } from "../builder.ts";
import { productOf } from "../dim.ts";
import { flatIndex, forEachIndex, getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import type { Value } from "../graph.ts";
import { int, scalar, sub } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import type { OpDef } from "../op.ts";
import { printType, tensorType } from "../type.ts";
import { resized } from "./along-axis.ts";

export const gather: OpDef<{ readonly axis: number }> = {
  name: "gather",
  doc: "Result[.., i.., ..] = x[.., indices[i..], ..] along `axis`; indices are clamped into range.",
  tolerance: "exact",
  arity: [2, 2],
  attrNames: ["axis"],
  infer([x, indices], { axis }) {
    if (!(axis >= 0 && axis < x.shape.length)) throw new ModelError("axis out of range", { got: `${axis}` });
    if (indices.dtype !== "i32") throw new ModelError("indices must be i32", { got: printType(indices) });
    return [tensorType(x.dtype, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)])];
  },
  evaluate([x, indices], { axis }, context) {
    const out = context.allocate(0);
    const [from, of] = [stridesOf(x.shape), stridesOf(indices.shape)];
    const rank = indices.shape.length;
    forEachIndex(out.shape, (index, flat) => {
      const wanted = getElement(indices, flatIndex(index.slice(axis, axis + rank), of));
      const at = Math.min(Math.max(wanted, 0), x.shape[axis] - 1);
      const source = [...index.slice(0, axis), at, ...index.slice(axis + rank)];
      setElement(out, flat, getElement(x, flatIndex(source, from)));
    });
    return [out];
  },
  gradient: (b, op, [dy]) => {
    const [x, indices] = op.operands;
    return [dy && addBack(b, x, indices, op.attrs.axis, dy), undefined];
  },
  lower: {
    kind: "map",
    at(ctx, index, read) {
      const { axis } = ctx.attrs;
      const rank = ctx.operands[1].shape.length;
      const wanted = read(1, index.slice(axis, axis + rank));
      const last = sub(ctx.extent(ctx.operands[0].shape[axis]), int(1));
      const at = scalar("min", scalar("max", wanted, int(0)), last);
      return read(0, [...index.slice(0, axis), at, ...index.slice(axis + rank)]);
    },
  },
  samples: [
    { operands: [tensorType("f32", [5, 3]), tensorType("i32", [4])], attrs: { axis: 0 }, range: [0, 4] },
    { operands: [tensorType("f32", [2, 5]), tensorType("i32", [2, 2])], attrs: { axis: 1 }, range: [0, 4] },
  ],
};

/** Every slice of dy added to the one of x that it came from. */
function addBack(b: Builder, x: Value, indices: Value, axis: number, dy: Value): Value {
  const picked = productOf(indices.type.shape);
  const shape = resized(x.type.shape, axis, picked);
  const last = b.sub(b.dim(x.type.shape[axis], "i32"), 1);
  const clamped = b.min(b.max(b.reshape(indices, [picked]), 0), last);
  const spread = b.broadcast(clamped, shape, [axis]);
  return b.op("scatter", [b.full(x.type, 0), spread, b.reshape(dy, shape)], { axis, combine: "add" });
}
