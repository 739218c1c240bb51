/**
 * `keras.ops` on the bits of integers; on bool they are logic. Two operands broadcast and promote.
 */
import { byteWidth, type DType, dtypes } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { ScalarName } from "../../../ir/scalar.ts";
import { cast, setShape, type Tensor, type TensorLike } from "../../tensor.ts";
import { dtypeOf } from "../dtype-names.ts";
import { apply, choose, numeric, promoted } from "./apply.ts";
import { asTensor, operation, parametric } from "./operation.ts";

/** Numbers without a dtype of their own are i32 here. */
const integers = (x: TensorLike, y: TensorLike): Tensor[] => {
  const [a, b] = typeof x === "number" && typeof y === "number" ? [asTensor(x, "i32"), y] : [x, y];
  const operands = promoted(a, b);
  if (dtypes[operands[0].dtype].kind !== "float") return operands;
  throw new ModelError("bitwise operations are for integers", {
    expected: "integer or bool operands",
    got: operands.map(String).join(" and "),
    hint: "Cast first",
  });
};

const binary = (keras: string, name: ScalarName) =>
  operation("numpy", keras, (x: TensorLike, y: TensorLike) => apply(name, ...integers(x, y)));
export const bitwiseAnd = binary("bitwiseAnd", "and");
export const bitwiseOr = binary("bitwiseOr", "or");
export const bitwiseXor = binary("bitwiseXor", "xor");

/** The complement of the bits; of bool, not. */
const complement = (keras: string) =>
  operation("numpy", keras, (x: TensorLike) => apply("not", asTensor(x, "i32")));
export const bitwiseInvert = complement("bitwiseInvert");
export const bitwiseNot = complement("bitwiseNot");

/** Shifts by as many bits as there are, or more, leave 0 (or -1: copies of the sign, for a signed number shifted right). */
function shift(name: "shl" | "shr", x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = integers(x, y).map(numeric);
  const bits = byteWidth(a.dtype) * 8;
  const inside = apply("and", apply("le", 0, b), apply("lt", b, bits));
  const shifted = apply(name, a, choose(inside, b, 0));
  const emptied = name === "shr" ? apply("neg", cast(apply("lt", a, 0), a.dtype)) : 0;
  return choose(inside, shifted, emptied);
}
const shifting = (keras: string, name: "shl" | "shr") =>
  operation("numpy", keras, (x: TensorLike, y: TensorLike) => shift(name, x, y));
/** x shifted left by y bits. `ops.leftShift([1], [3])` is [8]. */
export const leftShift = shifting("leftShift", "shl");
export const bitwiseLeftShift = shifting("bitwiseLeftShift", "shl");
/** x shifted right by y bits; the sign is kept. */
export const rightShift = shifting("rightShift", "shr");
export const bitwiseRightShift = shifting("bitwiseRightShift", "shr");

/**
 * The same bytes as another dtype; the last axis grows or shrinks with the ratio of the widths. Throws ModelError where it does not divide.
 *
 *     ops.view(x, "int32")   // the bits of f32 numbers
 */
export const view = parametric(
  "core",
  "view",
  ["dtype"],
  (x: TensorLike, { dtype }: { dtype?: string | null }) => {
    const tensor = asTensor(x);
    return dtype === undefined || dtype === null ? tensor : viewOf(tensor, dtypeOf(dtype));
  },
);

function viewOf(x: Tensor, dtype: DType): Tensor {
  if (byteWidth(dtype) !== byteWidth(x.dtype))
    throw new ModelError("view between dtypes of different widths is not available", {
      where: "ops.view",
      expected: `a dtype of ${byteWidth(x.dtype)} bytes`,
      got: dtypes[dtype].keras,
    });
  return setShape(x.engine.op("bitcast", [x], { dtype })[0], x.shape);
}
