/**
 * `keras.ops.vectorize`: a function of single elements as one of whole tensors.
 */
import { productOf, type Shape } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { broadcastShapes } from "../../../ir/type.ts";
import { broadcastTo, setShape, type Tensor, type TensorLike } from "../../tensor.ts";
import { mapNest, type Nest } from "../nest.ts";
import { promotedEach } from "./apply.ts";
import { vectorizedMap } from "./control.ts";

interface VectorizeOptions {
  /** How many trailing axes each argument has that `f` sees whole, as "(n),(n,m)->(m)". Default: none, `f` works on scalars. */
  signature?: string | null;
}

/** The ranks that the left side of a signature gives the arguments: 1 and 2 for "(n),(n,m)->(m)". */
function coreRanks(signature: string): number[] {
  const groups = signature.split("->")[0].match(/\([^()]*\)/g) ?? [];
  return groups.map(
    (group) =>
      group
        .replace(/[()\s]/g, "")
        .split(",")
        .filter((name) => name !== "").length,
  );
}

/**
 * `f` applied to every element of its arguments, which broadcast. With a `signature`, to every vector, matrix ... of them. Throws ModelError where the
 * signature has another number of arguments.
 *
 *     const clipped = ops.vectorize((a, b) => ops.where(ops.greater(a, b), b, a));
 *     clipped([1, 2, 3], 2)   // [1, 2, 2]
 */
export function vectorize(
  f: (...elements: readonly Tensor[]) => Nest<Tensor>,
  { signature = null }: VectorizeOptions = {},
): (...args: readonly TensorLike[]) => Nest<Tensor> {
  return (...args) => {
    const tensors = promotedEach(...args);
    const ranks = signature === null ? tensors.map(() => 0) : coreRanks(signature);
    if (ranks.length !== tensors.length)
      throw new ModelError("wrong number of arguments", {
        where: "ops.vectorize",
        expected: `${ranks.length}, as the signature says`,
        got: `${tensors.length}`,
      });
    const split = tensors.map((x, i): [Shape, Shape] => [
      x.shape.slice(0, x.rank - ranks[i]),
      x.shape.slice(x.rank - ranks[i]),
    ]);
    const outer = split.map(([loop]) => loop).reduce(broadcastShapes);
    const rows = tensors.map((x, i) => {
      const core = split[i][1];
      return setShape(broadcastTo(x, [...outer, ...core]), [productOf(outer), ...core]);
    });
    const results = vectorizedMap((elements: readonly Tensor[]) => f(...elements), rows) as Nest<Tensor>;
    return mapNest<Tensor, Tensor>(results, (y) => setShape(y, [...outer, ...y.shape.slice(1)]));
  };
}
