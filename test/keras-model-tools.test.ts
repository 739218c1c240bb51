/**
 * What can be done with a model besides training it: clone, picture, configuration, custom objects, freezing, features from inside.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras, layers, type NDArray, ops, type Tensor } from "../compiler/index.ts";
import { refused } from "./support/hostile.ts";
import { noise, values } from "./support/keras-data.ts";

keras.config.setBackend("reference");
const fresh = (name: string, body: () => void | Promise<void>): void =>
  test(name, () => {
    keras.utils.clearSession();
    keras.utils.setRandomSeed(1);
    return body();
  });

function graph() {
  const x = keras.Input([4], { name: "x" });
  const inner = keras.Sequential(
    [keras.Input([4]), layers.Dense(4, { activation: "relu", name: "hidden" })],
    { name: "inner" },
  );
  const shared = layers.Dense(4, { name: "shared" });
  const y = ops.add(shared(inner(x)), shared(x));
  return keras.Model({ x }, { out: layers.Dense(2, { name: "out" })(y) }, { name: "graph" });
}

fresh("a clone has the same structure, fresh weights, and may have other layers", async () => {
  const model = graph();
  const copy = keras.models.cloneModel(model);
  assert.is(copy.toJson(), model.toJson());
  assert.not.equal(await copy.getWeights(), await model.getWeights());
  copy.setWeights(await model.getWeights());
  const x = noise([3, 4]);
  assert.equal(await copy.predict({ x }, { verbose: 0 }), await model.predict({ x }, { verbose: 0 }));
  const wider = keras.models.cloneModel(model, {
    cloneFunction: (layer) =>
      layer.name === "shared" ? layers.Dense(4, { name: "shared", useBias: false }) : layer,
  });
  assert.is(wider.countParams(), model.countParams() - 4);
  assert.is(wider.getLayer("out"), model.getLayer("out"), "the function gave the same layer");
  const dropped = keras.models.cloneModel(model, {
    callFunction: (layer, ...args) => {
      const result = layer.invoke(args);
      return layer.name === "shared" ? layers.Dropout(0.5)(result as Tensor) : result;
    },
  });
  assert.is(dropped.layers.filter(({ name }) => name.startsWith("dropout")).length, 2);
  class Own extends keras.Model {}
  assert.throws(() => keras.models.cloneModel(new Own()), /Expected `model` argument.*Received: model=Own/);
});

fresh("getConfig and fromConfig", () => {
  const model = graph();
  const again = keras.Model.fromConfig(model.getConfig());
  assert.equal(again.getConfig(), model.getConfig());
  const inner = model.getLayer("inner");
  assert.equal(keras.Sequential.fromConfig(inner.getConfig()).getConfig(), inner.getConfig());
  const dense = keras.saving.deserializeKerasObject(keras.saving.serializeKerasObject(layers.Dense(3)));
  assert.ok(dense instanceof layers.Dense);
  const loss = keras.saving.deserializeKerasObject({
    module: "keras.losses",
    class_name: "MeanSquaredError",
    config: {},
  });
  assert.ok(loss instanceof keras.losses.MeanSquaredError);
  assert.throws(
    () => keras.saving.deserializeKerasObject({ class_name: "__lambda__", config: { code: "4wEA" } }),
    /holds code is never run/,
  );
});

class Twice extends keras.Layer {
  override call(x: Tensor): Tensor {
    return x.mul(2);
  }
}

fresh("custom objects: registered, in a scope, or handed over", async () => {
  keras.saving.registerKerasSerializable(Twice, { package: "tools" });
  assert.is(keras.saving.getRegisteredName(Twice), "tools>Twice");
  assert.is(keras.saving.getRegisteredObject("tools>Twice"), Twice);
  const model = keras.Sequential([keras.Input([2]), new Twice()]);
  const bytes = await keras.saving.toBytes(model);
  keras.saving.getCustomObjects().delete("tools>Twice");
  const read = () => keras.saving.fromBytes(bytes);
  const known = { "tools>Twice": Twice };
  await refused(read, /unknown layer/);
  const scoped = await keras.saving.customObjectScope(known, read);
  assert.equal(values((await scoped.predict([[1, 2]], { verbose: 0 })) as NDArray), [2, 4]);
  await refused(read, /unknown layer/);
  assert.ok(await keras.saving.fromBytes(bytes, { customObjects: known }));
});

fresh("frozen layers keep their weights in a compiled step", async () => {
  const model = keras.Sequential([
    keras.Input([4]),
    layers.Dense(3, { name: "frozen" }),
    layers.BatchNormalization(),
    layers.Dense(1),
  ]);
  model.getLayer("frozen").trainable = false;
  model.getLayer(1).trainable = false;
  model.compile({ optimizer: keras.optimizers.SGD(0.5), loss: "mse" });
  assert.equal(
    model.trainableWeights.map(({ path }) => path),
    ["sequential/dense/kernel", "sequential/dense/bias"],
  );
  const before = await model.getWeights();
  await model.fit(noise([8, 4]), noise([8, 1], 2), { epochs: 2, verbose: 0 });
  const after = await model.getWeights();
  assert.equal(after.slice(0, 6), before.slice(0, 6));
  assert.not.equal(after.slice(6), before.slice(6));
});

fresh("plotModel draws every layer, and what is asked for", async () => {
  const model = graph();
  const plain = await keras.utils.plotModel(model);
  assert.is(plain.match(/<g>/g)?.length, model.operations.length);
  assert.not.match(plain, /shared/);
  const folder = mkdtempSync(join(tmpdir(), "keratin-plot-"));
  const toFile = join(folder, "model.svg");
  const all = await keras.utils.plotModel(model, {
    toFile, showShapes: true, showDtype: true, showLayerNames: true, expandNested: true, showLayerActivations: true, showTrainable: true, rankdir: "LR",
  }); // biome-ignore format: one list
  assert.is(readFileSync(toFile, "utf8"), all);
  rmSync(folder, { recursive: true });
  for (const text of [
    "hidden (Dense)",
    "Activation: relu",
    "Input shape: (None, 4)",
    "Output dtype: float32",
    "Trainable",
    ">inner<",
  ])
    assert.ok(all.includes(text), text);
  await refused(
    () => keras.utils.plotModel(model, "model.png"),
    /only SVG is drawn.*Received: toFile=model\.png/,
  );
});

fresh("modelToDot writes Graphviz, with nested models as clusters", () => {
  const dot = keras.utils.modelToDot(graph(), { expandNested: true });
  assert.match(
    dot,
    /subgraph cluster_0 \{\n {4}style=dashed; labeljust=l; label="inner";\n {4}n1 \[label="\{hidden \(Dense\)\}"\];/,
  );
  assert.is(dot.match(/->/g)?.length, 5);
});

test.run();
