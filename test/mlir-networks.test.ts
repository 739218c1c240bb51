// deadline: 400
// Whole networks by the second lowering: keratin, linalg, MLIR's passes, kernel IR, wasm. They give what our own lowering gives.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { wasmLoader } from "../compiler/backends/wasm.ts";
import { keras } from "../compiler/index.ts";
import { mlirLowering, type RunPasses } from "../compiler/mlir/lowering.ts";
import { compileFor } from "../compiler/package/artifact.ts";
import { sourceOf } from "../compiler/package/from-model.ts";
import type { ArtifactSource } from "../compiler/package/source.ts";
import type { CompileOptions } from "../compiler/pipeline.ts";
import { evaluateShape } from "../ir/dim.ts";
import { isFloat } from "../ir/dtype.ts";
import { type NDArray, sizeOf } from "../ir/ndarray.ts";
import { model as mnist } from "../samples/mnist/model.ts";
import { difference } from "./support/close.ts";
import { findPasses } from "./support/mlir-passes.ts";
import { randomArray, seeded } from "./support/seeded.ts";

const passes = await findPasses();

/** Weights that keep values near 1, so that every layer counts: those that models begin with make all classes alike. */
function withWeights(source: ArtifactSource): ArtifactSource {
  const random = seeded(5);
  const values = new Map<string, NDArray>();
  for (const [path, value] of source.values) {
    const inputs = sizeOf(value.shape) / (value.shape[value.shape.length - 1] ?? 1);
    const bound = value.shape.length > 1 ? Math.sqrt(6 / inputs) : 1;
    const range = value.shape.length > 1 ? ([-bound, bound] as const) : ([0.5, 1.5] as const);
    values.set(path, isFloat(value.dtype) ? randomArray(random, value.dtype, value.shape, range) : value);
  }
  return { ...source, values };
}

async function predictions(
  source: ArtifactSource,
  inputs: readonly NDArray[],
  options: CompileOptions,
): Promise<NDArray> {
  const [executable] = await wasmLoader.load([compileFor("wasm", source, options).bundle]);
  return (await executable.call("predict", inputs))[0];
}

async function check(model: unknown, run: RunPasses): Promise<void> {
  const source = withWeights(await sourceOf(model));
  const ports = compileFor("wasm", source).bundle.programs[0].inputs;
  const inputs = ports.map(({ dtype, shape }) =>
    randomArray(seeded(2), dtype, evaluateShape(shape, new Map([["n", 2]]))),
  );
  const want = await predictions(source, inputs, {});
  const got = await predictions(source, inputs, { lower: mlirLowering(run) });
  assert.ok(Math.max(...Array.from(want.data, Number)) > 1.5 / want.shape[1], "classes are not alike");
  assert.is(difference(got, want, { absolute: 1e-4, relative: 1e-3 }), undefined);
}

if (passes !== undefined) {
  test("MNIST", () => check(mnist, passes));
  test("MobileNetV2, on small images", () => {
    const inputShape = [64, 64, 3] as const;
    return check(keras.applications.MobileNetV2({ weights: null, inputShape }), passes);
  });
} else test("needs MLIR's passes", () => undefined);

test.run();
