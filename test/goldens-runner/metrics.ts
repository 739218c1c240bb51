/** Metric cases: the result after each of several updates. Compiled, the statistics of a batch are one function; the host adds them up. */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { keras } from "../../compiler/index.ts";
import { flatten, type Nest } from "../../compiler/keras/nest.ts";
import { toTensor } from "../../compiler/tensor.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { asArray, asObject, type Goldens } from "../support/goldens.ts";
import type { Comparison } from "./comparison.ts";
import { arraysIn, type Body, type Executor } from "./executor.ts";
import { closenessOf, entriesOf, type GoldenCase, type Kind } from "./kind.ts";
import { argument, arrays } from "./values.ts";

export const metrics: Kind = {
  name: "metrics",
  cases: (goldens) => entriesOf(goldens, "metrics.json").map((golden) => metricCase(golden, goldens)),
};

const metricCase = (golden: JsonObject, goldens: Goldens): GoldenCase => ({
  id: String(golden.id),
  checks: [
    { part: "forward", run: (executor, comparison) => forward(golden, goldens, executor, comparison) },
  ],
});

async function forward(
  golden: JsonObject,
  goldens: Goldens,
  executor: Executor,
  comparison: Comparison,
): Promise<void> {
  const tensors = goldens.tensors(String(asObject(goldens.json("metrics.json")).file));
  const metric = keras.metrics.get(golden.config);
  const body: Body = (inputs) => {
    const count = asArray(asObject(asArray(golden.updates)[0]).args).length;
    const [yTrue, yPred = toTensor(0, yTrue.engine)] = inputs.slice(0, count);
    return metric.statistics(yTrue, yPred, inputs[count] ?? null);
  };
  for (const [i, update] of asArray(golden.updates).map(asObject).entries()) {
    const inputs: NDArray[] = [
      ...arrays(update.args, tensors),
      ...(update.sample_weight === undefined ? [] : arrays(update.sample_weight, tensors)),
    ];
    const loaded = await executor.load(body, inputs);
    metric.add(arraysIn(await loaded.call(inputs)));
    const expected = flatten<unknown>(argument(update.result, tensors) as Nest<unknown>).flatMap(numbers);
    expected.forEach((value, k) => {
      comparison.number(`result ${i}`, numbers(metric.result())[k], value, closenessOf(golden));
    });
  }
}

const numbers = (value: unknown): number[] => {
  if (typeof value === "number") return [value];
  return arraysIn([value]).flatMap(({ data }) => Array.from(data, Number));
};
