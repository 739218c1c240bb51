/**
 * `keras.ops`, cross entropies: per-sample losses of predicted distributions. Probabilities are normalized and clipped to
 * [epsilon, 1 - epsilon]; with `fromLogits` the predictions are logarithms up to a constant, which is more exact.
 */
import { equalShapes } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import {
  cast,
  commonEngine,
  setShape,
  staticDim,
  sum,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { session } from "../session.ts";
import { logSoftmaxOf, softplusOf } from "./activations.ts";
import { apply, real } from "./apply.ts";
import { oneHotOf } from "./create.ts";
import { parametric } from "./operation.ts";

export interface CrossentropyOptions {
  /** Default false: predictions are probabilities. */
  fromLogits?: boolean;
  /** The axis of the classes; default -1. */
  axis?: number;
}

function operands(target: TensorLike, output: TensorLike): [Tensor, Tensor] {
  const engine = commonEngine([target, output], session.engine());
  return [toTensor(target, engine), toTensor(real(toTensor(output, engine)), engine)];
}

function clipped(x: Tensor): Tensor {
  return apply("min", apply("max", x, session.epsilon), 1 - session.epsilon);
}

function logProbabilities(output: Tensor, { fromLogits = false, axis = -1 }: CrossentropyOptions): Tensor {
  if (fromLogits) return logSoftmaxOf(output, axis);
  return apply("log", clipped(apply("div", output, sum(output, axis, true))));
}

/** -sum(target log(output)) over the classes. target and output have one shape. */
export const categoricalCrossentropy = parametric(
  "nn",
  "categoricalCrossentropy",
  ["fromLogits", "axis"],
  (target: TensorLike, output: TensorLike, options: CrossentropyOptions) => {
    const [y, p] = operands(target, output);
    requireSameShape(y, p, "categoricalCrossentropy");
    return apply("neg", sum(apply("mul", y, logProbabilities(p, options)), options.axis ?? -1, false));
  },
);

/** -log(output[target]): target holds class numbers, its shape is that of output without the classes (or with 1 in their place). */
export const sparseCategoricalCrossentropy = parametric(
  "nn",
  "sparseCategoricalCrossentropy",
  ["fromLogits", "axis"],
  (target: TensorLike, output: TensorLike, options: CrossentropyOptions) => {
    const [given, p] = operands(target, output);
    const axis = normalizeAxis(options.axis ?? -1, p.rank);
    const squeezed =
      given.rank === p.rank && given.shape[given.rank - 1] === 1
        ? setShape(given, given.shape.slice(0, -1))
        : given;
    const rest = p.shape.filter((_, i) => i !== axis);
    if (!equalShapes(squeezed.shape, rest)) {
      throw new ModelError("labels and predictions do not fit", {
        where: "sparseCategoricalCrossentropy",
        expected: "labels with the shape of the predictions, less the classes",
        got: `labels ${given}, predictions ${p}`,
        hint: "One-hot labels want categorical_crossentropy",
      });
    }
    const hot = oneHotOf(
      cast(squeezed, "i32"),
      staticDim(p.shape[axis], "the number of classes"),
      axis,
      p.dtype,
    );
    return apply("neg", sum(apply("mul", hot, logProbabilities(p, options)), axis, false));
  },
);

/** -(target log(output) + (1 - target) log(1 - output)), elementwise. */
export const binaryCrossentropy = parametric(
  "nn",
  "binaryCrossentropy",
  ["fromLogits"],
  (target: TensorLike, output: TensorLike, { fromLogits = false }: { fromLogits?: boolean }) => {
    const [y, p] = operands(target, output);
    requireSameShape(y, p, "binaryCrossentropy");
    return fromLogits ? binaryFromLogits(y, p) : binaryFromProbabilities(y, clipped(p));
  },
);

function binaryFromProbabilities(y: Tensor, p: Tensor): Tensor {
  const positive = apply("mul", y, apply("log", p));
  const negative = apply("mul", apply("sub", 1, y), apply("log", apply("sub", 1, p)));
  return apply("neg", apply("add", positive, negative));
}

/** log(sigmoid(x)) is -softplus(-x), so that neither exponent overflows. */
function binaryFromLogits(y: Tensor, logits: Tensor): Tensor {
  const positive = apply("mul", y, softplusOf(apply("neg", logits)));
  return apply("add", positive, apply("mul", apply("sub", 1, y), softplusOf(logits)));
}

function requireSameShape(y: Tensor, p: Tensor, where: string): void {
  if (equalShapes(y.shape, p.shape)) return;
  throw new ModelError("labels and predictions differ in shape", {
    where,
    expected: p.toString(),
    got: y.toString(),
  });
}
