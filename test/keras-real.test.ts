// deadline: 400
/**
 * The real Keras 3 loads what we save, predicts the same, and goes on training as we do: configuration, weights and optimizer state are right.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras, layers, type NDArray, ops } from "../compiler/index.ts";
import type { Model } from "../compiler/keras/models/model.ts";
import { flatten, type Nest } from "../compiler/keras/nest.ts";
import { noise, values } from "./support/keras-data.ts";
import { requireTool } from "./support/tools.ts";

keras.config.setBackend("reference");

/** Loads each model, predicts, trains one step on all data, predicts again; prints the predictions as JSON. */
const script = `
import json, os, sys
os.environ["KERAS_BACKEND"] = "jax"
import keras, numpy as np

def array(a):
    return np.array(a["data"], a["dtype"]).reshape(a["shape"])

def arrays(value):
    return array(value) if "data" in value else {k: array(v) for k, v in value.items()}

def flat(p):
    if isinstance(p, dict): p = [p[k] for k in sorted(p)]
    return [q.ravel().tolist() for q in (p if isinstance(p, (list, tuple)) else [p])]

found = {}
for name, data in json.load(open(sys.argv[1])).items():
    # From .h5 Keras builds the optimizer with none of the weights, and then refuses to train.
    trains = data["file"].endswith(".keras")
    model = keras.models.load_model(data["file"], compile=trains)
    x, y = arrays(data["x"]), data["y"]
    before = flat(model.predict(x, verbose=0))
    if not trains:
        found[name] = {"before": before}
        continue
    y = [array(a) for a in y]
    model.fit(x, y if len(y) > 1 else y[0], batch_size=64, shuffle=False, verbose=0)
    text = []
    model.summary(line_length=76, print_fn=lambda s: text.append(s))
    found[name] = {"before": before, "after": flat(model.predict(x, verbose=0)), "summary": "".join(text), "iterations": int(model.optimizer.iterations)}
print(json.dumps(found))
`;

interface Outcome {
  readonly before: readonly number[][];
  readonly after: readonly number[][];
  readonly summary: string;
}

/** Of a file that Keras cannot train from, only the predictions. */
interface Theirs extends Partial<Outcome> {
  readonly before: readonly number[][];
  readonly iterations?: number;
}

interface Example {
  readonly model: Model<unknown>;
  readonly x: NDArray | { readonly [name: string]: NDArray };
  readonly y: readonly NDArray[];
}

function examples(): { readonly [name: string]: Example } {
  keras.utils.clearSession();
  keras.utils.setRandomSeed(3);
  return { images: images(), graph: graph(), nested: nested() };
}

const labels: NDArray = keras.utils.toCategorical([0, 1, 2, 0, 1, 2, 0, 1]);

function images(): Example {
  const model = keras.Sequential(
    [
      keras.Input([12, 12, 2]),
      layers.Rescaling(0.5, { offset: 0.1 }),
      layers.ZeroPadding2D([
        [0, 1],
        [1, 0],
      ]),
      // Without a bias, whose gradient in front of a normalization is noise that Adam makes large.
      layers.Conv2D(4, 3, {
        strides: 2,
        padding: "same",
        useBias: false,
        kernelRegularizer: keras.regularizers.L2(0.01),
      }),
      layers.BatchNormalization(),
      layers.ReLU({ maxValue: 6 }),
      layers.DepthwiseConv2D(3, { padding: "same", depthMultiplier: 2 }),
      layers.LeakyReLU(0.1),
      layers.UpSampling2D(2),
      layers.AveragePooling2D(2, { padding: "same" }),
      layers.LayerNormalization(),
      layers.MaxPooling2D(2),
      layers.Flatten(),
      layers.Dense(3, { activation: "softmax" }),
    ],
    { name: "images" },
  );
  const loss = keras.losses.CategoricalCrossentropy({ labelSmoothing: 0.1 });
  model.compile({ optimizer: "adam", loss, metrics: ["accuracy", keras.metrics.MeanSquaredError()] });
  return { model, x: noise([8, 12, 12, 2]), y: [labels] };
}

function graph(): Example {
  const [a, b] = [keras.Input([6], { name: "a" }), keras.Input([6], { name: "b" })];
  const shared = layers.Dense(5, { activation: "tanh", name: "shared" });
  const both = layers.Concatenate()([shared(a), shared(b)]);
  const first = ops.softmax(layers.Dense(3)(both).mul(2).sub(1), { axis: -1 });
  const second = layers.Dense(1, { name: "second" })(
    ops.mean(layers.Reshape([2, 5])(both), { axis: 1 }).at([":", "1:"]),
  );
  const model = keras.Model({ a, b }, [first, second], { name: "graph" });
  const optimizer = keras.optimizers.SGD({ learningRate: 1, momentum: 0, clipnorm: 0.5 });
  model.compile({ optimizer, loss: ["mse", "mae"], lossWeights: [1, 0.5], metrics: [["mae"], ["mse"]] });
  return { model, x: { a: noise([8, 6]), b: noise([8, 6], 2) }, y: [labels, noise([8, 1])] };
}

function nested(): Example {
  const dense = layers.Dense(4, { activation: "elu", useBias: false });
  const encoder = keras.Sequential([keras.Input([6]), dense, layers.BatchNormalization()], {
    name: "encoder",
  });
  const input = keras.Input([4]);
  const decoder = keras.Model(input, layers.Dense(6, { activation: "sigmoid" })(layers.ELU(0.5)(input)), {
    name: "decoder",
  });
  encoder.trainable = true;
  const x = keras.Input([6]);
  // fit overrules the recorded option, there as here.
  const model = keras.Model(x, decoder(layers.Activation("tanh")(encoder(x, { training: false }))), {
    name: "nested",
  });
  model.compile({
    optimizer: keras.optimizers.RMSprop({ learningRate: 0.01, momentum: 0.9, centered: true }),
    loss: "binary_crossentropy",
  });
  const data = noise([8, 6]);
  const target = { ...data, data: Float32Array.from(values(data), Math.abs) };
  return { model, x: data, y: [target] };
}

const plain = (array: NDArray): object => ({ dtype: "float32", shape: array.shape, data: values(array) });
const flat = (predictions: unknown): number[][] => flatten(predictions as Nest<NDArray>).map(values);

test("the real Keras goes on where we stopped", async () => {
  const python = requireTool("keras-python");
  if (python === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "keratin-real-"));
  try {
    const all = examples();
    const request: { [name: string]: object } = {};
    const ours: { [name: string]: Outcome } = {};
    const options = { batchSize: 64, shuffle: false, verbose: 0 } as const;
    for (const [name, { model, x, y }] of Object.entries(all)) {
      const target = y.length === 1 ? y[0] : y;
      await model.fit(x, target, { epochs: 2, ...options });
      const files = [".keras", ".h5"].map((ending) => join(folder, name + ending));
      for (const file of files) await model.save(file);
      const before = flat(await model.predict(x, { verbose: 0 }));
      await model.fit(x, target, options);
      const parts: string[] = [];
      model.summary({ lineLength: 76, printFn: (part) => void parts.push(part) });
      ours[name] = { before, after: flat(await model.predict(x, { verbose: 0 })), summary: parts.join("") };
      const data =
        "data" in x
          ? plain(x as NDArray)
          : Object.fromEntries(Object.entries(x).map(([key, array]) => [key, plain(array as NDArray)]));
      // Keras does not read functions of keras.ops from its own .h5 files.
      for (const file of name === "graph" ? files.slice(0, 1) : files)
        request[file] = { file, x: data, y: y.map(plain) };
    }
    writeFileSync(join(folder, "request.json"), JSON.stringify(request));
    const output = execFileSync(python, ["-c", script, join(folder, "request.json")], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 1 << 26,
    });
    const theirs = JSON.parse(output.trim().split("\n").at(-1) ?? "{}") as { [name: string]: Theirs };
    for (const file of Object.keys(request)) compare(file, ours[basename(file, extname(file))], theirs[file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function compare(name: string, ours: Outcome, theirs: Theirs): void {
  for (const moment of ["before", "after"] as const) {
    theirs[moment]?.forEach((output, i) => {
      const worst = Math.max(...output.map((value, k) => Math.abs(value - ours[moment][i][k])));
      assert.ok(worst < 1e-5, `${name}, ${moment}: predictions differ by ${worst}`);
    });
  }
  if (theirs.after === undefined) return;
  assert.is(theirs.iterations, 3, `${name}: steps`);
  assert.fixture(ours.summary, theirs.summary ?? "");
}

test.run();
