/**
 * Whole models from `.h5` files: configuration, weights, and the state of the optimizer.
 */
import { ModelError } from "../../../../ir/errors.ts";
import type { LegacyModel } from "../../../formats/legacy-h5.ts";
import type { Model } from "../../models/model.ts";
import type { JsonObject } from "../../options.ts";
import { applyLegacyWeights, applyOptimizer, originOf } from "./apply-weights.ts";
import { compileOptions } from "./training-config.ts";
import { upgradeModel } from "./upgrade.ts";

/** The model of the file. `make` builds it from its configuration. Throws ModelError where the file holds weights alone, or none that fit. */
export function modelFromLegacy(
  saved: LegacyModel,
  file: string,
  make: (config: JsonObject) => Model,
  compile: boolean,
): Model {
  const { version } = originOf(saved);
  if (saved.config === undefined) {
    throw new ModelError("No model config found in the file", {
      where: file,
      hint: "It holds weights alone: build the model and call model.loadWeights(path)",
    });
  }
  const model = make(upgradeModel(saved.config, version));
  applyLegacyWeights(model, saved, file);
  const options = compile ? compileOptions(saved.training) : undefined;
  if (options === undefined) return model;
  model.compile(options);
  if (model.optimizer !== undefined) applyOptimizer(model.optimizer, model.trainableWeights, saved.optimizer);
  return model;
}
