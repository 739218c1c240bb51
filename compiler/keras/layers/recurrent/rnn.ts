/**
 * Recurrent layers: a cell, applied to the steps of sequences one after the other. `RNN` takes any cell; `SimpleRNN`, `GRU`, `LSTM` and the
 * `ConvLSTM`s bring their own.
 */
import type { Dim } from "../../../../ir/dim.ts";
import { ModelError } from "../../../../ir/errors.ts";
import { zeros } from "../../../../ir/ndarray.ts";
import { broadcastTo, getItem, type Tensor, toTensor } from "../../../tensor.ts";
import { hasConfig, serializeObject } from "../../config.ts";
import { flatten } from "../../nest.ts";
import type { JsonObject, Options, PlainObject } from "../../options.ts";
import { leavesOf, packLeaves } from "../../region-scope.ts";
import { type KerasShape, knownDim } from "../../shapes.ts";
import { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer } from "../configured-layer.ts";
import type { LayerReader } from "../core/wrapper.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import { type Cell, DropoutCell, firstState, type States, type Step, zerosOf } from "./cell.ts";
import { runSequence, settleMask } from "./loop.ts";
import { StackedRNNCells } from "./stacked-cells.ts";

export interface LoopOptions extends LayerOptions {
  /** Give the output of every step [n, steps, ...] instead of the last one's; default false. */
  returnSequences?: boolean;
  /** Give the last states too: [output, ...states]; default false. */
  returnState?: boolean;
  /** Take the steps from the last to the first; outputs come in that order. Default false. */
  goBackwards?: boolean;
  /** Begin each batch with the states that the one before ended with; the batch size must be known. Default false. */
  stateful?: boolean;
  /** Make a copy of the cell for each step instead of a loop; default false. */
  unroll?: boolean;
  /** The output of masked steps is 0 instead of the output before; default false. */
  zeroOutputForMask?: boolean;
}

/** Their defaults, in Keras's order. */
export const loopDefaults = {
  returnSequences: false,
  returnState: false,
  goBackwards: false,
  stateful: false,
  unroll: false,
  zeroOutputForMask: false,
};

export type SequenceOutput = Tensor | readonly (Tensor | States)[];

/** A layer that applies `cell` to the steps of sequences. */
export abstract class RecurrentLayer<O extends typeof loopDefaults> extends ConfiguredLayer<
  O,
  SequenceOutput
> {
  abstract readonly cell: Cell;
  /** Last states of a stateful layer; no part of its weights. */
  #states: readonly Variable[] | undefined;
  #structure: States | undefined;
  #forcedZeroOutput: boolean | undefined;

  constructor(args: readonly unknown[], defaults: O, positional?: string[]) {
    super(args, defaults, positional);
    this.supportsMasking = true;
  }

  private get loop(): typeof loopDefaults {
    return this.options as typeof loopDefaults;
  }
  get returnSequences(): boolean {
    return this.loop.returnSequences;
  }
  get returnState(): boolean {
    return this.loop.returnState;
  }
  get goBackwards(): boolean {
    return this.loop.goBackwards;
  }
  get stateful(): boolean {
    return this.loop.stateful;
  }
  get zeroOutputForMask(): boolean {
    return this.#forcedZeroOutput ?? this.loop.zeroOutputForMask;
  }
  /** What `Bidirectional` needs: outputs of masked steps must not depend on the direction. */
  set zeroOutputForMask(value: boolean) {
    this.#forcedZeroOutput = value;
  }

  override build(inputShape: KerasShape): void {
    const { cell } = this;
    const [batch, , ...rest] = inputShape;
    if (cell instanceof Layer && !cell.built) cell.build([batch, ...rest]);
    if (this.stateful && this.#states === undefined) this.makeStates(batch);
  }

  private makeStates(batch: number | null): void {
    if (batch === null || batch === undefined)
      throw new ModelError("a stateful RNN needs to know its batch size", {
        where: this.where,
        hint: "Give the Input a batchShape",
      });
    const first = this.initialState(knownDim(batch, this.where, 0));
    this.#structure = first;
    this.#states = flatten<Tensor>(first).map(
      ({ dtype, shape }) =>
        new Variable(zeros(dtype, shape.map(Number)), { name: "rnn_state", trainable: false }),
    );
  }

  /** The options of the layer's own cell. */
  protected cellOptions<C extends object>(defaults: C, name: string): { readonly [K in keyof C]: never } {
    const given: PlainObject = this.options;
    const own = Object.keys(defaults).map((option) => [option, given[option]]);
    const dtype = this.dtypePolicy;
    return Object.fromEntries([...own, ["name", name], ["dtype", dtype], ["trainable", this.trainable]]);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), zero_output_for_mask: this.zeroOutputForMask };
  }

  /** First states for so many samples, as a list. */
  initialState(batchSize: Dim): States {
    const { cell } = this;
    const states = cell.getInitialState?.(batchSize) ?? zerosOf(cell.stateSize, batchSize, this.computeDType);
    return Array.isArray(states) ? states : [states as Tensor];
  }

  /** Makes the states of a stateful layer zero again. */
  resetState(): void {
    for (const state of this.#states ?? []) state.setArray(zeros(state.dtype, state.shape));
  }

  override get variables(): readonly Variable[] {
    return [...super.variables, ...(this.#states ?? [])];
  }

  override call(sequences: Tensor, initialState: unknown, options: CallOptions): SequenceOutput {
    const states = this.firstStates(sequences, initialState ?? options.initialState);
    const mask = settleMask(options.mask, sequences);
    const { unroll } = this.loop;
    const { goBackwards, zeroOutputForMask, returnSequences } = this;
    const step = (x: Tensor, before: States): Step => this.step(x, before, options);
    const run = (): ReturnType<typeof runSequence> =>
      runSequence({ step, sequences, states, mask, goBackwards, unroll, zeroOutputForMask, returnSequences });
    const result = options.training
      ? this.withMasks(this.cell, getItem(sequences, [":", 0]), states, run)
      : run();
    flatten<Tensor>(result.states).forEach((state, i) => void this.#states?.[i].assign(state));
    return this.returnState ? [result.output, ...(result.states as readonly States[])] : result.output;
  }

  private step(x: Tensor, states: States, { training }: CallOptions): Step {
    const { cell } = this;
    const [output, next] =
      cell instanceof Layer
        ? (cell.invoke([x, states, { training }]) as Step)
        : cell.call(x, states, { training });
    return [output, Array.isArray(next) ? next : [next as Tensor]];
  }

  private firstStates(sequences: Tensor, given: unknown): States {
    if (given !== null && given !== undefined) {
      const list = Array.isArray(given) ? given : [given];
      const tensors = leavesOf(list).map((state) => toTensor(state, sequences.engine, this.computeDType));
      return packLeaves(list, tensors) as States;
    }
    if (this.#states === undefined) return this.initialState(sequences.shape[0]);
    return packLeaves(this.#structure, this.#states.map(({ value }) => value)) as States; // biome-ignore format: one line
  }

  /** Runs `body` with one set of dropout masks for all steps, in cells of cells too. */
  private withMasks<T>(cell: Cell, x: Tensor, states: States, body: () => T): T {
    if (cell instanceof DropoutCell) return cell.withMasks(x, firstState(states), body);
    const inner = (cell as { readonly cells?: readonly Cell[] }).cells ?? [];
    const list = Array.isArray(states) ? (states as readonly States[]) : [states];
    return inner.reduceRight<() => T>((run, item, i) => {
      const width = inner[i - 1]?.outputSize;
      const input =
        width === undefined ? x : broadcastTo(toTensor(0, x.engine, x.dtype), [x.shape[0], width]);
      return () => this.withMasks(item, input, list[i], run);
    }, body)();
  }

  override computeMask(_inputs: unknown, mask: unknown = null): unknown {
    const first = Array.isArray(mask) ? mask[0] : mask;
    const own = this.returnSequences ? (first ?? null) : null;
    if (!this.returnState) return own;
    return [own, ...leavesOf(this.cell.stateSize).map(() => null)];
  }
}

/**
 * A cell applied to sequences [n, steps, ...]: gives [n, ...], with `returnSequences` [n, steps, ...], with `returnState` [output, ...states].
 * A cell of one's own is a layer, or an object, with `stateSize` and `call(x, states)`, which returns [output, next states].
 *
 * Example: `layers.RNN(layers.LSTMCell(32), { returnSequences: true })(x)`. Throws ModelError where the cell has no call or no stateSize.
 */
export class RNN extends RecurrentLayer<typeof loopDefaults> {
  static readonly className = "RNN";
  readonly cell: Cell;

  constructor(cell: Cell | readonly Cell[], options: Options<LoopOptions> = {}) {
    super([options], loopDefaults);
    this.cell = checkCell(Array.isArray(cell) ? new StackedRNNCells(cell) : (cell as Cell), this.where);
  }

  static override fromConfig<T>(
    this: new (
      cell: never,
      config: JsonObject,
    ) => T,
    { cell, ...config }: JsonObject,
    reader?: object,
  ): T {
    return new this((reader as LayerReader).layer(cell) as never, config);
  }

  override getConfig(): JsonObject {
    const { cell } = this;
    if (!hasConfig(cell))
      throw new ModelError("the cell cannot be saved", {
        where: this.where,
        hint: "Make it a Layer with getConfig",
      });
    return { ...super.getConfig(), cell: serializeObject(cell) };
  }
}

function checkCell(cell: Cell, where: string): Cell {
  const given: PlainObject = Object(cell);
  if (typeof cell?.call !== "function")
    throw new ModelError(`Argument \`cell\` should have a \`call\` method. Received: cell=${String(cell)}`, {
      where,
    });
  if (given.stateSize === undefined)
    throw new ModelError(
      `The RNN cell should have a \`stateSize\` (an integer, or a list of integers, one for each state). Received: cell=${String(cell)}`,
      { where },
    );
  return cell;
}
