/**
 * MobileNetV2 (Sandler et al., 2018): inverted residuals, which widen, filter each channel by itself, and narrow again.
 */
import type { Tensor } from "../../tensor.ts";
import { Add, BatchNormalization, Conv2D, DepthwiseConv2D, ReLU, ZeroPadding2D } from "../layers/index.ts";
import { readOptions } from "../options.ts";
import {
  type Application,
  type ApplicationOptions,
  applicationDefaults,
  makeApplication,
} from "./application.ts";
import { decodePredictions, preprocessor } from "./imagenet.ts";
import { channelAxis, channelsOf, correctPad, imageSize } from "./input-shape.ts";
import { applicationsFolder } from "./pretrained.ts";
import { roundToMultiple } from "./width.ts";

export interface MobileNetV2Options extends ApplicationOptions {
  /** Factor on the number of filters in each layer; default 1. */
  alpha?: number;
}

const sizes = [96, 128, 160, 192, 224];

/** Filters and strides of the inverted residuals, and how often each comes; those after the first of a group have stride 1. */
const groups: readonly (readonly [filters: number, stride: number, count: number])[] = [
  [16, 1, 1],
  [24, 2, 2],
  [32, 2, 3],
  [64, 2, 4],
  [96, 1, 3],
  [160, 2, 3],
  [320, 1, 1],
];

/**
 * Example: `keras.applications.MobileNetV2({ weights: null })`, or `await keras.applications.MobileNetV2()` with published weights. Images [n, 224, 224, 3]
 * from `mobilenetV2.preprocessInput` to [n, 1000]. Throws ModelError for options that do not fit.
 */
export const MobileNetV2 = ((options: MobileNetV2Options = {}) => {
  const defaults = { ...applicationDefaults, alpha: 1 };
  const { alpha, ...read } = readOptions([options], defaults, { owner: "MobileNetV2", positional: [] });
  const [rows, columns] = imageSize(read.inputShape ?? [224, 224, 3]);
  const size = rows !== null && rows === columns && sizes.includes(rows) ? rows : 224;
  const shown = read.inputShape === null && !read.includeTop ? "None" : (rows ?? "None");
  const width = Number.isInteger(alpha) ? alpha.toFixed(1) : String(alpha);
  const prefix = `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${width}_${size}`;
  return makeApplication(
    {
      defaultSize: size,
      minSize: 32,
      name: `mobilenetv2_${alpha.toFixed(2)}_${shown}`,
      body: (images) => body(images, alpha),
      files: { base: `${applicationsFolder}/mobilenet_v2`, names: [`${prefix}.h5`, `${prefix}_no_top.h5`] },
    },
    read,
  );
}) as Application<MobileNetV2Options>;

function body(images: Tensor, alpha: number): Tensor {
  const first = roundToMultiple(32 * alpha, 8);
  const conv = Conv2D(first, 3, { strides: 2, padding: "same", useBias: false, name: "Conv1" })(images);
  let x = ReLU(6, { name: "Conv1_relu" })(normalization("bn_Conv1")(conv));
  let block = 0;
  for (const [filters, stride, count] of groups)
    for (let i = 0; i < count; i++, block++)
      x = invertedResidual(x, { filters, alpha, stride: i === 0 ? stride : 1, block });
  // The last convolution is never narrower than in the paper.
  const last = alpha > 1 ? roundToMultiple(1280 * alpha, 8) : 1280;
  x = Conv2D(last, 1, { useBias: false, name: "Conv_1" })(x);
  return ReLU(6, { name: "out_relu" })(normalization("Conv_1_bn")(x));
}

const normalization = (name: string) =>
  BatchNormalization({ axis: channelAxis() === 1 ? 1 : -1, epsilon: 1e-3, momentum: 0.999, name });

interface Block {
  readonly filters: number;
  readonly alpha: number;
  readonly stride: number;
  /** Number 0 does not widen. */
  readonly block: number;
}

function invertedResidual(inputs: Tensor, { filters, alpha, stride, block }: Block): Tensor {
  const channels = channelsOf(inputs);
  const narrow = roundToMultiple(Math.trunc(filters * alpha), 8);
  const name = block === 0 ? "expanded_conv_" : `block_${block}_`;
  const pointwise = (x: Tensor, count: number, part: string): Tensor =>
    normalization(`${name}${part}_BN`)(
      Conv2D(count, 1, { padding: "same", useBias: false, name: name + part })(x),
    );
  let x = inputs;
  if (block > 0) x = ReLU(6, { name: `${name}expand_relu` })(pointwise(x, 6 * channels, "expand"));
  if (stride === 2) x = ZeroPadding2D(correctPad(x, 3), { name: `${name}pad` })(x);
  const padding = stride === 1 ? "same" : "valid";
  x = DepthwiseConv2D(3, { strides: stride, padding, useBias: false, name: `${name}depthwise` })(x);
  x = ReLU(6, { name: `${name}depthwise_relu` })(normalization(`${name}depthwise_BN`)(x));
  x = pointwise(x, narrow, "project");
  return channels === narrow && stride === 1 ? Add({ name: `${name}add` })([inputs, x]) : x;
}

/** `keras.applications.mobilenetV2`. */
export const mobilenetV2 = { MobileNetV2, preprocessInput: preprocessor("tf"), decodePredictions };
