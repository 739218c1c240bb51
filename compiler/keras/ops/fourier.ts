/**
 * Discrete Fourier transforms along the last axis, of any length, made of contractions: short ones are products with the matrix of roots of
 * unity, long ones are split by Cooley and Tukey into transforms of their factors, large prime ones become convolutions (Bluestein). All of
 * this is linear, so gradients are those of contractions. Complex values are pairs [real part, imaginary part].
 */

import { dimsAttr } from "../../../ir/builder.ts";
import { dtypes } from "../../../ir/dtype.ts";
import { setElement } from "../../../ir/elements.ts";
import { ndarray, sizeOf } from "../../../ir/ndarray.ts";
import { elementwise, setShape, staticDim, type Tensor } from "../../tensor.ts";
import { adjoint } from "./matrix-tools.ts";

/** The imaginary part is absent where it is zero. */
export interface Signal {
  readonly re: Tensor;
  readonly im?: Tensor;
}
export type Spectrum = Required<Signal>;

/** Lengths up to which a transform is one product with a matrix. */
const SHORT = 64;

/** The sum over j of x[j] exp(sign 2 pi i j k / n); sign -1 is the transform, 1 its inverse but for the factor 1 / n. */
export function transform(x: Signal, sign: 1 | -1): Spectrum {
  const size = staticDim(x.re.shape[x.re.rank - 1], "the length of a Fourier transform");
  if (size <= SHORT) return byMatrix(x, size, sign);
  const factor = balancedFactor(size);
  return factor === undefined ? byConvolution(x, size, sign) : byFactors(x, factor, size / factor, sign);
}

/** The divisor nearest to the square root; undefined for lengths with none but themselves and small ones that leave a large prime. */
function balancedFactor(size: number): number | undefined {
  for (let factor = Math.floor(Math.sqrt(size)); factor > 1; factor--) if (size % factor === 0) return factor;
  return undefined;
}

/** Constants computed in double precision. */
function table(like: Tensor, shape: readonly number[], value: (at: readonly number[]) => number): Tensor {
  const array = ndarray(like.dtype, shape, dtypes[like.dtype].allocate(sizeOf(shape)));
  const [, columns = 1] = shape;
  for (let i = 0; i < array.data.length; i++)
    setElement(array, i, value(shape.length === 1 ? [i] : [Math.floor(i / columns), i % columns]));
  return like.engine.constant(array);
}

/** exp(sign 2 pi i numerator / size), with the numerator brought into range where it is exact. */
function roots(
  like: Tensor,
  shape: readonly number[],
  size: number,
  sign: number,
  numerator: (at: readonly number[]) => number,
): Spectrum {
  const angle = (at: readonly number[]): number => (sign * 2 * Math.PI * (numerator(at) % size)) / size;
  return {
    re: table(like, shape, (at) => Math.cos(angle(at))),
    im: table(like, shape, (at) => Math.sin(angle(at))),
  };
}

const add = (a: Tensor, b: Tensor): Tensor => elementwise("add", [a, b]);
const sub = (a: Tensor, b: Tensor): Tensor => elementwise("sub", [a, b]);

/** The product of complex values, by a product of real ones. */
function multiply(x: Signal, y: Spectrum, times: (a: Tensor, b: Tensor) => Tensor): Spectrum {
  const [rr, ri] = [times(x.re, y.re), times(x.re, y.im)];
  if (x.im === undefined) return { re: rr, im: ri };
  return { re: sub(rr, times(x.im, y.im)), im: add(ri, times(x.im, y.re)) };
}
const elementwiseProduct = (a: Tensor, b: Tensor): Tensor => elementwise("mul", [a, b]);

function byMatrix(x: Signal, size: number, sign: number): Spectrum {
  const matrix = roots(x.re, [size, size], size, sign, ([j, k]) => j * k);
  const axes = x.re.shape
    .slice(0, -1)
    .map((_, i) => `n${i}`)
    .join(" ");
  return multiply(
    x,
    matrix,
    (a, m) => a.engine.op("contract", [a, m], { spec: `${axes} j, j k -> ${axes} k` })[0],
  );
}

const map = (x: Signal, f: (part: Tensor) => Tensor): Signal => ({
  re: f(x.re),
  ...(x.im === undefined ? {} : { im: f(x.im) }),
});
const mapSpectrum = ({ re, im }: Spectrum, f: (part: Tensor) => Tensor): Spectrum => ({
  re: f(re),
  im: f(im),
});

/** j = j1 b + j2, k = k1 + a k2: transforms over j1, a turn by j2 k1 / n, transforms over j2. */
function byFactors(x: Signal, a: number, b: number, sign: 1 | -1): Spectrum {
  const batch = x.re.shape.slice(0, -1);
  const rows = map(x, (part) => adjoint(setShape(part, [...batch, a, b])));
  const inner = transform(rows, sign);
  const turns = roots(x.re, [b, a], a * b, sign, ([j2, k1]) => j2 * k1);
  const turned = multiply(inner, turns, elementwiseProduct);
  const outer = transform(mapSpectrum(turned, adjoint), sign);
  return mapSpectrum(outer, (part) => setShape(adjoint(part), [...batch, a * b]));
}

/** Bluestein: j k = (j^2 + k^2 - (k - j)^2) / 2 makes a convolution of the sum, here of length m, a power of two. */
function byConvolution(x: Signal, size: number, sign: 1 | -1): Spectrum {
  const m = 2 ** Math.ceil(Math.log2(2 * size - 1));
  const chirp = roots(x.re, [size], 2 * size, sign, ([j]) => j * j);
  const kernel = roots(x.re, [m], 2 * size, -sign, ([j]) => Math.min(j, m - j) ** 2);
  const isUsed = table(x.re, [m], ([j]) => (Math.min(j, m - j) < size ? 1 : 0));
  const padded = mapSpectrum(multiply(x, chirp, elementwiseProduct), (part) => resize(part, m));
  const filter = transform(
    mapSpectrum(kernel, (part) => elementwiseProduct(part, isUsed)),
    -1,
  );
  const convolved = transform(multiply(transform(padded, -1), filter, elementwiseProduct), 1);
  const result = multiply(
    mapSpectrum(convolved, (part) => resize(part, size)),
    chirp,
    elementwiseProduct,
  );
  return mapSpectrum(result, (part) => elementwise("mul", [part, 1 / m]));
}

/** The last axis cut, or continued with zeros. */
export function resize(x: Tensor, size: number): Tensor {
  const present = staticDim(x.shape[x.rank - 1], "the length of a signal");
  const none = x.shape.map(() => 0);
  if (present < size) {
    const high = none.map((_, axis) => (axis === x.rank - 1 ? size - present : 0));
    return x.engine.op("pad", [x], { low: none, high, interior: none, value: 0 })[0];
  }
  const limits = dimsAttr([...x.shape.slice(0, -1), size]);
  return present === size
    ? x
    : x.engine.op("slice", [x], { starts: none, limits, strides: none.map(() => 1) })[0];
}
