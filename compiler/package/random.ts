/** Random arrays that are the same in every process: what self-checks and benchmarks feed to models. */
import { type DType, dtypes, isFloat } from "../../ir/dtype.ts";
import { setElement } from "../../ir/elements.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";

/** Numbers in [0, 1) from a seed: the mixing function of murmur3 over a counter. */
export function randomNumbers(seed: number): () => number {
  let counter = Math.imul(seed, 0x9e3779b9);
  return () => {
    counter = (counter + 0x6d2b79f5) | 0;
    let bits = Math.imul(counter ^ (counter >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Uniform in [0, 1) for floats; 0 to 15 for integers, which are indices more often than not; 0 or 1 for bool. */
export function randomArray(dtype: DType, shape: readonly number[], next: () => number): NDArray {
  const data = dtypes[dtype].allocate(sizeOf(shape));
  const range = isFloat(dtype) ? 1 : dtype === "bool" ? 2 : 16;
  for (let i = 0; i < data.length; i++) {
    const value = next() * range;
    setElement({ dtype, shape, data }, i, isFloat(dtype) ? value : Math.floor(value));
  }
  return { dtype, shape, data };
}
