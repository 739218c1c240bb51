/** Runs an artifact, through its own files and interface alone, as whoever embeds it does. */
import type { NDArray } from "../../../ir/ndarray.ts";
import type { Artifact } from "../open-artifact.ts";

/** One instance of an artifact. Calls come one after another; state persists between them. */
export interface Runner {
  /** Inputs and outputs in the order of the manifest. */
  call(entry: string, inputs: readonly NDArray[]): Promise<readonly NDArray[]>;
  /** The milliseconds of one call, from arrays to arrays; what brings them to another process is not counted. */
  measure(entry: string, inputs: readonly NDArray[]): Promise<number>;
  close(): Promise<void>;
}

/** Starts an artifact of one target. Throws Unsupported where this machine lacks what it needs. */
export type StartRunner = (artifact: Artifact) => Promise<Runner>;
