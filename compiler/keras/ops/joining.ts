/**
 * `keras.ops`, joining and cutting along an axis.
 */
import { dimsAttr } from "../../../ir/builder.ts";
import type { Dim } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { promoteOperands, setShape, staticDim, type Tensor, type TensorLike } from "../../tensor.ts";
import { session } from "../session.ts";
import { asTensor, parametric } from "./operation.ts";

interface AxisOption {
  axis?: number;
}

/** Tensors one after the other along `axis` (default 0). */
export const concatenate = parametric(
  "numpy",
  "concatenate",
  ["axis"],
  (xs: readonly TensorLike[], { axis = 0 }: AxisOption) =>
    concat(promoteOperands(xs, session.engine()), axis),
);

export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 1) return tensors[0];
  return tensors[0].engine.op("concat", tensors, { axis: normalizeAxis(axis, tensors[0].rank) })[0];
}

/** Tensors of one shape along a new axis. */
export const stack = parametric(
  "numpy",
  "stack",
  ["axis"],
  (xs: readonly TensorLike[], { axis = 0 }: AxisOption) => {
    const tensors = promoteOperands(xs, session.engine());
    const at = normalizeAxis(axis, tensors[0].rank + 1);
    return concat(
      tensors.map((x) => setShape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])),
      at,
    );
  },
);

/** Cuts into equal parts (a number) or at positions (a list). Throws ModelError where the axis does not divide. */
export const split = parametric(
  "numpy",
  "split",
  ["axis"],
  (x: TensorLike, sections: number | readonly number[], { axis = 0 }: AxisOption) => {
    const tensor = asTensor(x);
    const at = normalizeAxis(axis, tensor.rank);
    const size = staticDim(tensor.shape[at], "the axis to split");
    return cutPoints(size, sections).map(([start, limit]) => sliceAxis(tensor, at, start, limit));
  },
);

function cutPoints(size: number, sections: number | readonly number[]): [number, number][] {
  if (typeof sections !== "number") {
    const cuts = [0, ...sections, size];
    return cuts.slice(1).map((cut, i) => [Math.min(cuts[i], size), Math.min(cut, size)]);
  }
  if (size % sections !== 0)
    throw new ModelError("cannot split evenly", { expected: `a multiple of ${sections}`, got: `${size}` });
  const part = size / sections;
  return Array.from({ length: sections }, (_, i) => [i * part, (i + 1) * part]);
}

/** Positions `start` to `limit` of one axis. */
export function sliceAxis(x: Tensor, axis: number, start: number, limit: Dim): Tensor {
  const starts = x.shape.map((_, i) => (i === axis ? start : 0));
  const limits = dimsAttr(x.shape.map((dim, i) => (i === axis ? limit : dim)));
  return x.engine.op("slice", [x], { starts, limits, strides: x.shape.map(() => 1) })[0];
}

/** The slices along `axis`, which disappears. */
export const unstack = parametric(
  "core",
  "unstack",
  ["num", "axis"],
  (x: TensorLike, { num = null, axis = 0 }: { num?: number | null; axis?: number }) => {
    const tensor = asTensor(x);
    const at = normalizeAxis(axis, tensor.rank);
    const size = num ?? staticDim(tensor.shape[at], "the axis to unstack");
    const rest = tensor.shape.filter((_, i) => i !== at);
    return Array.from({ length: size }, (_, i) => setShape(sliceAxis(tensor, at, i, i + 1), rest));
  },
);
