/**
 * `keras.utils`: small helpers for data.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { type ArrayLike, toArray } from "../../arrays.ts";
import { modelToDot, plotModel } from "../plot/index.ts";
import { setRandomSeed } from "../random.ts";
import { saving } from "../saving/index.ts";
import { session } from "../session.ts";
import { PyDataset } from "../training/py-dataset.ts";
import { getFile } from "./get-file.ts";

/** One-hot rows (f32) from class numbers: [n] or [n, 1] to [n, numClasses]; by default one more than the largest. Throws ModelError out of range. */
function toCategorical(
  x: ArrayLike,
  numClasses?: number | { numClasses?: number; num_classes?: number },
): NDArray {
  const labels = toArray(x, "i32");
  const given =
    typeof numClasses === "object" ? (numClasses.numClasses ?? numClasses.num_classes) : numClasses;
  const largest = (labels.data as Int32Array).reduce((max, label) => Math.max(max, Number(label)), -1);
  const classes = given ?? largest + 1;
  const data = new Float32Array(labels.data.length * classes);
  for (let i = 0; i < labels.data.length; i++) {
    const label = Number(labels.data[i]);
    if (!(label >= 0 && label < classes))
      throw new ModelError("a label is out of range", {
        where: "toCategorical",
        expected: `0 to ${classes - 1}`,
        got: `${label} at ${i}`,
      });
    data[i * classes + Math.trunc(label)] = 1;
  }
  const shape =
    labels.shape.length > 1 && labels.shape.at(-1) === 1 ? labels.shape.slice(0, -1) : labels.shape;
  return { dtype: "f32", shape: [...shape, classes], data };
}

/** Rows divided by their norm of the given order (default 2); rows of zeros stay. */
function normalize(x: ArrayLike, { order = 2 }: { order?: number } = {}): NDArray {
  const array = toArray(x, "f32");
  const width = array.shape.at(-1) ?? 1;
  const data = Float32Array.from({ length: array.data.length }, (_, i) => Number(array.data[i]));
  for (let start = 0; start < data.length; start += width) {
    const norm =
      data.subarray(start, start + width).reduce((sum, value) => sum + Math.abs(value) ** order, 0) **
      (1 / order);
    if (norm > 0) for (let i = 0; i < width; i++) data[start + i] /= norm;
  }
  return { dtype: "f32", shape: array.shape, data };
}

/** Forgets automatic names: the next dense layer is "dense" again. */
const clearSession = (): void => session.clear();

const { customObjectScope, getCustomObjects, getRegisteredName, getRegisteredObject } = saving;

/** `keras.utils`. */
export const utils = {
  toCategorical,
  normalize,
  setRandomSeed,
  clearSession,
  PyDataset,
  getFile,
  plotModel,
  modelToDot,
  customObjectScope,
  CustomObjectScope: customObjectScope,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable: saving.registerKerasSerializable,
  serializeKerasObject: saving.serializeKerasObject,
  deserializeKerasObject: saving.deserializeKerasObject,
};
