/**
 * Rules that move elementwise work behind a maximum over windows. The maximum commutes with every function that never falls: bias and
 * activation of a convolution then run on the pooled result, a quarter of the elements for windows of 2 x 2, and the mask that the gradient
 * of relu needs is kept at that resolution too. This must be done before differentiation: the gradient uses the positions of the maxima,
 * and a rule here fires only where nobody does.
 *
 * Exact, with two provisos. NaN: every function listed gives NaN for NaN, so a window with a NaN has one on both sides. Infinity: a bias
 * of +inf over a window with -inf and something greater gives NaN before the rule, +inf after it; a model with infinite weights is lost anyway.
 */
import { isFloat } from "../../ir/dtype.ts";
import type { Op, Value } from "../../ir/graph.ts";
import { type Rule, ruleOn, type Site } from "../rewrite.ts";
import { broadcastAxes, madeBy, number, numbers, splatValue, staticSize } from "./facts.ts";
import { resolved } from "./specs.ts";

/** The operands in which an op never falls, whatever the others are; and NaN for NaN. (sqrt and log give NaN for less than NaN.) */
const rising: { readonly [name: string]: readonly number[] } = {
  add: [0, 1],
  sub: [0],
  max: [0, 1],
  min: [0, 1],
  exp: [0],
  tanh: [0],
  relu: [0],
  sigmoid: [0],
  erf: [0],
  floor: [0],
  ceil: [0],
  round: [0],
  trunc: [0],
};

/** The operand that an op rises in when all others are constant, or -1. */
function risingOperand(op: Op, isSteady: (value: Value) => boolean): number {
  if (op.name === "mul" || op.name === "div") {
    const scale = splatValue(op.operands[1]) ?? 0;
    return scale > 0 && Number.isFinite(scale) ? 0 : -1;
  }
  const others = (at: number): readonly Value[] => op.operands.filter((_, i) => i !== at);
  return (rising[op.name] ?? []).find((at) => others(at).every(isSteady)) ?? -1;
}

type Window = ReturnType<typeof resolved>;

/** Whether every window over a padded axis holds an element that is not padding. */
function windowsReachInside(pad: Op, { spec, kept, reduced }: Window): boolean {
  const [low, high] = [numbers(pad, "low"), numbers(pad, "high")];
  return spec.operands[0].every((index, axis) => {
    if (low[axis] === 0 && high[axis] === 0) return true;
    const size = pad.operands[0].type.shape[axis];
    const outer = index.find((term) => spec.kept.includes(term.axis));
    const inner = index.find((term) => spec.reduced.includes(term.axis));
    const windows = outer && kept[spec.kept.indexOf(outer.axis)];
    const extent = inner === undefined || inner.factor !== 1 ? 1 : reduced[spec.reduced.indexOf(inner.axis)];
    if (
      index.length > 2 ||
      outer === undefined ||
      typeof windows !== "number" ||
      typeof extent !== "number" ||
      typeof size !== "number"
    )
      return false;
    return low[axis] < extent && (windows - 1) * outer.factor < low[axis] + size;
  });
}

/** Padding by -inf, which no maximum sees; undefined where there is other padding, and what is pooled itself where there is none. */
function underPadding(
  value: Value,
  window: Window,
  uses: Site["uses"],
): { readonly x: Value; readonly pad?: Op } | undefined {
  const pad = madeBy(value, "pad");
  if (pad === undefined) return { x: value };
  const neutral =
    number(pad, "value") === Number.NEGATIVE_INFINITY && numbers(pad, "interior").every((n) => n === 0);
  return neutral && uses(value) === 1 && windowsReachInside(pad, window)
    ? { x: pad.operands[0], pad }
    : undefined;
}

function maximumFirst({ op, b, uses }: Site): Value | undefined {
  if (uses(op.results[1]) > 0 || !isFloat(op.results[0].type.dtype)) return undefined;
  const window = resolved(op);
  const { spec, kept } = window;
  const axes = spec.operands[0].flat().map((term) => term.axis);
  if (new Set(axes).size < axes.length) return undefined;
  const found = underPadding(op.operands[0], window, uses);
  const inner = found?.x.kind === "result" && uses(found.x) === 1 ? found.x.op : undefined;
  if (found === undefined || inner === undefined || staticSize(kept) >= staticSize(found.x.type.shape))
    return undefined;
  const { pad } = found;
  // Axes along which a value may vary without varying inside a window.
  const outside = (axis: number): boolean => {
    const [index] = [spec.operands[0][axis]];
    const padded = pad !== undefined && numbers(pad, "low")[axis] + numbers(pad, "high")[axis] > 0;
    return !padded && index.length === 1 && index[0].factor === 1 && spec.kept.includes(index[0].axis);
  };
  const isSteady = (value: Value): boolean => {
    const broadcast = madeBy(value, "broadcast");
    return broadcast !== undefined && numbers(broadcast, "axes").every(outside);
  };
  const at = risingOperand(inner, isSteady);
  if (at < 0) return undefined;
  const x = inner.operands[at];
  const [pooled] = b.results(op.name, [pad === undefined ? x : b.op(pad.name, [x], pad.attrs)], op.attrs);
  b.loc = inner.loc;
  const operands = inner.operands.map((operand, i) => {
    const broadcast = madeBy(operand, "broadcast");
    if (i === at || broadcast === undefined) return i === at ? pooled : operand;
    const axes = numbers(broadcast, "axes").map((axis) => spec.kept.indexOf(spec.operands[0][axis][0].axis));
    return broadcastAxes(b, broadcast.operands[0], kept, axes);
  });
  return b.op(inner.name, operands, inner.attrs);
}

/** Returns the maximum; the positions are not used. */
const first = (site: Site): readonly (Value | undefined)[] | undefined => {
  const value = maximumFirst(site);
  return value && [value, undefined];
};

export const pooling: readonly Rule[] = [
  ruleOn(
    "maximum-first",
    ["reduce_max"],
    first,
    "max over a window of f(x, c) = f(max over the window of x, c), where f rises in x and c does not vary inside",
  ),
];
