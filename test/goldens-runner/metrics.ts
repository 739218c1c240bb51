/** Metric cases: the result after each of several updates. Compiled, update and result are one function, on state that lives on. */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { keras } from "../../compiler/index.ts";
import { flatten, type Nest } from "../../compiler/keras/nest.ts";
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
  const updates = asArray(golden.updates).map(asObject);
  const body: Body = ([first, ...rest]) => {
    metric.updateState(first, ...rest);
    return metric.result();
  };
  const inputsOf = (update: JsonObject): NDArray[] => [
    ...arrays(update.args, tensors),
    ...(update.sample_weight === undefined ? [] : arrays(update.sample_weight, tensors)),
  ];
  const loaded = await executor.load(body, inputsOf(updates[0]), metric.variables);
  for (const [i, update] of updates.entries()) {
    const got = numbers(await loaded.call(inputsOf(update)));
    const expected = flatten<unknown>(argument(update.result, tensors) as Nest<unknown>).flatMap(numbers);
    expected.forEach((value, k) => {
      comparison.number(`result ${i}`, got[k], value, closenessOf(golden));
    });
  }
}

const numbers = (value: unknown): number[] => {
  if (typeof value === "number") return [value];
  return arraysIn([value]).flatMap(({ data }) => Array.from(data, Number));
};
