/**
 * `keras.ops`, convolutions over one or more spatial axes. A convolution is one contraction of an explicitly padded operand; the spec of a
 * 2-D one reads "n 2*y0+k0 2*y1+k1 c, k0 k1 c o -> n y0 y1 o". Channels come last inside; channels_first is transposed on the way in and out.
 */

import { divideDims } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { promoteOperands, setShape, staticDim, type Tensor, type TensorLike } from "../../tensor.ts";
import { session } from "../session.ts";
import { permute } from "./movement.ts";
import { parametric } from "./operation.ts";
import { padTensor } from "./padding.ts";

export type DataFormat = "channels_last" | "channels_first";
export type Padding = "valid" | "same" | "causal";
/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

export interface ConvOptions {
  /** Default 1. */
  strides?: PerAxis;
  /** "valid" (default) pads nothing; "same" keeps size / stride; "causal" (one axis) never looks ahead. */
  padding?: Padding;
  dataFormat?: DataFormat | null;
  /** Distance between the taps of the kernel; default 1. */
  dilationRate?: PerAxis;
}

/** One number per spatial axis; throws ModelError for another count. */
export function perAxis(value: PerAxis, rank: number, what: string): number[] {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : [...value];
  if (list.length === rank && list.every((item) => Number.isInteger(item) && item > 0)) return list;
  throw new ModelError(`bad ${what}`, {
    expected: `a positive integer, or ${rank} of them`,
    got: JSON.stringify(value),
  });
}

/** How many zeros "same" puts before and after `size` elements: the odd one goes behind, as in TensorFlow. */
export function samePadding(size: number, window: number, stride: number): [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** `x` with its channels last. */
export const channelsLast = (x: Tensor, format: DataFormat): Tensor =>
  format === "channels_last" ? x : permute(x, [0, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 2), 1]);
/** The way back. */
export const channelsBack = (x: Tensor, format: DataFormat): Tensor =>
  format === "channels_last"
    ? x
    : permute(x, [0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 1)]);

/** Pads the spatial axes for windows of the given extents. */
export function padSpatial(
  x: Tensor,
  windows: readonly number[],
  strides: readonly number[],
  padding: Padding,
  value: number,
): Tensor {
  if (padding === "valid") return x;
  const widths = windows.map((window, i): [number, number] => {
    if (padding === "causal") return [window - 1, 0];
    return samePadding(staticDim(x.shape[i + 1], "the size of a padded axis"), window, strides[i]);
  });
  return padTensor(
    x,
    [0, ...widths.map(([low]) => low), 0],
    [0, ...widths.map(([, high]) => high), 0],
    value,
  );
}

/** "2*y0+k0 2*y1+k1": the window axes of an operand. */
export const windowAxes = (strides: readonly number[], dilation: readonly number[]): string =>
  strides.map((stride, i) => `${times(stride, `y${i}`)}+${times(dilation[i], `k${i}`)}`).join(" ");
const times = (factor: number, axis: string): string => (factor === 1 ? axis : `${factor}*${axis}`);
const axes = (prefix: string, count: number): string =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`).join(" ");

interface Prepared {
  readonly x: Tensor;
  readonly kernel: Tensor;
  readonly rank: number;
  readonly window: string;
  readonly format: DataFormat;
}

function prepare(inputs: TensorLike, weights: TensorLike, options: ConvOptions, where: string): Prepared {
  const [x, kernel] = promoteOperands([inputs, weights], session.engine());
  const rank = x.rank - 2;
  if (rank < 1 || kernel.rank !== rank + 2) {
    throw new ModelError("ranks do not fit", {
      where,
      expected: "inputs and a kernel of one rank, at least 3",
      got: `${x} and ${kernel}`,
    });
  }
  const format = options.dataFormat ?? session.dataFormat;
  const strides = perAxis(options.strides ?? 1, rank, "strides");
  const dilation = perAxis(options.dilationRate ?? 1, rank, "dilation rate");
  const extents = dilation.map((d, i) => (staticDim(kernel.shape[i], "the size of a kernel") - 1) * d + 1);
  const padded = padSpatial(channelsLast(x, format), extents, strides, options.padding ?? "valid", 0);
  return { x: padded, kernel, rank, window: windowAxes(strides, dilation), format };
}

/**
 * Convolution. inputs: [n, ...spatial, channels] (channels_last), kernel: [...sizes, channels / groups, filters]; the result is
 * [n, ...positions, filters]. The number of groups follows from the shapes. Throws ModelError where channels do not fit.
 */
export const conv = parametric(
  "nn",
  "conv",
  ["strides", "padding", "dataFormat", "dilationRate"],
  (inputs: TensorLike, kernel: TensorLike, options: ConvOptions) =>
    convOf(prepare(inputs, kernel, options, "ops.conv")),
);

function convOf({ x, kernel, rank, window, format }: Prepared): Tensor {
  const [channels, perGroup] = [x.shape[rank + 1], kernel.shape[rank]];
  const filters = staticDim(kernel.shape[rank + 1], "the number of filters");
  const groups = divideDims(channels, perGroup);
  if (typeof groups !== "number" || groups < 1 || filters % groups !== 0) {
    throw new ModelError("channels do not fit the kernel", {
      where: "ops.conv",
      expected: "channels a multiple of the kernel's, filters a multiple of the groups",
      got: `${x} and ${kernel}`,
    });
  }
  const [k, y] = [axes("k", rank), axes("y", rank)];
  if (groups === 1) return channelsBack(contract(x, kernel, `n ${window} c, ${k} c o -> n ${y} o`), format);
  const grouped = setShape(x, [...x.shape.slice(0, -1), groups, perGroup]);
  const split = setShape(kernel, [...kernel.shape.slice(0, -1), groups, filters / groups]);
  const result = contract(grouped, split, `n ${window} g c, ${k} c g o -> n ${y} g o`);
  return channelsBack(setShape(result, [...result.shape.slice(0, -2), filters]), format);
}

/** Depthwise convolution: each channel by its own `multiplier` kernels. kernel: [...sizes, channels, multiplier]. */
export const depthwiseConv = parametric(
  "nn",
  "depthwiseConv",
  ["strides", "padding", "dataFormat", "dilationRate"],
  (inputs: TensorLike, kernel: TensorLike, options: ConvOptions) =>
    depthwiseOf(prepare(inputs, kernel, options, "ops.depthwiseConv")),
);

function depthwiseOf({ x, kernel, rank, window, format }: Prepared): Tensor {
  const channels = staticDim(x.shape[rank + 1], "the number of channels");
  if (kernel.shape[rank] !== channels) {
    throw new ModelError("channels do not fit the kernel", {
      where: "ops.depthwiseConv",
      expected: `${channels} channels`,
      got: kernel.toString(),
    });
  }
  const multiplier = staticDim(kernel.shape[rank + 1], "the depth multiplier");
  const [k, y] = [axes("k", rank), axes("y", rank)];
  if (multiplier === 1) {
    const single = setShape(kernel, kernel.shape.slice(0, -1));
    return channelsBack(contract(x, single, `n ${window} c, ${k} c -> n ${y} c`), format);
  }
  const result = contract(x, kernel, `n ${window} c, ${k} c m -> n ${y} c m`);
  return channelsBack(setShape(result, [...result.shape.slice(0, -2), channels * multiplier]), format);
}

const contract = (a: Tensor, b: Tensor, spec: string): Tensor => a.engine.op("contract", [a, b], { spec })[0];

/** A depthwise convolution, then a pointwise one. */
export const separableConv = parametric(
  "nn",
  "separableConv",
  ["strides", "padding", "dataFormat", "dilationRate"],
  (inputs: TensorLike, depthwiseKernel: TensorLike, pointwiseKernel: TensorLike, options: ConvOptions) => {
    const depthwise = depthwiseOf(prepare(inputs, depthwiseKernel, options, "ops.separableConv"));
    return convOf(
      prepare(depthwise, pointwiseKernel, { dataFormat: options.dataFormat }, "ops.separableConv"),
    );
  },
);
