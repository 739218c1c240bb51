/**
 * `keras.ops`, trigonometric and hyperbolic functions and their inverses, in radians. Integers become f32.
 */
import type { ScalarName } from "../../../ir/scalar.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { apply, choose, promotedReal, real } from "./apply.ts";
import { operation } from "./operation.ts";

const realUnary = (keras: string, f: (x: Tensor) => Tensor) =>
  operation("numpy", keras, (x: TensorLike) => f(real(x)));
const scalar = (keras: string, name: ScalarName) => realUnary(keras, (x) => apply(name, x));

export const sin = scalar("sin", "sin");
export const cos = scalar("cos", "cos");
export const tan = scalar("tan", "tan");
/** sin(pi x) / (pi x), and 1 at 0. */
export const sinc = realUnary("sinc", (x) => {
  const zero = apply("eq", x, 0);
  const angle = apply("mul", choose(zero, 1, x), Math.PI);
  return choose(zero, 1, apply("div", apply("sin", angle), angle));
});

export const tanh = scalar("tanh", "tanh");
export const sinh = scalar("sinh", "sinh");
export const cosh = scalar("cosh", "cosh");

/** In [-pi / 2, pi / 2]. */
export const arctan = scalar("arctan", "atan");
/** In [-pi / 2, pi / 2]; NaN for |x| > 1. */
export const arcsin = scalar("arcsin", "asin");
/** In [0, pi]; NaN for |x| > 1. */
export const arccos = scalar("arccos", "acos");

/** The angle of the point (x2, x1) to the positive x axis, in [-pi, pi]. */
export const arctan2 = operation("numpy", "arctan2", (x1: TensorLike, x2: TensorLike) =>
  apply("atan2", ...promotedReal(x1, x2)),
);

/** log(x + sqrt(x^2 + 1)). */
export const arcsinh = scalar("arcsinh", "asinh");
/** log(x + sqrt(x^2 - 1)), for x >= 1; NaN below. */
export const arccosh = scalar("arccosh", "acosh");
/** (log(1 + x) - log(1 - x)) / 2, for |x| <= 1; infinite at the ends. */
export const arctanh = scalar("arctanh", "atanh");
