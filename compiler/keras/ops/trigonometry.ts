/**
 * `keras.ops`, trigonometric and hyperbolic functions and their inverses, in radians. Integers become f32.
 */
import type { ScalarName } from "../../../ir/scalar.ts";
import type { TensorLike } from "../../tensor.ts";
import { apply, choose, promotedReal, real } from "./apply.ts";
import { operation } from "./operation.ts";

const realUnary = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x: TensorLike) => apply(name, real(x)));

export const sin = realUnary("sin", "sin");
export const cos = realUnary("cos", "cos");
export const tan = realUnary("tan", "tan");
/** sin(pi x) / (pi x), and 1 at 0. */
export const sinc = operation("numpy", "sinc", (x: TensorLike) => {
  const tensor = real(x);
  const zero = apply("eq", tensor, 0);
  const angle = apply("mul", choose(zero, 1, tensor), Math.PI);
  return choose(zero, 1, apply("div", apply("sin", angle), angle));
});

export const sinh = realUnary("sinh", "sinh");
export const cosh = realUnary("cosh", "cosh");
export const tanh = realUnary("tanh", "tanh");

/** In [-pi / 2, pi / 2]; NaN for |x| > 1. */
export const arcsin = realUnary("arcsin", "asin");
/** In [0, pi]; NaN for |x| > 1. */
export const arccos = realUnary("arccos", "acos");
/** In [-pi / 2, pi / 2]. */
export const arctan = realUnary("arctan", "atan");
/** The angle of the point (x2, x1) to the positive x axis, in [-pi, pi]. */
export const arctan2 = operation("numpy", "arctan2", (x1: TensorLike, x2: TensorLike) =>
  apply("atan2", ...promotedReal(x1, x2)),
);

/** The inverse of sinh. */
export const arcsinh = realUnary("arcsinh", "asinh");
/** The inverse of cosh, for x >= 1; NaN below. */
export const arccosh = realUnary("arccosh", "acosh");
/** The inverse of tanh, for |x| <= 1: infinite at the ends, NaN beyond. */
export const arctanh = realUnary("arctanh", "atanh");
