/**
 * What an artifact is made from: a module of traced functions and the values of its parameters and states. The Keras surface gives one
 * for a model; a hand-built module works as well.
 */
import type { Module } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { TargetName } from "../../targets/target.ts";

/** A named tensor inside of a larger one of the same dtype; `offset` in bytes. */
export interface Part {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
}

export interface ArtifactSource {
  /** Of the model: names the artifact's C functions. */
  readonly name: string;
  /** One function per entry: `predict`, and `train_step` where the artifact trains. */
  readonly module: Module;
  /** The bytes of every parameter and state, by path. */
  readonly values: ReadonlyMap<string, NDArray>;
  /** What a parameter or state is made of, by its path: the weights in a slab. */
  readonly parts?: ReadonlyMap<string, readonly Part[]>;
  /** The same predictions, one op at a time, for comparison. Resolves when they can be read. */
  readonly eager?: (inputs: readonly NDArray[]) => Promise<readonly NDArray[]>;
}

export const targetNames: readonly TargetName[] = ["wasm", "wgsl", "cpp", "cuda"];
