/**
 * `keras.ops`, pooling: the maximum or mean of windows over the spatial axes. "same" pads with -infinity, or does not count the padding.
 */
import type { NDArray } from "../../../ir/ndarray.ts";
import { elementwise, staticDim, type Tensor, type TensorLike } from "../../tensor.ts";
import { session } from "../session.ts";
import { real } from "./apply.ts";
import {
  channelsBack,
  channelsLast,
  type DataFormat,
  type Padding,
  type PerAxis,
  padSpatial,
  perAxis,
  samePadding,
  windowAxes,
} from "./conv.ts";
import { asTensor, parametric } from "./operation.ts";

export interface PoolOptions {
  /** Default: the size of the window. */
  strides?: PerAxis | null;
  /** "valid" (default) or "same". */
  padding?: Padding;
  dataFormat?: DataFormat | null;
}

interface Windows {
  readonly x: Tensor;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly format: DataFormat;
}

function windowsOf(x: Tensor, poolSize: PerAxis, options: PoolOptions): Windows {
  const format = options.dataFormat ?? session.dataFormat;
  const sizes = perAxis(poolSize, x.rank - 2, "pool size");
  const strides = perAxis(options.strides ?? sizes, x.rank - 2, "strides");
  return { x: channelsLast(x, format), sizes, strides, padding: options.padding ?? "valid", format };
}

/** A reduction over the windows: [n, ...spatial, channels] to [n, ...positions, channels]. */
function reduceWindows(name: string, x: Tensor, { sizes, strides }: Windows): Tensor {
  const window = windowAxes(
    strides,
    sizes.map(() => 1),
  );
  const spec = `n ${window} c -> n ${sizes.map((_, i) => `y${i}`).join(" ")} c`;
  return x.engine.op(name, [x], { spec, sizes: sizes.map((size, i) => `k${i}=${size}`) })[0];
}

/** The largest element of each window. */
export const maxPool = parametric(
  "nn",
  "maxPool",
  ["poolSize", "strides", "padding", "dataFormat"],
  (inputs: TensorLike, { poolSize, ...options }: PoolOptions & { poolSize: PerAxis }) => {
    const windows = windowsOf(asTensor(inputs), poolSize, options);
    const padded = padSpatial(
      windows.x,
      windows.sizes,
      windows.strides,
      windows.padding,
      Number.NEGATIVE_INFINITY,
    );
    return channelsBack(reduceWindows("reduce_max", padded, windows), windows.format);
  },
);

/** The mean of each window; of the elements that are not padding. */
export const averagePool = parametric(
  "nn",
  "averagePool",
  ["poolSize", "strides", "padding", "dataFormat"],
  (inputs: TensorLike, { poolSize, ...options }: PoolOptions & { poolSize: PerAxis }) => {
    const windows = windowsOf(real(inputs), poolSize, options);
    const padded = padSpatial(windows.x, windows.sizes, windows.strides, windows.padding, 0);
    const sums = reduceWindows("reduce_sum", padded, windows);
    return channelsBack(elementwise("div", [sums, windowCounts(windows)]), windows.format);
  },
);

/** How many elements of each window are not padding: one number, or an array [...positions, 1]. */
function windowCounts({ x, sizes, strides, padding }: Windows): number | NDArray {
  if (padding === "valid") return sizes.reduce((product, size) => product * size, 1);
  const perAxisCounts = sizes.map((size, i) =>
    axisCounts(staticDim(x.shape[i + 1], "the size of a pooled axis"), size, strides[i]),
  );
  const counts = perAxisCounts.reduce((grid, axis) => grid.flatMap((a) => axis.map((b) => a * b)), [1]);
  return {
    dtype: "f32",
    shape: [...perAxisCounts.map((axis) => axis.length), 1],
    data: Float32Array.from(counts),
  };
}

function axisCounts(size: number, window: number, stride: number): number[] {
  const [low] = samePadding(size, window, stride);
  return Array.from({ length: Math.ceil(size / stride) }, (_, i) => {
    const start = i * stride - low;
    return Math.min(start + window, size) - Math.max(start, 0);
  });
}
