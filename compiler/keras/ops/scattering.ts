/**
 * `keras.ops` that write to computed places: scatter, updates at indices, sums and extrema by segment. Indices are columns of coordinates,
 * [..., k] for the first k axes; they become flat positions, so that one primitive serves all. Where places occur twice, all updates count;
 * with plain replacement the last one stays.
 */
import { productOf, type Shape } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import {
  broadcastTo,
  cast,
  commonEngine,
  getItem,
  setShape,
  staticDim,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { session } from "../session.ts";
import { apply, choose, extremesOf } from "./apply.ts";
import { filled } from "./create.ts";
import { asTensor, operation, parametric } from "./operation.ts";
import { maxOf } from "./reduce.ts";

type Combine = "set" | "add" | "mul" | "max" | "min";

/**
 * Zeros of `shape` with `values` added at `indices`: indices [..., k], values [..., rest].
 *
 *     ops.scatter([[1], [2]], [5, 7], [4])   // [0, 5, 7, 0]
 */
export const scatter = operation(
  "core",
  "scatter",
  (indices: TensorLike, values: TensorLike, shape: readonly number[]) => {
    const updates = asTensor(values);
    return scattered(filled(shape, 0, updates.dtype), asTensor(indices, "i32"), updates, "add");
  },
);

interface UpdateOptions {
  /** How an update meets what is there: it replaces it (null, default), or "add", "mul", "max", "min". */
  reduction?: "add" | "mul" | "max" | "min" | null;
}

/** `inputs` with `updates` [..., rest] at `indices` [..., k]. Throws ModelError for an unknown reduction. */
export const scatterUpdate = parametric(
  "core",
  "scatterUpdate",
  ["reduction"],
  (inputs: TensorLike, indices: TensorLike, updates: TensorLike, { reduction = null }: UpdateOptions) => {
    const x = asTensor(inputs);
    if (reduction !== null && !["add", "mul", "max", "min"].includes(reduction))
      throw new ModelError(
        `\`reduction\` must be one of None, 'add', 'max', 'min', 'mul'. Received: reduction=${reduction}`,
      );
    return scattered(
      x,
      asTensor(indices, "i32"),
      cast(asTensor(updates, x.dtype), x.dtype),
      reduction ?? "set",
    );
  },
);

function scattered(x: Tensor, indices: Tensor, updates: Tensor, combine: Combine): Tensor {
  const engine = commonEngine([x, indices, updates], session.engine());
  const columns = staticDim(indices.shape[indices.rank - 1], "the number of index columns");
  const [indexed, rest] = [x.shape.slice(0, columns), x.shape.slice(columns)];
  const positions = flatPositions(toTensor(indices, engine), indexed);
  const [rows, row] = [productOf(indices.shape.slice(0, -1)), productOf(rest)];
  const target = setShape(toTensor(x, engine), [productOf(indexed), row]);
  const values = setShape(toTensor(updates, engine), [rows, row]);
  const places = broadcastTo(setShape(positions, [rows, 1]), [rows, row]);
  return setShape(engine.op("scatter", [target, places, values], { axis: 0, combine })[0], x.shape);
}

/** Row-major positions of coordinates; -1, which is nowhere, where one is out of range. */
function flatPositions(indices: Tensor, shape: Shape): Tensor {
  let flat: Tensor | undefined;
  let valid: Tensor | undefined;
  for (const [axis, dim] of shape.entries()) {
    const size = staticDim(dim, "an axis that is scattered to");
    const given = cast(getItem(indices, ["...", axis]), "i32");
    const at = choose(apply("lt", given, 0), apply("add", given, size), given);
    const inside = apply("and", apply("le", 0, at), apply("lt", at, size));
    flat = flat === undefined ? at : apply("add", apply("mul", flat, size), at);
    valid = valid === undefined ? inside : apply("and", valid, inside);
  }
  if (flat === undefined || valid === undefined) throw new ModelError("indices need at least one column");
  return choose(valid, flat, -1);
}

interface SegmentOptions {
  /** How many segments; default one more than the largest id, which must then be known: give it where the function is compiled. */
  numSegments?: number | null;
  /** Whether the ids ascend. Has no effect. */
  sorted?: boolean;
}

/** Combines the rows of `data` [n, ...] with the same id into rows of the result [numSegments, ...], which begins as `start`. */
const segmentOperation = (keras: string, combine: Combine, start: (x: Tensor) => number) =>
  parametric(
    "math",
    keras,
    ["numSegments", "sorted"],
    (data: TensorLike, segmentIds: TensorLike, { numSegments = null }: SegmentOptions) => {
      const [x, ids] = [asTensor(data), cast(asTensor(segmentIds, "i32"), "i32")];
      if (ids.rank !== 1)
        throw new ModelError("Argument `segment_ids` should be an 1-D vector", { got: `${ids}` });
      const count = numSegments ?? Number(maxOf(ids, null, false).arraySync().data[0]) + 1;
      const target = filled([count, ...x.shape.slice(1)], start(x), x.dtype);
      return segmentsOf(target, ids, x, combine);
    },
  );

/** As `scattered` with one column, but negative ids are no segments. */
function segmentsOf(target: Tensor, ids: Tensor, data: Tensor, combine: Combine): Tensor {
  const engine = commonEngine([target, ids, data], session.engine());
  const row = productOf(data.shape.slice(1));
  const places = broadcastTo(setShape(toTensor(ids, engine), [ids.shape[0], 1]), [ids.shape[0], row]);
  const operands = [
    setShape(toTensor(target, engine), [target.shape[0], row]),
    places,
    setShape(toTensor(data, engine), [data.shape[0], row]),
  ];
  return setShape(engine.op("scatter", operands, { axis: 0, combine })[0], target.shape);
}

/** `ops.segmentSum([1, 2, 3], [0, 0, 1], { numSegments: 2 })` is [3, 3]; segments without rows are 0. */
export const segmentSum = segmentOperation("segmentSum", "add", () => 0);
/** Segments without rows are 1. */
export const segmentProd = segmentOperation("segmentProd", "mul", () => 1);
/** Segments without rows are the smallest number there is: -infinity for floats. */
export const segmentMax = segmentOperation("segmentMax", "max", (x) => extremesOf(x.dtype)[0]);
/** Segments without rows are the largest number there is. */
export const segmentMin = segmentOperation("segmentMin", "min", (x) => extremesOf(x.dtype)[1]);
