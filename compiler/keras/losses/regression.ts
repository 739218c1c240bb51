/**
 * Losses of real numbers: labels and predictions of one shape [n, ..., d] to one number per sample, [n, ...].
 */
import { select, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { softplusOf } from "../ops/activations.ts";
import { apply } from "../ops/apply.ts";
import { normalize } from "../ops/normalization.ts";
import { session } from "../session.ts";
import { defineLoss } from "./define.ts";
import { average, matchRanks, pairwise, square } from "./operands.ts";

/** mean((y - p)^2). */
export const meanSquaredError = pairwise((y, p) => average(square(apply("sub", y, p))));
export const MeanSquaredError = defineLoss("MeanSquaredError", meanSquaredError);

/** mean(|y - p|). */
export const meanAbsoluteError = pairwise((y, p) => average(apply("abs", apply("sub", y, p))));
export const MeanAbsoluteError = defineLoss("MeanAbsoluteError", meanAbsoluteError);

/** 100 mean(|y - p| / |y|). */
export const meanAbsolutePercentageError = pairwise((y, p) => {
  const relative = apply("div", apply("sub", y, p), apply("max", apply("abs", y), session.epsilon));
  return apply("mul", average(apply("abs", relative)), 100);
});
export const MeanAbsolutePercentageError = defineLoss(
  "MeanAbsolutePercentageError",
  meanAbsolutePercentageError,
);

/** mean((log(y + 1) - log(p + 1))^2). */
export const meanSquaredLogarithmicError = pairwise((y, p) => {
  const log = (x: Tensor): Tensor => apply("log", apply("add", apply("max", x, session.epsilon), 1));
  return average(square(apply("sub", log(p), log(y))));
});
export const MeanSquaredLogarithmicError = defineLoss(
  "MeanSquaredLogarithmicError",
  meanSquaredLogarithmicError,
);

/** mean(log(cosh(p - y))), computed as x + softplus(-2x) - log(2). */
export const logCosh = pairwise((y, p) => {
  const x = apply("sub", p, y);
  return average(apply("sub", apply("add", x, softplusOf(apply("mul", x, -2))), Math.LN2));
});
export const LogCosh = defineLoss("LogCosh", logCosh);

/** e^2 / 2 for |e| <= delta, else delta |e| - delta^2 / 2; averaged (Huber, 1964). Default delta 1. */
export function huber(yTrue: TensorLike, yPred: TensorLike, { delta = 1 }: { delta?: number } = {}): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  const size = apply("abs", apply("sub", p, y));
  const small = apply("mul", 0.5, square(size));
  const large = apply("sub", apply("mul", delta, size), 0.5 * delta * delta);
  return average(select(apply("le", size, delta), small, large));
}
// Keras leaves delta out of the configuration; we write it and read both.
export const Huber = defineLoss("Huber", huber, { delta: 1 }, { name: "huber_loss" });

/** -sum(y p) of vectors along `axis` (default -1) brought to length 1. */
export function cosineSimilarity(
  yTrue: TensorLike,
  yPred: TensorLike,
  { axis = -1 }: { axis?: number } = {},
): Tensor {
  const [y, p] = matchRanks(yTrue, yPred);
  const product = apply("mul", normalize(y, { axis }), normalize(p, { axis }));
  return apply("neg", sum(product, axis, false));
}
export const CosineSimilarity = defineLoss("CosineSimilarity", cosineSimilarity, { axis: -1 });
