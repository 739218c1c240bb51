// deadline: 300
/**
 * Model files that nobody vouches for, as a whole: one clear error, nothing run, nothing half-loaded. The parsers have tests of their own
 * (formats-hostile*.test.ts); `npm run fuzz:files` goes on for as long as one likes.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isJsonObject, type JsonObject, type JsonValue } from "../compiler/formats/json.ts";
import { readKeras, writeKeras } from "../compiler/formats/keras-archive.ts";
import { keras, layers } from "../compiler/index.ts";
import { modelFromBytes, modelFromJson } from "../compiler/keras/saving/load.ts";
import { fuzzFiles } from "./support/file-fuzzer.ts";
import { asArray, asObject, goldenBytes } from "./support/goldens.ts";
import { refused } from "./support/hostile.ts";

keras.config.setBackend("reference");

/** A golden model with another configuration. */
async function changed(id: string, change: (config: JsonObject) => JsonValue): Promise<Uint8Array> {
  const archive = await readKeras(goldenBytes(`models/${id}/model.keras`));
  return writeKeras({ ...archive, config: change(asObject(archive.config)) });
}

/** The same with one layer changed. */
const withLayer = (
  id: string,
  className: string,
  change: (layer: JsonObject) => JsonValue,
): Promise<Uint8Array> =>
  changed(id, (model) => {
    const config = asObject(model.config);
    const list = asArray(config.layers);
    const at = list.findIndex((layer) => isJsonObject(layer) && layer.class_name === className);
    return {
      ...model,
      config: { ...config, layers: list.map((layer, i) => (i === at ? change(asObject(layer)) : layer)) },
    };
  });

const option =
  (key: string, value: JsonValue) =>
  (layer: JsonObject): JsonObject => ({
    ...layer,
    config: { ...asObject(layer.config), [key]: value },
  });

const cases: readonly (readonly [what: string, make: () => Promise<Uint8Array>, message: RegExp])[] = [
  ["an unknown option", () => withLayer("mlp", "Dense", option("unitz", 3)), /Dense: unrecognized option.*got unitz/],
  ["an unknown layer", () => withLayer("mlp", "Dense", (layer) => ({ ...layer, class_name: "Dents" })), /unknown layer; got Dents/],
  ["a class of objects in general", () => withLayer("mlp", "Dense", (layer) => ({ ...layer, class_name: "constructor" })), /unknown layer; got constructor/],
  ["code", () => withLayer("mlp", "Dense", (layer) => ({ ...layer, class_name: "Lambda" })), /Lambda layer with code is not loaded: nothing in a file is run/],
  ["code as an activation", () => withLayer("mlp", "Dense", option("activation", { class_name: "__lambda__", config: { code: "4wEA" } })), /activation/],
  ["another width", () => withLayer("mlp", "Dense", option("units", 31)), /expected axis -1 of the input|shape/],
  ["no width", () => withLayer("mlp", "Dense", option("units", -1)), /units/],
  ["an absurd width", () => withLayer("mlp", "Dense", option("units", 1e12)), /absurdly large weight.*got 12000000000000/],
  ["a layer of no kind", () => withLayer("mlp", "Dense", () => 7), /bad model configuration/],
  ["one layer more than the file has weights for", () => withLayer("mlp", "Dropout", () => ({ module: "keras.layers", class_name: "Dense", config: { name: "d", units: 32 }, registered_name: null })), /absurdly large weight|wrong number of weights/],
]; // biome-ignore format: one case a line

for (const [what, make, message] of cases)
  test(`${what} in a file`, async () => {
    const bytes = await make();
    await refused(() => modelFromBytes(bytes, {}, "evil.keras"), message);
  });

test("a graph that follows itself", async () => {
  const dense = (name: string, from: string): JsonValue => ({
    module: "keras.layers", class_name: "Dense", registered_name: null, config: { name, units: 4 }, name,
    inbound_nodes: [{ args: [{ class_name: "__keras_tensor__", config: { shape: [null, 4], dtype: "float32", keras_history: [from, 0, 0] } }], kwargs: {} }],
  }); // biome-ignore format: one object
  const input = {
    module: "keras.layers",
    class_name: "InputLayer",
    registered_name: null,
    config: { batch_shape: [null, 4], name: "x" },
    name: "x",
    inbound_nodes: [],
  };
  const config = {
    name: "loop",
    trainable: true,
    layers: [input, dense("a", "b"), dense("b", "a")],
    input_layers: ["x", 0, 0],
    output_layers: ["b", 0, 0],
  };
  const text = JSON.stringify({ module: "keras.src.models.functional", class_name: "Functional", config });
  await refused(() => modelFromJson(text), /the graph of the model has a loop or a missing call; got a, b/);
});

test("models in models without end", async () => {
  let model: JsonValue = { class_name: "Dense", module: "keras.layers", config: { units: 1 } };
  for (let i = 0; i < 120; i++)
    model = { class_name: "Sequential", module: "keras", config: { layers: [model], name: `m${i}` } };
  const text = JSON.stringify(model);
  await refused(() => modelFromJson(text), /nested|deep/);
  await refused(() => modelFromJson(`${"[".repeat(100_000)}${"]".repeat(100_000)}`), /nested|deep/);
});

test("weights that do not fit leave the model as it was", async () => {
  const archive = await readKeras(goldenBytes("models/mlp/model.keras"));
  const model = modelFromJson(JSON.stringify(archive.config));
  const before = await model.getWeights();
  const arrays = new Map(archive.weights.arrays);
  const last = "layers/dense/vars/1";
  for (const weights of [
    new Map([...arrays].filter(([path]) => path !== last)),
    new Map([...arrays, [last, { dtype: "f32" as const, shape: [3], data: new Float32Array(3) }]]),
  ]) {
    const bytes = await writeKeras({ ...archive, weights: { ...archive.weights, arrays: weights } });
    await refused(() => model.loadWeights(bytes), /wrong number of weights|another shape/);
    assert.equal(await model.getWeights(), before);
  }
  const whole = await writeKeras(archive);
  for (const length of [10, 500, whole.length - 300, whole.length - 1])
    await refused(() => model.loadWeights(whole.subarray(0, length)), /./);
  assert.equal(await model.getWeights(), before);
});

test("a file of 6 layers cannot make a model of weights that it does not hold", () => {
  const dense = layers.Dense(2 ** 20, { name: "wide" });
  assert.throws(
    () => dense.build([null, 2 ** 20]),
    /layer "wide": absurdly large weight; expected at most 2147483648 elements; got 1099511627776/,
  );
});

test("mutants of five files, by a fixed seed", async () => {
  const names = [
    "mnist_cnn/model.keras",
    "shared_multi_io/model.keras",
    "compiled_mlp/model.h5",
    "ops_functional/model.h5",
    "resnet_tiny/model.keras",
  ];
  const files = names.map((name) => ({ name, bytes: goldenBytes(`models/${name}`) }));
  const counts = { accepted: 0, refused: 0, failed: 0 };
  for await (const outcome of fuzzFiles(files, 7_000_000, 250)) {
    counts[outcome.kind]++;
    if (outcome.kind === "failed")
      assert.unreachable(`seed ${outcome.seed}: ${outcome.label}: ${outcome.problem}`);
  }
  assert.ok(counts.accepted > 20 && counts.refused > 100, JSON.stringify(counts));
});

test.run();
