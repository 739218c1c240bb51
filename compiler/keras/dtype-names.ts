/**
 * Dtypes by Keras's names.
 */
import { type DType, dtypeFromName } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";

/** The dtype of a name; throws ModelError for others. */
export function dtypeOf(name: string): DType {
  const dtype = dtypeFromName(name);
  if (dtype === undefined)
    throw new ModelError("no such dtype", { expected: `"float32", "int32", ...`, got: name });
  return dtype;
}
