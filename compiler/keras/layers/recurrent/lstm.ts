/**
 * `LSTM`: long short-term memory (Hochreiter and Schmidhuber, 1997), with a forget gate (Gers et al., 2000).
 */

import type { Dim } from "../../../../ir/dim.ts";
import { elementwise, type Tensor } from "../../../tensor.ts";
import type { ActivationLike } from "../../activations.ts";
import type { Options } from "../../options.ts";
import type { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { required } from "../configured-layer.ts";
import {
  type GatedOptions,
  kernelDefaults,
  penaltyDefaults,
  type StateSize,
  type States,
  type Step,
  UnitsCell,
  zeroState,
} from "./cell.ts";
import { forgetBias } from "./forget-bias.ts";
import { type LoopOptions, loopDefaults, RecurrentLayer } from "./rnn.ts";

export interface LSTMCellOptions extends GatedOptions {
  /** The bias of the forget gate begins at 1; default true. */
  unitForgetBias?: boolean;
}

const cellDefaults = {
  units: required<number>(),
  activation: "tanh" as ActivationLike,
  recurrentActivation: "sigmoid" as ActivationLike,
  ...kernelDefaults,
  unitForgetBias: true,
  ...penaltyDefaults,
  seed: null as number | null,
};

/**
 * One step on x [n, inputs], h and c [n, units]; gives [h', [h', c']]:
 *
 *     i, f, o = recurrentActivation(x W + h U + b)    c' = f c + i activation(x W + h U + b)    h' = o activation(c')
 *
 * Weights: kernel [inputs, 4 units], recurrent_kernel [units, 4 units], bias [4 units], columns in the order i, f, c, o.
 * Example: `layers.LSTMCell(4)(x, [h, c])`.
 */
export class LSTMCell extends UnitsCell<typeof cellDefaults> {
  static readonly className = "LSTMCell";

  constructor(...args: [units: number | Options<LSTMCellOptions>, options?: Options<LSTMCellOptions>]) {
    super(args, cellDefaults);
  }

  protected get gates(): number {
    return 4;
  }
  override get stateSize(): StateSize {
    return [this.units, this.units];
  }

  protected override makeBias(columns: number): Variable {
    const { unitForgetBias, biasInitializer } = this.options;
    const initializer = unitForgetBias ? forgetBias(biasInitializer, this.units) : biasInitializer;
    return this.weightFor("bias", [columns], { initializer });
  }

  override getInitialState(batchSize: Dim): States {
    return [
      zeroState(batchSize, [this.units], this.computeDType),
      zeroState(batchSize, [this.units], this.computeDType),
    ];
  }

  override call(x: Tensor, states: States, { training }: CallOptions): Step {
    const [h, c] = states as readonly Tensor[];
    const masks = this.masksFor(x, h, training);
    const terms = [
      { x, kernel: this.made(this.kernel).value, masks: masks.inputs },
      { x: h, kernel: this.made(this.recurrentKernel).value, masks: masks.states },
    ];
    const [i, f, candidate, o] = this.sums(terms, this.bias?.value);
    return lstmStep({ i, f, candidate, o }, c, this.options);
  }
}

interface Gates {
  readonly i: Tensor;
  readonly f: Tensor;
  readonly candidate: Tensor;
  readonly o: Tensor;
}
type Activations = Pick<LSTMCell["options"], "activation" | "recurrentActivation">;

/** States and output from the gates before activation. */
export function lstmStep(
  { i, f, candidate, o }: Gates,
  c: Tensor,
  { activation, recurrentActivation }: Activations,
): Step {
  const kept = elementwise("mul", [recurrentActivation(f), c]);
  const added = elementwise("mul", [recurrentActivation(i), activation(candidate)]);
  const next = elementwise("add", [kept, added]);
  const output = elementwise("mul", [recurrentActivation(o), activation(next)]);
  return [output, [output, next]];
}

export interface LSTMOptions extends LSTMCellOptions, LoopOptions {}

const layerDefaults = { ...loopDefaults, ...cellDefaults };

/**
 * `LSTMCell` over sequences [n, steps, inputs]: gives [n, units], with `returnSequences` [n, steps, units], with `returnState` [output, h, c].
 *
 * Example: `layers.LSTM(32, { returnSequences: true })(x)`.
 */
export class LSTM extends RecurrentLayer<typeof layerDefaults> {
  static readonly className = "LSTM";
  readonly cell: LSTMCell;

  constructor(...args: [units: number | Options<LSTMOptions>, options?: Options<LSTMOptions>]) {
    super(args, layerDefaults, Object.keys(cellDefaults));
    this.inputSpec = [{ ndim: 3 }];
    this.cell = new LSTMCell(this.cellOptions(cellDefaults, "lstm_cell"));
  }
}
