/**
 * Initializers, regularizers and constraints. Initial values are made on the host, so they are the same in both modes; of random ones only
 * the distribution is compared.
 */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { keras } from "../../compiler/index.ts";
import { get as getInitializer, initialize } from "../../compiler/keras/initializers/index.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { asArray, asObject, type Goldens } from "../support/goldens.ts";
import type { Comparison } from "./comparison.ts";
import { arraysIn, type Body } from "./executor.ts";
import { closenessOf, entriesOf, type GoldenCase, gradientCloseness, type Kind } from "./kind.ts";
import { array, type Tensors } from "./values.ts";

const file = "misc.json";

/** The cases under a key, which have no ids of their own. */
function numbered(
  goldens: Goldens,
  key: string,
  makeCase: (golden: JsonObject, tensors: Tensors) => GoldenCase["checks"],
): readonly GoldenCase[] {
  return entriesOf(goldens, file, key).map((golden, i) => {
    const tensors = goldens.tensors(String(asObject(goldens.json(file)).file));
    return { id: `${asObject(golden.config).class_name}_${i}`, checks: makeCase(golden, tensors) };
  });
}

export const initializers: Kind = {
  name: "initializers",
  cases: (goldens) =>
    numbered(goldens, "initializers", (golden, tensors) => [
      {
        part: "forward",
        run: async (_, comparison) => {
          const shape = asArray(golden.shape).map(Number);
          const got = initialize(getInitializer(golden.config), shape, "f32");
          if (golden.kind === "exact")
            comparison.array("value", got, array(golden.value, tensors), closenessOf(golden));
          else checkStatistics(golden, got, comparison);
        },
      },
    ]),
};

function checkStatistics(golden: JsonObject, { data }: NDArray, comparison: Comparison): void {
  const values = Array.from(data, Number);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const closeness = { absolute: Number(golden.atol), relative: 0 };
  comparison.number("mean", mean, Number(golden.mean), closeness);
  comparison.number("standard deviation", std, Number(golden.std), closeness);
  // The support of uniform and truncated distributions is bounded; that of normal ones is not.
  if (!/Uniform|Truncated/.test(String(asObject(golden.config).class_name))) return;
  const slack = (Number(golden.max) - Number(golden.min)) * 0.01;
  const [min, max] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 0]);
  if (min < Number(golden.min) - slack || max > Number(golden.max) + slack)
    comparison.problems.push(`support: expected [${golden.min}, ${golden.max}], got [${min}, ${max}]`);
}

export const regularizers: Kind = {
  name: "regularizers",
  cases: (goldens) =>
    numbered(goldens, "regularizers", (golden, tensors) => {
      const inputs = [array(golden.input, tensors)];
      const penalty = keras.regularizers.get;
      const body: Body = ([x]) => penalty(golden.config)?.(x);
      return [
        {
          part: "forward",
          run: async (executor, comparison) => {
            const [value] = arraysIn([await (await executor.load(body, inputs)).call(inputs)]);
            comparison.number("value", Number(value?.data[0]), Number(golden.value), closenessOf(golden));
          },
        },
        {
          part: "gradients",
          run: async (executor, comparison) => {
            const one: NDArray = { dtype: "f32", shape: [], data: Float32Array.of(1) };
            const got = await executor.gradients(body, inputs, [one], { inputs: [0], variables: [] });
            const expected = array(golden.grad, tensors);
            comparison.arrays("gradient", got, [expected], gradientCloseness(expected));
          },
        },
      ];
    }),
};

export const constraints: Kind = {
  name: "constraints",
  cases: (goldens) =>
    numbered(goldens, "constraints", (golden, tensors) => [
      {
        part: "forward",
        run: async (executor, comparison) => {
          const inputs = [array(golden.input, tensors)];
          const loaded = await executor.load(([x]) => keras.constraints.get(golden.config)?.(x), inputs);
          const got = arraysIn([await loaded.call(inputs)]);
          comparison.arrays("output", got, [array(golden.output, tensors)], closenessOf(golden));
        },
      },
    ]),
};
