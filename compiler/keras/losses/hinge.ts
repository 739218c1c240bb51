/**
 * Losses that ask for a margin between right and wrong. Labels 0 and 1 count as -1 and 1.
 */
import { cast, select, sum, type Tensor } from "../../tensor.ts";
import { apply } from "../ops/apply.ts";
import { maxOf, minOf } from "../ops/reduce.ts";
import { defineLoss } from "./define.ts";
import { average, pairwise, square } from "./operands.ts";

/** Labels of which each is 0 or 1 become -1 and 1; others stay. */
function signs(y: Tensor): Tensor {
  const binary = apply("or", apply("eq", y, 0), apply("eq", y, 1));
  const all = cast(minOf(cast(binary, "i32"), null, false), "bool");
  return select(all, apply("sub", apply("mul", y, 2), 1), y);
}

/** max(1 - y p, 0). */
const margin = (y: Tensor, p: Tensor): Tensor => apply("max", apply("sub", 1, apply("mul", signs(y), p)), 0);

/** mean(max(1 - y p, 0)) of labels -1 and 1. */
export const hinge = pairwise((y, p) => average(margin(y, p)));
export const Hinge = defineLoss("Hinge", hinge);

/** mean(max(1 - y p, 0)^2). */
export const squaredHinge = pairwise((y, p) => average(square(margin(y, p))));
export const SquaredHinge = defineLoss("SquaredHinge", squaredHinge);

/** max(1 + largest wrong score - right score, 0) of one-hot labels. */
export const categoricalHinge = pairwise((y, p) => {
  const right = sum(apply("mul", y, p), -1, false);
  const wrong = maxOf(apply("mul", apply("sub", 1, y), p), -1, false);
  return apply("max", apply("add", apply("sub", wrong, right), 1), 0);
});
export const CategoricalHinge = defineLoss("CategoricalHinge", categoricalHinge);
