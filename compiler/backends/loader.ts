/**
 * What a target brings so that its code runs in this process: its schedule, and how a bundle is loaded and called.
 */
import type { NDArray } from "../../ir/ndarray.ts";
import type { Bundle } from "../../ir/program.ts";
import type { Scheduler } from "../../targets/schedule/scheduler.ts";
import type { BackendName } from "../backend.ts";

/** A loaded bundle: runs its programs, holds its weights and state. */
export interface Executable {
  /** Inputs and results in the order of the program's ports. */
  call(entry: string, inputs: readonly NDArray[]): readonly NDArray[] | Promise<readonly NDArray[]>;
  read(path: string): NDArray | Promise<NDArray>;
  write(path: string, value: NDArray): void | Promise<void>;
  /** Bytes of memory that it keeps between calls, where it keeps any that matter. */
  readonly bytes?: number;
}

/** What a target brings: its schedule, and how its code is loaded in this process. */
export interface Loader {
  readonly name: BackendName;
  readonly scheduler: Scheduler;
  /** Loads several bundles at once: where a system compiler has to run, it runs once. */
  load(bundles: readonly Bundle[]): readonly Executable[] | Promise<readonly Executable[]>;
  /** True where `load` and `call` answer at once. */
  readonly isSynchronous: boolean;
}
