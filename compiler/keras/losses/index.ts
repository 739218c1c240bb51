/**
 * `keras.losses`: the public list of losses. To add one: its formula and `defineLoss` in the file of its family, a line in both lists below.
 */
import { ModelError } from "../../../ir/errors.ts";
import { factory } from "../callable.ts";
import { type ClassTable, resolve, serializeMaybe, unwrapFunction } from "../config.ts";
import type { JsonObject } from "../options.ts";
import { CTC, ctc } from "./alignment.ts";
import { CategoricalHinge, categoricalHinge, Hinge, hinge, SquaredHinge, squaredHinge } from "./hinge.ts";
import { FunctionLoss, Loss, type LossFunction } from "./loss.ts";
import {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  binaryCrossentropy,
  binaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy,
  KLDivergence,
  klDivergence,
  Poisson,
  poisson,
  SparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from "./probabilistic.ts";
import {
  CosineSimilarity,
  cosineSimilarity,
  Huber,
  huber,
  LogCosh,
  logCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from "./regression.ts";
import { Dice, dice, Tversky, tversky } from "./segmentation.ts";
import { Circle, circle } from "./similarity.ts";

/** What `compile` takes: a name, a loss, a function. */
export type LossLike = string | Loss | LossFunction | JsonObject;

const classes: ClassTable<Loss> = {
  MeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  CosineSimilarity,
  Huber,
  LogCosh,
  KLDivergence,
  Poisson,
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  SparseCategoricalCrossentropy,
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  Dice,
  Tversky,
  Circle,
  CTC,
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
  logcosh: "LogCosh",
  kld: "KLDivergence",
  KLD: "KLDivergence",
  kullback_leibler_divergence: "KLDivergence",
  bce: "BinaryCrossentropy",
  BCE: "BinaryCrossentropy",
  huber_loss: "Huber",
};

/** The loss that an identifier means; one named by a string bears that string. Throws ModelError for unknown names. */
export function get(identifier: unknown): Loss {
  const isInstance = (value: unknown): value is Loss => value instanceof Loss;
  const named = unwrapFunction(identifier);
  if (typeof named === "function" && !isInstance(named))
    return new FunctionLoss(named as LossFunction, { name: named.name === "" ? "loss" : named.name });
  if (isWrapper(named)) return unwrap(named);
  const loss = resolve(named, { kind: "loss", classes, aliases, isInstance });
  if (typeof named === "string") loss.name = named;
  return loss;
}

/** The configuration of a loss that was made from a function. */
const isWrapper = (value: unknown): value is { readonly config: JsonObject } =>
  typeof value === "object" &&
  value !== null &&
  "class_name" in value &&
  value.class_name === "LossFunctionWrapper";

function unwrap({ config }: { readonly config: JsonObject }): Loss {
  const { fn, name, reduction } = config;
  const compute = unwrapFunction(fn);
  if (typeof compute !== "function")
    throw new ModelError(`Could not interpret loss identifier: ${JSON.stringify(fn)}`);
  return new FunctionLoss(compute as LossFunction, { name, reduction } as never);
}

/** `keras.losses`: functions in camelCase, classes, `get`. */
export const losses = {
  Loss,
  MeanSquaredError: factory(MeanSquaredError),
  MeanAbsoluteError: factory(MeanAbsoluteError),
  MeanAbsolutePercentageError: factory(MeanAbsolutePercentageError),
  MeanSquaredLogarithmicError: factory(MeanSquaredLogarithmicError),
  CosineSimilarity: factory(CosineSimilarity),
  Huber: factory(Huber),
  LogCosh: factory(LogCosh),
  KLDivergence: factory(KLDivergence),
  Poisson: factory(Poisson),
  BinaryCrossentropy: factory(BinaryCrossentropy),
  BinaryFocalCrossentropy: factory(BinaryFocalCrossentropy),
  CategoricalCrossentropy: factory(CategoricalCrossentropy),
  CategoricalFocalCrossentropy: factory(CategoricalFocalCrossentropy),
  CategoricalGeneralizedCrossEntropy: factory(CategoricalGeneralizedCrossEntropy),
  SparseCategoricalCrossentropy: factory(SparseCategoricalCrossentropy),
  Hinge: factory(Hinge),
  SquaredHinge: factory(SquaredHinge),
  CategoricalHinge: factory(CategoricalHinge),
  Dice: factory(Dice),
  Tversky: factory(Tversky),
  Circle: factory(Circle),
  CTC: factory(CTC),
  meanSquaredError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredLogarithmicError,
  cosineSimilarity,
  huber,
  logCosh,
  klDivergence,
  poisson,
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy,
  sparseCategoricalCrossentropy,
  hinge,
  squaredHinge,
  categoricalHinge,
  dice,
  tversky,
  circle,
  ctc,
  get,
  /** The loss that a configuration means. */
  deserialize: get,
  serialize: serializeMaybe,
};
