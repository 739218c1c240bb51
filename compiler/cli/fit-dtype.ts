/**
 * Fits an array from a file to an input's element type. numpy writes float64 and int64 unless told otherwise, so numbers are narrowed
 * within their kind; a float where an integer belongs, or an integer that does not fit, is an error.
 */
import { type DType, dtypes } from "../../ir/dtype.ts";
import { getElement, setElement } from "../../ir/elements.ts";
import { ModelError } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";

/** Throws ModelError naming the input. */
export function fitDType(
  { name, dtype }: { readonly name: string; readonly dtype: DType },
  array: NDArray | undefined,
): NDArray {
  if (array === undefined) throw new ModelError("missing", { where: `input "${name}"` });
  if (array.dtype === dtype) return array;
  const wrong = (got: string): ModelError =>
    new ModelError("the input has the wrong dtype", {
      where: `input "${name}"`,
      expected: dtypes[dtype].keras,
      got,
      hint: `Save it with array.astype("${dtypes[dtype].keras}")`,
    });
  const isInteger = (type: DType): boolean =>
    dtypes[type].kind === "signed" || dtypes[type].kind === "unsigned";
  const sameKind =
    dtypes[array.dtype].kind === dtypes[dtype].kind || (isInteger(array.dtype) && isInteger(dtype));
  if (!sameKind) throw wrong(dtypes[array.dtype].keras);
  const data = dtypes[dtype].allocate(array.data.length);
  const fitted = { dtype, shape: array.shape, data };
  for (let i = 0; i < data.length; i++) {
    const value = getElement(array, i);
    setElement(fitted, i, value);
    if (isInteger(dtype) && getElement(fitted, i) !== value)
      throw wrong(`${dtypes[array.dtype].keras} with the value ${value}`);
  }
  return fitted;
}
