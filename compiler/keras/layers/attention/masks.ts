/**
 * Masks of attention: which keys a query may look at, [1, queries, keys].
 */
import { type Dim, printDim } from "../../../../ir/dim.ts";
import { elementwise, setShape, type Tensor } from "../../../tensor.ts";

/** 0, 1, ... along the queries or the keys, in the engine of `like`. */
function positions(like: Tensor, count: Dim, axis: "queries" | "keys"): Tensor {
  const [numbers] = like.engine.op("iota", [], {
    shape: [typeof count === "number" ? count : printDim(count)],
    axis: 0,
    dtype: "i32",
  });
  return setShape(numbers, axis === "queries" ? [1, count, 1] : [1, 1, count]);
}

/** Keys up to the query's own position. */
export const causalMask = (like: Tensor, queries: Dim, keys: Dim): Tensor =>
  elementwise("le", [positions(like, keys, "keys"), positions(like, queries, "queries")]);

/** Keys less than `size` positions away. */
export function windowMask(like: Tensor, queries: Dim, keys: Dim, size: number): Tensor {
  const distance = elementwise("sub", [positions(like, queries, "queries"), positions(like, keys, "keys")]);
  return elementwise("lt", [elementwise("abs", [distance]), size]);
}
