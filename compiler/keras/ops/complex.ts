/**
 * `keras.ops` on complex values, which are pairs of tensors [real part, imaginary part]. A single tensor is a complex value without
 * imaginary part.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { apply, real as realTensor } from "./apply.ts";
import { type Complex, type ComplexLike, isComplex } from "./complex-pair.ts";
import { fillLike } from "./create.ts";
import { stack } from "./joining.ts";
import { getItem } from "./movement.ts";
import { asTensor, operation } from "./operation.ts";

type MaybeComplex = TensorLike | ComplexLike;

/** The real part. */
export const real = operation("numpy", "real", (x: MaybeComplex) => asTensor(isComplex(x) ? x[0] : x));
/** The imaginary part: zeros for a tensor. */
export const imag = operation("numpy", "imag", (x: MaybeComplex) =>
  isComplex(x) ? asTensor(x[1]) : fillLike(asTensor(x), 0, undefined),
);
const conjugateOf = (x: MaybeComplex): Tensor | Complex =>
  isComplex(x) ? [asTensor(x[0]), apply("neg", x[1])] : asTensor(x);
/** The pair [re, -im]; a tensor stays as it is. */
export const conjugate = operation("numpy", "conjugate", conjugateOf);
export const conj = operation("numpy", "conj", conjugateOf);

/** The angle to the positive real axis in radians, in [-pi, pi]: pi for negative numbers. */
export const angle = operation("numpy", "angle", (x: MaybeComplex) => {
  if (isComplex(x)) return apply("atan2", realTensor(x[1]), realTensor(x[0]));
  const tensor = realTensor(x);
  return apply("atan2", fillLike(tensor, 0, undefined), tensor);
});

/** Which elements have no imaginary part. */
export const isreal = operation("numpy", "isreal", (x: MaybeComplex) =>
  isComplex(x) ? apply("eq", x[1], 0) : fillLike(asTensor(x), 1, "bool"),
);

/** The complex numbers of the given absolute values and angles: [abs cos(angle), abs sin(angle)]. */
export const polar = operation("nn", "polar", (abs: TensorLike, angle: TensorLike): Complex => {
  const [r, phi] = [realTensor(abs), realTensor(angle)];
  return [apply("mul", r, apply("cos", phi)), apply("mul", r, apply("sin", phi))];
});

/** A tensor [..., 2] of real and imaginary parts as a pair of tensors [...]. Throws ModelError where the last axis is not 2. */
export const viewAsComplex = operation("core", "viewAsComplex", (x: TensorLike): Complex => {
  const tensor = asTensor(x);
  if (tensor.shape[tensor.rank - 1] !== 2)
    throw new ModelError("Last dimension of input must be size 2 (real and imaginary)", {
      where: "ops.viewAsComplex",
      got: `${tensor}`,
    });
  return [getItem(tensor, ["...", 0]), getItem(tensor, ["...", 1])];
});

/** A pair of tensors [...] as one tensor [..., 2]. */
export const viewAsReal = operation("core", "viewAsReal", (x: MaybeComplex) => {
  const [re, im] = isComplex(x) ? x : [asTensor(x), fillLike(asTensor(x), 0, undefined)];
  return stack([re, im], -1);
});
