/**
 * `GRU`: gated recurrent units (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014).
 */
import { elementwise, getItem, type Tensor } from "../../../tensor.ts";
import type { ActivationLike } from "../../activations.ts";
import { matmulOf } from "../../ops/linalg.ts";
import type { Options } from "../../options.ts";
import type { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { required } from "../configured-layer.ts";
import {
  firstState,
  type GatedOptions,
  kernelDefaults,
  likeStates,
  masked,
  penaltyDefaults,
  type States,
  type Step,
  UnitsCell,
} from "./cell.ts";
import { type LoopOptions, loopDefaults, RecurrentLayer } from "./rnn.ts";

export interface GRUCellOptions extends GatedOptions {
  /** Apply the reset gate behind the product with the recurrent kernel (default true, as cuDNN does), or before it. */
  resetAfter?: boolean;
}

const cellDefaults = {
  units: required<number>(),
  activation: "tanh" as ActivationLike,
  recurrentActivation: "sigmoid" as ActivationLike,
  ...kernelDefaults,
  ...penaltyDefaults,
  resetAfter: true,
  seed: null as number | null,
};

const add = (a: Tensor, b: Tensor): Tensor => elementwise("add", [a, b]);
const mul = (a: Tensor, b: Tensor): Tensor => elementwise("mul", [a, b]);

/**
 * One step on x [n, inputs] and h [n, units]; gives [h', h']:
 *
 *     z, r = recurrentActivation(x W + h U + b)    h' = z h + (1 - z) activation(x W + r (h U))
 *
 * with `resetAfter: false` (r h) U in place of r (h U). Weights: kernel [inputs, 3 units], recurrent_kernel [units, 3 units], columns in the
 * order z, r, h; bias [2, 3 units] (of inputs and of states), or [3 units] without resetAfter. Example: `layers.GRUCell(4)(x, h)`.
 */
export class GRUCell extends UnitsCell<typeof cellDefaults> {
  static readonly className = "GRUCell";

  constructor(...args: [units: number | Options<GRUCellOptions>, options?: Options<GRUCellOptions>]) {
    super(args, cellDefaults);
  }

  protected get gates(): number {
    return 3;
  }

  protected override makeBias(columns: number): Variable {
    return this.weightFor("bias", this.options.resetAfter ? [2, columns] : [columns]);
  }

  /** The biases of inputs and, with resetAfter, of states. */
  private biases(): readonly [inputs: Tensor | undefined, states: Tensor | undefined] {
    const bias = this.bias?.value;
    if (bias === undefined || bias.rank === 1) return [bias, undefined];
    return [getItem(bias, [0]), getItem(bias, [1])];
  }

  override call(x: Tensor, states: States, { training }: CallOptions): Step {
    const h = firstState(states);
    const { activation, recurrentActivation } = this.options;
    const masks = this.masksFor(x, h, training);
    const [inputBias, stateBias] = this.biases();
    const input = this.sums([{ x, kernel: this.made(this.kernel).value, masks: masks.inputs }], inputBias);
    const kernel = this.made(this.recurrentKernel).value;
    const state = this.sums([{ x: h, kernel, masks: masks.states }], stateBias);
    const z = recurrentActivation(add(input[0], state[0]));
    const r = recurrentActivation(add(input[1], state[1]));
    const candidate = activation(
      add(input[2], this.options.resetAfter ? mul(r, state[2]) : this.resetBefore(r, h, masks.states)),
    );
    const next = add(mul(z, h), mul(elementwise("sub", [1, z]), candidate));
    return [next, likeStates(states, [next])];
  }

  private resetBefore(r: Tensor, h: Tensor, masks: readonly Tensor[] | undefined): Tensor {
    return matmulOf(mul(r, masked(h, masks, 2)), this.gate(this.made(this.recurrentKernel).value, 2));
  }
}

export interface GRUOptions extends GRUCellOptions, LoopOptions {}

const layerDefaults = { ...loopDefaults, ...cellDefaults };

/**
 * `GRUCell` over sequences [n, steps, inputs]: gives [n, units], with `returnSequences` [n, steps, units], with `returnState` [output, h].
 *
 * Example: `layers.GRU(32)(x)`.
 */
export class GRU extends RecurrentLayer<typeof layerDefaults> {
  static readonly className = "GRU";
  readonly cell: GRUCell;

  constructor(...args: [units: number | Options<GRUOptions>, options?: Options<GRUOptions>]) {
    super(args, layerDefaults, Object.keys(cellDefaults));
    this.inputSpec = [{ ndim: 3 }];
    this.cell = new GRUCell(this.cellOptions(cellDefaults, "gru_cell"));
  }
}
