/**
 * What recurrent cells have in common. A cell computes one step: `cell(x, states)` gives [output, next states]. Its gates are columns of
 * one kernel and one recurrent kernel, side by side.
 */
import type { Dim } from "../../../../ir/dim.ts";
import type { DType } from "../../../../ir/dtype.ts";
import { broadcastTo, elementwise, type Tensor, toTensor } from "../../../tensor.ts";
import type { ActivationLike } from "../../activations.ts";
import type { ConstraintLike } from "../../constraints.ts";
import type { InitializerLike } from "../../initializers/index.ts";
import { sliceAxis } from "../../ops/joining.ts";
import { matmulOf } from "../../ops/linalg.ts";
import { dropout as dropElements } from "../../random/masks.ts";
import { SeedGenerator } from "../../random.ts";
import type { RegularizerLike } from "../../regularizers.ts";
import { session } from "../../session.ts";
import { type KerasShape, knownDim } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer, required, type Settled } from "../configured-layer.ts";
import type { KernelOptions } from "../core/kernel-options.ts";
import { requireBetween, requirePositive } from "../require.ts";

/** One state, or several: of stacked cells, one entry for each cell. */
export type States = Tensor | readonly States[];
/** What a step gives: the output, and the states for the next one. */
export type Step = readonly [output: Tensor, states: States];
export type StateSize = number | readonly StateSize[];

/** What a recurrent layer needs of a cell: built-in ones, layers of users, or plain objects. */
export interface Cell {
  /** The size of each state. */
  readonly stateSize: StateSize;
  /** The size of the output; default: that of the first state. */
  readonly outputSize?: number;
  call(x: Tensor, states: States, options: CallOptions): Step;
  /** First states; default zeros of `stateSize`. `batchSize` may be symbolic. */
  getInitialState?(batchSize: Dim): States;
}

export interface CellOptions extends Omit<KernelOptions, "activation"> {
  /** The size of the output and of each state. */
  units?: number;
  /** Default "tanh". */
  activation?: ActivationLike;
  /** Of the kernel that states are multiplied with; default "orthogonal". */
  recurrentInitializer?: InitializerLike;
  recurrentRegularizer?: RegularizerLike;
  recurrentConstraint?: ConstraintLike;
  /** The share of inputs that is dropped while training, the same ones in every step; default 0. */
  dropout?: number;
  /** The same of states. */
  recurrentDropout?: number;
  seed?: number | null;
}

/** Options of gated cells. */
export interface GatedOptions extends CellOptions {
  /** Of the gates; default "sigmoid". */
  recurrentActivation?: ActivationLike;
}

/** Options of kernels, in Keras's order. */
export const kernelDefaults = {
  useBias: true,
  kernelInitializer: "glorot_uniform" as InitializerLike,
  recurrentInitializer: "orthogonal" as InitializerLike,
  biasInitializer: "zeros" as InitializerLike,
};
export const penaltyDefaults = {
  kernelRegularizer: null as RegularizerLike,
  recurrentRegularizer: null as RegularizerLike,
  biasRegularizer: null as RegularizerLike,
  kernelConstraint: null as ConstraintLike,
  recurrentConstraint: null as ConstraintLike,
  biasConstraint: null as ConstraintLike,
  dropout: 0,
  recurrentDropout: 0,
};

export const simpleDefaults = {
  units: required<number>(),
  activation: "tanh" as ActivationLike,
  ...kernelDefaults,
  ...penaltyDefaults,
  seed: null as number | null,
};

/** Zeros of [batch, ...shape]. */
export const zeroState = (batchSize: Dim, shape: readonly number[], dtype: DType): Tensor =>
  broadcastTo(toTensor(0, session.engine(), dtype), [batchSize, ...shape]);

/** Zeros for states of given sizes. */
export const zerosOf = (size: StateSize, batchSize: Dim, dtype: DType): States =>
  typeof size === "number"
    ? zeroState(batchSize, [size], dtype)
    : size.map((item) => zerosOf(item, batchSize, dtype));

interface DropoutOptions {
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly seed: number | null;
}

/** Masks of one call: one for all gates, or one for each; undefined where nothing is dropped. */
export interface DropoutMasks {
  readonly inputs: readonly Tensor[] | undefined;
  readonly states: readonly Tensor[] | undefined;
}

/** A cell whose inputs and states are dropped by masks that stay the same for all steps of a call. */
export abstract class DropoutCell<O extends DropoutOptions> extends ConfiguredLayer<O, Step> implements Cell {
  private readonly seedGenerator: SeedGenerator | undefined;
  // Private to the language: tensors are no part of a layer.
  #masks: DropoutMasks | undefined;

  abstract readonly stateSize: StateSize;
  abstract readonly outputSize: number;
  abstract getInitialState(batchSize: Dim): States;

  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    const { dropout, recurrentDropout, seed } = this.options as DropoutOptions;
    if (dropout > 0 || recurrentDropout > 0) this.seedGenerator = new SeedGenerator(seed, this.name);
  }

  /** How many masks a call needs: gates that are dropped apart. */
  protected abstract readonly maskCount: number;

  protected override settle(options: Settled<O>): Settled<O> {
    requireBetween(options.dropout, 0, 1, "dropout", this.where);
    requireBetween(options.recurrentDropout, 0, 1, "recurrentDropout", this.where);
    return options;
  }

  /** The masks for a call. Within `withMasks` those of the whole sequence; a cell called by itself draws its own. */
  protected masksFor(x: Tensor, state: Tensor, training: boolean | undefined): DropoutMasks {
    if (!training) return { inputs: undefined, states: undefined };
    return this.#masks ?? this.drawMasks(x, state);
  }

  /** Runs `body` with one set of masks for all steps. */
  withMasks<T>(x: Tensor, state: Tensor, body: () => T): T {
    const outer = this.#masks;
    this.#masks = this.drawMasks(x, state);
    try {
      return body();
    } finally {
      this.#masks = outer;
    }
  }

  private drawMasks(x: Tensor, state: Tensor): DropoutMasks {
    const { dropout, recurrentDropout } = this.options as DropoutOptions;
    return { inputs: this.draw(x, dropout), states: this.draw(state, recurrentDropout) };
  }

  private draw(like: Tensor, rate: number): readonly Tensor[] | undefined {
    const { seedGenerator, maskCount } = this;
    if (seedGenerator === undefined || rate <= 0 || rate >= 1) return undefined;
    const ones = broadcastTo(toTensor(1, session.engine(), like.dtype), like.shape);
    return Array.from({ length: maskCount }, () => dropElements(ones, { rate, seed: seedGenerator }));
  }
}

export const masked = (x: Tensor, masks: readonly Tensor[] | undefined, gate = 0): Tensor =>
  masks === undefined ? x : elementwise("mul", [x, masks[gate] ?? masks[0]]);

type UnitsOptions = Pick<
  typeof simpleDefaults,
  "units" | "useBias" | "recurrentDropout" | "dropout" | "seed"
>;

/** A cell of `units` values and gates that are matrix products. */
export abstract class UnitsCell<O extends UnitsOptions> extends DropoutCell<O> {
  kernel: Variable | undefined;
  recurrentKernel: Variable | undefined;
  bias: Variable | undefined;

  /** How many gates lie side by side in the kernels. */
  protected abstract readonly gates: number;

  protected override settle(options: Settled<O>): Settled<O> {
    requirePositive(options.units, "units", this.where);
    return super.settle(options);
  }

  get units(): number {
    return this.options.units as number;
  }
  get stateSize(): StateSize {
    return this.units;
  }
  get outputSize(): number {
    return this.units;
  }

  /** With dropped states, each gate has masks of its own. */
  protected get maskCount(): number {
    return (this.options.recurrentDropout as number) > 0 ? this.gates : 1;
  }

  override build(inputShape: KerasShape): void {
    const inputs = knownDim(inputShape.at(-1), this.where, -1);
    const columns = this.gates * this.units;
    this.kernel = this.weightFor("kernel", [inputs, columns]);
    this.recurrentKernel = this.weightFor("recurrent", [this.units, columns], { name: "recurrent_kernel" });
    if (this.options.useBias) this.bias = this.makeBias(columns);
  }

  protected makeBias(columns: number): Variable {
    return this.weightFor("bias", [columns]);
  }

  getInitialState(batchSize: Dim): States {
    return [zeroState(batchSize, [this.units], this.computeDType)];
  }

  /** The columns of one gate. */
  protected gate(x: Tensor, number: number): Tensor {
    return this.gates === 1 ? x : sliceAxis(x, x.rank - 1, number * this.units, (number + 1) * this.units);
  }

  /** The sums of products and bias, gate by gate: at once and then cut, unless gates have masks of their own. */
  protected sums(terms: readonly Term[], bias: Tensor | undefined): readonly Tensor[] {
    const add = (parts: readonly (Tensor | undefined)[]): Tensor =>
      parts.filter((part) => part !== undefined).reduce((a, b) => elementwise("add", [a, b]));
    const numbers = Array.from({ length: this.gates }, (_, number) => number);
    if (terms.every(({ masks }) => masks === undefined || masks.length === 1)) {
      const all = add([...terms.map(({ x, kernel, masks }) => matmulOf(masked(x, masks), kernel)), bias]);
      return numbers.map((number) => this.gate(all, number));
    }
    return numbers.map((number) => {
      const products = terms.map(({ x, kernel, masks }) =>
        matmulOf(masked(x, masks, number), this.gate(kernel, number)),
      );
      return add([...products, bias && this.gate(bias, number)]);
    });
  }
}

/** A product in the sum of a gate. */
interface Term {
  readonly x: Tensor;
  readonly kernel: Tensor;
  readonly masks: readonly Tensor[] | undefined;
}

/** The first state of a list, or the only one. */
export const firstState = (states: States): Tensor =>
  Array.isArray(states) ? firstState(states[0]) : (states as Tensor);

/** States as they came: a list, or one alone. */
export const likeStates = (given: States, states: readonly Tensor[]): States =>
  Array.isArray(given) ? states : states[0];
