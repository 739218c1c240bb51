/**
 * Rules on ops that move elements. What they aim at: two movements in a row are one, movements that do nothing are gone, and a transpose
 * sinks towards the results until a contraction or a reduction takes it into its spec (`rules/specs.ts`), so that no copy is ever made only
 * to have another order of axes.
 */

import { type Builder, dimsAttr } from "../../ir/builder.ts";
import { type Dim, equalDims, equalShapes, type Shape } from "../../ir/dim.ts";
import type { Op, Value } from "../../ir/graph.ts";
import { any, match, type Rule, rule, ruleOn, type Site } from "../rewrite.ts";
import { broadcastAxes, dims, inverse, madeBy, number, numbers, permuted, splatValue } from "./facts.ts";

const shapeOf = (op: Op): Shape => op.results[0].type.shape;

// Reshape and transpose.

/** Whether the axes longer than 1 stay in order, so that row-major order stays too. */
const movesUnitsOnly = (shape: Shape, permutation: readonly number[]): boolean => {
  const long = permutation.filter((axis) => shape[axis] !== 1);
  return long.every((axis, i) => i === 0 || long[i - 1] < axis);
};

const shapes: readonly Rule[] = [
  rule(
    "reshape-same",
    match("reshape", [any("x")]),
    ({ x }, { op }) => (equalShapes(x.type.shape, shapeOf(op)) ? x : undefined),
    "reshape to the own shape = x",
  ),
  rule(
    "reshape-reshape",
    match("reshape", [match("reshape", [any("x")])]),
    ({ x }, { op, b }) => b.reshape(x, shapeOf(op)),
    "reshape of reshape = one reshape",
  ),
  rule(
    "reshape-splat",
    match("reshape", [match("broadcast", [any("x")])]),
    ({ x }, { op, b }) => (x.type.shape.length === 0 ? broadcastAxes(b, x, shapeOf(op), []) : undefined),
    "reshape of a broadcast scalar = the scalar broadcast",
  ),
  rule(
    "transpose-transpose",
    match("transpose", [match("transpose", [any("x")], "inner")]),
    ({ x, inner }, { op, b }) =>
      b.transpose(x, permuted(numbers(inner, "permutation"), numbers(op, "permutation"))),
    "transpose(transpose(x, p), q) = transpose(x, p[q])",
  ),
  rule(
    "transpose-units",
    match("transpose", [any("x")]),
    ({ x }, { op, b }) =>
      movesUnitsOnly(x.type.shape, numbers(op, "permutation")) ? b.reshape(x, shapeOf(op)) : undefined,
    "a transpose that moves only axes of size 1 = reshape",
  ),
];

// Broadcast.

const broadcasts: readonly Rule[] = [
  rule(
    "broadcast-broadcast",
    match("broadcast", [match("broadcast", [any("x")], "inner")]),
    ({ x, inner }, { op, b }) =>
      broadcastAxes(b, x, shapeOf(op), permuted(numbers(op, "axes"), numbers(inner, "axes"))),
    "broadcast of broadcast = one broadcast",
  ),
  rule(
    "broadcast-transpose",
    match("broadcast", [match("transpose", [any("x")], "inner")]),
    ({ x, inner }, { op, b }) =>
      broadcastAxes(b, x, shapeOf(op), permuted(numbers(op, "axes"), inverse(numbers(inner, "permutation")))),
    "broadcast of transpose = broadcast along other axes",
  ),
  rule(
    "transpose-broadcast",
    match("transpose", [match("broadcast", [any("x")], "inner")]),
    ({ x, inner }, { op, b }) =>
      broadcastAxes(b, x, shapeOf(op), permuted(inverse(numbers(op, "permutation")), numbers(inner, "axes"))),
    "transpose of broadcast = broadcast along other axes",
  ),
  rule(
    "broadcast-nothing",
    match("broadcast", [any("x")]),
    ({ x }, { op, b }) =>
      x.type.shape.length === shapeOf(op).length ? b.transpose(x, inverse(numbers(op, "axes"))) : undefined,
    "a broadcast that adds no axis = transpose",
  ),
  rule(
    "broadcast-units",
    match("broadcast", [any("x")]),
    ({ x }, { op, b }) => {
      const axes = numbers(op, "axes");
      const repeats = shapeOf(op).some((dim, axis) => dim !== 1 && !axes.includes(axis));
      const ascending = axes.every((axis, i) => i === 0 || axes[i - 1] < axis);
      return repeats || !ascending ? undefined : b.reshape(x, shapeOf(op));
    },
    "a broadcast that adds only axes of size 1 = reshape",
  ),
];

// Slice, pad, reverse, concat.

/** A slice of one axis. Only a whole axis may have a symbolic length. */
interface Range {
  readonly start: number;
  readonly stride: number;
  /** The number of elements taken. */
  readonly length: Dim;
}

const rangesOf = (op: Op): readonly Range[] => {
  const [starts, strides] = [numbers(op, "starts"), numbers(op, "strides")];
  return shapeOf(op).map((length, axis) => ({ start: starts[axis], stride: strides[axis], length }));
};

/** One past the last element taken. */
const limitOf = ({ start, stride, length }: Range): Dim =>
  typeof length !== "number" ? length : length === 0 ? start : start + (length - 1) * stride + 1;

function sliceBy(b: Builder, x: Value, ranges: readonly Range[]): Value {
  const whole = ranges.every(
    ({ start, stride, length }, axis) => start === 0 && stride === 1 && equalDims(length, x.type.shape[axis]),
  );
  if (whole) return x;
  return b.slice(
    x,
    ranges.map((r) => r.start),
    ranges.map(limitOf),
    ranges.map((r) => r.stride),
  );
}

/** The range in terms of what was padded, when it holds none of the padding. */
function unpadded(
  { start, stride, length }: Range,
  size: Dim,
  low: number,
  interior: number,
): Range | undefined {
  if (low === 0 && interior === 0 && typeof length !== "number") return { start, stride, length };
  if (typeof length !== "number" || typeof size !== "number" || length === 0) return undefined;
  const step = interior + 1;
  const first = (start - low) / step;
  const by = length === 1 ? 1 : stride / step;
  const inside = first >= 0 && first + (length - 1) * by < size;
  return inside && Number.isInteger(first) && Number.isInteger(by)
    ? { start: first, stride: by, length }
    : undefined;
}

function sliceOfPad(x: Value, inner: Op, { op, b }: Site): Value | undefined {
  const [low, interior] = [numbers(inner, "low"), numbers(inner, "interior")];
  const ranges = rangesOf(op).map((item, axis) =>
    unpadded(item, x.type.shape[axis], low[axis], interior[axis]),
  );
  return ranges.every((item) => item !== undefined) ? sliceBy(b, x, ranges) : undefined;
}

/** A slice that takes from one operand of a concatenation only. */
function sliceOfConcat({ op, b }: Site): Value | undefined {
  const inner = madeBy(op.operands[0], "concat");
  if (inner === undefined) return undefined;
  const axis = number(inner, "axis");
  const ranges = rangesOf(op);
  const { start, length } = ranges[axis];
  let begin = 0;
  for (const operand of inner.operands) {
    const size = operand.type.shape[axis];
    const limit = limitOf(ranges[axis]);
    if (typeof size !== "number" || typeof limit !== "number" || length === 0) return undefined;
    if (start >= begin && limit <= begin + size) {
      return sliceBy(
        b,
        operand,
        ranges.map((item, i) => (i === axis ? { ...item, start: start - begin } : item)),
      );
    }
    begin += size;
  }
  return undefined;
}

const padsNothing = (op: Op): boolean =>
  ["low", "high", "interior"].every((name) => numbers(op, name).every((n) => n === 0));
const sums = (a: readonly number[], b: readonly number[]): number[] => a.map((n, i) => n + b[i]);

function padOfPad(x: Value, inner: Op, { op, b }: Site): Value | undefined {
  const between = numbers(op, "interior").some((n) => n > 0);
  if (between || !Object.is(number(op, "value"), number(inner, "value"))) return undefined;
  const low = sums(numbers(op, "low"), numbers(inner, "low"));
  const high = sums(numbers(op, "high"), numbers(inner, "high"));
  return b.op("pad", [x], { ...inner.attrs, low, high });
}

const reverseBy = (b: Builder, x: Value, axes: readonly number[]): Value =>
  axes.length === 0 ? x : b.op("reverse", [x], { axes: [...axes].sort((a, c) => a - c) });

const blocks: readonly Rule[] = [
  rule(
    "slice-all",
    match("slice", [any("x")]),
    ({ x }, { op }) => (equalShapes(x.type.shape, shapeOf(op)) ? x : undefined),
    "x[:] = x",
  ),
  rule(
    "slice-slice",
    match("slice", [match("slice", [any("x")], "inner")]),
    ({ x, inner }, { op, b }) => {
      const under = rangesOf(inner);
      const ranges = rangesOf(op).map(({ start, stride, length }, axis) => ({
        start: under[axis].start + start * under[axis].stride,
        stride: stride * under[axis].stride,
        length,
      }));
      return sliceBy(b, x, ranges);
    },
    "x[a::s][b::t] = x[a+b*s::s*t]",
  ),
  rule(
    "slice-broadcast",
    match("slice", [match("broadcast", [any("x")], "inner")]),
    ({ x, inner }, { op, b }) => {
      const axes = numbers(inner, "axes");
      return broadcastAxes(b, sliceBy(b, x, permuted(rangesOf(op), axes)), shapeOf(op), axes);
    },
    "slice of broadcast = broadcast of slice",
  ),
  rule(
    "slice-pad",
    match("slice", [match("pad", [any("x")], "inner")]),
    ({ x, inner }, site) => sliceOfPad(x, inner, site),
    "slice of pad = slice, where it takes no padding",
  ),
  ruleOn(
    "slice-concat",
    ["slice"],
    sliceOfConcat,
    "slice of concat = slice of an operand, where it takes from that one only",
  ),
  rule(
    "pad-nothing",
    match("pad", [any("x")]),
    ({ x }, { op }) => (padsNothing(op) ? x : undefined),
    "pad by nothing = x",
  ),
  rule(
    "pad-pad",
    match("pad", [match("pad", [any("x")], "inner")]),
    ({ x, inner }, site) => padOfPad(x, inner, site),
    "pad of pad = one pad, with the same value",
  ),
  rule(
    "pad-splat",
    match("pad", [match("broadcast", [any("x")])]),
    ({ x }, { op, b }) =>
      Object.is(splatValue(x), number(op, "value")) ? broadcastAxes(b, x, shapeOf(op), []) : undefined,
    "pad of a constant by itself = the constant",
  ),
  rule(
    "reverse-nothing",
    match("reverse", [any("x")]),
    ({ x }, { op, b }) => {
      const axes = numbers(op, "axes");
      const long = axes.filter((axis) => x.type.shape[axis] !== 1);
      return long.length === axes.length && axes.length > 0 ? undefined : reverseBy(b, x, long);
    },
    "reverse along axes of size 1 = x",
  ),
  rule(
    "reverse-reverse",
    match("reverse", [match("reverse", [any("x")], "inner")]),
    ({ x, inner }, { op, b }) => {
      const [outer, under] = [numbers(op, "axes"), numbers(inner, "axes")];
      return reverseBy(b, x, [
        ...outer.filter((axis) => !under.includes(axis)),
        ...under.filter((axis) => !outer.includes(axis)),
      ]);
    },
    "reverse of reverse = reverse along the axes that one of them has",
  ),
  rule(
    "reverse-broadcast",
    match("reverse", [match("broadcast", [any("x")], "inner")]),
    ({ x, inner }, { op, b }) => {
      const axes = numbers(inner, "axes");
      const reversed = numbers(op, "axes").filter((axis) => axes.includes(axis));
      return broadcastAxes(
        b,
        reverseBy(
          b,
          x,
          reversed.map((axis) => axes.indexOf(axis)),
        ),
        shapeOf(op),
        axes,
      );
    },
    "reverse of broadcast = broadcast of reverse",
  ),
  ruleOn(
    "concat-one",
    ["concat"],
    ({ op }) => (op.operands.length === 1 ? op.operands[0] : undefined),
    "concat of one = it",
  ),
  ruleOn(
    "concat-concat",
    ["concat"],
    ({ op, b }) => {
      const parts = op.operands.flatMap((operand) => {
        const inner = madeBy(operand, "concat");
        return inner !== undefined && inner.attrs.axis === op.attrs.axis ? inner.operands : [operand];
      });
      return parts.length === op.operands.length ? undefined : b.op("concat", parts, op.attrs);
    },
    "concat of concat along one axis = one concat",
  ),
];

// Transposes sink.

/** Attributes that hold one entry per axis, by op. */
const perAxis: { readonly [name: string]: readonly string[] } = {
  slice: ["starts", "limits", "strides"],
  pad: ["low", "high", "interior"],
};

/** The op on the untransposed operand; `to` maps an axis of the transposed operand to that of the other. */
function onSource(b: Builder, op: Op, operands: readonly Value[], permutation: readonly number[]): Value {
  const attrs = { ...op.attrs };
  for (const name of perAxis[op.name] ?? [])
    attrs[name] = permuted(dimsAttr(dims(op, name)), inverse(permutation));
  if (op.name === "reverse") attrs.axes = numbers(op, "axes").map((axis) => permutation[axis]);
  if (op.name === "concat") attrs.axis = permutation[number(op, "axis")];
  return b.op(op.name, operands, attrs);
}

function sinkTranspose({ op, b }: Site): Value | undefined {
  const inner = op.operands.map((operand) => madeBy(operand, "transpose"));
  const first = inner[0];
  if (first === undefined) return undefined;
  const permutation = numbers(first, "permutation");
  if (!inner.every((other) => other !== undefined && String(other.attrs.permutation) === String(permutation)))
    return undefined;
  const sources = inner.flatMap((other) => other?.operands ?? []);
  return b.transpose(onSource(b, op, sources, permutation), permutation);
}

const sinking: readonly Rule[] = [
  ruleOn(
    "sink-transpose",
    ["slice", "pad", "reverse", "concat"],
    sinkTranspose,
    "f(transpose(x)) = transpose(f'(x)) for slice, pad, reverse, concat",
  ),
];

export const movement: readonly Rule[] = [...shapes, ...broadcasts, ...blocks, ...sinking];
