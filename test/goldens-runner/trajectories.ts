/** Training runs: losses, metrics and norms of weights after every step, small weights and an evaluation at the end. */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { asArray, asObject, type Goldens } from "../support/goldens.ts";
import { rows, trajectoryData, trajectoryModel } from "../support/keras-trajectory.ts";
import type { Comparison } from "./comparison.ts";
import type { Executor } from "./executor.ts";
import { closenessOf, entriesOf, type GoldenCase, type Kind } from "./kind.ts";
import { array } from "./values.ts";

export const trajectories: Kind = {
  name: "trajectories",
  cases: (goldens) =>
    entriesOf(goldens, "trajectories.json").map(
      (golden): GoldenCase => ({
        id: String(golden.id),
        checks: [
          { part: "forward", run: (executor, comparison) => follow(golden, goldens, executor, comparison) },
        ],
      }),
    ),
};

async function follow(
  golden: JsonObject,
  goldens: Goldens,
  executor: Executor,
  comparison: Comparison,
): Promise<void> {
  const { x, y, batchSize } = trajectoryData(golden);
  const tensors = goldens.tensors(String(golden.file));
  const model = trajectoryModel(golden, tensors, executor.mode === "eager");
  const closeness = closenessOf(golden);
  const check = (what: string, got: number, expected: unknown): void =>
    comparison.number(what, got, Number(expected), closeness);
  for (const [step, expected] of asArray(golden.steps).map(asObject).entries()) {
    const start = (step % Math.ceil(x.shape[0] / batchSize)) * batchSize;
    const end = Math.min(start + batchSize, x.shape[0]);
    model.resetMetrics();
    const logs = await model.trainOnBatch(rows(x, start, end), rows(y, start, end), { returnDict: true });
    for (const [name, value] of Object.entries(expected)) check(`step ${step}, ${name}`, logs[name], value);
    const norms = asArray(asArray(golden.weight_norms)[step]);
    for (const [i, { data }] of (await model.getWeights()).entries())
      check(`step ${step}, norm of weight ${i}`, Math.hypot(...Array.from(data, Number)), norms[i]);
  }
  const weights = await model.getWeights();
  for (const [index, value] of Object.entries(asObject(golden.final_small)))
    comparison.array(`final weight ${index}`, weights[Number(index)], array(value, tensors), closeness);
  const options = { batchSize: 64, verbose: 0, returnDict: true } as const;
  const logs = await model.evaluate(rows(x, 0, 64), rows(y, 0, 64), options);
  for (const [name, value] of Object.entries(asObject(golden.evaluate_first_64)))
    check(`evaluation, ${name}`, logs[name], value);
}
