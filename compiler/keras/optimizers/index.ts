/**
 * `keras.optimizers`: the public list. To add one: a class with its slots and its rule, a line in both lists.
 */
import { factory } from "../callable.ts";
import { type ClassTable, resolve, serializeMaybe } from "../config.ts";
import type { JsonObject } from "../options.ts";
import { Adam, Adamax, AdamW, Lamb, Lion, Nadam, ScheduleFreeAdamW } from "./adam.ts";
import { Adadelta, Adagrad, Ftrl, RMSprop } from "./adaptive.ts";
import { Adafactor, Muon } from "./matrix.ts";
import { Optimizer } from "./optimizer.ts";
import { schedules } from "./schedules.ts";
import { SGD } from "./sgd.ts";
import { LossScaleOptimizer, MultiOptimizer, OptimizerMap } from "./wrappers.ts";

/** What `compile` takes: a name, an optimizer, a configuration. */
export type OptimizerLike = string | Optimizer | JsonObject;

const simple = {
  SGD,
  RMSprop,
  Adam,
  AdamW,
  Adadelta,
  Adagrad,
  Adamax,
  Adafactor,
  Muon,
  Nadam,
  Ftrl,
  Lion,
  Lamb,
  ScheduleFreeAdamW,
};

/** Wrappers are made from configurations with configurations inside. */
class SavedLossScale extends LossScaleOptimizer {
  static override readonly className = "LossScaleOptimizer";
  constructor({ inner_optimizer: inner, ...options }: JsonObject) {
    super(get(inner), options);
  }
}
class SavedMulti extends MultiOptimizer {
  static override readonly className = "MultiOptimizer";
  constructor({ optimizer_map: map, ...options }: JsonObject) {
    const { config } = map as { readonly config: JsonObject };
    const entries = Object.entries((config.optimizer_map ?? {}) as JsonObject);
    const choice = new OptimizerMap(
      get(config.default_optimizer),
      Object.fromEntries(entries.map(([path, optimizer]) => [path, get(optimizer)])),
    );
    super({ ...options, optimizerMap: choice });
  }
}

const classes: ClassTable<Optimizer> = {
  ...simple,
  LossScaleOptimizer: SavedLossScale,
  MultiOptimizer: SavedMulti,
};
/** Keras takes the names of optimizers in any case of letters. */
const aliases = Object.fromEntries(Object.keys(classes).map((name) => [name.toLowerCase(), name]));

/** The optimizer that an identifier means. Throws ModelError for unknown names. */
export function get(identifier: unknown): Optimizer {
  const isInstance = (value: unknown): value is Optimizer => value instanceof Optimizer;
  const spelled =
    typeof identifier === "string" ? (aliases[identifier.toLowerCase()] ?? identifier) : identifier;
  return resolve(spelled, { kind: "optimizer", classes, aliases, isInstance });
}

/** `keras.optimizers`. */
export const optimizers = {
  Optimizer,
  SGD: factory(SGD),
  RMSprop: factory(RMSprop),
  Adam: factory(Adam),
  AdamW: factory(AdamW),
  Adadelta: factory(Adadelta),
  Adagrad: factory(Adagrad),
  Adamax: factory(Adamax),
  Adafactor: factory(Adafactor),
  Muon: factory(Muon),
  Nadam: factory(Nadam),
  Ftrl: factory(Ftrl),
  Lion: factory(Lion),
  Lamb: factory(Lamb),
  ScheduleFreeAdamW: factory(ScheduleFreeAdamW),
  LossScaleOptimizer: factory(LossScaleOptimizer),
  MultiOptimizer: factory(MultiOptimizer),
  OptimizerMap: factory(OptimizerMap),
  schedules,
  get,
  deserialize: get,
  serialize: serializeMaybe,
};
