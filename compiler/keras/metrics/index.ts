/**
 * `keras.metrics`: the public list of metrics. To add one: a declaration in the file of its family, a line in both lists below.
 */
import { factory } from "../callable.ts";
import { type ClassTable, resolve, serializeMaybe, unwrapFunction } from "../config.ts";
import { losses } from "../losses/index.ts";
import type { JsonObject } from "../options.ts";
import {
  Accuracy,
  BinaryAccuracy,
  binaryAccuracy,
  CategoricalAccuracy,
  categoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from "./accuracy.ts";
import { AUC } from "./auc.ts";
import {
  FalseNegatives,
  FalsePositives,
  Precision,
  PrecisionAtRecall,
  Recall,
  RecallAtPrecision,
  SensitivityAtSpecificity,
  SpecificityAtSensitivity,
  TrueNegatives,
  TruePositives,
} from "./decisions.ts";
import { F1Score, FBetaScore } from "./f-score.ts";
import { BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU } from "./iou.ts";
import { Metric } from "./metric.ts";
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  CategoricalHinge,
  Hinge,
  KLDivergence,
  Poisson,
  SparseCategoricalCrossentropy,
  SquaredHinge,
} from "./probabilistic.ts";
import { Mean, MeanMetricWrapper, type MetricFunction, Sum } from "./reduction.ts";
import {
  ConcordanceCorrelation,
  CosineSimilarity,
  concordanceCorrelation,
  LogCoshError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  PearsonCorrelation,
  pearsonCorrelation,
  R2Score,
  RootMeanSquaredError,
} from "./regression.ts";

/** What `compile` takes: a name, a metric, a function of labels and predictions. */
export type MetricLike = string | Metric | MetricFunction | JsonObject;

const classes: ClassTable<Metric> = {
  Mean,
  Sum,
  MeanSquaredError,
  RootMeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  CosineSimilarity,
  LogCoshError,
  R2Score,
  AUC,
  FalseNegatives,
  FalsePositives,
  Precision,
  PrecisionAtRecall,
  Recall,
  RecallAtPrecision,
  SensitivityAtSpecificity,
  SpecificityAtSensitivity,
  TrueNegatives,
  TruePositives,
  ConcordanceCorrelation,
  PearsonCorrelation,
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  KLDivergence,
  Poisson,
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  Accuracy,
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  TopKCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  F1Score,
  FBetaScore,
  IoU,
  BinaryIoU,
  MeanIoU,
  OneHotIoU,
  OneHotMeanIoU,
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
  if (typeof named === "function" && !isInstance(named))
    return new MeanMetricWrapper(named as MetricFunction, {
      name: named.name === "" ? "metric" : named.name,
    });
  const metric = resolve(named, { kind: "metric", classes, aliases, isInstance });
  if (typeof named === "string") metric.name = named;
  return metric;
}

/** `keras.metrics`. */
export const metrics = {
  Metric,
  MeanMetricWrapper,
  Mean: factory(Mean),
  Sum: factory(Sum),
  MeanSquaredError: factory(MeanSquaredError),
  RootMeanSquaredError: factory(RootMeanSquaredError),
  MeanAbsoluteError: factory(MeanAbsoluteError),
  MeanAbsolutePercentageError: factory(MeanAbsolutePercentageError),
  MeanSquaredLogarithmicError: factory(MeanSquaredLogarithmicError),
  CosineSimilarity: factory(CosineSimilarity),
  LogCoshError: factory(LogCoshError),
  R2Score: factory(R2Score),
  AUC: factory(AUC),
  FalseNegatives: factory(FalseNegatives),
  FalsePositives: factory(FalsePositives),
  Precision: factory(Precision),
  PrecisionAtRecall: factory(PrecisionAtRecall),
  Recall: factory(Recall),
  RecallAtPrecision: factory(RecallAtPrecision),
  SensitivityAtSpecificity: factory(SensitivityAtSpecificity),
  SpecificityAtSensitivity: factory(SpecificityAtSensitivity),
  TrueNegatives: factory(TrueNegatives),
  TruePositives: factory(TruePositives),
  ConcordanceCorrelation: factory(ConcordanceCorrelation),
  PearsonCorrelation: factory(PearsonCorrelation),
  Hinge: factory(Hinge),
  SquaredHinge: factory(SquaredHinge),
  CategoricalHinge: factory(CategoricalHinge),
  KLDivergence: factory(KLDivergence),
  Poisson: factory(Poisson),
  BinaryCrossentropy: factory(BinaryCrossentropy),
  CategoricalCrossentropy: factory(CategoricalCrossentropy),
  SparseCategoricalCrossentropy: factory(SparseCategoricalCrossentropy),
  Accuracy: factory(Accuracy),
  BinaryAccuracy: factory(BinaryAccuracy),
  CategoricalAccuracy: factory(CategoricalAccuracy),
  SparseCategoricalAccuracy: factory(SparseCategoricalAccuracy),
  TopKCategoricalAccuracy: factory(TopKCategoricalAccuracy),
  SparseTopKCategoricalAccuracy: factory(SparseTopKCategoricalAccuracy),
  F1Score: factory(F1Score),
  FBetaScore: factory(FBetaScore),
  IoU: factory(IoU),
  BinaryIoU: factory(BinaryIoU),
  MeanIoU: factory(MeanIoU),
  OneHotIoU: factory(OneHotIoU),
  OneHotMeanIoU: factory(OneHotMeanIoU),
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  binaryAccuracy,
  topKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  pearsonCorrelation,
  concordanceCorrelation,
  meanSquaredError: losses.meanSquaredError,
  meanAbsoluteError: losses.meanAbsoluteError,
  meanAbsolutePercentageError: losses.meanAbsolutePercentageError,
  meanSquaredLogarithmicError: losses.meanSquaredLogarithmicError,
  huber: losses.huber,
  logCosh: losses.logCosh,
  klDivergence: losses.klDivergence,
  poisson: losses.poisson,
  binaryCrossentropy: losses.binaryCrossentropy,
  binaryFocalCrossentropy: losses.binaryFocalCrossentropy,
  categoricalCrossentropy: losses.categoricalCrossentropy,
  categoricalFocalCrossentropy: losses.categoricalFocalCrossentropy,
  sparseCategoricalCrossentropy: losses.sparseCategoricalCrossentropy,
  hinge: losses.hinge,
  squaredHinge: losses.squaredHinge,
  categoricalHinge: losses.categoricalHinge,
  get,
  deserialize: get,
  serialize: serializeMaybe,
};
