/**
 * What TOSA's words share: lists, constants, changes of shape.
 */
import { isFloat } from "../../ir/dtype.ts";
import type { Op } from "../../ir/graph.ts";
import { type TensorType, tensorType } from "../../ir/type.ts";
import type { NamedText } from "./named-text.ts";

export const array = (numbers: readonly (number | string)[], type = "i64"): string =>
  `array<${type}${numbers.length > 0 ? `: ${numbers.join(", ")}` : ""}>`;
export const numbers = (op: Op, name: string): readonly number[] =>
  (op.attrs[name] as readonly (number | string)[]).map(Number);
export const typesOf = (op: Op): readonly TensorType[] => op.operands.map(({ type }) => type);

/** The constant `value` in the shape of `type`. */
export function filled(text: NamedText, { dtype, shape }: TensorType, value: number): string {
  const size = shape.reduce<number>((product, dim) => product * Number(dim), 1);
  const sizes = shape.map(Number);
  const data = isFloat(dtype) ? new Float32Array(size).fill(value) : new Int32Array(size).fill(value);
  return text.constant({ dtype, shape: sizes, data });
}

export const reshaped = (text: NamedText, value: string, from: TensorType, to: TensorType): string =>
  from.shape.join() === to.shape.join()
    ? value
    : text.emit("tosa.reshape", [value], [from], to, `new_shape = ${array(to.shape.map(Number))}`);

export function transposed(
  text: NamedText,
  value: string,
  type: TensorType,
  permutation: readonly number[],
): { value: string; type: TensorType } {
  if (permutation.every((axis, i) => axis === i)) return { value, type };
  const perms = text.constant({
    dtype: "i32",
    shape: [permutation.length],
    data: Int32Array.from(permutation),
  });
  const result = tensorType(
    type.dtype,
    permutation.map((axis) => type.shape[axis]),
  );
  return {
    value: text.emit(
      "tosa.transpose",
      [value, perms],
      [type, tensorType("i32", [permutation.length])],
      result,
    ),
    type: result,
  };
}
