/**
 * The golden training runs: their data, made as the README of the goldens says, and a run of the same steps with our models.
 */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { keras } from "../../compiler/index.ts";
import type { Model } from "../../compiler/keras/models/model.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { asArray, asObject, goldenTensors } from "./goldens.ts";
import { array } from "./keras-cases.ts";

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

export function trajectoryModel(golden: JsonObject, runEagerly: boolean): Model {
  const model = keras.models.modelFromJson(JSON.stringify(golden.model_config));
  const tensors = goldenTensors(String(golden.file));
  model.setWeights(asArray(golden.initial_weights).map((weight) => array(weight, tensors)));
  const metrics = asArray(golden.metrics).map(String);
  model.compile({ optimizer: asObject(golden.optimizer), loss: asObject(golden.loss), metrics, runEagerly });
  return model;
}

const rows = ({ dtype, shape, data }: NDArray, start: number, end: number): NDArray => {
  const row = data.length / shape[0];
  return { dtype, shape: [end - start, ...shape.slice(1)], data: data.slice(start * row, end * row) };
};

/** Makes the steps; says where losses, metrics or norms of weights leave the golden ones. */
export async function followTrajectory(
  golden: JsonObject,
  steps: number,
  runEagerly = false,
): Promise<string[]> {
  const { x, y, batchSize } = trajectoryData(golden);
  const model = trajectoryModel(golden, runEagerly);
  const problems: string[] = [];
  const check = (what: string, got: number, expected: number): void => {
    if (!(Math.abs(got - expected) <= Number(golden.atol) + Number(golden.rtol) * Math.abs(expected)))
      problems.push(`${what}: expected ${expected}, got ${got}`);
  };
  for (let step = 0; step < steps; step++) {
    const start = (step % Math.ceil(x.shape[0] / batchSize)) * batchSize;
    const end = Math.min(start + batchSize, x.shape[0]);
    model.resetMetrics();
    const logs = await model.trainOnBatch(rows(x, start, end), rows(y, start, end));
    for (const [name, value] of Object.entries(asObject(asArray(golden.steps)[step])))
      check(`step ${step}, ${name}`, logs[name], Number(value));
    const norms = asArray(asArray(golden.weight_norms)[step]).map(Number);
    const weights = await model.getWeights();
    weights.forEach(({ data }, i) =>
      check(`step ${step}, norm of weight ${i}`, Math.hypot(...Array.from(data, Number)), norms[i]),
    );
  }
  if (steps === asArray(golden.steps).length) {
    const logs = await model.evaluate(rows(x, 0, 64), rows(y, 0, 64), {
      batchSize: 64,
      verbose: 0,
      returnDict: true,
    });
    for (const [name, value] of Object.entries(asObject(golden.evaluate_first_64)))
      check(`evaluation, ${name}`, logs[name], Number(value));
  }
  return problems;
}
