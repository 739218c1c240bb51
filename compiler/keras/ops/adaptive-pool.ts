/**
 * `keras.ops`, adaptive pooling: the windows follow from the size of the result. Window i of an axis reaches from floor(i size / count) to
 * ceil((i + 1) size / count); windows may overlap and differ in length by one.
 */
import type { NDArray } from "../../../ir/ndarray.ts";
import { staticDim, type Tensor, type TensorLike, toTensor } from "../../tensor.ts";
import { session } from "../session.ts";
import { real } from "./apply.ts";
import { channelsBack, channelsLast, type DataFormat, type PerAxis, perAxis } from "./conv.ts";
import { asTensor, parametric } from "./operation.ts";
import { gather } from "./picking.ts";
import { maxOf } from "./reduce.ts";

interface AdaptiveOptions {
  /** How many positions the result has: one number for all spatial axes, or one for each. */
  outputSize: PerAxis;
  dataFormat?: DataFormat | null;
}

interface Window {
  readonly start: number;
  readonly end: number;
}

const windowsOf = (size: number, count: number): Window[] =>
  Array.from({ length: count }, (_, i) => ({
    start: Math.floor((i * size) / count),
    end: Math.ceil(((i + 1) * size) / count),
  }));

const adaptive = (
  keras: string,
  convert: (x: TensorLike) => Tensor,
  pool: (x: Tensor, axis: number, windows: readonly Window[]) => Tensor,
) =>
  parametric(
    "nn",
    keras,
    ["outputSize", "dataFormat"],
    (inputs: TensorLike, { outputSize, dataFormat = null }: AdaptiveOptions) => {
      const format = dataFormat ?? session.dataFormat;
      const x = channelsLast(convert(inputs), format);
      const counts = perAxis(outputSize, x.rank - 2, "output size");
      const pooled = counts.reduce((y, count, i) => {
        const size = staticDim(y.shape[i + 1], "the size of a pooled axis");
        return pool(y, i + 1, windowsOf(size, count));
      }, x);
      return channelsBack(pooled, format);
    },
  );

/** The mean of each window: [n, ...spatial, channels] to [n, ...outputSize, channels]. */
export const adaptiveAveragePool = adaptive("adaptiveAveragePool", real, (x, axis, windows) => {
  const names = x.shape.map((_, i) => `a${i}`);
  const result = names.map((name, i) => (i === axis ? "o" : name));
  const weights = toTensor(averaging(Number(x.shape[axis]), windows), x.engine).cast(x.dtype);
  const spec = `${names.join(" ")}, a${axis} o -> ${result.join(" ")}`;
  return x.engine.op("contract", [x, weights], { spec })[0];
});

/** The matrix [size, windows] with 1 / length inside of each window. */
function averaging(size: number, windows: readonly Window[]): NDArray {
  const data = new Float32Array(size * windows.length);
  windows.forEach(({ start, end }, i) => {
    for (let at = start; at < end; at++) data[at * windows.length + i] = 1 / (end - start);
  });
  return { dtype: "f32", shape: [size, windows.length], data };
}

/** The largest element of each window. */
export const adaptiveMaxPool = adaptive("adaptiveMaxPool", asTensor, (x, axis, windows) => {
  const longest = Math.max(...windows.map(({ start, end }) => end - start));
  // A shorter window repeats its last element.
  const positions = windows.flatMap(({ start, end }) =>
    Array.from({ length: longest }, (_, i) => Math.min(start + i, end - 1)),
  );
  const numbers: NDArray = {
    dtype: "i32",
    shape: [windows.length, longest],
    data: Int32Array.from(positions),
  };
  return maxOf(gather(x, toTensor(numbers, x.engine), axis), axis + 1, false);
});
