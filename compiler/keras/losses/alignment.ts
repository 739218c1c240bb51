/**
 * Losses of sequences whose labels have no known place in time.
 */
import { ModelError } from "../../../ir/errors.ts";
import { broadcastTo, cast, dimTensor, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply } from "../ops/apply.ts";
import { ctcLoss } from "../ops/ctc.ts";
import { asTensor } from "../ops/operation.ts";
import { defineLoss } from "./define.ts";

/**
 * -log of the probability of the labels, over all ways to stretch them in time (connectionist temporal classification, Graves et al., 2006). Labels
 * are class numbers [n, labels], where 0 is the blank and pads them; predictions are scores [n, time, classes].
 */
export function ctc(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const labels = cast(asTensor(yTrue, "i32"), "i32");
  const scores = asTensor(yPred);
  if (labels.rank !== 2)
    throw new ModelError(
      "Targets `y_true` are expected to be a tensor of shape `(batch_size, max_length)` in integer format.",
      { got: labels.toString() },
    );
  if (scores.rank !== 3)
    throw new ModelError(
      "Logits `y_pred` are expected to be a tensor of shape `(batch_size, max_length, num_classes)`.",
      { got: scores.toString() },
    );
  const [n, time] = scores.shape;
  const times = broadcastTo(cast(dimTensor(time, scores.engine, "f32"), "i32"), [n]);
  const lengths = sum(cast(apply("ne", labels, 0), "i32"), -1, false);
  return ctcLoss(labels, scores, lengths, times, {});
}
/** Example: `losses.CTC()`. */
export const CTC = defineLoss("CTC", ctc, {}, { labels: "groups" });
