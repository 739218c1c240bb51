/**
 * `contract`: a sum of products, in the notation of `ir/affine-spec.ts`. Matrix products, batched ones, convolutions with stride, dilation
 * and groups, and the gradients of all these are this one op: the gradient of a contraction is a contraction of padded views.
 */
import { type AffineIndex, bindAxes, indexExprs, printSpec, type Spec } from "../affine-spec.ts";
import type { Builder } from "../builder.ts";
import { type Dim, evaluateDim, printDim, type Shape } from "../dim.ts";
import { flatIndex, forEachIndex, getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import type { Value } from "../graph.ts";
import { add, constant, mul } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import type { LowerContext, OpDef } from "../op.ts";
import { wrap } from "../scalar.ts";
import { stackSum } from "../stack.ts";
import { printType, tensorType } from "../type.ts";
import { resolve } from "./reduce.ts";

type ContractAttrs = {
  readonly spec: string;
  /** Extents that the shapes leave open: "i=3". */
  readonly sizes?: readonly string[];
};

const resolveIn = (ctx: LowerContext<ContractAttrs>) =>
  resolve(
    ctx.attrs,
    ctx.operands.map((type) => type.shape),
  );

export const contract: OpDef<ContractAttrs> = {
  name: "contract",
  doc: "The sum over the reduced axes of the product of two operands.",
  tolerance: "rounding",
  arity: [2, 2],
  attrNames: ["sizes?", "spec"],
  infer([a, b], attrs) {
    if (a.dtype !== b.dtype)
      throw new ModelError("operand dtypes differ", { got: `${printType(a)} and ${printType(b)}` });
    return [tensorType(a.dtype, resolve(attrs, [a.shape, b.shape]).kept)];
  },
  evaluate([a, b], attrs, context) {
    const { spec, kept, reduced } = resolve(attrs, [a.shape, b.shape]);
    const out = context.allocate(0);
    const extents = (dims: readonly Dim[]): number[] => dims.map((dim) => evaluateDim(dim, context.bindings));
    const [fa, fb] = [a, b].map((array, operand) => axisStrides(spec, operand, stridesOf(array.shape)));
    const window: [number, number][] = [];
    const split = spec.kept.length;
    forEachIndex(extents(reduced), (index) => {
      window.push([flatIndex(index, fa.slice(split)), flatIndex(index, fb.slice(split))]);
    });
    forEachIndex(extents(kept), (index, to) => {
      const [i, j] = [flatIndex(index, fa), flatIndex(index, fb)];
      let sum = 0;
      for (const [x, y] of window) sum += getElement(a, i + x) * getElement(b, j + y);
      setElement(out, to, out.data instanceof Float64Array ? sum : wrap(a.dtype, sum));
    });
    return [out];
  },
  stack: stackSum,
  gradient: (b, op, [dy]) =>
    dy && [
      operandGradient(b, op.attrs, op.operands, 0, dy),
      operandGradient(b, op.attrs, op.operands, 1, dy),
    ],
  lower: {
    kind: "reduce",
    extents: (ctx) => resolveIn(ctx).reduced,
    init: (ctx) => [constant(0, ctx.results[0].dtype)],
    body(ctx, index, at, read) {
      const { spec } = resolveIn(ctx);
      const axes = bindAxes(spec, index, at);
      return [mul(read(0, indexExprs(spec.operands[0], axes)), read(1, indexExprs(spec.operands[1], axes)))];
    },
    combine: (_ctx, [sum], [product]) => [add(sum, product)],
  },
  samples: [
    { operands: [tensorType("f32", [3, 4]), tensorType("f32", [4, 5])], attrs: { spec: "n k, k o -> n o" } },
    {
      operands: [tensorType("f32", [2, 3, 4]), tensorType("f32", [2, 5, 4])],
      attrs: { spec: "b m k, b n k -> b n m" },
    },
    {
      operands: [tensorType("f32", [2, 6, 5, 3]), tensorType("f32", [3, 2, 3, 4])],
      attrs: { spec: "n h+i w+j c, i j c o -> n h w o" },
    },
    {
      operands: [tensorType("f32", [2, 8, 7, 3]), tensorType("f32", [3, 2, 3, 4])],
      attrs: { spec: "n 2*h+i 2*w+2*j c, i j c o -> n h w o" },
    },
    {
      operands: [tensorType("f32", [1, 5, 5, 3]), tensorType("f32", [3, 3, 3, 1])],
      attrs: { spec: "n h+i w+j g, i j g o -> n h w g o" },
    },
  ],
};

/** How far one step of each loop axis (kept, then reduced) moves in an operand. */
function axisStrides(spec: Spec, operand: number, strides: readonly number[]): number[] {
  return [...spec.kept, ...spec.reduced].map((axis) => {
    let step = 0;
    spec.operands[operand].forEach((index, at) => {
      for (const term of index) if (term.axis === axis) step += term.factor * strides[at];
    });
    return step;
  });
}

/** The gradient of one operand: dy contracted with the other. */
function operandGradient(
  b: Builder,
  attrs: ContractAttrs,
  operands: readonly Value[],
  which: 0 | 1,
  dy: Value,
): Value {
  const { spec, kept, reduced } = resolve(
    attrs,
    operands.map((value) => value.type.shape),
  );
  const wanted = spec.operands[which];
  const lone = wanted.every((index) => index.length === 1 && index[0].factor === 1);
  const extents = new Map([
    ...spec.kept.map((axis, i): [string, Dim] => [axis, kept[i]]),
    ...spec.reduced.map((axis, i): [string, Dim] => [axis, reduced[i]]),
  ]);
  const other = operands[1 - which];
  return lone
    ? loneGradient(b, spec, which, extents, dy, other)
    : windowGradient(b, spec, which, extents, dy, other, operands[which].type.shape);
}

const loneAxes = (axes: readonly string[]): AffineIndex[] => axes.map((axis) => [{ axis, factor: 1 }]);

/** Every axis of the wanted operand is one loop axis: keep those and reduce the rest. */
function loneGradient(
  b: Builder,
  spec: Spec,
  which: 0 | 1,
  extents: ReadonlyMap<string, Dim>,
  dy: Value,
  other: Value,
): Value {
  const axes = spec.operands[which].map(([term]) => term.axis);
  const elsewhere = new Set([...spec.kept, ...spec.operands[1 - which].flat().map((term) => term.axis)]);
  const present = axes.filter((axis) => elsewhere.has(axis));
  const text = printSpec([loneAxes(spec.kept), spec.operands[1 - which]], present);
  const sizes = present.map((axis) => `${axis}=${printDim(extents.get(axis) ?? 1)}`);
  const sum = b.contract(dy, other, text, windowSizes(spec, which, sizes));
  const shape = axes.map((axis) => extents.get(axis) ?? 1);
  return b.broadcast(
    sum,
    shape,
    present.map((axis) => axes.indexOf(axis)),
  );
}

/** Sizes are needed only where the other operand has windows, whose extents the shapes may leave open. */
const windowSizes = (spec: Spec, which: 0 | 1, sizes: readonly string[]): readonly string[] =>
  spec.operands[1 - which].some((index) => index.length > 1) ? sizes : [];

/**
 * The wanted operand has window axes x = s*h + d*i with h kept and i reduced. Then dx[x] is the sum over i of dy dilated by s at x - d*i, that
 * is, with dy padded by d*(I-1) in front and i running backwards: at x + d*i'. The other operand is read reversed along i.
 */
function windowGradient(
  b: Builder,
  spec: Spec,
  which: 0 | 1,
  extents: ReadonlyMap<string, Dim>,
  dy: Value,
  other: Value,
  shape: Shape,
): Value {
  const pads = {
    low: spec.kept.map(() => 0),
    high: spec.kept.map(() => 0),
    interior: spec.kept.map(() => 0),
  };
  const reversed: number[] = [];
  const dyIndex: AffineIndex[] = loneAxes(spec.kept);
  const result: string[] = [];
  spec.operands[which].forEach((index, axis) => {
    const outer = index.find((term) => spec.kept.includes(term.axis));
    const inner = index.find((term) => spec.reduced.includes(term.axis));
    result.push((outer ?? inner ?? index[0]).axis);
    if (index.length === 1 && index[0].factor === 1) return;
    const size = shape[axis];
    const count = outer && extents.get(outer.axis);
    const extent = inner ? extents.get(inner.axis) : 1;
    if (
      outer === undefined ||
      index.length > 2 ||
      typeof size !== "number" ||
      typeof count !== "number" ||
      typeof extent !== "number"
    ) {
      throw new ModelError("this contraction has no gradient", { got: printSpec(spec.operands, spec.kept) });
    }
    const at = spec.kept.indexOf(outer.axis);
    pads.low[at] = (extent - 1) * (inner?.factor ?? 1);
    pads.interior[at] = outer.factor - 1;
    pads.high[at] = size - ((count - 1) * outer.factor + 1);
    if (inner === undefined) return;
    dyIndex[at] = [{ axis: outer.axis, factor: 1 }, inner];
    reversed.push(
      spec.operands[1 - which].findIndex((term) => term.length === 1 && term[0].axis === inner.axis),
    );
  });
  const padded = b.op("pad", [dy], { ...pads, value: 0 });
  const flipped = b.op("reverse", [other], { axes: reversed });
  return b.contract(padded, flipped, printSpec([dyIndex, spec.operands[1 - which]], result));
}
