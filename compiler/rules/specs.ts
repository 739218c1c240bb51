/**
 * Rules on contractions and reductions: what moves elements before or after them goes into their specs. This is the layout pass of other
 * compilers: a convolution on NCHW data is the same op as on NHWC data with the axes of its spec in another order, so transposes around it
 * vanish instead of being chosen.
 *
 * The positions that `reduce_max` gives count in the order of the reduced axes, and have a place per kept axis: rules that change either
 * fire only where nobody uses them.
 */
import { type AffineIndex, parseSpec, printSpec, type Spec } from "../../ir/affine-spec.ts";
import type { Builder } from "../../ir/builder.ts";
import { type Dim, equalDims, mulDims } from "../../ir/dim.ts";
import type { Op, Value } from "../../ir/graph.ts";
import { resolve } from "../../ir/ops/reduce.ts";
import { any, match, type Replacement, type Rule, rule, ruleOn, type Site } from "../rewrite.ts";
import { broadcastAxes, inverse, isPointwise, madeBy, numbers, permuted } from "./facts.ts";

type Operands = Spec["operands"];

const reductions = ["reduce_sum", "reduce_max"];
const specOps = [...reductions, "contract"];

const textOf = (op: Op): string => String(op.attrs.spec);
export const specOf = (op: Op): Spec => parseSpec(textOf(op));
const sizesOf = (op: Op): readonly string[] =>
  Array.isArray(op.attrs.sizes) ? op.attrs.sizes.map(String) : [];

/** Spec and extents of a contraction or reduction. */
export const resolved = (op: Op): ReturnType<typeof resolve> =>
  resolve(
    { spec: textOf(op), sizes: sizesOf(op) },
    op.operands.map((operand) => operand.type.shape),
  );

/** The op with another spec; sizes of axes that it has no longer are left out. */
function withSpec(
  b: Builder,
  op: Op,
  operands: readonly Value[],
  indices: Operands,
  kept: readonly string[],
): readonly Value[] {
  const axes = new Set(indices.flat(2).map((term) => term.axis));
  const sizes = sizesOf(op).filter((size) => axes.has(size.split("=")[0]));
  const { sizes: _, ...rest } = op.attrs;
  return b.results(op.name, operands, {
    ...rest,
    spec: printSpec(indices, kept),
    ...(sizes.length > 0 && { sizes }),
  });
}

const isLone = (index: AffineIndex): boolean => index.length === 1 && index[0].factor === 1;
const isLoneAxis = (index: AffineIndex, axis: string): boolean => isLone(index) && index[0].axis === axis;

const positionsUsed = ({ op, uses }: Site): boolean => op.results.length > 1 && uses(op.results[1]) > 0;

// Transposes.

/** Operand axes in another order; positions must count as before. */
function takeTranspose(site: Site): Replacement {
  const { op, b } = site;
  const at = op.operands.findIndex((operand) => madeBy(operand, "transpose") !== undefined);
  const inner = madeBy(op.operands[at] ?? op.results[0], "transpose");
  if (inner === undefined) return undefined;
  const spec = specOf(op);
  const source = inverse(numbers(inner, "permutation")).map((axis) => spec.operands[at][axis]);
  const indices = spec.operands.map((given, i) => (i === at ? source : given));
  const reordered = parseSpec(printSpec(indices, spec.kept)).reduced.join() !== spec.reduced.join();
  if (reordered && positionsUsed(site)) return undefined;
  return withSpec(
    b,
    op,
    op.operands.map((operand, i) => (i === at ? inner.operands[0] : operand)),
    indices,
    spec.kept,
  );
}

/** The result of a contraction or reduction with its kept axes in another order. */
function keptTransposed(op: Op, permutation: readonly number[], { b, uses }: Site): Value | undefined {
  if (op.results.slice(1).some((result) => uses(result) > 0)) return undefined;
  const { operands, kept } = specOf(op);
  b.loc = op.loc;
  return withSpec(b, op, op.operands, operands, permuted(kept, permutation))[0];
}

/**
 * A value transposed, without a transpose: where contractions and reductions make it that nobody else reads, perhaps with elementwise work
 * after them, they make it in that order. Undefined where a transpose would be left.
 */
function madeTransposed(value: Value, permutation: readonly number[], site: Site): Value | undefined {
  const { b, ops, uses } = site;
  if (value.kind === "arg") return undefined;
  const { op } = value;
  if (op.name === "broadcast") return b.transpose(value, permutation);
  if (op.name === "transpose") {
    const inner = permuted(numbers(op, "permutation"), permutation);
    return inner.every((axis, i) => axis === i) ? op.operands[0] : undefined;
  }
  if (uses(value) > 1) return undefined;
  if (specOps.includes(op.name)) return value.index === 0 ? keptTransposed(op, permutation, site) : undefined;
  if (!isPointwise(op, ops)) return undefined;
  const operands: Value[] = [];
  for (const operand of op.operands) {
    const transposed = madeTransposed(operand, permutation, site);
    if (transposed === undefined) return undefined;
    operands.push(transposed);
  }
  b.loc = op.loc;
  return b.op(op.name, operands, op.attrs);
}

// Axes of size 1.

/** Leaves reduced axes of size 1 out of the spec: an operand axis of size 1 is reshaped away, a term of a window is always 0. */
function dropUnitAxes({ op, b }: Site): Replacement {
  const { spec, kept, reduced } = resolved(op);
  const units = new Set(spec.reduced.filter((_, i) => reduced[i] === 1));
  if (units.size === 0) return undefined;
  const extents = new Map([...spec.kept, ...spec.reduced].map((axis, i) => [axis, [...kept, ...reduced][i]]));
  const indices = spec.operands.map((given) =>
    given.map((index) => index.filter((term) => !units.has(term.axis))),
  );
  // An operand axis that was read in part may not lose what said so.
  const isWhole = (index: AffineIndex, size: Dim): boolean => {
    if (index.length === 0) return size === 1;
    return !isLone(index) || equalDims(extents.get(index[0].axis) ?? 1, size);
  };
  if (
    !indices.every((given, i) =>
      given.every((index, axis) => isWhole(index, op.operands[i].type.shape[axis])),
    )
  )
    return undefined;
  const operands = op.operands.map((operand, i) => {
    return b.reshape(
      operand,
      operand.type.shape.filter((_, axis) => indices[i][axis].length > 0),
    );
  });
  return withSpec(
    b,
    op,
    operands,
    indices.map((given) => given.filter((index) => index.length > 0)),
    spec.kept,
  );
}

/** A reduction over nothing: each result is one element of the operand. */
function reduceNothing(site: Site): Replacement {
  const { op, b } = site;
  const { spec, kept } = resolved(op);
  const [indices] = spec.operands;
  const once = indices.length === spec.kept.length && indices.every((index) => index.length === 1);
  if (spec.reduced.length > 0 || !once || positionsUsed(site)) return undefined;
  const [x] = op.operands;
  const strides = indices.map(([term]) => term.factor);
  const counts = indices.map(([term]) => kept[spec.kept.indexOf(term.axis)]);
  const limits = counts.map((count, axis) =>
    typeof count === "number" ? (count - 1) * strides[axis] + 1 : count,
  );
  const taken = strides.every((stride) => stride === 1)
    ? x
    : b.slice(
        x,
        strides.map(() => 0),
        limits,
        strides,
      );
  return [
    b.transpose(
      taken,
      spec.kept.map((axis) => indices.findIndex(([term]) => term.axis === axis)),
    ),
    undefined,
  ];
}

/** A contraction over nothing: a product of broadcasts. */
function contractNothing({ op, b }: Site): Value | undefined {
  const { spec, kept } = resolved(op);
  const distinct = (given: readonly AffineIndex[]): boolean =>
    new Set(given.map(([term]) => term.axis)).size === given.length;
  if (spec.reduced.length > 0 || !spec.operands.flat().every(isLone) || !spec.operands.every(distinct))
    return undefined;
  const factors = op.operands.map((operand, i) => {
    return broadcastAxes(
      b,
      operand,
      kept,
      spec.operands[i].map(([term]) => spec.kept.indexOf(term.axis)),
    );
  });
  return b.op("mul", factors);
}

// Broadcasts.

/** The axes of a broadcast operand that it only repeats, and that the spec has alone there. */
function repeatedAxes(op: Op, at: number, spec: Spec): readonly number[] {
  const inner = madeBy(op.operands[at], "broadcast");
  if (inner === undefined) return [];
  const varies = numbers(inner, "axes");
  return spec.operands[at].flatMap((index, axis) => (isLone(index) && !varies.includes(axis) ? [axis] : []));
}

/** The operand without some axes that its broadcast only repeats. */
function unrepeat(b: Builder, value: Value, axes: readonly number[]): Value {
  const inner = madeBy(value, "broadcast");
  if (inner === undefined) return value;
  const left = value.type.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const shape = left.map((axis) => value.type.shape[axis]);
  return broadcastAxes(
    b,
    inner.operands[0],
    shape,
    numbers(inner, "axes").map((axis) => left.indexOf(axis)),
  );
}

const without = <T>(items: readonly T[], axes: readonly number[]): T[] =>
  items.filter((_, axis) => !axes.includes(axis));

/** Sums over repetitions are products; the maximum over repetitions is the element. */
function reduceRepeated(site: Site): Replacement {
  const { op, b } = site;
  const spec = specOf(op);
  const occurrences = spec.operands[0].flat().map((term) => term.axis);
  const axes = repeatedAxes(op, 0, spec).filter((axis) => {
    const name = spec.operands[0][axis][0].axis;
    return spec.reduced.includes(name) && occurrences.indexOf(name) === occurrences.lastIndexOf(name);
  });
  if (axes.length === 0 || positionsUsed(site)) return undefined;
  const x = unrepeat(b, op.operands[0], axes);
  const [result] = withSpec(b, op, [x], [without(spec.operands[0], axes)], spec.kept);
  if (op.name === "reduce_max") return [result, undefined];
  const count = axes.map((axis) => op.operands[0].type.shape[axis]).reduce<Dim>(mulDims, 1);
  return b.mul(result, b.dim(count, result.type.dtype));
}

/** An axis along which one operand only repeats, and which the other has, need not be in the spec of the first. */
function contractRepeated({ op, b }: Site): Replacement {
  const spec = specOf(op);
  for (const at of [0, 1]) {
    const axes = repeatedAxes(op, at, spec).filter((axis) =>
      spec.operands[1 - at].some((index) => isLoneAxis(index, spec.operands[at][axis][0].axis)),
    );
    if (axes.length === 0) continue;
    const operands = op.operands.map((operand, i) => (i === at ? unrepeat(b, operand, axes) : operand));
    const indices = spec.operands.map((given, i) => (i === at ? without(given, axes) : given));
    return withSpec(b, op, operands, indices, spec.kept);
  }
  return undefined;
}

// Reductions of reductions.

/** Sums of sums and maxima of maxima; the outer one over whole axes of the inner. */
function reduceTwice(inner: Op, site: Site): Replacement {
  const { op, b, uses } = site;
  const [outer, under] = [specOf(op), specOf(inner)];
  const single = uses(inner.results[0]) === 1 && inner.results.slice(1).every((result) => uses(result) === 0);
  const whole = [...outer.operands[0], ...under.operands[0]].every(isLone);
  if (inner.name !== op.name || !single || !whole || positionsUsed(site)) return undefined;
  const names = outer.operands[0].map(([term]) => term.axis);
  if (new Set(names).size < names.length) return undefined;
  const kept = outer.kept.map((axis) => under.kept[names.indexOf(axis)]);
  b.loc = inner.loc;
  return withSpec(b, inner, inner.operands, under.operands, kept);
}

export const specs: readonly Rule[] = [
  ruleOn(
    "take-transpose",
    specOps,
    takeTranspose,
    "contract(transpose(x), y) = contract'(x, y), and so for reductions",
  ),
  ruleOn(
    "give-transposed",
    ["transpose"],
    (site) => madeTransposed(site.op.operands[0], numbers(site.op, "permutation"), site),
    "transpose(contract(x, y)) = contract'(x, y), also through elementwise work, and so for reductions",
  ),
  ruleOn("drop-unit-axes", specOps, dropUnitAxes, "a sum over one element = that element"),
  ruleOn("reduce-nothing", reductions, reduceNothing, "a reduction over no axis = slice and transpose"),
  ruleOn(
    "contract-nothing",
    ["contract"],
    contractNothing,
    "a contraction over no axis = product of broadcasts",
  ),
  ruleOn(
    "reduce-repeated",
    reductions,
    reduceRepeated,
    "the sum of n times x = n * x, up to rounding; the maximum is x",
  ),
  ruleOn(
    "contract-repeated",
    ["contract"],
    contractRepeated,
    "contract(broadcast(x), y) = contract'(x, y), where y has the axis too",
  ),
  rule(
    "reduce-reduce",
    match(reductions, [match(reductions, [any("x")], "inner")]),
    ({ inner }, site) => reduceTwice(inner, site),
    "the sum of sums = one sum, up to rounding; and so the maximum",
  ),
];
