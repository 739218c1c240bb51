/**
 * Complex values are pairs of tensors, [real part, imaginary part]. A pair is told from plain nested numbers by holding tensors or arrays.
 */
import { isNDArray } from "../../arrays.ts";
import { type Tensor, type TensorLike, TensorMethods } from "../../tensor.ts";

export type ComplexLike = readonly [re: TensorLike, im: TensorLike];
export type Complex = readonly [re: Tensor, im: Tensor];

export const isComplex = (x: TensorLike | ComplexLike): x is ComplexLike =>
  Array.isArray(x) && x.length === 2 && x.every((part) => part instanceof TensorMethods || isNDArray(part));
