/**
 * VGG16 (Simonyan and Zisserman, 2014): convolutions of 3 by 3, pooling, and three dense layers.
 */
import type { Tensor } from "../../tensor.ts";
import { Conv2D, Dense, Flatten, MaxPooling2D } from "../layers/index.ts";
import {
  type Application,
  type ApplicationOptions,
  makeApplication,
  readApplication,
} from "./application.ts";
import { decodePredictions, preprocessor } from "./imagenet.ts";
import { applicationsFolder, kernels } from "./pretrained.ts";

/**
 * Example: `keras.applications.VGG16({ weights: null })`, or `await keras.applications.VGG16()` with published weights (528 MB). Images [n, 224, 224, 3] from
 * `vgg16.preprocessInput` to [n, 1000]. Throws ModelError for options that do not fit.
 */
export const VGG16 = ((options: ApplicationOptions = {}) =>
  makeApplication(
    {
      defaultSize: 224,
      minSize: 32,
      name: "vgg16",
      body,
      head,
      files: {
        base: `${applicationsFolder}/vgg16`,
        names: kernels("vgg16"),
        checksums: ["64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"],
      },
    },
    readApplication(options, "VGG16"),
  )) as Application;

/** Filters of each block, and its number of convolutions. */
const blocks: readonly (readonly [filters: number, count: number])[] = [
  [64, 2],
  [128, 2],
  [256, 3],
  [512, 3],
  [512, 3],
];

function body(images: Tensor): Tensor {
  let x = images;
  for (const [i, [filters, count]] of blocks.entries()) {
    const name = `block${i + 1}`;
    for (let k = 1; k <= count; k++)
      x = Conv2D(filters, 3, { activation: "relu", padding: "same", name: `${name}_conv${k}` })(x);
    x = MaxPooling2D(2, 2, { name: `${name}_pool` })(x);
  }
  return x;
}

function head(features: Tensor): Tensor {
  const flat = Flatten({ name: "flatten" })(features);
  const first = Dense(4096, { activation: "relu", name: "fc1" })(flat);
  return Dense(4096, { activation: "relu", name: "fc2" })(first);
}

/** `keras.applications.vgg16`. */
export const vgg16 = { VGG16, preprocessInput: preprocessor("caffe"), decodePredictions };
