/**
 * `keras.ops.convTranspose`: the transpose of a convolution, which is what maps its result's gradient back to its input. The input spread out
 * by the strides is convolved with the reversed kernel.
 */
import { equalDims } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { staticDim, type TensorLike } from "../../tensor.ts";
import { session } from "../session.ts";
import { promoted } from "./apply.ts";
import { channelsBack, channelsLast, type DataFormat, type PerAxis, perAxis, windowAxes } from "./conv.ts";
import { reverse } from "./movement.ts";
import { parametric } from "./operation.ts";

export interface ConvTransposeOptions {
  /** Default 1. */
  strides?: PerAxis;
  /** "valid" (default): the result is (size - 1) stride + kernel long, at least size stride; "same": size stride. */
  padding?: "valid" | "same";
  /** How much longer than the shortest possible result; default null: see `padding`. */
  outputPadding?: PerAxis | null;
  dataFormat?: DataFormat | null;
  /** Default 1. */
  dilationRate?: PerAxis;
}

/**
 * Zeros before and after the spread out input. The total makes up the lengths above; with `outputPadding` given, "same" is
 * (size - 1) stride + kernel % 2 + outputPadding long.
 */
function transposePadding(
  kernel: number,
  stride: number,
  padding: "valid" | "same",
  output: number | undefined,
): [number, number] {
  if (padding === "valid") return [kernel - 1, kernel - 1 + (output ?? Math.max(kernel, stride) - kernel)];
  const total = output === undefined ? stride + kernel - 2 : kernel + (kernel % 2) - 2 + output;
  const before = Math.min(Math.ceil(total / 2), kernel - 1);
  return [before, total - before];
}

/** inputs: [n, ...spatial, channels] (channels_last), kernel: [...sizes, filters, channels]; the result is [n, ...positions, filters]. */
export const convTranspose = parametric(
  "nn",
  "convTranspose",
  ["strides", "padding", "outputPadding", "dataFormat", "dilationRate"],
  (inputs: TensorLike, kernel: TensorLike, options: ConvTransposeOptions) => {
    const { strides = 1, padding = "valid", outputPadding = null, dilationRate = 1 } = options;
    const format = options.dataFormat ?? session.dataFormat;
    const [given, weights] = promoted(inputs, kernel);
    const rank = given.rank - 2;
    const x = channelsLast(given, format);
    if (rank < 1 || weights.rank !== given.rank || !equalDims(x.shape[rank + 1], weights.shape[rank + 1]))
      throw new ModelError("inputs do not fit the kernel", {
        where: "ops.convTranspose",
        expected: "inputs [n, ...spatial, channels] and a kernel [...sizes, filters, channels]",
        got: `${given} and ${weights}`,
      });
    const [steps, dilation] = [
      perAxis(strides, rank, "strides"),
      perAxis(dilationRate, rank, "dilation rate"),
    ];
    const output = outputPadding === null ? undefined : [outputPadding].flat();
    const widths = steps.map((stride, i) => {
      const extent = (staticDim(weights.shape[i], "the size of a kernel") - 1) * dilation[i] + 1;
      return transposePadding(extent, stride, padding, output?.[i] ?? output?.[0]);
    });
    const spread = x.engine.op("pad", [x], {
      low: [0, ...widths.map(([low]) => low), 0],
      high: [0, ...widths.map(([, high]) => high), 0],
      interior: [0, ...steps.map((stride) => stride - 1), 0],
      value: 0,
    })[0];
    const axes = steps.map((_, i) => i);
    const [k, y] = [axes.map((i) => `k${i}`).join(" "), axes.map((i) => `y${i}`).join(" ")];
    const window = windowAxes(
      steps.map(() => 1),
      dilation,
    );
    const spec = `n ${window} c, ${k} o c -> n ${y} o`;
    return channelsBack(x.engine.op("contract", [spread, reverse(weights, axes)], { spec })[0], format);
  },
);
