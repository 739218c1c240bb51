/**
 * `keras.ops` on signals: Fourier transforms and short-time spectra. Complex values are pairs of tensors
 * [real part, imaginary part]; the signal is the last axis.
 */
import { type Dim, printDim } from "../../../ir/dim.ts";
import { isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { equalTypes } from "../../../ir/type.ts";
import {
  broadcastTo,
  cast,
  elementwise,
  select,
  setShape,
  staticDim,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { real } from "./apply.ts";
import { type Complex, type ComplexLike, isComplex } from "./complex-pair.ts";
import { resize, type Spectrum, transform } from "./fourier.ts";
import { adjoint } from "./matrix-tools.ts";
import { asTensor, operation, parametric } from "./operation.ts";

const pair = ({ re, im }: Spectrum): Complex => [re, im];

/** Throws ModelError with Keras's words for what is no pair of float tensors of one shape. */
function complexInput(x: ComplexLike): Spectrum {
  const expected = "Input `x` should be a tuple of two tensors - real and imaginary.";
  if (!isComplex(x)) throw new ModelError(`${expected} Received: x=${x}`);
  const [re, im] = x.map((part) => asTensor(part));
  if (!isFloat(re.dtype) || !isFloat(im.dtype))
    throw new ModelError(
      `At least one tensor in input \`x\` is not of type float. Received: x=${re}, ${im}.`,
    );
  if (!equalTypes(re.type, im.type)) {
    throw new ModelError(
      `${expected} Both the real and imaginary parts should have the same shape. Received: x[0].shape = ${re}, x[1].shape = ${im}`,
    );
  }
  return { re, im };
}

const scaled = (x: Spectrum, by: number): Spectrum => ({
  re: elementwise("mul", [x.re, by]),
  im: elementwise("mul", [x.im, by]),
});
const lengthOf = (x: Tensor, axis: number): number =>
  staticDim(x.shape[x.rank + axis], "the length of a signal");

/** The discrete Fourier transform: the sum over j of x[j] exp(-2 pi i j k / n). */
export const fft = operation("math", "fft", (x: ComplexLike) => pair(transform(complexInput(x), -1)));

/** The same over the last axis, then over the one before. */
function transform2(x: Spectrum, sign: 1 | -1): Spectrum {
  if (x.re.rank < 2) throw new ModelError("a transform over two axes needs two", { got: `${x.re}` });
  const swap = ({ re, im }: Spectrum): Spectrum => ({ re: adjoint(re), im: adjoint(im) });
  return swap(transform(swap(transform(x, sign)), sign));
}

/** The discrete Fourier transform over the last two axes. */
export const fft2 = operation("math", "fft2", (x: ComplexLike) => pair(transform2(complexInput(x), -1)));
/** The inverse of `fft2`. */
export const ifft2 = operation("math", "ifft2", (x: ComplexLike) => {
  const spectrum = complexInput(x);
  return pair(scaled(transform2(spectrum, 1), 1 / (lengthOf(spectrum.re, -1) * lengthOf(spectrum.re, -2))));
});

interface LengthOption {
  /** The length of the signal, which is cut or continued with zeros; default: as it is. */
  fftLength?: number | null;
}

function rfftOf(x: Tensor, length: number): Spectrum {
  const { re, im } = transform({ re: resize(x, length) }, -1);
  const kept = Math.floor(length / 2) + 1;
  return { re: resize(re, kept), im: resize(im, kept) };
}

/** The first n / 2 + 1 values of the transform of a real signal; the others are their mirror image. */
export const rfft = parametric(
  "math",
  "rfft",
  ["fftLength"],
  (x: TensorLike, { fftLength }: LengthOption) => {
    const tensor = real(x);
    return pair(rfftOf(tensor, fftLength ?? lengthOf(tensor, -1)));
  },
);

/** Values between the first and the middle one stand for their mirror image too. */
function irfftOf(x: Spectrum, length: number): Tensor {
  const kept = Math.floor(length / 2) + 1;
  const half = { re: resize(x.re, kept), im: resize(x.im, kept) };
  const [k] = x.re.engine.op("iota", [], { shape: [kept], axis: 0, dtype: "i32" });
  const isSingle = elementwise("or", [
    elementwise("eq", [k, 0]),
    elementwise("eq", [elementwise("mul", [k, 2]), length]),
  ]);
  const weights = elementwise("sub", [2, cast(isSingle, x.re.dtype)]);
  const weighed = (part: Tensor): Tensor => resize(elementwise("mul", [part, weights]), length);
  const { re } = transform({ re: weighed(half.re), im: weighed(half.im) }, 1);
  return elementwise("mul", [re, 1 / length]);
}

/** The inverse of `rfft`. `fftLength`: default 2 (m - 1) for m values. */
export const irfft = parametric(
  "math",
  "irfft",
  ["fftLength"],
  (x: ComplexLike, { fftLength }: LengthOption) => {
    const spectrum = complexInput(x);
    return irfftOf(spectrum, fftLength ?? 2 * (lengthOf(spectrum.re, -1) - 1));
  },
);

/** Elements of the last axis by position: [..., T] and positions [a, b] give [..., a, b]. */
function pick(
  x: Tensor,
  shape: readonly number[],
  position: (row: number, column: number) => number,
): Tensor {
  const data = Int32Array.from({ length: shape[0] * shape[1] }, (_, i) =>
    position(Math.floor(i / shape[1]), i % shape[1]),
  );
  const indices = x.engine.constant({ dtype: "i32", shape, data });
  return x.engine.op("gather", [x, indices], { axis: x.rank - 1 })[0];
}

const countSequences = (length: number, size: number, stride: number): number =>
  Math.floor((length - size) / stride) + 1;

type Window = "hann" | "hamming" | TensorLike | null;

interface StftOptions {
  sequenceLength: number;
  sequenceStride: number;
  fftLength: number;
  /** "hann" (default), "hamming", [sequenceLength] numbers, or null for none. */
  window?: Window;
  /** Default true: the signal is continued by its mirror image, so that sequence t is centred at t * sequenceStride. */
  center?: boolean;
}
const stftParameters = ["sequenceLength", "sequenceStride", "fftLength", "window", "center"] as const;

/** The window in the middle of fftLength elements. */
function windowOf({ window = "hann", sequenceLength, fftLength }: StftOptions, like: Tensor): Tensor {
  const margin = Math.floor((fftLength - sequenceLength) / 2);
  if (window === null) return broadcastTo(toTensor(1, like.engine, like.dtype), [fftLength]);
  const numbers = typeof window === "string" ? cosineWindow(window, sequenceLength) : window;
  const tensor = cast(toTensor(numbers, like.engine, like.dtype), like.dtype);
  if (tensor.rank !== 1 || tensor.shape[0] !== sequenceLength) {
    throw new ModelError(
      `The shape of \`window\` must be equal to [sequence_length]. Received: window shape=(${tensor.shape.map(printDim)})`,
    );
  }
  const high = [fftLength - sequenceLength - margin];
  return tensor.engine.op("pad", [tensor], { low: [margin], high, interior: [0], value: 0 })[0];
}

/** Windows of period `length`, as scipy's get_window gives them. */
function cosineWindow(name: string, length: number): number[] {
  const mean = name === "hann" ? 0.5 : name === "hamming" ? 0.54 : undefined;
  if (mean === undefined) {
    throw new ModelError(
      `If a string is passed to \`window\`, it must be one of \`"hann"\`, \`"hamming"\`. Received: window=${name}`,
    );
  }
  return Array.from({ length }, (_, i) => mean - (1 - mean) * Math.cos((2 * Math.PI * i) / length));
}

function checkLengths({ sequenceLength, fftLength }: StftOptions): void {
  if (fftLength < sequenceLength) {
    throw new ModelError(
      `\`fft_length\` must equal or larger than \`sequence_length\`. Received: sequence_length=${sequenceLength}, fft_length=${fftLength}`,
    );
  }
}

/** Spectra of windowed sequences: [..., T] gives a pair of [..., count, fftLength / 2 + 1]. */
export const stft = parametric("math", "stft", stftParameters, (x: TensorLike, options: StftOptions) => {
  const tensor = asTensor(x);
  if (tensor.dtype !== "f32" && tensor.dtype !== "f64")
    throw new ModelError(
      `Invalid input type. Expected \`float32\` or \`float64\`. Received: input type=${tensor.dtype}`,
    );
  checkLengths(options);
  const { fftLength, sequenceStride, center = true } = options;
  const [length, margin] = [lengthOf(tensor, -1), center ? Math.floor(fftLength / 2) : 0];
  const count = countSequences(length + 2 * margin, fftLength, sequenceStride);
  if (count < 1 || margin >= length) {
    throw new ModelError("the signal is too short", {
      where: "ops.stft",
      expected: `more than ${margin} elements, with their mirror image at least ${fftLength}`,
      got: `${length}`,
    });
  }
  const mirrored = (at: number): number => (at < 0 ? -at : at < length ? at : 2 * (length - 1) - at);
  const sequences = pick(tensor, [count, fftLength], (i, j) => mirrored(i * sequenceStride + j - margin));
  return pair(rfftOf(elementwise("mul", [sequences, windowOf(options, tensor)]), fftLength));
});

interface IstftOptions extends StftOptions {
  /** Elements of the result; default: as many as the spectra give. */
  length?: number | null;
}

/** Sequences laid over one another, `stride` elements apart, and added: [..., count, size] gives [..., size + stride (count - 1)]. */
function overlapAdd(x: Tensor, stride: number): Tensor {
  const [count, size] = [lengthOf(x, -2), lengthOf(x, -1)];
  const batch = x.shape.slice(0, -2);
  const shape: readonly Dim[] = [...batch, count * size];
  const data = Int32Array.from(
    { length: count * size },
    (_, i) => Math.floor(i / size) * stride + (i % size),
  );
  const positions = broadcastTo(x.engine.constant({ dtype: "i32", shape: [count * size], data }), shape);
  const zeros = broadcastTo(toTensor(0, x.engine, x.dtype), [...batch, size + stride * (count - 1)]);
  const attrs = { axis: batch.length, combine: "add" };
  return x.engine.op("scatter", [zeros, positions, setShape(x, shape)], attrs)[0];
}

/** The signal whose `stft` this is: sequences weighed with the window, added up, divided by the sum of squared windows. */
export const istft = parametric(
  "math",
  "istft",
  ["sequenceLength", "sequenceStride", "fftLength", "length", "window", "center"],
  (x: ComplexLike, options: IstftOptions) => {
    const spectrum = complexInput(x);
    if (spectrum.re.rank < 2)
      throw new ModelError(`Input \`x\` must have at least 2 dimensions. Received shape: ${spectrum.re}`);
    checkLengths(options);
    const { fftLength, sequenceStride, center = true, length = null } = options;
    const window = windowOf(options, spectrum.re);
    const sequences = irfftOf(spectrum, fftLength);
    const total = overlapAdd(elementwise("mul", [sequences, window]), sequenceStride);
    const square = broadcastTo(elementwise("mul", [window, window]), [lengthOf(sequences, -2), fftLength]);
    const weights = overlapAdd(square, sequenceStride);
    const isCovered = elementwise("lt", [1e-10, weights]);
    const divisor = select(isCovered, weights, 1);
    // Without a window Keras does not undo the scale of the spectra.
    const scale = options.window === null ? fftLength / sequenceStride : 1;
    const signal = elementwise("mul", [elementwise("div", [total, divisor]), scale]);
    const start = center ? Math.floor(fftLength / 2) : 0;
    const end = length !== null ? start + length : lengthOf(signal, -1) - start;
    return signal.at(["...", `${start}:${Math.min(end, lengthOf(signal, -1))}`]);
  },
);
