/**
 * Running sums, products and extrema along one axis, and the linear recurrence that closes them under differentiation. Rows run side by
 * side, each from its first element to its last (`reverse`: from the last).
 */
import type { Builder } from "../builder.ts";
import { getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import type { Value } from "../graph.ts";
import { add, type Expr, int, mul, scalar, store, sub } from "../kernel.ts";
import { bind, cell, each, oneOf, when, zeroOf } from "../loops.ts";
import type { LowerContext, OpDef, Sample } from "../op.ts";
import { applyScalar } from "../scalar.ts";
import { equalTypes, tensorType } from "../type.ts";
import { forEachRow, overRows, requireAxis } from "./along-axis.ts";

type Direction = { readonly axis: number; readonly reverse: boolean };

/** Step number `step` of a row of `size` elements. */
const position = (step: Expr, size: Expr, reverse: boolean): Expr =>
  reverse ? sub(sub(size, int(1)), step) : step;
const rowSize = (ctx: LowerContext<Direction>): Expr => ctx.extent(ctx.operands[0].shape[ctx.attrs.axis]);

/** Calls `visit` with the flat positions of a row's elements in the order of the scan; `first` where a row begins. */
function scan(
  shape: readonly number[],
  { axis, reverse }: Direction,
  visit: (at: number, first: boolean, step: number) => void,
): void {
  const size = shape[axis];
  forEachRow(shape, axis, (first, stride) => {
    for (let step = 0; step < size; step++)
      visit(first + (reverse ? size - 1 - step : step) * stride, step === 0, step);
  });
}

type CumulateAttrs = { readonly axis: number; readonly combine: "add" | "mul"; readonly reverse: boolean };

const samples = <A extends object>(attrs: A): Sample<Direction & A>[] => [
  { operands: [tensorType("f32", [6])], attrs: { ...attrs, axis: 0, reverse: false } },
  { operands: [tensorType("f32", [3, 4, 2])], attrs: { ...attrs, axis: 1, reverse: true } },
  { operands: [tensorType("i32", [2, 5])], attrs: { ...attrs, axis: 1, reverse: false } },
];

export const cumulate: OpDef<CumulateAttrs> = {
  name: "cumulate",
  doc: "The sum or product of all elements up to each one along `axis`.",
  tolerance: "rounding",
  arity: [1, 1],
  attrNames: ["axis", "combine", "reverse"],
  infer([x], { axis, combine }) {
    requireAxis(axis, x.shape.length);
    if (combine !== "add" && combine !== "mul")
      throw new ModelError("no such way to combine", { expected: "add or mul", got: `${combine}` });
    return [x];
  },
  evaluate([x], attrs, context) {
    const out = context.allocate(0);
    const wide = out.data instanceof Float64Array ? "f64" : x.dtype;
    let state = 0;
    scan(x.shape, attrs, (at, first) => {
      const value = getElement(x, at);
      state = first ? value : applyScalar(attrs.combine, wide, [state, value]);
      setElement(out, at, state);
    });
    return [out];
  },
  gradient: (b, op, [dy]) => {
    if (dy === undefined) return [];
    const { axis, combine, reverse } = op.attrs;
    if (combine === "add") return [b.op("cumulate", [dy], { axis, combine, reverse: !reverse })];
    // dx[i] = y[i-1] * (dy[i] + x[i+1] * (dy[i+1] + x[i+2] * ...)): no division, so zeros are no special case.
    const [x] = op.operands;
    const later = b.op("recurrence", [shifted(b, x, axis, !reverse, 1), dy], { axis, reverse: !reverse });
    return [b.mul(shifted(b, op.results[0], axis, reverse, 1), later)];
  },
  lower: {
    kind: "kernel",
    build: (ctx, read, { results: [out] }) =>
      overRows(ctx, ctx.operands[0].shape, ctx.attrs.axis, (at) => {
        const start = ctx.attrs.combine === "add" ? zeroOf(out) : oneOf(out);
        return cell("state", start, (state) => [
          each(rowSize(ctx), (step) => {
            const here = at(position(step, rowSize(ctx), ctx.attrs.reverse));
            return [
              state.set(scalar(ctx.attrs.combine, state.get, read(0, here))),
              store(out, here, state.get),
            ];
          }),
        ]);
      }),
  },
  samples: [...samples({ combine: "add" as const }), ...samples({ combine: "mul" as const })],
};

/** Each element one step later in the order of the scan; `fill` comes first, and the last one is dropped. */
export function shifted(b: Builder, x: Value, axis: number, reverse: boolean, fill: number): Value {
  const none = x.type.shape.map(() => 0);
  const one = x.type.shape.map((_, i) => (i === axis ? 1 : 0));
  const size = x.type.shape[axis];
  if (typeof size !== "number")
    throw new ModelError("the gradient of a running product needs an axis of constant size");
  const padded = b.op("pad", [x], {
    low: reverse ? none : one,
    high: reverse ? one : none,
    interior: none,
    value: fill,
  });
  const limits = padded.type.shape.map((dim, i) => (i === axis ? (reverse ? size + 1 : size) : dim));
  return b.slice(padded, reverse ? one : none, limits);
}

export const recurrence: OpDef<Direction> = {
  name: "recurrence",
  doc: "y[i] = a[i] * y[i-1] + b[i] along `axis`, with y = b at the first.",
  tolerance: "rounding",
  arity: [2, 2],
  attrNames: ["axis", "reverse"],
  infer([a, b], { axis }) {
    requireAxis(axis, a.shape.length);
    if (!equalTypes(a, b)) throw new ModelError("operand types differ");
    return [b];
  },
  evaluate([a, b], attrs, context) {
    const out = context.allocate(0);
    let state = 0;
    scan(b.shape, attrs, (at, first) => {
      state = getElement(b, at) + (first ? 0 : getElement(a, at) * state);
      setElement(out, at, state);
      state = getElement(out, at);
    });
    return [out];
  },
  gradient: (b, op, [dy]) => {
    if (dy === undefined) return [];
    const { axis, reverse } = op.attrs;
    const next = shifted(b, op.operands[0], axis, !reverse, 0);
    const db = b.op("recurrence", [next, dy], { axis, reverse: !reverse });
    return [b.mul(db, shifted(b, op.results[0], axis, reverse, 0)), db];
  },
  lower: {
    kind: "kernel",
    build: (ctx, read, { results: [out] }) =>
      overRows(ctx, ctx.operands[0].shape, ctx.attrs.axis, (at) =>
        cell("state", zeroOf(out), (state) => [
          each(rowSize(ctx), (step) => {
            const here = at(position(step, rowSize(ctx), ctx.attrs.reverse));
            // The first factor meets no state: it may be anything, infinite even.
            const product = mul(read(0, here), state.get);
            const carried = scalar("select", scalar("eq", step, int(0)), zeroOf(out), product);
            return [state.set(add(carried, read(1, here))), store(out, here, state.get)];
          }),
        ]),
      ),
  },
  samples: [
    { operands: [tensorType("f32", [6]), tensorType("f32", [6])], attrs: { axis: 0, reverse: false } },
    { operands: [tensorType("f32", [2, 5]), tensorType("f32", [2, 5])], attrs: { axis: 1, reverse: true } },
  ],
};

/** Running maxima or minima: NaN from the first one on, as `max` and `min` have it; of equal elements the first. */
function runningExtremum(name: string, which: "largest" | "smallest"): OpDef<Direction> {
  const descending = which === "largest";
  const beats = (value: number, best: number): boolean =>
    Number.isNaN(value) ? !Number.isNaN(best) : descending ? value > best : value < best;
  return {
    name,
    doc: `The ${which} element up to each one along \`axis\` (NaN if there was one), and its position.`,
    tolerance: "exact",
    arity: [1, 1],
    attrNames: ["axis", "reverse"],
    infer([x], { axis }) {
      requireAxis(axis, x.shape.length);
      return [x, tensorType("i32", x.shape)];
    },
    evaluate([x], attrs, context) {
      const [values, positions] = [context.allocate(0), context.allocate(1)];
      let best = 0;
      let where = 0;
      scan(x.shape, attrs, (at, first, step) => {
        const value = getElement(x, at);
        if (first || beats(value, best)) {
          best = value;
          where = attrs.reverse ? x.shape[attrs.axis] - 1 - step : step;
        }
        setElement(values, at, best);
        setElement(positions, at, where);
      });
      return [values, positions];
    },
    gradient: (b, op, [dy]) => {
      const zeros = b.full(op.operands[0].type, 0);
      return [dy && b.op("scatter", [zeros, op.results[1], dy], { axis: op.attrs.axis, combine: "add" })];
    },
    lower: {
      kind: "kernel",
      build: (ctx, read, { results: [values, positions] }) =>
        overRows(ctx, ctx.operands[0].shape, ctx.attrs.axis, (at) =>
          cell("best", zeroOf(values), (best) =>
            cell("where", int(0), (where) => [
              each(rowSize(ctx), (step) =>
                bind("i", position(step, rowSize(ctx), ctx.attrs.reverse), (i) =>
                  bind("value", read(0, at(i)), (value) => [
                    when(scalar("or", scalar("eq", step, int(0)), takesOver(value, best.get, descending)), [
                      best.set(value),
                      where.set(i),
                    ]),
                    store(values, at(i), best.get),
                    store(positions, at(i), where.get),
                  ]),
                ),
              ),
            ]),
          ),
        ),
    },
    samples: samples({}),
  };
}

/** Whether `value` is a new extremum: beyond `best`, or the first NaN. */
function takesOver(value: Expr, best: Expr, descending: boolean): Expr {
  const beyond = descending ? scalar("lt", best, value) : scalar("lt", value, best);
  const firstNaN = scalar("and", scalar("ne", value, value), scalar("eq", best, best));
  return scalar("or", beyond, firstNaN);
}

export const cumulateMax = runningExtremum("cumulate_max", "largest");
export const cumulateMin = runningExtremum("cumulate_min", "smallest");
