/**
 * `keras.ops`, joining and cutting along an axis.
 */
import { dimsAttr } from "../../../ir/builder.ts";
import { type Dim, productOf } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { promoteOperands, setShape, staticDim, type Tensor, type TensorLike } from "../../tensor.ts";
import { session } from "../session.ts";
import { asTensor, operation, parametric } from "./operation.ts";

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

/** The operands flattened (axis null, the default), or along `axis`, the second behind the first. */
export const append = parametric(
  "numpy",
  "append",
  ["axis"],
  (x1: TensorLike, x2: TensorLike, { axis = null }: { axis?: number | null }) => {
    const tensors = promoteOperands([x1, x2], session.engine());
    return axis === null ? concat(tensors.map(flat), 0) : concat(tensors, axis);
  },
);
const flat = (x: Tensor): Tensor => setShape(x, [productOf(x.shape)]);

/** Joins after each tensor got at least `rank` axes. */
const stacking = (keras: string, prepare: (x: Tensor) => Tensor, axisOf: (x: Tensor) => number) =>
  operation("numpy", keras, (xs: readonly TensorLike[]) => {
    const tensors = promoteOperands(xs, session.engine()).map(prepare);
    return concat(tensors, axisOf(tensors[0]));
  });
const atLeast1 = (x: Tensor): Tensor => (x.rank === 0 ? setShape(x, [1]) : x);
const atLeast2 = (x: Tensor): Tensor => (x.rank < 2 ? setShape(x, [1, ...atLeast1(x).shape]) : x);
const atLeast3 = (x: Tensor): Tensor => (x.rank < 3 ? setShape(x, [...atLeast2(x).shape, 1]) : x);
/** One below the other: along axis 0, vectors as rows. */
export const vstack = stacking("vstack", atLeast2, () => 0);
/** Side by side: along axis 1, vectors along axis 0. */
export const hstack = stacking("hstack", atLeast1, (x) => (x.rank === 1 ? 0 : 1));
/** One behind the other: along axis 2. */
export const dstack = stacking("dstack", atLeast3, () => 2);

type Sections = number | readonly number[];

/** Cuts into equal parts (a number) or at positions (a list). Throws ModelError where the axis does not divide. */
export const split = parametric(
  "numpy",
  "split",
  ["indicesOrSections", "axis"],
  (x: TensorLike, { indicesOrSections, axis = 0 }: AxisOption & { indicesOrSections: Sections }) =>
    cut(asTensor(x), indicesOrSections, axis, (size, sections) => {
      if (size % sections === 0) return new Array<number>(sections).fill(size / sections);
      throw new ModelError("cannot split evenly", { expected: `a multiple of ${sections}`, got: `${size}` });
    }),
);

/** As `split`, but a number need not divide the axis: the first parts are one longer. */
export const arraySplit = parametric(
  "numpy",
  "arraySplit",
  ["indicesOrSections", "axis"],
  (x: TensorLike, { indicesOrSections, axis = 0 }: AxisOption & { indicesOrSections: Sections }) =>
    cut(asTensor(x), indicesOrSections, axis, (size, sections) =>
      Array.from({ length: sections }, (_, i) => Math.floor(size / sections) + (i < size % sections ? 1 : 0)),
    ),
);

const splitting = (keras: string, axisOf: (x: Tensor) => number) =>
  parametric(
    "numpy",
    keras,
    ["indicesOrSections"],
    (x: TensorLike, { indicesOrSections }: { indicesOrSections: Sections }) => {
      const tensor = asTensor(x);
      return split(tensor, indicesOrSections, axisOf(tensor));
    },
  );
/** `split` along axis 0. */
export const vsplit = splitting("vsplit", () => 0);
/** `split` along axis 1, of a vector along axis 0. */
export const hsplit = splitting("hsplit", (x) => (x.rank === 1 ? 0 : 1));
/** `split` along axis 2. */
export const dsplit = splitting("dsplit", () => 2);

/** Slices along an axis: of the lengths that `parts` gives for a number of sections, or between the positions of a list. */
function cut(
  x: Tensor,
  sections: Sections,
  axis: number,
  parts: (size: number, sections: number) => readonly number[],
): Tensor[] {
  const at = normalizeAxis(axis, x.rank);
  const size = staticDim(x.shape[at], "the axis to split");
  if (typeof sections === "number") {
    let start = 0;
    return parts(size, sections).map((length) => {
      start += length;
      return sliceAxis(x, at, start - length, start);
    });
  }
  const bound = (position: number): number =>
    Math.min(Math.max(position < 0 ? position + size : position, 0), size);
  const cuts = [0, ...sections.map(bound), size];
  return cuts.slice(1).map((limit, i) => sliceAxis(x, at, cuts[i], Math.max(limit, cuts[i])));
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
