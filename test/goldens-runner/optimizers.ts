/** Optimizer cases: weights after each of ten steps, and the optimizer's variables at the end; and schedules, at each step. */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { keras } from "../../compiler/index.ts";
import { getSchedule } from "../../compiler/keras/optimizers/schedules.ts";
import { Variable } from "../../compiler/keras/variable.ts";
import { asArray, asObject, type Goldens } from "../support/goldens.ts";
import type { Comparison } from "./comparison.ts";
import { arraysIn, type Executor } from "./executor.ts";
import { closenessOf, entriesOf, type GoldenCase, type Kind } from "./kind.ts";
import { array, arrays, slice } from "./values.ts";

const file = "optimizers.json";

export const optimizers: Kind = {
  name: "optimizers",
  cases: (goldens) =>
    entriesOf(goldens, file).map(
      (golden): GoldenCase => ({
        id: String(golden.id),
        checks: [
          { part: "forward", run: (executor, comparison) => steps(golden, goldens, executor, comparison) },
        ],
      }),
    ),
};

async function steps(
  golden: JsonObject,
  goldens: Goldens,
  executor: Executor,
  comparison: Comparison,
): Promise<void> {
  const tensors = goldens.tensors(String(asObject(goldens.json(file)).file));
  const closeness = closenessOf(golden);
  const optimizer = keras.optimizers.get(golden.config);
  const weights = arrays(golden.params, tensors).map((value, i) => new Variable(value, { name: `w${i}` }));
  optimizer.build(weights);
  const [stacked, after] = [arrays(golden.grads, tensors), arrays(golden.params_after, tensors)];
  const gradients = (step: number) => stacked.map((all) => slice(all, step));
  const loaded = await executor.load(
    (inputs) => {
      optimizer.apply(inputs, weights);
      return [];
    },
    gradients(0),
    [...weights, ...optimizer.variables],
  );
  const read = (variables: readonly Variable[]) => Promise.all(variables.map((v) => loaded.read(v)));
  for (let step = 0; step < stacked[0].shape[0]; step++) {
    await loaded.call(gradients(step));
    const expected = after.map((all) => slice(all, step));
    comparison.arrays(`step ${step}, weight`, await read(weights), expected, closeness);
  }
  const finals = asArray(golden.variables).map((variable) => array(asObject(variable).final, tensors));
  comparison.arrays("variable", await read(optimizer.variables), finals, closeness);
}

export const schedules: Kind = {
  name: "schedules",
  cases: (goldens) =>
    entriesOf(goldens, file, "schedules").map(
      (golden): GoldenCase => ({
        id: String(golden.id),
        checks: [{ part: "forward", run: (executor, comparison) => rates(golden, executor, comparison) }],
      }),
    ),
};

async function rates(golden: JsonObject, executor: Executor, comparison: Comparison): Promise<void> {
  const schedule = getSchedule(golden.config);
  const step = (value: number) => ({ dtype: "f32", shape: [], data: Float32Array.of(value) }) as const;
  const loaded = await executor.load(([input]) => schedule.call(input), [step(0)]);
  for (const [i, at] of asArray(golden.steps).map(Number).entries()) {
    const [rate] = arraysIn([await loaded.call([step(at)])]);
    const expected = Number(asArray(golden.values)[i]);
    comparison.number(`step ${at}`, Number(rate.data[0]), expected, closenessOf(golden));
  }
}
