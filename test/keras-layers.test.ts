/**
 * Every layer against the real Keras: outputs, gradients of weights and inputs, changed weights, output shapes. Cases that need what is not there
 * yet are listed with the reason, and must fail for it.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isNDArray } from "../compiler/arrays.ts";
import type { JsonObject } from "../compiler/formats/json.ts";
import { keras, ops, type Tensor } from "../compiler/index.ts";
import { classes } from "../compiler/keras/layers/index.ts";
import type { Layer } from "../compiler/keras/layers/layer.ts";
import type { ShapeNest } from "../compiler/keras/shapes.ts";
import { GradientTape } from "../compiler/keras/tape.ts";
import { asArray, asObject } from "./support/goldens.ts";
import {
  argument,
  array,
  arrays,
  closenessOf,
  differences,
  goldenCases,
  type Tensors,
  tensorsIn,
  tensorsOf,
  watched,
} from "./support/keras-cases.ts";

keras.config.setBackend("reference");

const missing: { readonly [id: string]: RegExp } = {
  Dense_3: /kernelConstraint/,
  Embedding_1: /maskZero is not available/,
  Activation_24: /unknown activation.*sparsemax/,
  UpSampling2D_1: /interpolation is not available/,
  UpSampling2D_2: /interpolation is not available/,
  UpSampling2D_3: /interpolation is not available/,
  UpSampling2D_4: /interpolation is not available/,
  BatchNormalization_4: /masks are not available/,
  BatchNormalization_5: /renorm is not available/,
};
/** Keras reports the input's shape for an activation that halves it. */
const shapeDiffers = new Set(["Activation_30"]);

const files = new Map<string, Tensors>();

for (const golden of goldenCases("layers.json")) {
  const id = String(golden.id);
  test(id, () => {
    const reason = missing[id];
    if (reason !== undefined) assert.throws(() => runCase(golden), reason);
    else assert.equal(runCase(golden), []);
  });
}

function makeLayer(golden: JsonObject, tensors: Tensors, args: readonly unknown[]): Layer {
  const { class_name: name, config } = asObject(golden.config);
  const Class: unknown = classes[String(name)];
  const layer = (Class as { fromConfig(config: JsonObject): Layer }).fromConfig(asObject(config));
  layer.build(shapesOf(args[0]));
  layer.setWeights(arrays(golden.weights, tensors));
  return layer;
}

const shapesOf = (value: unknown): ShapeNest =>
  isNDArray(value) ? value.shape : (value as readonly unknown[]).map(shapesOf);

function runCase(golden: JsonObject): string[] {
  const tensors = tensorsOf(String(golden.file), files);
  const plainArgs = asArray(golden.args).map((arg) => argument(arg, tensors));
  const layer = makeLayer(golden, tensors, plainArgs);
  const tape = new GradientTape();
  const args = plainArgs.map((arg) => watched(arg, (item) => tape.watch(item)));
  const kwargs = watched(argument(golden.kwargs, tensors) ?? {}, (item) => tape.watch(item)) as {
    readonly [name: string]: unknown;
  };
  const results = tape.record(() =>
    tensorsIn(layer.invoke([...args, { training: golden.training === true, ...kwargs }])),
  );
  const closeness = closenessOf(golden);
  return [
    ...differences("output", results, arrays(golden.outputs, tensors), closeness),
    ...(golden.weights_after === undefined
      ? []
      : differences(
          "weight after",
          layer.weights.map((weight) => weight.value),
          arrays(golden.weights_after, tensors),
          closeness,
        )),
    ...gradientDifferences(
      golden,
      tensors,
      tape,
      layer,
      results,
      tensorsIn([
        ...args,
        ...Object.keys(kwargs)
          .sort()
          .map((key) => kwargs[key]),
      ]),
    ),
    ...shapeDifference(golden, layer),
  ];
}

function gradientDifferences(
  golden: JsonObject,
  tensors: Tensors,
  tape: GradientTape,
  layer: Layer,
  results: readonly Tensor[],
  inputs: readonly Tensor[],
): string[] {
  if (golden.grads === undefined) return [];
  const grads = asObject(golden.grads);
  const cotangents = asArray(grads.cotangents).map((item) => array(item, tensors));
  const loss = tape.record(() =>
    results.map((result, i) => ops.sum(ops.multiply(result, cotangents[i]))).reduce((a, b) => ops.add(a, b)),
  );
  const floats = inputs.filter((tensor) => tensor.dtype === "f32");
  return [
    ...differences(
      "weight gradient",
      tape.gradient(loss, layer.trainableWeights),
      arrays(grads.weights, tensors),
      closenessOf(grads),
    ),
    ...differences(
      "input gradient",
      tape.gradient(loss, floats),
      arrays(grads.inputs, tensors),
      closenessOf(grads),
    ),
  ];
}

function shapeDifference(golden: JsonObject, layer: Layer): string[] {
  if (golden.compute_output_shape === undefined || shapeDiffers.has(String(golden.id))) return [];
  const { input, output } = asObject(golden.compute_output_shape);
  const got = JSON.stringify(layer.computeOutputShape(input as ShapeNest));
  return got === JSON.stringify(output)
    ? []
    : [`output shape: expected ${JSON.stringify(output)}, got ${got}`];
}

test.run();
