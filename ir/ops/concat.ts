/**
 * `concat`: operands one after the other along an axis.
 */
import { addDims, equalDims } from "../dim.ts";
import { flatIndex, forEachIndex } from "../elements.ts";
import { ModelError } from "../errors.ts";
import { add, type Expr, int, scalar, sub } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import type { OpDef } from "../op.ts";
import { printType, tensorType } from "../type.ts";

export const concat: OpDef<{ readonly axis: number }> = {
  name: "concat",
  doc: "The operands one after the other along `axis`; the other axes are equal.",
  tolerance: "exact",
  arity: [1, Number.POSITIVE_INFINITY],
  attrNames: ["axis"],
  infer(types, { axis }) {
    const [first] = types;
    if (!(axis >= 0 && axis < first.shape.length))
      throw new ModelError("axis out of range", { got: `${axis}` });
    for (const type of types) {
      const fits =
        type.dtype === first.dtype &&
        type.shape.length === first.shape.length &&
        type.shape.every((dim, i) => i === axis || equalDims(dim, first.shape[i]));
      if (!fits)
        throw new ModelError("concat operands differ", { expected: printType(first), got: printType(type) });
    }
    const size = types.map((type) => type.shape[axis]).reduce(addDims);
    return [
      tensorType(
        first.dtype,
        first.shape.map((dim, i) => (i === axis ? size : dim)),
      ),
    ];
  },
  evaluate(arrays, { axis }, context) {
    const out = context.allocate(0);
    const strides = stridesOf(out.shape);
    let start = 0;
    for (const array of arrays) {
      const begin = start;
      forEachIndex(array.shape, (index, flat) => {
        out.data[flatIndex(index, strides) + begin * strides[axis]] = array.data[flat];
      });
      start += array.shape[axis];
    }
    return [out];
  },
  gradient: (b, op, [dy]) => {
    if (dy === undefined) return [];
    let start = 0;
    return op.operands.map(({ type }) => {
      const starts = type.shape.map((_, axis) => (axis === op.attrs.axis ? start : 0));
      const size = type.shape[op.attrs.axis];
      if (typeof size !== "number")
        throw new ModelError("the gradient of concat needs constant sizes", { where: op.loc });
      start += size;
      const limits = dy.type.shape.map((dim, axis) => (axis === op.attrs.axis ? start : dim));
      return b.slice(dy, starts, limits);
    });
  },
  lower: {
    kind: "join",
    axis: (attrs) => attrs.axis,
    at(ctx, index, read) {
      const { axis } = ctx.attrs;
      const starts: Expr[] = [int(0)];
      for (const type of ctx.operands)
        starts.push(add(starts[starts.length - 1], ctx.extent(type.shape[axis])));
      const part = (operand: number): Expr => {
        const last = sub(ctx.extent(ctx.operands[operand].shape[axis]), int(1));
        const local = scalar("min", scalar("max", sub(index[axis], starts[operand]), int(0)), last);
        return read(
          operand,
          index.map((i, at) => (at === axis ? local : i)),
        );
      };
      let value = part(ctx.operands.length - 1);
      for (let operand = ctx.operands.length - 2; operand >= 0; operand--) {
        value = scalar("select", scalar("lt", index[axis], starts[operand + 1]), part(operand), value);
      }
      return value;
    },
  },
  samples: [
    { operands: [tensorType("f32", [2, 3]), tensorType("f32", [2, 2])], attrs: { axis: 1 } },
    {
      operands: [tensorType("i32", [3]), tensorType("i32", [1]), tensorType("i32", [2])],
      attrs: { axis: 0 },
    },
  ],
};
