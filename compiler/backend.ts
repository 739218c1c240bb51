/**
 * Where compiled functions run in this process. A backend loads a module, all functions of which share parameters and state; a session
 * is the loaded module with its memory.
 */
import type { Module } from "../ir/graph.ts";
import type { NDArray } from "../ir/ndarray.ts";
import type { Engine } from "./tensor.ts";

export type BackendName = "wasm" | "webgpu" | "cpp" | "cuda" | "reference";

export interface Session {
  /** Runs a function on its inputs, in order; returns its outputs, in order. States are updated in place. */
  call(name: string, inputs: readonly NDArray[]): Promise<readonly NDArray[]>;
  /** The present value of a parameter or state. */
  read(path: string): Promise<NDArray>;
  /** Replaces a parameter or state: same dtype and shape. */
  write(path: string, value: NDArray): Promise<void>;
}

export interface Backend {
  readonly name: BackendName;
  /** Define-by-run: applies one op at a time, through the same compiler. */
  readonly eager: Engine;
  /** Compiles a module. `values` holds the first value of every parameter and state, by path. */
  load(module: Module, values: ReadonlyMap<string, NDArray>): Promise<Session>;
}
