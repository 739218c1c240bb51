/** The bias of an LSTM whose forget gate begins open: 1 in the second quarter. */
import type { NDArray } from "../../../../ir/ndarray.ts";
import { dtypeOf } from "../../dtype-names.ts";
import { get, type InitializerFunction, type InitializerLike, initialize } from "../../initializers/index.ts";

export const forgetBias =
  (initializer: InitializerLike, size: number): InitializerFunction =>
  ([columns], { dtype }) => {
    const made = initialize(get(initializer), [columns], dtypeOf(dtype));
    const data = made.data.slice();
    for (let i = size; i < 2 * size; i++) data[i] = 1;
    const bias: NDArray = { ...made, data };
    return bias;
  };
