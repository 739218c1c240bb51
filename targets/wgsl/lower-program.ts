/**
 * Turns the steps of a program into launches alone, and lays out the buffer that a call works in:
 *
 *     | arena | one word for each narrow element of the arena | inputs | outputs |
 *
 * A narrow slot at byte b of the arena has its first element at word b of the second part: slots that do not overlap in bytes do not
 * overlap there either. Inputs and outputs of narrow dtypes take a word per element too. Clearing and copying are kernels like any
 * other, so that a whole call is one compute pass (WebGPU cannot copy within a buffer, nor inside a pass).
 */
import { addDims, type Dim, divideDims, isStatic, mulDims, productOf, symbol } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import { CompilerBug } from "../../ir/errors.ts";
import {
  type Binding,
  type Program,
  type SimpleStep,
  type Slot,
  type Step,
  slotsOf,
} from "../../ir/program.ts";
import type { Argument, Launch } from "./entry-point.ts";
import { clearKernel, copyKernel } from "./move-kernels.ts";
import { isNarrow, registerType } from "./types.ts";

/** The symbol that stands for the first sample of the present chunk. No symbol of a model has such a name. */
export const CHUNK_BASE = "@";

/** What remains of a `Step`. */
export type LaunchStep =
  | { readonly kind: "launch"; readonly launch: Launch }
  | {
      readonly kind: "chunks";
      readonly symbol: string;
      readonly total: Dim;
      readonly size: number;
      readonly body: readonly LaunchStep[];
    }
  | {
      readonly kind: "for";
      readonly symbol: string;
      readonly extent: Dim;
      readonly reverse: boolean;
      readonly body: readonly LaunchStep[];
    }
  /** A `while` (`again`) or an `if`: `word` is where the bool lies in the working buffer. */
  | {
      readonly kind: "decide";
      readonly word: Dim;
      readonly again: boolean;
      readonly test: readonly LaunchStep[];
      readonly yes: readonly LaunchStep[];
      readonly no: readonly LaunchStep[];
    };

/** The lists of steps inside a step. */
export function innerSteps(step: LaunchStep): readonly (readonly LaunchStep[])[] {
  if (step.kind === "launch") return [];
  return step.kind === "decide" ? [step.test, step.yes, step.no] : [step.body];
}

export interface LoweredProgram {
  readonly name: string;
  readonly steps: readonly LaunchStep[];
  readonly layout: Layout;
}

/** In words from the start of the buffer. */
export interface Layout {
  readonly narrow: Dim;
  readonly inputs: readonly Dim[];
  readonly outputs: readonly Dim[];
  /** Of the whole buffer. */
  readonly size: Dim;
}

export function lowerProgram(program: Program): LoweredProgram {
  const layout = layoutOf(program);
  return { name: program.name, steps: lowerSteps(program.steps, 0, layout), layout };
}

/** `base`: samples before the present chunk. */
function lowerSteps(steps: readonly Step[], base: Dim, layout: Layout): LaunchStep[] {
  return steps.map((step): LaunchStep => {
    switch (step.kind) {
      case "chunks":
        return { ...step, body: lowerSteps(step.body, symbol(CHUNK_BASE), layout) };
      case "for":
        return { ...step, body: lowerSteps(step.body, base, layout) };
      case "while": {
        const [test, yes] = [step.test, step.body].map((body) => lowerSteps(body, base, layout));
        return { kind: "decide", word: wordOf(step.cond, layout), again: true, test, yes, no: [] };
      }
      case "if": {
        const [yes, no] = [step.then, step.otherwise].map((body) => lowerSteps(body, base, layout));
        return { kind: "decide", word: wordOf(step.cond, layout), again: false, test: [], yes, no };
      }
      default:
        return { kind: "launch", launch: launchOf(step, (arg) => place(arg, base, layout)) };
    }
  });
}

/** Where a bool of one word lies. */
function wordOf(slot: Slot, layout: Layout): Dim {
  const { region, base } = place({ slot, advance: 0 }, 0, layout);
  if (region !== "arena") throw new CompilerBug("wgsl", `${slot.name} decides but lies in ${region}`);
  return base;
}

function launchOf(step: SimpleStep, at: (arg: Binding) => Argument): Launch {
  switch (step.kind) {
    case "launch":
      return { kernel: step.kernel, args: step.args.map(at), dims: step.dims };
    case "clear":
      return {
        kernel: clearKernel(step.slot.dtype),
        args: [at({ slot: step.slot, advance: 0 })],
        dims: [step.slot.size],
      };
    case "copy":
      return {
        kernel: copyKernel(step.from.slot.dtype),
        args: [at(step.from), at(step.to)],
        dims: [step.size],
      };
    default:
      throw step satisfies never;
  }
}

function place({ slot, advance }: Binding, base: Dim, layout: Layout): Argument {
  registerType(slot.dtype);
  const { kind } = slot.region;
  const region = kind === "weights" || kind === "state" ? kind : "arena";
  return { region, base: addDims(startOf(slot, layout), mulDims(base, advance)) };
}

/** Where a slot begins in its region, in its own elements. */
function startOf({ name, dtype, region, offset }: Slot, layout: Layout): Dim {
  const start = divideDims(offset, byteWidth(dtype));
  if (start === undefined) throw new CompilerBug("wgsl", `${name} is not aligned to its elements`);
  switch (region.kind) {
    case "weights":
    case "state":
      return start;
    case "arena":
      return isNarrow(dtype) ? addDims(layout.narrow, offset) : start;
    case "input":
      return addDims(layout.inputs[region.index], start);
    case "output":
      return addDims(layout.outputs[region.index], start);
    default:
      throw region satisfies never;
  }
}

function layoutOf(program: Program): Layout {
  const narrow = wordsOf(program.arenaBytes);
  const inputs = offsetsFrom(
    addDims(narrow, narrowWords(program)),
    program.inputs.map(({ shape }) => productOf(shape)),
  );
  const outputs = offsetsFrom(
    inputs.end,
    program.outputs.map(({ shape }) => productOf(shape)),
  );
  return { narrow, inputs: inputs.offsets, outputs: outputs.offsets, size: outputs.end };
}

function offsetsFrom(
  start: Dim,
  sizes: readonly Dim[],
): { readonly offsets: readonly Dim[]; readonly end: Dim } {
  const ends: Dim[] = [start];
  for (const size of sizes) ends.push(addDims(ends[ends.length - 1], size));
  return { offsets: ends.slice(0, -1), end: ends[ends.length - 1] };
}

/** At least `bytes` / 4, rounded up. */
const wordsOf = (bytes: Dim): Dim =>
  isStatic(bytes) ? Math.ceil(bytes / 4) : (divideDims(bytes, 4) ?? bytes);

/** Words for the narrow slots of the arena: up to the end of the last. */
function narrowWords({ steps, arenaBytes }: Program): Dim {
  const narrow = slotsOf(steps).filter(({ region, dtype }) => region.kind === "arena" && isNarrow(dtype));
  const ends = narrow.map(({ offset, size }) => addDims(offset, size));
  return ends.every(isStatic) ? Math.max(0, ...ends) : arenaBytes;
}
