/**
 * Reading and writing at computed positions along one axis: `take_along` and `scatter`. Every other scatter (rows of a matrix, several index
 * columns, segments) is this one on reshaped and broadcast operands, which costs nothing.
 *
 * Updates are applied in the order of their positions, so that duplicates give the same result on every target and every run.
 */
import { type Builder, dimsAttr } from "../builder.ts";
import { equalDims } from "../dim.ts";
import { getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import type { Value } from "../graph.ts";
import { type Expr, int, load, scalar, store, sub } from "../kernel.ts";
import { bind, each, when } from "../loops.ts";
import type { OpDef } from "../op.ts";
import { applyScalar } from "../scalar.ts";
import { printType, type TensorType, tensorType } from "../type.ts";
import { forEachRow, overRows, requireAxis } from "./along-axis.ts";

function requireIndices(x: TensorType, indices: TensorType, axis: number): void {
  requireAxis(axis, x.shape.length);
  const fits =
    indices.shape.length === x.shape.length &&
    indices.shape.every((dim, i) => i === axis || equalDims(dim, x.shape[i]));
  if (!fits || indices.dtype !== "i32") {
    throw new ModelError("indices do not fit", {
      expected: `i32, in all axes but ${axis} as ${printType(x)}`,
      got: printType(indices),
    });
  }
}

/** Positions brought into range. */
function clamped(b: Builder, indices: Value, x: Value, axis: number): Value {
  return b.min(b.max(indices, 0), b.sub(b.dim(x.type.shape[axis], "i32"), 1));
}

export const takeAlong: OpDef<{ readonly axis: number }> = {
  name: "take_along",
  doc: "Result[.., i, ..] = x[.., indices[.., i, ..], ..] along `axis`; indices are clamped into range.",
  tolerance: "exact",
  arity: [2, 2],
  attrNames: ["axis"],
  infer([x, indices], { axis }) {
    requireIndices(x, indices, axis);
    return [tensorType(x.dtype, indices.shape)];
  },
  evaluate([x, indices], { axis }, context) {
    const out = context.allocate(0);
    const sources = rowsOf(x.shape, axis);
    rowsOf(indices.shape, axis).forEach(({ first, stride }, row) => {
      const from = sources[row];
      for (let i = 0; i < indices.shape[axis]; i++) {
        const wanted = getElement(indices, first + i * stride);
        const at = Math.min(Math.max(wanted, 0), x.shape[axis] - 1);
        setElement(out, first + i * stride, getElement(x, from.first + at * from.stride));
      }
    });
    return [out];
  },
  gradient: (b, op, [dy]) => {
    const [x, indices] = op.operands;
    const { axis } = op.attrs;
    const zeros = b.full(x.type, 0);
    return [dy && b.op("scatter", [zeros, clamped(b, indices, x, axis), dy], { axis, combine: "add" })];
  },
  lower: {
    kind: "map",
    at(ctx, index, read) {
      const last = sub(ctx.extent(ctx.operands[0].shape[ctx.attrs.axis]), int(1));
      const at = scalar("min", scalar("max", read(1, index), int(0)), last);
      return read(
        0,
        index.map((i, axis) => (axis === ctx.attrs.axis ? at : i)),
      );
    },
  },
  samples: [
    { operands: [tensorType("f32", [5, 3]), tensorType("i32", [2, 3])], attrs: { axis: 0 }, range: [0, 4] },
    { operands: [tensorType("f32", [2, 4]), tensorType("i32", [2, 6])], attrs: { axis: 1 }, range: [-1, 4] },
  ],
};

interface Row {
  readonly first: number;
  readonly stride: number;
}

function rowsOf(shape: readonly number[], axis: number): Row[] {
  const rows: Row[] = [];
  forEachRow(shape, axis, (first, stride) => rows.push({ first, stride }));
  return rows;
}

/** What happens where an update meets an element: it takes its place, or the two are combined. */
export type Combine = "set" | "add" | "mul" | "max" | "min";
type ScatterAttrs = { readonly axis: number; readonly combine: Combine };

export const scatter: OpDef<ScatterAttrs> = {
  name: "scatter",
  doc: "x with update [.., i, ..] combined into element [.., indices[.., i, ..], ..] along `axis`, in the order of i; indices out of range are dropped.",
  tolerance: "rounding",
  arity: [3, 3],
  attrNames: ["axis", "combine"],
  infer([x, indices, updates], { axis, combine }) {
    requireIndices(x, indices, axis);
    const fits =
      updates.dtype === x.dtype &&
      printType({ ...updates, dtype: "i32" }) === printType({ ...indices, dtype: "i32" });
    if (!fits) {
      throw new ModelError("updates do not fit", {
        expected: printType({ dtype: x.dtype, shape: indices.shape }),
        got: printType(updates),
      });
    }
    if (!["set", "add", "mul", "max", "min"].includes(combine))
      throw new ModelError("no such way to combine", { expected: "set, add, mul, max or min", got: combine });
    return [x];
  },
  evaluate([x, indices, updates], { axis, combine }, context) {
    const out = context.allocate(0);
    for (let i = 0; i < out.data.length; i++) setElement(out, i, getElement(x, i));
    const targets = rowsOf(x.shape, axis);
    rowsOf(indices.shape, axis).forEach(({ first, stride }, row) => {
      const to = targets[row];
      for (let i = 0; i < indices.shape[axis]; i++) {
        const at = getElement(indices, first + i * stride);
        if (at < 0 || at >= x.shape[axis]) continue;
        const element = to.first + at * to.stride;
        const update = getElement(updates, first + i * stride);
        const wide = out.data instanceof Float64Array ? "f64" : x.dtype;
        setElement(
          out,
          element,
          combine === "set" ? update : applyScalar(combine, wide, [getElement(out, element), update]),
        );
      }
    });
    return [out];
  },
  gradient: (b, op, [dy]) => dy && scatterGradient(b, op.operands, op.results[0], op.attrs, dy),
  lower: {
    kind: "kernel",
    build(ctx, read, { results: [out] }) {
      const { axis, combine } = ctx.attrs;
      const [x, indices] = ctx.operands;
      const size = ctx.extent(x.shape[axis]);
      const joined = (old: Expr, update: Expr): Expr =>
        combine === "set" ? update : scalar(combine, old, update);
      return overRows(ctx, x.shape, axis, (at) => [
        each(size, (i) => [store(out, at(i), read(0, at(i)))]),
        each(ctx.extent(indices.shape[axis]), (i) =>
          bind("to", read(1, at(i)), (to) => [
            when(scalar("and", scalar("le", int(0), to), scalar("lt", to, size)), [
              store(out, at(to), joined(load(out, at(to)), read(2, at(i)))),
            ]),
          ]),
        ),
      ]);
    },
  },
  samples: (["set", "add", "mul", "max", "min"] as const).flatMap((combine) => [
    {
      operands: [tensorType("f32", [4, 3]), tensorType("i32", [6, 3]), tensorType("f32", [6, 3])],
      attrs: { axis: 0, combine },
      range: [-1, 4] as const,
    },
    {
      operands: [tensorType("f32", [2, 5]), tensorType("i32", [2, 3]), tensorType("f32", [2, 3])],
      attrs: { axis: 1, combine },
      range: [0, 4] as const,
    },
  ]),
};

/** How much of dy reaches the element and the updates that were combined into it. */
function scatterGradient(
  b: Builder,
  [x, indices, updates]: readonly Value[],
  result: Value,
  { axis, combine }: ScatterAttrs,
  dy: Value,
): readonly (Value | undefined)[] {
  const take = (from: Value): Value => b.op("take_along", [from, clamped(b, indices, x, axis)], { axis });
  const put = (into: Value, values: Value, how: Combine): Value =>
    b.op("scatter", [into, indices, values], { axis, combine: how });
  const inRange = b.binary("eq", indices, clamped(b, indices, x, axis));
  const reaching = b.select(inRange, take(dy), 0);
  const fill = (value: number): Value => b.full(x.type, value);
  switch (combine) {
    case "add":
      return [dy, undefined, reaching];
    case "set": {
      const [dx, last] = [put(dy, b.full(updates.type, 0), "set"), lastWriters(b, indices, x, axis)];
      return [dx, undefined, b.select(last, reaching, 0)];
    }
    case "mul": {
      const dx = b.mul(dy, put(fill(1), updates, "mul"));
      return [dx, undefined, b.mul(b.mul(reaching, take(x)), otherFactors(b, updates, take, put, fill))];
    }
    default: {
      // Those equal to the extremum share its gradient.
      const equals = (value: Value, extremum: Value): Value =>
        b.cast(b.binary("eq", value, extremum), x.type.dtype);
      const [mine, theirs] = [equals(x, result), equals(updates, take(result))];
      const share = b.div(dy, put(mine, theirs, "add"));
      return [b.mul(mine, share), undefined, b.mul(theirs, b.select(inRange, take(share), 0))];
    }
  }
}

/** True for updates that nobody overwrites. */
function lastWriters(b: Builder, indices: Value, x: Value, axis: number): Value {
  const { shape } = indices.type;
  const number = b.op("iota", [], {
    shape: dimsAttr(shape),
    axis,
    dtype: "i32",
  });
  const nobody = b.full({ dtype: "i32", shape: x.type.shape }, -1);
  const winner = b.op("scatter", [nobody, indices, number], { axis, combine: "set" });
  return b.binary("eq", b.op("take_along", [winner, clamped(b, indices, x, axis)], { axis }), number);
}

/** For each update the product of the others that meet the same element, without dividing by zero. */
function otherFactors(
  b: Builder,
  updates: Value,
  take: (from: Value) => Value,
  put: (into: Value, values: Value, how: Combine) => Value,
  fill: (value: number) => Value,
): Value {
  const isZero = b.binary("eq", updates, 0);
  const factors = b.select(isZero, 1, updates);
  const product = b.div(take(put(fill(1), factors, "mul")), factors);
  const zeros = take(put(fill(0), b.cast(isZero, updates.type.dtype), "add"));
  return b.select(b.binary("eq", zeros, b.cast(isZero, updates.type.dtype)), product, 0);
}
