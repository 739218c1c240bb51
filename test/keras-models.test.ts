/**
 * Models: those of the real Keras loaded and summed up (their predictions: test/keras-goldens.test.ts); and ours, sequential, functional and subclassed.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras, layers, type NDArray, ops, type Tensor } from "../compiler/index.ts";
import { modelFromBytes } from "../compiler/keras/saving/load.ts";
import { difference } from "./support/close.ts";
import { goldenTensors, goldenText } from "./support/goldens.ts";
import { noise, values } from "./support/keras-data.ts";
import { goldenModels, loadGolden, ScaleShift } from "./support/keras-golden-models.ts";

keras.config.setBackend("reference");
const fresh = (name: string, body: () => void | Promise<void>): void =>
  test(name, () => {
    keras.utils.clearSession();
    keras.utils.setRandomSeed(1);
    return body();
  });

const summaryOf = (model: { summary(options: object): void }, options: object = {}): string => {
  const parts: string[] = [];
  model.summary({ ...options, printFn: (part: string) => void parts.push(part) });
  return parts.join("");
};

for (const id of goldenModels) {
  fresh(`${id}: summary`, async () => {
    // The goldens were printed into a line of 100 on a terminal of 80, with one line break more.
    assert.fixture(
      `${summaryOf(await loadGolden(id), { lineLength: 100 })}\n`,
      goldenText(`models/${id}/summary.txt`),
    );
  });

  fresh(`${id}: written and read again, it predicts the same`, async () => {
    const model = await loadGolden(id);
    const again = await modelFromBytes(await keras.saving.toBytes(registered(model)), {
      customObjects: { "golden_tests>ScaleShift": ScaleShift },
    });
    assert.equal(again.toJson(), model.toJson());
    const [before, after] = [await model.getWeights(), await again.getWeights()];
    assert.equal(after, before);
  });
}

function registered<T>(model: T): T {
  keras.saving.registerKerasSerializable(ScaleShift, { package: "golden_tests" });
  return model;
}

test("mnist_cnn on wasm: batches of 1, 7 and 128", async () => {
  keras.config.setBackend("wasm");
  const model = await loadGolden("mnist_cnn");
  const tensors = goldenTensors("models/mnist_cnn/batches.safetensors");
  for (const count of [1, 7, 128]) {
    const [x, y] = [tensors.get(`x${count}`), tensors.get(`y${count}`)];
    assert.ok(x !== undefined && y !== undefined);
    if (x && y)
      assert.is(
        difference(await model.predict(x, { batchSize: 50, verbose: 0 }), y, {
          absolute: 1e-5,
          relative: 1e-4,
        }),
        undefined,
      );
  }
  keras.config.setBackend("reference");
});

test("a dense softmax over 400 classes on wasm: lanes of a sum over a buffer of the tile", async () => {
  const model = keras.Sequential([keras.Input([16]), layers.Dense(400, { activation: "softmax" })]);
  const x = noise([3, 16]);
  const expected = await model.predict(x, { verbose: 0 });
  keras.config.setBackend("wasm");
  const again = keras.models.modelFromJson(model.toJson());
  again.setWeights(await model.getWeights());
  const got = await again.predict(x, { verbose: 0 });
  keras.config.setBackend("reference");
  assert.is(difference(got, expected, { absolute: 1e-6, relative: 1e-5 }), undefined);
});

fresh("a sequential model, with and without new, in both spellings", () => {
  const model = keras.Sequential([
    keras.Input([8]),
    new layers.Dense(4, { activation: "relu" }),
    layers.Dense({ units: 2, use_bias: false }),
  ]);
  assert.equal(
    model.weights.map(({ path, shape }) => `${path} [${shape}]`),
    ["sequential/dense/kernel [8,4]", "sequential/dense/bias [4]", "sequential/dense_1/kernel [4,2]"],
  );
  assert.equal(model.outputShape, [null, 2]);
  assert.is(model.countParams(), 44);
  assert.is(model.getLayer("dense_1"), model.getLayer(1));
});

fresh("a sequential model without input is built by data", async () => {
  const model = keras.Sequential([layers.Dense(3), layers.Dense(2)]);
  assert.is(model.built, false);
  assert.match(summaryOf(model), /dense \(Dense\)\s+│ \?\s+│\s+0 \(unbuilt\)/);
  assert.equal((await model.predict([[1, 2, 3]], { verbose: 0 })).shape, [1, 2]);
  assert.is(model.built, true);
  assert.is(model.countParams(), 3 * 3 + 3 + 3 * 2 + 2);
});

fresh(
  "a functional model with shared layers, operations of keras.ops, several inputs and outputs",
  async () => {
    const [a, b] = [keras.Input([4], { name: "a" }), keras.Input([4], { name: "b" })];
    const shared = layers.Dense(3, { name: "shared", activation: "tanh" });
    const difference_ = ops.abs(shared(a).sub(shared(b)));
    const model = keras.Model({ a, b }, { distance: ops.sum(difference_, 1), both: layers.add([a, b]) });
    const x = { a: [[1, 0, 0, 0]], b: [[0, 1, 0, 0]] };
    const { distance, both } = await model.predict(x, { verbose: 0 });
    const [kernel] = await shared.getWeights();
    const column = (row: number, i: number): number => Math.tanh(Number(kernel.data[row * 3 + i]));
    const expected = [0, 1, 2].reduce((sum, i) => sum + Math.abs(column(0, i) - column(1, i)), 0);
    assert.ok(Math.abs(Number(distance.data[0]) - expected) < 1e-6);
    assert.equal(values(both), [1, 1, 0, 0]);
    assert.equal(model.outputNames, ["add", "sum"]);
    const copy = keras.models.modelFromJson(model.toJson());
    assert.equal(
      copy.operations.map(({ name }) => name),
      model.operations.map(({ name }) => name),
    );
  },
);

fresh("models nest: a model is a layer", async () => {
  const encoder = keras.Sequential([keras.Input([6]), layers.Dense(2)], { name: "encoder" });
  const x = keras.Input([6]);
  const model = keras.Model(x, layers.Dense(6)(encoder(x)));
  assert.is(model.weights.length, 4);
  assert.equal((await model.predict([[1, 2, 3, 4, 5, 6]], { verbose: 0 })).shape, [1, 6]);
  const inner = keras.Model(model.inputs[0], encoder.output as Tensor);
  assert.is(inner.weights.length, 2, "a part of the graph is a model too");
});

class Residual extends keras.Model {
  private readonly inner = layers.Dense(4, { activation: "relu" });
  private readonly more = [layers.Dense(4), layers.Dropout(0.5)];
  override call(x: Tensor): Tensor {
    return ops.add(
      x,
      this.more.reduce<Tensor>((h, layer) => layer(h), this.inner(x)),
    );
  }
}

fresh("a subclassed model: layers in fields and lists are found", async () => {
  const model = new Residual();
  const x = [[1, 2, 3, 4]];
  const [eager] = [values(model(x).arraySync())];
  assert.equal(
    model.weights.map(({ path }) => path),
    ["residual/dense/kernel", "residual/dense/bias", "residual/dense_1/kernel", "residual/dense_1/bias"],
  );
  assert.equal(values(await model.predict(x, { verbose: 0 })), eager);
  assert.equal(
    model.layers.map(({ name }) => name),
    ["dense", "dense_1", "dropout"],
  );
});

fresh("training is passed down, and can be overridden", () => {
  const model = new Residual();
  const x = ops.ones([2, 4]);
  model(x);
  const still = values(model(x).arraySync());
  assert.equal(values(model(x, { training: false }).arraySync()), still);
  assert.not.equal(values(model(x, { training: true }).arraySync()), still);
});

fresh("names are counted, and start again after clearSession", () => {
  assert.equal(
    [layers.Dense(1).name, layers.Dense(1).name, layers.Conv2D(1, 1).name, layers.MaxPooling2D().name],
    ["dense", "dense_1", "conv2d", "max_pooling2d"],
  );
  keras.utils.clearSession();
  assert.is(layers.Dense(1).name, "dense");
});

fresh("setWeights and getWeights", async () => {
  const layer = layers.Dense(2);
  layer.build([null, 3]);
  const weights: NDArray[] = [
    { dtype: "f32", shape: [3, 2], data: Float32Array.from([1, 2, 3, 4, 5, 6]) },
    { dtype: "f32", shape: [2], data: Float32Array.from([10, 20]) },
  ];
  layer.setWeights(weights);
  assert.equal(await layer.getWeights(), weights);
  assert.equal(values(layer([[1, 1, 1]]).arraySync()), [19, 32]);
});

fresh("showTrainable and expandNested", () => {
  const inner = keras.Sequential([keras.Input([3]), layers.Dense(2)], { name: "inner" });
  inner.trainable = false;
  const model = keras.Sequential([keras.Input([3]), inner, layers.Dense(1)]);
  const text = summaryOf(model, { lineLength: 76, showTrainable: true, expandNested: true });
  assert.match(text, /inner \(Sequential\)\s+│ \(None, 2\)\s+│\s+8 │\s+N\s+│/);
  assert.match(text, /└ dense \(Dense\)/);
  assert.match(text, /Non-trainable params: 8 \(32\.00 B\)/);
});

test.run();
