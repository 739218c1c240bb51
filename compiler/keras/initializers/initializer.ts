/**
 * The bases of initializers: a function of a shape; those that draw random numbers take `seed`, and give the same values for the same seed on
 * every machine.
 */

import type { DType } from "../../../ir/dtype.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { Callable } from "../callable.ts";
import { dtypeOf } from "../dtype-names.ts";
import type { JsonObject } from "../options.ts";
import type { Key } from "../random.ts";
import { session } from "../session.ts";

export type Shape = readonly number[];

/** Calling an initializer: `initializer([3, 4])`, or with `{ dtype: "float32" }`. */
export abstract class Initializer extends Callable<[shape: Shape, options?: { dtype?: string }], NDArray> {
  static readonly module = "keras.initializers";

  override invoke([shape, options]: readonly unknown[]): NDArray {
    const { dtype } = (options ?? {}) as { dtype?: string };
    return this.create(shape as Shape, dtype === undefined ? session.floatx : dtypeOf(dtype));
  }

  abstract create(shape: Shape, dtype: DType): NDArray;
  abstract getConfig(): JsonObject;
}

/** An initializer that draws; `seed` null means another one each time. */
export abstract class RandomInitializer extends Initializer {
  readonly seed: number | null;
  /** As in Keras, one initializer draws the same values whenever it is called. */
  protected readonly key: Key;

  constructor(seed: number | null) {
    super();
    this.seed = seed;
    this.key = seed === null ? session.nextKey() : [seed >>> 0, 0];
  }
}
