/**
 * A model as boxes and arrows: what `plotModel` and `modelToDot` draw. Nested models are one box, or with `expandNested` a frame around their
 * own boxes; arrows then lead to the layers inside.
 */
import { dtypes } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { classNameOf } from "../config.ts";
import { historyOf, type Operation } from "../functional/node.ts";
import { FunctionOperation } from "../functional/symbolic.ts";
import { Layer } from "../layers/layer.ts";
import { Functional } from "../models/functional.ts";
import type { Model } from "../models/model.ts";
import { Sequential } from "../models/sequential.ts";
import { printKerasShape, toKerasShape } from "../shapes.ts";

export interface PlotOptions {
  /** Shapes of inputs and outputs; default false. */
  readonly showShapes?: boolean;
  /** Dtypes of outputs; default false. */
  readonly showDtype?: boolean;
  /** Names beside classes; default false, for `modelToDot` true. */
  readonly showLayerNames?: boolean;
  /** "TB" (default) from top to bottom, "LR" from left to right. */
  readonly rankdir?: "TB" | "LR";
  /** Draws the layers of nested models; default false. */
  readonly expandNested?: boolean;
  /** Names the activations of layers that have one; default false. */
  readonly showLayerActivations?: boolean;
  /** Tells which layers are trained; default false. */
  readonly showTrainable?: boolean;
}

export interface PlotBox {
  readonly id: number;
  readonly title: string;
  /** "Activation: relu". */
  readonly activation: string | undefined;
  /** "Input shape: (None, 4)", side by side below the title. */
  readonly cells: readonly string[];
  readonly trainable: boolean | undefined;
  /** The frames around it, outermost first. */
  readonly frames: readonly PlotFrame[];
}

/** The frame around a nested model. */
export interface PlotFrame {
  readonly id: number;
  readonly name: string;
}

export interface PlotGraph {
  readonly boxes: readonly PlotBox[];
  /** From one box to another, each pair once. */
  readonly arrows: readonly (readonly [from: number, to: number])[];
}

/** Throws ModelError for a model that is not built. */
export function plotGraph(model: Model<unknown>, options: PlotOptions): PlotGraph {
  if (!model.built) {
    throw new ModelError("This model has not yet been built", {
      where: `model "${model.name}"`,
      hint: "Build it first: call it on data, or model.build(shape)",
    });
  }
  const plot = new Plot(options);
  plot.add(model, []);
  return { boxes: plot.boxes, arrows: plot.arrows };
}

const isGraph = (operation: Operation | Model<unknown>): operation is Functional<unknown> | Sequential =>
  operation instanceof Functional || operation instanceof Sequential;

class Plot {
  readonly boxes: PlotBox[] = [];
  readonly arrows: [number, number][] = [];
  readonly #options: PlotOptions;
  readonly #ids = new Map<Operation, number>();
  #frames = 0;

  constructor(options: PlotOptions) {
    this.#options = options;
  }

  add(model: Model<unknown>, frames: readonly PlotFrame[]): void {
    // What happens in the call of a subclass is not known: it is one box.
    const inside = isGraph(model) ? model.operations : [model];
    for (const operation of inside) {
      if (this.#options.expandNested && operation !== model && isGraph(operation))
        this.add(operation, [...frames, { id: this.#frames++, name: operation.name }]);
      else this.#box(operation, frames);
    }
    if (model instanceof Functional) this.#connect(model);
    else
      inside
        .slice(1)
        .forEach((operation, i) => this.#arrow(this.#last(inside[i], 0), this.#first(operation, 0)));
  }

  #connect(model: Functional<unknown>): void {
    for (const node of model.levels.flat())
      node.inputs.forEach((tensor, i) => {
        const { operation, tensorIndex } = historyOf(tensor);
        this.#arrow(this.#last(operation, tensorIndex), this.#first(node.operation, i));
      });
  }

  /** The layer that gives an output: of a nested model, one inside of it. */
  #last(operation: Operation, output: number): Operation {
    if (this.#ids.has(operation) || !isGraph(operation)) return operation;
    const inner = historyOf(operation.outputs[output]);
    return this.#last(inner.operation, inner.tensorIndex);
  }

  /** The layer that takes an input. */
  #first(operation: Operation, input: number): Operation {
    if (this.#ids.has(operation) || !isGraph(operation)) return operation;
    if (operation instanceof Sequential) return this.#first(operation.layers[0], 0);
    return historyOf(operation.inputs[input]).operation;
  }

  #arrow(from: Operation, to: Operation): void {
    const [a, b] = [this.#ids.get(from), this.#ids.get(to)];
    if (a === undefined || b === undefined || this.arrows.some(([x, y]) => x === a && y === b)) return;
    this.arrows.push([a, b]);
  }

  #box(operation: Operation, frames: readonly PlotFrame[]): void {
    const id = this.boxes.length;
    this.#ids.set(operation, id);
    const { showLayerNames, showLayerActivations, showTrainable } = this.#options;
    const className =
      operation instanceof FunctionOperation ? operation.info.className : classNameOf(operation);
    const layer = operation instanceof Layer ? operation : undefined;
    this.boxes.push({
      id,
      title: showLayerNames ? `${operation.name} (${className})` : className,
      activation: showLayerActivations ? activationOf(operation) : undefined,
      cells: this.#cells(operation, className),
      trainable:
        showTrainable && layer !== undefined && layer.weights.length > 0 ? layer.trainable : undefined,
      frames,
    });
  }

  #cells(operation: Operation, className: string): string[] {
    const node = operation.inboundNodes[0];
    const { showShapes, showDtype } = this.#options;
    const cells: string[] = [];
    if (showShapes && className !== "InputLayer") cells.push(`Input shape: ${shapesOf(node?.inputs)}`);
    if (showShapes) cells.push(`Output shape: ${shapesOf(node?.outputs)}`);
    if (showDtype)
      cells.push(`Output dtype: ${node?.outputs.map(({ dtype }) => dtypes[dtype].keras).join(", ") ?? "?"}`);
    return cells;
  }
}

function shapesOf(tensors: readonly Tensor[] | undefined): string {
  if (tensors === undefined) return "?";
  const shapes = tensors.map((tensor) => printKerasShape(toKerasShape(tensor.shape)));
  return shapes.length === 1 ? shapes[0] : `[${shapes.join(", ")}]`;
}

function activationOf(operation: Operation): string | undefined {
  const { activation } = operation.getConfig();
  return typeof activation === "string" ? activation : undefined;
}
