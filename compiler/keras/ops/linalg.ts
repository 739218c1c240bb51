/**
 * `keras.ops`, products of matrices and tensors. All of them are one contraction: a spec that names the axes.
 */
import { type Dim, equalDims } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { broadcastShapes, normalizeAxis } from "../../../ir/type.ts";
import {
  broadcastTo,
  cast,
  promoteOperands,
  reductionSpec,
  reshape,
  setShape,
  type Tensor,
  type TensorLike,
} from "../../tensor.ts";
import { session } from "../session.ts";
import { diagonalOf } from "./matrices.ts";
import { permute } from "./movement.ts";
import { operation, parametric } from "./operation.ts";

const contract = (a: Tensor, b: Tensor, spec: string): Tensor => a.engine.op("contract", [a, b], { spec })[0];
const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Matrix product of the last two axes; the axes before are a batch and broadcast. A vector counts as a row or column. */
export const matmul = operation("numpy", "matmul", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoteOperands([x1, x2], session.engine());
  // Sums of products of bytes do not fit bytes: Keras widens these alone.
  return a.dtype === "i8" ? matmulOf(cast(a, "i32"), cast(b, "i32")) : matmulOf(a, b);
});

export function matmulOf(a: Tensor, b: Tensor): Tensor {
  if (a.rank === 0 || b.rank === 0)
    throw new ModelError("matmul needs at least one axis", { got: `${a} and ${b}` });
  if (a.rank === 1 && b.rank === 1) return contract(a, b, "k, k ->");
  if (a.rank === 1) return dropAxis(matmulOf(setShape(a, [1, ...a.shape]), b), -2);
  if (b.rank === 1) return dropAxis(matmulOf(a, setShape(b, [...b.shape, 1])), -1);
  if (!equalDims(a.shape[a.rank - 1], b.shape[b.rank - 2])) {
    throw new ModelError("matmul: inner dimensions differ", { got: `${a} and ${b}` });
  }
  // A matrix without batch stays one: its axes are not repeated, so that a dense layer is one contraction.
  if (b.rank === 2)
    return contract(
      a,
      b,
      `${names("n", a.rank - 1).join(" ")} k, k o -> ${names("n", a.rank - 1).join(" ")} o`,
    );
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const axes = names("n", batch.length).join(" ");
  const spread = (x: Tensor): Tensor => broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  return contract(spread(a), spread(b), `${axes} m k, ${axes} k o -> ${axes} m o`);
}

const dropAxis = (x: Tensor, axis: number): Tensor => {
  const at = normalizeAxis(axis, x.rank);
  return setShape(
    x,
    x.shape.filter((_, i) => i !== at),
  );
};

/** numpy's dot: the last axis of x1 with the second to last of x2. */
export const dot = operation("numpy", "dot", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoteOperands([x1, x2], session.engine());
  if (a.rank === 0 || b.rank === 0) return a.mul(b);
  if (b.rank <= 2) return matmulOf(a, b);
  return tensordotOf(a, b, [a.rank - 1], [b.rank - 2]);
});

type TensordotAxes = number | readonly [number | readonly number[], number | readonly number[]];

/** Sums over pairs of axes: the last n of x1 with the first n of x2 for a number n (default 2), else the axes listed. */
export const tensordot = parametric(
  "numpy",
  "tensordot",
  ["axes"],
  (x1: TensorLike, x2: TensorLike, { axes = 2 }: { axes?: TensordotAxes }) => {
    const [a, b] = promoteOperands([x1, x2], session.engine());
    if (typeof axes !== "number") return tensordotOf(a, b, [axes[0]].flat(), [axes[1]].flat());
    const pairs = Array.from({ length: axes }, (_, i) => i);
    return tensordotOf(
      a,
      b,
      pairs.map((i) => a.rank - axes + i),
      pairs,
    );
  },
);

function tensordotOf(a: Tensor, b: Tensor, axesA: readonly number[], axesB: readonly number[]): Tensor {
  const [left, right] = [names("a", a.rank), names("b", b.rank)];
  const [reducedA, reducedB] = [
    axesA.map((axis) => normalizeAxis(axis, a.rank)),
    axesB.map((axis) => normalizeAxis(axis, b.rank)),
  ];
  reducedA.forEach((axis, i) => {
    right[reducedB[i]] = left[axis];
  });
  const kept = [
    ...left.filter((_, i) => !reducedA.includes(i)),
    ...right.filter((_, i) => !reducedB.includes(i)),
  ];
  return contract(a, b, `${left.join(" ")}, ${right.join(" ")} -> ${kept.join(" ")}`);
}

/** All products of an element of x1 with one of x2: a matrix. */
export const outer = operation("numpy", "outer", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promoteOperands([x1, x2], session.engine()).map((x) => reshape(x, [-1]));
  return contract(a, b, "m, o -> m o");
});

/** Einstein summation: `einsum("bij,bjk->bik", a, b)`. "..." stands for leading axes that broadcast. More than two operands go pair by pair. */
export const einsum = operation(
  "numpy",
  "einsum",
  (subscripts: string, ...operands: readonly TensorLike[]) => {
    const [first, ...rest] = promoteOperands(operands, session.engine());
    const { inputs, output } = parseSubscripts(subscripts, [first, ...rest]);
    const [start, ...others] = [first, ...rest].map((tensor, i) =>
      withoutRepeats({ tensor, labels: inputs[i] }),
    );
    const reduced = others.reduce<Labelled>((left, right, i) => {
      const later = new Set([...output, ...others.slice(i + 1).flatMap(({ labels }) => labels)]);
      return contractLabels(
        left,
        right,
        [...new Set([...left.labels, ...right.labels])].filter((label) => later.has(label)),
      );
    }, start);
    return reduceLabels(reduced.tensor, reduced.labels, output);
  },
);

/** A tensor with a name for each axis. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

interface Subscripts {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

function parseSubscripts(text: string, tensors: readonly Tensor[]): Subscripts {
  const [left, right] = text.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (terms.length !== tensors.length)
    throw new ModelError("einsum: wrong number of operands", {
      expected: `${terms.length}`,
      got: `${tensors.length}`,
    });
  const ranks = terms.map((term, i) => tensors[i].rank - term.replace("...", "").length);
  const dots = Math.max(0, ...ranks.filter((_, i) => terms[i].includes("...")));
  const inputs = terms.map((term, i) => labels(term, ranks[i], dots));
  const bad = inputs.findIndex((input, i) => input.length !== tensors[i].rank);
  if (bad >= 0)
    throw new ModelError(`einsum: operand ${bad} has another rank`, {
      expected: terms[bad],
      got: tensors[bad].toString(),
    });
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
  const once = [...new Set(all)]
    .filter((label) => label.startsWith("l_") && all.filter((other) => other === label).length === 1)
    .sort();
  return [...names("dot", dots), ...once];
}

/** A label that occurs twice in an operand takes its diagonal. */
function withoutRepeats({ tensor, labels }: Labelled): Labelled {
  const axis2 = labels.findIndex((label, at) => labels.indexOf(label) !== at);
  if (axis2 < 0) return { tensor, labels };
  const axis1 = labels.indexOf(labels[axis2]);
  const rest = labels.filter((_, axis) => axis !== axis1 && axis !== axis2);
  return withoutRepeats({ tensor: diagonalOf(tensor, { axis1, axis2 }), labels: [...rest, labels[axis2]] });
}

/** One operand: sum over the labels that are missing in the output, then bring the rest into its order. */
function reduceLabels(x: Tensor, input: readonly string[], output: readonly string[]): Tensor {
  const axes = input.flatMap((label, axis) => (output.includes(label) ? [] : [axis]));
  const sum =
    axes.length === 0 ? x : x.engine.op("reduce_sum", [x], { spec: reductionSpec(x.rank, axes) })[0];
  const kept = input.filter((label) => output.includes(label));
  return permute(
    sum,
    output.map((label) => kept.indexOf(label)),
  );
}

function contractLabels(left: Labelled, right: Labelled, labels: readonly string[]): Labelled {
  const [a, b] = [dropOnes(left, right), dropOnes(right, left)];
  return {
    tensor: contract(
      a.tensor,
      b.tensor,
      `${a.labels.join(" ")}, ${b.labels.join(" ")} -> ${labels.join(" ")}`.trim(),
    ),
    labels,
  };
}

/** Axes of size 1 that the other operand has larger, removed: broadcasting behind "...". */
function dropOnes({ tensor, labels }: Labelled, other: Labelled): Labelled {
  const size = (label: string): Dim | undefined => other.tensor.shape[other.labels.indexOf(label)];
  const dropped = labels.map(
    (label, axis) => tensor.shape[axis] === 1 && size(label) !== undefined && size(label) !== 1,
  );
  return {
    tensor: setShape(
      tensor,
      tensor.shape.filter((_, axis) => !dropped[axis]),
    ),
    labels: labels.filter((_, axis) => !dropped[axis]),
  };
}
