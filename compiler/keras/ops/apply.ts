/**
 * What the bodies of `keras.ops` are written with: scalar operators on tensor-likes in the engine of the running code, and the few
 * conversions that many operations begin with. Nothing here is an operation of Keras.
 */
import { dimsAttr } from "../../../ir/builder.ts";
import type { Shape } from "../../../ir/dim.ts";
import { type DType, dtypes, isFloat } from "../../../ir/dtype.ts";
import type { ScalarName } from "../../../ir/scalar.ts";
import {
  cast,
  commonEngine,
  type Engine,
  elementwise,
  promoteOperands,
  select,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { session } from "../session.ts";
import { asTensor } from "./operation.ts";

/** A scalar operator; shapes broadcast, dtypes promote. */
export const apply = (name: ScalarName, ...operands: readonly TensorLike[]): Tensor =>
  elementwise(name, operands, session.engine());

/** `condition ? a : b`, elementwise. */
export const choose = (condition: TensorLike, a: TensorLike, b: TensorLike): Tensor =>
  select(condition, a, b, session.engine());

/** min(max(x, low), high). */
export const clamp = (x: TensorLike, low: TensorLike, high: TensorLike): Tensor =>
  apply("min", apply("max", x, low), high);

/** The operands of a binary operation in one engine and dtype. */
export const promoted = (...operands: readonly TensorLike[]): Tensor[] =>
  promoteOperands(operands, session.engine());

/** The operands in one engine, each in its own dtype. */
export function promotedEach(...operands: readonly TensorLike[]): Tensor[] {
  const engine = commonEngine(operands, session.engine());
  return operands.map((operand) => toTensor(operand, engine, session.floatx));
}

/** As `promoted`, for functions of real numbers: integers and bool become f32. */
export const promotedReal = (...operands: readonly TensorLike[]): Tensor[] => promoted(...operands).map(real);

/** For functions of real numbers: integers and bool become f32 first. */
export const real = (x: TensorLike): Tensor => {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype) ? tensor : cast(tensor, "f32");
};

/** bool as i32, everything else as it is: arithmetic where numpy counts true as 1. */
export const numeric = (x: Tensor): Tensor => (x.dtype === "bool" ? cast(x, "i32") : x);

/** Which elements are not zero. */
export const truth = (x: TensorLike): Tensor => cast(asTensor(x), "bool");

/** The same value, through which no gradient flows. */
export function constantOf(x: Tensor): Tensor {
  return x.engine.op("bitcast", [x], { dtype: x.dtype })[0];
}

/** Which elements are NaN. */
export const isNaNOf = (x: Tensor): Tensor => apply("ne", x, x);

/** The index along `axis` in every element. */
export const iota = (engine: Engine, shape: Shape, axis: number, dtype: DType = "i32"): Tensor =>
  engine.op("iota", [], { shape: dimsAttr(shape), axis, dtype })[0];

/** The smallest and the largest value of a dtype. */
export function extremesOf(dtype: DType): readonly [low: number, high: number] {
  const { kind, bytes } = dtypes[dtype];
  if (kind === "float") return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (kind === "bool") return [0, 1];
  return kind === "signed" ? [-(2 ** (8 * bytes - 1)), 2 ** (8 * bytes - 1) - 1] : [0, 2 ** (8 * bytes) - 1];
}
