/**
 * What a compiled function is: memory objects, kernels, and the steps that run them. Emitters turn it into code; the interpreter runs it
 * as it is. It knows nothing of graphs.
 */
import type { Dim } from "./dim.ts";
import type { DType } from "./dtype.ts";
import type { Kernel } from "./kernel.ts";

/**
 * The memory a slot lies in. `weights`: shipped, read-only, shared by all entries of a bundle. `state`: shipped with initial bytes, read and
 * written, shared likewise. `arena`: scratch of one call. `input`, `output`: the caller's, by index.
 */
export type Region =
  | { readonly kind: "weights" | "state" | "arena" }
  | { readonly kind: "input" | "output"; readonly index: number };

export interface Slot {
  readonly name: string;
  readonly dtype: DType;
  /** Elements. */
  readonly size: Dim;
  readonly region: Region;
  /** Bytes from the start of its region; a multiple of the element width. Only in the arena does it depend on symbols. */
  readonly offset: Dim;
}

/** An argument of a launch: a slot and, inside `chunks`, how many elements further it begins for each sample before the chunk. */
export interface Binding {
  readonly slot: Slot;
  readonly advance: number;
}

export type Step =
  | {
      readonly kind: "launch";
      readonly kernel: Kernel;
      /** One for each of `kernel.params`. */
      readonly args: readonly Binding[];
      /** The values of `kernel.dims`, over the program's symbols and the chunk's. */
      readonly dims: readonly Dim[];
    }
  /** Sets all bytes of a slot to zero. */
  | { readonly kind: "clear"; readonly slot: Slot }
  /** Copies `size` elements. */
  | { readonly kind: "copy"; readonly from: Binding; readonly to: Binding; readonly size: Dim }
  /**
   * Runs `body` for base = 0, size, 2 * size ... below `total`, with `symbol` = min(size, total - base). Bindings inside advance by
   * base * advance elements.
   */
  | {
      readonly kind: "chunks";
      readonly symbol: string;
      readonly total: Dim;
      readonly size: number;
      readonly body: readonly Step[];
    };

/** A named tensor of the program's interface, or a named part of weights and state. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}
/** Where a named weight or state lies: bytes from the start of its region. */
export interface Field extends Port {
  readonly offset: number;
}

export interface Program {
  /** The entry's name: "predict", "train_step". */
  readonly name: string;
  /** The symbols a call must bind, sorted: the sizes in `inputs` that are not constant. */
  readonly symbols: readonly string[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Bytes. */
  readonly arenaBytes: Dim;
  readonly steps: readonly Step[];
}

/** Programs that share their weights and state: what an emitter takes and an artifact holds. */
export interface Bundle {
  readonly name: string;
  readonly programs: readonly Program[];
  readonly weights: Store;
  readonly state: Store;
}

export interface Store {
  /** The initial bytes. */
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[];
}

/** All launches of a program, those inside chunks too, in order. */
export function launchesOf(steps: readonly Step[]): Extract<Step, { kind: "launch" }>[] {
  return steps.flatMap((step) => {
    if (step.kind === "launch") return [step];
    return step.kind === "chunks" ? launchesOf(step.body) : [];
  });
}
