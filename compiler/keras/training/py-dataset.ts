/**
 * `keras.utils.PyDataset`: batches by number, so that epochs may take them in any order.
 */
import type { TensorLike } from "../../tensor.ts";
import type { Nest } from "../nest.ts";
import { permutation } from "../random.ts";
import { session } from "../session.ts";

type Data = Nest<TensorLike>;
type BatchTuple = readonly [x: Data, y?: Data | null, sampleWeight?: Data | null];

/**
 * Subclasses say how many batches there are and give one by its number; they may take their time.
 *
 *     class Photos extends keras.utils.PyDataset {
 *       get length() { return Math.ceil(files.length / 32) }
 *       async getItem(index) { return [await images(index), labels(index)] }
 *     }
 */
export abstract class PyDataset {
  /** How many batches there are. */
  abstract get length(): number;
  /** Batch number `index`, from 0: [x], [x, y] or [x, y, sampleWeight]. */
  abstract getItem(index: number): BatchTuple | Promise<BatchTuple>;
  /** Called after each epoch. */
  onEpochEnd(): void {}

  /** The batches of one epoch. */
  async *batches(shuffle: boolean): AsyncIterable<BatchTuple> {
    const order = shuffle ? permutation(this.length, session.nextKey()) : undefined;
    for (let i = 0; i < this.length; i++) yield await this.getItem(order?.[i] ?? i);
  }
}
