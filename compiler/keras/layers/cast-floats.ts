/** Floats in the dtype that a layer computes in. */
import { type DType, isFloat } from "../../../ir/dtype.ts";
import { cast, TensorMethods } from "../../tensor.ts";
import { mapNest, type Nest } from "../nest.ts";

/** Tensors of floats become such of `dtype`, if that is one of floats. */
export const castFloats = (value: unknown, dtype: DType): unknown =>
  mapNest<unknown, unknown>(value as Nest<unknown>, (item) =>
    item instanceof TensorMethods && isFloat(item.value.dtype) && isFloat(dtype)
      ? cast(item.value, dtype)
      : item,
  );

/** Whether a dtype is too narrow for sums. */
export const isHalf = (dtype: DType): boolean => dtype === "f16" || dtype === "bf16";
