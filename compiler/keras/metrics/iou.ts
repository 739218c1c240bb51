/**
 * Intersection over union: how much of what two segmentations call a class they agree on, TP / (TP + FP + FN). All of the family count in one
 * confusion matrix [classes, classes], labels down, predictions across.
 */
import { productOf } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import {
  broadcastTo,
  cast,
  dimTensor,
  select,
  setShape,
  sum,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { positions } from "../losses/operands.ts";
import { apply } from "../ops/apply.ts";
import { argmax } from "../ops/reduce.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { session } from "../session.ts";
import type { Variable } from "../variable.ts";
import { Metric, type MetricOptions, type SampleWeight, updateOperands } from "./metric.ts";

export interface MeanIoUOptions extends MetricOptions {
  /** How many classes there are. */
  numClasses?: number;
  /** Samples with this label do not count; default null, none. */
  ignoreClass?: number | null;
  /** Whether labels and predictions are class numbers (default) or scores for each class along `axis`. */
  sparseYTrue?: boolean;
  sparseYPred?: boolean;
  /** Default -1. */
  axis?: number;
}
export interface IoUOptions extends MeanIoUOptions {
  /** The classes whose mean is the result. */
  targetClassIds?: readonly number[];
}

const defaults = {
  numClasses: undefined as number | undefined,
  targetClassIds: undefined as readonly number[] | undefined,
  name: null as string | null,
  dtype: null as MetricOptions["dtype"],
  ignoreClass: null as number | null,
  sparseYTrue: true,
  sparseYPred: true,
  axis: -1 as number,
};
type Read = typeof defaults & { numClasses: number; targetClassIds: readonly number[] };

/** The arguments of a member of the family, which has only some of the options; `fixed` are those it sets itself. */
function read(
  owner: string,
  args: readonly unknown[],
  keys: readonly (keyof typeof defaults)[],
  fixed: Partial<Read>,
): Read {
  const own = Object.fromEntries(keys.map((key) => [key, fixed[key] ?? defaults[key]]));
  return { ...defaults, ...fixed, ...readOptions(args, own, { owner, positional: keys }) } as Read;
}

const sparseKeys = ["name", "dtype", "ignoreClass", "sparseYTrue", "sparseYPred", "axis"] as const;
const oneHotKeys = ["name", "dtype", "ignoreClass", "sparseYPred", "axis"] as const;

abstract class ConfusionMatrixMetric extends Metric {
  protected readonly options: Read;
  private readonly matrix: Variable;

  constructor(options: Read) {
    super({ ...options, direction: "up" });
    this.options = options;
    const { numClasses, targetClassIds } = options;
    const largest = Math.max(...targetClassIds);
    if (largest >= numClasses)
      throw new ModelError(`Target class id ${largest} is out of range, which is [0, ${numClasses}).`, {
        where: this.name,
      });
    this.matrix = this.addVariable({ name: "total_confusion_matrix", shape: [numClasses, numClasses] });
  }

  protected override get defaultDType(): string {
    return "int32";
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
    const found = updateOperands([yTrue, yPred, sampleWeight], undefined);
    const { sparseYTrue, sparseYPred, axis } = this.options;
    const y = sparseYTrue ? found.yTrue : argmax(found.yTrue, { axis });
    const p = sparseYPred ? found.yPred : argmax(found.yPred, { axis });
    this.tally(flat(y), flat(p), found.sampleWeight);
  }

  /** Adds pairs of class numbers [n]; those out of range, and labels to ignore, do not count. */
  protected tally(labels: Tensor, predictions: Tensor, sampleWeight: Tensor | null): void {
    const { numClasses, ignoreClass } = this.options;
    const [y, p] = [cast(labels, "i32"), cast(predictions, "i32")];
    const weight = cast(sampleWeight ?? dimTensor(1, y.engine, this.dtype), this.dtype);
    const weights = broadcastTo(weight.rank > 1 ? flat(weight) : weight, y.shape);
    // Numbers out of range are in no row or column by themselves.
    const counted = ignoreClass === null ? weights : select(apply("ne", y, ignoreClass), weights, 0);
    const index = positions(numClasses, y.engine);
    const rows = apply("eq", setShape(y, [...y.shape, 1, 1]), setShape(index, [1, numClasses, 1]));
    const columns = apply("eq", setShape(p, [...p.shape, 1, 1]), setShape(index, [1, 1, numClasses]));
    const cells = apply(
      "mul",
      cast(apply("and", rows, columns), this.dtype),
      setShape(cast(counted, this.dtype), [...y.shape, 1, 1]),
    );
    this.matrix.assignAdd(sum(cells, 0, false));
  }

  override result(): Tensor {
    const { numClasses, targetClassIds } = this.options;
    const matrix = cast(this.matrix.value, "f32");
    const index = positions(numClasses, matrix.engine);
    const isDiagonal = apply("eq", setShape(index, [numClasses, 1]), setShape(index, [1, numClasses]));
    const right = sum(select(isDiagonal, matrix, 0), 1, false);
    const union = apply("sub", apply("add", sum(matrix, 0, false), sum(matrix, 1, false)), right);
    const wanted = Float32Array.from({ length: numClasses }, (_, i) =>
      targetClassIds.reduce((count, id) => count + Number(id === i), 0),
    );
    const occurs = apply("mul", cast(apply("lt", 1e-9, union), "f32"), {
      dtype: "f32",
      shape: [numClasses],
      data: wanted,
    });
    const each = apply("mul", occurs, apply("div", right, apply("add", union, session.epsilon)));
    return apply("div", sum(each, null, false), apply("add", sum(occurs, null, false), session.epsilon));
  }

  /** The configuration: the common options that the class has. */
  protected configOf(keys: readonly string[]): JsonObject {
    const { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis } = this.options;
    const all: JsonObject = {
      num_classes: numClasses,
      target_class_ids: targetClassIds,
      ignore_class: ignoreClass,
      sparse_y_true: sparseYTrue,
      sparse_y_pred: sparseYPred,
      axis,
    };
    return { ...super.getConfig(), ...Object.fromEntries(keys.map((key) => [key, all[key]])) };
  }
}

const flat = (x: Tensor): Tensor => (x.rank === 1 ? x : setShape(x, [productOf(x.shape)]));
const allOf = (numClasses: number): readonly number[] => Array.from({ length: numClasses }, (_, i) => i);

type Args<O> = (number | readonly number[] | string | null | Options<O>)[];

/** The mean over chosen classes. Example: `metrics.IoU({ numClasses: 3, targetClassIds: [0, 2] })`. */
export class IoU extends ConfusionMatrixMetric {
  static readonly className: string = "IoU";
  constructor(...args: Args<IoUOptions>) {
    super(read("IoU", args, ["numClasses", "targetClassIds", ...sparseKeys], {}));
  }
  override getConfig(): JsonObject {
    return this.configOf([
      "num_classes",
      "target_class_ids",
      "ignore_class",
      "sparse_y_true",
      "sparse_y_pred",
      "axis",
    ]);
  }
}

/** Of two classes, told apart by a threshold. */
export class BinaryIoU extends ConfusionMatrixMetric {
  static readonly className = "BinaryIoU";
  private readonly threshold: number;
  constructor(
    options: Options<MetricOptions & { targetClassIds?: readonly number[]; threshold?: number }> = {},
  ) {
    const { threshold, ...rest } = readOptions(
      [options],
      { targetClassIds: [0, 1] as readonly number[], threshold: 0.5 },
      { owner: "BinaryIoU", positional: [], also: ["name", "dtype"] },
    );
    super({ ...defaults, ...rest, numClasses: 2 });
    this.threshold = threshold;
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight: SampleWeight = null): void {
    const found = updateOperands([yTrue, yPred, sampleWeight], undefined);
    const p = cast(apply("le", this.threshold, cast(found.yPred, "f32")), "i32");
    this.tally(flat(found.yTrue), flat(p), found.sampleWeight);
  }
  override getConfig(): JsonObject {
    return { ...this.configOf(["target_class_ids"]), threshold: this.threshold };
  }
}

/** The mean over all classes. */
export class MeanIoU extends ConfusionMatrixMetric {
  static readonly className: string = "MeanIoU";
  constructor(...args: Args<MeanIoUOptions>) {
    const options = read("MeanIoU", args, ["numClasses", ...sparseKeys], {});
    super({ ...options, targetClassIds: allOf(options.numClasses) });
  }
  override getConfig(): JsonObject {
    return this.configOf(["num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis"]);
  }
}

/** `IoU` for one-hot labels, and predictions that are scores. */
export class OneHotIoU extends ConfusionMatrixMetric {
  static readonly className = "OneHotIoU";
  constructor(...args: Args<Omit<IoUOptions, "sparseYTrue">>) {
    const fixed = { sparseYTrue: false, sparseYPred: false };
    super(read("OneHotIoU", args, ["numClasses", "targetClassIds", ...oneHotKeys], fixed));
  }
  override getConfig(): JsonObject {
    return this.configOf(["num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis"]);
  }
}

/** `MeanIoU` for one-hot labels, and predictions that are scores. */
export class OneHotMeanIoU extends ConfusionMatrixMetric {
  static readonly className = "OneHotMeanIoU";
  constructor(...args: Args<Omit<MeanIoUOptions, "sparseYTrue">>) {
    const fixed = { sparseYTrue: false, sparseYPred: false };
    const options = read("OneHotMeanIoU", args, ["numClasses", ...oneHotKeys], fixed);
    super({ ...options, targetClassIds: allOf(options.numClasses) });
  }
  override getConfig(): JsonObject {
    return this.configOf(["num_classes", "ignore_class", "sparse_y_pred", "axis"]);
  }
}
