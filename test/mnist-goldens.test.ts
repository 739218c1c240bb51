// deadline: 400
// The MNIST network with the weights of the real Keras, on batches that the real Keras predicted: the same numbers from every backend of
// this process, from eager calls, and from the schedule of GPUs by the interpreter.

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { BackendName } from "../compiler/backend.ts";
import { keras } from "../compiler/index.ts";
import { sourceOf } from "../compiler/package/from-model.ts";
import { compile } from "../compiler/pipeline.ts";
import { bindSymbols } from "../ir/evaluate.ts";
import { interpretProgram } from "../ir/interpret.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { cuda } from "../targets/cuda/cuda.ts";
import { schedulerFor } from "../targets/schedule/scheduler.ts";
import { type Closeness, difference } from "./support/close.ts";
import { goldenTensors } from "./support/goldens.ts";
import { loadGolden } from "./support/keras-golden-models.ts";
import { requireTool } from "./support/tools.ts";

const closeness: Closeness = { absolute: 1e-5, relative: 1e-4 };
const tensors = goldenTensors("models/mnist_cnn/batches.safetensors");

function tensor(name: string): NDArray {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`no golden tensor ${name}`);
  return found;
}

/** Compares what `predict` gives for the golden batches of these sizes. */
async function check(
  counts: readonly number[],
  predict: (x: NDArray) => NDArray | Promise<NDArray>,
): Promise<void> {
  for (const count of counts) {
    const got = await predict(tensor(`x${count}`));
    assert.is(difference(got, tensor(`y${count}`), closeness), undefined, `a batch of ${count}`);
  }
}

async function checkBackend(name: BackendName): Promise<void> {
  keras.config.setBackend(name);
  const model = await loadGolden("mnist_cnn");
  await check([1, 7, 128], (x) => model.predict(x, { batchSize: 128, verbose: 0 }));
}

test("wasm", () => checkBackend("wasm"));

test("cpp", async () => {
  if (requireTool("g++") !== undefined) await checkBackend("cpp");
});

test("webgpu, on Dawn", async () => {
  const driver = requireTool("swiftshader");
  if (driver === undefined) return;
  process.env.VK_DRIVER_FILES = driver;
  await checkBackend("webgpu");
});

test("eager", async () => {
  keras.config.setBackend("wasm");
  const model = await loadGolden("mnist_cnn");
  const { eager } = await sourceOf(model);
  await check([1, 7, 128], async (x) => {
    const results = await eager?.([x]);
    if (results === undefined) throw new Error("a Keras model runs eagerly");
    return results[0];
  });
});

test("the CUDA schedule, interpreted", async () => {
  keras.config.setBackend("reference");
  const { module, values } = await sourceOf(await loadGolden("mnist_cnn"));
  const { bundle } = compile("mnist", module, values, schedulerFor(cuda.limits));
  const [program] = bundle.programs;
  const stores = { weights: bundle.weights.bytes, state: bundle.state.bytes };
  await check([1, 7], (x) => interpretProgram(program, stores, [x], bindSymbols(program.inputs, [x]))[0]);
});

test.run();
