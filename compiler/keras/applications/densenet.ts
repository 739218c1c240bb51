/**
 * DenseNet121 (Huang et al., 2016): each layer reads the features of all layers before it in its block.
 */
import type { Tensor } from "../../tensor.ts";
import {
  Activation,
  AveragePooling2D,
  BatchNormalization,
  Concatenate,
  Conv2D,
  MaxPooling2D,
  ZeroPadding2D,
} from "../layers/index.ts";
import {
  type Application,
  type ApplicationOptions,
  makeApplication,
  readApplication,
} from "./application.ts";
import { decodePredictions, preprocessor } from "./imagenet.ts";
import { channelAxis, channelsOf } from "./input-shape.ts";
import { applicationsFolder, kernels } from "./pretrained.ts";

/**
 * Example: `keras.applications.DenseNet121({ weights: null })`, or `await keras.applications.DenseNet121()` with published weights. Images [n, 224, 224, 3]
 * from `densenet.preprocessInput` to [n, 1000]. Throws ModelError for options that do not fit.
 */
export const DenseNet121 = ((options: ApplicationOptions = {}) =>
  makeApplication(
    {
      defaultSize: 224,
      minSize: 32,
      name: "densenet121",
      body,
      poolingNames: { avg: "avg_pool", max: "max_pool" },
      files: {
        base: `${applicationsFolder}/densenet`,
        names: kernels("densenet121"),
        checksums: ["9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"],
      },
    },
    readApplication(options, "DenseNet121"),
  )) as Application;

/** The channels that each layer adds. */
const growthRate = 32;

function body(images: Tensor): Tensor {
  let x = Conv2D(64, 7, { strides: 2, useBias: false, name: "conv1_conv" })(ZeroPadding2D(3)(images));
  x = rectified(x, "conv1");
  x = MaxPooling2D(3, 2, { name: "pool1" })(ZeroPadding2D(1)(x));
  x = transition(denseBlock(x, 6, "conv2"), "pool2");
  x = transition(denseBlock(x, 12, "conv3"), "pool3");
  x = transition(denseBlock(x, 24, "conv4"), "pool4");
  x = denseBlock(x, 16, "conv5");
  return Activation("relu", { name: "relu" })(normalized(x, "bn"));
}

const normalized = (x: Tensor, name: string): Tensor =>
  BatchNormalization({ axis: channelAxis(), epsilon: 1.001e-5, name })(x);
const rectified = (x: Tensor, name: string): Tensor =>
  Activation("relu", { name: `${name}_relu` })(normalized(x, `${name}_bn`));

function denseBlock(x: Tensor, layers: number, name: string): Tensor {
  let features = x;
  for (let i = 1; i <= layers; i++) features = denseLayer(features, `${name}_block${i}`);
  return features;
}

function denseLayer(x: Tensor, name: string): Tensor {
  let y = rectified(x, `${name}_0`);
  y = Conv2D(4 * growthRate, 1, { useBias: false, name: `${name}_1_conv` })(y);
  y = rectified(y, `${name}_1`);
  y = Conv2D(growthRate, 3, { padding: "same", useBias: false, name: `${name}_2_conv` })(y);
  return Concatenate({ axis: channelAxis(), name: `${name}_concat` })([x, y]);
}

/** Half the channels and half the size. */
function transition(x: Tensor, name: string): Tensor {
  const channels = Math.trunc(channelsOf(x) / 2);
  const y = Conv2D(channels, 1, { useBias: false, name: `${name}_conv` })(rectified(x, name));
  return AveragePooling2D(2, 2, { name: `${name}_pool` })(y);
}

/** `keras.applications.densenet`. */
export const densenet = { DenseNet121, preprocessInput: preprocessor("torch"), decodePredictions };
