/**
 * Ops that move elements without changing them: reshape (an alias in memory), and the views broadcast, transpose, slice, reverse.
 */
import { type Dim, equalDims, equalShapes, parseDim, printDim, productOf } from "../dim.ts";
import { copyStrided, flatIndex } from "../elements.ts";
import { ModelError } from "../errors.ts";
import { add, int, mul, sub } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import type { OpDef } from "../op.ts";
import { tensorType } from "../type.ts";

/** A list of dimensions as an attribute: numbers, or text when symbolic. */
export type DimsAttr = readonly (number | string)[];

export const dimsOf = (attr: DimsAttr): Dim[] =>
  attr.map((dim) => (typeof dim === "number" ? dim : parseDim(dim)));
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export const reshape: OpDef<{ readonly shape: DimsAttr }> = {
  name: "reshape",
  doc: "The same elements in row-major order, with another shape.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["shape"],
  infer([x], { shape: attr }) {
    const shape = dimsOf(attr);
    if (!equalDims(productOf(x.shape), productOf(shape))) {
      throw new ModelError("reshape must keep the number of elements", {
        expected: printDim(productOf(x.shape)),
        got: `${printDim(productOf(shape))} in [${shape.map(printDim)}]`,
      });
    }
    return [tensorType(x.dtype, shape)];
  },
  evaluate([x], _attrs, { types }) {
    return [{ dtype: x.dtype, shape: types[0].shape, data: x.data.slice() }];
  },
  gradient: (b, op, [dy]) => [dy && b.reshape(dy, op.operands[0].type.shape)],
  lower: { kind: "alias" },
  samples: [
    { operands: [tensorType("f32", [2, 6])], attrs: { shape: [3, 4] } },
    { operands: [tensorType("f32", [1])], attrs: { shape: [] } },
  ],
};

export const broadcast: OpDef<{ readonly shape: DimsAttr; readonly axes: readonly number[] }> = {
  name: "broadcast",
  doc: "Axis i of the operand becomes axis axes[i] of the result; the other axes repeat it.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["axes", "shape"],
  infer([x], { shape: attr, axes }) {
    const shape = dimsOf(attr);
    const fits =
      axes.length === x.shape.length &&
      axes.every((axis, i) => axis < shape.length && equalDims(shape[axis], x.shape[i]));
    if (!fits || new Set(axes).size !== axes.length) {
      throw new ModelError("broadcast axes do not fit", {
        expected: "an axis of the same size for each operand axis",
        got: `axes [${axes}] of [${shape.map(printDim)}]`,
      });
    }
    return [tensorType(x.dtype, shape)];
  },
  evaluate([x], { axes }, context) {
    const out = context.allocate(0);
    const steps = stridesOf(x.shape);
    const strides = out.shape.map((_, axis) => steps[axes.indexOf(axis)] ?? 0);
    copyStrided(out, x, strides);
    return [out];
  },
  gradient: (b, op, [dy]) => {
    if (dy === undefined) return [];
    const { axes } = op.attrs;
    const summed = b.sum(
      dy,
      range(dy.type.shape.length).filter((axis) => !axes.includes(axis)),
    );
    const sorted = [...axes].sort((x, y) => x - y);
    return [
      b.transpose(
        summed,
        axes.map((axis) => sorted.indexOf(axis)),
      ),
    ];
  },
  lower: { kind: "view", source: ({ attrs }, index) => attrs.axes.map((axis) => index[axis]) },
  samples: [
    { operands: [tensorType("f32", [3])], attrs: { shape: [2, 3], axes: [1] } },
    { operands: [tensorType("f32", [2, 3])], attrs: { shape: [3, 4, 2], axes: [2, 0] } },
    { operands: [tensorType("f32", [])], attrs: { shape: [4], axes: [] } },
  ],
};

export const transpose: OpDef<{ readonly permutation: readonly number[] }> = {
  name: "transpose",
  doc: "Axis i of the result is axis permutation[i] of the operand.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["permutation"],
  infer([x], { permutation }) {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (!equalShapes(sorted, range(x.shape.length))) {
      throw new ModelError("not a permutation of the axes", {
        expected: `0 to ${x.shape.length - 1}`,
        got: `[${permutation}]`,
      });
    }
    return [
      tensorType(
        x.dtype,
        permutation.map((axis) => x.shape[axis]),
      ),
    ];
  },
  evaluate([x], { permutation }, context) {
    const out = context.allocate(0);
    const steps = stridesOf(x.shape);
    copyStrided(
      out,
      x,
      permutation.map((axis) => steps[axis]),
    );
    return [out];
  },
  gradient: (b, op, [dy]) => {
    const { permutation } = op.attrs;
    return [
      dy &&
        b.transpose(
          dy,
          range(permutation.length).map((axis) => permutation.indexOf(axis)),
        ),
    ];
  },
  lower: {
    kind: "view",
    source: ({ attrs }, index) => range(index.length).map((axis) => index[attrs.permutation.indexOf(axis)]),
  },
  samples: [
    { operands: [tensorType("f32", [2, 3])], attrs: { permutation: [1, 0] } },
    { operands: [tensorType("f32", [2, 3, 4])], attrs: { permutation: [2, 0, 1] } },
  ],
};

export const copy: OpDef = {
  name: "copy",
  doc: "The operand, in memory of its own.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: [],
  infer: ([x]) => [x],
  evaluate: ([x]) => [{ ...x, data: x.data.slice() }],
  gradient: (_b, _op, [dy]) => [dy],
  lower: { kind: "map", at: (_ctx, index, read) => read(0, index) },
  samples: [{ operands: [tensorType("f32", [2, 3])], attrs: {} }],
};

export const stopGradient: OpDef = {
  name: "stop_gradient",
  doc: "The operand; no gradient passes.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: [],
  infer: ([x]) => [x],
  evaluate: ([x]) => [x],
  gradient: "zero",
  lower: { kind: "view", source: (_ctx, index) => index },
  samples: [{ operands: [tensorType("f32", [3])], attrs: {} }],
};

interface SliceAttrs {
  readonly [name: string]: readonly number[] | DimsAttr;
  readonly starts: readonly number[];
  readonly limits: DimsAttr;
  readonly strides: readonly number[];
}

/** The length of start, start + stride ... below limit. */
function sliceLength(size: Dim, start: number, limit: Dim, stride: number): Dim {
  const bad = (): never => {
    throw new ModelError("slice out of range", {
      expected: `0 <= start <= limit <= ${printDim(size)}, stride >= 1`,
      got: `${start}:${printDim(limit)}:${stride}`,
    });
  };
  if (start < 0 || stride < 1) return bad();
  if (typeof limit !== "number" || typeof size !== "number") {
    return equalDims(limit, size) && start === 0 && stride === 1 ? size : bad();
  }
  if (limit > size || start > limit) return bad();
  return Math.ceil((limit - start) / stride);
}

export const slice: OpDef<SliceAttrs> = {
  name: "slice",
  doc: "Elements starts, starts + strides ... below limits along each axis.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["limits", "starts", "strides"],
  infer([x], { starts, limits, strides }) {
    const rank = x.shape.length;
    if (starts.length !== rank || limits.length !== rank || strides.length !== rank) {
      throw new ModelError("slice needs a start, limit and stride per axis", {
        expected: `${rank}`,
        got: `${starts.length}`,
      });
    }
    const dims = dimsOf(limits);
    return [
      tensorType(
        x.dtype,
        x.shape.map((size, axis) => sliceLength(size, starts[axis], dims[axis], strides[axis])),
      ),
    ];
  },
  evaluate([x], { starts, strides }, context) {
    const out = context.allocate(0);
    const steps = stridesOf(x.shape);
    copyStrided(
      out,
      x,
      steps.map((step, axis) => step * strides[axis]),
      flatIndex(starts, steps),
    );
    return [out];
  },
  gradient: (b, op, [dy]) => {
    if (dy === undefined) return [];
    const { starts, strides } = op.attrs;
    const from = op.operands[0].type.shape;
    const high = from.map((size, axis) => trailing(size, dy.type.shape[axis], starts[axis], strides[axis]));
    return [b.op("pad", [dy], { low: starts, high, interior: strides.map((s) => s - 1), value: 0 })];
  },
  lower: {
    kind: "view",
    source: ({ attrs }, index) =>
      index.map((i, axis) => add(mul(i, int(attrs.strides[axis])), int(attrs.starts[axis]))),
  },
  samples: [
    { operands: [tensorType("f32", [5])], attrs: { starts: [1], limits: [4], strides: [1] } },
    { operands: [tensorType("f32", [4, 7])], attrs: { starts: [0, 1], limits: [4, 7], strides: [2, 3] } },
  ],
};

/** How many elements of an axis lie behind the last one that a slice takes. */
function trailing(size: Dim, taken: Dim, start: number, stride: number): number {
  if (typeof size !== "number" || typeof taken !== "number") return 0;
  return taken === 0 ? size - start : size - start - (taken - 1) * stride - 1;
}

export const reverse: OpDef<{ readonly axes: readonly number[] }> = {
  name: "reverse",
  doc: "The operand backwards along the given axes.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["axes"],
  infer([x], { axes }) {
    const bad = axes.find((axis) => axis < 0 || axis >= x.shape.length);
    if (bad !== undefined) throw new ModelError("axis out of range", { got: `${bad}` });
    return [x];
  },
  evaluate([x], { axes }, context) {
    const out = context.allocate(0);
    const steps = stridesOf(x.shape);
    copyStrided(
      out,
      x,
      steps.map((step, axis) => (axes.includes(axis) ? -step : step)),
      axes.reduce((sum, axis) => sum + (x.shape[axis] - 1) * steps[axis], 0),
    );
    return [out];
  },
  gradient: (b, op, [dy]) => [dy && b.op("reverse", [dy], op.attrs)],
  lower: {
    kind: "view",
    source: (ctx, index) =>
      index.map((i, axis) =>
        ctx.attrs.axes.includes(axis) ? sub(sub(ctx.extent(ctx.operands[0].shape[axis]), int(1)), i) : i,
      ),
  },
  samples: [
    { operands: [tensorType("f32", [5])], attrs: { axes: [0] } },
    { operands: [tensorType("f32", [2, 3, 4])], attrs: { axes: [0, 2] } },
  ],
};
