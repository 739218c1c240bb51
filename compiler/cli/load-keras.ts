/** Reads a model file into a Keras model. Loads the Keras surface when first called. */
import { ModelError } from "../../ir/errors.ts";

export async function loadModel(path: string): Promise<unknown> {
  throw new ModelError("model files are not read yet", { where: path });
}
