/**
 * `keras.ops` on diagonals and triangles of matrices: the last two axes, unless `axis1` and `axis2` say otherwise.
 */
import { dimsAttr } from "../../../ir/builder.ts";
import { productOf } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { cast, setShape, staticDim, sum, type Tensor, type TensorLike, toTensor } from "../../tensor.ts";
import { session } from "../session.ts";
import { apply, choose, iota, numeric } from "./apply.ts";
import { type DTypeOption, dtypeFrom, fillLike } from "./create.ts";
import { concat } from "./joining.ts";
import { permute } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";

interface DiagonalOptions {
  /** Which diagonal: 0 the main one, positive above it, negative below. */
  offset?: number;
  /** Default 0. */
  axis1?: number;
  /** Default 1. */
  axis2?: number;
}
const diagonalOptions = ["offset", "axis1", "axis2"] as const;

/** The diagonals of matrices, in the last axis of the result. `ops.diagonal(ops.eye(3))` is [1, 1, 1]. */
export const diagonal = parametric(
  "numpy",
  "diagonal",
  diagonalOptions,
  (x: TensorLike, options: DiagonalOptions) => diagonalOf(asTensor(x), options),
);

/** The sum of each diagonal. */
export const trace = parametric(
  "numpy",
  "trace",
  diagonalOptions,
  (x: TensorLike, options: DiagonalOptions) => sum(diagonalOf(asTensor(x), options), -1, false),
);

/** Elements of a flattened matrix that lie a row and a column apart. */
export function diagonalOf(x: Tensor, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions): Tensor {
  if (x.rank < 2)
    throw new ModelError("diagonal requires an array of at least two dimensions", { got: `${x}` });
  const [a, b] = [normalizeAxis(axis1, x.rank), normalizeAxis(axis2, x.rank)];
  const rest = x.shape.flatMap((_, axis) => (axis === a || axis === b ? [] : [axis]));
  const moved = permute(x, [...rest, a, b]);
  const rows = staticDim(x.shape[a], "the rows of a matrix");
  const columns = staticDim(x.shape[b], "the columns of a matrix");
  const start = offset >= 0 ? offset : -offset * columns;
  const count = Math.max(
    0,
    offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns),
  );
  const batch = moved.shape.slice(0, -2);
  const flat = setShape(moved, [...batch, rows * columns]);
  const limit = count === 0 ? start : start + (count - 1) * (columns + 1) + 1;
  return strided(flat, count === 0 ? 0 : start, count === 0 ? 0 : limit, columns + 1);
}

/** Every `stride`-th element of the last axis. */
function strided(x: Tensor, start: number, limit: number, stride: number): Tensor {
  const outer = x.shape.slice(0, -1);
  return x.engine.op("slice", [x], {
    starts: [...outer.map(() => 0), start],
    limits: [...dimsAttr(outer), limit],
    strides: [...outer.map(() => 1), stride],
  })[0];
}

interface KOption {
  /** Which diagonal; default 0. */
  k?: number;
}

/** Of a vector, the matrix with it on diagonal k; of a matrix, its diagonal k. */
export const diag = parametric("numpy", "diag", ["k"], (x: TensorLike, { k = 0 }: KOption) => {
  const tensor = asTensor(x);
  if (tensor.rank === 1) return diagonalMatrix(tensor, k);
  if (tensor.rank === 2) return diagonalOf(tensor, { offset: k });
  throw new ModelError("diag input must be 1d or 2d", { where: "ops.diag", got: `${tensor}` });
});

/** The matrix with the elements of the flattened tensor on diagonal k. */
export const diagflat = parametric("numpy", "diagflat", ["k"], (x: TensorLike, { k = 0 }: KOption) => {
  const tensor = asTensor(x);
  return diagonalMatrix(setShape(tensor, [productOf(tensor.shape)]), k);
});

/** Zeros between the elements, so that each comes one row further down and one column to the right. */
function diagonalMatrix(vector: Tensor, k: number): Tensor {
  const n = staticDim(vector.shape[0], "the length of a diagonal");
  const size = n + Math.abs(k);
  const low = k >= 0 ? k : -k * size;
  const used = n === 0 ? 0 : low + (n - 1) * (size + 1) + 1;
  const attrs = { low: [n === 0 ? 0 : low], high: [size * size - used], interior: [size], value: 0 };
  return setShape(vector.engine.op("pad", [vector], attrs)[0], [size, size]);
}

interface TriOptions extends DTypeOption, KOption {
  N: number;
  /** Default N. */
  M?: number | null;
}

/** Ones on and below diagonal k of an N x M matrix, zeros above. */
export const tri = parametric(
  "numpy",
  "tri",
  ["N", "M", "k", "dtype"],
  ({ N, M = null, k = 0, dtype }: TriOptions) => {
    const engine = session.engine();
    const shape = [N, M ?? N];
    return cast(
      apply("le", iota(engine, shape, 1), apply("add", iota(engine, shape, 0), k)),
      dtypeFrom(dtype),
    );
  },
);

const triangle = (name: string, keeps: "lower" | "upper") =>
  parametric("numpy", name, ["k"], (x: TensorLike, { k = 0 }: KOption) => {
    const tensor = asTensor(x);
    const index = (axis: number): Tensor =>
      iota(tensor.engine, tensor.shape, normalizeAxis(axis, tensor.rank));
    const [row, column] = [apply("add", index(-2), k), index(-1)];
    const kept = apply("le", ...(keeps === "lower" ? [column, row] : [row, column]));
    return choose(kept, tensor, toTensor(0, tensor.engine, tensor.dtype));
  });
/** Zeros above diagonal k. */
export const tril = triangle("tril", "lower");
/** Zeros below diagonal k. */
export const triu = triangle("triu", "upper");

interface VanderOptions {
  /** How many columns; default as many as rows. */
  N?: number | null;
  /** Default false: powers fall from left to right. */
  increasing?: boolean;
}

/** The matrix whose columns are the powers of a vector: [x^(N-1), ..., x, 1]. */
export const vander = parametric(
  "numpy",
  "vander",
  ["N", "increasing"],
  (x: TensorLike, { N = null, increasing = false }: VanderOptions) => {
    const tensor = numeric(asTensor(x));
    const count = N ?? staticDim(tensor.shape[0], "the length of the vector");
    const columns: Tensor[] = [];
    for (let power = 0; power < count; power++) {
      const previous = columns[power - 1];
      columns.push(previous === undefined ? fillLike(tensor, 1, undefined) : apply("mul", previous, tensor));
    }
    const ordered = increasing ? columns : columns.reverse();
    return concat(
      ordered.map((column) => setShape(column, [...tensor.shape, 1])),
      tensor.rank,
    );
  },
);
