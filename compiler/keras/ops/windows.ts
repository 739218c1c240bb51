/**
 * `keras.ops`, windows of signal processing: f32 vectors of the given length, 1 in the middle and small at the ends (Harris, "On the use of
 * windows for harmonic analysis with the discrete Fourier transform", 1978). The length is a number: it is the shape of the result.
 */
import type { Tensor, TensorLike } from "../../tensor.ts";
import { toTensor } from "../../tensor.ts";
import { session } from "../session.ts";
import { apply, real } from "./apply.ts";
import { i0Of } from "./exponential.ts";
import { asTensor, operation, parametric } from "./operation.ts";

/** The length as a number: tensors are read, which only works eagerly. */
export const lengthOf = (x: TensorLike): number =>
  typeof x === "number" ? x : Number(asTensor(x).arraySync().data[0]);

const table = (length: number, f: (index: number) => number): Tensor =>
  toTensor(
    {
      dtype: "f32",
      shape: [length],
      data: Float32Array.from({ length }, (_, i) => (length === 1 ? 1 : f(i))),
    },
    session.engine(),
  );

/** A sum of cosines of the position as part of a turn, n / (length - 1). */
const cosines = (keras: string, terms: readonly number[]) =>
  operation("numpy", keras, (x: TensorLike) => {
    const length = lengthOf(x);
    const turn = (i: number): number => (2 * Math.PI * i) / (length - 1);
    return table(length, (i) => terms.reduce((sum, term, k) => sum + term * Math.cos(k * turn(i)), 0));
  });

export const hanning = cosines("hanning", [0.5, -0.5]);
export const hamming = cosines("hamming", [0.54, -0.46]);
export const blackman = cosines("blackman", [0.42, -0.5, 0.08]);
/** A triangle from 0 to 1 and back. */
export const bartlett = operation("numpy", "bartlett", (x: TensorLike) => {
  const length = lengthOf(x);
  return table(length, (i) => 1 - Math.abs((2 * i) / (length - 1) - 1));
});

/** I0(beta sqrt(1 - t^2)) / I0(beta) for t from -1 to 1; the larger beta, the narrower. */
export const kaiser = parametric(
  "numpy",
  "kaiser",
  ["beta"],
  (x: TensorLike, { beta }: { beta: TensorLike }) => {
    const length = lengthOf(x);
    const b = real(beta);
    const roots = table(length, (i) => Math.sqrt(Math.max(1 - ((2 * i) / (length - 1) - 1) ** 2, 0)));
    return apply("div", i0Of(apply("mul", b, roots)), i0Of(b));
  },
);
