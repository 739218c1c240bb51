/**
 * `pack` and `unpack`: an axis cut into panels of a few neighbours each, the panels outside, the neighbours inside. A register tile walks
 * one panel of a matrix from end to end, instead of a few columns of every row. Which operands deserve it is `pack-operands`'s business;
 * what the array means does not change: readers read it through `unpack`, which is a view.
 */
import type { Dim, Shape } from "../dim.ts";
import { ModelError } from "../errors.ts";
import { add, constant, int, mul, scalar } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import type { OpDef } from "../op.ts";
import { printType, type TensorType, tensorType } from "../type.ts";
import { type DimsAttr, dimsOf } from "./movement.ts";

type PackAttrs = {
  /** The axis that is cut. */
  readonly axis: number;
  /** The axis of the result that counts the panels. */
  readonly at: number;
  /** Elements of a panel along the axis; the last panel is filled up with zeros. */
  readonly width: number;
};
type UnpackAttrs = Pick<PackAttrs, "axis" | "at"> & {
  /** The shape before it was packed. */
  readonly shape: DimsAttr;
};

/** `list` without its element at `axis`, and with `item` at `at` of what is left. */
function moved<T>(list: readonly T[], axis: number, at: number, item: T): T[] {
  const rest = list.filter((_, i) => i !== axis);
  return [...rest.slice(0, at), item, ...rest.slice(at)];
}

function packedShape(x: TensorType, { axis, at, width }: PackAttrs): Shape {
  const size: Dim | undefined = x.shape[axis];
  if (typeof size !== "number" || at < 0 || at >= x.shape.length || width < 1) {
    throw new ModelError("cannot be packed", {
      expected: "an axis of constant size, a place among the other axes, a width of 1 or more",
      got: `axis ${axis}, at ${at}, width ${width} of ${printType(x)}`,
    });
  }
  return [...moved<Dim>(x.shape, axis, at, Math.ceil(size / width)), width];
}

export const pack: OpDef<PackAttrs> = {
  name: "pack",
  doc: "The operand with `axis` cut into panels of `width`, counted by the axis `at` and stored along the last.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["at", "axis", "width"],
  infer: ([x], attrs) => [tensorType(x.dtype, packedShape(x, attrs))],
  evaluate([x], { axis, at, width }, context) {
    const out = context.allocate(0);
    const strides = stridesOf(out.shape);
    const [panel, lane] = [strides[at], strides[strides.length - 1]];
    const others = [...strides.slice(0, at), ...strides.slice(at + 1, -1)];
    const size = x.shape[axis];
    const inner = stridesOf(x.shape)[axis];
    // Rows along the axis, each copied in one go: this runs over all weights of a model.
    const outer = x.shape.flatMap((extent, i) =>
      i === axis ? [] : [{ extent, from: stridesOf(x.shape)[i] }],
    );
    const visit = (depth: number, from: number, to: number): void => {
      if (depth < outer.length) {
        for (let i = 0; i < outer[depth].extent; i++)
          visit(depth + 1, from + i * outer[depth].from, to + i * others[depth]);
        return;
      }
      for (let start = 0, base = to; start < size; start += width, base += panel) {
        const end = Math.min(width, size - start);
        for (let i = 0; i < end; i++) out.data[base + i * lane] = x.data[from + (start + i) * inner];
      }
    };
    visit(0, 0, 0);
    return [out];
  },
  gradient: (b, op, [dy]) => [dy && b.unpack(dy, op.attrs.axis, op.attrs.at, op.operands[0].type.shape)],
  lower: {
    kind: "map",
    at({ attrs: { axis, at, width }, operands: [x] }, index, read) {
      const position = add(mul(index[at], int(width)), index[index.length - 1]);
      const rest = [...index.slice(0, at), ...index.slice(at + 1, -1)];
      const size = Number(x.shape[axis]);
      const source = (i: typeof position) => read(0, [...rest.slice(0, axis), i, ...rest.slice(axis)]);
      if (size % width === 0) return source(position);
      const inside = source(scalar("min", position, int(size - 1)));
      return scalar("select", scalar("lt", position, int(size)), inside, constant(0, x.dtype));
    },
  },
  samples: [
    { operands: [tensorType("f32", [3, 16])], attrs: { axis: 1, at: 0, width: 8 } },
    { operands: [tensorType("f32", [2, 5, 3])], attrs: { axis: 1, at: 1, width: 4 } },
    { operands: [tensorType("f32", [10, 3])], attrs: { axis: 0, at: 0, width: 4 } },
  ],
};

export const unpack: OpDef<UnpackAttrs> = {
  name: "unpack",
  doc: "The array that `pack` with the same `axis` and `at` made its operand from.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["at", "axis", "shape"],
  infer([x], { axis, at, shape }) {
    const type = tensorType(x.dtype, dimsOf(shape));
    const width = x.shape[x.shape.length - 1];
    const packed = packedShape(type, { axis, at, width: typeof width === "number" ? width : 0 });
    if (printType(tensorType(x.dtype, packed)) !== printType(x))
      throw new ModelError("is not packed like that", {
        expected: printType(tensorType(x.dtype, packed)),
        got: printType(x),
      });
    return [type];
  },
  evaluate([x], { axis, at }, context) {
    const out = context.allocate(0);
    const strides = stridesOf(x.shape);
    const width = x.shape[x.shape.length - 1];
    const others = [...strides.slice(0, at), ...strides.slice(at + 1, -1)];
    let flat = 0;
    const visit = (depth: number, from: number): void => {
      if (depth === out.shape.length) {
        out.data[flat++] = x.data[from];
        return;
      }
      for (let i = 0; i < out.shape[depth]; i++) {
        const step =
          depth === axis
            ? Math.floor(i / width) * strides[at] + (i % width)
            : i * others[depth > axis ? depth - 1 : depth];
        visit(depth + 1, from + step);
      }
    };
    visit(0, 0);
    return [out];
  },
  gradient: (b, op, [dy]) => {
    const { shape } = op.operands[0].type;
    return [dy && b.pack(dy, op.attrs.axis, op.attrs.at, Number(shape[shape.length - 1]))];
  },
  lower: {
    kind: "view",
    source({ attrs: { axis, at }, operands: [x] }, index) {
      const width = int(Number(x.shape[x.shape.length - 1]));
      const panels = moved(index, axis, at, scalar("floordiv", index[axis], width));
      return [...panels, scalar("mod", index[axis], width)];
    },
  },
  samples: [
    { operands: [tensorType("f32", [2, 3, 8])], attrs: { axis: 1, at: 0, shape: [3, 16] } },
    { operands: [tensorType("f32", [2, 2, 3, 4])], attrs: { axis: 1, at: 1, shape: [2, 5, 3] } },
  ],
};
