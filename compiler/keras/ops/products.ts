/**
 * `keras.ops`, products of vectors and matrices beside those of `linalg.ts`.
 */
import { type Dim, equalDims, mulDims, productOf } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { getItem, setShape, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply, promoted, promotedReal } from "./apply.ts";
import { stack } from "./joining.ts";
import { tensordot } from "./linalg.ts";
import { moveTo } from "./movement.ts";
import { operation, parametric } from "./operation.ts";

/** The sum of products of the last axes: [..., k] and [..., k] give the axes of x1, then those of x2. */
export const inner = operation("numpy", "inner", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoted(x1, x2);
  if (a.rank === 0 || b.rank === 0) return apply("mul", a, b);
  return tensordot(a, b, { axes: [a.rank - 1, b.rank - 1] });
});

/** The sum of products of all elements: a scalar. */
export const vdot = operation("numpy", "vdot", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoted(x1, x2).map((x) => setShape(x, [productOf(x.shape)]));
  return tensordot(a, b, { axes: 1 });
});

/** Kronecker's product: x1 with each element replaced by its product with x2. [a, b] and [c, d] give [ac, bd]. */
export const kron = operation("numpy", "kron", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoted(x1, x2);
  const rank = Math.max(a.rank, b.rank);
  const padded = (x: Tensor): readonly Dim[] => [...new Array<Dim>(rank - x.rank).fill(1), ...x.shape];
  const [p, q] = [padded(a), padded(b)];
  const outer = setShape(
    a,
    p.flatMap((dim) => [dim, 1]),
  );
  const inside = setShape(
    b,
    q.flatMap((dim) => [1, dim]),
  );
  return setShape(
    apply("mul", outer, inside),
    p.map((dim, axis) => mulDims(dim, q[axis])),
  );
});

interface CrossOptions {
  /** Which axes hold the vectors of x1, of x2 and of the result; default -1. */
  axisa?: number;
  axisb?: number;
  axisc?: number;
  /** All three at once. */
  axis?: number | null;
}

/** The vector product. Vectors have 2 or 3 components, a missing third one is 0; of two plane vectors the third component alone. */
export const cross = parametric(
  "numpy",
  "cross",
  ["axisa", "axisb", "axisc", "axis"],
  (x1: TensorLike, x2: TensorLike, options: CrossOptions) => {
    const { axis = null, axisa = -1, axisb = -1, axisc = -1 } = options;
    const last = (x: Tensor, at: number): Tensor => moveTo(x, normalizeAxis(at, x.rank), x.rank - 1);
    const [a, b] = promoted(x1, x2);
    const [p, q] = [last(a, axis ?? axisa), last(b, axis ?? axisb)];
    const product = crossOf(p, q);
    return Array.isArray(product) ? stack(product, axis ?? axisc) : (product as Tensor);
  },
);

function crossOf(p: Tensor, q: Tensor): Tensor | Tensor[] {
  const sizes = [p, q].map((x) => x.shape[x.rank - 1]);
  if (sizes.some((size) => size !== 2 && size !== 3))
    throw new ModelError("Dimension must be either 2 or 3 for cross product", { got: `${p} and ${q}` });
  const part = (x: Tensor, i: number): Tensor | undefined =>
    i < Number(x.shape[x.rank - 1]) ? getItem(x, ["...", i]) : undefined;
  const term = (i: number, j: number): Tensor | undefined => {
    const [x, y] = [part(p, i), part(q, j)];
    return x === undefined || y === undefined ? undefined : apply("mul", x, y);
  };
  const component = (i: number, j: number): Tensor => {
    const [plus, minus] = [term(i, j), term(j, i)];
    if (plus === undefined) return apply("neg", minus ?? part(p, 0) ?? 0);
    return minus === undefined ? plus : apply("sub", plus, minus);
  };
  return sizes.every((size) => size === 2)
    ? component(0, 1)
    : [component(1, 2), component(2, 0), component(0, 1)];
}

/** The Euclidean distances of the rows of x [..., n, d] from those of y [..., m, d]: [..., n, m]. */
export const cdist = operation("nn", "cdist", (x: TensorLike, y: TensorLike) => {
  const [a, b] = promotedReal(x, y);
  if (a.rank < 2 || b.rank < 2 || !equalDims(a.shape[a.rank - 1], b.shape[b.rank - 1]))
    throw new ModelError("cdist needs rows of one length", {
      expected: "[..., n, d] and [..., m, d]",
      got: `${a} and ${b}`,
    });
  const rows = setShape(a, [...a.shape.slice(0, -1), 1, a.shape[a.rank - 1]]);
  const columns = setShape(b, [...b.shape.slice(0, -2), 1, ...b.shape.slice(-2)]);
  const difference = apply("sub", rows, columns);
  return apply("sqrt", sum(apply("mul", difference, difference), -1, false));
});
