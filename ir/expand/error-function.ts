/**
 * The error function (minimax fits of our own), its complement and its inverse.
 */
import type { Expr } from "../kernel.ts";
import { expNormal, expReduced, expScaled, log, scale } from "./exponential.ts";
import {
  abs, add, and, bits, div, type Expansion, eq, fromBits, lt, min, mul, type Name, polynomial, select, sqrt, sub, withSign,
} from "./formula.ts"; // biome-ignore format: one line

/** x + x P(x^2) near 0; else 1 - exp(Q(|x|)), where Q approximates log(erfc), which is below 2^-25 beyond 3.92. */
export const erf: Expansion = ({ name }, x) => {
  const a = name("a", min(abs(x), 4));
  const square = name("square", mul(x, x));
  const p = polynomial(
    square,
    [-6.222421e-4, 5.0358716e-3, -2.6793955e-2, 1.12825245e-1, -3.7612557e-1, 1.2837915e-1],
  );
  const q = polynomial(
    a,
    [2.0384084e-4, -3.1192817e-3, 2.252409e-2, -1.04535162e-1, -6.3650966e-1, -1.1280658, -1.034902e-4],
  );
  const large = sub(1, expNormal(name, name("q", q)));
  return withSign(select(lt(a, 0.875), add(a, mul(a, p)), large), x);
};

/** exp(-a^2) for 0 <= a <= 11. The square is cut into a part that is exact and a small rest, for its error would be the result's. */
function gaussian(name: Name, a: Expr): Expr {
  const high = name("high", fromBits(and(bits(a), -0x1000)));
  const rest = mul(sub(high, a), add(high, a));
  const { mantissa, exponent } = expScaled(name, name("minus", sub(0, mul(high, high))));
  return scale(name, { mantissa: mul(mantissa, expReduced(name("rest", rest))), exponent });
}

/** 1 - erf(x) up to 1; beyond, exp(-a^2) / a times a polynomial in 1 / a^2 (Cephes, ndtrf.c). */
export const erfc: Expansion = (scope, x) => {
  const { name } = scope;
  const a = name("a", min(abs(x), 11));
  const inverse = name("inverse", div(1, a));
  const y = name("y", mul(inverse, inverse));
  const near = polynomial(
    y,
    [
      2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1,
      6.210004621745983e-1, -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1,
      5.638259427386472e-1,
    ],
  );
  const far = polynomial(
    y,
    [
      -1.047766399936249e1, 1.297719955372516e1, -7.495518717768503, 2.921019019210786, -1.0152652792027,
      4.218463358204948e-1, -2.820767439740514e-1, 5.641895067754075e-1,
    ],
  );
  const tail = name("tail", mul(mul(gaussian(name, a), inverse), select(lt(a, 2), near, far)));
  return select(lt(a, 1), sub(1, erf(scope, x)), select(lt(x, 0), sub(2, tail), tail));
};

/** M. Giles, "Approximating the erfinv function" (2010): polynomials in w = -log(1 - x^2), and in its root in the tails. */
export const erfinv: Expansion = (scope, x) => {
  const { name } = scope;
  const w = name("w", sub(0, log(scope, name("product", mul(sub(1, x), add(x, 1))))));
  const centre = polynomial(
    name("centred", sub(w, 2.5)),
    [
      2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3,
      -4.17768164e-3, 2.46640727e-1, 1.50140941,
    ],
  );
  const tail = polynomial(
    name("root", sub(sqrt(w), 3)),
    [
      -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3,
      9.43887047e-3, 1.00167406, 2.83297682,
    ],
  );
  const value = mul(select(lt(w, 5), centre, tail), x);
  return select(eq(abs(x), 1), mul(x, Number.POSITIVE_INFINITY), value);
};
