/**
 * Model cases: every file that holds the model is read; each gives the same predictions, and so
 * does what is written again. Eager, the model is called on tensors; compiled, it
 * predicts.
 */
import { isNDArray } from "../../compiler/arrays.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../compiler/formats/json.ts";
import { keras } from "../../compiler/index.ts";
import type { Model } from "../../compiler/keras/models/model.ts";
import { flatten, mapNest, type Nest } from "../../compiler/keras/nest.ts";
import { modelFromBytes, modelFromJson } from "../../compiler/keras/saving/load.ts";
import { session } from "../../compiler/keras/session.ts";
import { TensorMethods } from "../../compiler/tensor.ts";
import { asArray, asObject, type Goldens } from "../support/goldens.ts";
import { ScaleShift } from "../support/keras-golden-models.ts";
import type { Comparison } from "./comparison.ts";
import { arraysIn, type Executor } from "./executor.ts";
import { closenessOf, entriesOf, type GoldenCase, type Kind } from "./kind.ts";
import { argument, arrays } from "./values.ts";

// Registered as well, so that it can be written.
keras.saving.registerKerasSerializable(ScaleShift, { package: "golden_tests" });
const customObjects = { "golden_tests>ScaleShift": ScaleShift };

export const models: Kind = {
  name: "models",
  cases: (goldens) =>
    entriesOf(goldens, "models.json").map(
      (golden): GoldenCase => ({
        id: String(golden.id),
        checks: [
          { part: "forward", run: (executor, comparison) => predict(golden, goldens, executor, comparison) },
        ],
      }),
    ),
};

async function predict(
  golden: JsonObject,
  goldens: Goldens,
  executor: Executor,
  comparison: Comparison,
): Promise<void> {
  const files = asObject(golden.files);
  const tensors = goldens.tensors(String(files.io));
  const given = argument(golden.inputs, tensors) as Nest<unknown>;
  const inputs = Array.isArray(given) && given.length === 1 ? given[0] : given;
  const read = (file: JsonValue | undefined): Promise<Model> =>
    modelFromBytes(goldens.bytes(String(file)), { customObjects }, String(file));
  const model = await read(files.keras);
  const legacy = await read(files.legacy_h5);
  const again = await modelFromBytes(await keras.saving.toBytes(await read(files.keras)), { customObjects });
  const emptied = modelFromJson(model.toJson(), { customObjects });
  await emptied.loadWeights(goldens.bytes(String(files.weights)));
  const all = {
    "model.keras": model,
    "model.h5": legacy,
    "model.weights.h5": emptied,
    "written again": again,
  };
  for (const [name, each] of Object.entries(all)) {
    const outputs =
      executor.mode === "eager" ? await call(each, inputs) : await each.predict(inputs, { verbose: 0 });
    const expected = arrays(golden.outputs, tensors);
    comparison.arrays(`output${name}`, arraysIn(outputs), expected, closenessOf(golden));
  }
  comparison.equal("parameters", model.countParams(), asObject(golden.params).total);
  // The goldens give them by name, Keras in a list.
  const shapes = isJsonObject(golden.output_shape) ? Object.values(golden.output_shape) : golden.output_shape;
  comparison.equal("output shape", Reflect.get(model, "outputShape"), shapes);
  if (golden.optimizer !== undefined)
    compareOptimizers(asObject(golden.optimizer), [model, legacy, again], comparison);
}

/** Where the optimizer stopped: its steps and the sums of its variables. */
function compareOptimizers(golden: JsonObject, models: readonly Model[], comparison: Comparison): void {
  for (const { optimizer } of models) {
    const expected = asArray(golden.variables).map((variable) => Number(asObject(variable).sum));
    const sums = optimizer?.variables.map((variable) =>
      Array.from(variable.arraySync().data, Number).reduce((a, b) => a + b, 0),
    );
    comparison.equal(
      "steps of the optimizer",
      Number(optimizer?.iterations.arraySync().data[0]),
      golden.iterations,
    );
    comparison.equal("variables of the optimizer", sums?.length, expected.length);
    const far = expected.findIndex(
      (sum, i) => Math.abs(sum - (sums?.[i] ?? Number.NaN)) > 1e-5 * (1 + Math.abs(sum)),
    );
    comparison.equal("sums of the optimizer's variables", far, -1);
  }
}

/** The model op by op. */
async function call(model: Model, inputs: Nest<unknown>): Promise<unknown> {
  const { eager } = session.backend();
  const result = model.invoke([
    mapNest<unknown, unknown>(inputs, (leaf) => (isNDArray(leaf) ? eager.constant(leaf) : leaf)),
    { training: false },
  ]);
  const leaves = flatten<unknown>(result as Nest<unknown>);
  return Promise.all(leaves.map((leaf) => (leaf instanceof TensorMethods ? leaf.value.array() : leaf)));
}
