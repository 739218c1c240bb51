/**
 * Rules that move a scale by parameters into the weights of a contraction: (x . w) * s = x . (w * s), where s varies along axes of w only.
 * Batch normalisation is written (y - mean) * s + shift, or with divisions, so the first rules bring that into the form y * s + t.
 *
 * Real numbers agree, floats up to rounding: these rules are not part of `canonicalize`. A value counts as a weight when it depends on
 * parameters and constants alone, so a scale that training still changes is left where it is.
 */
import { isFloat } from "../../ir/dtype.ts";
import type { Op, Value } from "../../ir/graph.ts";
import { any, match, type Rule, rule, type Site } from "../rewrite.ts";
import { broadcastAxes, madeBy, numbers } from "./facts.ts";
import { specOf } from "./specs.ts";

/** Whether a value is a parameter's, repeated along other axes: what a shift or scale per channel is. */
const isScale = (value: Value, { isWeight }: Site): boolean =>
  madeBy(value, "broadcast") !== undefined && isWeight(value) && isFloat(value.type.dtype);

/** The contraction that makes a value, when nobody else uses it: directly, or under shifts and scales that will move away. */
function contractionUnder(value: Value, site: Site): Op | undefined {
  if (site.uses(value) > 1) return undefined;
  const op = madeBy(value, "contract", "add", "sub", "mul", "div");
  if (op === undefined || op.name === "contract") return op;
  return isScale(op.operands[1], site) ? contractionUnder(op.operands[0], site) : undefined;
}

/** `fire` where `y` is a contraction with shifts and scales by `scales`. */
const onContraction = (
  site: Site,
  y: Value,
  scales: readonly Value[],
  fire: () => Value,
): Value | undefined =>
  scales.every((scale) => isScale(scale, site)) && contractionUnder(y, site) !== undefined
    ? fire()
    : undefined;

/** s along the axes of operand `at` of a contraction, or undefined where it varies along an axis that this operand has not. */
function scaleOf(inner: Op, at: number, scale: Op, { b }: Site): Value | undefined {
  const { operands, kept } = specOf(inner);
  const axes = numbers(scale, "axes").map((axis) =>
    operands[at].findIndex(
      (index) => index.length === 1 && index[0].factor === 1 && index[0].axis === kept[axis],
    ),
  );
  return axes.includes(-1)
    ? undefined
    : broadcastAxes(b, scale.operands[0], inner.operands[at].type.shape, axes);
}

function scaleWeights(inner: Op, s: Value, site: Site): Value | undefined {
  const { b, uses, isWeight } = site;
  const scale = madeBy(s, "broadcast");
  const at = inner.operands.findIndex(isWeight);
  if (scale === undefined || at < 0 || uses(inner.results[0]) > 1 || !isScale(s, site)) return undefined;
  const factor = scaleOf(inner, at, scale, site);
  if (factor === undefined) return undefined;
  b.loc = inner.loc;
  const weights = b.op("mul", [inner.operands[at], factor]);
  return b.op(
    "contract",
    inner.operands.map((operand, i) => (i === at ? weights : operand)),
    inner.attrs,
  );
}

export const weightScaling: readonly Rule[] = [
  rule(
    "weight-right",
    match(["add", "mul"], [any("t"), any("y")]),
    ({ t, y }, site) => (isScale(t, site) && !isScale(y, site) ? site.b.op(site.op.name, [y, t]) : undefined),
    "t + y = y + t, s * y = y * s",
  ),
  rule(
    "divide-by-weight",
    match("div", [any("y"), any("s")]),
    ({ y, s }, site) =>
      onContraction(site, y, [s], () => site.b.mul(y, site.b.div(site.b.full(s.type, 1), s))),
    "y / s = y * (1 / s), y a contraction",
  ),
  rule(
    "subtract-weight",
    match("sub", [any("y"), any("t")]),
    ({ y, t }, site) => onContraction(site, y, [t], () => site.b.add(y, site.b.neg(t))),
    "y - t = y + -t, y a contraction",
  ),
  rule(
    "scale-of-shift",
    match("mul", [match("add", [any("y"), any("t")]), any("s")]),
    ({ y, t, s }, site) =>
      onContraction(site, y, [s, t], () => site.b.add(site.b.mul(y, s), site.b.mul(t, s))),
    "(y + t) * s = y * s + t * s, y a contraction",
  ),
  rule(
    "shift-of-shift",
    match("add", [match("add", [any("y"), any("t")]), any("u")]),
    ({ y, t, u }, site) => onContraction(site, y, [t, u], () => site.b.add(y, site.b.add(t, u))),
    "(y + t) + u = y + (t + u), y a contraction",
  ),
  rule(
    "scale-weights",
    match("mul", [match("contract", [any("x"), any("w")], "inner"), any("s")]),
    ({ inner, s }, site) => scaleWeights(inner, s, site),
    "(x . w) * s = x . (w * s), s along axes of the weights w only",
  ),
];
