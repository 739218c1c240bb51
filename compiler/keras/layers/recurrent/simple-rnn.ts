/**
 * `SimpleRNN`: the output is fed back into the next step (Elman, "Finding structure in time", 1990).
 */
import { elementwise, type Tensor } from "../../../tensor.ts";
import { matmulOf } from "../../ops/linalg.ts";
import type { JsonObject, Options } from "../../options.ts";
import type { CallOptions } from "../call.ts";
import {
  type CellOptions,
  firstState,
  likeStates,
  masked,
  type States,
  type Step,
  simpleDefaults,
  UnitsCell,
} from "./cell.ts";
import { type LoopOptions, loopDefaults, RecurrentLayer } from "./rnn.ts";

/**
 * One step: h' = activation(x kernel + bias + h recurrent_kernel), on x [n, inputs] and h [n, units]; gives [h', h'].
 *
 * Weights: kernel [inputs, units], recurrent_kernel [units, units], bias [units]. Example: `layers.SimpleRNNCell(4)(x, h)`.
 */
export class SimpleRNNCell extends UnitsCell<typeof simpleDefaults> {
  static readonly className = "SimpleRNNCell";

  constructor(...args: [units: number | Options<CellOptions>, options?: Options<CellOptions>]) {
    super(args, simpleDefaults);
  }

  protected get gates(): number {
    return 1;
  }

  override call(x: Tensor, states: States, { training }: CallOptions): Step {
    const h = firstState(states);
    const masks = this.masksFor(x, h, training);
    const input = matmulOf(masked(x, masks.inputs), this.made(this.kernel).value);
    const biased = this.bias === undefined ? input : elementwise("add", [input, this.bias]);
    const recurrent = matmulOf(masked(h, masks.states), this.made(this.recurrentKernel).value);
    const output = this.options.activation(elementwise("add", [biased, recurrent]));
    return [output, likeStates(states, [output])];
  }
}

export interface SimpleRNNOptions extends CellOptions, LoopOptions {}

const layerDefaults = { ...loopDefaults, ...simpleDefaults };

/**
 * `SimpleRNNCell` over sequences [n, steps, inputs]: gives [n, units], with `returnSequences` [n, steps, units].
 *
 * Example: `layers.SimpleRNN(32)(x)`.
 */
export class SimpleRNN extends RecurrentLayer<typeof layerDefaults> {
  static readonly className = "SimpleRNN";
  readonly cell: SimpleRNNCell;

  constructor(...args: [units: number | Options<SimpleRNNOptions>, options?: Options<SimpleRNNOptions>]) {
    super(args, layerDefaults, Object.keys(simpleDefaults));
    this.inputSpec = [{ ndim: 3 }];
    this.cell = new SimpleRNNCell(this.cellOptions(simpleDefaults, "simple_rnn_cell"));
  }

  /** Files of Keras do not hold the seed of this layer. */
  override getConfig(): JsonObject {
    const { seed: _, ...config } = super.getConfig();
    return config;
  }
}
