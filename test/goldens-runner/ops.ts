/**
 * Cases of `keras.ops`: a call of one function, its results with their dtypes, and the gradients of its float inputs.
 */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { ops as table } from "../../compiler/index.ts";
import { toCamel } from "../../compiler/keras/options.ts";
import { ModelError } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { asArray, asObject, type Goldens } from "../support/goldens.ts";
import type { Comparison } from "./comparison.ts";
import { arraysIn, type Body, type Executor } from "./executor.ts";
import { closenessOf, entriesOf, type GoldenCase, type Kind } from "./kind.ts";
import { specialChecks } from "./op-checks.ts";
import { argument, array, arrays, callArguments, type Tensors } from "./values.ts";

export const ops: Kind = {
  name: "ops",
  cases: (goldens) => {
    if (!goldens.has("ops.json")) return [];
    const file = String(asObject(goldens.json("ops.json")).file);
    return entriesOf(goldens, "ops.json").map((golden) => opCase(golden, goldens, file));
  },
};

function opCase(golden: JsonObject, goldens: Goldens, file: string): GoldenCase {
  const checks: GoldenCase["checks"] = [
    {
      part: "forward",
      run: (executor, comparison) => forward(golden, goldens.tensors(file), executor, comparison),
    },
    ...(golden.grads === undefined
      ? []
      : [
          {
            part: "gradients" as const,
            run: (executor: Executor, comparison: Comparison) =>
              gradients(golden, goldens.tensors(file), executor, comparison),
          },
        ]),
  ];
  return { id: String(golden.id), checks };
}

/** `keras.ops.name`, also `keras.ops.image.name`. */
function functionOf(name: string): (...args: readonly unknown[]) => unknown {
  let found: unknown = table;
  for (const part of name.split(".")) found = (found as { readonly [key: string]: unknown })?.[toCamel(part)];
  if (typeof found !== "function")
    throw new ModelError("no such function", { where: "keras.ops", got: name });
  return found as (...args: readonly unknown[]) => unknown;
}

function openCall(
  golden: JsonObject,
  tensors: Tensors,
): { readonly inputs: readonly NDArray[]; readonly body: Body } {
  const f = functionOf(String(golden.op));
  const call = callArguments(golden.args, golden.kwargs, tensors);
  return {
    inputs: call.inputs,
    body: (inputs) => {
      const { args, kwargs } = call.bind(inputs);
      return Object.keys(kwargs).length === 0 ? f(...args) : f(...args, kwargs);
    },
  };
}

async function forward(
  golden: JsonObject,
  tensors: Tensors,
  executor: Executor,
  comparison: Comparison,
): Promise<void> {
  const { inputs, body } = openCall(golden, tensors);
  const result = await (await executor.load(body, inputs)).call(inputs);
  const expected = arrays(golden.outputs, tensors);
  const closeness = closenessOf(golden);
  const special = specialChecks[String(golden.check)];
  if (special !== undefined) special({ inputs, got: arraysIn(result), expected, closeness }, comparison);
  else if (expected.length > 0) comparison.arrays("result", arraysIn(result), expected, closeness);
  else comparison.equal("result", result, argument(golden.outputs, tensors));
}

async function gradients(
  golden: JsonObject,
  tensors: Tensors,
  executor: Executor,
  comparison: Comparison,
): Promise<void> {
  const { inputs, body } = openCall(golden, tensors);
  const grads = asObject(golden.grads);
  const cotangents = asArray(grads.cotangents).map((item) => array(item, tensors));
  const floats = inputs.flatMap(({ dtype }, i) => (dtype === "f32" ? [i] : []));
  const found = await executor.gradients(body, inputs, cotangents, { inputs: floats, variables: [] });
  comparison.arrays("gradient", found, arrays(grads.inputs, tensors), closenessOf(grads));
}
