/**
 * From the data of a user to the arguments of a program: arrays in the order, dtype and rank that the model wants.
 */
import { type Dim, printDim } from "../../../ir/dim.ts";
import { isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { printType, type TensorType } from "../../../ir/type.ts";
import { castArray } from "../../arrays.ts";
import { flatten, mapNest, type Nest, packNest } from "../nest.ts";
import { isPlainObject } from "../options.ts";
import { batch as batchDim } from "../shapes.ts";
import type { Arrays, Batch } from "./data.ts";
import type { ArgumentSpec } from "./program.ts";
import type { Trainable } from "./trainable.ts";

export interface PreparedBatch {
  readonly inputs: readonly NDArray[];
  readonly targets: readonly NDArray[];
  readonly sampleWeights: readonly NDArray[];
  readonly structure: Nest<unknown>;
  /** The same as arguments of a function: with the batch as `n`. */
  readonly specs: {
    readonly inputs: readonly ArgumentSpec[];
    readonly targets: readonly ArgumentSpec[];
    readonly sampleWeights: readonly ArgumentSpec[];
  };
}

/** Throws ModelError where an input has another shape than the model wants. */
export function prepareBatch(batch: Batch, model: Trainable): PreparedBatch {
  const bound = model.bindInputs(packNest(batch.x.structure, batch.x.arrays));
  const inputs = bound.map(({ name, value, type }) =>
    type === undefined ? value : fitInput(value, type, `input "${name}" of ${model.name}`),
  );
  const targets = batch.y === null ? [] : orderOutputs(batch.y, model);
  const sampleWeights =
    batch.sampleWeight === null
      ? []
      : orderOutputs(batch.sampleWeight, model).map((weights) => castArray(weights, "f32"));
  return {
    inputs,
    targets,
    sampleWeights,
    structure: batch.x.structure,
    specs: {
      inputs: inputs.map((array, i) => ({
        ...openBatch(array),
        name: bound[i].name,
        shape: bound[i].type?.shape ?? openBatch(array).shape,
      })),
      targets: targets.map((array, i) => ({ ...openBatch(array), name: numbered("y", i) })),
      sampleWeights: sampleWeights.map((array, i) => ({
        ...openBatch(array),
        name: numbered("sample_weight", i),
      })),
    },
  };
}

const numbered = (name: string, i: number): string => (i === 0 ? name : `${name}_${i}`);
const openBatch = ({ dtype, shape }: NDArray): TensorType => ({
  dtype,
  shape: [batchDim, ...shape.slice(1)],
});

/** A text that is equal for data that one program serves. */
export function specKey({ structure, specs }: PreparedBatch, withLabels: boolean): string {
  const print = (list: readonly ArgumentSpec[]): string => list.map(printType).join(" ");
  const inputs = `${JSON.stringify(mapNest(structure, () => 0))} ${print(specs.inputs)}`;
  return withLabels ? `${inputs} -> ${print(specs.targets)} * ${print(specs.sampleWeights)}` : inputs;
}

/** Labels in the order of the outputs: by name where they come in a dictionary of the model's names. */
function orderOutputs({ arrays, structure }: Arrays, model: Trainable): readonly NDArray[] {
  const nest = packNest(structure, arrays);
  const { outputNames: names } = model;
  if (names === undefined || !isPlainObject(nest) || !names.every((name) => name in nest))
    return flatten(nest);
  const byName: { readonly [name: string]: unknown } = nest;
  return names.map((name) => byName[name] as NDArray);
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
