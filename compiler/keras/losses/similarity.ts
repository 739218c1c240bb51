/**
 * Losses that pull embeddings of one class together and push those of others apart.
 */
import { cast, select, setShape, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { setMask } from "../masks.ts";
import { softplusOf } from "../ops/activations.ts";
import { apply, constantOf } from "../ops/apply.ts";
import { matmul } from "../ops/linalg.ts";
import { transpose } from "../ops/movement.ts";
import { asTensor } from "../ops/operation.ts";
import { maxOf } from "../ops/reduce.ts";
import { defineLoss } from "./define.ts";
import { positions } from "./operands.ts";

export interface CircleOptions {
  /** Scales the distances; default 80. */
  gamma?: number;
  /** Default 0.4. */
  margin?: number;
  /** Whether a sample is compared with itself; default true: it is not. */
  removeDiagonal?: boolean;
  /** Labels and embeddings to compare with; default those of the batch. */
  refLabels?: TensorLike | null;
  refEmbeddings?: TensorLike | null;
}

/** Which pairs of samples have one label, and which have two; a sample and itself is neither with `removeDiagonal`. */
function pairs(
  labels: Tensor,
  others: Tensor,
  removeDiagonal: boolean,
): [positive: Tensor, negative: Tensor] {
  const [n, m] = [labels.shape[0], others.shape[0]];
  const [column, row] = [setShape(labels, [n, 1]), setShape(others, [1, m])];
  const same = apply("eq", column, row);
  const negative = apply("not", same);
  if (!removeDiagonal) return [same, negative];
  const { engine } = labels;
  const apart = apply("ne", setShape(positions(n, engine), [n, 1]), setShape(positions(m, engine), [1, m]));
  return [apply("and", same, apart), negative];
}

/** log(sum(exp(x))) of each row, over where `mask` is true; -infinity, with gradient 0, where it is nowhere. */
function logSumExpWhere(mask: Tensor, x: Tensor): Tensor {
  const any = cast(maxOf(cast(mask, "i32"), 1, true), "bool");
  const top = constantOf(select(any, maxOf(select(mask, x, Number.NEGATIVE_INFINITY), 1, true), 0));
  const total = sum(select(mask, apply("exp", apply("sub", x, top)), 0), 1, true);
  const found = apply("add", apply("log", select(any, total, 1)), top);
  return setShape(select(any, found, Number.NEGATIVE_INFINITY), [x.shape[0]]);
}

/**
 * softplus(log(sum(exp(-gamma a+ (margin - d+)))) + log(sum(exp(gamma a- (1 - margin - d-))))), with the cosine distances d of pairs of one
 * label (+) and of two (-), and weights a+ = max(margin + d+, 0), a- = max(1 + margin - d-, 0) (Sun et al., 2020). Labels are class numbers [n],
 * predictions embeddings of length 1, [n, d]. Samples without loss do not count in the mean.
 */
export function circle(yTrue: TensorLike, yPred: TensorLike, options: CircleOptions = {}): Tensor {
  const { gamma = 80, margin = 0.4, removeDiagonal = true, refLabels = null, refEmbeddings = null } = options;
  const p = asTensor(yPred);
  const labels = cast(asTensor(yTrue, "i32"), "i32");
  const others = refLabels === null ? labels : cast(asTensor(refLabels, "i32"), "i32");
  const cosine = matmul(p, transpose(asTensor(refEmbeddings ?? p)));
  const distance = apply("max", apply("sub", 1, cosine), 0);
  const [positive, negative] = pairs(labels, others, removeDiagonal);
  const soften = (mask: Tensor, weight: Tensor, offset: Tensor, sign: number): Tensor => {
    const kept = apply("max", apply("mul", weight, cast(mask, p.dtype)), 0);
    const exponent = apply("mul", apply("mul", sign * gamma, kept), offset);
    return logSumExpWhere(mask, exponent);
  };
  const pull = soften(positive, apply("add", margin, distance), apply("sub", margin, distance), -1);
  const push = soften(negative, apply("sub", 1 + margin, distance), apply("sub", 1 - margin, distance), 1);
  const loss = softplusOf(apply("add", pull, push));
  return setMask(loss, apply("lt", 0, loss));
}
export const Circle = defineLoss(
  "Circle",
  circle,
  { gamma: 80, margin: 0.4, removeDiagonal: true },
  { labels: "groups" },
);
