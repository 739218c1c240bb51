/**
 * `keras.metrics`: the public list of metrics. To add one: a class here or in a file of its own, and a line in `classes` and `metrics`.
 */
import { type Axes, cast, elementwise, setShape, type Tensor, type TensorLike } from "../../tensor.ts";
import { factory } from "../callable.ts";
import { type ClassTable, resolve, unwrapFunction } from "../config.ts";
import type { CrossentropyLossOptions } from "../losses/functions.ts";
import * as functions from "../losses/functions.ts";
import { argmax } from "../ops/reduce.ts";
import { type JsonObject, type Options, readOptions, snakeClassName } from "../options.ts";
import { MeanMetric, Metric, type MetricOptions } from "./metric.ts";

const base = ["name", "dtype"] as const;
type Compute = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** The mean over samples of a function of labels and predictions. */
export class MeanMetricWrapper extends MeanMetric {
  static readonly className: string = "MeanMetricWrapper";
  private readonly compute_: Compute;
  private readonly config: JsonObject;

  constructor(compute: Compute, options: Options<MetricOptions> = {}, config: JsonObject = {}) {
    super(options);
    this.compute_ = compute;
    this.config = config;
  }
  override values(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.compute_(yTrue, yPred);
  }
  override getConfig(): JsonObject {
    return { ...super.getConfig(), ...this.config };
  }
}

/** The class of a mean metric without options of its own; named, because declarations cannot describe an anonymous class. */
export interface SimpleMetricClass {
  readonly module: string;
  readonly className: string;
  readonly prototype: MeanMetricWrapper;
  new (name?: string | Options<MetricOptions>): MeanMetricWrapper;
}

/** Declares a mean metric without options of its own. */
function simple(className: string, compute: Compute, name = snakeClassName(className)): SimpleMetricClass {
  return class extends MeanMetricWrapper {
    static override readonly className = className;
    constructor(...args: [name?: string | Options<MetricOptions>]) {
      const read = readOptions(
        args,
        { name: name as string | null },
        { owner: className, positional: ["name"], also: base },
      );
      super(compute, read);
    }
  };
}

/** The mean of values: `updateState(values)`. */
export class Mean extends MeanMetric {
  static readonly className = "Mean";
  constructor(...args: [name?: string | Options<MetricOptions>]) {
    super(
      readOptions(
        args,
        { name: "mean" as string | null },
        { owner: "Mean", positional: ["name"], also: base },
      ),
    );
  }
  override values(values: Tensor): Tensor {
    return values;
  }
  override updateState(
    values: TensorLike,
    _unused: TensorLike = 0,
    options: { sampleWeight?: TensorLike | null } = {},
  ): Promise<void> {
    return super.updateState(values, 0, options);
  }
}

const equal = (a: Tensor, b: Tensor): Tensor => cast(elementwise("eq", [a, b]), "f32");

/** Whether the largest prediction is that of the largest label: [n, ..., classes] to [n, ...]. */
export const categoricalAccuracy = (yTrue: Tensor, yPred: Tensor): Tensor =>
  equal(argmax(yTrue, { axis: -1 }), argmax(yPred, { axis: -1 }));

/** Whether the largest prediction is the labelled class: [n, ...] and [n, ..., classes] to [n, ...]. */
export function sparseCategoricalAccuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  const squeezed =
    yTrue.rank === yPred.rank && yTrue.shape[yTrue.rank - 1] === 1
      ? setShape(yTrue, yTrue.shape.slice(0, -1))
      : yTrue;
  return equal(cast(squeezed, "i32"), argmax(yPred, { axis: -1 }));
}

/** Whether prediction and label are on the same side of the threshold. */
export function binaryAccuracy(yTrue: Tensor, yPred: Tensor, threshold = 0.5): Tensor {
  const [y, p] = functions.matchRanks(yTrue, yPred);
  return equal(y, cast(elementwise("lt", [threshold, p]), y.dtype));
}

export const CategoricalAccuracy = simple("CategoricalAccuracy", categoricalAccuracy);
export const SparseCategoricalAccuracy = simple("SparseCategoricalAccuracy", sparseCategoricalAccuracy);
/** Whether predictions equal labels. */
export const Accuracy = simple("Accuracy", (yTrue, yPred) => equal(...functions.matchRanks(yTrue, yPred)));

/** Accuracy of labels 0 and 1; `threshold` default 0.5. */
export class BinaryAccuracy extends MeanMetricWrapper {
  static override readonly className = "BinaryAccuracy";
  constructor(options: Options<MetricOptions & { threshold?: number }> = {}) {
    const defaults = { name: "binary_accuracy" as string | null, threshold: 0.5 };
    const read = readOptions([options], defaults, { owner: "BinaryAccuracy", positional: [], also: base });
    super((y, p) => binaryAccuracy(y, p, read.threshold), read, { threshold: read.threshold });
  }
}

export const MeanSquaredError = simple("MeanSquaredError", functions.meanSquaredError);
export const MeanAbsoluteError = simple("MeanAbsoluteError", functions.meanAbsoluteError);
export const MeanAbsolutePercentageError = simple(
  "MeanAbsolutePercentageError",
  functions.meanAbsolutePercentageError,
);
export const MeanSquaredLogarithmicError = simple(
  "MeanSquaredLogarithmicError",
  functions.meanSquaredLogarithmicError,
);
export const LogCoshError = simple("LogCoshError", functions.logCosh, "logcosh");
export const KLDivergence = simple("KLDivergence", functions.klDivergence);
export const Poisson = simple("Poisson", functions.poisson);
export const Hinge = simple("Hinge", functions.hinge);
export const SquaredHinge = simple("SquaredHinge", functions.squaredHinge);
export const CategoricalHinge = simple("CategoricalHinge", functions.categoricalHinge);

/** sqrt(mean((y - p)^2)). */
export class RootMeanSquaredError extends MeanMetric {
  static readonly className = "RootMeanSquaredError";
  constructor(...args: [name?: string | Options<MetricOptions>]) {
    const defaults = { name: "root_mean_squared_error" as string | null };
    super(readOptions(args, defaults, { owner: "RootMeanSquaredError", positional: ["name"], also: base }));
  }
  override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const [y, p] = functions.matchRanks(yTrue, yPred);
    const error = elementwise("sub", [y, p]);
    return elementwise("mul", [error, error]);
  }
  override compute(sums: readonly Float64Array[]): number {
    return Math.sqrt(super.compute(sums));
  }
}

/** The cosine of the angle between labels and predictions. */
export class CosineSimilarity extends MeanMetricWrapper {
  static override readonly className = "CosineSimilarity";
  constructor(options: Options<MetricOptions & { axis?: number }> = {}) {
    const defaults = { name: "cosine_similarity" as string | null, axis: -1 as number };
    const read = readOptions([options], defaults, { owner: "CosineSimilarity", positional: [], also: base });
    super((y, p) => similarity(y, p, read.axis), read, { axis: read.axis });
  }
}

/** As a metric it is the cosine itself, as a loss its opposite. */
const similarity = (y: Tensor, p: Tensor, axis: Axes): Tensor =>
  elementwise("neg", [functions.cosineSimilarity(y, p, { axis })]);

type CrossentropyMetric = MetricOptions & CrossentropyLossOptions;

export class CategoricalCrossentropy extends MeanMetricWrapper {
  static override readonly className = "CategoricalCrossentropy";
  constructor(options: Options<CrossentropyMetric> = {}) {
    const defaults = {
      name: "categorical_crossentropy" as string | null,
      fromLogits: false,
      labelSmoothing: 0,
      axis: -1,
    };
    const read = readOptions([options], defaults, {
      owner: "CategoricalCrossentropy",
      positional: [],
      also: base,
    });
    const { fromLogits, labelSmoothing, axis } = read;
    super((y, p) => functions.categoricalCrossentropy(y, p, read), read, {
      from_logits: fromLogits,
      label_smoothing: labelSmoothing,
      axis,
    });
  }
}

export class BinaryCrossentropy extends MeanMetricWrapper {
  static override readonly className = "BinaryCrossentropy";
  constructor(options: Options<Omit<CrossentropyMetric, "axis">> = {}) {
    const defaults = { name: "binary_crossentropy" as string | null, fromLogits: false, labelSmoothing: 0 };
    const read = readOptions([options], defaults, {
      owner: "BinaryCrossentropy",
      positional: [],
      also: base,
    });
    const { fromLogits, labelSmoothing } = read;
    super((y, p) => functions.binaryCrossentropy(y, p, read), read, {
      from_logits: fromLogits,
      label_smoothing: labelSmoothing,
    });
  }
}

export class SparseCategoricalCrossentropy extends MeanMetricWrapper {
  static override readonly className = "SparseCategoricalCrossentropy";
  constructor(options: Options<Omit<CrossentropyMetric, "labelSmoothing">> = {}) {
    const defaults = {
      name: "sparse_categorical_crossentropy" as string | null,
      fromLogits: false,
      axis: -1,
    };
    const read = readOptions([options], defaults, {
      owner: "SparseCategoricalCrossentropy",
      positional: [],
      also: base,
    });
    super((y, p) => functions.sparseCategoricalCrossentropy(y, p, read), read, {
      from_logits: read.fromLogits,
      axis: read.axis,
    });
  }
}

/** What `compile` takes: a name, a metric, a function of labels and predictions. */
export type MetricLike = string | Metric | Compute | JsonObject;

const classes: ClassTable<Metric> = {
  Mean,
  Accuracy,
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  MeanSquaredError,
  RootMeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  LogCoshError,
  KLDivergence,
  Poisson,
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  CosineSimilarity,
  CategoricalCrossentropy,
  BinaryCrossentropy,
  SparseCategoricalCrossentropy,
};

const aliases = {
  mse: "MeanSquaredError",
  MSE: "MeanSquaredError",
  mae: "MeanAbsoluteError",
  MAE: "MeanAbsoluteError",
  mape: "MeanAbsolutePercentageError",
  MAPE: "MeanAbsolutePercentageError",
  msle: "MeanSquaredLogarithmicError",
  MSLE: "MeanSquaredLogarithmicError",
  rmse: "RootMeanSquaredError",
  RMSE: "RootMeanSquaredError",
  bce: "BinaryCrossentropy",
  BCE: "BinaryCrossentropy",
};

/** The metric that an identifier means; one named by a string bears that string. Throws ModelError for unknown names. */
export function get(identifier: unknown): Metric {
  const isInstance = (value: unknown): value is Metric => value instanceof Metric;
  const named = unwrapFunction(identifier);
  if (typeof named === "function")
    return new MeanMetricWrapper(named as Compute, { name: named.name === "" ? "metric" : named.name });
  const metric = resolve(named, { kind: "metric", classes, aliases, isInstance });
  if (typeof named === "string") metric.name = named;
  return metric;
}

/** `keras.metrics`. */
export const metrics = {
  Metric,
  MeanMetricWrapper,
  Mean: factory(Mean),
  Accuracy: factory(Accuracy),
  BinaryAccuracy: factory(BinaryAccuracy),
  CategoricalAccuracy: factory(CategoricalAccuracy),
  SparseCategoricalAccuracy: factory(SparseCategoricalAccuracy),
  MeanSquaredError: factory(MeanSquaredError),
  RootMeanSquaredError: factory(RootMeanSquaredError),
  MeanAbsoluteError: factory(MeanAbsoluteError),
  MeanAbsolutePercentageError: factory(MeanAbsolutePercentageError),
  MeanSquaredLogarithmicError: factory(MeanSquaredLogarithmicError),
  LogCoshError: factory(LogCoshError),
  KLDivergence: factory(KLDivergence),
  Poisson: factory(Poisson),
  Hinge: factory(Hinge),
  SquaredHinge: factory(SquaredHinge),
  CategoricalHinge: factory(CategoricalHinge),
  CosineSimilarity: factory(CosineSimilarity),
  CategoricalCrossentropy: factory(CategoricalCrossentropy),
  BinaryCrossentropy: factory(BinaryCrossentropy),
  SparseCategoricalCrossentropy: factory(SparseCategoricalCrossentropy),
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  binaryAccuracy,
  get,
};
