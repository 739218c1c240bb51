/**
 * `keras.ops`, connectionist temporal classification (Graves et al., 2006): labels without alignment, read from a sequence of class scores in which
 * `maskIndex` is the class of the blank.
 */
import { ModelError } from "../../../ir/errors.ts";
import { cast, getItem, setShape, staticDim, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { logSoftmaxOf } from "./activations.ts";
import { apply, choose, iota, real } from "./apply.ts";
import { scanAlong } from "./control.ts";
import { oneHotOf } from "./create.ts";
import { beamSearch } from "./ctc-beam.ts";
import { logaddexp } from "./exponential.ts";
import { concat, sliceAxis } from "./joining.ts";
import { asTensor, parametric } from "./operation.ts";
import { takeAlong } from "./picking.ts";
import { maxOf, position } from "./reduce.ts";
import { sorted } from "./sorting.ts";

/** The logarithm of nothing, as Keras has it. */
const LOG_NOTHING = -1e5;

interface LossOptions {
  /** The class of the blank; default 0. */
  maskIndex?: number;
}

/**
 * -log of the probability of the labels: target [batch, labels] i32, output [batch, time, classes] scores, the lengths of both [batch]; the result is
 * [batch]. The recursion over time has two states per label, after it and after a blank (optax's `ctc_loss`).
 */
export const ctcLoss = parametric(
  "nn",
  "ctcLoss",
  ["maskIndex"],
  (
    target: TensorLike,
    output: TensorLike,
    targetLength: TensorLike,
    outputLength: TensorLike,
    { maskIndex = 0 }: LossOptions,
  ) => {
    const labels = cast(asTensor(target, "i32"), "i32");
    const scores = logSoftmaxOf(cast(real(output), "f32"), -1);
    const [batch, time, classes] = scores.shape;
    const count = staticDim(labels.shape[1], "the number of labels");
    const hot = oneHotOf(labels, staticDim(classes, "the number of classes"), -1, "f32");
    const emit = scores.engine.op("contract", [scores, hot], { spec: "b t k, b n k -> b t n" })[0];
    const blank = sliceAxis(scores, 2, maskIndex, maskIndex + 1);
    const beyond = apply(
      "le",
      setShape(integers(outputLength), [batch, 1]),
      iota(scores.engine, [batch, time], 1),
    );
    const start = apply(
      "mul",
      cast(apply("lt", 0, iota(scores.engine, [batch, count + 1], 1)), "f32"),
      LOG_NOTHING,
    );
    const emitted = apply("add", sliceAxis(start, 1, 0, count).mul(0), LOG_NOTHING);
    const [last] = scanAlong(
      stepWith(repeats(labels, count)),
      [start, emitted],
      [emit, blank, setShape(beyond, [batch, time, 1])],
      { axis: 1 },
    ) as readonly [readonly [Tensor, Tensor], unknown];
    const ends = afterEmission(last[0], last[1]);
    const chosen = oneHotOf(integers(targetLength), count + 1, -1, "f32");
    return apply("neg", sum(apply("mul", ends, chosen), 1, false));
  },
);

const integers = (x: TensorLike): Tensor => cast(asTensor(x, "i32"), "i32");

/** 1 for a label that the next one repeats: [batch, labels]. */
function repeats(labels: Tensor, count: number): Tensor {
  const same = apply("eq", sliceAxis(labels, 1, 0, count - 1), sliceAxis(labels, 1, 1, count));
  const last = apply("lt", sliceAxis(labels, 1, 0, 1).mul(0), 0);
  return cast(concat([same, last], 1), "f32");
}

/** Paths that go from a label to the state behind it join those that are there. */
function afterEmission(phi: Tensor, added: Tensor): Tensor {
  const count = staticDim(added.shape[1], "the number of labels");
  return concat([sliceAxis(phi, 1, 0, 1), logaddexp(sliceAxis(phi, 1, 1, count + 1), added)], 1);
}

type State = readonly [phi: Tensor, emit: Tensor];
type Frame = readonly [emit: Tensor, blank: Tensor, beyond: Tensor];

/** One frame. Two equal labels in a row need a blank between them. Frames beyond the sequence change nothing. */
const stepWith =
  (repeat: Tensor) =>
  ([phi, emit]: State, [emitScore, blankScore, beyond]: Frame): readonly [State, null] => {
    const count = staticDim(emit.shape[1], "the number of labels");
    const free = afterEmission(phi, apply("add", emit, apply("mul", LOG_NOTHING, repeat)));
    const begun = apply("add", sliceAxis(free, 1, 0, count), emitScore);
    const nextEmit = logaddexp(begun, apply("add", emit, emitScore));
    const forced = apply(
      "add",
      apply("add", emit, blankScore),
      apply("mul", LOG_NOTHING, apply("sub", 1, repeat)),
    );
    const nextPhi = afterEmission(apply("add", free, blankScore), forced);
    return [[choose(beyond, phi, nextPhi), choose(beyond, emit, nextEmit)], null];
  };

interface DecodeOptions {
  /** "greedy" (default), or "beam_search", which is eager only. */
  strategy?: "greedy" | "beam_search";
  /** How many beginnings are kept; default 100. */
  beamWidth?: number;
  /** How many results there are; default 1. */
  topPaths?: number;
  /** Whether "greedy" merges repeated classes; default true. */
  mergeRepeated?: boolean;
  maskIndex?: number | null;
}

/**
 * The labels of sequences: inputs [batch, time, classes] scores, their lengths [batch]; the result is [labels, scores] with labels i32
 * [topPaths, batch, time], filled up with -1, and scores [batch, topPaths]. Throws ModelError for another strategy.
 */
export const ctcDecode = parametric(
  "nn",
  "ctcDecode",
  ["strategy", "beamWidth", "topPaths", "mergeRepeated", "maskIndex"],
  (inputs: TensorLike, sequenceLengths: TensorLike, options: DecodeOptions) => {
    const {
      strategy = "greedy",
      beamWidth = 100,
      topPaths = 1,
      mergeRepeated = true,
      maskIndex = 0,
    } = options;
    const scores = cast(real(inputs), "f32");
    const blank = maskIndex ?? staticDim(scores.shape[2], "the number of classes") - 1;
    if (strategy === "greedy") return greedy(scores, integers(sequenceLengths), blank, mergeRepeated);
    if (strategy === "beam_search")
      return beamSearch(logSoftmaxOf(scores, -1), integers(sequenceLengths), { beamWidth, topPaths, blank });
    throw new ModelError(`Invalid strategy ${strategy}. Supported values are 'greedy' and 'beam_search'.`);
  },
);

/** The best class of each frame, without blanks. */
function greedy(scores: Tensor, lengths: Tensor, blank: number, merge: boolean): readonly [Tensor, Tensor] {
  const [batch, time] = scores.shape;
  const length = staticDim(time, "the length of a sequence");
  const frame = iota(scores.engine, [batch, time], 1);
  const beyond = apply("le", setShape(lengths, [batch, 1]), frame);
  const best = choose(beyond, blank, position(scores, { axis: 2 }));
  const value = choose(beyond, 0, maxOf(scores, 2, false));
  const merged = merge ? choose(repeatsBefore(best, length), blank, best) : best;
  const empty = apply("eq", merged, blank);
  const [, order] = sorted(choose(empty, length, frame), 1);
  const labels = takeAlong(choose(empty, -1, merged), order, 1);
  return [setShape(labels, [1, ...labels.shape]), apply("neg", sum(value, 1, true))];
}

/** Which elements equal the one before. */
function repeatsBefore(x: Tensor, length: number): Tensor {
  const same = apply("eq", sliceAxis(x, 1, 1, length), sliceAxis(x, 1, 0, length - 1));
  return concat([apply("lt", getItem(x, [":", "0:1"]).mul(0), 0), same], 1);
}
