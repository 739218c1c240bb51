/**
 * Model cases: every file that holds the model is read; each gives the same predictions. Eager, the model is called on tensors; compiled, it
 * predicts.
 */
import { isNDArray } from "../../compiler/arrays.ts";
import type { JsonObject } from "../../compiler/formats/json.ts";
import type { Model } from "../../compiler/keras/models/model.ts";
import { flatten, mapNest, type Nest } from "../../compiler/keras/nest.ts";
import { modelFromBytes } from "../../compiler/keras/saving/load.ts";
import { session } from "../../compiler/keras/session.ts";
import { TensorMethods } from "../../compiler/tensor.ts";
import { asObject, type Goldens } from "../support/goldens.ts";
import { ScaleShift } from "../support/keras-golden-models.ts";
import type { Comparison } from "./comparison.ts";
import { arraysIn, type Executor } from "./executor.ts";
import { closenessOf, entriesOf, type GoldenCase, type Kind } from "./kind.ts";
import { argument, arrays } from "./values.ts";

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
  const model = await modelFromBytes(
    goldens.bytes(String(files.keras)),
    { customObjects },
    String(golden.id),
  );
  const outputs =
    executor.mode === "eager" ? await call(model, inputs) : await model.predict(inputs, { verbose: 0 });
  comparison.arrays("output", arraysIn(outputs), arrays(golden.outputs, tensors), closenessOf(golden));
  comparison.equal("parameters", model.countParams(), asObject(golden.params).total);
  comparison.equal("output shape", Reflect.get(model, "outputShape"), golden.output_shape);
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
