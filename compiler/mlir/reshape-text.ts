/**
 * A change of shape in row-major order as tensor.collapse_shape and tensor.expand_shape: axes are grouped so that groups hold equally many
 * elements on both sides; each group is collapsed to one axis and expanded again.
 */
import { type Dim, equalDims, equalShapes, isStatic, mulDims, productOf, type Shape } from "../../ir/dim.ts";
import type { TensorType } from "../../ir/type.ts";
import { type FuncText, tensorText } from "./func-text.ts";

/** Numbers of axes of a group on both sides, none of them zero. */
interface Group {
  readonly from: number;
  readonly to: number;
}

export function writeReshape(text: FuncText, value: string, from: TensorType, to: Shape): string {
  const wanted = { dtype: from.dtype, shape: to };
  if (equalShapes(from.shape, to)) return value;
  if (to.length === 0) return collapse(text, value, "[]", from, wanted);
  if (from.shape.length === 0) return expand(text, value, "[]", from, wanted);
  const groups = groupAxes(from.shape, to);
  const shape = groups.map((_, i) => productOf(from.shape.slice(...bounds(groups, i, "from"))));
  const middle = { dtype: from.dtype, shape };
  const isCollapsed = groups.every((group) => group.from === 1);
  const flat = isCollapsed ? value : collapse(text, value, axesText(groups, "from"), from, middle);
  const isDone = groups.every((group) => group.to === 1);
  return isDone ? flat : expand(text, flat, axesText(groups, "to"), middle, wanted);
}

const collapse = (text: FuncText, value: string, axes: string, from: TensorType, to: TensorType): string =>
  text.emit(`tensor.collapse_shape ${value} ${axes} : ${tensorText(from)} into ${tensorText(to)}`);

function expand(text: FuncText, value: string, axes: string, from: TensorType, to: TensorType): string {
  const sizes = to.shape.map((dim) => (isStatic(dim) ? String(dim) : text.size(dim))).join(", ");
  return text.emit(
    `tensor.expand_shape ${value} ${axes} output_shape [${sizes}] : ${tensorText(from)} into ${tensorText(to)}`,
  );
}

const bounds = (groups: readonly Group[], i: number, side: keyof Group): [number, number] => {
  const start = groups.slice(0, i).reduce((sum, group) => sum + group[side], 0);
  return [start, start + groups[i][side]];
};

/** `[[0, 1], [2]]`. */
function axesText(groups: readonly Group[], side: keyof Group): string {
  const lists = groups.map((_, i) => {
    const [start, end] = bounds(groups, i, side);
    return `[${Array.from({ length: end - start }, (_, axis) => start + axis).join(", ")}]`;
  });
  return `[${lists.join(", ")}]`;
}

/** The finest grouping that sizes allow. */
function groupAxes(from: Shape, to: Shape): Group[] {
  if (from.length === 0 || to.length === 0) return [{ from: from.length, to: to.length }];
  const groups: Group[] = [];
  let [i, j] = [0, 0];
  while (i < from.length && j < to.length) {
    const [start, other] = [i, j];
    let [a, b]: [Dim, Dim] = [from[i++], to[j++]];
    while (!equalDims(a, b)) {
      if (i < from.length && (j >= to.length || isLess(a, b))) a = mulDims(a, from[i++]);
      else if (j < to.length) b = mulDims(b, to[j++]);
      else break;
    }
    groups.push({ from: i - start, to: j - other });
  }
  // What is left has size 1.
  const last = groups[groups.length - 1];
  groups[groups.length - 1] = { from: last.from + from.length - i, to: last.to + to.length - j };
  return groups;
}

/** Of two products that differ, the one to go on with. Symbols count as large. */
function isLess(a: Dim, b: Dim): boolean {
  if (isStatic(a) && isStatic(b)) return a < b;
  if (isStatic(a) !== isStatic(b)) return isStatic(a);
  const lead = (dim: Dim): number => (isStatic(dim) ? dim : dim.terms[0].coefficient);
  return lead(a) < lead(b);
}
