/**
 * Contractions in TOSA: matrix products, convolutions, depthwise convolutions.
 */
import { Unsupported } from "../../ir/errors.ts";
import { resolve } from "../../ir/ops/reduce.ts";
import { type TensorType, tensorType } from "../../ir/type.ts";
import { lacksFeatures, withFeatures } from "./feature-axis.ts";
import type { NamedText, Word } from "./named-text.ts";
import { array, filled, reshaped, transposed, typesOf } from "./tosa-shapes.ts";

/** Batched matrix products: axes of one kind are brought together. */
export const contract: Word = (text, op, [left, right]) => {
  const [a, b] = typesOf(op);
  const { spec } = resolve(op.attrs as { spec: string; sizes?: readonly string[] }, [a.shape, b.shape]);
  const isLone = spec.operands.every((indices) =>
    indices.every((index) => index.length === 1 && index[0].factor === 1),
  );
  if (!isLone) return convolution(text, op, [left, right]);
  const [x, y] = spec.operands.map((indices) => indices.map(([term]) => term.axis));
  const batch = spec.kept.filter((axis) => x.includes(axis) && y.includes(axis));
  const [m, n] = [x, y].map((axes) =>
    spec.kept.filter((axis) => axes.includes(axis) && !batch.includes(axis)),
  );
  const isProper = spec.reduced.every((axis) => x.includes(axis) && y.includes(axis));
  if (!isProper) return text.apart(op, [left, right]);
  const size = (axis: string): number =>
    Number(x.includes(axis) ? a.shape[x.indexOf(axis)] : b.shape[y.indexOf(axis)]);
  const count = (axes: readonly string[]): number => axes.reduce((product, axis) => product * size(axis), 1);
  const matrix = (
    value: string,
    type: TensorType,
    axes: readonly string[],
    groups: readonly (readonly string[])[],
  ): string => {
    const ordered = transposed(
      text,
      value,
      type,
      groups.flat().map((axis) => axes.indexOf(axis)),
    );
    return reshaped(text, ordered.value, ordered.type, tensorType(type.dtype, groups.map(count)));
  };
  const [p, q] = [
    matrix(left, a, x, [batch, m, spec.reduced]),
    matrix(right, b, y, [batch, spec.reduced, n]),
  ];
  const cube = (...groups: (readonly string[])[]): TensorType => tensorType(a.dtype, groups.map(count));
  const product = text.emit(
    "tosa.matmul",
    [p, q],
    [cube(batch, m, spec.reduced), cube(batch, spec.reduced, n)],
    cube(batch, m, n),
  );
  const made = [...batch, ...m, ...n];
  const open = tensorType(a.dtype, made.map(size));
  return [
    transposed(
      text,
      reshaped(text, product, cube(batch, m, n), open),
      open,
      spec.kept.map((axis) => made.indexOf(axis)),
    ).value,
  ];
};

/** "n s*h+d*i s*w+d*j c, i j c o -> n h w o", and with a channel of its own for each kernel. */
const convolution: Word = (text, op, [image, kernel]) => {
  const [a, b] = typesOf(op);
  const { spec } = resolve(op.attrs as { spec: string; sizes?: readonly string[] }, [a.shape, b.shape]);
  if (lacksFeatures(spec)) return text.compose(op, [image, kernel], (b) => [withFeatures(b, op, spec)]);
  const refuse = (): never => {
    throw new Unsupported("TOSA", `the contraction ${op.attrs.spec}`, { where: op.loc || undefined });
  };
  const [x, w] = spec.operands;
  const names = w.map((index) => (index.length === 1 && index[0].factor === 1 ? index[0].axis : ""));
  if (x.length !== 4 || names.length < 4) return refuse();
  const windows = [1, 2].map((axis) => ({
    outer: x[axis].find((term) => spec.kept.includes(term.axis)),
    inner: x[axis].find((term) => spec.reduced.includes(term.axis)),
  }));
  const [rows, columns] = windows;
  const [n, channel] = [x[0][0].axis, x[3][0].axis];
  if (rows.outer === undefined || columns.outer === undefined) return refuse();
  const isOf = (axis: string | undefined, at: number): boolean => axis === undefined || names[at] === axis;
  const isProper = isOf(rows.inner?.axis, 0) && isOf(columns.inner?.axis, 1) && names[2] === channel;
  const out = names[3];
  const stride = array([rows.outer.factor, columns.outer.factor]);
  const dilation = array([rows.inner?.factor ?? 1, columns.inner?.factor ?? 1]);
  const attrs = `pad = ${array([0, 0, 0, 0])}, stride = ${stride}, dilation = ${dilation}`;
  const isDepthwise = spec.kept.join() === [n, rows.outer.axis, columns.outer.axis, channel, out].join();
  const isPlain = spec.kept.join() === [n, rows.outer.axis, columns.outer.axis, out].join();
  if (!isProper || (!isPlain && !isDepthwise)) return refuse();
  const fitted = fit(text, image, a, windows, b, op.results[0].type);
  const channels = isPlain ? Number(b.shape[3]) : Number(b.shape[2]) * Number(b.shape[3]);
  const bias = filled(text, tensorType(a.dtype, [channels]), 0);
  const weights = isPlain ? transposed(text, kernel, b, [3, 0, 1, 2]) : { value: kernel, type: b };
  const result = tensorType(a.dtype, [...op.results[0].type.shape.slice(0, 3), channels]);
  const operation = isPlain ? "tosa.conv2d" : "tosa.depthwise_conv2d";
  const made = text.emit(
    operation,
    [fitted.value, weights.value, bias],
    [fitted.type, weights.type, tensorType(a.dtype, [channels])],
    result,
    attrs,
  );
  return [reshaped(text, made, result, op.results[0].type)];
};

type Term = { readonly axis: string; readonly factor: number } | undefined;

/** TOSA wants windows to reach the last row and column exactly. */
function fit(
  text: NamedText,
  image: string,
  type: TensorType,
  windows: readonly { outer: Term; inner: Term }[],
  kernel: TensorType,
  result: TensorType,
) {
  const used = windows.map(({ outer, inner }, i) => {
    const size = inner === undefined ? 1 : Number(kernel.shape[i]);
    return (Number(result.shape[i + 1]) - 1) * (outer?.factor ?? 1) + (size - 1) * (inner?.factor ?? 1) + 1;
  });
  if (used.every((size, i) => size === type.shape[i + 1])) return { value: image, type };
  const cut = tensorType(type.dtype, [type.shape[0], ...used, type.shape[3]]);
  const attrs = `start = ${array([0, 0, 0, 0])}, size = ${array(cut.shape.map(Number))}`;
  return { value: text.emit("tosa.slice", [image], [type], cut, attrs), type: cut };
}
