/**
 * Writing models: `.keras` archives and `.weights.h5` files, which Keras 3 reads.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import {
  type KerasArchive,
  type WeightsTree,
  writeKeras,
  writeWeights,
} from "../../formats/keras-archive.ts";
import { serializeObject } from "../config.ts";
import { writeFile } from "./files.ts";
import { legacyBytes } from "./legacy/write-model.ts";
import { type SavedModel, savedPlaces } from "./paths.ts";

/** The version of Keras whose files these are. */
const kerasVersion = "3.15.1";

/** A model as the contents of an archive. `date` is that of the writing. */
export async function modelArchive(model: SavedModel, date = new Date()): Promise<KerasArchive> {
  return {
    metadata: { keras_version: kerasVersion, date_saved: printDate(date) },
    config: serializeObject(model),
    weights: await collectWeights(model),
  };
}

/** The present values of all variables, at their places. */
export async function collectWeights(model: SavedModel): Promise<WeightsTree> {
  if (!model.built)
    throw new ModelError("the model has no weights yet", {
      where: model.name,
      hint: "Build it first: call it on data, or model.build(shape)",
    });
  const arrays = new Map<string, NDArray>();
  const names = new Map<string, string>();
  for (const { path, name, variables } of savedPlaces(model)) {
    const group = path === "" ? "vars" : `${path}/vars`;
    names.set(group, name);
    for (const [i, variable] of variables.entries()) arrays.set(`${group}/${i}`, await variable.array());
  }
  return { arrays, names };
}

export interface SaveOptions {
  /** Replaces a file that is there; default true. With false, such a file is an error. */
  readonly overwrite?: boolean;
  /** For `.h5` files: with the state of the optimizer; default true. */
  readonly includeOptimizer?: boolean;
}

/** Writes a `.keras` file, or an `.h5` file of the older layout; whole or not at all. */
export async function saveModel(
  model: SavedModel,
  path: string,
  { overwrite = true, includeOptimizer = true }: SaveOptions = {},
): Promise<void> {
  requireEnding(path, ".keras", ".h5", ".hdf5");
  const bytes = path.endsWith(".keras")
    ? await writeKeras(await modelArchive(model))
    : await legacyBytes(model, serializeObject(model), kerasVersion, includeOptimizer);
  await writeFile(path, bytes, overwrite);
}

/** Writes a `.weights.h5` file, whole or not at all. */
export async function saveWeights(model: SavedModel, path: string): Promise<void> {
  requireEnding(path, ".weights.h5");
  await writeFile(path, await writeWeights(await collectWeights(model)));
}

export function requireEnding(path: string, ...endings: readonly string[]): void {
  if (endings.some((ending) => path.endsWith(ending))) return;
  throw new ModelError("unexpected file name", {
    expected: `a name that ends in ${endings.join(" or ")}`,
    got: path,
  });
}

function printDate(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}@${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}
