/**
 * The key of a random operation: two words that decide all its numbers.
 */
import { ModelError } from "../../../ir/errors.ts";
import { getItem, setShape, type Tensor, toTensor } from "../../tensor.ts";
import { SeedGenerator } from "../random.ts";
import { session } from "../session.ts";

/**
 * A whole number, which gives the same numbers at every call; a SeedGenerator, which gives others each time, in compiled functions too; null for
 * numbers of the session, which compiled functions draw once, when they are traced.
 */
export type Seed = number | SeedGenerator | null;

export interface SeedOption {
  seed?: Seed;
}

/** The key u32[2] of a seed. Throws ModelError for anything but an integer or a SeedGenerator. */
export function keyOf(seed: Seed | undefined): Tensor {
  if (seed instanceof SeedGenerator) return seed.next();
  if (seed !== null && seed !== undefined && !Number.isInteger(seed))
    throw new ModelError(
      `Argument \`seed\` must be either an integer or an instance of \`SeedGenerator\`. Received: seed=${seed}`,
    );
  const words = seed === null || seed === undefined ? session.nextKey() : [seed >>> 0, 0];
  return toTensor({ dtype: "u32", shape: [2], data: Uint32Array.from(words) }, session.engine());
}

/** Several keys from one. */
export function splitKey(key: Tensor, count: number): Tensor[] {
  const keys = key.engine.op("random_keys", [key], { count })[0];
  return Array.from({ length: count }, (_, i) => setShape(getItem(keys, [i]), [2]));
}
