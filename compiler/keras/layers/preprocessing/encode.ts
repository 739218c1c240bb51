/**
 * What layers of categories give back: the indices themselves, or vectors over all categories.
 */
import type { DType } from "../../../../ir/dtype.ts";
import { cast, elementwise, setShape, sum, type Tensor } from "../../../tensor.ts";
import { multiHot, oneHotOf } from "../../ops/create.ts";
import type { KerasShape } from "../../shapes.ts";

/** Indices; a vector with a 1 for each index; one with a 1 for all indices of a sample; how often each occurs. */
export type OutputMode = "int" | "one_hot" | "multi_hot" | "count";

/** Indices below `depth` in the given mode. Indices that are none count for nothing. `weights` has the shape of the indices, for "count". */
export function encodeCategories(
  given: Tensor,
  mode: OutputMode,
  depth: number,
  dtype: DType,
  weights: Tensor | null = null,
): Tensor {
  if (mode === "int") return cast(given, dtype);
  const indices = given.rank === 0 ? setShape(given, [1]) : given;
  if (mode === "multi_hot") return cast(multiHot(indices, { numClasses: depth }), dtype);
  if (mode === "one_hot") return oneHotOf(withoutLastOne(indices), depth, -1, dtype);
  const hot = oneHotOf(indices, depth, -1, weights?.dtype ?? dtype);
  const weighted =
    weights === null ? hot : elementwise("mul", [hot, setShape(weights, [...weights.shape, 1])]);
  return sum(weighted, indices.rank > 1 ? 1 : 0, false);
}

const withoutLastOne = (x: Tensor): Tensor =>
  x.rank > 1 && x.shape[x.rank - 1] === 1 ? setShape(x, x.shape.slice(0, -1)) : x;

/** The shape of the encoded indices. */
export function encodedShape(shape: KerasShape, mode: OutputMode, depth: number | null): KerasShape {
  if (mode === "int") return shape;
  if (shape.length === 0) return [depth];
  if (mode === "one_hot") {
    const isColumn = shape.length > 1 && shape.at(-1) === 1;
    return [...(isColumn ? shape.slice(0, -1) : shape), depth];
  }
  return [...(shape.length > 1 ? [shape[0], ...shape.slice(2)] : []), depth];
}
