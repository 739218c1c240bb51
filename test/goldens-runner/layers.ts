/**
 * Layer cases: the layer made from its configuration, with the given weights. Outputs, changed weights, losses, mask and output shape;
 * gradients of weights and inputs.
 */
import type { JsonObject } from "../../compiler/formats/json.ts";
import type { Layer } from "../../compiler/keras/layers/layer.ts";
import { deserializeLayer } from "../../compiler/keras/saving/load.ts";
import { session } from "../../compiler/keras/session.ts";
import type { ShapeNest } from "../../compiler/keras/shapes.ts";
import { scratchTrace } from "../../compiler/keras/trace-scope.ts";
import type { TensorLike } from "../../compiler/tensor.ts";
import { asArray, asObject, type Goldens } from "../support/goldens.ts";
import type { Comparison } from "./comparison.ts";
import { arraysIn, type Body, type Executor } from "./executor.ts";
import { closenessOf, entriesOf, type GoldenCase, type Kind } from "./kind.ts";
import { array, arrays, type CallArguments, callArguments, type Tensors } from "./values.ts";

export const layers: Kind = {
  name: "layers",
  cases: (goldens) => entriesOf(goldens, "layers.json").map((golden) => layerCase(golden, goldens)),
};

function layerCase(golden: JsonObject, goldens: Goldens): GoldenCase {
  const open = (): OpenCase => openCase(golden, goldens.tensors(String(golden.file)));
  const checks: GoldenCase["checks"] = [
    { part: "forward", run: (executor, comparison) => forward(open(), executor, comparison) },
    ...(golden.grads === undefined
      ? []
      : [
          {
            part: "gradients" as const,
            run: (executor: Executor, comparison: Comparison) => gradients(open(), executor, comparison),
          },
        ]),
  ];
  return { id: String(golden.id), checks };
}

interface OpenCase {
  readonly golden: JsonObject;
  readonly tensors: Tensors;
  readonly layer: Layer<unknown>;
  readonly call: CallArguments;
  /** The outputs, and the losses that the layer adds. */
  readonly body: (inputs: Parameters<Body>[0]) => { readonly outputs: unknown; readonly losses: unknown };
}

function openCase(golden: JsonObject, tensors: Tensors): OpenCase {
  const { build_config: _, ...config } = asObject(golden.config);
  const layer: Layer<unknown> = deserializeLayer(config);
  const call = callArguments(golden.args, golden.kwargs, tensors);
  const body: OpenCase["body"] = (inputs) => {
    const { args, kwargs } = call.bind(inputs);
    const { result, losses } = session.collectLosses(() =>
      layer.invoke([...args, { ...kwargs, training: golden.training === true }]),
    );
    return { outputs: result, losses: [...losses, ...penalties(layer)] };
  };
  if (!layer.built) scratchTrace(call.inputs, body);
  layer.setWeights(arrays(golden.weights, tensors));
  return { golden, tensors, layer, call, body };
}

async function forward(
  { golden, tensors, layer, call, body }: OpenCase,
  executor: Executor,
  comparison: Comparison,
): Promise<void> {
  const closeness = closenessOf(golden);
  const loaded = await executor.load(body, call.inputs, layer.weights);
  const { outputs, losses } = (await loaded.call(call.inputs)) as ReturnType<OpenCase["body"]>;
  comparison.arrays("output", arraysIn(outputs), arrays(golden.outputs, tensors), closeness);
  if (golden.losses !== undefined) {
    // Those of weights come last; those of the call are not in the goldens.
    const expected = asArray(golden.losses);
    arraysIn(losses)
      .slice(-expected.length)
      .forEach(({ data }, i) => {
        comparison.number(`loss ${i}`, Number(data[0]), Number(expected[i]), closeness);
      });
  }
  if (golden.weights_after !== undefined) {
    // The goldens were made by Keras's stateless call, which does not return trainable weights.
    const still = (_: unknown, i: number): boolean =>
      asObject(asArray(golden.weights)[i]).trainable === false;
    const after = await Promise.all(layer.weights.filter(still).map((weight) => loaded.read(weight)));
    const expected = arrays(golden.weights_after, tensors).filter(still);
    comparison.arrays("weight after", after, expected, closeness);
  }
  if (golden.output_mask !== undefined) {
    const mask = await executor.load((inputs) => layer.computeMask(call.bind(inputs).args[0]), call.inputs);
    comparison.arrays(
      "mask",
      arraysIn(await mask.call(call.inputs)),
      arrays(golden.output_mask, tensors),
      closeness,
    );
  }
  if (golden.compute_output_shape !== undefined) {
    const { input, output } = asObject(golden.compute_output_shape);
    comparison.equal("output shape", layer.computeOutputShape(input as ShapeNest), output);
  }
}

/** The losses of regularized weights. */
const penalties = (layer: Layer<unknown>): TensorLike[] =>
  layer.weights.flatMap(({ regularizer, value }) => (regularizer === null ? [] : [regularizer(value)]));

async function gradients(
  { golden, tensors, layer, call, body }: OpenCase,
  executor: Executor,
  comparison: Comparison,
): Promise<void> {
  const grads = asObject(golden.grads);
  const cotangents = asArray(grads.cotangents).map((item) => array(item, tensors));
  const floats = call.inputs.flatMap(({ dtype }, i) => (dtype === "f32" ? [i] : []));
  const variables = layer.trainableWeights;
  const found = await executor.gradients((inputs) => body(inputs).outputs, call.inputs, cotangents, {
    inputs: floats,
    variables,
  });
  const closeness = closenessOf(grads);
  const count = variables.length;
  comparison.arrays("weight gradient", found.slice(0, count), arrays(grads.weights, tensors), closeness);
  comparison.arrays("input gradient", found.slice(count), arrays(grads.inputs, tensors), closeness);
}
