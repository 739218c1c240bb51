// The Keras example to the letter: all of MNIST, 20 epochs, batches of a sixteenth of the data.
// `node --import tsx samples/mnist/full.ts [epochs]`
import { keras, layers, type NDArray, ndarray } from "keratin";
import { loadDigits } from "./digits.ts";

const epochs = Number(process.argv[2] ?? 20);

const { train, test } = await keras.datasets.mnist.loadData().catch((error: Error) => {
  console.log(`${error.message} Going on with the shipped digits.`);
  return loadDigits();
});

const images = ({ shape: [count], data }: NDArray): NDArray =>
  ndarray(
    "f32",
    [count, 28, 28, 1],
    Float32Array.from({ length: data.length }, (_, i) => Number(data[i]) / 255),
  );

const trainImages = images(train.x);
const testImages = images(test.x);
const trainLabels = keras.utils.toCategorical(train.y);
const testLabels = keras.utils.toCategorical(test.y);

const model = keras.Sequential();
model.add(keras.Input([28, 28, 1]));
model.add(layers.Conv2D(32, [3, 3], { activation: "relu" }));
model.add(layers.MaxPooling2D([2, 2]));
model.add(layers.Conv2D(64, [3, 3], { activation: "relu" }));
model.add(layers.MaxPooling2D([2, 2]));
model.add(layers.Conv2D(64, [3, 3], { activation: "relu" }));
model.add(layers.Flatten());
model.add(layers.Dense(64, { activation: "relu" }));
model.add(layers.Dense(10, { activation: "softmax" }));
model.summary();

model.compile({ optimizer: "adam", loss: "categorical_crossentropy", metrics: ["accuracy"] });
const batchSize = Math.floor(trainImages.shape[0] / 16);
await model.fit(trainImages, trainLabels, { epochs, batchSize, validationData: [testImages, testLabels] });

const [, accuracy] = await model.evaluate(testImages, testLabels, { verbose: 2 });
console.log(`test accuracy: ${accuracy.toFixed(4)}`);
