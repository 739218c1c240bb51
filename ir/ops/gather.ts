/**
 * `gather`: picks slices along one axis by number. Numbers out of range are clamped, on every target alike, so that no index of a model or
 * of its data reads outside.
 */
import { type Builder, dimsAttr } from "../builder.ts";
import { flatIndex, forEachIndex, getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import type { Value } from "../graph.ts";
import { int, scalar, sub } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import type { OpDef } from "../op.ts";
import { printType, tensorType } from "../type.ts";

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
    return [dy && oneHotGradient(b, x, indices, op.attrs.axis, dy), undefined];
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

/** dx = dy contracted with the one-hot matrix of the indices: a scatter in the ops we have. */
function oneHotGradient(b: Builder, x: Value, indices: Value, axis: number, dy: Value): Value {
  const rank = indices.type.shape.length;
  const shape = [...indices.type.shape, x.type.shape[axis]];
  const classes = b.op("iota", [], { shape: dimsAttr(shape), axis: rank, dtype: "i32" });
  const last = b.sub(b.dim(x.type.shape[axis], "i32"), 1);
  const clamped = b.min(b.max(indices, 0), last);
  const hot = b.cast(
    b.op("eq", [
      b.broadcast(
        clamped,
        shape,
        indices.type.shape.map((_, i) => i),
      ),
      classes,
    ]),
    dy.type.dtype,
  );
  const picked = indices.type.shape.map((_, i) => `p${i}`);
  const axes = x.type.shape.map((_, i) => `a${i}`);
  const from = [...axes.slice(0, axis), ...picked, ...axes.slice(axis + 1)];
  return b.contract(dy, hot, `${from.join(" ")}, ${picked.join(" ")} ${axes[axis]} -> ${axes.join(" ")}`);
}
