/**
 * Checks on labels that a compiled step cannot make: it would train on them and give NaN, or nothing.
 */
import { isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import type { ClassLabels } from "./compile-loss.ts";

/** Throws ModelError where a label is NaN. */
function checkFinite(labels: NDArray, where: string): void {
  if (!isFloat(labels.dtype)) return;
  const at = (labels.data as Float32Array).findIndex(Number.isNaN);
  if (at >= 0)
    throw new ModelError("a label is NaN", {
      where,
      expected: "numbers",
      got: `NaN in sample ${sampleOf(labels, at)}`,
    });
}

/** Throws ModelError where a class number is not in [0, classes). */
function checkClasses(labels: NDArray, { classes, ignored }: ClassLabels, where: string): void {
  for (let at = 0; at < labels.data.length; at++) {
    const label = Number(labels.data[at]);
    if ((label >= 0 && label < classes && Number.isInteger(label)) || label === ignored) continue;
    throw new ModelError("a label is out of range", {
      where,
      expected: `class numbers from 0 to ${classes - 1}`,
      got: `${label} in sample ${sampleOf(labels, at)}`,
      hint: "Number the classes from 0, or give the last layer more units",
    });
  }
}

const sampleOf = (labels: NDArray, at: number): number =>
  Math.floor(at / (labels.data.length / labels.shape[0]));

/** Checks the labels of each output. */
export function checkLabels(
  labels: readonly NDArray[],
  classLabels: readonly ClassLabels[],
  where: string,
): void {
  labels.forEach((array, output) => {
    checkFinite(array, where);
    for (const wanted of classLabels) if (wanted.output === output) checkClasses(array, wanted, where);
  });
}
