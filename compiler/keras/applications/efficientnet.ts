/**
 * EfficientNetB0 (Tan and Le, 2019): inverted residuals that weigh their channels. It takes pixels in [0, 255]: the first layers scale them.
 */
import type { Tensor } from "../../tensor.ts";
import {
  Activation,
  Add,
  BatchNormalization,
  Conv2D,
  DepthwiseConv2D,
  Dropout,
  GlobalAveragePooling2D,
  Multiply,
  Normalization,
  Rescaling,
  Reshape,
  ZeroPadding2D,
} from "../layers/index.ts";
import type { Options } from "../options.ts";
import {
  type Application,
  type ApplicationOptions,
  makeApplication,
  readApplication,
} from "./application.ts";
import { decodePredictions, type PreprocessOptions } from "./imagenet.ts";
import { channelAxis, correctPad } from "./input-shape.ts";

/** Filters in and out, and how often each block comes; those after the first of a group have stride 1. */
interface Group {
  readonly kernel: number;
  readonly repeats: number;
  readonly from: number;
  readonly to: number;
  readonly expand: number;
  readonly stride: number;
}

const group = (kernel: number, repeats: number, from: number, to: number, expand: number, stride: number): Group => ({
  kernel, repeats, from, to, expand, stride,
}); // biome-ignore format: one line

const groups: readonly Group[] = [
  group(3, 1, 32, 16, 1, 1),
  group(3, 2, 16, 24, 6, 2),
  group(5, 2, 24, 40, 6, 2),
  group(3, 3, 40, 80, 6, 2),
  group(5, 3, 80, 112, 6, 1),
  group(5, 4, 112, 192, 6, 2),
  group(3, 1, 192, 320, 6, 1),
];
/** Of the channels, what their weights are computed from. */
const squeeze = 0.25;
/** Of the last shortcut; earlier ones drop less. */
const dropConnect = 0.2;

const scaling = (scale: number, distribution: string) => ({
  class_name: "VarianceScaling",
  config: { scale, mode: "fan_out", distribution },
});
const kernelInitializer = scaling(2, "truncated_normal");

/**
 * Example: `keras.applications.EfficientNetB0({ weights: null })`, or `await keras.applications.EfficientNetB0()` with published weights. Images [n, 224, 224, 3] of
 * pixels in [0, 255] to [n, 1000]. Throws ModelError for options that do not fit.
 */
export const EfficientNetB0 = ((options: ApplicationOptions = {}) => {
  const read = readApplication(options, "EfficientNetB0");
  return makeApplication(
    {
      defaultSize: 224,
      minSize: 32,
      name: "efficientnetb0",
      body: (images) => body(images, read.weights === "imagenet"),
      head: (features) =>
        Dropout(0.2, { name: "top_dropout" })(GlobalAveragePooling2D({ name: "avg_pool" })(features)),
      classifierInitializer: scaling(1 / 3, "uniform"),
      poolingNames: { avg: "avg_pool", max: "max_pool" },
      files: {
        base: "https://storage.googleapis.com/keras-applications",
        names: ["efficientnetb0.h5", "efficientnetb0_notop.h5"],
        checksums: ["902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"],
      },
    },
    read,
  );
}) as Application;

const normalized = (x: Tensor, name: string): Tensor => BatchNormalization({ axis: channelAxis(), name })(x);
const swish = (x: Tensor, name: string): Tensor => Activation("swish", { name })(x);
const pointwise = (x: Tensor, filters: number, name: string): Tensor =>
  Conv2D(filters, 1, { padding: "same", useBias: false, kernelInitializer, name })(x);

function body(images: Tensor, pretrained: boolean): Tensor {
  let x = Normalization({ axis: channelAxis() })(Rescaling(1 / 255)(images));
  // The published weights were trained with a division more.
  if (pretrained) x = Rescaling([0.229, 0.224, 0.225].map((deviation) => 1 / Math.sqrt(deviation)))(x);
  x = ZeroPadding2D(correctPad(x, 3), { name: "stem_conv_pad" })(x);
  x = Conv2D(32, 3, { strides: 2, useBias: false, kernelInitializer, name: "stem_conv" })(x);
  x = swish(normalized(x, "stem_bn"), "stem_activation");
  const total = groups.reduce((sum, { repeats }) => sum + repeats, 0);
  let block = 0;
  for (const [i, { repeats, ...first }] of groups.entries())
    for (let k = 0; k < repeats; k++, block++) {
      const given = k === 0 ? first : { ...first, stride: 1, from: first.to };
      x = residual(x, {
        ...given,
        drop: (dropConnect * block) / total,
        name: `block${i + 1}${"abcdefgh"[k]}_`,
      });
    }
  return swish(normalized(pointwise(x, 1280, "top_conv"), "top_bn"), "top_activation");
}

interface Block extends Omit<Group, "repeats"> {
  readonly drop: number;
  readonly name: string;
}

function residual(inputs: Tensor, { kernel, from, to, expand, stride, drop, name }: Block): Tensor {
  const filters = from * expand;
  let x = inputs;
  if (expand !== 1)
    x = swish(
      normalized(pointwise(x, filters, `${name}expand_conv`), `${name}expand_bn`),
      `${name}expand_activation`,
    );
  if (stride === 2) x = ZeroPadding2D(correctPad(x, kernel), { name: `${name}dwconv_pad` })(x);
  const padding = stride === 2 ? "valid" : "same";
  const options = {
    strides: stride,
    padding,
    useBias: false,
    depthwiseInitializer: kernelInitializer,
  } as const;
  x = DepthwiseConv2D(kernel, { ...options, name: `${name}dwconv` })(x);
  x = swish(normalized(x, `${name}bn`), `${name}activation`);
  x = Multiply({ name: `${name}se_excite` })([
    x,
    channelWeights(x, filters, Math.trunc(from * squeeze), name),
  ]);
  x = normalized(pointwise(x, to, `${name}project_conv`), `${name}project_bn`);
  if (stride !== 1 || from !== to) return x;
  if (drop > 0) x = Dropout(drop, { noiseShape: [null, 1, 1, 1], name: `${name}drop` })(x);
  return Add({ name: `${name}add` })([x, inputs]);
}

/** A weight for each channel, from the means of all. */
function channelWeights(x: Tensor, filters: number, squeezed: number, name: string): Tensor {
  const means = GlobalAveragePooling2D({ name: `${name}se_squeeze` })(x);
  const shape = channelAxis() === 1 ? [filters, 1, 1] : [1, 1, filters];
  const dense = (y: Tensor, count: number, activation: string, part: string): Tensor =>
    Conv2D(count, 1, { padding: "same", activation, kernelInitializer, name: name + part })(y);
  const few = dense(
    Reshape(shape, { name: `${name}se_reshape` })(means),
    Math.max(1, squeezed),
    "swish",
    "se_reduce",
  );
  return dense(few, filters, "sigmoid", "se_expand");
}

/** Pixels as they are: the model scales them itself. */
const preprocessInput = <T>(x: T, _options?: Options<PreprocessOptions>): T => x;

/** `keras.applications.efficientnet`. */
export const efficientnet = { EfficientNetB0, preprocessInput, decodePredictions };
