/**
 * `Dense`: a matrix product along the last axis.
 */
import { elementwise, type Tensor } from "../../../tensor.ts";
import { matmulOf } from "../../ops/linalg.ts";
import type { Options } from "../../options.ts";
import { type KerasShape, knownDim } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import { ConfiguredLayer, required, type Settled } from "../configured-layer.ts";
import { requirePositive } from "../require.ts";
import { type KernelOptions, kernelDefaults } from "./kernel-options.ts";

export interface DenseOptions extends KernelOptions {
  /** The size of the last axis of the result. */
  units?: number;
}

const defaults = { units: required<number>(), ...kernelDefaults };

/**
 * activation(x kernel + bias): [n, ..., inputs] to [n, ..., units]. Weights: kernel [inputs, units], bias [units].
 *
 * Example: `layers.Dense(10, { activation: "softmax" })(x)`. Throws ModelError where units is no positive integer, or where the size of the
 * last axis is not known or changes between calls.
 */
export class Dense extends ConfiguredLayer<typeof defaults, Tensor> {
  static readonly className = "Dense";
  kernel: Variable | undefined;
  bias: Variable | undefined;

  constructor(...args: [units: number | Options<DenseOptions>, options?: Options<DenseOptions>]) {
    super(args, defaults);
    this.supportsMasking = true;
    this.inputSpec = [{ minNdim: 2 }];
  }

  protected override settle(options: Settled<typeof defaults>): Settled<typeof defaults> {
    requirePositive(options.units, "units", this.where);
    return options;
  }

  get units(): number {
    return this.options.units;
  }

  override build(inputShape: KerasShape): void {
    const inputs = knownDim(inputShape.at(-1), this.where, -1);
    this.kernel = this.weightFor("kernel", [inputs, this.units]);
    if (this.options.useBias) this.bias = this.weightFor("bias", [this.units]);
    this.inputSpec = [{ minNdim: 2, axes: { [-1]: inputs } }];
  }

  override call(x: Tensor): Tensor {
    const product = matmulOf(x, this.made(this.kernel).value);
    return this.options.activation(
      this.bias === undefined ? product : elementwise("add", [product, this.bias]),
    );
  }
}
