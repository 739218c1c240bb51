/**
 * `StackedRNNCells`: cells one above the other, as one cell.
 */
import type { Dim } from "../../../../ir/dim.ts";
import { ModelError } from "../../../../ir/errors.ts";
import type { Tensor } from "../../../tensor.ts";
import { hasConfig, serializeObject } from "../../config.ts";
import type { Json, JsonObject, Options } from "../../options.ts";
import type { KerasShape } from "../../shapes.ts";
import type { CallOptions } from "../call.ts";
import { ConfiguredLayer } from "../configured-layer.ts";
import type { LayerReader } from "../core/wrapper.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import { type Cell, type StateSize, type States, type Step, zerosOf } from "./cell.ts";

const firstSize = (size: StateSize): number => (typeof size === "number" ? size : firstSize(size[0]));

/** The size of what a cell gives. */
export const outputSizeOf = (cell: Cell): number => cell.outputSize ?? firstSize(cell.stateSize);

/**
 * Each cell gets the output of the one before. States are a list with an entry per cell.
 *
 * Example: `layers.RNN(layers.StackedRNNCells([layers.LSTMCell(8), layers.LSTMCell(4)]))(x)`. Throws ModelError for what is no cell.
 */
export class StackedRNNCells extends ConfiguredLayer<object, Step> implements Cell {
  static readonly className = "StackedRNNCells";
  readonly cells: readonly Cell[];

  constructor(cells: readonly Cell[], options: Options<LayerOptions> = {}) {
    super([options], {});
    for (const cell of cells) {
      const where = this.where;
      if (typeof cell?.call !== "function")
        throw new ModelError(
          `All cells must have a \`call\` method. Received cell without a \`call\` method: ${String(cell)}`,
          { where },
        );
      if ((cell as { stateSize?: unknown }).stateSize === undefined)
        throw new ModelError(
          `All cells must have a \`stateSize\`. Received cell without one: ${String(cell)}`,
          { where },
        );
    }
    this.cells = cells;
  }

  static override fromConfig<T>(
    this: new (
      cells: never,
      config: JsonObject,
    ) => T,
    { cells, ...config }: JsonObject,
    reader?: object,
  ): T {
    const list = Array.isArray(cells) ? (cells as readonly Json[]) : [];
    return new this(list.map((cell) => (reader as LayerReader).layer(cell)) as never, config);
  }

  get stateSize(): StateSize {
    return this.cells.map((cell) => cell.stateSize);
  }
  get outputSize(): number {
    return outputSizeOf(this.cells[this.cells.length - 1]);
  }

  getInitialState(batchSize: Dim): States {
    return this.cells.map(
      (cell) => cell.getInitialState?.(batchSize) ?? zerosOf(cell.stateSize, batchSize, this.computeDType),
    );
  }

  override build(inputShape: KerasShape): void {
    let shape = inputShape;
    for (const cell of this.cells) {
      if (cell instanceof Layer && !cell.built) cell.build(shape);
      shape = [inputShape[0], outputSizeOf(cell)];
    }
  }

  override call(x: Tensor, states: States, { training }: CallOptions): Step {
    let output = x;
    const next = this.cells.map((cell, i): States => {
      const given = (states as readonly States[])[i];
      const list = Array.isArray(given) ? given : [given];
      const [y, after] =
        cell instanceof Layer
          ? (cell.invoke([output, list, { training }]) as Step)
          : cell.call(output, list, { training });
      output = y;
      const isAlone = !Array.isArray(given) && Array.isArray(after) && after.length === 1;
      return isAlone ? (after as readonly States[])[0] : after;
    });
    return [output, next];
  }

  override getConfig(): JsonObject {
    const cells = this.cells.map((cell) => {
      if (hasConfig(cell)) return serializeObject(cell);
      throw new ModelError("a cell cannot be saved", {
        where: this.where,
        hint: "Make it a Layer with getConfig",
      });
    });
    return { ...super.getConfig(), cells };
  }
}
