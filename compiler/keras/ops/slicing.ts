/**
 * `keras.ops` on blocks of a tensor: reading one, replacing one. Where a block starts may depend on data; its shape may not. A block that
 * would reach out of the tensor is moved inside, as in XLA.
 */
import { type Dim, printDim } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import {
  broadcastTo,
  cast,
  getItem,
  setShape,
  staticDim,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { apply, choose, clamp, iota } from "./apply.ts";
import { asTensor, operation } from "./operation.ts";
import { gather } from "./picking.ts";

/** One start per axis: numbers, scalar tensors, or one vector. */
type Starts = readonly TensorLike[] | TensorLike;

/**
 * The block of `shape` that starts at `startIndices`. -1 in the shape reaches to the end of an axis.
 *
 *     ops.slice(x, [1, 0], [2, 3])   // rows 1 and 2, columns 0 to 2
 */
export const slice = operation(
  "core",
  "slice",
  (inputs: TensorLike, startIndices: Starts, shape: readonly number[]) => {
    const x = asTensor(inputs);
    const starts = startsOf(startIndices, x.rank);
    const sizes = shape.map((size, axis) => (size < 0 ? restOf(x.shape[axis], starts[axis]) : size));
    return sizes.reduce((block, size, axis) => window(block, axis, starts[axis], size), x);
  },
);

/**
 * `inputs` with the block at `startIndices` replaced by `updates`, which have as many axes.
 *
 *     ops.sliceUpdate(ops.zeros([3]), [1], ops.ones([2]))   // [0, 1, 1]
 */
export const sliceUpdate = operation(
  "core",
  "sliceUpdate",
  (inputs: TensorLike, startIndices: Starts, updates: TensorLike) => {
    const x = asTensor(inputs);
    const block = cast(asTensor(updates, x.dtype), x.dtype);
    const starts = startsOf(startIndices, x.rank);
    let [spread, inside]: [Tensor, Tensor | undefined] = [block, undefined];
    for (const [axis, start] of starts.entries()) {
      const size = block.shape[axis];
      if (size === x.shape[axis]) continue;
      const position = apply("sub", alongAxis(x, axis), inRange(start, x.shape[axis], size));
      const last = staticDim(size, "the shape of an update") - 1;
      spread = gather(spread, setShape(clamp(position, 0, last), [x.shape[axis]]), axis);
      const here = apply("and", apply("le", 0, position), apply("le", position, last));
      inside = inside === undefined ? here : apply("and", inside, here);
    }
    return inside === undefined ? spread : choose(broadcastTo(inside, x.shape), spread, x);
  },
);

/** The numbers of an axis in a shape that broadcasts with the tensor. */
function alongAxis(x: Tensor, axis: number): Tensor {
  const shape = x.shape.map((dim, i): Dim => (i === axis ? dim : 1));
  return iota(x.engine, shape, axis);
}

type Start = number | Tensor;

function startsOf(starts: Starts, rank: number): Start[] {
  const list = Array.isArray(starts)
    ? (starts as readonly TensorLike[]).map((start) => (typeof start === "number" ? start : scalarOf(start)))
    : partsOf(asTensor(starts as TensorLike, "i32"));
  if (list.length === rank) return list;
  throw new ModelError("wrong number of starts", { expected: `${rank}`, got: `${list.length}` });
}

const scalarOf = (x: TensorLike): Tensor => setShape(cast(asTensor(x, "i32"), "i32"), []);
const partsOf = (vector: Tensor): Tensor[] =>
  Array.from({ length: staticDim(vector.shape[0], "the number of starts") }, (_, i) =>
    scalarOf(getItem(vector, [i])),
  );

function restOf(size: Dim, start: Start): number {
  if (typeof start === "number") return staticDim(size, "the axis of a slice") - start;
  throw new ModelError("the shape of a slice must be known where its start is not", {
    where: "ops.slice",
    got: "-1",
  });
}

/** A start from the front, such that a block of `size` fits. */
function inRange(start: Start, whole: Dim, size: Dim): Start {
  const last = staticDim(whole, "the axis of a slice") - staticDim(size, "the shape of a slice");
  if (last < 0)
    throw new ModelError("the block is larger than the tensor", {
      expected: `at most ${printDim(whole)}`,
      got: printDim(size),
    });
  if (typeof start === "number") return Math.min(Math.max(start, 0), last);
  return clamp(start, 0, last);
}

function window(x: Tensor, axis: number, start: Start, size: number): Tensor {
  if (x.shape[axis] === size) return x;
  const from = inRange(start, x.shape[axis], size);
  if (typeof from !== "number") return gather(x, apply("add", iota(x.engine, [size], 0), from), axis);
  return getItem(
    x,
    x.shape.map((_, i) => (i === axis ? `${from}:${from + size}` : ":")),
  );
}
