/**
 * The pseudo-inverse by singular values. Its gradient does not go through them, where equal values would be a problem that the result does
 * not have: it is that of G. Golub and V. Pereyra (1973), dP = -P dA P + P P^T dA^T (I - A P) + (I - P A) dA^T P^T P.
 */
import { cast, elementwise, select, type Tensor } from "../../tensor.ts";
import { adjoint, product, svdOf } from "./matrix-tools.ts";

/** The same value, through which no gradient flows. */
const fixed = (x: Tensor): Tensor => x.engine.op("bitcast", [x], { dtype: x.dtype })[0];
const minus = (a: Tensor, b: Tensor): Tensor => elementwise("sub", [a, b]);
const plus = (a: Tensor, b: Tensor): Tensor => elementwise("add", [a, b]);

/** Singular values up to `cutoff` times the largest count as zero. */
export function pseudoInverse(a: Tensor, cutoff: number): Tensor {
  const present = fixed(a);
  const p = fixed(bySingularValues(present, cutoff));
  // A change of A from what it is: zero in value, and all that the gradient sees.
  const change = minus(a, present);
  const [pt, dt] = [adjoint(p), adjoint(change)];
  const first = product(p, change, p);
  const second = minus(product(p, pt, dt), product(p, pt, dt, present, p));
  const third = minus(product(dt, pt, p), product(p, present, dt, pt, p));
  return plus(p, plus(minus(second, first), third));
}

function bySingularValues(a: Tensor, cutoff: number): Tensor {
  const [u, s, vt] = svdOf(a, false);
  const isKept = elementwise("lt", [elementwise("mul", [s.at(["...", "0:1"]), cutoff]), s]);
  const inverse = select(isKept, elementwise("div", [1, select(isKept, s, 1)]), 0);
  const column = inverse.at(["...", null]);
  return cast(product(adjoint(vt), elementwise("mul", [column, adjoint(u)])), a.dtype);
}
