/**
 * How a model of an old file was compiled, as the options of `compile`. Names of options changed, and Keras 2 wrapped the functions behind metrics
 * into objects.
 */
import { isPlainObject, type Json, type JsonObject } from "../../options.ts";

/** The options for `model.compile`; undefined where the file holds none that can be. */
export function compileOptions(training: Json | undefined): JsonObject | undefined {
  if (!isPlainObject(training)) return undefined;
  const {
    optimizer_config: optimizer,
    loss,
    metrics,
    weighted_metrics: weighted,
    loss_weights: lossWeights,
  } = training as JsonObject;
  if (!isPlainObject(optimizer)) return undefined;
  const options: JsonObject = {
    optimizer: upgradeOptimizer(optimizer as JsonObject),
    loss: functionName(loss ?? null),
    metrics: upgradeMetrics(metrics ?? null),
    weighted_metrics: upgradeMetrics(weighted ?? null),
    loss_weights: lossWeights ?? null,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));
}

/** Options of optimizers that Keras 3 does not have. */
const dropped: readonly string[] = [
  "decay",
  "is_legacy_optimizer",
  "jit_compile",
  "schedule_decay",
  "ema_overwrite_frequency",
];

function upgradeOptimizer({ class_name: name, config }: JsonObject): JsonObject {
  const given: JsonObject = isPlainObject(config) ? (config as JsonObject) : {};
  const options = Object.entries(given)
    .map(([key, value]): [string, Json] => [key === "lr" ? "learning_rate" : key, value])
    .filter(
      ([key, value]) => !dropped.includes(key) || (key === "ema_overwrite_frequency" && value !== null),
    );
  const known = String(name).replace(/^Custom>/, "");
  return {
    class_name: known,
    config: Object.fromEntries(options.filter(([key]) => key !== "epsilon" || given.epsilon !== null)),
  };
}

/** {"class_name": "function", "config": "mse"} and {"class_name": "MeanMetricWrapper", "config": {"fn": "mse"}} are names. */
function functionName(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => functionName(item));
  if (!isPlainObject(value)) return value;
  const { class_name: name, config } = value as JsonObject;
  if (name === undefined)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, functionName(item as Json)]));
  if (name === "function") return config ?? null;
  const wrapped = isPlainObject(config) ? config.fn : undefined;
  if (/^(MeanMetricWrapper|LossFunctionWrapper)$/.test(String(name)) && typeof wrapped === "string")
    return wrapped;
  return value as JsonObject;
}

/** One list for a model with one output: Keras 2 wrote a list for each. */
function upgradeMetrics(metrics: Json): Json {
  const names = functionName(metrics);
  if (!Array.isArray(names) || names.length !== 1) return names;
  const only: Json = names[0];
  return Array.isArray(only) ? only : names;
}
