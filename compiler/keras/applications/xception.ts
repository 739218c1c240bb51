/**
 * Xception (Chollet, 2016): separable convolutions with a shortcut around every two or three.
 */
import type { Tensor } from "../../tensor.ts";
import {
  Activation,
  add,
  BatchNormalization,
  Conv2D,
  MaxPooling2D,
  SeparableConv2D,
} from "../layers/index.ts";
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
 * Example: `keras.applications.Xception({ weights: null })`, or `await keras.applications.Xception()` with published weights. Images [n, 299, 299, 3] from
 * `xception.preprocessInput` to [n, 1000]. Throws ModelError for options that do not fit.
 */
export const Xception = ((options: ApplicationOptions = {}) =>
  makeApplication(
    {
      defaultSize: 299,
      minSize: 71,
      name: "xception",
      body,
      topPoolingName: "avg_pool",
      files: {
        base: `${applicationsFolder}/xception`,
        names: kernels("xception"),
        checksums: ["0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"],
      },
    },
    readApplication(options, "Xception"),
  )) as Application;

function body(images: Tensor): Tensor {
  let x = convolution(images, 32, 2, "block1_conv1");
  x = convolution(x, 64, 1, "block1_conv2");
  // The first separable block begins where a rectifier has just been, and its own is named after the second convolution.
  x = shrinking(x, { block: 2, filters: [128, 128], before: [false, true] });
  x = shrinking(x, { block: 3, filters: [256, 256], before: [true, true] });
  x = shrinking(x, { block: 4, filters: [728, 728], before: [true, true] });
  for (let block = 5; block <= 12; block++)
    x = add([separables(x, { block, filters: [728, 728, 728], before: [true, true, true] }), x]);
  x = shrinking(x, { block: 13, filters: [728, 1024], before: [true, true] });
  x = relu(separable(x, 1536, "block14_sepconv1"), "block14_sepconv1_act");
  return relu(separable(x, 2048, "block14_sepconv2"), "block14_sepconv2_act");
}

const normalized = (x: Tensor, name?: string): Tensor =>
  BatchNormalization({ axis: channelAxis() === 1 ? 1 : -1, name })(x);
const relu = (x: Tensor, name: string): Tensor => Activation("relu", { name })(x);

function convolution(x: Tensor, filters: number, strides: number, name: string): Tensor {
  const y = Conv2D(filters, 3, { strides, useBias: false, name })(x);
  return relu(normalized(y, `${name}_bn`), `${name}_act`);
}

const separable = (x: Tensor, filters: number, name: string): Tensor =>
  normalized(SeparableConv2D(filters, 3, { padding: "same", useBias: false, name })(x), `${name}_bn`);

interface Block {
  readonly block: number;
  readonly filters: readonly number[];
  /** Whether a rectifier comes before each convolution. */
  readonly before: readonly boolean[];
}

function separables(x: Tensor, { block, filters, before }: Block): Tensor {
  let y = x;
  filters.forEach((count, i) => {
    const name = `block${block}_sepconv${i + 1}`;
    if (before[i]) y = relu(y, `${name}_act`);
    y = separable(y, count, name);
  });
  return y;
}

/** Half the size, with a convolution as the shortcut. */
function shrinking(x: Tensor, given: Block): Tensor {
  const width = given.filters.at(-1) ?? 1;
  const around = Conv2D(width, 1, { strides: 2, padding: "same", useBias: false })(x);
  const residual = normalized(around);
  const y = separables(x, given);
  const pooled = MaxPooling2D(3, 2, { padding: "same", name: `block${given.block}_pool` })(y);
  return add([pooled, residual]);
}

/** `keras.applications.xception`. */
export const xception = { Xception, preprocessInput: preprocessor("tf"), decodePredictions };
