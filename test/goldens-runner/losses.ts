/** Loss cases: the value after reduction, and the gradient of its sum by the predictions. */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { keras } from "../../compiler/index.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";
import { asObject, type Goldens } from "../support/goldens.ts";
import type { Body } from "./executor.ts";
import { arraysIn } from "./executor.ts";
import { closenessOf, entriesOf, type GoldenCase, gradientCloseness, type Kind } from "./kind.ts";
import { array } from "./values.ts";

export const losses: Kind = {
  name: "losses",
  cases: (goldens) => entriesOf(goldens, "losses.json").map((golden) => lossCase(golden, goldens)),
};

function lossCase(golden: JsonObject, goldens: Goldens): GoldenCase {
  const open = () => openCase(golden, goldens);
  return {
    id: String(golden.id),
    checks: [
      {
        part: "forward",
        run: async (executor, comparison) => {
          const { inputs, body, output } = open();
          const got = await (await executor.load(body, inputs)).call(inputs);
          comparison.arrays("value", arraysIn([got]), [output], closenessOf(golden));
        },
      },
      {
        part: "gradients",
        run: async (executor, comparison) => {
          const { inputs, body, output, gradient } = open();
          const ones: NDArray = {
            dtype: "f32",
            shape: output.shape,
            data: new Float32Array(sizeOf(output.shape)).fill(1),
          };
          const got = await executor.gradients(body, inputs, [ones], { inputs: [1], variables: [] });
          comparison.arrays("gradient", got, [gradient], gradientCloseness(gradient));
        },
      },
    ],
  };
}

function openCase(golden: JsonObject, goldens: Goldens) {
  const tensors = goldens.tensors(String(asObject(goldens.json("losses.json")).file));
  const loss = keras.losses.get(golden.config);
  const weight = golden.sample_weight === undefined ? [] : [array(golden.sample_weight, tensors)];
  const body: Body = ([yTrue, yPred, sampleWeight]) => loss(yTrue, yPred, sampleWeight ?? null);
  return {
    inputs: [array(golden.y_true, tensors), array(golden.y_pred, tensors), ...weight],
    body,
    output: array(golden.output, tensors),
    gradient: array(golden.grad_of_sum, tensors),
  };
}
