/**
 * `keras.ops`, divisors and multiples of integers.
 */

import { broadcastShapes } from "../../../ir/type.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { broadcastTo } from "../../tensor.ts";
import { apply, choose, numeric, promoted } from "./apply.ts";
import { whileLoop } from "./control.ts";
import { operation } from "./operation.ts";
import { anyOf } from "./reduce.ts";

/** Both operands as numbers without sign, in one shape. */
function sizes(x1: TensorLike, x2: TensorLike): readonly [Tensor, Tensor] {
  const [a, b] = promoted(x1, x2).map(numeric);
  const shape = broadcastShapes(a.shape, b.shape);
  return [broadcastTo(apply("abs", a), shape), broadcastTo(apply("abs", b), shape)];
}

/** Euclid's algorithm, until no element has a remainder. */
function divisorOf(a: Tensor, b: Tensor): Tensor {
  const [divisor] = whileLoop(
    (_: Tensor, rest: Tensor) => anyOf(rest, null, false),
    (x: Tensor, rest: Tensor) => [choose(apply("eq", rest, 0), x, rest), apply("mod", x, rest)],
    [a, b],
  ) as Tensor[];
  return divisor;
}

/** The greatest common divisor of integers. `ops.gcd([12], [18])` is [6]. */
export const gcd = operation("numpy", "gcd", (x1: TensorLike, x2: TensorLike) => divisorOf(...sizes(x1, x2)));

/** The least common multiple of integers, 0 where one is 0. */
export const lcm = operation("numpy", "lcm", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = sizes(x1, x2);
  const divisor = divisorOf(a, b);
  const part = apply("floordiv", a, apply("max", divisor, 1));
  return apply("abs", apply("mul", part, b));
});
