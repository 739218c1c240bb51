/**
 * The notation of reductions and contractions: an einsum whose operand axes may be sums of loop axes.
 *
 *     "n k, k o -> n o"                                a matrix product
 *     "n 2*h+i 2*w+j c -> n h w c"                     windows of i x j at stride 2 (pooling)
 *     "n h+2*i w+2*j c, i j c o -> n h w o"            a convolution with dilation 2
 *
 * Axes on the right are kept, the others reduced. The extent of an axis comes from an operand axis that is this loop axis alone, else
 * from `sizes` ("i=3"), else it is the largest that keeps every index in range.
 */
import { type Dim, equalDims, parseDim, printDim, type Shape } from "./dim.ts";
import { ModelError } from "./errors.ts";
import { add, type Expr, int, mul } from "./kernel.ts";

export interface AffineTerm {
  readonly axis: string;
  readonly factor: number;
}
/** The index of one operand axis: a sum of loop axes. */
export type AffineIndex = readonly AffineTerm[];

export interface Spec {
  readonly operands: readonly (readonly AffineIndex[])[];
  readonly kept: readonly string[];
  /** In order of first appearance. */
  readonly reduced: readonly string[];
}

const words = (text: string): string[] =>
  text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");

function parseIndex(text: string): AffineIndex {
  return text.split("+").map((term) => {
    const match = /^(?:(\d+)\*)?([A-Za-z_]\w*)$/.exec(term);
    if (match === null)
      throw new ModelError("bad index in a spec", { expected: "axis, 2*axis or sums", got: text });
    return { axis: match[2], factor: Number(match[1] ?? 1) };
  });
}

/** Reads the notation; throws ModelError where it is malformed. */
export function parseSpec(text: string): Spec {
  const sides = text.split("->");
  if (sides.length !== 2) throw new ModelError("bad spec", { expected: `"operands -> result"`, got: text });
  const operands = sides[0].split(",").map((operand) => words(operand).map(parseIndex));
  const kept = words(sides[1]);
  const all = new Set(operands.flat(2).map((term) => term.axis));
  const stray = kept.find((axis) => !all.has(axis));
  if (stray !== undefined || new Set(kept).size !== kept.length) {
    throw new ModelError("bad spec", { expected: "each result axis once, from an operand", got: text });
  }
  return { operands, kept, reduced: [...all].filter((axis) => !kept.includes(axis)) };
}

/** The extent of every loop axis; throws ModelError when operands disagree or an index leaves its operand. */
export function axisExtents(
  spec: Spec,
  shapes: readonly Shape[],
  sizes: readonly string[],
): ReadonlyMap<string, Dim> {
  const extents = new Map<string, Dim>();
  for (const size of sizes) {
    const [axis, dim] = size.split("=");
    extents.set(axis, parseDim(dim ?? ""));
  }
  spec.operands.forEach((indices, operand) => collectLoneAxes(indices, shapes[operand], extents));
  spec.operands.forEach((indices, operand) => {
    indices.forEach((index, axis) => settleWindow(index, shapes[operand][axis], extents));
  });
  return extents;
}

function collectLoneAxes(indices: readonly AffineIndex[], shape: Shape, extents: Map<string, Dim>): void {
  if (indices.length !== shape.length) {
    throw new ModelError("rank does not match the spec", {
      expected: `${indices.length}`,
      got: `${shape.length}`,
    });
  }
  indices.forEach((index, axis) => {
    if (index.length !== 1 || index[0].factor !== 1) return;
    const known = extents.get(index[0].axis);
    if (known !== undefined && !equalDims(known, shape[axis])) {
      const got = `${printDim(known)} and ${printDim(shape[axis])}`;
      throw new ModelError(`operands disagree in the size of axis "${index[0].axis}"`, {
        expected: "one size",
        got,
      });
    }
    extents.set(index[0].axis, shape[axis]);
  });
}

/** A sum of axes over one operand axis: solves for the one unknown extent, checks the range. */
function settleWindow(index: AffineIndex, size: Dim, extents: Map<string, Dim>): void {
  if (index.length === 1 && index[0].factor === 1) return;
  if (typeof size !== "number") throw new ModelError("windows need a constant size", { got: printDim(size) });
  const unknown = index.filter((term) => !extents.has(term.axis));
  if (unknown.length > 1) {
    throw new ModelError("two unknown sizes in one index", { got: unknown.map((t) => t.axis).join(", ") });
  }
  let last = 0;
  for (const { axis, factor } of index) {
    const extent = extents.get(axis);
    if (extent === undefined) continue;
    if (typeof extent !== "number")
      throw new ModelError("windows need a constant size", { got: printDim(extent) });
    last += factor * (extent - 1);
  }
  if (last >= size) {
    throw new ModelError("window does not fit", { expected: `at most ${size} elements`, got: `${last + 1}` });
  }
  if (unknown.length === 1)
    extents.set(unknown[0].axis, Math.floor((size - 1 - last) / unknown[0].factor) + 1);
}

/** The index expressions of one operand, given those of the loop axes. */
export function indexExprs(indices: readonly AffineIndex[], axes: ReadonlyMap<string, Expr>): Expr[] {
  return indices.map((index) =>
    index
      .map(({ axis, factor }) => {
        const value = axes.get(axis);
        if (value === undefined) throw new ModelError("unknown axis", { got: axis });
        return factor === 1 ? value : mul(value, int(factor));
      })
      .reduce(add),
  );
}

/** Binds kept and reduced axes to expressions. */
export function bindAxes(
  spec: Spec,
  kept: readonly Expr[],
  reduced: readonly Expr[],
): ReadonlyMap<string, Expr> {
  return new Map([
    ...spec.kept.map((axis, i): [string, Expr] => [axis, kept[i]]),
    ...spec.reduced.map((axis, i): [string, Expr] => [axis, reduced[i]]),
  ]);
}

/** The spec as text, from parts: what gradients build. */
export function printSpec(operands: readonly (readonly AffineIndex[])[], kept: readonly string[]): string {
  const print = (index: AffineIndex): string =>
    index.map(({ axis, factor }) => (factor === 1 ? axis : `${factor}*${axis}`)).join("+");
  return `${operands.map((indices) => indices.map(print).join(" ")).join(", ")} -> ${kept.join(" ")}`.trim();
}
