/**
 * The outputs of a model with what belongs to each: labels, weights, and what `compile` says of it, by position or by name.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { flatten, isNested, type Nest } from "../nest.ts";
import { isPlainObject } from "../options.ts";

/** One for all outputs, or a list or dictionary with one for each. */
export type PerOutput<T> = T | readonly (T | null)[] | { readonly [output: string]: T | null };

/** Labels, predictions and weights of one output. */
export interface OutputPair {
  /** Undefined where nobody named it. */
  readonly name: string | undefined;
  readonly prediction: Tensor;
  /** Null where there are no labels for this output. */
  readonly target: Tensor | null;
  readonly weight: Tensor | null;
}

export interface StepValues {
  readonly yPred: Nest<Tensor>;
  readonly y: Nest<Tensor> | null;
  readonly sampleWeight: Nest<Tensor> | null;
}

/** Matches labels and weights with predictions. `names` are those of the model, where it has them. */
export function pairOutputs(
  { yPred, y, sampleWeight }: StepValues,
  names: readonly string[] | undefined,
): readonly OutputPair[] {
  const predictions = flatten<Tensor>(yPred);
  const known = namesOf(yPred, predictions.length, names);
  const targets = y === null ? [] : byOutput(y, known);
  const weights = sampleWeight === null ? [] : byOutput(sampleWeight, known);
  if (targets.length > predictions.length)
    throw new ModelError("y_true and y_pred have different structures.", {
      expected: `labels for ${predictions.length} outputs`,
      got: `${targets.length}`,
    });
  return predictions.map((prediction, i) => ({
    name: known?.[i],
    prediction,
    target: targets[i] ?? null,
    weight: weights[i] ?? (weights.length === 1 ? weights[0] : null),
  }));
}

function namesOf(
  yPred: Nest<Tensor>,
  count: number,
  names: readonly string[] | undefined,
): readonly string[] | undefined {
  if (isNested(yPred) && !Array.isArray(yPred) && Object.keys(yPred).length === count)
    return Object.keys(yPred).sort();
  return names?.length === count ? names : undefined;
}

/** Values in the order of the outputs: by name where they come in a dictionary of the names. */
export function byOutput<T>(values: Nest<T>, names: readonly string[] | undefined): readonly T[] {
  if (names === undefined || !isPlainObject(values) || !isNested(values)) return flatten<T>(values);
  const entries: { readonly [name: string]: unknown } = values;
  const isNamed = Object.keys(entries).every((name) => names.includes(name));
  return isNamed && names.every((name) => name in entries)
    ? names.map((name) => entries[name] as T)
    : flatten<T>(values);
}

/** What `given` says for each output; undefined where it says nothing. */
export function perOutput<T>(
  given: PerOutput<T> | null | undefined,
  outputs: readonly OutputPair[],
  what: string,
): (T | null | undefined)[] {
  if (given === null || given === undefined) return outputs.map(() => undefined);
  if (Array.isArray(given)) {
    const list: readonly (T | null)[] = given;
    if (list.length === outputs.length) return [...list];
    throw new ModelError(`\`${what}\` does not match the outputs`, {
      expected: `${outputs.length} entries`,
      got: `${list.length}`,
    });
  }
  if (!isPlainObject(given) || "class_name" in given) return outputs.map(() => given as T);
  const names = outputs.map(({ name }, i) => name ?? `output_${i}`);
  const stray = Object.keys(given).find((name) => !names.includes(name));
  if (stray !== undefined)
    throw new ModelError(
      `Expected keys [${names.join(", ")}] in ${what} dict, but found ` +
        `${what}.keys()=[${Object.keys(given).join(", ")}]`,
    );
  return names.map((name) => given[name] as T | null | undefined);
}

type Kind = "binary" | "sparse_categorical" | "categorical";

/** What labels are: numbers of classes, one-hot rows, or 0 and 1. */
export function kindOf({ target, prediction }: OutputPair): Kind {
  const last = prediction.shape.at(-1);
  if (last === 1) return "binary";
  if (target === null) return "categorical";
  return target.rank < prediction.rank || target.shape.at(-1) === 1 ? "sparse_categorical" : "categorical";
}

const generic = ["accuracy", "acc", "crossentropy", "ce"];
/** Whether an identifier is settled only when labels and predictions are known. */
export const isGeneric = (item: unknown): boolean =>
  typeof item === "string" && generic.includes(item.toLowerCase());

/** The identifiers in lists and dictionaries. */
export function leaves(given: unknown): unknown[] {
  if (given === null || given === undefined) return [];
  if (Array.isArray(given)) return given.flatMap(leaves);
  return isPlainObject(given) && !("class_name" in given) ? Object.values(given).flatMap(leaves) : [given];
}
