/**
 * The golden training runs: their data, made as the README of the goldens says, and their models with the weights they begin with.
 */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { keras } from "../../compiler/index.ts";
import type { Model } from "../../compiler/keras/models/model.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { array } from "../goldens-runner/values.ts";
import { asArray, asObject } from "./goldens.ts";

export interface TrainingData {
  readonly x: NDArray;
  readonly y: NDArray;
  readonly batchSize: number;
}

export function trajectoryData(golden: JsonObject): TrainingData {
  const data = asObject(golden.data);
  const shape = asArray(data.shape).map(Number);
  const [samples, classes] = [Number(data.samples), Number(data.classes)];
  const size = shape.reduce((a, b) => a * b, 1);
  let state = Number(data.lcg_seed) >>> 0;
  const draw = (): number => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const labels = Int32Array.from({ length: samples }, () => Math.floor(draw() * classes));
  const templates = Float64Array.from({ length: classes * size }, draw);
  const x = Float32Array.from(
    { length: samples * size },
    (_, i) => 1.5 * templates[labels[Math.floor(i / size)] * size + (i % size)] + 0.5 * draw() - 1,
  );
  const numbers: NDArray = { dtype: "i32", shape: [samples], data: labels };
  return {
    x: { dtype: "f32", shape: [samples, ...shape], data: x },
    y: data.target === "onehot" ? keras.utils.toCategorical(numbers, classes) : numbers,
    batchSize: Number(data.batch_size),
  };
}

export function trajectoryModel(
  golden: JsonObject,
  tensors: ReadonlyMap<string, NDArray>,
  runEagerly: boolean,
): Model {
  const model = keras.models.modelFromJson(JSON.stringify(golden.model_config));
  model.setWeights(asArray(golden.initial_weights).map((weight) => array(weight, tensors)));
  const metrics = asArray(golden.metrics).map(String);
  model.compile({ optimizer: asObject(golden.optimizer), loss: asObject(golden.loss), metrics, runEagerly });
  return model;
}

/** Rows `start` to `end` of an array. */
export const rows = ({ dtype, shape, data }: NDArray, start: number, end: number): NDArray => {
  const row = data.length / shape[0];
  return { dtype, shape: [end - start, ...shape.slice(1)], data: data.slice(start * row, end * row) };
};
