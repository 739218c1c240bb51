/** The CUDA dialect: scalars as in `c-dialect.ts`, a grid of blocks, shared memory and barriers. */
import { isFloat } from "../../ir/dtype.ts";
import { arrayLength, cDialect, cScalars, math, memoryType } from "../clike/c-dialect.ts";
import { cReserved } from "../clike/c-reserved.ts";
import { atom } from "../clike/code.ts";
import type { Dialect, GridBind } from "../clike.ts";

const POSITIONS: { readonly [B in GridBind]: string } = {
  "grid.x": "blockIdx.x",
  "grid.y": "blockIdx.y",
  "grid.z": "blockIdx.z",
  "thread.x": "threadIdx.x",
  "thread.y": "threadIdx.y",
  "thread.z": "threadIdx.z",
};

export const cudaDialect: Dialect = {
  ...cDialect,
  reserved: cReserved,
  scalars: {
    ...cScalars,
    fma: (args, operation) => (isFloat(operation.dtype) ? math("fma") : cScalars.fma)(args, operation),
  },
  array: (place) => {
    const specifier = place.buffer.space === "shared" ? "__shared__ " : "";
    return [`${specifier}${memoryType(place.buffer.dtype)} ${place.name}[${arrayLength(place)}];`];
  },
  position: (bind) => atom(`int(${POSITIONS[bind]})`),
  barrier: "__syncthreads();",
};
