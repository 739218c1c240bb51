/**
 * `associativeScan`: all prefixes of a combination whose order of evaluation is free, in a number of steps that grows with the logarithm of
 * the length (Blelloch, "Prefix sums and their applications", 1990).
 */
import { ModelError } from "../../../ir/errors.ts";
import { getItem, staticDim, type Tensor, type TensorLike } from "../../tensor.ts";
import type { Nest } from "../nest.ts";
import { leavesOf, packLeaves } from "../region-scope.ts";
import { concatenate, stack } from "./joining.ts";
import { flip, reshape } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";

type Elements = readonly Tensor[];

/** A part of each element along an axis, as numpy writes it: ":-1", "1::2". */
const part = (elements: Elements, axis: number, range: string): Elements =>
  elements.map((x) => getItem(x, [...new Array<string>(axis).fill(":"), range]));

/** a0 b0 a1 b1 ...; `a` has as many as `b`, or one more. */
function interleave(a: Tensor, b: Tensor, axis: number): Tensor {
  const [sizeOfA, sizeOfB] = [a, b].map(({ shape }) => staticDim(shape[axis], "the length of a scan"));
  const [paired] = part([a], axis, `:${sizeOfB}`);
  const pairs = stack([paired, b], axis + 1);
  const shape = b.shape.map((dim, i) => (i === axis ? 2 * sizeOfB : dim));
  const woven = reshape(pairs, shape);
  return sizeOfA === sizeOfB ? woven : concatenate([woven, ...part([a], axis, `${sizeOfB}:`)], axis);
}

function prefixes(
  combine: (a: Elements, b: Elements) => Elements,
  elements: Elements,
  axis: number,
): Elements {
  const size = staticDim(elements[0].shape[axis], "the length of a scan");
  if (size < 2) return elements;
  const odd = prefixes(combine, combine(part(elements, axis, ":-1:2"), part(elements, axis, "1::2")), axis);
  const rest = part(elements, axis, "2::2");
  const before = size % 2 === 0 ? part(odd, axis, ":-1") : odd;
  const first = part(elements, axis, ":1");
  const later = size > 2 ? combine(before, rest) : [];
  return odd.map((o, i) => {
    const even = later.length === 0 ? first[i] : concatenate([first[i], later[i]], axis);
    return interleave(even, o, axis);
  });
}

/**
 * e0, f(e0, e1), f(f(e0, e1), e2), ... along `axis`, for an associative f over slices of any length; from the end with `reverse`.
 *
 * Example: `ops.associativeScan((a, b) => a.add(b), x)` is a running sum. Throws ModelError where the length is not known, or elements differ in it.
 */
export const associativeScan = parametric(
  "core",
  "associativeScan",
  ["reverse", "axis"],
  (
    f: (a: never, b: never) => unknown,
    elems: Nest<TensorLike>,
    { reverse = false, axis = 0 }: { reverse?: boolean; axis?: number },
  ): Nest<Tensor> => {
    const elements = leavesOf(elems).map((value) => asTensor(value));
    const at = axis < 0 ? axis + elements[0].rank : axis;
    const lengths = elements.map(({ shape }) => shape[at]);
    if (lengths.some((length) => length !== lengths[0]))
      throw new ModelError("Array inputs to associative_scan must have the same first dimension", {
        got: `[${lengths}]`,
      });
    const combine = (a: Elements, b: Elements): Elements =>
      leavesOf(f(packLeaves(elems, a) as never, packLeaves(elems, b) as never)).map((value) =>
        asTensor(value),
      );
    const turn = (list: Elements): Elements => (reverse ? list.map((x) => flip(x, at)) : list);
    return packLeaves(elems, turn(prefixes(combine, turn(elements), at))) as Nest<Tensor>;
  },
);
