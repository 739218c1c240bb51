/**
 * `keras.Input`: where a functional model begins.
 */
import type { DType } from "../../../ir/dtype.ts";
import { dtypes } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { dtypeOf } from "../dtype-names.ts";
import { Node } from "../functional/node.ts";
import { symbolicEngine } from "../functional/symbolic.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { session } from "../session.ts";
import { fromKerasShape, type KerasShape } from "../shapes.ts";
import { Layer } from "./layer.ts";

export interface InputOptions {
  /** Without the batch: [28, 28, 1]. */
  shape?: KerasShape | null;
  /** With the batch; null leaves its size open. */
  batchShape?: KerasShape | null;
  /** Default null: any. */
  batchSize?: number | null;
  /** Default float32. */
  dtype?: string | null;
  name?: string | null;
}

const defaults = {
  shape: null as KerasShape | null,
  batchShape: null as KerasShape | null,
  batchSize: null as number | null,
  dtype: null as string | null,
  name: null as string | null,
  sparse: false as boolean | null,
  ragged: false as boolean | null,
  optional: false,
};

/** The layer behind `Input`: it has no weights and passes its input on. */
export class InputLayer extends Layer {
  static readonly className = "InputLayer";
  readonly batchShape: KerasShape;
  private readonly type: DType;

  constructor(...args: [shape?: KerasShape | Options<InputOptions>, options?: Options<InputOptions>]) {
    const options = readOptions(args, defaults, { owner: "InputLayer", positional: ["shape"] });
    super({ name: options.name ?? session.uniqueName("input_layer") });
    if (options.sparse || options.ragged || options.optional) {
      throw new ModelError("sparse, ragged and optional inputs are not available", {
        where: `input "${this.name}"`,
      });
    }
    this.batchShape = options.batchShape ?? [options.batchSize, ...requireShape(options.shape, this.name)];
    this.type = options.dtype === null ? session.floatx : dtypeOf(options.dtype);
    const type = { dtype: this.type, shape: fromKerasShape(this.batchShape, `Input "${this.name}"`) };
    new Node(this, [], {}, type, symbolicEngine);
    this.built = true;
  }

  override get inputDType(): DType {
    return this.type;
  }

  override call(inputs: Tensor): Tensor {
    return inputs;
  }

  override getConfig(): JsonObject {
    return {
      batch_shape: this.batchShape,
      dtype: dtypes[this.type].keras,
      sparse: false,
      ragged: false,
      name: this.name,
      optional: false,
    };
  }
}

function requireShape(shape: KerasShape | null, name: string): KerasShape {
  if (shape !== null) return shape;
  throw new ModelError("an input needs a shape", {
    where: `Input "${name}"`,
    expected: "shape or batchShape",
  });
}

/**
 * A symbolic tensor to start a functional model from. `shape` is that of one sample: `keras.Input([28, 28, 1])`, and
 * `keras.Input([10], { dtype: "int32", name: "tokens" })`. Throws ModelError for unknown sizes other than the batch.
 */
export function Input(
  ...args: [shape?: KerasShape | Options<InputOptions>, options?: Options<InputOptions>]
): Tensor {
  return new InputLayer(...args).inboundNodes[0].outputs[0];
}
