/**
 * `Bidirectional`: a recurrent layer run over sequences in both directions (Schuster and Paliwal, 1997).
 */
import { ModelError } from "../../../../ir/errors.ts";
import { elementwise, type Tensor } from "../../../tensor.ts";
import { classNameOf, serializeObject } from "../../config.ts";
import type { Nest } from "../../nest.ts";
import { concat } from "../../ops/joining.ts";
import { flip } from "../../ops/movement.ts";
import { camelKeys, type JsonObject, type Options, type PlainObject } from "../../options.ts";
import type { KerasShape, ShapeNest } from "../../shapes.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer } from "../configured-layer.ts";
import type { LayerReader } from "../core/wrapper.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import { RecurrentLayer, type SequenceOutput } from "./rnn.ts";

/** What a layer must have to be run in both directions: built-in recurrent layers do. */
export interface Directed extends Layer<unknown> {
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
}

type MergeMode = "sum" | "mul" | "ave" | "concat" | null;
const MERGE_MODES: readonly unknown[] = ["sum", "mul", "ave", "concat", null];

export interface BidirectionalOptions extends LayerOptions {
  /** How outputs of both directions become one; null: [forward, backward]. Default "concat". */
  mergeMode?: MergeMode;
  /** The layer for the other direction; default: a copy of `layer` that goes backwards. */
  backwardLayer?: Layer<unknown> | null;
}

const defaults = { mergeMode: "concat" as MergeMode };

type Readable = { fromConfig(config: JsonObject, reader?: object): Layer<unknown> };
const classOf = (layer: Layer<unknown>): Readable => layer.constructor as unknown as Readable;

/** The layer and all inside it. */
const withInner = (layer: Layer<unknown>): readonly Layer<unknown>[] => [
  layer,
  ...[...layer.sublayers, ...innerCells(layer)].flatMap(withInner),
];
const innerCells = (layer: object): readonly Layer<unknown>[] =>
  ((layer as { readonly cells?: readonly unknown[] }).cells ?? []).filter((cell) => cell instanceof Layer);

/** The same layer anew, with other options. Layers inside are made by the classes of those that are there. */
function again(layer: Layer<unknown>, changes: PlainObject): Layer<unknown> {
  const classes = new Map(withInner(layer).map((inner) => [classNameOf(inner), classOf(inner)]));
  const reader: LayerReader = {
    layer: (given) => {
      const { class_name: name, config } = given as JsonObject;
      const found = classes.get(String(name));
      if (found === undefined) throw new ModelError("unknown layer", { got: String(name) });
      return found.fromConfig(config as JsonObject, reader);
    },
  };
  return classOf(layer).fromConfig({ ...layer.getConfig(), ...changes } as JsonObject, reader);
}

const withoutPrefix = (name: string, prefix: string): string =>
  name.startsWith(prefix) ? name.slice(prefix.length) : name;

/**
 * A recurrent layer in both directions: [n, steps, inputs] to the outputs of both, merged along the last axis by `mergeMode`.
 * `initialState` holds the states of the forward layer, then those of the other.
 *
 * Example: `layers.Bidirectional(layers.LSTM(32))(x)`. Throws ModelError where both layers go the same way, or differ in what they return.
 */
export class Bidirectional extends ConfiguredLayer<typeof defaults, SequenceOutput> {
  static readonly className = "Bidirectional";
  readonly forwardLayer: Directed;
  readonly backwardLayer: Directed;

  constructor(layer: Layer<unknown>, options: Options<BidirectionalOptions> = {}) {
    const { backwardLayer = null, ...own } = camelKeys(options) as BidirectionalOptions;
    super([own], defaults);
    if (!(layer instanceof Layer))
      throw new ModelError(
        `Please initialize \`Bidirectional\` layer with a \`keras.layers.Layer\` instance. Received: ${String(layer)}`,
        { where: this.where },
      );
    if (backwardLayer !== null && !(backwardLayer instanceof Layer))
      throw new ModelError(
        `\`backward_layer\` need to be a \`keras.layers.Layer\` instance. Received: ${String(backwardLayer)}`,
        { where: this.where },
      );
    this.forwardLayer = again(layer, {
      name: `forward_${withoutPrefix(layer.name, "forward_")}`,
    }) as Directed;
    this.backwardLayer = (backwardLayer ??
      again(layer, {
        name: `backward_${withoutPrefix(layer.name, "backward_")}`,
        go_backwards: true,
      })) as Directed;
    this.checkDirections();
    for (const side of [this.forwardLayer, this.backwardLayer])
      if (side instanceof RecurrentLayer) side.zeroOutputForMask = side.returnSequences;
    this.supportsMasking = true;
    this.inputSpec = layer.inputSpec;
  }

  static override fromConfig<T>(
    this: new (
      layer: never,
      config: PlainObject,
    ) => T,
    { layer, backward_layer: backward, ...config }: JsonObject,
    reader?: object,
  ): T {
    const read = reader as LayerReader;
    const backwardLayer = backward === undefined || backward === null ? null : read.layer(backward);
    return new this(read.layer(layer) as never, { ...config, backwardLayer });
  }

  protected override settle(options: typeof this.options): typeof this.options {
    if (!MERGE_MODES.includes(options.mergeMode))
      throw new ModelError(
        `Invalid merge mode. Received: ${String(options.mergeMode)}. Merge mode should be one of {"sum", "mul", "ave", "concat", None}`,
        { where: this.where },
      );
    return options;
  }

  private checkDirections(): void {
    const [forward, backward] = [this.forwardLayer, this.backwardLayer];
    if (forward.goBackwards === backward.goBackwards)
      throw new ModelError(
        `Forward layer and backward layer should have different \`go_backwards\` value. Received: forward_layer.go_backwards ${forward.goBackwards}, backward_layer.go_backwards=${backward.goBackwards}`,
        { where: this.where },
      );
    for (const name of ["stateful", "returnSequences", "returnState"] as const)
      if (forward[name] !== backward[name])
        throw new ModelError(
          `Forward layer and backward layer are expected to have the same value for attribute "${name}", got "${forward[name]}" for forward layer and "${backward[name]}" for backward layer`,
          { where: this.where },
        );
  }

  override build(inputShape: KerasShape): void {
    for (const side of [this.forwardLayer, this.backwardLayer]) if (!side.built) side.build(inputShape);
  }

  override call(sequences: Tensor, initialState: unknown, options: CallOptions): SequenceOutput {
    const { forwardLayer, backwardLayer } = this;
    const given = initialState ?? options.initialState ?? null;
    const states = Array.isArray(given) ? given : null;
    const half = states === null ? 0 : states.length / 2;
    const run = (side: Directed, own: unknown): readonly unknown[] => {
      const result = side.invoke([sequences, { ...options, ...(own === null ? {} : { initialState: own }) }]);
      return Array.isArray(result) ? result : [result];
    };
    const [forward, ...forwardStates] = run(forwardLayer, states?.slice(0, half) ?? null);
    const [backward, ...backwardStates] = run(backwardLayer, states?.slice(half) ?? null);
    const turned = forwardLayer.returnSequences ? flip(backward as Tensor, 1) : (backward as Tensor);
    const outputs = this.merge(forward as Tensor, turned);
    if (!forwardLayer.returnState && outputs.length === 1) return outputs[0];
    return [...outputs, ...forwardStates, ...backwardStates] as SequenceOutput;
  }

  private merge(forward: Tensor, backward: Tensor): readonly Tensor[] {
    switch (this.options.mergeMode) {
      case "concat":
        return [concat([forward, backward], forward.rank - 1)];
      case "sum":
        return [elementwise("add", [forward, backward])];
      case "ave":
        return [elementwise("div", [elementwise("add", [forward, backward]), 2])];
      case "mul":
        return [elementwise("mul", [forward, backward])];
      default:
        return [forward, backward];
    }
  }

  /** As Keras states it: twice the last axis of the forward layer, whatever the other one has. */
  override computeOutputShape(inputShape: ShapeNest): Nest<KerasShape> {
    const shapes = this.forwardLayer.computeOutputShape(inputShape) as KerasShape | readonly KerasShape[];
    const { returnState } = this.forwardLayer;
    const [own, ...states] = (returnState ? shapes : [shapes]) as readonly KerasShape[];
    const last = own[own.length - 1];
    const { mergeMode } = this.options;
    const doubled = mergeMode === "concat" && last !== null ? [...own.slice(0, -1), 2 * last] : own;
    const outputs = mergeMode === null ? [own, own] : [doubled];
    return !returnState && outputs.length === 1 ? outputs[0] : [...outputs, ...states, ...states];
  }

  override computeMask(_inputs: unknown, mask: unknown = null): unknown {
    const { returnSequences, returnState } = this.forwardLayer;
    const own = returnSequences ? mask : null;
    const outputs = this.options.mergeMode === null ? [own, own] : own;
    if (!returnState) return outputs;
    const [forward] = [this.forwardLayer.computeMask(null, null)];
    const count = Array.isArray(forward) ? forward.length - 1 : 0;
    return [...(Array.isArray(outputs) ? outputs : [outputs]), ...new Array<null>(2 * count).fill(null)];
  }

  override getConfig(): JsonObject {
    return {
      ...super.getConfig(),
      layer: serializeObject(this.forwardLayer),
      backward_layer: serializeObject(this.backwardLayer),
    };
  }
}
