/**
 * From the data of a user to the arguments of a program: arrays in the order, dtype and rank that the model wants.
 */
import { type Dim, printDim } from "../../../ir/dim.ts";
import { isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { printType, type TensorType } from "../../../ir/type.ts";
import { castArray } from "../../arrays.ts";
import { mapNest, packNest } from "../nest.ts";
import { batch as batchDim } from "../shapes.ts";
import type { Arrays, Batch } from "./data.ts";
import type { PartSpec } from "./program.ts";
import type { Trainable } from "./trainable.ts";

/** One part of a batch as arguments of a function: arrays, and what they are with the batch as `n`. */
export interface PreparedPart extends PartSpec {
  readonly arrays: readonly NDArray[];
}

export interface PreparedBatch {
  readonly x: PreparedPart;
  readonly y: PreparedPart | null;
  readonly sampleWeight: PreparedPart | null;
}

/** Throws ModelError where an input has another shape than the model wants. */
export function prepareBatch(batch: Batch, model: Trainable): PreparedBatch {
  const bound = model.bindInputs(packNest(batch.x.structure, batch.x.arrays));
  const arrays = bound.map(({ name, value, type }) =>
    type === undefined ? value : fitInput(value, type, `input "${name}" of ${model.name}`),
  );
  const specs = arrays.map((array, i) => ({
    ...openBatch(array),
    name: bound[i].name,
    shape: bound[i].type?.shape ?? openBatch(array).shape,
  }));
  return {
    x: { arrays, specs, structure: batch.x.structure },
    y: preparePart(batch.y, "y", (array) => array),
    sampleWeight: preparePart(batch.sampleWeight, "sample_weight", (array) => castArray(array, "f32")),
  };
}

function preparePart(
  part: Arrays | null,
  name: string,
  convert: (array: NDArray) => NDArray,
): PreparedPart | null {
  if (part === null) return null;
  const arrays = part.arrays.map(convert);
  const specs = arrays.map((array, i) => ({ ...openBatch(array), name: numbered(name, i) }));
  return { arrays, specs, structure: part.structure };
}

const numbered = (name: string, i: number): string => (i === 0 ? name : `${name}_${i}`);
const openBatch = ({ dtype, shape }: NDArray): TensorType => ({
  dtype,
  shape: [batchDim, ...shape.slice(1)],
});

/** A text that is equal for data that one program serves. */
export function specKey({ x, y, sampleWeight }: PreparedBatch, withLabels: boolean): string {
  const print = (part: PreparedPart | null): string =>
    part === null
      ? "-"
      : `${JSON.stringify(mapNest(part.structure, () => 0))} ${part.specs.map(printType).join(" ")}`;
  return withLabels ? `${print(x)} -> ${print(y)} * ${print(sampleWeight)}` : print(x);
}

/** An array in the dtype of an input; an axis of size 1 at the end may be missing or too many, as in Keras. */
function fitInput(array: NDArray, type: TensorType, where: string): NDArray {
  const shape = fitRank(array.shape, type.shape);
  const fits =
    shape.length === type.shape.length &&
    type.shape.every((dim, axis) => typeof dim !== "number" || dim === shape[axis]);
  if (!fits) {
    throw new ModelError("the data has another shape than the input", {
      where,
      expected: `shape ${printWanted(type.shape)}`,
      got: `shape (${array.shape.join(", ")})`,
    });
  }
  if (
    !isFloat(type.dtype) &&
    isFloat(array.dtype) &&
    array.data.some((value) => !Number.isInteger(Number(value)))
  ) {
    throw new ModelError("the data has fractions, but the input takes integers", {
      where,
      expected: type.dtype,
      got: array.dtype,
    });
  }
  return castArray({ ...array, shape }, type.dtype);
}

const printWanted = (shape: readonly Dim[]): string =>
  `(${shape.map((dim) => (typeof dim === "number" ? printDim(dim) : "None")).join(", ")})`;

function fitRank(shape: readonly number[], wanted: readonly Dim[]): readonly number[] {
  if (shape.length === wanted.length + 1 && shape[shape.length - 1] === 1) return shape.slice(0, -1);
  if (shape.length === wanted.length - 1 && wanted[wanted.length - 1] === 1) return [...shape, 1];
  return shape;
}
