/**
 * Files of the layout before Keras 3: those that Keras 3 writes, those of Keras 1 with Theano's kernels, those of Keras 2, weights alone; and ours.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readHdf5 } from "../compiler/formats/hdf5.ts";
import type { JsonValue } from "../compiler/formats/json.ts";
import { type LegacyModel, readLegacy, writeLegacy } from "../compiler/formats/legacy-h5.ts";
import { keras, layers, type NDArray, type Tensor } from "../compiler/index.ts";
import { legacyBytes } from "../compiler/keras/saving/legacy/write-model.ts";
import { modelFromBytes } from "../compiler/keras/saving/load.ts";
import { ndarray, sizeOf } from "../ir/ndarray.ts";
import { difference } from "./support/close.ts";
import { goldenBytes } from "./support/goldens.ts";
import { nestedLayers, nestedTraining } from "./support/keras-2-configs.ts";
import { noise, values } from "./support/keras-data.ts";

keras.config.setBackend("reference");
const fresh = (name: string, body: () => void | Promise<void>): void =>
  test(name, () => {
    keras.utils.clearSession();
    keras.utils.setRandomSeed(1);
    return body();
  });

const empty: LegacyModel = {
  kerasVersion: "1.2.2",
  backend: undefined,
  config: undefined,
  training: undefined,
  layers: [],
  topLevel: [],
  optimizer: undefined,
};

const close = { absolute: 1e-6, relative: 1e-5 };

/** x [n, channels, rows, columns] convolved, as mathematicians do, with k [filters, channels, rows, columns]: valid, stride 1. */
function theanoConvolution(x: NDArray, k: NDArray, bias: NDArray): NDArray {
  const [n, channels, height, width] = x.shape;
  const [filters, , rows, columns] = k.shape;
  const shape = [n, filters, height - rows + 1, width - columns + 1];
  const data = new Float32Array(sizeOf(shape));
  let at = 0;
  for (let i = 0; i < n; i++)
    for (let f = 0; f < filters; f++)
      for (let y = 0; y < shape[2]; y++)
        for (let z = 0; z < shape[3]; z++, at++) {
          let sum = Number(bias.data[f]);
          for (let c = 0; c < channels; c++)
            for (let r = 0; r < rows; r++)
              for (let s = 0; s < columns; s++) {
                const pixel =
                  x.data[((i * channels + c) * height + y + rows - 1 - r) * width + z + columns - 1 - s];
                sum += Number(pixel) * Number(k.data[((f * channels + c) * rows + r) * columns + s]);
              }
          data[at] = sum;
        }
  return ndarray("f32", shape, data);
}

/** What Keras 1.2 wrote for a convolution over images in Theano's order. */
const convolution = {
  class_name: "Convolution2D",
  config: {
    name: "convolution2d_1",
    trainable: true,
    batch_input_shape: [null, 2, 5, 6],
    input_dtype: "float32",
    nb_filter: 3,
    nb_row: 3,
    nb_col: 2,
    init: "glorot_uniform",
    activation: "linear",
    border_mode: "valid",
    subsample: [1, 1],
    dim_ordering: "th",
    W_regularizer: { name: "WeightRegularizer", l1: 0, l2: 0.01 },
    b_regularizer: null,
    activity_regularizer: null,
    W_constraint: null,
    b_constraint: null,
    bias: true,
  },
};

const dense = (name: string, units: number, more: object = {}): JsonValue => ({
  class_name: "Dense",
  config: {
    name,
    trainable: true,
    output_dim: units,
    input_dim: null,
    init: "uniform",
    activation: "linear",
    W_regularizer: null,
    b_regularizer: null,
    activity_regularizer: null,
    W_constraint: null,
    b_constraint: null,
    bias: true,
    ...more,
  },
});

fresh("Keras 1 with Theano: kernels in its order are turned back", async () => {
  const [kernel, bias] = [noise([3, 2, 3, 2]), noise([3], 2)];
  const flat = { class_name: "Flatten", config: { name: "flatten_1", trainable: true } };
  const [weights, offset] = [noise([3 * 3 * 5, 4], 3), noise([4], 4)];
  const bytes = writeLegacy({
    ...empty,
    config: { class_name: "Sequential", config: [convolution, flat, dense("dense_1", 4)] },
    layers: [
      {
        name: "convolution2d_1",
        weights: [named("convolution2d_1_W", kernel), named("convolution2d_1_b", bias)],
      },
      { name: "flatten_1", weights: [] },
      { name: "dense_1", weights: [named("dense_1_W", weights), named("dense_1_b", offset)] },
    ],
  });
  const model = await modelFromBytes(bytes);
  const x = noise([2, 2, 5, 6], 5);
  const features = theanoConvolution(x, kernel, bias);
  const inner = keras.Model(model.layers[0].input as Tensor, model.layers[0].output as Tensor);
  assert.is(difference(await inner.predict(x, { verbose: 0 }), features, close), undefined);
  const expected = keras.ops
    .add(keras.ops.matmul(keras.ops.reshape(features, [2, -1]), weights), offset)
    .arraySync();
  assert.is(difference(await model.predict(x, { verbose: 0 }), expected, close), undefined);
});

fresh("Keras 1 with TensorFlow: the same kernels are not turned", async () => {
  const kernel = noise([3, 2, 3, 2]);
  const bias = noise([3], 2);
  const saved: LegacyModel = {
    ...empty,
    config: { class_name: "Sequential", config: [convolution] },
    layers: [{ name: "convolution2d_1", weights: [named("W", kernel), named("b", bias)] }],
  };
  const read = async (backend: string | undefined): Promise<readonly number[]> =>
    values((await (await modelFromBytes(writeLegacy({ ...saved, backend }))).getWeights())[0]);
  const [unknown, theano, tensorflow] = [
    await read(undefined),
    await read("theano"),
    await read("tensorflow"),
  ];
  assert.equal(unknown, theano);
  assert.not.equal(tensorflow, theano);
});

const named = (name: string, array: NDArray) => ({ name, array });

fresh("Keras 1: a graph of merges, and the twelve matrices of an LSTM", async () => {
  const call = (...names: readonly string[]) => [names.map((name) => [name, 0, 0])];
  const input = (name: string) => ({
    class_name: "InputLayer",
    name,
    config: { batch_input_shape: [null, 3], input_dtype: "float32", sparse: false, name },
    inbound_nodes: [],
  });
  const merge = {
    class_name: "Merge",
    name: "merge_1",
    config: {
      name: "merge_1",
      mode: "concat",
      mode_type: "raw",
      concat_axis: -1,
      dot_axes: -1,
      output_shape: null,
      output_shape_type: "raw",
      arguments: {},
    },
    inbound_nodes: call("a", "b"),
  };
  const top = { ...(dense("out", 2) as object), name: "out", inbound_nodes: call("merge_1") };
  const [weights, bias] = [noise([6, 2]), noise([2], 2)];
  const bytes = writeLegacy({
    ...empty,
    config: {
      class_name: "Model",
      config: {
        name: "model_1",
        layers: [input("a"), input("b"), merge, top],
        input_layers: [
          ["a", 0, 0],
          ["b", 0, 0],
        ],
        output_layers: [["out", 0, 0]],
      },
    },
    layers: ["a", "b", "merge_1"]
      .map((name) => ({ name, weights: [] as ReturnType<typeof named>[] }))
      .concat([{ name: "out", weights: [named("W", weights), named("b", bias)] }]),
  });
  const model = await modelFromBytes(bytes);
  const [a, b] = [noise([2, 3], 3), noise([2, 3], 4)];
  const expected = keras.ops
    .add(keras.ops.matmul(keras.ops.concatenate([a, b], { axis: 1 }), weights), bias)
    .arraySync();
  assert.is(difference((await model.predict([a, b], { verbose: 0 })) as NDArray, expected, close), undefined);
});

fresh(
  "Keras 2: nodes as references, options of their own, wrapped metrics; a nested model counts its making",
  async () => {
    const arrays = [
      noise([3, 4]),
      noise([4], 2),
      noise([4], 3),
      noise([4], 4),
      noise([4], 5),
      ndarray("f32", [4], Float32Array.of(1, 2, 3, 4)),
    ];
    const top = [noise([4, 2], 6), noise([2], 7)];
    const slots = [[3, 4], [4], [4], [4], [4, 2], [2]];
    const saved: LegacyModel = {
      ...empty,
      kerasVersion: "2.4.0",
      backend: "tensorflow",
      config: {
        class_name: "Functional",
        config: {
          name: "model",
          layers: nestedLayers,
          input_layers: [["x", 0, 0]],
          output_layers: [["out", 0, 0]],
        },
      },
      training: nestedTraining,
      layers: [
        { name: "x", weights: [] },
        { name: "inner", weights: arrays.map((array, i) => named(`w${i}:0`, array)) },
        { name: "drop", weights: [] },
        { name: "out", weights: top.map((array, i) => named(`w${i}:0`, array)) },
      ],
      optimizer: [
        named("training/SGD/iter:0", ndarray("i64", [], BigInt64Array.of(7n))),
        ...slots.map((shape, i) => named(`training/SGD/m${i}:0`, noise(shape, i + 10))),
      ],
    };
    const model = await modelFromBytes(writeLegacy(saved));
    const x = noise([5, 3], 8);
    const [kernel, bias, gamma, beta, mean, variance] = arrays;
    const { ops } = keras;
    const hidden = ops.leakyRelu(ops.add(ops.matmul(x, kernel), bias), { negativeSlope: 0.2 });
    const normal = hidden
      .sub(mean)
      .div(ops.sqrt(ops.add(variance, 0.001)))
      .mul(gamma)
      .add(beta);
    const expected = ops.add(ops.matmul(normal, top[0]), top[1]).arraySync();
    const got = (await model.predict(x, { verbose: 0 })) as NDArray;
    assert.is(difference(got, expected, { absolute: 1e-5, relative: 1e-5 }), undefined);
    assert.is(Number(model.optimizer?.iterations.arraySync().data[0]), 7);
    assert.ok(Math.abs(Number(model.optimizer?.learningRate.arraySync().data[0]) - 0.05) < 1e-7);
    assert.equal(
      model.optimizer?.variables.slice(2).map((v) => values(v.arraySync())),
      slots.map((shape, i) => values(noise(shape, i + 10))),
    );
  },
);

fresh("a compiled model of Keras 3: the optimizer goes on where it stopped", async () => {
  const model = await modelFromBytes(goldenBytes("models/compiled_mlp/model.h5"));
  const same = await modelFromBytes(goldenBytes("models/compiled_mlp/model.keras"));
  const state = (m: typeof model) => m.optimizer?.variables.map((v) => values(v.arraySync()));
  assert.equal(state(model), state(same));
  assert.is(Number(model.optimizer?.iterations.arraySync().data[0]), 3);
  const [x, y] = [noise([8, 6]), noise([8, 2], 2)];
  const options = { epochs: 2, batchSize: 4, shuffle: false, verbose: 0 } as const;
  const [a, b] = [await model.fit(x, y, options), await same.fit(x, y, options)];
  assert.equal(a.history, b.history);
});

fresh("weights alone, in order, by name, and with layers that do not fit", async () => {
  const make = (names: readonly string[], units = 3) =>
    keras.Sequential([
      keras.Input([2]),
      layers.Dense(units, { name: names[0] }),
      layers.Dense(1, { name: names[1] }),
    ]);
  const from = make(["one", "two"]);
  const bytes = writeLegacy({
    ...readLegacy(readHdf5(await legacyBytes(from, {}, "3.0.0", false)), "f"),
    config: undefined,
  });
  const inOrder = make(["a", "b"]);
  await inOrder.loadWeights(bytes);
  assert.equal(await inOrder.getWeights(), await from.getWeights());
  const byName = make(["two", "one"], 1);
  const before = await byName.getWeights();
  await refusal(
    () => byName.loadWeights(bytes, { byName: true }),
    /Shape mismatch for weight .*one\/kernel.*shape \(1, 1\).*shape \(2, 3\)/,
  );
  assert.equal(await byName.getWeights(), before, "nothing was loaded");
  await byName.loadWeights(bytes, { byName: true, skipMismatch: true });
  await refusal(() => modelFromBytes(bytes), /No model config found in the file/);
  const more = keras.Sequential([keras.Input([2]), layers.Dense(3)]);
  await refusal(
    () => more.loadWeights(bytes),
    /Layer count mismatch.*expected 1 layers; got found 2 saved layers/,
  );
});

async function refusal(action: () => Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await action();
  } catch (error) {
    assert.match(String(error), message);
    return;
  }
  assert.unreachable(`no error like ${message}`);
}

test("names beyond the limit of an attribute are split as Keras splits them", () => {
  const weights = Array.from({ length: 900 }, (_, i) =>
    named(`${"long".repeat(40)}/${i}`, noise([1], i + 1)),
  );
  const bytes = writeLegacy({ ...empty, layers: [{ name: "layer", weights }] });
  const attributes = readHdf5(bytes).groups.get("layer");
  assert.equal([...(attributes?.keys() ?? [])], ["weight_names0", "weight_names1", "weight_names2"]);
  assert.equal(
    readLegacy(readHdf5(bytes), "f").layers[0].weights.map(({ name }) => name),
    weights.map(({ name }) => name),
  );
});

fresh("what cannot be read says so", async () => {
  const read = (config: JsonValue) => modelFromBytes(writeLegacy({ ...empty, config }));
  const model = (...list: readonly JsonValue[]): JsonValue => ({ class_name: "Sequential", config: list });
  const lambda = {
    class_name: "Lambda",
    config: { name: "l", function: ["4wEAAA==", null, null], batch_input_shape: [null, 2] },
  };
  await refusal(() => read(model(lambda)), /Lambda layer with code is not loaded: nothing in a file is run/);
  const merge = { class_name: "Merge", config: { name: "m", mode: "cos", batch_input_shape: [null, 2] } };
  await refusal(() => read(model(merge)), /Merge layer is not read/);
  await refusal(() => read([]), /not a valid Keras configuration.*Received: config=\[\]/);
  await refusal(
    () => read(model({ class_name: "MaxoutDense", config: { batch_input_shape: [null, 2] } })),
    /unknown layer.*MaxoutDense/,
  );
});

test.run();
