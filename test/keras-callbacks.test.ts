// deadline: 200
/**
 * Callbacks: the order in which they are told, what they do to training, what they write.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Callback, keras, type Logs, layers } from "../compiler/index.ts";
import type { Model } from "../compiler/keras/models/model.ts";
import { clusters, values } from "./support/keras-data.ts";

keras.config.setBackend("reference");
const { x, y } = clusters(40);
const { callbacks } = keras;

function fresh(name: string, body: (folder: string) => Promise<void>): void {
  test(name, async () => {
    keras.utils.clearSession();
    keras.utils.setRandomSeed(3);
    const folder = mkdtempSync(join(tmpdir(), "keratin-callbacks-"));
    try {
      await body(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function classifier(optimizer = keras.optimizers.SGD(0.1)): Model {
  keras.utils.setRandomSeed(3);
  const model = keras.Sequential([keras.Input([4]), layers.Dense(3, { activation: "softmax" })]);
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  return model;
}

const printed = (): { readonly lines: string[]; readonly output: object } => {
  const lines: string[] = [];
  return {
    lines,
    output: { write: (text: string) => void lines.push(text), now: () => 0, dynamic: false },
  };
};
const run = (model: Model, list: readonly Callback[], options: object = {}) =>
  model.fit(x, y, { epochs: 4, batchSize: 20, verbose: 0, callbacks: list, ...options });

fresh("they are told in Keras's order", async () => {
  const seen: string[] = [];
  const moments = ["TrainBegin", "TrainEnd", "EpochBegin", "EpochEnd", "TrainBatchBegin", "TrainBatchEnd"];
  const more = ["TestBegin", "TestEnd", "TestBatchBegin", "TestBatchEnd"];
  const spy = new callbacks.Callback();
  for (const moment of [...moments, ...more])
    Object.assign(spy, {
      [`on${moment}`]: (first: unknown) =>
        void seen.push(typeof first === "number" ? `${moment} ${first}` : moment),
    });
  await run(classifier(), [spy], { epochs: 1, validationSplit: 0.5 });
  assert.equal(seen, [
    "TrainBegin",
    "EpochBegin 0",
    "TrainBatchBegin 0",
    "TrainBatchEnd 0",
    "TestBegin",
    "TestBatchBegin 0",
    "TestBatchEnd 0",
    "TestEnd",
    "EpochEnd 0",
    "TrainEnd",
  ]);
});

fresh("a schedule by epochs, which logs hold", async () => {
  const { lines, output } = printed();
  const halve = callbacks.LearningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2), 1);
  const { history } = await run(classifier(), [halve], { output });
  const rates = [0.1, 0.05, 0.025, 0.0125];
  history.learning_rate.forEach((rate, i) => assert.ok(Math.abs(rate - rates[i]) < 1e-8));
  assert.match(lines[1], /^\nEpoch 2: LearningRateScheduler setting learning rate to 0.05/);
});

fresh("a plateau lowers the learning rate", async () => {
  const { lines, output } = printed();
  const reduce = callbacks.ReduceLROnPlateau({
    monitor: "loss",
    factor: 0.5,
    patience: 1,
    minDelta: 9,
    verbose: 1,
    minLr: 0.03,
  });
  const { history } = await run(classifier(), [reduce], { output });
  const rates = [0.1, 0.1, 0.05, 0.03];
  history.learning_rate.forEach((rate, i) =>
    assert.ok(Math.abs(rate - rates[i]) < 1e-8, `${history.learning_rate}`),
  );
  assert.match(lines[0], /Epoch 2: ReduceLROnPlateau reducing learning rate to 0.05/);
});

fresh("early stopping by a metric that is to rise, back to the best weights", async () => {
  const model = classifier();
  const { lines, output } = printed();
  const stop = callbacks.EarlyStopping({
    monitor: "accuracy",
    minDelta: 2,
    patience: 2,
    verbose: 1,
    restoreBestWeights: true,
  });
  const weights: number[][] = [];
  const keep = callbacks.LambdaCallback({
    onEpochEnd: async () => void weights.push(values((await model.getWeights())[0])),
  });
  const { epoch } = await run(model, [keep, stop], { epochs: 9, output });
  assert.equal(epoch, [0, 1, 2]);
  assert.equal(lines, [
    "Epoch 3: early stopping\n",
    "Restoring model weights from the end of the best epoch: 1.\n",
  ]);
  assert.equal(values((await model.getWeights())[0]), weights[0]);
});

fresh("a value that nobody logs", async () => {
  const stop = callbacks.EarlyStopping({ monitor: "nothing", mode: "min" });
  const { epoch } = await run(classifier(), [stop], { epochs: 2 });
  assert.equal([epoch.length, stop.stoppedEpoch], [2, 0], "a warning, and training goes on");
  const undecided = run(classifier(), [callbacks.EarlyStopping({ monitor: "nothing" })], { epochs: 2 });
  const { message } = await undecided.then(
    () => new Error("no error"),
    (error: Error) => error,
  );
  assert.match(message, /isn't able to automatically determine/);
});

fresh("NaN ends training", async () => {
  const model = classifier(keras.optimizers.SGD(Number.MAX_VALUE));
  const { lines, output } = printed();
  const { epoch } = await run(model, [callbacks.TerminateOnNaN()], { output, epochs: 5 });
  assert.ok(
    epoch.length < 5 && /^Batch \d: Invalid loss, terminating training\n$/.test(lines[0]),
    `${lines}`,
  );
});

fresh("checkpoints of the best epochs", async (folder) => {
  const model = classifier();
  const { lines, output } = printed();
  const path = join(folder, "deep", "model.{epoch:02d}-{loss:.2f}.keras");
  const { history } = await run(
    model,
    [callbacks.ModelCheckpoint(path, { monitor: "loss", saveBestOnly: true, verbose: 1 })],
    { output },
  );
  const names = readdirSync(join(folder, "deep"));
  assert.equal(names.length, 4);
  assert.is(names.sort()[0], `model.01-${history.loss[0].toFixed(2)}.keras`);
  assert.match(lines[0], /Epoch 1: loss improved from None to \d\.\d{5}, saving model to /);
  const again = await keras.models.loadModel(join(folder, "deep", names[3]));
  assert.equal((await again.getWeights()).map(values), (await model.getWeights()).map(values));
});

fresh("a backup goes on after an interruption", async (folder) => {
  const backup = () => callbacks.BackupAndRestore(join(folder, "backup"));
  const whole = await run(classifier(keras.optimizers.SGD({ learningRate: 0.1, momentum: 0.9 })), [], {
    shuffle: false,
  });
  const cut = callbacks.LambdaCallback({
    onEpochBegin: (epoch: number) => {
      if (epoch === 2) throw new Error("power cut");
    },
  });
  const first = classifier(keras.optimizers.SGD({ learningRate: 0.1, momentum: 0.9 }));
  await run(first, [backup(), cut], { shuffle: false }).then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, "power cut"),
  );
  const second = classifier(keras.optimizers.SGD({ learningRate: 0.1, momentum: 0.9 }));
  const { epoch, history } = await run(second, [backup()], { shuffle: false });
  assert.equal(epoch, [2, 3]);
  history.loss.forEach((loss, i) => assert.ok(Math.abs(loss - whole.history.loss[i + 2]) < 1e-6, `${loss}`));
  assert.not.ok(existsSync(join(folder, "backup")));
});

fresh("a table of the epochs", async (folder) => {
  const file = join(folder, "log.csv");
  const { history } = await run(classifier(), [callbacks.CSVLogger(file)], { epochs: 2 });
  await run(classifier(), [callbacks.CSVLogger(file, ",", true)], { epochs: 1 });
  const lines = readFileSync(file, "utf8").split("\r\n");
  assert.is(lines[0], "epoch,accuracy,loss,val_accuracy,val_loss");
  assert.is(lines[1], `0,${history.accuracy[0]},${history.loss[0]},NA,NA`);
  assert.is(lines.length, 5, "one header, three epochs, an end");
});

fresh("moving averages are evaluated, weights go on being trained", async () => {
  const model = classifier(keras.optimizers.SGD({ learningRate: 0.5, useEma: true, emaMomentum: 0.9 }));
  const seen: Logs[] = [];
  const look = callbacks.LambdaCallback({
    onEpochEnd: (_: number, logs: Logs) => void seen.push({ ...logs }),
  });
  await run(model, [callbacks.SwapEMAWeights(), look], { validationData: [x, y] });
  const loss = await model.evaluate(x, y, { verbose: 0, returnDict: true });
  assert.ok(Math.abs(loss.loss - seen[3].val_loss) < 1e-6, "fit ends with the averages that were evaluated");
});

/** The records of an event file: checks lengths and checksums, gives the payloads. */
function records(bytes: Buffer): Buffer[] {
  const crc = (part: Buffer): number => {
    let value = 0xffffffff;
    for (const byte of part) {
      value ^= byte;
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    }
    value = ~value >>> 0;
    return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
  };
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = Number(bytes.readBigUInt64LE(at));
    assert.is(bytes.readUInt32LE(at + 8), crc(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + size);
    assert.is(bytes.readUInt32LE(at + 12 + size), crc(data));
    found.push(data);
    at += 16 + size;
  }
  return found;
}

fresh("event files of TensorBoard", async (folder) => {
  const board = callbacks.TensorBoard({
    logDir: folder,
    histogramFreq: 1,
    writeImages: true,
    updateFreq: "batch",
    writeStepsPerSecond: true,
  });
  await run(classifier(), [board], { epochs: 2, validationSplit: 0.5 });
  const read = (part: string): string[] => {
    const [name] = readdirSync(join(folder, part));
    assert.match(name, /tfevents/);
    return records(readFileSync(join(folder, part, name))).map((record) => record.toString("latin1"));
  };
  const train = read("train");
  assert.match(train[0], /brain\.Event:2/);
  for (const tag of [
    "keras",
    "epoch_loss",
    "epoch_accuracy",
    "epoch_learning_rate",
    "batch_loss",
    "kernel/histogram",
    "kernel/image",
  ])
    assert.ok(
      train.some((record) => record.includes(tag)),
      tag,
    );
  const validation = read("validation");
  for (const tag of ["epoch_loss", "evaluation_loss_vs_iterations"])
    assert.ok(
      validation.some((record) => record.includes(tag)),
      tag,
    );
});

test.run();
