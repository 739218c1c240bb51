/**
 * `keras.losses`: the public list of losses. To add one: its function in `functions.ts`, its class here, both in the lists below.
 */
import { factory } from "../callable.ts";
import { type ClassTable, resolve, unwrapFunction } from "../config.ts";
import { type JsonObject, type Options, readOptions, snakeClassName } from "../options.ts";
import {
  binaryCrossentropy,
  type CrossentropyLossOptions,
  categoricalCrossentropy,
  categoricalHinge,
  cosineSimilarity,
  hinge,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from "./functions.ts";
import { FunctionLoss, Loss, type LossFunction, type LossOptions } from "./loss.ts";

const base = ["name", "reduction", "dtype"] as const;

/** The class of a loss without options of its own; named, because declarations cannot describe an anonymous class. */
export interface SimpleLossClass {
  readonly module: string;
  readonly className: string;
  readonly prototype: FunctionLoss;
  new (options?: Options<LossOptions>): FunctionLoss;
}

/** Declares the class of a loss without options of its own. */
function simple(className: string, compute: LossFunction): SimpleLossClass {
  return class extends FunctionLoss {
    static readonly className = className;
    constructor(options: Options<LossOptions> = {}) {
      const read = readOptions([options], {}, { owner: className, positional: [], also: base });
      super(compute, { name: snakeClassName(className), ...read });
    }
  };
}

export const MeanSquaredError = simple("MeanSquaredError", meanSquaredError);
export const MeanAbsoluteError = simple("MeanAbsoluteError", meanAbsoluteError);
export const MeanAbsolutePercentageError = simple("MeanAbsolutePercentageError", meanAbsolutePercentageError);
export const MeanSquaredLogarithmicError = simple("MeanSquaredLogarithmicError", meanSquaredLogarithmicError);
export const LogCosh = simple("LogCosh", logCosh);
export const KLDivergence = simple("KLDivergence", klDivergence);
export const Poisson = simple("Poisson", poisson);
export const Hinge = simple("Hinge", hinge);
export const SquaredHinge = simple("SquaredHinge", squaredHinge);
export const CategoricalHinge = simple("CategoricalHinge", categoricalHinge);

export class Huber extends FunctionLoss {
  static readonly className = "Huber";
  constructor(options: Options<LossOptions & { delta?: number }> = {}) {
    const { delta, ...rest } = readOptions(
      [options],
      { delta: 1 },
      { owner: "Huber", positional: [], also: base },
    );
    super((y, p) => huber(y, p, { delta }), { name: "huber_loss", ...rest }, { delta });
  }
}

export class CosineSimilarity extends FunctionLoss {
  static readonly className = "CosineSimilarity";
  constructor(options: Options<LossOptions & { axis?: number }> = {}) {
    const { axis, ...rest } = readOptions(
      [options],
      { axis: -1 },
      { owner: "CosineSimilarity", positional: [], also: base },
    );
    super((y, p) => cosineSimilarity(y, p, { axis }), { name: "cosine_similarity", ...rest });
  }
}

const crossentropyDefaults = { fromLogits: false, labelSmoothing: 0, axis: -1 };
const crossentropyConfig = ({
  fromLogits,
  labelSmoothing,
  axis,
}: typeof crossentropyDefaults): JsonObject => ({
  from_logits: fromLogits,
  label_smoothing: labelSmoothing,
  axis,
});

/** For one-hot labels: [n, ..., classes] both. Example: `losses.CategoricalCrossentropy({ fromLogits: true })`. */
export class CategoricalCrossentropy extends FunctionLoss {
  static readonly className = "CategoricalCrossentropy";
  constructor(options: Options<LossOptions & CrossentropyLossOptions> = {}) {
    const read = readOptions([options], crossentropyDefaults, {
      owner: "CategoricalCrossentropy",
      positional: [],
      also: base,
    });
    super(
      (y, p) => categoricalCrossentropy(y, p, read),
      { name: "categorical_crossentropy", ...read },
      crossentropyConfig(read),
    );
  }
}

/** For labels and predictions between 0 and 1. */
export class BinaryCrossentropy extends FunctionLoss {
  static readonly className = "BinaryCrossentropy";
  constructor(options: Options<LossOptions & CrossentropyLossOptions> = {}) {
    const read = readOptions([options], crossentropyDefaults, {
      owner: "BinaryCrossentropy",
      positional: [],
      also: base,
    });
    super(
      (y, p) => binaryCrossentropy(y, p, read),
      { name: "binary_crossentropy", ...read },
      crossentropyConfig(read),
    );
  }
}

/** For class numbers: labels [n, ...], predictions [n, ..., classes]. */
export class SparseCategoricalCrossentropy extends FunctionLoss {
  static readonly className = "SparseCategoricalCrossentropy";
  constructor(
    options: Options<LossOptions & { fromLogits?: boolean; axis?: number; ignoreClass?: null }> = {},
  ) {
    const defaults = { fromLogits: false, axis: -1 };
    const read = readOptions([options], defaults, {
      owner: "SparseCategoricalCrossentropy",
      positional: [],
      also: base,
    });
    const config = { from_logits: read.fromLogits, ignore_class: null, axis: read.axis };
    super(
      (y, p) => sparseCategoricalCrossentropy(y, p, read),
      { name: "sparse_categorical_crossentropy", ...read },
      config,
    );
  }
}

/** What `compile` takes: a name, a loss, a function. */
export type LossLike = string | Loss | LossFunction | JsonObject;

const classes: ClassTable<Loss> = {
  MeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  LogCosh,
  KLDivergence,
  Poisson,
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  Huber,
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
  logcosh: "LogCosh",
  kld: "KLDivergence",
  KLD: "KLDivergence",
  kullback_leibler_divergence: "KLDivergence",
  bce: "BinaryCrossentropy",
  BCE: "BinaryCrossentropy",
  huber_loss: "Huber",
};

/** The loss that an identifier means. Throws ModelError for unknown names. */
export function get(identifier: unknown): Loss {
  const isInstance = (value: unknown): value is Loss => value instanceof Loss;
  const named = unwrapFunction(identifier);
  if (typeof named === "function" && !isInstance(named)) {
    return new FunctionLoss(named as LossFunction, { name: named.name === "" ? "loss" : named.name });
  }
  return resolve(named, { kind: "loss", classes, aliases, isInstance });
}

/** `keras.losses`: functions in camelCase, classes, `get`. */
export const losses = {
  Loss,
  MeanSquaredError: factory(MeanSquaredError),
  MeanAbsoluteError: factory(MeanAbsoluteError),
  MeanAbsolutePercentageError: factory(MeanAbsolutePercentageError),
  MeanSquaredLogarithmicError: factory(MeanSquaredLogarithmicError),
  LogCosh: factory(LogCosh),
  KLDivergence: factory(KLDivergence),
  Poisson: factory(Poisson),
  Hinge: factory(Hinge),
  SquaredHinge: factory(SquaredHinge),
  CategoricalHinge: factory(CategoricalHinge),
  Huber: factory(Huber),
  CosineSimilarity: factory(CosineSimilarity),
  CategoricalCrossentropy: factory(CategoricalCrossentropy),
  BinaryCrossentropy: factory(BinaryCrossentropy),
  SparseCategoricalCrossentropy: factory(SparseCategoricalCrossentropy),
  meanSquaredError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredLogarithmicError,
  logCosh,
  klDivergence,
  poisson,
  hinge,
  squaredHinge,
  categoricalHinge,
  huber,
  cosineSimilarity,
  categoricalCrossentropy,
  binaryCrossentropy,
  sparseCategoricalCrossentropy,
  get,
};
