/** From what users hand over, a Keras model or a traced module, to what artifacts are made from. */
import { ModelError } from "../../ir/errors.ts";
import type { ArtifactSource } from "./source.ts";

export interface ModelOptions {
  /** Where the model has no name of its own. */
  readonly name?: string;
  /** Also the training step. */
  readonly train?: boolean;
}

/** Throws ModelError for anything that is no model. */
export function sourceOf(model: unknown, { name = "model" }: ModelOptions = {}): ArtifactSource {
  if (isSource(model)) return { ...model, name: model.name ?? name };
  throw new ModelError("not a model", { expected: "a Keras model", got: typeof model });
}

/** A module with the values of its parameters. */
const isSource = (value: unknown): value is ArtifactSource =>
  typeof value === "object" && value !== null && "module" in value && "values" in value && value.values instanceof Map;
