/**
 * Reading weights into a model that exists.
 */
import { ModelError } from "../../../ir/errors.ts";
import { readKeras, readWeights, variablesAt, type WeightsTree } from "../../formats/keras-archive.ts";
import { readFile } from "./files.ts";
import { type SavedModel, type SavedPlace, savedPlaces } from "./paths.ts";
import { requireEnding } from "./save.ts";

export interface LoadWeightsOptions {
  /** Leaves out layers whose weights have other shapes; default false, an error. */
  readonly skipMismatch?: boolean;
}

/** Reads a `.weights.h5` or `.keras` file, or its bytes. Rejects with ModelError where the file does not belong to such a model. */
export async function loadWeights(
  model: SavedModel,
  file: string | Uint8Array,
  options: LoadWeightsOptions = {},
): Promise<void> {
  if (typeof file !== "string") return applyWeights(model, await readWeights(file), "weights file", options);
  const path = file;
  requireEnding(path, ".weights.h5", ".keras");
  const bytes = await readFile(path);
  applyWeights(
    model,
    path.endsWith(".keras") ? (await readKeras(bytes, path)).weights : await readWeights(bytes, path),
    path,
    options,
  );
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
