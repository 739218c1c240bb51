/**
 * numpy's basic indexing as text and numbers: `x.at([":", 0, "1:5", "...", null])`. An index becomes a plan of primitive ops: reversed axes,
 * one strided slice, one reshape.
 */
import { type Dim, type Shape, subDims } from "../ir/dim.ts";
import { ModelError } from "../ir/errors.ts";

/** A position, "start:stop:step" with any part left out, "..." for all axes in between, null for a new axis of size 1. */
export type Index = number | string | null;

export interface IndexPlan {
  /** Axes to reverse first: those with a negative step. */
  readonly reversed: readonly number[];
  readonly starts: readonly number[];
  readonly limits: readonly Dim[];
  readonly strides: readonly number[];
  /** The result: positions dropped, new axes added. */
  readonly shape: Shape;
}

interface AxisPlan {
  readonly reverse: boolean;
  readonly start: number;
  readonly limit: Dim;
  readonly stride: number;
  readonly size: Dim;
  readonly keep: boolean;
}

/** Plans `index` into an array of `shape`; throws ModelError where it does not fit. */
export function planIndex(shape: Shape, index: readonly Index[]): IndexPlan {
  const expanded = expandEllipsis(shape.length, index);
  const axes: AxisPlan[] = [];
  const result: Dim[] = [];
  for (const item of expanded) {
    if (item === null) {
      result.push(1);
      continue;
    }
    const axis =
      typeof item === "number" ? planPosition(shape[axes.length], item) : planRange(shape[axes.length], item);
    axes.push(axis);
    if (axis.keep) result.push(axis.size);
  }
  return {
    reversed: axes.flatMap((axis, i) => (axis.reverse ? [i] : [])),
    starts: axes.map((axis) => axis.start),
    limits: axes.map((axis) => axis.limit),
    strides: axes.map((axis) => axis.stride),
    shape: result,
  };
}

function expandEllipsis(rank: number, index: readonly Index[]): readonly Index[] {
  const used = index.filter((item) => item !== null && item !== "...").length;
  const dots = index.filter((item) => item === "...").length;
  if (used > rank || dots > 1) {
    throw new ModelError("index does not fit", {
      expected: `at most ${rank} axes and one "..."`,
      got: JSON.stringify(index),
    });
  }
  const rest = new Array<Index>(rank - used).fill(":");
  return dots === 0 ? [...index, ...rest] : index.flatMap((item) => (item === "..." ? rest : [item]));
}

function planPosition(dim: Dim, position: number): AxisPlan {
  const at = typeof dim === "number" && position < 0 ? position + dim : position;
  if (!Number.isInteger(at) || at < 0 || (typeof dim === "number" && at >= dim)) {
    throw new ModelError("index out of range", {
      expected: `an integer below ${dim}`,
      got: String(position),
    });
  }
  return { reverse: false, start: at, limit: at + 1, stride: 1, size: 1, keep: false };
}

function planRange(dim: Dim, text: string): AxisPlan {
  const parts = text.split(":").map((part) => part.trim());
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => !/^(-?\d+)?$/.test(part))) {
    throw new ModelError("not an index", { expected: `"start:stop:step"`, got: text });
  }
  const [start, stop, step] = parts.map((part) => (part === "" ? undefined : Number(part)));
  const stride = step ?? 1;
  if (typeof dim !== "number") return planSymbolicRange(dim, start, stop, stride, text);
  const reverse = stride < 0;
  const [first, end] = reverse ? flip(dim, start, stop) : [bound(dim, start ?? 0), bound(dim, stop ?? dim)];
  const limit = Math.max(first, end);
  const by = Math.abs(stride);
  if (by === 0) throw new ModelError("step must not be 0", { got: text });
  return { reverse, start: first, limit, stride: by, size: Math.ceil((limit - first) / by), keep: true };
}

const bound = (dim: number, value: number): number =>
  Math.min(Math.max(value < 0 ? value + dim : value, 0), dim);

/** Bounds of a backward range, counted from the end. */
function flip(dim: number, start: number | undefined, stop: number | undefined): [number, number] {
  const from = start === undefined ? dim - 1 : Math.min(start < 0 ? start + dim : start, dim - 1);
  const to = stop === undefined ? -1 : Math.max(stop < 0 ? stop + dim : stop, -1);
  return [dim - 1 - from, dim - 1 - to];
}

function planSymbolicRange(
  dim: Dim,
  start: number | undefined,
  stop: number | undefined,
  stride: number,
  text: string,
): AxisPlan {
  if (stride !== 1 || stop !== undefined || (start ?? 0) < 0) {
    throw new ModelError("this range needs a known size", {
      got: text,
      hint: `Along the batch only ":" and "start:" work`,
    });
  }
  return {
    reverse: false,
    start: start ?? 0,
    limit: dim,
    stride: 1,
    size: subDims(dim, start ?? 0),
    keep: true,
  };
}
