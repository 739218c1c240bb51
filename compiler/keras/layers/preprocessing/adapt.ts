/**
 * Data that layers learn statistics and vocabularies from: one array, or batches of them in any iterable.
 */
import { isArrayLike } from "../../../arrays.ts";
import { isStrings } from "./strings.ts";

/** An array, or an iterable (also asynchronous) of arrays. */
export type AdaptData = unknown;

/** The batches of the data; an array is one batch. */
export async function* batchesOf(data: AdaptData): AsyncGenerator<unknown> {
  const isBatches =
    typeof data === "object" &&
    data !== null &&
    !isArrayLike(data) &&
    !isStrings(data) &&
    (Symbol.iterator in data || Symbol.asyncIterator in data);
  if (!isBatches) yield data;
  else yield* data as AsyncIterable<unknown>;
}
