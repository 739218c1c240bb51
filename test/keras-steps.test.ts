// deadline: 300
/**
 * Steps that users write, metrics and losses of their own, several outputs, kinds of data: compiled and eager, which must agree.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GradientTape, keras, layers, type NDArray, ops, type Tensor } from "../compiler/index.ts";
import type { Model } from "../compiler/keras/models/model.ts";
import type { StepData, StepLogs } from "../compiler/keras/training/trainable.ts";
import { clusters, noise, values } from "./support/keras-data.ts";

const backends = ["reference", "wasm"] as const;
const quiet = { verbose: 0, shuffle: false } as const;
const close = (a: number, b: number, tolerance = 1e-5): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
const { x, y } = clusters(50);

/** Runs `body` compiled on each backend and eagerly; all must give the same numbers. */
function everywhere(name: string, body: (runEagerly: boolean) => Promise<readonly number[]>): void {
  test(name, async () => {
    const found: (readonly number[])[] = [];
    for (const backend of backends)
      for (const runEagerly of [false, true]) {
        keras.config.setBackend(backend);
        keras.utils.clearSession();
        keras.utils.setRandomSeed(5);
        found.push(await body(runEagerly));
      }
    for (const other of found.slice(1))
      other.forEach((value, i) => {
        assert.ok(close(value, found[0][i], 2e-4), `${i}: ${other} and ${found[0]}`);
      });
  });
}

const dense = (units: number, activation?: string) => layers.Dense(units, { activation });

class Custom extends keras.Model {
  readonly first = dense(8, "relu");
  readonly second = dense(3);
  readonly tracker = keras.metrics.Mean({ name: "own_loss" });
  readonly accuracy = keras.metrics.SparseCategoricalAccuracy({ name: "hits" });
  override call(inputs: Tensor): Tensor {
    return this.second(this.first(inputs));
  }
  override trainStep([inputs, labels]: StepData): StepLogs {
    const tape = new GradientTape();
    const { loss, scores } = tape.record(() => {
      const predicted = this(inputs as Tensor, { training: true }) as Tensor;
      const each = keras.losses.sparseCategoricalCrossentropy(labels as Tensor, predicted, {
        fromLogits: true,
      });
      return { loss: ops.mean(each), scores: predicted };
    });
    const weights = this.trainableVariables;
    this.optimizer?.applyGradients(tape.gradient(loss, weights).map((g, i) => [g, weights[i]] as const));
    this.tracker.updateState(loss);
    this.accuracy.updateState(labels as Tensor, scores);
    return { loss: this.tracker.result(), hits: this.accuracy.result() };
  }
}

everywhere("a train step of one's own, with metrics of one's own", async (runEagerly) => {
  const model = new Custom();
  model.compile({ optimizer: keras.optimizers.Adam(0.01), runEagerly });
  const { history } = await model.fit(x, y, { epochs: 3, batchSize: 16, ...quiet });
  assert.equal(Object.keys(history).sort(), ["hits", "loss"]);
  assert.ok(history.loss[2] < history.loss[0]);
  return [...history.loss, ...history.hits];
});

everywhere("computeLoss of one's own", async (runEagerly) => {
  class Model extends keras.Model {
    readonly layer = layers.Dense(3, { kernelRegularizer: "l2" });
    override call(inputs: Tensor): Tensor {
      return this.layer(inputs);
    }
    override computeLoss({ y: labels, yPred }: { y?: unknown; yPred: unknown }): Tensor {
      const own = keras.losses.SparseCategoricalCrossentropy({ fromLogits: true })(
        labels as Tensor,
        yPred as Tensor,
      );
      return this.losses.reduce((sum, loss) => sum.add(loss), own.mul(2));
    }
  }
  const model = new Model();
  model.compile({ optimizer: "sgd", metrics: ["accuracy"], runEagerly });
  const { history } = await model.fit(x, y, { epochs: 2, batchSize: 20, ...quiet });
  return [...history.loss, ...history.accuracy];
});

/** How many predictions are positive: state of one's own, as in Keras's guide. */
class Positives extends keras.metrics.Metric {
  readonly count = this.addVariable({ name: "count" });
  override updateState(_yTrue: Tensor, yPred: Tensor): void {
    this.count.assignAdd(ops.sum(ops.cast(ops.greater(yPred, 0), "float32")));
  }
  override result(): Tensor {
    return this.count.value;
  }
}

everywhere("metrics of every family in one step", async (runEagerly) => {
  const model = keras.Sequential([keras.Input([4]), dense(5), dense(1, "sigmoid")]);
  const labels: NDArray = { ...y, shape: [50, 1], data: Int32Array.from(values(y), (v) => Number(v > 0)) };
  const metrics = [
    "accuracy",
    keras.metrics.AUC({ numThresholds: 20 }),
    keras.metrics.Precision(),
    keras.metrics.Recall({ name: "recall" }),
    keras.metrics.F1Score({ average: "micro", threshold: 0.5 }),
    keras.metrics.BinaryIoU(),
    keras.metrics.R2Score(),
    keras.metrics.RootMeanSquaredError(),
    new Positives({ name: "positives" }),
  ];
  model.compile({
    optimizer: "sgd",
    loss: "binary_crossentropy",
    metrics,
    weightedMetrics: ["accuracy"],
    runEagerly,
  });
  const sampleWeight = Float32Array.from({ length: 50 }, (_, i) => 1 + (i % 3));
  const { history } = await model.fit(x, labels, { epochs: 2, batchSize: 16, sampleWeight, ...quiet });
  assert.is(history.positives[1], 50, "begins anew with each epoch");
  assert.ok("weighted_accuracy" in history, Object.keys(history).join());
  return Object.keys(history)
    .sort()
    .flatMap((name) => history[name]);
});

function twoOutputs(): Model<readonly Tensor[]> {
  const input = keras.Input([4], { name: "input" });
  const hidden = dense(6, "tanh")(input);
  const outputs = [
    layers.Dense(3, { activation: "softmax", name: "kind" })(hidden),
    layers.Dense(1, { name: "size" })(hidden),
  ];
  return keras.Model(input, outputs) as Model<readonly Tensor[]>;
}
const sizes = noise([50, 1], 3);

everywhere("losses and metrics by the names of outputs", async (runEagerly) => {
  const model = twoOutputs();
  model.compile({
    optimizer: "rmsprop",
    loss: { kind: "sparse_categorical_crossentropy", size: "mse" },
    lossWeights: { kind: 1, size: 0.3 },
    metrics: { kind: ["accuracy"], size: ["mae", "mse"] },
    runEagerly,
  });
  const { history } = await model.fit(x, { kind: y, size: sizes }, { epochs: 2, batchSize: 16, ...quiet });
  const names = ["kind_accuracy", "kind_loss", "loss", "size_loss", "size_mae", "size_mse"];
  assert.equal(Object.keys(history).sort(), names);
  assert.ok(close(history.loss[1], history.kind_loss[1] + 0.3 * history.size_loss[1]));
  return names.flatMap((name) => history[name]);
});

everywhere("labels only for the output that has a loss", async (runEagerly) => {
  const model = twoOutputs();
  model.compile({ optimizer: "sgd", loss: [null, "mse"], runEagerly });
  return (await model.fit(x, sizes, { epochs: 2, batchSize: 16, ...quiet })).history.loss;
});

everywhere(
  "class weights, also with generators; steps, prefetch, several steps an execution",
  async (runEagerly) => {
    const make = (): Model => {
      keras.utils.setRandomSeed(5);
      const model = keras.Sequential([keras.Input([4]), dense(3, "softmax")]);
      const loss = "sparse_categorical_crossentropy";
      model.compile({ optimizer: "sgd", loss, runEagerly, stepsPerExecution: 2 });
      return model;
    };
    const classWeight = { 0: 1, 1: 3, 2: 0.5 };
    const arrays = await make().fit(x, y, { batchSize: 10, epochs: 2, classWeight, ...quiet });
    const rows = ({ dtype, shape, data }: NDArray, i: number): NDArray => {
      const width = data.length / shape[0];
      return {
        dtype,
        shape: [10, ...shape.slice(1)],
        data: data.slice(10 * i * width, 10 * (i + 1) * width),
      };
    };
    async function* batches() {
      for (let i = 0; i < 5; i++) yield [rows(x, i), rows(y, i)] as const;
    }
    const streamed = await make().fit(batches, { epochs: 2, classWeight, verbose: 0 });
    streamed.history.loss.forEach((loss, i) => assert.ok(close(loss, arrays.history.loss[i])));
    class Numbered extends keras.utils.PyDataset {
      ends = 0;
      get length(): number {
        return 5;
      }
      getItem(i: number) {
        return [rows(x, i), rows(y, i)] as const;
      }
      override onEpochEnd(): void {
        this.ends += 1;
      }
    }
    const dataset = new Numbered();
    const numbered = await make().fit(dataset, { epochs: 2, classWeight, ...quiet });
    numbered.history.loss.forEach((loss, i) => assert.ok(close(loss, arrays.history.loss[i])));
    assert.is(dataset.ends, 2);
    return arrays.history.loss;
  },
);

everywhere("averages of weights, constraints, accumulated gradients", async (runEagerly) => {
  const model = keras.Sequential([
    keras.Input([4]),
    layers.Dense(6, { kernelConstraint: keras.constraints.MaxNorm(0.5), activation: "relu" }),
    dense(3, "softmax"),
  ]);
  const optimizer = keras.optimizers.Adam({
    learningRate: 0.05,
    useEma: true,
    emaMomentum: 0.9,
    gradientAccumulationSteps: 2,
    weightDecay: 0.01,
    globalClipnorm: 1,
    lossScaleFactor: 8,
  });
  optimizer.excludeFromWeightDecay({ varNames: ["bias"] });
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy", runEagerly });
  const { history } = await model.fit(x, y, { epochs: 3, batchSize: 10, ...quiet });
  const [kernel] = await model.getWeights();
  return [...history.loss, ...values(kernel)];
});

everywhere("a scaled loss leaves out steps that overflow", async (runEagerly) => {
  const model = keras.Sequential([keras.Input([4]), dense(1)]);
  // Gradients above 4 overflow with the first scale.
  const optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.001), {
    initialScale: 2 ** 126,
    dynamicGrowthSteps: 100,
  });
  model.compile({ optimizer, loss: "mse", runEagerly });
  const large = { ...sizes, data: Float32Array.from(values(sizes), (value) => 32 * value) };
  const { history } = await model.fit(x, large, { epochs: 4, batchSize: 10, ...quiet });
  const state = await Promise.all(optimizer.variables.map(async (v) => Number((await v.array()).data[0])));
  const [, , counted, scale, taken] = state;
  assert.ok(taken > 0 && taken < 20, `${state}`);
  assert.is(Math.log2(scale), 126 - (20 - taken), "each step left out halves the scale");
  assert.is(counted, taken, "and counts anew");
  assert.ok(history.loss[3] < history.loss[0]);
  // Where exactly overflow begins differs by rounding.
  return [];
});

test.run();
