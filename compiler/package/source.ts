/**
 * What an artifact is made from: a module of traced functions and the values of its parameters and states. The Keras surface gives one
 * for a model; a hand-built module works as well.
 */
import type { Module } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { TargetName } from "../../targets/target.ts";

export interface ArtifactSource {
  /** Of the model: names the artifact's C functions. */
  readonly name: string;
  /** One function per entry: `predict`, and `train_step` where the artifact trains. */
  readonly module: Module;
  /** The bytes of every parameter and state, by path. */
  readonly values: ReadonlyMap<string, NDArray>;
}

export const targetNames: readonly TargetName[] = ["wasm", "wgsl", "cpp", "cuda"];
