/**
 * The progress bar, character for character, against the real one under the same clock (`goldens/progress/make.py`); and what `fit` prints.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras, layers } from "../compiler/index.ts";
import {
  ProgressBar,
  type ProgressOutput,
  type Verbosity,
} from "../compiler/keras/callbacks/progress-bar.ts";
import { fixed } from "../compiler/keras/callbacks/python-format.ts";
import { asArray, asObject, goldenJson } from "./support/goldens.ts";
import { clusters } from "./support/keras-data.ts";

keras.config.setBackend("reference");

/** An output that keeps the text, and a clock that moves when told. */
class Paper implements ProgressOutput {
  text = "";
  seconds = 1000;
  readonly dynamic: boolean;
  /** Seconds that pass between two looks at the clock. */
  private readonly tick: number;
  constructor(dynamic = false, tick = 0) {
    this.dynamic = dynamic;
    this.tick = tick;
  }
  write(text: string): void {
    this.text += text;
  }
  now(): number {
    this.seconds += this.tick;
    return this.seconds;
  }
}

for (const [name, golden] of Object.entries(asObject(goldenJson("progress/progress.json")))) {
  test(name, () => {
    const { target, verbose, dynamic, steps, text } = asObject(golden);
    const paper = new Paper(dynamic === true);
    const bar = new ProgressBar(target === null ? null : Number(target), Number(verbose) as Verbosity, paper);
    for (const [wait, current, logs, finalize] of asArray(steps).map(asArray)) {
      paper.seconds += Number(wait);
      const entries = Object.entries(asObject(logs)).map(([key, value]): [string, number] => [
        key,
        Number(value),
      ]);
      const sorted = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
      bar.update(
        Number(current),
        sorted,
        finalize === true,
        target === null && finalize === true ? Number(current) : undefined,
      );
    }
    assert.fixture(paper.text, String(text));
  });
}

test("ties go to the even digit, as in Python", () => {
  assert.equal(
    [fixed(0.03125, 4), fixed(0.09375, 4), fixed(2.5, 0), fixed(3.5, 0), fixed(-0.03125, 4), fixed(0.1, 4)],
    ["0.0312", "0.0938", "2", "4", "-0.0312", "0.1000"],
  );
});

test("what fit, evaluate and predict print", async () => {
  keras.utils.clearSession();
  keras.utils.setRandomSeed(1);
  const model = keras.Sequential([
    keras.Input([4]),
    layers.Dense(3, { kernelInitializer: "zeros", activation: "softmax" }),
  ]);
  model.compile({
    optimizer: keras.optimizers.SGD(0),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  const { x, y } = clusters(40);
  const paper = new Paper(false, 0.25);
  const output = paper;
  await model.fit(x, y, { epochs: 2, batchSize: 20, verbose: 2, validationSplit: 0.25, output });
  await model.evaluate(x, y, { batchSize: 20, verbose: 2, output });
  await model.predict(x, { batchSize: 20, verbose: 2, output });
  assert.fixture(
    paper.text,
    `Epoch 1/2
2/2 - 0s - 125ms/step - accuracy: 0.4333 - loss: 1.0986 - val_accuracy: 0.4000 - val_loss: 1.0986
Epoch 2/2
2/2 - 0s - 125ms/step - accuracy: 0.4333 - loss: 1.0986 - val_accuracy: 0.4000 - val_loss: 1.0986
2/2 - 0s - 125ms/step - accuracy: 0.4250 - loss: 1.0986
2/2 - 0s - 125ms/step
`,
  );
});

test.run();
