/**
 * StableHLO's products as contractions: dot_general and convolution, and the padding that convolutions and windows share.
 */
import type { Operation } from "mlir-js";
import { type AffineIndex, printSpec } from "../../ir/affine-spec.ts";
import type { Builder } from "../../ir/builder.ts";
import type { Dim } from "../../ir/dim.ts";
import type { Value } from "../../ir/graph.ts";
import { unknown } from "./read-scalar.ts";
import type { ReadWord } from "./tensor-reader.ts";

/** The numbers in a list of an attribute's text: `lhs_contracting_dimensions = [1]`. */
export function listIn(op: Operation, attribute: string, name: string): readonly number[] {
  const text = String(op.attribute(attribute) ?? "");
  const found = new RegExp(`${name} = \\[([^\\]]*)\\]`).exec(text)?.[1] ?? "";
  return found.split(",").flatMap((word) => (word.trim() === "" ? [] : [Number(word)]));
}

/** dot_general: axes that are summed, shared, or of one operand alone. */
export const dotGeneral: ReadWord = (r, op) => {
  const [x, y] = r.operands(op);
  const of = (name: string): readonly number[] => listIn(op, "dot_dimension_numbers", name);
  const [batchX, batchY] = [of("lhs_batching_dimensions"), of("rhs_batching_dimensions")];
  const [sumX, sumY] = [of("lhs_contracting_dimensions"), of("rhs_contracting_dimensions")];
  const label =
    (prefix: string, batch: readonly number[], sum: readonly number[]) =>
    (_: unknown, axis: number): string => {
      if (batch.includes(axis)) return `b${batch.indexOf(axis)}`;
      return sum.includes(axis) ? `k${sum.indexOf(axis)}` : `${prefix}${axis}`;
    };
  const left = x.type.shape.map(label("x", batchX, sumX));
  const right = y.type.shape.map(label("y", batchY, sumY));
  const free = (labels: readonly string[]): string[] => labels.filter((name) => !/^[bk]/.test(name));
  const kept = [...batchX.map((_, i) => `b${i}`), ...free(left), ...free(right)];
  return [r.b.contract(x, y, `${left.join(" ")}, ${right.join(" ")} -> ${kept.join(" ")}`)];
};

/** Pads, or cuts where padding is negative. */
export function padded(
  b: Builder,
  x: Value,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[],
  value: number,
): Value {
  const spread = b.op("pad", [x], {
    low: low.map((n) => Math.max(0, n)),
    high: high.map((n) => Math.max(0, n)),
    interior,
    value,
  });
  if ([...low, ...high].every((n) => n >= 0)) return spread;
  const { shape } = spread.type;
  const limits = shape.map(
    (size, axis): Dim => (typeof size === "number" ? size + Math.min(0, high[axis]) : size),
  );
  return b.slice(
    spread,
    low.map((n) => Math.max(0, -n)),
    limits,
  );
}

/** convolution, in any numbering of axes, with groups. */
export const convolution: ReadWord = (r, op) => {
  const text = String(op.attribute("dimension_numbers"));
  const [input, kernel, output] = [...text.matchAll(/\[([^\]]*)\]/g)].map(([, words]) =>
    words.split(",").map((word) => word.trim()),
  );
  if (output === undefined) throw unknown(op);
  const [x, w] = r.operands(op);
  const spatial = input.filter((word) => /^\d/.test(word)).length;
  const numbers = (name: string, fallback: number): readonly number[] =>
    op.attribute(name) === undefined ? Array.from({ length: spatial }, () => fallback) : r.numbers(op, name);
  const [strides, dilations, spread] = [
    numbers("window_strides", 1),
    numbers("rhs_dilation", 1),
    numbers("lhs_dilation", 1),
  ];
  const padding =
    op.attribute("padding") === undefined
      ? Array.from({ length: 2 * spatial }, () => 0)
      : r.numbers(op, "padding");
  const side = (which: number): number[] =>
    input.map((word) => (/^\d/.test(word) ? padding[2 * Number(word) + which] : 0));
  const interior = input.map((word) => (/^\d/.test(word) ? spread[Number(word)] - 1 : 0));
  const image = padded(r.b, x, side(0), side(1), interior, 0);
  const reversal =
    op.attribute("window_reversal") === undefined
      ? []
      : (op.attribute("window_reversal")?.toValue() as readonly boolean[]);
  const flipped = kernel.flatMap((word, axis) => (/^\d/.test(word) && reversal[Number(word)] ? [axis] : []));
  const weights = flipped.length > 0 ? r.b.op("reverse", [w], { axes: flipped }) : w;
  const groups =
    op.attribute("feature_group_count") === undefined ? 1 : r.numbers(op, "feature_group_count")[0];
  if (op.attribute("batch_group_count") !== undefined && r.numbers(op, "batch_group_count")[0] !== 1)
    throw unknown(op);
  return [convolve(r.b, image, weights, { input, kernel, output, strides, dilations, groups })];
};

interface Numbering {
  readonly input: readonly string[];
  readonly kernel: readonly string[];
  readonly output: readonly string[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly groups: number;
}

/** Groups become an axis of their own: features are split into (group, within). */
function convolve(
  b: Builder,
  image: Value,
  weights: Value,
  { input, kernel, output, strides, dilations, groups }: Numbering,
): Value {
  const lone = (axis: string): AffineIndex => [{ axis, factor: 1 }];
  const split = (x: Value, axis: number): Value => {
    const { shape } = x.type;
    const size = Number(shape[axis]);
    return b.reshape(x, [...shape.slice(0, axis), groups, size / groups, ...shape.slice(axis + 1)]);
  };
  const isGrouped = groups > 1;
  const x = isGrouped ? split(image, input.indexOf("f")) : image;
  const w = isGrouped ? split(weights, kernel.indexOf("o")) : weights;
  const left = input.flatMap((word): AffineIndex[] => {
    if (word === "b") return [lone("n")];
    if (word === "f") return isGrouped ? [lone("g"), lone("c")] : [lone("c")];
    const at = Number(word);
    return [
      [
        { axis: `h${word}`, factor: strides[at] },
        { axis: `i${word}`, factor: dilations[at] },
      ],
    ];
  });
  const right = kernel.flatMap((word): AffineIndex[] => {
    if (word === "i") return [lone("c")];
    if (word === "o") return isGrouped ? [lone("g"), lone("o")] : [lone("o")];
    return [lone(`i${word}`)];
  });
  const kept = output.flatMap((word) => {
    if (word === "b") return ["n"];
    if (word === "f") return isGrouped ? ["g", "o"] : ["o"];
    return [`h${word}`];
  });
  const product = b.contract(x, w, printSpec([left, right], kept));
  if (!isGrouped) return product;
  const at = kept.indexOf("g");
  const { shape } = product.type;
  return b.reshape(product, [
    ...shape.slice(0, at),
    Number(shape[at]) * Number(shape[at + 1]),
    ...shape.slice(at + 2),
  ]);
}
