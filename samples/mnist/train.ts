// Trains the network on the shipped digits and saves it: `node --import tsx samples/mnist/train.ts [epochs] [file.keras]`.
// KERAS_BACKEND chooses where it runs: wasm (default), webgpu, cpp, cuda or reference.
import { keras, type NDArray, ndarray } from "keratin";
import { loadDigits } from "./digits.ts";
import { model } from "./model.ts";

const epochs = Number(process.argv[2] ?? 3);
const file = process.argv[3] ?? "mnist.keras";

/** Bytes to numbers from 0 to 1, with an axis for the one channel. */
const scaled = ({ shape, data }: NDArray): NDArray =>
  ndarray(
    "f32",
    [...shape, 1],
    Float32Array.from({ length: data.length }, (_, i) => Number(data[i]) / 255),
  );

const { train, test } = loadDigits();
const xTrain = scaled(train.x);
const xTest = scaled(test.x);
const yTrain = keras.utils.toCategorical(train.y, 10);
const yTest = keras.utils.toCategorical(test.y, 10);

keras.utils.setRandomSeed(1998);
model.summary();
model.compile({ optimizer: "adam", loss: "categorical_crossentropy", metrics: ["accuracy"] });
await model.fit(xTrain, yTrain, { epochs, batchSize: 128, validationSplit: 0.1 });

const [loss, accuracy] = await model.evaluate(xTest, yTest, { verbose: 0 });
console.log(`test loss: ${loss.toFixed(4)}, test accuracy: ${accuracy.toFixed(4)}`);

const probabilities = await model.predict(xTest, { verbose: 0 });
const first = [...probabilities.data.slice(0, 10)].map(Number);
console.log(
  `the first test image is a ${test.y.data[0]}, the model says ${first.indexOf(Math.max(...first))}`,
);

await model.save(file);
console.log(`saved ${file}`);
