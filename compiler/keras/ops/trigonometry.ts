/**
 * `keras.ops`, trigonometric and hyperbolic functions and their inverses, in radians. Integers become f32.
 */
import type { Tensor, TensorLike } from "../../tensor.ts";
import { apply, choose, promotedReal, real } from "./apply.ts";
import { expm1Of, log1pOf } from "./exponential.ts";
import { operation } from "./operation.ts";

const realUnary = (keras: string, f: (x: Tensor) => Tensor) =>
  operation("numpy", keras, (x: TensorLike) => f(real(x)));

export const sin = realUnary("sin", (x) => apply("sin", x));
export const cos = realUnary("cos", (x) => apply("cos", x));
export const tan = realUnary("tan", (x) => apply("div", apply("sin", x), apply("cos", x)));
/** sin(pi x) / (pi x), and 1 at 0. */
export const sinc = realUnary("sinc", (x) => {
  const zero = apply("eq", x, 0);
  const angle = apply("mul", choose(zero, 1, x), Math.PI);
  return choose(zero, 1, apply("div", apply("sin", angle), angle));
});

export const tanh = realUnary("tanh", (x) => apply("tanh", x));
export const sinh = realUnary("sinh", (x) => {
  const e = expm1Of(x);
  return apply("mul", 0.5, apply("add", e, apply("div", e, apply("add", e, 1))));
});
export const cosh = realUnary("cosh", (x) =>
  apply("mul", 0.5, apply("add", apply("exp", x), apply("exp", apply("neg", x)))),
);

/** In [-pi / 2, pi / 2]. */
export const arctan = realUnary("arctan", arctanOf);
/** In [-pi / 2, pi / 2]; NaN for |x| > 1. */
export const arcsin = realUnary("arcsin", (x) => arctan2Of(x, cosineOf(x)));
/** In [0, pi]; NaN for |x| > 1. */
export const arccos = realUnary("arccos", (x) => arctan2Of(cosineOf(x), x));
/** sqrt(1 - x^2) without cancellation. */
const cosineOf = (x: Tensor): Tensor => apply("sqrt", apply("mul", apply("sub", 1, x), apply("add", 1, x)));

/** The angle of the point (x2, x1) to the positive x axis, in [-pi, pi]. */
export const arctan2 = operation("numpy", "arctan2", (x1: TensorLike, x2: TensorLike) => {
  const [y, x] = promotedReal(x1, x2);
  return arctan2Of(y, x);
});

/** 1 or -1, never 0: odd functions are computed on the positive side, and have their gradient at 0 all the same. */
const side = (x: Tensor): Tensor => choose(apply("lt", x, 0), -1, 1);

/**
 * Reduced to |t| < tan(pi / 8) by arctan(a) = pi / 4 + arctan((a - 1) / (a + 1)) = pi / 2 - arctan(1 / a), then a polynomial (Moshier, Cephes,
 * atanf); error below 2 ULP.
 */
function arctanOf(x: Tensor): Tensor {
  const sign = side(x);
  const size = apply("mul", x, sign);
  const [far, middle] = [apply("lt", 2.414213562373095, size), apply("lt", 0.4142135623730951, size)];
  const steep = apply("div", -1, choose(far, size, 1));
  const turned = apply("div", apply("sub", size, 1), apply("add", size, 1));
  const t = choose(far, steep, choose(middle, turned, size));
  const z = apply("mul", t, t);
  const series = [8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1].reduce<
    Tensor | number
  >(
    (sum, coefficient) =>
      typeof sum === "number" && sum === 0 ? coefficient : apply("add", apply("mul", sum, z), coefficient),
    0,
  );
  const small = apply("add", t, apply("mul", apply("mul", series, z), t));
  const base = choose(far, Math.PI / 2, choose(middle, Math.PI / 4, 0));
  return apply("mul", sign, apply("add", base, small));
}

export function arctan2Of(y: Tensor, x: Tensor): Tensor {
  const [high, wide] = [apply("abs", y), apply("abs", x)];
  const steep = apply("lt", wide, high);
  // Quotients of equals, 0 / 0 and infinity / infinity among them, are 0 and 1.
  const [small, large] = [choose(steep, x, y), choose(steep, y, x)];
  const plain = apply("eq", apply("abs", small), apply("abs", large));
  const degenerate = apply(
    "or",
    apply("eq", large, 0),
    apply("eq", apply("abs", small), Number.POSITIVE_INFINITY),
  );
  const ratio = apply("div", choose(degenerate, 0, small), choose(degenerate, 1, large));
  const corner = choose(apply("eq", large, 0), 0, apply("mul", side(small), side(large)));
  const angle = arctanOf(choose(apply("and", plain, degenerate), corner, ratio));
  const flat = apply("add", angle, choose(apply("lt", x, 0), apply("mul", side(y), Math.PI), 0));
  return choose(steep, apply("sub", apply("mul", side(y), Math.PI / 2), angle), flat);
}
/** Above this, x^2 + 1 is x^2. */
const HUGE = 1e8;

/** log(x + sqrt(x^2 + 1)), on the positive side without cancellation. */
export const arcsinh = realUnary("arcsinh", (x) => {
  const sign = side(x);
  const size = apply("mul", x, sign);
  const near = apply("min", size, HUGE);
  const square = apply("mul", near, near);
  const rest = apply("div", square, apply("add", 1, apply("sqrt", apply("add", square, 1))));
  const far = apply("add", apply("log", apply("max", size, 1)), Math.LN2);
  return apply("mul", sign, choose(apply("lt", size, HUGE), log1pOf(apply("add", near, rest)), far));
});

/** log(x + sqrt(x^2 - 1)), for x >= 1; NaN below. */
export const arccosh = realUnary("arccosh", (x) => {
  const above = apply("sub", apply("min", x, HUGE), 1);
  const root = apply("sqrt", apply("mul", above, apply("add", above, 2)));
  const far = apply("add", apply("log", apply("max", x, 1)), Math.LN2);
  return choose(apply("lt", HUGE, x), far, log1pOf(apply("add", above, root)));
});

/** (log(1 + x) - log(1 - x)) / 2, for |x| <= 1; infinite at the ends. */
export const arctanh = realUnary("arctanh", (x) =>
  apply("mul", 0.5, apply("sub", log1pOf(x), log1pOf(apply("neg", x)))),
);
