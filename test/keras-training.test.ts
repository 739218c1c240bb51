/**
 * `fit` and its relatives: what they compute, what they remember, what they tell.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  Callback,
  GradientTape,
  keras,
  type Logs,
  layers,
  type NDArray,
  ops,
  type Tensor,
} from "../compiler/index.ts";
import type { Model } from "../compiler/keras/models/model.ts";
import { clusters, noise, values } from "./support/keras-data.ts";

keras.config.setBackend("reference");
const fresh = (name: string, body: () => void | Promise<void>): void =>
  test(name, () => {
    keras.utils.clearSession();
    keras.utils.setRandomSeed(5);
    return body();
  });

const { x, y } = clusters(50);
const quiet = { verbose: 0 } as const;

function classifier(options: { runEagerly?: boolean; optimizer?: string; dropout?: number } = {}): Model {
  keras.utils.setRandomSeed(5);
  const { runEagerly = false, optimizer = "adam", dropout = 0 } = options;
  const model = keras.Sequential([
    keras.Input([4]),
    layers.Dense(8, { activation: "relu" }),
    layers.Dropout(dropout),
    layers.BatchNormalization({ momentum: 0.5 }),
    layers.Dense(3, { activation: "softmax" }),
  ]);
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy", metrics: ["accuracy"], runEagerly });
  return model;
}

const close = (a: number, b: number, tolerance = 1e-5): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
const weightsOf = async (model: Model): Promise<number[][]> => (await model.getWeights()).map(values);

fresh("loss falls, history has a value per epoch", async () => {
  const model = classifier();
  const { history, epoch } = await model.fit(x, y, {
    epochs: 12,
    batchSize: 16,
    validationSplit: 0.2,
    ...quiet,
  });
  assert.equal(Object.keys(history).sort(), ["accuracy", "loss", "val_accuracy", "val_loss"]);
  assert.equal(epoch, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.ok(history.loss[11] < history.loss[0], `${history.loss}`);
  assert.is(model.history?.history, history);
});

fresh("compiled and eager training agree, with dropout too", async () => {
  const options = { epochs: 2, batchSize: 16, shuffle: true, ...quiet };
  const [compiled, eager] = [classifier({ dropout: 0.3 }), classifier({ dropout: 0.3, runEagerly: true })];
  keras.utils.setRandomSeed(9);
  const first = await compiled.fit(x, y, options);
  keras.utils.setRandomSeed(9);
  const second = await eager.fit(x, y, options);
  first.history.loss.forEach((loss, i) =>
    assert.ok(close(loss, second.history.loss[i]), `${loss} and ${second.history.loss[i]}`),
  );
  const [a, b] = [await weightsOf(compiled), await weightsOf(eager)];
  a.forEach((weight, i) =>
    weight.forEach((value, k) => assert.ok(close(value, b[i][k], 1e-4), `weight ${i}`)),
  );
});

fresh("the same seed gives the same training", async () => {
  const run = async (): Promise<number[]> =>
    (await classifier({ dropout: 0.5 }).fit(x, y, { epochs: 2, batchSize: 16, ...quiet })).history.loss;
  assert.equal(await run(), await run());
});

fresh("moving statistics move, and evaluation uses them", async () => {
  const model = classifier();
  const before = await weightsOf(model);
  await model.fit(x, y, { batchSize: 50, ...quiet });
  const after = await weightsOf(model);
  const names = model.weights.map(({ name }) => name);
  assert.not.equal(after[names.indexOf("moving_mean")], before[names.indexOf("moving_mean")]);
  const [loss, accuracy] = await model.evaluate(x, y, quiet);
  const logs = await model.evaluate(x, y, { returnDict: true, batchSize: 7, ...quiet });
  assert.ok(close(loss, logs.loss) && close(accuracy, logs.accuracy), "whatever the batches");
});

fresh("frozen layers stay, and trainable counts", async () => {
  const model = classifier();
  model.layers[0].trainable = false;
  model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
  const before = await weightsOf(model);
  await model.fit(x, y, quiet);
  const after = await weightsOf(model);
  assert.equal([after[0], after[1]], [before[0], before[1]]);
  assert.not.equal(after[6], before[6]);
  assert.is(model.trainableWeights.length, 4);
});

fresh("weights stay in the program until somebody reads them", async () => {
  const model = classifier();
  await model.trainOnBatch(x, y);
  assert.throws(
    () => model(x),
    /the newest value is in the compiled program; expected|the newest value is in the compiled program\./,
  );
  const predicted = values(await model.predictOnBatch(x));
  await model.getWeights();
  const eager = values(await model(x).array());
  eager.forEach((value, i) => assert.ok(close(value, predicted[i])));
});

fresh("weights changed from outside are taken up", async () => {
  const model = classifier();
  await model.trainOnBatch(x, y);
  const weights = await model.getWeights();
  model.setWeights(weights.map((weight) => ({ ...weight, data: new Float32Array(weight.data.length) })));
  assert.ok(close(values(await model.predict(x, quiet))[0], 1 / 3));
  await model.trainOnBatch(x, y);
  const [kernel] = await model.getWeights();
  assert.ok(
    values(kernel).every((value) => Math.abs(value) < 0.01),
    "training went on from there",
  );
});

fresh("the learning rate is state: it changes without compiling again", async () => {
  const model = classifier({ optimizer: "sgd" });
  await model.trainOnBatch(x, y);
  const before = await weightsOf(model);
  const { optimizer } = model;
  if (optimizer !== undefined) optimizer.learningRate = 0;
  await model.trainOnBatch(x, y);
  const after = await weightsOf(model);
  assert.equal(after[0], before[0]);
  assert.is(values(await (optimizer?.iterations.array() ?? Promise.reject()))[0], 2);
});

fresh("a schedule", async () => {
  const model = keras.Sequential([
    keras.Input([1]),
    layers.Dense(1, { useBias: false, kernelInitializer: "ones" }),
  ]);
  const learningRate = keras.optimizers.schedules.PiecewiseConstantDecay([0], [1, 0]);
  model.compile({ optimizer: keras.optimizers.SGD({ learningRate }), loss: "mse" });
  await model.fit([[1]], [[0]], { epochs: 3, ...quiet });
  assert.equal(await weightsOf(model), [[-1]], "1 - 2 in the first step, then nothing");
});

fresh("weights of samples and classes", async () => {
  const model = classifier();
  const weights: NDArray = {
    dtype: "f32",
    shape: [50],
    data: Float32Array.from({ length: 50 }, (_, i) => Number(values(y)[i] === 1)),
  };
  const all = await model.evaluate(x, y, quiet);
  const some = await model.evaluate(x, y, { sampleWeight: weights, ...quiet });
  assert.ok(some[0] < all[0], "samples without weight add nothing");
  assert.is(some[1], all[1], "metrics take no weights");
  model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy", weightedMetrics: ["accuracy"] });
  const [, accuracy] = await model.evaluate(x, y, { sampleWeight: weights, ...quiet });
  const predicted = values(await model.predict(x, quiet));
  const right = values(y).filter(
    (label, i) => label === 1 && predicted[3 * i + 1] === Math.max(...predicted.slice(3 * i, 3 * i + 3)),
  ).length;
  assert.ok(close(accuracy, right / values(y).filter((label) => label === 1).length));
  await model.fit(x, y, { classWeight: { 0: 0, 1: 1, 2: 0 }, ...quiet });
});

fresh("several outputs: losses by name, weighted", async () => {
  const input = keras.Input([4]);
  const hidden = layers.Dense(4, { activation: "tanh" })(input);
  const [a, b] = [
    layers.Dense(1, { name: "a" })(hidden),
    layers.Dense(3, { name: "b", activation: "softmax" })(hidden),
  ];
  const model = keras.Model(input, { a, b });
  model.compile({
    optimizer: "sgd",
    loss: { a: "mse", b: "sparse_categorical_crossentropy" },
    lossWeights: { a: 2, b: 0.5 },
    metrics: { b: ["accuracy"] },
  });
  const logs = await model.evaluate(x, { a: noise([50, 1]), b: y }, { returnDict: true, ...quiet });
  assert.equal(Object.keys(logs), ["loss", "b_accuracy", "a_loss", "b_loss"]);
  assert.ok(close(logs.loss, 2 * logs.a_loss + 0.5 * logs.b_loss));
  const { history } = await model.fit(x, { a: noise([50, 1]), b: y }, { epochs: 3, ...quiet });
  assert.ok(history.loss[2] < history.loss[0]);
});

fresh("regularizers and losses of layers are part of the loss", async () => {
  class Penalty extends keras.Layer {
    override call(value: Tensor): Tensor {
      this.addLoss(ops.mean(ops.square(value)));
      return value;
    }
  }
  const model = keras.Sequential([
    keras.Input([2]),
    layers.Dense(1, { kernelInitializer: "ones", kernelRegularizer: keras.regularizers.L2(0.5) }),
    new Penalty(),
  ]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  const [loss] = await model.evaluate([[1, 1]], [[2]], quiet);
  assert.is(loss, 0 + 0.5 * 2 + 4);
});

fresh("data from generators", async () => {
  const model = classifier();
  async function* batches(): AsyncGenerator<[NDArray, NDArray]> {
    for (const count of [20, 30]) {
      const part = clusters(count);
      yield [part.x, part.y];
    }
  }
  const seen: number[] = [];
  class Steps extends Callback {
    override onTrainBatchEnd(batch: number): void {
      seen.push(batch);
    }
  }
  await model.fit(batches, { epochs: 2, callbacks: [new Steps()], ...quiet });
  assert.equal(seen, [0, 1, 0, 1]);
  assert.equal((await model.predict(batches(), quiet)).shape, [50, 3]);
  assert.is((await model.evaluate(batches(), quiet)).length, 2);
});

fresh("stepsPerEpoch goes on where it stopped", async () => {
  const model = classifier();
  let steps = 0;
  class Count extends Callback {
    override onTrainBatchEnd(): void {
      steps += 1;
    }
  }
  await model.fit(x, y, { epochs: 3, batchSize: 20, stepsPerEpoch: 2, callbacks: [new Count()], ...quiet });
  assert.is(steps, 6);
});

fresh("callbacks are told everything, in order", async () => {
  const told: string[] = [];
  class Listener extends Callback {
    override onTrainBegin = (): void => void told.push("begin");
    override onEpochBegin = (epoch: number): void => void told.push(`epoch ${epoch}`);
    override onTrainBatchEnd = (batch: number, logs: Logs): void =>
      void told.push(`batch ${batch}: ${Object.keys(logs)}`);
    override onTestEnd = (logs: Logs): void => void told.push(`test: ${Object.keys(logs)}`);
    override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
      await Promise.resolve();
      told.push(`end of ${epoch}: ${Object.keys(logs)}`);
      if (this.model) this.model.stopTraining = true;
    }
    override onTrainEnd = (): void => void told.push("end");
  }
  await classifier().fit(x, y, {
    epochs: 5,
    initialEpoch: 2,
    batchSize: 50,
    validationData: [x, y],
    callbacks: [new Listener()],
    ...quiet,
  });
  assert.equal(told, [
    "begin",
    "epoch 2",
    "batch 0: accuracy,loss",
    "test: accuracy,loss",
    "end of 2: accuracy,loss,val_accuracy,val_loss",
    "end",
  ]);
});

fresh("early stopping", async () => {
  const model = classifier({ optimizer: "sgd" });
  if (model.optimizer) model.optimizer.learningRate = 0;
  const stop = new keras.callbacks.EarlyStopping({ monitor: "loss", patience: 2 });
  const { epoch } = await model.fit(x, y, {
    epochs: 20,
    shuffle: false,
    batchSize: 50,
    callbacks: [stop],
    ...quiet,
  });
  assert.equal(epoch, [0, 1, 2]);
  assert.is(stop.stoppedEpoch, 2);
});

fresh("trainOnBatch runs on until resetMetrics", async () => {
  const model = classifier({ optimizer: "sgd" });
  if (model.optimizer) model.optimizer.learningRate = 0;
  const first = await model.testOnBatch(x, y);
  const half = clusters(25);
  const both = await model.testOnBatch(half.x, half.y);
  assert.not.equal(both[0], first[0]);
  model.resetMetrics();
  assert.equal(await model.testOnBatch(x, y), first);
});

fresh("a training loop by hand", async () => {
  const model = keras.Sequential([keras.Input([4]), layers.Dense(3)]);
  const loss = keras.losses.SparseCategoricalCrossentropy({ fromLogits: true });
  const optimizer = keras.optimizers.Adam({ learningRate: 0.1 });
  const seen: number[] = [];
  for (let step = 0; step < 5; step++) {
    const tape = new GradientTape();
    const value = tape.record(() => loss(y, model(x, { training: true })));
    optimizer.apply(tape.gradient(value, model.trainableVariables), model.trainableVariables);
    seen.push(Number(value.arraySync().data[0]));
  }
  assert.ok(seen[4] < seen[0], `${seen}`);
});

fresh("a model for integers", async () => {
  const model = keras.Sequential([
    keras.Input([3], { dtype: "int32" }),
    layers.Embedding(10, 4),
    layers.Flatten(),
    layers.Dense(1),
  ]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  const tokens: NDArray = { dtype: "i64", shape: [2, 3], data: BigInt64Array.from([1n, 2n, 3n, 4n, 5n, 6n]) };
  await model.fit(tokens, [[0], [1]], { epochs: 2, ...quiet });
  assert.equal((await model.predict(tokens, quiet)).shape, [2, 1]);
});

test.run();
