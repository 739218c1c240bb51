// The WebGPU loader in Node, on Dawn: batches of any size, arrays of the caller, training steps that are not read back, buffers
// that stay on the device, and one clear error for whatever goes wrong.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { manifestOf } from "../compiler/manifest.ts";
import { instantiate, type WebGpuModel } from "../runtime/webgpu.ts";
import { wgsl } from "../targets/wgsl/wgsl.ts";
import { openDawn } from "./support/dawn.ts";
import { predictExample, smallBundle } from "./support/webgpu-bundle.ts";

const dawn = await openDawn();
const devices: GPUDevice[] = [];
test.after(() => {
  for (const device of devices) device.destroy();
  dawn?.close();
});

/** An adapter gives one device. */
async function adapter(): Promise<GPUAdapter | undefined> {
  return (await dawn?.gpu.requestAdapter()) ?? undefined;
}

async function open(): Promise<GPUDevice | undefined> {
  const device = await (await adapter())?.requestDevice();
  if (device !== undefined) devices.push(device);
  return device;
}

const { source, plan } = wgsl.emit(smallBundle);
const stores = { weights: smallBundle.weights.bytes, state: smallBundle.state.bytes };
const bundle = { source, plan, manifest: manifestOf(smallBundle), ...stores };

async function load(): Promise<WebGpuModel | undefined> {
  const given = await adapter();
  if (given === undefined) return undefined;
  const model = await instantiate({ ...bundle, adapter: given });
  devices.push(model.device);
  return model;
}

/** The message of the error that `action` ends with. */
async function failure(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    assert.instance(error, Error);
    return error instanceof Error ? error.message : "";
  }
  assert.unreachable("nothing was thrown");
  return "";
}

test("predict: batches of any size, in any order", async () => {
  const model = await load();
  for (const count of [1, 7, 1000, 3, 7, 5000]) {
    const { inputs, y, bright } = predictExample(count);
    assert.equal(await model?.predict(inputs), model && { y, bright });
  }
});

test("calls do not wait for each other, and results are the caller's own", async () => {
  const model = await load();
  if (model === undefined) return;
  const examples = [5, 900, 2, 64].map(predictExample);
  const results = await Promise.all(examples.map(({ inputs }) => model.predict(inputs)));
  results.forEach((result, at) => {
    assert.equal(result.y, examples[at].y);
    assert.is(result.y.byteLength, result.y.buffer.byteLength);
  });
});

test("predict into the caller's arrays", async () => {
  const model = await load();
  const { inputs, y } = predictExample(4);
  const out = { y: new Float32Array(8) };
  const result = await model?.predict(inputs, { out });
  if (result === undefined) return;
  assert.is(result.y, out.y);
  assert.equal(out.y, y);
  assert.equal(result.bright.length, 4);
});

test("steps update state in order; state is read, replaced and exported", async () => {
  const model = await load();
  if (model === undefined) return;
  const gradient = Float32Array.from([2, 4, 6, 8]);
  const losses = await Promise.all([1, 2, 3].map(() => model.call("step", gradient)));
  assert.equal(
    losses.map(({ loss }) => [...loss]),
    [
      [0, 0, 0, 0],
      [-1, -2, -3, -4],
      [-2, -4, -6, -8],
    ],
  );
  const state = await model.getState();
  assert.equal([...new Float32Array(state.buffer)], [-2, -4, -6, -8]);
  model.setState(smallBundle.state.bytes);
  assert.equal([...(await model.call("step", gradient)).loss], [0, 0, 0, 0]);
  model.setField("dense/bias", Float32Array.from([7, 8]));
  const exported = await model.exportWeights();
  assert.equal(
    exported.map(({ name, shape, data }) => [name, [...shape], data.length]),
    [
      ["dense/kernel", [3, 2], 6],
      ["dense/bias", [2], 2],
      ["w", [4], 4],
    ],
  );
  assert.equal([...exported[1].data], [7, 8]);
});

test("a chain of calls on the device", async () => {
  const model = await load();
  if (model === undefined) return;
  const { inputs, y, bright } = predictExample(70);
  const uploads = [model.upload("f32", inputs.x), model.upload("u8", inputs.pixel)];
  const [first, flags] = model.callDevice("predict", uploads, { n: 70 });
  assert.equal(await model.download("f32", first), y);
  assert.equal(await model.download("bool", flags), bright);
  const [second] = model.callDevice("step", [model.upload("f32", Float32Array.of(2, 2, 2, 2))], {});
  const [third] = model.callDevice("step", [second], {});
  assert.equal([...(await model.download("f32", third))], [0, 0.5, 1, 1.5]);
  assert.throws(
    () => model.callDevice("predict", uploads, { n: 71 }),
    /input "x"; expected 852 bytes; got 840/,
  );
});

test("what goes wrong on the device without anybody waiting is thrown by later calls", async () => {
  const model = await load();
  if (model === undefined) return;
  const uploads = [model.upload("f32", new Float32Array(3)), model.upload("u8", new Uint8Array(1))];
  uploads[0].destroy();
  const results = model.callDevice("predict", uploads, { n: 1 });
  assert.is(results.length, 2);
  await model.device.queue.onSubmittedWorkDone();
  assert.match(await failure(() => model.predict(predictExample(1).inputs)), /WebGPU: .*destroyed/);
});

test("models on one device are independent", async () => {
  const device = await open();
  if (device === undefined) return;
  const [one, other] = await Promise.all([1, 2].map(() => instantiate({ ...bundle, device })));
  const gradient = Float32Array.of(2, 2, 2, 2);
  await one.call("step", gradient);
  assert.equal([...(await other.call("step", gradient)).loss], [0, 1, 2, 3]);
  one.destroy();
  assert.equal([...(await other.call("step", gradient)).loss], [-1, 0, 1, 2]);
});

test("inputs that do not fit", async () => {
  const model = await load();
  if (model === undefined) return;
  const { inputs } = predictExample(4);
  const long = { ...inputs, pixel: new Uint8Array(5) };
  assert.match(await failure(() => model.predict(long)), /input "pixel".*n = 4.*got 5/);
  assert.match(await failure(() => model.call("fit", inputs)), /no entry "fit"; expected predict, step/);
  assert.throws(() => model.setState(new Uint8Array(3)), /state of the wrong size; expected 16 bytes; got 3/);
  assert.throws(() => model.setField("v", new Float32Array(4)), /no weight or state "v"/);
  assert.equal((await model.predict(inputs)).y, predictExample(4).y);
});

test("no adapter, a shader that does not compile, a size no device has", async () => {
  assert.match(await failure(() => instantiate(bundle)), /no adapter.*package webgpu/);
  const device = await open();
  if (device === undefined) return;
  const wrong = { ...bundle, device, source: source.replace("fn dense", "fn dens") };
  assert.match(await failure(() => instantiate(wrong)), /WebGPU: .*dense/s);
  const broken = { ...bundle, device, source: source.replace("var acc", "val acc") };
  assert.match(await failure(() => instantiate(broken)), /WebGPU: .*WGSL.*val acc/s);
  const huge = { ...plan, programs: plan.programs.map((program) => ({ ...program, words: 2 ** 34 })) };
  assert.match(
    await failure(() => instantiate({ ...bundle, device, plan: huge })),
    /68719476736 bytes.*smaller batch/,
  );
});

test("a device that is lost", async () => {
  const device = await open();
  if (device === undefined) return;
  const model = await instantiate({ ...bundle, device });
  const pending = failure(() => model.predict(predictExample(3).inputs));
  device.destroy();
  assert.match(await pending, /device was lost/);
  assert.match(await failure(() => model.predict(predictExample(3).inputs)), /device was lost.*instantiate/);
});

test.run();
