/**
 * Reductions over windows or whole axes, in the notation of `ir/affine-spec.ts`: plain reductions ("n c -> n") and pooling
 * ("n 2*h+i 2*w+j c -> n h w c") are one op. Windows never leave the operand: padding is an op of its own.
 */
import {
  type AffineIndex,
  axisExtents,
  bindAxes,
  indexExprs,
  parseSpec,
  printSpec,
  type Spec,
} from "../affine-spec.ts";
import { type Builder, dimsAttr } from "../builder.ts";
import { type Dim, equalDims, evaluateDim, type Shape } from "../dim.ts";
import { type DType, isFloat } from "../dtype.ts";
import { flatIndex, forEachIndex, getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import type { Value } from "../graph.ts";
import { add, constant, type Expr, int, mul, scalar } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import type { LowerContext, OpDef, Sample } from "../op.ts";
import { wrap } from "../scalar.ts";
import { stackSum } from "../stack.ts";
import { tensorType } from "../type.ts";
import { type DimsAttr, dimsOf } from "./movement.ts";

type ReduceAttrs = {
  readonly spec: string;
  /** Extents of window axes that the shapes leave open: "i=2". */
  readonly sizes?: readonly string[];
};

interface Resolved {
  readonly spec: Spec;
  readonly kept: readonly Dim[];
  readonly reduced: readonly Dim[];
}

/** Spec and extents, from attributes and operand shapes. */
export function resolve({ spec: text, sizes = [] }: ReduceAttrs, shapes: readonly Shape[]): Resolved {
  const spec = parseSpec(text);
  if (spec.operands.length !== shapes.length) {
    throw new ModelError("spec has another number of operands", { expected: `${shapes.length}`, got: text });
  }
  const extents = axisExtents(spec, shapes, sizes);
  const of = (axis: string): Dim => {
    const extent = extents.get(axis);
    if (extent === undefined) throw new ModelError(`the size of axis "${axis}" is open`, { where: text });
    return extent;
  };
  return { spec, kept: spec.kept.map(of), reduced: spec.reduced.map(of) };
}

const samples: readonly Sample<ReduceAttrs>[] = [
  { operands: [tensorType("f32", [2, 5])], attrs: { spec: "a b -> a" } },
  { operands: [tensorType("f32", [3, 4, 5])], attrs: { spec: "a b c -> c" } },
  {
    operands: [tensorType("f32", [2, 4, 5, 3])],
    attrs: { spec: "n 2*h+i 2*w+j c -> n h w c", sizes: ["i=2", "j=2"] },
  },
  { operands: [tensorType("f32", [6])], attrs: { spec: "2*h+i -> h", sizes: ["i=3"] } },
];

/** Visits each result element and each element of its window: `visit(result, position in the window, operand)`, flat positions. */
function forEachWindow(
  attrs: ReduceAttrs,
  shape: readonly number[],
  bindings: ReadonlyMap<string, number>,
  visit: (out: number, at: number, from: number) => void,
): void {
  const { spec, kept, reduced } = resolve(attrs, [shape]);
  const strides = stridesOf(shape);
  const axes = [...spec.kept, ...spec.reduced];
  const factors = axes.map((name) =>
    spec.operands[0].reduce((sum, index, axis) => {
      const factor = index.reduce((f, term) => (term.axis === name ? f + term.factor : f), 0);
      return sum + factor * strides[axis];
    }, 0),
  );
  const outer = factors.slice(0, spec.kept.length);
  const inner = factors.slice(spec.kept.length);
  const window: number[] = [];
  forEachIndex(
    reduced.map((dim) => evaluateDim(dim, bindings)),
    (index) => window.push(flatIndex(index, inner)),
  );
  forEachIndex(
    kept.map((dim) => evaluateDim(dim, bindings)),
    (index, out) => {
      const base = flatIndex(index, outer);
      for (let at = 0; at < window.length; at++) visit(out, at, base + window[at]);
    },
  );
}

const inferReduce = (attrs: ReduceAttrs, dtype: DType, shape: Shape) =>
  tensorType(dtype, resolve(attrs, [shape]).kept);

const operandIndex = (
  ctx: LowerContext<ReduceAttrs>,
  index: readonly Expr[],
  at: readonly Expr[],
): Expr[] => {
  const { spec } = resolve(ctx.attrs, [ctx.operands[0].shape]);
  return indexExprs(spec.operands[0], bindAxes(spec, index, at));
};

export const reduceSum: OpDef<ReduceAttrs> = {
  name: "reduce_sum",
  doc: "The sum over each window.",
  tolerance: "rounding",
  arity: [1, 1],
  attrNames: ["sizes?", "spec"],
  infer: ([x], attrs) => [inferReduce(attrs, x.dtype, x.shape)],
  evaluate([x], attrs, context) {
    const out = context.allocate(0);
    const sums = new Float64Array(out.data.length);
    forEachWindow(attrs, x.shape, context.bindings, (to, _at, from) => {
      sums[to] += getElement(x, from);
    });
    sums.forEach((sum, i) => {
      setElement(out, i, out.data instanceof Float64Array ? sum : wrap(x.dtype, sum));
    });
    return [out];
  },
  stack: stackSum,
  gradient: (b, op, [dy]) => [dy && spread(b, op.attrs, op.operands[0], dy)],
  lower: {
    kind: "reduce",
    extents: (ctx) => resolve(ctx.attrs, [ctx.operands[0].shape]).reduced,
    init: (ctx) => [constant(0, ctx.results[0].dtype)],
    body: (ctx, index, at, read) => [read(0, operandIndex(ctx, index, at))],
    combine: (_ctx, [sum], [x]) => [add(sum, x)],
  },
  samples,
};

/** The gradient of a windowed sum: every operand element gets the sum of dy over the windows that hold it. */
function spread(b: Builder, attrs: ReduceAttrs, x: Value, dy: Value): Value {
  const { spec } = resolve(attrs, [x.type.shape]);
  const [indices] = spec.operands;
  if (indices.every((index) => index.length === 1 && index[0].factor === 1)) {
    return b.broadcast(
      dy,
      x.type.shape,
      spec.kept.map((axis) => indices.findIndex(([term]) => term.axis === axis)),
    );
  }
  return spreadWindows(b, attrs, x.type.shape, dy);
}

/** dy dilated by the stride and padded by the window, summed over a window of the same size that slides by one. */
function spreadWindows(b: Builder, attrs: ReduceAttrs, shape: Shape, dy: Value): Value {
  const { spec, kept, reduced } = resolve(attrs, [shape]);
  const low = spec.kept.map(() => 0);
  const high = spec.kept.map(() => 0);
  const interior = spec.kept.map(() => 0);
  const sizes: string[] = [];
  const repeats: number[] = [];
  const indices: AffineIndex[] = spec.kept.map((axis) => [{ axis, factor: 1 }]);
  const results: string[] = [];
  spec.operands[0].forEach((index, operandAxis) => {
    const outer = index.find((term) => spec.kept.includes(term.axis));
    const inner = index.find((term) => spec.reduced.includes(term.axis));
    if (outer === undefined) {
      repeats.push(operandAxis);
      return;
    }
    results.push(outer.axis);
    if (inner === undefined && outer.factor === 1) return;
    const at = spec.kept.indexOf(outer.axis);
    const extent = inner === undefined ? 1 : reduced[spec.reduced.indexOf(inner.axis)];
    const size = shape[operandAxis];
    const count = kept[at];
    if (typeof extent !== "number" || typeof size !== "number" || typeof count !== "number") {
      throw new ModelError("windows need a constant size");
    }
    const reach = (extent - 1) * (inner?.factor ?? 1);
    low[at] = reach;
    interior[at] = outer.factor - 1;
    high[at] = size - ((count - 1) * outer.factor + 1);
    if (inner !== undefined) {
      indices[at] = [{ axis: outer.axis, factor: 1 }, inner];
      sizes.push(`${inner.axis}=${extent}`);
    }
  });
  const padded = b.op("pad", [dy], { low, high, interior, value: 0 });
  const sum = b.op("reduce_sum", [padded], { spec: printSpec([indices], results), sizes });
  const axes = shape.flatMap((_, axis) => (repeats.includes(axis) ? [] : [axis]));
  return b.broadcast(sum, shape, axes);
}

const lowest: { readonly [D in DType]?: number } = {
  i8: -128,
  u8: 0,
  i16: -32768,
  u16: 0,
  i32: -2147483648,
  u32: 0,
  i64: -(2 ** 63),
  u64: 0,
  bool: 0,
};

/** True where `x` takes the place of the best so far: larger, or the first NaN. */
function beats(x: Expr, best: Expr): Expr {
  const larger = scalar("lt", best, x);
  if (!isFloat(x.dtype)) return larger;
  const firstNaN = scalar("and", scalar("ne", x, x), scalar("eq", best, best));
  return scalar("or", larger, firstNaN);
}

export const reduceMax: OpDef<ReduceAttrs> = {
  name: "reduce_max",
  doc: "The largest element of each window (NaN if there is one), and the position in the window of the first such element.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["sizes?", "spec"],
  infer: ([x], attrs) => [inferReduce(attrs, x.dtype, x.shape), inferReduce(attrs, "i32", x.shape)],
  evaluate([x], attrs, context) {
    const best = context.allocate(0);
    const position = context.allocate(1);
    forEachWindow(attrs, x.shape, context.bindings, (to, at, from) => {
      const value = getElement(x, from);
      const known = getElement(best, to);
      if (at > 0 && !(value > known || (Number.isNaN(value) && !Number.isNaN(known)))) return;
      setElement(best, to, value);
      setElement(position, to, at);
    });
    return [best, position];
  },
  gradient: (b, op, [dy]) => {
    if (dy === undefined) return [];
    const { spec } = resolve(op.attrs, [op.operands[0].type.shape]);
    if (spec.operands[0].every((index) => index.length === 1 && index[0].factor === 1))
      return [sharedByTies(b, spec, op.operands[0], op.results[0], dy)];
    const shape = dimsAttr(op.operands[0].type.shape);
    return [b.op("reduce_max_grad", [dy, op.results[1]], { ...op.attrs, shape })];
  },
  lower: {
    kind: "reduce",
    extents: (ctx) => resolve(ctx.attrs, [ctx.operands[0].shape]).reduced,
    init: ({ results: [{ dtype }] }) => [constant(lowest[dtype] ?? Number.NEGATIVE_INFINITY, dtype), int(0)],
    body(ctx, index, at, read) {
      const { reduced } = resolve(ctx.attrs, [ctx.operands[0].shape]);
      return [
        read(0, operandIndex(ctx, index, at)),
        flatPosition(
          at,
          reduced.map((dim) => ctx.extent(dim)),
        ),
      ];
    },
    combine: (_ctx, [best, position], [x, at]) => [
      scalar("max", best, x),
      ...(position === undefined ? [] : [scalar("select", beats(x, best), at, position)]),
    ],
  },
  samples,
};

/** The gradient of a maximum over whole axes: all elements that equal it share dy, as in JAX. (In windows, the first one has it.) */
function sharedByTies(b: Builder, spec: Spec, x: Value, largest: Value, dy: Value): Value {
  const axisOf = (name: string): number => spec.operands[0].findIndex(([term]) => term.axis === name);
  const spread = (value: Value): Value => b.broadcast(value, x.type.shape, spec.kept.map(axisOf));
  const ties = b.cast(b.binary("eq", x, spread(largest)), dy.type.dtype);
  const count = b.op("reduce_sum", [ties], { spec: printSpec(spec.operands, spec.kept) });
  return b.mul(ties, spread(b.div(dy, count)));
}

/** Row-major position from indices. */
const flatPosition = (index: readonly Expr[], extents: readonly Expr[]): Expr =>
  index.reduce<Expr>((flat, i, axis) => (axis === 0 ? i : add(mul(flat, extents[axis]), i)), int(0));

type MaxGradAttrs = ReduceAttrs & { readonly shape: DimsAttr };

/** How one operand axis of a windowed maximum relates to windows: which windows may hold position x, and where in them it is. */
interface Cover {
  /** Number in `kept` of the axis that counts windows, or -1 where the whole axis is the window. */
  readonly outer: number;
  readonly stride: number;
  readonly windows: Dim;
  /** Number in `reduced` of the axis inside the window, or -1. */
  readonly inner: number;
  readonly extent: number;
  /** How many windows can hold one position. */
  readonly candidates: number;
}

function covers(attrs: ReduceAttrs, shape: Shape): readonly Cover[] {
  const { spec, kept, reduced } = resolve(attrs, [shape]);
  return spec.operands[0].map((index) => {
    const outer = index.findIndex((term) => spec.kept.includes(term.axis));
    const inner = index.findIndex((term) => spec.reduced.includes(term.axis));
    if (index.length > 2 || (inner >= 0 && index[inner].factor !== 1)) {
      throw new ModelError("the gradient of a maximum over dilated windows is not defined", {
        got: attrs.spec,
      });
    }
    const innerAxis = inner < 0 ? -1 : spec.reduced.indexOf(index[inner].axis);
    const extent = innerAxis < 0 ? 1 : reduced[innerAxis];
    const stride = outer < 0 ? 1 : index[outer].factor;
    const outerAxis = outer < 0 ? -1 : spec.kept.indexOf(index[outer].axis);
    const windows = outerAxis < 0 ? 1 : kept[outerAxis];
    if (outer >= 0 && typeof extent !== "number") throw new ModelError("windows need a constant size");
    const size = typeof extent === "number" ? extent : 1;
    return {
      outer: outerAxis,
      stride,
      windows,
      inner: innerAxis,
      extent: size,
      candidates: outer < 0 ? 1 : Math.ceil(size / stride),
    };
  });
}

/** True where window number `window` exists and holds the position at `offset`. */
function inWindow(ctx: LowerContext<MaxGradAttrs>, cover: Cover, window: Expr, offset: Expr): Expr {
  const exists = scalar("and", scalar("le", int(0), window), scalar("lt", window, ctx.extent(cover.windows)));
  return scalar("and", exists, scalar("lt", offset, int(cover.extent)));
}

export const reduceMaxGrad: OpDef<MaxGradAttrs> = {
  name: "reduce_max_grad",
  doc: "Puts each element of the first operand where the second says its window's maximum was; sums where windows overlap.",
  tolerance: "rounding",
  arity: [2, 2],
  attrNames: ["shape", "sizes?", "spec"],
  infer([dy, position], attrs) {
    const shape = dimsOf(attrs.shape);
    const { kept } = resolve(attrs, [shape]);
    covers(attrs, shape);
    const same = (s: Shape): boolean =>
      s.length === kept.length && s.every((dim, axis) => equalDims(dim, kept[axis]));
    if (!same(dy.shape) || !same(position.shape))
      throw new ModelError("operands must have the shape of the windows");
    return [tensorType(dy.dtype, shape)];
  },
  evaluate([dy, position], attrs, context) {
    const out = context.allocate(0);
    forEachWindow(attrs, out.shape, context.bindings, (to, at, from) => {
      if (getElement(position, to) === at) setElement(out, from, getElement(out, from) + getElement(dy, to));
    });
    return [out];
  },
  lower: {
    kind: "reduce",
    extents: (ctx) => covers(ctx.attrs, ctx.results[0].shape).map((cover) => cover.candidates),
    init: (ctx) => [constant(0, ctx.results[0].dtype)],
    body(ctx, index, at, read) {
      const { reduced, kept } = resolve(ctx.attrs, [ctx.results[0].shape]);
      const windows = new Array<Expr>(kept.length);
      const offsets = new Array<Expr>(reduced.length);
      const conditions: Expr[] = [];
      covers(ctx.attrs, ctx.results[0].shape).forEach((cover, axis) => {
        const x = index[axis];
        if (cover.outer < 0) {
          if (cover.inner >= 0) offsets[cover.inner] = x;
          return;
        }
        const exact = cover.inner < 0 && cover.stride === 1;
        const nearest = exact ? x : scalar("floordiv", x, int(cover.stride));
        const window = cover.candidates === 1 ? nearest : scalar("sub", nearest, at[axis]);
        const offset = scalar("sub", x, mul(window, int(cover.stride)));
        if (cover.inner >= 0) offsets[cover.inner] = offset;
        if (!exact) conditions.push(inWindow(ctx, cover, window, offset));
        const last = scalar("sub", ctx.extent(cover.windows), int(1));
        windows[cover.outer] = exact ? x : scalar("min", scalar("max", window, int(0)), last);
      });
      const expected = flatPosition(
        offsets,
        reduced.map((dim) => ctx.extent(dim)),
      );
      const hit = conditions.reduce((a, c) => scalar("and", a, c), scalar("eq", read(1, windows), expected));
      return [scalar("select", hit, read(0, windows), constant(0, ctx.results[0].dtype))];
    },
    combine: (_ctx, [sum], [x]) => [add(sum, x)],
  },
  samples: [
    {
      operands: [tensorType("f32", [2, 2, 2, 3]), tensorType("i32", [2, 2, 2, 3])],
      attrs: { spec: "n 2*h+i 2*w+j c -> n h w c", sizes: ["i=2", "j=2"], shape: [2, 4, 5, 3] },
      range: [0, 3],
    },
    {
      operands: [tensorType("f32", [2]), tensorType("i32", [2])],
      attrs: { spec: "2*h+i -> h", sizes: ["i=3"], shape: [6] },
      range: [0, 2],
    },
    {
      operands: [tensorType("f32", [3]), tensorType("i32", [3])],
      attrs: { spec: "a b -> a", shape: [3, 4] },
      range: [0, 3],
    },
  ],
};
