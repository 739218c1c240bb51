/**
 * The weights of a layer as older versions stored them, in today's layout. Keras 1 kept a matrix for each gate of a recurrent layer, and kernels of
 * images in the order of Theano, [filters, channels, rows, columns]. Theano's convolution is the mathematical one, which turns the kernel
 * round: what was trained with it must be turned back. Layers for cuDNN stored transposed kernels and two biases.
 */
import type { NDArray } from "../../../../ir/ndarray.ts";
import { classNameOf } from "../../config.ts";
import type { Layer } from "../../layers/layer.ts";
import { joined, reshaped, reversed, split, transposed } from "./arrays.ts";

/** Who wrote the weights. */
export interface Origin {
  /** The first number of Keras's version. */
  readonly version: number;
  readonly backend: string | undefined;
}

/** The weights in the order in which files before Keras 3 have them: those that are trained, then the others. */
export const legacyWeights = (layer: Layer<unknown>) => [
  ...layer.trainableWeights,
  ...layer.nonTrainableWeights,
];

/** Weights of a layer, of all layers inside of it too, in the order of `legacyWeights`. */
export function convertWeights(
  layer: Layer<unknown>,
  arrays: readonly NDArray[],
  origin: Origin,
): readonly NDArray[] {
  if (origin.version >= 3) return arrays;
  const inner = layer.sublayers;
  if (inner.length > 0 && layer.ownWeights.length === 0 && !isRecurrent(layer))
    return convertInner(inner, arrays, origin);
  const config = layer.getConfig();
  const ours = origin.version < 2 ? fromKeras1(layer, config, [...arrays]) : [...arrays];
  return fromCudnn(layer, turnedBack(layer, config, ours, origin));
}

/** Cells are layers inside of recurrent layers: their weights are converted together. */
const isRecurrent = (layer: Layer<unknown>): boolean =>
  /^(LSTM|GRU|SimpleRNN|ConvLSTM\dD)$/.test(classNameOf(layer));

/** First what is trained of each layer, then what is not. */
function convertInner(
  inner: readonly Layer<unknown>[],
  arrays: readonly NDArray[],
  origin: Origin,
): readonly NDArray[] {
  let at = 0;
  const take = (count: number): readonly NDArray[] => {
    at += count;
    return arrays.slice(at - count, at);
  };
  const trained = inner.map((layer) => take(layer.trainableWeights.length));
  const others = inner.map((layer) => take(layer.nonTrainableWeights.length));
  const converted = inner.map((layer, i) => convertWeights(layer, [...trained[i], ...others[i]], origin));
  return [
    ...converted.flatMap((weights, i) => weights.slice(0, trained[i].length)),
    ...converted.flatMap((weights, i) => weights.slice(trained[i].length)),
    ...arrays.slice(at),
  ];
}

type Config = ReturnType<Layer["getConfig"]>;

function fromKeras1(layer: Layer<unknown>, config: Config, arrays: NDArray[]): NDArray[] {
  const name = classNameOf(layer);
  const [kernel, ...rest] = arrays;
  const first = config.data_format === "channels_first";
  if (name === "Conv1D" && kernel?.shape.length === 4) {
    const size = Array.isArray(config.kernel_size) ? config.kernel_size[0] : config.kernel_size;
    // The first versions stored [filters, channels, size, 1]; later ones [size, 1, channels, filters].
    const isNew = kernel.shape[0] === size && kernel.shape[1] === 1;
    const ours = isNew ? kernel : transposed(kernel, [2, 3, 1, 0]);
    return [reshaped(ours, [ours.shape[0], ours.shape[2], ours.shape[3]]), ...rest];
  }
  if (name === "Conv2D" && first) return [transposed(kernel, [2, 3, 1, 0]), ...rest];
  if (name === "Conv2DTranspose") return [transposed(kernel, first ? [2, 3, 0, 1] : [0, 1, 3, 2]), ...rest];
  if (name === "Conv3D" && first) return [transposed(kernel, [2, 3, 4, 1, 0]), ...rest];
  if (name === "GRU" && arrays.length === 9) return gates(arrays, [0, 1, 2]);
  // The order of the gates was input, candidate, forget, output.
  if ((name === "LSTM" || name === "ConvLSTM2D") && arrays.length === 12) {
    const whole = gates(arrays, [0, 2, 1, 3]);
    return name === "ConvLSTM2D" && first
      ? whole.map((w, i) => (i < 2 ? transposed(w, [2, 3, 1, 0]) : w))
      : whole;
  }
  return arrays;
}

/** Kernel, recurrent kernel and bias, each of all gates, from three arrays for each gate. */
const gates = (arrays: readonly NDArray[], order: readonly number[]): NDArray[] =>
  [0, 1, 2].map((part) => joined(order.map((gate) => arrays[3 * gate + part])));

const convolutions: readonly string[] = ["Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D"];

function turnedBack(
  layer: Layer<unknown>,
  config: Config,
  arrays: NDArray[],
  { version, backend }: Origin,
): NDArray[] {
  const name = classNameOf(layer);
  // Files of Keras 1 do not say which backend wrote them; the layout of Theano was the default with Theano.
  const theano =
    backend === "theano" || (backend === undefined && version < 2 && config.data_format === "channels_first");
  if (!theano || !convolutions.includes(name)) return arrays;
  return arrays.map((array, i) => {
    const isKernel = i === 0 || (i === 1 && name === "ConvLSTM2D");
    return isKernel ? reversed(array, array.shape.map((_, axis) => axis).slice(0, -2)) : array;
  });
}

/** Weights of CuDNNLSTM and CuDNNGRU, which became LSTM and GRU. Their biases are twice as long: that is how they are known. */
function fromCudnn(layer: Layer<unknown>, arrays: NDArray[]): NDArray[] {
  const count = { LSTM: 4, GRU: 3 }[classNameOf(layer)];
  const [kernel, recurrent, bias] = arrays;
  if (count === undefined || bias === undefined || bias.shape.length !== 1) return arrays;
  if (bias.shape[0] !== 2 * count * recurrent.shape[0]) return arrays;
  const inputs = joined(
    split(kernel, count).map((part) => transposed(reshaped(part, [...part.shape].reverse()), [1, 0])),
  );
  const states = joined(split(recurrent, count).map((part) => transposed(part, [1, 0])));
  const [a, b] = split(bias, 2);
  if (count === 3) return [inputs, states, reshaped(bias, [2, bias.shape[0] / 2])];
  return [
    inputs,
    states,
    {
      ...a,
      data: Float32Array.from({ length: a.data.length }, (_, i) => Number(a.data[i]) + Number(b.data[i])),
    },
  ];
}
