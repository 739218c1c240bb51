/**
 * Reading weights into a model that exists.
 */
import { ModelError } from "../../../ir/errors.ts";
import { isHdf5, readHdf5 } from "../../formats/hdf5.ts";
import { readKeras, variablesAt, type WeightsTree, weightsTree } from "../../formats/keras-archive.ts";
import { isLegacy, readLegacy } from "../../formats/legacy-h5.ts";
import { readFile } from "./files.ts";
import { applyLegacyWeights, type LegacyWeightOptions } from "./legacy/apply-weights.ts";
import { type SavedModel, type SavedPlace, savedPlaces } from "./paths.ts";

export interface LoadWeightsOptions extends LegacyWeightOptions {
  /** Leaves out layers whose weights have other shapes; default false, an error. */
  readonly skipMismatch?: boolean;
}

/**
 * Reads the weights of a `.weights.h5` or `.keras` file, or of an `.h5` file of Keras 1 to 3, or the bytes of one. Rejects with ModelError where
 * the file does not belong to such a model.
 */
export async function loadWeights(
  model: SavedModel,
  given: string | Uint8Array,
  options: LoadWeightsOptions = {},
): Promise<void> {
  const file = typeof given === "string" ? given : "weights file";
  const bytes = typeof given === "string" ? await readFile(given) : given;
  if (!isHdf5(bytes)) return applyWeights(model, (await readKeras(bytes, file)).weights, file, options);
  const content = readHdf5(bytes, { file });
  if (isLegacy(content)) return applyLegacyWeights(model, readLegacy(content, file), file, options);
  if (options.byName)
    throw new ModelError("Invalid keyword arguments: byName", {
      where: file,
      expected: "a file before Keras 3",
      hint: "Files of Keras 3 are read by structure",
    });
  return applyWeights(model, weightsTree(content, file), file, options);
}

/** Puts the weights of a file into the variables of a model, all or none. */
export function applyWeights(
  model: SavedModel,
  weights: WeightsTree,
  file: string,
  { skipMismatch = false }: LoadWeightsOptions = {},
): void {
  if (!model.built) {
    throw new ModelError("the model has no weights yet", {
      where: model.name,
      hint: "Build it before loading weights: call it on data, or model.build(shape)",
    });
  }
  const optimizer = model.optimizer;
  if (optimizer !== undefined && variablesAt(weights, "optimizer").length > 0 && !optimizer.built)
    optimizer.build(model.trainableWeights);
  const places = savedPlaces(model).filter(
    (place) => place.path !== "optimizer" || variablesAt(weights, "optimizer").length > 0,
  );
  const problems = places.map((place) => mismatch(place, weights));
  const first = problems.find((problem) => problem !== undefined);
  if (first !== undefined && !skipMismatch)
    throw new ModelError(first.message, {
      where: `${file}, ${first.where}`,
      expected: first.expected,
      got: first.got,
    });
  places.forEach((place, i) => {
    if (problems[i] !== undefined) return;
    const arrays = variablesAt(weights, place.path);
    place.variables.forEach((variable, at) => variable.setArray(arrays[at]));
  });
}

interface Mismatch {
  readonly message: string;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}

function mismatch({ path, name, variables }: SavedPlace, weights: WeightsTree): Mismatch | undefined {
  const arrays = variablesAt(weights, path);
  const where = `layer "${name}" at ${path === "" ? "the top" : path}`;
  if (arrays.length !== variables.length) {
    return {
      message: "wrong number of weights",
      where,
      expected: `${variables.length} (${variables.map((variable) => variable.name).join(", ")})`,
      got: `${arrays.length}`,
    };
  }
  const bad = variables.findIndex(
    (variable, i) =>
      variable.shape.length !== arrays[i].shape.length ||
      variable.shape.some((dim, axis) => dim !== arrays[i].shape[axis]),
  );
  if (bad < 0) return undefined;
  return {
    message: "a weight has another shape",
    where,
    expected: `${variables[bad].name} [${variables[bad].shape}]`,
    got: `[${arrays[bad].shape}]`,
  };
}
