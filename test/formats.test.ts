/**
 * The file formats: real files of Keras 3 are read right, what is written is read back the same, and bytes are
 * deterministic. Hostile input has files of its own; the real Keras reads our files in formats-keras.test.ts.
 */
import { zipSync } from "fflate";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { crc32 } from "../compiler/formats/checksum.ts";
import type { Hdf5Attribute } from "../compiler/formats/hdf5/model.ts";
import { writeHdf5 } from "../compiler/formats/hdf5/write.ts";
import { readHdf5 } from "../compiler/formats/hdf5.ts";
import { isJsonObject, parseJson, printJson } from "../compiler/formats/json.ts";
import {
  type KerasArchive,
  readKeras,
  readWeights,
  variablesAt,
  type WeightsTree,
  writeKeras,
  writeWeights,
} from "../compiler/formats/keras-archive.ts";
import { openZip, writeZip } from "../compiler/formats/zip.ts";
import { dtypeNames } from "../ir/dtype.ts";
import { type NDArray, ndarray } from "../ir/ndarray.ts";
import {
  asArray,
  asObject,
  counting,
  goldenBytes,
  goldenCase,
  goldenJson,
  hasGolden,
} from "./support/goldens.ts";
import { refused } from "./support/hostile.ts";

const models = ["mnist_cnn", "compiled_mlp", "mlp", "resnet_tiny", "bilstm_text"];
const kerasFile = (name: string): Uint8Array => goldenBytes(`models/${name}/model.keras`);

const byPath = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

function assertSameWeights(actual: WeightsTree, expected: WeightsTree): void {
  assert.equal(byPath(actual.names), byPath(expected.names));
  assert.equal(byPath(actual.arrays), byPath(expected.arrays));
}

// ---- .keras and .weights.h5 ----

for (const name of models) {
  test(`${name}.keras holds the weights that Keras says`, async () => {
    const archive = await readKeras(kerasFile(name));
    assert.is(archive.metadata.keras_version, "3.15.1");
    assert.match(archive.metadata.date_saved, /^\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d$/);
    assert.ok(isJsonObject(archive.config) && isJsonObject(archive.config.config));
    // In any order: which layer owns which path is not for this module to know.
    const stored = [...archive.weights.arrays].filter(([path]) => !path.startsWith("optimizer/"));
    const fingerprint = ({ shape, data }: NDArray) => {
      const values = Array.from(data, Number);
      const sum = values.reduce((a, b) => a + b, 0);
      const absolute = values.reduce((a, b) => a + Math.abs(b), 0);
      return `[${shape}] ${sum.toFixed(4)} ${absolute.toFixed(3)}`;
    };
    const expected = asArray(goldenCase("models.json", name).weights).map((item) => {
      const { shape, sum, abs_sum } = asObject(item);
      return `[${shape}] ${Number(sum).toFixed(4)} ${Number(abs_sum).toFixed(3)}`;
    });
    assert.equal(stored.map(([, array]) => fingerprint(array)).sort(), expected.sort());
  });

  test(`${name}.keras is written and read back the same, the same bytes each time`, async () => {
    const archive = await readKeras(kerasFile(name));
    const bytes = await writeKeras(archive);
    const again = await readKeras(bytes);
    assert.equal(again.metadata, archive.metadata);
    assert.equal(again.config, archive.config);
    assertSameWeights(again.weights, archive.weights);
    assert.equal(await writeKeras(again), bytes);
    assert.equal(await writeKeras(archive), bytes);
  });

  test(`${name}.weights.h5 alone has the model's weights`, async () => {
    if (!hasGolden(`models/${name}/model.weights.h5`)) return;
    const weights = await readWeights(goldenBytes(`models/${name}/model.weights.h5`));
    const archive = await readKeras(kerasFile(name));
    for (const [path, array] of weights.arrays) assert.equal(archive.weights.arrays.get(path), array);
    assertSameWeights(await readWeights(await writeWeights(weights)), weights);
  });
}

test("paths and names are those of Keras", async () => {
  const { weights } = await readKeras(kerasFile("compiled_mlp"));
  const names = {
    "layers/dense/vars": "dense",
    "layers/dense_1/vars": "dense_1",
    "optimizer/vars": "adam",
    vars: "compiled_mlp",
  };
  assert.equal(byPath(weights.names), byPath(new Map(Object.entries(names))));
  assert.equal(
    variablesAt(weights, "layers/dense").map(({ shape }) => shape),
    [[6, 8], [8]],
  );
  const optimizer = variablesAt(weights, "optimizer");
  assert.is(optimizer.length, 10);
  assert.equal([optimizer[0].dtype, optimizer[0].shape, optimizer[0].data[0]], ["i32", [], 3]);
  assert.equal(variablesAt(weights, ""), []);
  const nested = await readKeras(kerasFile("bilstm_text"));
  assert.is(variablesAt(nested.weights, "layers/bidirectional/forward_layer/cell").length, 3);
  assert.is(nested.weights.names.get("layers/bidirectional/forward_layer/vars"), "forward_lstm");
});

test("variables come in the order of their numbers, also beyond ten", () => {
  const arrays = new Map(
    Array.from({ length: 12 }, (_, i) => [`a/vars/${11 - i}`, counting("f32", [11 - i])]),
  );
  const weights = { arrays, names: new Map() };
  assert.equal(
    variablesAt(weights, "a").map(({ shape }) => shape[0]),
    [...Array(12).keys()],
  );
});

test("a Node Buffer gives arrays of its own, not views of the file", async () => {
  const bytes = Buffer.from(kerasFile("compiled_mlp"));
  const { weights } = await readKeras(bytes);
  assert.equal(weights.arrays, (await readKeras(kerasFile("compiled_mlp"))).weights.arrays);
  for (const { data } of weights.arrays.values()) assert.is(data.buffer.byteLength, data.byteLength);
});

test("bytes that do not start their buffer are read from where they start", async () => {
  const bytes = kerasFile("compiled_mlp");
  const shifted = new Uint8Array(bytes.length + 13);
  shifted.set(bytes, 13);
  assertSameWeights((await readKeras(shifted.subarray(13))).weights, (await readKeras(bytes)).weights);
});

test("assets, odd names and non-finite numbers survive", async () => {
  const { weights } = await readKeras(kerasFile("compiled_mlp"));
  const archive: KerasArchive = {
    metadata: { keras_version: "3.15.1", date_saved: "" },
    config: {
      name: 'naïve "日本"\n',
      limit: Number.POSITIVE_INFINITY,
      list: [1, -0.5, 1e-7, null, true, Number.NaN],
    },
    weights: {
      ...weights,
      names: new Map([...weights.names, ["layers/日本/vars", "日本"], ["layers/none/vars", undefined]]),
    },
    assets: new Map([["layers/lookup/vocabulary.txt", new TextEncoder().encode("a\nb\n")]]),
  };
  const again = await readKeras(await writeKeras(archive));
  assert.equal(again.config, archive.config);
  assertSameWeights(again.weights, archive.weights);
  assert.equal(again.assets, archive.assets);
});

test("a recompressed archive is read too", async () => {
  const members = [...openZip(kerasFile("mnist_cnn"))].map(
    ([name, member]) => [name, member.read()] as const,
  );
  const bytes = zipSync(Object.fromEntries(members));
  assert.ok(bytes.length < kerasFile("mnist_cnn").length);
  assertSameWeights((await readKeras(bytes)).weights, (await readKeras(kerasFile("mnist_cnn"))).weights);
});

// ---- HDF5 ----

test("a legacy .h5 is a flat view, and is refused as weights with the way out", async () => {
  const bytes = goldenBytes("models/mlp/model.h5");
  const { groups, datasets } = readHdf5(bytes);
  assert.equal(groups.get("model_weights")?.get("layer_names"), [
    "dense",
    "dropout",
    "dense_1",
    "batch_normalization",
    "dense_2",
  ]);
  const config = groups.get("")?.get("model_config");
  assert.ok(typeof config === "string" && isJsonObject(parseJson(config, "model_config")));
  assert.equal(datasets.get("model_weights/dense/mlp/dense/kernel")?.array.shape, [12, 32]);
  assert.equal(readHdf5(writeHdf5({ groups, datasets })).groups.get(""), groups.get(""));
  await refused(() => readWeights(bytes), /not a weights file of Keras 3/);
});

test("every dtype that h5py writes", () => {
  const { groups, datasets } = readHdf5(goldenBytes("hdf5/types.h5"));
  for (const dtype of dtypeNames) {
    const array = datasets.get(dtype)?.array;
    assert.ok(array, dtype);
    assert.equal([array.dtype, array.shape], [dtype, [2, 3]]);
    if (dtype !== "f16" && dtype !== "bf16" && dtype !== "bool") {
      assert.equal(Array.from(array.data, Number), [0, 1, 2, 3, 4, 0], dtype);
    }
  }
  assert.equal(datasets.get("f16")?.array.data, Uint16Array.of(0, 0x3c00, 0x4000, 0x4200, 0x4400, 0));
  assert.equal(datasets.get("bf16")?.array.data, Uint16Array.of(0, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0));
  assert.equal(datasets.get("bool")?.array.data, Uint8Array.of(0, 1, 1, 1, 1, 0));
  assert.equal(datasets.get("scalar")?.array, ndarray("f32", [], Float32Array.of(3.5)));
  assert.equal(datasets.get("empty")?.array, counting("f32", [0, 3]));
  assert.is(datasets.get("linked-again")?.array, datasets.get("f32")?.array);
  const attributes = groups.get("") ?? new Map();
  assert.is(attributes.get("text"), "héllo");
  assert.equal(
    [attributes.get("texts"), attributes.get("fixed")],
    [
      ["a", "", "xyz"],
      ["ab", "c"],
    ],
  );
  assert.equal(attributes.get("int"), ndarray("i64", [], BigInt64Array.of(7n)));
  assert.equal(attributes.get("floats"), ndarray("f64", [3], Float64Array.of(0, 1, 2)));
  assert.equal(attributes.get("true"), ndarray("bool", [], Uint8Array.of(1)));
  assert.not.ok(attributes.has("none"));
});

test("chunked and filtered datasets", () => {
  const { datasets } = readHdf5(goldenBytes("hdf5/chunked.h5"));
  assert.equal(datasets.get("all")?.array, counting("f32", [5, 7]));
  assert.equal(datasets.get("plain")?.array, counting("f32", [5, 7]));
  assert.equal(datasets.get("cube")?.array, counting("i16", [3, 4, 5]));
});

test("what is written is read back, every dtype, and by the HDF5 library itself", async () => {
  const datasets = new Map(
    dtypeNames.map((dtype) => [`a/b/${dtype}`, { array: counting(dtype, [2, 3]), attributes: new Map() }]),
  );
  datasets.set("scalar", { array: counting("f32", []), attributes: new Map() });
  datasets.set("empty", { array: counting("f32", [0, 4]), attributes: new Map() });
  const attributes = new Map<string, Hdf5Attribute>([
    ["name", "日本"],
    ["nothing", ""],
    ["long", "x".repeat(10_000)],
  ]);
  const groups = new Map([
    ["a", attributes],
    ["empty group", new Map<string, Hdf5Attribute>([["list", ["a", "b"]]])],
  ]);
  const bytes = writeHdf5({ groups, datasets });
  const again = readHdf5(bytes);
  for (const [path, { array }] of datasets) assert.equal(again.datasets.get(path)?.array, array, path);
  assert.equal(again.groups.get("a"), attributes);
  assert.equal(again.groups.get("empty group"), groups.get("empty group"));

  const library = await import("h5wasm");
  const { FS } = await library.ready;
  FS.writeFile("/ours.h5", bytes);
  const file = new library.File("/ours.h5", "r");
  for (const [path, { array }] of datasets) {
    const found = file.get(path);
    assert.ok(found instanceof library.Dataset, path);
    assert.equal(found.shape, [...array.shape], path);
    // The library has no 16-bit floats and shows booleans as an enumeration.
    if (array.dtype === "f16" || array.dtype === "bf16" || array.dtype === "bool") continue;
    assert.equal(found.value, array.shape.length === 0 ? array.data[0] : array.data, path);
  }
  const named = file.get("a");
  assert.ok(named instanceof library.Group);
  assert.equal(
    Object.values(named.attrs).map(({ value }) => value),
    ["x".repeat(10_000), "日本", ""],
  );
  file.close();
  FS.unlink("/ours.h5");
});

test("thousands of groups and names", () => {
  const names = Array.from(
    { length: 5_000 },
    (_, i) => [`layers/layer_${i}/vars`, new Map([["name", `layer ${i}`]])] as const,
  );
  const again = readHdf5(writeHdf5({ groups: new Map(names), datasets: new Map() }));
  assert.equal(
    names.map(([path]) => again.groups.get(path)?.get("name")),
    names.map(([, map]) => map.get("name")),
  );
});

// ---- zip ----

test("a zip is read back, and other writers' too", () => {
  const members = new Map([
    ["a.txt", new TextEncoder().encode("hello ".repeat(1000))],
    ["folder/ü.bin", Uint8Array.of(0, 255, 1)],
    ["empty", new Uint8Array(0)],
  ]);
  const contents = (bytes: Uint8Array) =>
    new Map([...openZip(bytes)].map(([name, member]) => [name, member.read()]));
  assert.equal(contents(writeZip(members)), members);
  assert.equal(contents(zipSync(Object.fromEntries(members))), members);
});

test("CRC-32 of its check value", () => {
  assert.is(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

// ---- JSON ----

test("JSON as JSON.parse reads it", () => {
  for (const text of [
    '{"a":[1,-2.5e3,"x\\u00e9\\n",{}],"b":null,"":true}',
    " [ ] ",
    '"\\ud83d\\ude00"',
    "-0",
    "1E400".slice(0, 3),
  ]) {
    assert.equal(parseJson(text, "test"), JSON.parse(text), text);
  }
  for (const name of models)
    assert.equal(
      goldenJson(`models/${name}/model.json`),
      JSON.parse(JSON.stringify(goldenJson(`models/${name}/model.json`))),
    );
});

test("JSON as Python writes and reads it", () => {
  const text = '{"a": [NaN, Infinity, -Infinity, -0.0, 1.5], "b": "x"}';
  const value = parseJson(text, "test", { pythonFloats: true });
  assert.is(printJson(value), text);
});

test.run();
