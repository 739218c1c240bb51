// The convolutional network of the Keras examples. `keratin compile samples/mnist/model.ts` takes the export `model`.
import { keras, layers } from "keratin";

export const makeModel = () =>
  keras.Sequential(
    [
      keras.Input([28, 28, 1], { name: "image" }),
      layers.Conv2D(32, [3, 3], { activation: "relu" }),
      layers.MaxPooling2D([2, 2]),
      layers.Conv2D(64, [3, 3], { activation: "relu" }),
      layers.MaxPooling2D([2, 2]),
      layers.Conv2D(64, [3, 3], { activation: "relu" }),
      layers.Flatten(),
      layers.Dense(64, { activation: "relu" }),
      layers.Dense(10, { activation: "softmax", name: "probabilities" }),
    ],
    { name: "mnist" },
  );

export const model = makeModel();
