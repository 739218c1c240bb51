/**
 * ResNet50 (He et al., 2015): bottlenecks with a shortcut around each.
 */
import type { Tensor } from "../../tensor.ts";
import { Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, ZeroPadding2D } from "../layers/index.ts";
import {
  type Application,
  type ApplicationOptions,
  makeApplication,
  readApplication,
} from "./application.ts";
import { decodePredictions, preprocessor } from "./imagenet.ts";
import { channelAxis } from "./input-shape.ts";
import { applicationsFolder, kernels } from "./pretrained.ts";

/**
 * Example: `keras.applications.ResNet50({ weights: null })`, or `await keras.applications.ResNet50()` with published weights. Images [n, 224, 224, 3] from
 * `resnet50.preprocessInput` to [n, 1000]. Throws ModelError for options that do not fit.
 */
export const ResNet50 = ((options: ApplicationOptions = {}) =>
  makeApplication(
    {
      defaultSize: 224,
      minSize: 32,
      name: "resnet50",
      body,
      poolingNames: { avg: "avg_pool", max: "max_pool" },
      files: {
        base: `${applicationsFolder}/resnet`,
        names: kernels("resnet50"),
        checksums: ["2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"],
      },
    },
    readApplication(options, "ResNet50"),
  )) as Application;

function body(images: Tensor): Tensor {
  let x = ZeroPadding2D(3, { name: "conv1_pad" })(images);
  x = relu(normalized(Conv2D(64, 7, { strides: 2, name: "conv1_conv" })(x), "conv1_bn"), "conv1_relu");
  x = MaxPooling2D(3, 2, { name: "pool1_pool" })(ZeroPadding2D(1, { name: "pool1_pad" })(x));
  x = stack(x, { filters: 64, blocks: 3, stride: 1, name: "conv2" });
  x = stack(x, { filters: 128, blocks: 4, stride: 2, name: "conv3" });
  x = stack(x, { filters: 256, blocks: 6, stride: 2, name: "conv4" });
  return stack(x, { filters: 512, blocks: 3, stride: 2, name: "conv5" });
}

const normalized = (x: Tensor, name: string): Tensor =>
  BatchNormalization({ axis: channelAxis(), epsilon: 1.001e-5, name })(x);
const relu = (x: Tensor, name: string): Tensor => Activation("relu", { name })(x);

interface Stack {
  readonly filters: number;
  readonly blocks: number;
  /** Of the first block. */
  readonly stride: number;
  readonly name: string;
}

function stack(x: Tensor, { filters, blocks, stride, name }: Stack): Tensor {
  let y = bottleneck(x, { filters, stride, shortcut: true, name: `${name}_block1` });
  for (let i = 2; i <= blocks; i++)
    y = bottleneck(y, { filters, stride: 1, shortcut: false, name: `${name}_block${i}` });
  return y;
}

interface Bottleneck {
  readonly filters: number;
  readonly stride: number;
  /** Whether the shortcut is a convolution, to another width and size. */
  readonly shortcut: boolean;
  readonly name: string;
}

function bottleneck(inputs: Tensor, { filters, stride, shortcut, name }: Bottleneck): Tensor {
  const around = shortcut
    ? normalized(Conv2D(4 * filters, 1, { strides: stride, name: `${name}_0_conv` })(inputs), `${name}_0_bn`)
    : inputs;
  let x = Conv2D(filters, 1, { strides: stride, name: `${name}_1_conv` })(inputs);
  x = relu(normalized(x, `${name}_1_bn`), `${name}_1_relu`);
  x = Conv2D(filters, 3, { padding: "same", name: `${name}_2_conv` })(x);
  x = relu(normalized(x, `${name}_2_bn`), `${name}_2_relu`);
  x = normalized(Conv2D(4 * filters, 1, { name: `${name}_3_conv` })(x), `${name}_3_bn`);
  return relu(Add({ name: `${name}_add` })([around, x]), `${name}_out`);
}

/** `keras.applications.resnet50`, also called `resnet`. */
export const resnet50 = { ResNet50, preprocessInput: preprocessor("caffe"), decodePredictions };
