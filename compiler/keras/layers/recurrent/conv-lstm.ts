/**
 * `ConvLSTM1D`, `2D` and `3D`: LSTM whose products are convolutions, over sequences of images (Shi et al., "Convolutional LSTM network", 2015).
 */
import type { Dim } from "../../../../ir/dim.ts";
import { ModelError } from "../../../../ir/errors.ts";
import { elementwise, setShape, type Tensor } from "../../../tensor.ts";
import type { ActivationLike } from "../../activations.ts";
import { conv, type Padding, type PerAxis } from "../../ops/conv.ts";
import { sliceAxis } from "../../ops/joining.ts";
import type { Options } from "../../options.ts";
import { type KerasShape, knownDim } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { required, type Settled } from "../configured-layer.ts";
import { type WindowOptions, windowDefaults } from "../convolution/conv-options.ts";
import { spatial, spatialPadding } from "../spatial.ts";
import {
  DropoutCell, type GatedOptions, kernelDefaults, masked, penaltyDefaults, type StateSize, type States, type Step, zeroState,
} from "./cell.ts"; // biome-ignore format: one line
import { forgetBias } from "./forget-bias.ts";
import { lstmStep } from "./lstm.ts";
import { type LoopOptions, loopDefaults, RecurrentLayer } from "./rnn.ts";

export interface ConvLSTMOptions extends Omit<GatedOptions, "units">, WindowOptions, LoopOptions {
  /** Channels of the output and of each state. */
  filters?: number;
  /** The bias of the forget gate begins at 1; default true. */
  unitForgetBias?: boolean;
}

const cellDefaults = {
  filters: required<number>(),
  ...windowDefaults,
  activation: "tanh" as ActivationLike,
  recurrentActivation: "sigmoid" as ActivationLike,
  ...kernelDefaults,
  unitForgetBias: true,
  ...penaltyDefaults,
  seed: null as number | null,
};

const GATES = 4;

/** One step on images: the convolution of the input with `strides` and `padding`, that of the state keeping its size. */
export class ConvLSTMCell extends DropoutCell<typeof cellDefaults> {
  static readonly className = "ConvLSTMCell";
  readonly rank: number;
  kernel: Variable | undefined;
  recurrentKernel: Variable | undefined;
  bias: Variable | undefined;
  private imageShape: readonly number[] = [];

  constructor(rank: number, options: object) {
    super([options], cellDefaults);
    this.rank = rank;
  }

  protected get maskCount(): number {
    return GATES;
  }
  get outputSize(): number {
    return this.options.filters;
  }
  get stateSize(): StateSize {
    return [this.outputSize, this.outputSize];
  }
  private get isLast(): boolean {
    return this.options.dataFormat === "channels_last";
  }

  override build(inputShape: KerasShape): void {
    const { filters, biasInitializer, unitForgetBias } = this.options;
    const kernelSize = this.options.kernelSize as readonly number[];
    const axis = this.isLast ? inputShape.length - 1 : 1;
    const image = inputShape.flatMap((dim, i) => (i === 0 || i === axis ? [] : [dim]));
    if (image.some((dim) => typeof dim !== "number"))
      throw new ModelError(
        `ConvLSTM layers only support static input shapes for the spatial dimension. Received invalid input shape: input_shape=${JSON.stringify(inputShape)}`,
        { where: this.where },
      );
    const channels = knownDim(inputShape[axis], this.where, axis);
    this.imageShape = this.outputShape(image as readonly number[]);
    this.kernel = this.weightFor("kernel", [...kernelSize, channels, GATES * filters]);
    this.recurrentKernel = this.weightFor("recurrent", [...kernelSize, filters, GATES * filters], {
      name: "recurrent_kernel",
    });
    const initializer = unitForgetBias ? forgetBias(biasInitializer, filters) : biasInitializer;
    if (this.options.useBias) this.bias = this.weightFor("bias", [GATES * filters], { initializer });
  }

  /** The image that the convolution of the input gives. */
  private outputShape(image: readonly number[]): readonly number[] {
    const { padding } = this.options;
    const [size, strides, dilation] = [
      this.options.kernelSize,
      this.options.strides,
      this.options.dilationRate,
    ] as (readonly number[])[];
    return image.map((dim, i) => {
      const window = padding === "same" ? 1 : dilation[i] * (size[i] - 1) + 1;
      return Math.floor((dim - window) / strides[i]) + 1;
    });
  }

  getInitialState(batchSize: Dim): States {
    const { filters } = this.options;
    const shape = this.isLast ? [...this.imageShape, filters] : [filters, ...this.imageShape];
    return [zeroState(batchSize, shape, this.computeDType), zeroState(batchSize, shape, this.computeDType)];
  }

  /** The channels of one gate. */
  private gate(x: Tensor, number: number, axis: number): Tensor {
    const { filters } = this.options;
    return sliceAxis(x, axis, number * filters, (number + 1) * filters);
  }

  /** A convolution with all gates at once, or gate by gate where masks differ. */
  private product(
    x: Tensor,
    kernel: Tensor,
    masks: readonly Tensor[] | undefined,
    options: object,
  ): readonly Tensor[] {
    const given = { ...options, dataFormat: this.options.dataFormat };
    const numbers = Array.from({ length: GATES }, (_, number) => number);
    if (masks === undefined) {
      const all = conv(x, kernel, given);
      return numbers.map((number) => this.gate(all, number, this.isLast ? all.rank - 1 : 1));
    }
    return numbers.map((number) =>
      conv(masked(x, masks, number), this.gate(kernel, number, kernel.rank - 1), given),
    );
  }

  override call(x: Tensor, states: States, { training }: CallOptions): Step {
    const [h, c] = states as readonly Tensor[];
    const { strides, padding, dilationRate } = this.options;
    const masks = this.masksFor(x, h, training);
    const window = { strides, padding, dilationRate };
    const inputs = this.product(x, this.made(this.kernel).value, masks.inputs, window);
    const recurrent = this.product(h, this.made(this.recurrentKernel).value, masks.states, {
      strides: 1,
      padding: "same",
    });
    const [i, f, candidate, o] = inputs.map((input, gate) =>
      elementwise("add", [this.biased(input, gate), recurrent[gate]]),
    );
    return lstmStep({ i, f, candidate, o }, c, this.options);
  }

  private biased(x: Tensor, gate: number): Tensor {
    if (this.bias === undefined) return x;
    const ones = new Array<number>(this.isLast ? 0 : this.rank).fill(1);
    return elementwise("add", [
      x,
      setShape(this.gate(this.bias.value, gate, 0), [this.options.filters, ...ones]),
    ]);
  }
}

const layerDefaults = { ...loopDefaults, ...cellDefaults };
type LayerDefaults = typeof layerDefaults;

/** The layer over `rank` spatial axes. */
abstract class ConvLSTM extends RecurrentLayer<LayerDefaults> {
  readonly cell: ConvLSTMCell;

  constructor(rank: number, args: readonly unknown[]) {
    super(args, layerDefaults, Object.keys(cellDefaults));
    this.inputSpec = [{ ndim: rank + 3 }];
    this.cell = new ConvLSTMCell(rank, this.cellOptions(cellDefaults, "conv_lstm_cell"));
  }

  protected abstract readonly rank: number;

  protected override settle(options: Settled<LayerDefaults>): Settled<LayerDefaults> {
    const { rank, where } = this;
    const settled = {
      ...options,
      kernelSize: spatial(options.kernelSize as PerAxis, rank, "kernelSize", where),
      strides: spatial(options.strides as PerAxis, rank, "strides", where),
      dilationRate: spatial(options.dilationRate as PerAxis, rank, "dilationRate", where),
      padding: spatialPadding(options.padding as Padding, where, false),
    };
    if (Math.max(...settled.strides) > 1 && Math.max(...settled.dilationRate) > 1)
      throw new ModelError(
        `Specifying \`strides > 1\` is not compatible with \`dilation_rate > 1\`. Received: strides=[${settled.strides}] and dilation_rate=[${settled.dilationRate}]`,
        { where },
      );
    return settled;
  }
}

type Arguments = [
  filters: number | Options<ConvLSTMOptions>,
  kernelSize?: PerAxis | Options<ConvLSTMOptions>,
  options?: Options<ConvLSTMOptions>,
];

/**
 * LSTM over sequences of signals: [n, steps, length, channels] to [n, length', filters], with `returnSequences` for every step.
 *
 * Weights: kernel [size, channels, 4 filters], recurrent_kernel [size, filters, 4 filters], bias [4 filters].
 */
export class ConvLSTM1D extends ConvLSTM {
  static readonly className = "ConvLSTM1D";

  constructor(...args: Arguments) {
    super(1, args);
  }
  protected get rank(): number {
    return 1;
  }
}

/**
 * LSTM over sequences of images: [n, steps, rows, columns, channels] to [n, rows', columns', filters].
 *
 * Example: `layers.ConvLSTM2D(16, 3, { padding: "same" })(frames)`.
 */
export class ConvLSTM2D extends ConvLSTM {
  static readonly className = "ConvLSTM2D";

  constructor(...args: Arguments) {
    super(2, args);
  }
  protected get rank(): number {
    return 2;
  }
}

/** LSTM over sequences of volumes: [n, steps, depth, rows, columns, channels] to [n, depth', rows', columns', filters]. */
export class ConvLSTM3D extends ConvLSTM {
  static readonly className = "ConvLSTM3D";

  constructor(...args: Arguments) {
    super(3, args);
  }
  protected get rank(): number {
    return 3;
  }
}
