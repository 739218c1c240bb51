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
    }
  /** Runs `body` with `symbol` = 0, 1 ... `extent` - 1; backwards if `reverse`. Launches inside take the symbol as one of their dims. */
  | {
      readonly kind: "for";
      readonly symbol: string;
      readonly extent: Dim;
      readonly reverse: boolean;
      readonly body: readonly Step[];
    }
  /** Runs `test`; as long as `cond`, one bool that it writes, is then true, runs `body` and `test` again. */
  | {
      readonly kind: "while";
      readonly test: readonly Step[];
      readonly cond: Slot;
      readonly body: readonly Step[];
    }
  /** Runs `then` where `cond`, one bool, is true, else `otherwise`. */
  | {
      readonly kind: "if";
      readonly cond: Slot;
      readonly then: readonly Step[];
      readonly otherwise: readonly Step[];
    };

export type StepOf<K extends Step["kind"]> = Extract<Step, { readonly kind: K }>;
/** Steps that hold others. */
export type Nested = StepOf<"chunks" | "for" | "while" | "if">;
export type SimpleStep = Exclude<Step, Nested>;

export const isNested = (step: Step): step is Nested =>
  step.kind === "chunks" || step.kind === "for" || step.kind === "while" || step.kind === "if";

/** The lists of steps inside a step, in the order in which they run. */
export function bodiesOf(step: Nested): readonly (readonly Step[])[] {
  if (step.kind === "while") return [step.test, step.body];
  return step.kind === "if" ? [step.then, step.otherwise] : [step.body];
}

/** The step with other lists inside. */
export function withBodies(step: Nested, change: (steps: readonly Step[]) => readonly Step[]): Step {
  if (step.kind === "while") return { ...step, test: change(step.test), body: change(step.body) };
  if (step.kind === "if") return { ...step, then: change(step.then), otherwise: change(step.otherwise) };
  return { ...step, body: change(step.body) };
}

/** All steps of a program that hold no others, in order. */
export function simpleSteps(steps: readonly Step[]): readonly SimpleStep[] {
  return steps.flatMap((step) => (isNested(step) ? bodiesOf(step).flatMap(simpleSteps) : [step]));
}

/** The slots that a step itself mentions. */
export function slotsIn(step: Step): readonly Slot[] {
  switch (step.kind) {
    case "launch":
      return step.args.map(({ slot }) => slot);
    case "clear":
      return [step.slot];
    case "copy":
      return [step.from.slot, step.to.slot];
    case "while":
    case "if":
      return [step.cond];
    default:
      return [];
  }
}

/** The slots of all steps, inner ones too. */
export function slotsOf(steps: readonly Step[]): Slot[] {
  return steps.flatMap((step) => [
    ...slotsIn(step),
    ...(isNested(step) ? bodiesOf(step).flatMap(slotsOf) : []),
  ]);
}

/** Whether what runs depends on data, so that the steps of a call are not known when it begins. */
export const isDecidedByData = (steps: readonly Step[]): boolean =>
  steps.some(
    (step) =>
      step.kind === "while" || step.kind === "if" || (isNested(step) && bodiesOf(step).some(isDecidedByData)),
  );

export type LaunchStep = StepOf<"launch">;

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

/** All launches of a program, inner ones too, in order. */
export const launchesOf = (steps: readonly Step[]): LaunchStep[] =>
  simpleSteps(steps).filter((step) => step.kind === "launch");
