// deadline: 300
/**
 * `keras.applications` against the real Keras: names, summaries, weights in their order, and outputs under weights that both sides make from the
 * same hash. The goldens come from scripts/golden-applications.py.
 */
import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras, type NDArray, ops } from "../compiler/index.ts";
import type { ApplicationOptions } from "../compiler/keras/applications/application.ts";
import type { Functional } from "../compiler/keras/models/functional.ts";
import type { Variable } from "../compiler/keras/variable.ts";
import { ndarray, sizeOf } from "../ir/ndarray.ts";
import { asArray, asObject, goldenJson } from "./support/goldens.ts";
import { values } from "./support/keras-data.ts";

keras.config.setBackend("wasm");

/** Numbers in [-1, 1) from a hash of their place, as the script makes them. */
function noise(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i, 2654435761) + seed * 40503 + 1) | 0;
    h = Math.imul(h ^ (h >>> 15), 2246822519);
    return ((h ^ (h >>> 13)) >>> 0) / 2 ** 31 - 1;
  });
}

function weightValue({ path, shape, dtype, size }: Variable, k: number): NDArray {
  const name = path.split("/").at(-1) ?? "";
  const depthwise = path.includes("depthwise") || path.includes("dwconv/");
  const fanIn = size / Number(depthwise ? shape[2] : shape.at(-1));
  const scaled = (u: number): number => {
    if (name.endsWith("kernel")) return u * Math.sqrt(6 / fanIn);
    // Of Normalization: the goldens were made with those it is built with.
    if (name === "mean" || name === "variance") return Number(name === "variance");
    if (name === "gamma") return 1 + 0.2 * u;
    if (name.endsWith("variance")) return 1 + 0.5 * u;
    return name === "count" ? 0 : 0.2 * u;
  };
  const numbers = noise(size, k + 1).map(scaled);
  return ndarray(dtype, shape, dtype === "i32" ? Int32Array.from(numbers) : Float32Array.from(numbers));
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

function summaryOf(model: Functional): string {
  const parts: string[] = [];
  model.summary({ lineLength: 100, printFn: (part) => void parts.push(part) });
  return parts.join("");
}

type Make = (options: ApplicationOptions & { weights: null }) => Functional;

for (const item of asArray(asObject(goldenJson("applications.json")).cases)) {
  const golden = asObject(item);
  const application = String(golden.application);
  const make = Object.entries(keras.applications).find(([name]) => name === application)?.[1];
  if (typeof make !== "function") continue;
  test(`${application} ${JSON.stringify(golden.options)}`, async () => {
    keras.utils.clearSession();
    const model = (make as Make)({ ...asObject(golden.options), weights: null });
    assert.is(model.name, golden.name);
    assert.is(model.countParams(), golden.params);
    const listed = model.weights.map(({ path, shape }) => `${path} [${shape.join(", ")}]`);
    assert.is(digest(listed.join("\n")), golden.weights, "weights");
    assert.is(digest(summaryOf(model)), golden.summary, "summary");
    if (golden.output === undefined) return;
    model.setWeights(model.weights.map(weightValue));
    const shape = [2, ...(model.inputShape as readonly number[]).slice(1)];
    const scale = application.startsWith("EfficientNet") ? 128 : 1;
    const x = ndarray(
      "f32",
      shape,
      Float32Array.from(noise(sizeOf(shape), 0), (u) => scale * u),
    );
    const got = values(await model.predict(x, { verbose: 0 })).slice(0, 64);
    const expected = asArray(golden.output).map(Number);
    const largest = Math.max(...expected.map(Math.abs));
    expected.forEach((value, i) => {
      const error = Math.abs(got[i] - value);
      assert.ok(error <= 1e-4 * largest, `output ${i}: expected ${value}, got ${got[i]}`);
    });
  });
}

test("options that do not fit are refused in Keras's words", () => {
  const { MobileNetV2, ResNet50 } = keras.applications;
  const weights = null;
  const cases: readonly (readonly [() => unknown, RegExp])[] = [
    [
      () => ResNet50({ weights, inputShape: [16, 16, 3] }),
      /at least 32x32; got Received: inputShape=\(16, 16, 3\)/,
    ],
    [
      () => ResNet50({ weights, inputShape: [64, 64] }),
      /three integers; got Received: inputShape=\(64, 64\)/,
    ],
    [
      () => ResNet50({ weights, inputShape: [null, null, 3] }),
      /known; got Received: inputShape=\(None, None, 3\)/,
    ],
    [() => MobileNetV2({ classes: 10 }), /classes must be 1000; got Received: classes=10/],
    [() => MobileNetV2({ classifierActivation: "relu" }), /softmax activations are allowed/],
    [() => ResNet50({ weights, alpha: 1 } as { weights: null }), /ResNet50: unrecognized option/],
  ];
  for (const [make, message] of cases) assert.throws(make, message);
});

test("an application on a tensor of another model, and features from inside", async () => {
  keras.utils.clearSession();
  const image = keras.Input([40, 40, 3], { name: "photo" });
  const scaled = keras.applications.mobilenetV2.preprocessInput(image);
  const model = keras.applications.MobileNetV2({
    weights: null,
    inputTensor: scaled,
    includeTop: false,
    alpha: 0.35,
    inputShape: [40, 40, 3],
  });
  assert.equal(model.inputNames, ["photo"]);
  const features = keras.Model(model.inputs[0], model.getLayer("block_3_expand_relu").output as typeof image);
  assert.equal(
    (await features.predict(ops.ones([1, 40, 40, 3]).arraySync(), { verbose: 0 })).shape,
    [1, 10, 10, 48],
  );
});

test("preprocessInput of the three kinds", () => {
  const x = ops.convertToTensor([[[0, 127.5, 255]]]);
  const { imagenetUtils } = keras.applications;
  const close = (mode: "caffe" | "tf" | "torch", expected: readonly number[]): void =>
    values(imagenetUtils.preprocessInput(x, { mode }).arraySync()).forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]) < 1e-4, `${mode}: ${value}, not ${expected[i]}`);
    });
  close("tf", [-1, 0, 1]);
  close("torch", [-0.485 / 0.229, 0.044 / 0.224, 0.594 / 0.225]);
  close("caffe", [255 - 103.939, 127.5 - 116.779, -123.68]);
  assert.throws(() => imagenetUtils.preprocessInput(x, { mode: "bgr" as "tf" }), /Received: mode=bgr/);
});

test.run();
