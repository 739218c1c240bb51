/**
 * Losses that measure how much two regions overlap. `axis` are the axes to sum over; null (default) all, which gives one number for the batch.
 */
import { type Axes, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply } from "../ops/apply.ts";
import { session } from "../session.ts";
import { defineLoss } from "./define.ts";
import { matchRanks } from "./operands.ts";

/** 1 - 2 sum(y p) / (sum(y) + sum(p)) (Dice, 1945). */
export function dice(yTrue: TensorLike, yPred: TensorLike, { axis = null }: { axis?: Axes } = {}): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  const total = (x: Tensor): Tensor => sum(x, axis, false);
  const size = apply("add", apply("add", total(y), total(p)), session.epsilon);
  return apply("sub", 1, apply("div", apply("mul", 2, total(apply("mul", y, p))), size));
}
export const Dice = defineLoss("Dice", dice, { axis: null as Axes });

export interface TverskyOptions {
  /** The weight of what the prediction misses; default 0.5. */
  alpha?: number;
  /** The weight of what it makes up; default 0.5. */
  beta?: number;
  /** Default null: all axes. */
  axis?: Axes;
}

/** 1 - sum(y p) / (sum(y p) + alpha sum(y (1 - p)) + beta sum(p (1 - y))) (Salehi et al., 2017); Dice with alpha = beta = 1/2. */
export function tversky(
  yTrue: TensorLike,
  yPred: TensorLike,
  { alpha = 0.5, beta = 0.5, axis = null }: TverskyOptions = {},
): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  const total = (x: Tensor): Tensor => sum(x, axis, false);
  const both = total(apply("mul", y, p));
  const missed = apply("mul", total(apply("mul", apply("sub", 1, p), y)), alpha);
  const made = apply("mul", total(apply("mul", p, apply("sub", 1, y))), beta);
  const size = apply("add", apply("add", apply("add", both, missed), made), session.epsilon);
  return apply("sub", 1, apply("div", both, size));
}
export const Tversky = defineLoss("Tversky", tversky, { alpha: 0.5, beta: 0.5, axis: null as Axes });
