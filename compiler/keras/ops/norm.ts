/**
 * `keras.ops.norm`: lengths of vectors and sizes of matrices, as numpy has them.
 */
import { isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import {
  type Axes,
  axesOf,
  cast,
  elementwise,
  keepAxes,
  sum,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { svdOf } from "./matrix-tools.ts";
import { permute } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";
import { maxOf, minOf } from "./reduce.ts";

type Order = number | "fro" | "nuc" | null;

export interface NormOptions {
  /**
   * Of vectors: 2 (default), 1, any p for sum(|x|^p)^(1/p), 0 for the number of elements that are not zero, Infinity and -Infinity for the
   * largest and smallest magnitude. Of matrices: "fro" (default), "nuc", 2 and -2 for the sum, largest and smallest of the singular values,
   * 1 and -1 for sums over columns, Infinity and -Infinity for sums over rows.
   */
  ord?: Order;
  /** One axis for vectors, two for matrices; default: all axes, as a vector where there is no `ord`. */
  axis?: Axes;
  keepdims?: boolean;
}

export const norm = parametric(
  "linalg",
  "norm",
  ["ord", "axis", "keepdims"],
  (x: TensorLike, { ord = null, axis = null, keepdims = false }: NormOptions) => {
    const given = asTensor(x);
    const tensor = isFloat(given.dtype) ? given : cast(given, "f32");
    if (
      axis === null &&
      (ord === null || (ord === 2 && tensor.rank === 1) || (ord === "fro" && tensor.rank === 2))
    ) {
      const all = tensor.shape.map((_, i) => i);
      return keepAxes(length(tensor, null), tensor.shape, all, keepdims);
    }
    const axes =
      axis === null ? axesOf(null, tensor.rank) : [axis].flat().map((i) => normalizeAxis(i, tensor.rank));
    if (axes.length > 2)
      throw new ModelError("Invalid values for `axis`: a norm is over one or two axes", {
        where: "ops.norm",
        got: `axis=${axis}`,
      });
    const result = axes.length === 1 ? vectorNorm(tensor, ord, axes[0]) : matrixNorm(tensor, ord, axes);
    return keepAxes(result, tensor.shape, axes, keepdims);
  },
);

/** The root of the sum of squares. */
const length = (x: Tensor, axis: Axes): Tensor =>
  elementwise("sqrt", [sum(elementwise("mul", [x, x]), axis, false)]);

function vectorNorm(x: Tensor, ord: Order, axis: number): Tensor {
  const size = elementwise("abs", [x]);
  if (ord === null || ord === 2) return length(x, axis);
  if (typeof ord === "string") throw invalid(ord, "vectors");
  if (ord === Number.POSITIVE_INFINITY) return maxOf(size, axis, false);
  if (ord === Number.NEGATIVE_INFINITY) return minOf(size, axis, false);
  if (ord === 0) return sum(cast(elementwise("ne", [x, 0]), x.dtype), axis, false);
  if (ord === 1) return sum(size, axis, false);
  return elementwise("pow", [sum(elementwise("pow", [size, ord]), axis, false), 1 / ord]);
}

function matrixNorm(x: Tensor, ord: Order, [rows, columns]: readonly number[]): Tensor {
  if (rows === columns)
    throw new ModelError("Duplicate axes given", { where: "ops.norm", got: `axis=${rows},${columns}` });
  if (ord === null || ord === "fro") return length(x, [rows, columns]);
  const rest = x.shape.flatMap((_, axis) => (axis === rows || axis === columns ? [] : [axis]));
  const matrix = permute(x, [...rest, rows, columns]);
  switch (ord) {
    case "nuc":
      return sum(svdOf(matrix, false)[1], -1, false);
    case 2:
      return maxOf(svdOf(matrix, false)[1], -1, false);
    case -2:
      return minOf(svdOf(matrix, false)[1], -1, false);
    case 1:
    case -1:
    case Number.POSITIVE_INFINITY:
    case Number.NEGATIVE_INFINITY: {
      const sums = sum(elementwise("abs", [matrix]), Math.abs(ord) === 1 ? -2 : -1, false);
      return ord > 0 ? maxOf(sums, -1, false) : minOf(sums, -1, false);
    }
    default:
      throw invalid(ord, "matrices");
  }
}

const invalid = (ord: Order, what: string): ModelError =>
  new ModelError(`Invalid \`ord\` argument for norms of ${what}`, { where: "ops.norm", got: `ord=${ord}` });
