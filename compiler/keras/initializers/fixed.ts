/**
 * Initializers that draw nothing.
 */
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { generate } from "../random.ts";
import { Initializer, type Shape } from "./initializer.ts";

export class Zeros extends Initializer {
  static readonly className = "Zeros";
  override create(shape: Shape, dtype: DType): NDArray {
    return generate(shape, dtype, () => 0);
  }
  override getConfig(): JsonObject {
    return {};
  }
}

export class Ones extends Initializer {
  static readonly className = "Ones";
  override create(shape: Shape, dtype: DType): NDArray {
    return generate(shape, dtype, () => 1);
  }
  override getConfig(): JsonObject {
    return {};
  }
}

/** `value` everywhere. */
export class Constant extends Initializer {
  static readonly className = "Constant";
  readonly constant: number;
  constructor(...args: [value?: number | Options<{ value?: number }>]) {
    super();
    this.constant = readOptions(args, { value: 0 }, { owner: "Constant", positional: ["value"] }).value;
  }
  override create(shape: Shape, dtype: DType): NDArray {
    return generate(shape, dtype, () => this.constant);
  }
  override getConfig(): JsonObject {
    return { value: this.constant };
  }
}

/** Ones on the diagonal, times `gain`. */
export class Identity extends Initializer {
  static readonly className = "Identity";
  private readonly gain: number;
  constructor(...args: [gain?: number | Options<{ gain?: number }>]) {
    super();
    this.gain = readOptions(args, { gain: 1 }, { owner: "Identity", positional: ["gain"] }).gain;
  }
  override create(shape: Shape, dtype: DType): NDArray {
    if (shape.length !== 2) throw new ModelError("needs a matrix", { where: "Identity", got: `[${shape}]` });
    return generate(shape, dtype, (i) => (Math.floor(i / shape[1]) === i % shape[1] ? this.gain : 0));
  }
  override getConfig(): JsonObject {
    return { gain: this.gain };
  }
}
