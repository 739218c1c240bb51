/**
 * `pad`: a constant around and between the elements. Convolutions and pooling take padded operands, so that they need no border tests.
 */
import { dimsAttr } from "../builder.ts";
import { addDims, type Dim, mulDims } from "../dim.ts";
import { flatIndex, forEachIndex, getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import { constant, type Expr, int, scalar, sub } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import type { OpDef } from "../op.ts";
import { tensorType } from "../type.ts";

interface PadAttrs {
  readonly [name: string]: readonly number[] | number;
  /** Elements before the first, after the last, and between two, per axis. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
  readonly value: number;
}

function paddedSize(size: Dim, low: number, high: number, interior: number): Dim {
  if (low === 0 && high === 0 && interior === 0) return size;
  if (typeof size !== "number") return addDims(mulDims(size, interior + 1), low + high - interior);
  return low + high + size + Math.max(0, size - 1) * interior;
}

/** min(max(i, 0), size - 1): a safe index for the side of a select that is not taken. */
const clamp = (i: Expr, last: Expr): Expr => scalar("min", scalar("max", i, int(0)), last);

export const pad: OpDef<PadAttrs> = {
  name: "pad",
  doc: "The operand with `value` before (low), after (high) and between (interior) its elements.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["high", "interior", "low", "value"],
  infer([x], { low, high, interior }) {
    const rank = x.shape.length;
    const all = [...low, ...high, ...interior];
    if (
      low.length !== rank ||
      high.length !== rank ||
      interior.length !== rank ||
      all.some((n) => !(n >= 0))
    ) {
      throw new ModelError("pad needs low, high and interior >= 0 per axis", {
        expected: `${rank} each`,
        got: `[${all}]`,
      });
    }
    return [
      tensorType(
        x.dtype,
        x.shape.map((size, axis) => paddedSize(size, low[axis], high[axis], interior[axis])),
      ),
    ];
  },
  evaluate([x], { low, interior, value }, context) {
    const out = context.allocate(0);
    for (let i = 0; i < out.data.length; i++) setElement(out, i, value);
    const strides = stridesOf(out.shape);
    forEachIndex(x.shape, (index, flat) => {
      const target = index.map((i, axis) => low[axis] + i * (interior[axis] + 1));
      setElement(out, flatIndex(target, strides), getElement(x, flat));
    });
    return [out];
  },
  gradient: (b, op, [dy]) => {
    if (dy === undefined) return [];
    const { low, high, interior } = op.attrs;
    const limits = dimsAttr(dy.type.shape.map((size, axis) => addDims(size, -high[axis])));
    return [b.op("slice", [dy], { starts: low, limits, strides: interior.map((between) => between + 1) })];
  },
  lower: {
    kind: "map",
    frame: ({ attrs: { low, interior, value }, operands: [x] }) =>
      interior.every((between) => between === 0)
        ? { offset: low, fill: constant(value, x.dtype) }
        : undefined,
    at(ctx, index, read) {
      const { low, high, interior, value } = ctx.attrs;
      const conditions: Expr[] = [];
      const source = index.map((i, axis) => {
        if (low[axis] === 0 && high[axis] === 0 && interior[axis] === 0) return i;
        const shifted = low[axis] === 0 ? i : sub(i, int(low[axis]));
        const step = interior[axis] + 1;
        const last = sub(ctx.extent(ctx.operands[0].shape[axis]), int(1));
        if (low[axis] > 0) conditions.push(scalar("le", int(0), shifted));
        if (step > 1) conditions.push(scalar("eq", scalar("mod", shifted, int(step)), int(0)));
        const position = step > 1 ? scalar("floordiv", shifted, int(step)) : shifted;
        if (high[axis] > 0 || step > 1) conditions.push(scalar("le", position, last));
        return clamp(position, last);
      });
      const inside = read(0, source);
      if (conditions.length === 0) return inside;
      return scalar(
        "select",
        conditions.reduce((a, c) => scalar("and", a, c)),
        inside,
        constant(value, inside.dtype),
      );
    },
  },
  samples: [
    { operands: [tensorType("f32", [3])], attrs: { low: [1], high: [2], interior: [0], value: 0 } },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { low: [0, 1], high: [1, 0], interior: [1, 2], value: -1 },
    },
    {
      operands: [tensorType("f32", [2, 4, 4, 3])],
      attrs: { low: [0, 1, 1, 0], high: [0, 1, 1, 0], interior: [0, 0, 0, 0], value: 0 },
    },
  ],
};
