/**
 * `keras.ops`, products of matrices and tensors. All of them are one contraction: a spec that names the axes.
 */
import { equalDims, type Dim } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { broadcastShapes, normalizeAxis } from "../../../ir/type.ts";
import { type Axes, broadcastTo, elementwise, promoteOperands, reductionSpec, reshape, setShape, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { session } from "../session.ts";
import { permute } from "./movement.ts";
import { asTensor, operation } from "./operation.ts";

const contract = (a: Tensor, b: Tensor, spec: string): Tensor => a.engine.op("contract", [a, b], { spec })[0];
const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Matrix product of the last two axes; the axes before are a batch and broadcast. A vector counts as a row or column. */
export const matmul = operation("numpy", "matmul", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoteOperands([x1, x2], session.engine());
  return matmulOf(a, b);
});

export function matmulOf(a: Tensor, b: Tensor): Tensor {
  if (a.rank === 0 || b.rank === 0) throw new ModelError("matmul needs at least one axis", { got: `${a} and ${b}` });
  if (a.rank === 1) return dropAxis(matmulOf(setShape(a, [1, ...a.shape]), b), -2);
  if (b.rank === 1) return dropAxis(matmulOf(a, setShape(b, [...b.shape, 1])), -1);
  if (!equalDims(a.shape[a.rank - 1], b.shape[b.rank - 2])) {
    throw new ModelError("matmul: inner dimensions differ", { got: `${a} and ${b}` });
  }
  // A matrix without batch stays one: its axes are not repeated, so that a dense layer is one contraction.
  if (b.rank === 2) return contract(a, b, `${names("n", a.rank - 1).join(" ")} k, k o -> ${names("n", a.rank - 1).join(" ")} o`);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const axes = names("n", batch.length).join(" ");
  const spread = (x: Tensor): Tensor => broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  return contract(spread(a), spread(b), `${axes} m k, ${axes} k o -> ${axes} m o`);
}

const dropAxis = (x: Tensor, axis: number): Tensor => {
  const at = normalizeAxis(axis, x.rank);
  return setShape(x, x.shape.filter((_, i) => i !== at));
};

/** numpy's dot: the last axis of x1 with the second to last of x2. */
export const dot = operation("numpy", "dot", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoteOperands([x1, x2], session.engine());
  if (a.rank === 0 || b.rank === 0) return a.mul(b);
  if (b.rank <= 2) return matmulOf(a, b);
  return tensordotOf(a, b, [a.rank - 1], [b.rank - 2]);
});

/** Sums over pairs of axes: the last n of x1 with the first n of x2 for a number n (default 2), else the axes listed. */
export const tensordot = operation(
  "numpy",
  "tensordot",
  (x1: TensorLike, x2: TensorLike, axes?: number | readonly [number | readonly number[], number | readonly number[]]) => {
    const [a, b] = promoteOperands([x1, x2], session.engine());
    const pairs = axes ?? 2;
    if (typeof pairs === "number") return tensordotOf(a, b, names("", pairs).map((_, i) => a.rank - pairs + i), names("", pairs).map((_, i) => i));
    const list = (item: number | readonly number[]): readonly number[] => (typeof item === "number" ? [item] : item);
    return tensordotOf(a, b, list(pairs[0]), list(pairs[1]));
  },
  ["axes"],
);

function tensordotOf(a: Tensor, b: Tensor, axesA: readonly number[], axesB: readonly number[]): Tensor {
  const [left, right] = [names("a", a.rank), names("b", b.rank)];
  const [reducedA, reducedB] = [axesA.map((axis) => normalizeAxis(axis, a.rank)), axesB.map((axis) => normalizeAxis(axis, b.rank))];
  reducedA.forEach((axis, i) => {
    right[reducedB[i]] = left[axis];
  });
  const kept = [...left.filter((_, i) => !reducedA.includes(i)), ...right.filter((_, i) => !reducedB.includes(i))];
  return contract(a, b, `${left.join(" ")}, ${right.join(" ")} -> ${kept.join(" ")}`);
}

/** All products of an element of x1 with one of x2: a matrix. */
export const outer = operation("numpy", "outer", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoteOperands([x1, x2], session.engine()).map((x) => reshape(x, [-1]));
  return contract(a, b, "m, o -> m o");
});

/** Einstein summation over one or two operands: `einsum("bij,bjk->bik", a, b)`. "..." stands for leading axes that broadcast. */
export const einsum = operation("numpy", "einsum", (subscripts: string, ...operands: readonly TensorLike[]) => {
  const tensors = promoteOperands(operands, session.engine());
  const { inputs, output } = parseSubscripts(subscripts, tensors);
  if (tensors.length === 1) return reduceLabels(tensors[0], inputs[0], output);
  if (tensors.length !== 2) throw new ModelError("einsum takes one or two operands", { got: `${tensors.length}` });
  return contractLabels(tensors, inputs, output);
});

interface Subscripts {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

function parseSubscripts(text: string, tensors: readonly Tensor[]): Subscripts {
  const [left, right] = text.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (terms.length !== tensors.length) throw new ModelError("einsum: wrong number of operands", { expected: `${terms.length}`, got: `${tensors.length}` });
  const ranks = terms.map((term, i) => tensors[i].rank - term.replace("...", "").length);
  const dots = Math.max(0, ...ranks.filter((_, i) => terms[i].includes("...")));
  const inputs = terms.map((term, i) => labels(term, ranks[i], dots));
  const bad = inputs.findIndex((input, i) => input.length !== tensors[i].rank);
  if (bad >= 0) throw new ModelError(`einsum: operand ${bad} has another rank`, { expected: terms[bad], got: tensors[bad].toString() });
  return { inputs, output: right === undefined ? implicitOutput(inputs, dots) : labels(right, dots, dots) };
}

/** One name per axis; those behind "..." are counted from the right, so that they align. */
function labels(term: string, rank: number, dots: number): string[] {
  const at = term.indexOf("...");
  const letters = (part: string): string[] => [...part].map((letter) => `l_${letter}`);
  if (at < 0) return letters(term);
  const ellipsis = names("dot", dots).slice(dots - rank);
  return [...letters(term.slice(0, at)), ...ellipsis, ...letters(term.slice(at + 3))];
}

/** Without "->": the labels that occur once, in alphabetical order. */
function implicitOutput(inputs: readonly (readonly string[])[], dots: number): string[] {
  const all = inputs.flat();
  const once = [...new Set(all)].filter((label) => label.startsWith("l_") && all.filter((other) => other === label).length === 1).sort();
  return [...names("dot", dots), ...once];
}

/** One operand: sum over the labels that are missing in the output, then bring the rest into its order. */
function reduceLabels(x: Tensor, input: readonly string[], output: readonly string[]): Tensor {
  if (new Set(input).size !== input.length) throw new ModelError("einsum: a repeated label in one operand is not supported", { got: input.join("") });
  const axes = input.flatMap((label, axis) => (output.includes(label) ? [] : [axis]));
  const sum = axes.length === 0 ? x : x.engine.op("reduce_sum", [x], { spec: reductionSpec(x.rank, axes) })[0];
  const kept = input.filter((label) => output.includes(label));
  return permute(sum, output.map((label) => kept.indexOf(label)));
}

function contractLabels(tensors: readonly Tensor[], inputs: readonly (readonly string[])[], output: readonly string[]): Tensor {
  const [a, b] = tensors.map((tensor, i) => dropOnes(tensor, inputs[i], tensors[1 - i], inputs[1 - i]));
  const spec = `${a.labels.join(" ")}, ${b.labels.join(" ")} -> ${output.join(" ")}`;
  return contract(a.tensor, b.tensor, spec);
}

/** Axes of size 1 that the other operand has larger, removed: broadcasting behind "...". */
function dropOnes(x: Tensor, own: readonly string[], other: Tensor, others: readonly string[]): { tensor: Tensor; labels: string[] } {
  const size = (label: string): Dim | undefined => (others.includes(label) ? other.shape[others.indexOf(label)] : undefined);
  const dropped = own.map((label, axis) => x.shape[axis] === 1 && size(label) !== undefined && size(label) !== 1);
  return {
    tensor: setShape(x, x.shape.filter((_, axis) => !dropped[axis])),
    labels: own.filter((_, axis) => !dropped[axis]),
  };
}

/** The root of the sum of squares over `axis` (default all). */
export const norm = operation(
  "linalg",
  "norm",
  (x: TensorLike, axis?: Axes, keepdims?: boolean) => {
    const tensor = asTensor(x);
    return elementwise("sqrt", [sum(elementwise("mul", [tensor, tensor]), axis ?? null, keepdims ?? false)]);
  },
  ["axis", "keepdims"],
);
