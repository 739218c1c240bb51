/**
 * `keras.ops` that cut tensors into overlapping pieces and put pieces together: unfold and fold, sequences of a signal, channels as blocks of
 * space.
 */
import { mulDims } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { setShape, staticDim, type Tensor, type TensorLike, toTensor } from "../../tensor.ts";
import { type DataFormat, type PerAxis, perAxis } from "./conv.ts";
import { sliceAxis } from "./joining.ts";
import { permute } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";
import { padTensor } from "./padding.ts";
import { gather } from "./picking.ts";

/** An axis as two: the positions of windows, and the places inside of each. */
export function windowsAlong(x: Tensor, axis: number, size: number, stride: number, dilation = 1): Tensor {
  const length = staticDim(x.shape[axis], "an axis of windows");
  const count = Math.floor((length - (size - 1) * dilation - 1) / stride) + 1;
  if (count < 1)
    throw new ModelError("the window is longer than the axis", {
      expected: `at most ${length}`,
      got: `${(size - 1) * dilation + 1}`,
    });
  const numbers = Array.from(
    { length: count * size },
    (_, i) => Math.floor(i / size) * stride + (i % size) * dilation,
  );
  const indices: NDArray = { dtype: "i32", shape: [count, size], data: Int32Array.from(numbers) };
  return gather(x, toTensor(indices, x.engine), axis);
}

interface SequenceOptions {
  sequenceLength: number;
  sequenceStride: number;
}

/** The overlapping sequences of the last axis: [..., length] gives [..., sequences, sequenceLength]. */
export const extractSequences = parametric(
  "math",
  "extractSequences",
  ["sequenceLength", "sequenceStride"],
  (x: TensorLike, { sequenceLength, sequenceStride }: SequenceOptions) => {
    const tensor = asTensor(x);
    return windowsAlong(tensor, normalizeAxis(-1, tensor.rank), sequenceLength, sequenceStride);
  },
);

interface UnfoldOptions {
  kernelSize: PerAxis;
  /** Default 1. */
  dilation?: PerAxis;
  /** Zeros around height and width; default 0. */
  padding?: PerAxis;
  /** Default 1. */
  stride?: PerAxis;
}
const unfoldOptions = ["kernelSize", "dilation", "padding", "stride"] as const;

/** The options for height and width. */
function pairs({ kernelSize, dilation = 1, padding = 0, stride = 1 }: UnfoldOptions) {
  return {
    kernel: perAxis(kernelSize, 2, "kernel size"),
    dilation: perAxis(dilation, 2, "dilation"),
    stride: perAxis(stride, 2, "stride"),
    padding: typeof padding === "number" ? [padding, padding] : [...padding],
  };
}

/** The blocks under a window that slides over images [n, channels, height, width], one per column: [n, channels kh kw, positions]. */
export const unfold = parametric("nn", "unfold", unfoldOptions, (x: TensorLike, options: UnfoldOptions) => {
  const { kernel, dilation, stride, padding } = pairs(options);
  const images = padTensor(asTensor(x), [0, 0, ...padding], [0, 0, ...padding], 0);
  const rows = windowsAlong(images, 2, kernel[0], stride[0], dilation[0]);
  const blocks = windowsAlong(rows, 4, kernel[1], stride[1], dilation[1]);
  const [n, channels, height, , width] = blocks.shape;
  const size = mulDims(channels, kernel[0] * kernel[1]);
  return setShape(permute(blocks, [0, 1, 3, 5, 2, 4]), [n, size, mulDims(height, width)]);
});

/** Blocks [n, channels kh kw, positions] added at their places in images [n, channels, ...outputSize]: the transpose of `unfold`. */
export const fold = parametric(
  "nn",
  "fold",
  ["outputSize", ...unfoldOptions],
  (x: TensorLike, { outputSize, ...options }: UnfoldOptions & { outputSize: PerAxis }) => {
    const tensor = asTensor(x);
    const { kernel, dilation, stride, padding } = pairs(options);
    const sizes = perAxis(outputSize, 2, "output size").map((size, i) => size + 2 * padding[i]);
    const counts = sizes.map(
      (size, i) => Math.floor((size - dilation[i] * (kernel[i] - 1) - 1) / stride[i]) + 1,
    );
    const channels = staticDim(tensor.shape[1], "the size of blocks") / (kernel[0] * kernel[1]);
    const blocks = setShape(tensor, [tensor.shape[0], channels, ...kernel, ...counts]);
    const placing = sizes.map((size, i) => places(kernel[i], counts[i], stride[i], dilation[i], size));
    const [down, across] = placing.map((array) => toTensor(array, tensor.engine).cast(tensor.dtype));
    const rows = contract(blocks, down, "n c i j p q, i p y -> n c j q y");
    const whole = contract(rows, across, "n c j q y, j q x -> n c y x");
    return padding.reduce(
      (cut, width, i) => (width === 0 ? cut : sliceAxis(cut, i + 2, width, sizes[i] - width)),
      whole,
    );
  },
);

const contract = (a: Tensor, b: Tensor, spec: string): Tensor => a.engine.op("contract", [a, b], { spec })[0];

/** 1 where place i of window p is position y: [size, count, length]. */
function places(size: number, count: number, stride: number, dilation: number, length: number): NDArray {
  const data = new Float32Array(size * count * length);
  for (let i = 0; i < size; i++) {
    for (let p = 0; p < count; p++) data[(i * count + p) * length + p * stride + i * dilation] = 1;
  }
  return { dtype: "f32", shape: [size, count, length], data };
}

interface BlockOptions {
  blockSize: number;
  /** Default "channels_last". */
  dataFormat?: DataFormat | null;
}
const blockOptions = ["blockSize", "dataFormat"] as const;

/**
 * Channels become blocks of space (pixel shuffle): [n, h, w, c] gives [n, h b, w b, c / b^2] with b the block size. Throws ModelError where the
 * channels do not divide.
 */
export const depthToSpace = parametric(
  "nn",
  "depthToSpace",
  blockOptions,
  (x: TensorLike, options: BlockOptions) => {
    const { blockSize: b, dataFormat } = options;
    const tensor = asTensor(x);
    const last = (dataFormat ?? "channels_last") === "channels_last";
    const [n, h, w, c] = last ? tensor.shape : [0, 2, 3, 1].map((axis) => tensor.shape[axis]);
    const channels = staticDim(c, "the number of channels") / (b * b);
    if (!Number.isInteger(channels))
      throw new ModelError("channels do not divide", {
        where: "ops.depthToSpace",
        expected: `a multiple of ${b * b}`,
        got: `${tensor}`,
      });
    const [height, width] = [mulDims(h, b), mulDims(w, b)];
    return last
      ? setShape(permute(setShape(tensor, [n, h, w, b, b, channels]), [0, 1, 3, 2, 4, 5]), [
          n,
          height,
          width,
          channels,
        ])
      : setShape(permute(setShape(tensor, [n, channels, b, b, h, w]), [0, 1, 4, 2, 5, 3]), [
          n,
          channels,
          height,
          width,
        ]);
  },
);

/** Blocks of space become channels: [n, h, w, c] gives [n, h / b, w / b, c b^2]. Throws ModelError where the sizes do not divide. */
export const spaceToDepth = parametric(
  "nn",
  "spaceToDepth",
  blockOptions,
  (x: TensorLike, options: BlockOptions) => {
    const { blockSize: b, dataFormat } = options;
    const tensor = asTensor(x);
    const last = (dataFormat ?? "channels_last") === "channels_last";
    const [n, h, w, c] = last ? tensor.shape : [0, 2, 3, 1].map((axis) => tensor.shape[axis]);
    const [height, width] = [h, w].map((size) => staticDim(size, "the size of an image") / b);
    if (!Number.isInteger(height) || !Number.isInteger(width))
      throw new ModelError("the image does not divide", {
        where: "ops.spaceToDepth",
        expected: `sizes that are multiples of ${b}`,
        got: `${tensor}`,
      });
    const channels = mulDims(c, b * b);
    return last
      ? setShape(permute(setShape(tensor, [n, height, b, width, b, c]), [0, 1, 3, 2, 4, 5]), [
          n,
          height,
          width,
          channels,
        ])
      : setShape(permute(setShape(tensor, [n, c, height, b, width, b]), [0, 1, 3, 5, 2, 4]), [
          n,
          channels,
          height,
          width,
        ]);
  },
);
