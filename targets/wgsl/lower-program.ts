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
import type { Binding, Program, Slot, Step } from "../../ir/program.ts";
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
    };

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
  /** `base`: samples before the present chunk. */
  const lower = (step: Step, base: Dim): LaunchStep => {
    if (step.kind !== "chunks") {
      return { kind: "launch", launch: launchOf(step, (arg) => place(arg, base, layout)) };
    }
    return { ...step, body: step.body.map((inner) => lower(inner, symbol(CHUNK_BASE))) };
  };
  return { name: program.name, steps: program.steps.map((step) => lower(step, 0)), layout };
}

function launchOf(step: Exclude<Step, { kind: "chunks" }>, at: (arg: Binding) => Argument): Launch {
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

function slotsOf(steps: readonly Step[]): Slot[] {
  return steps.flatMap((step) => {
    switch (step.kind) {
      case "launch":
        return step.args.map(({ slot }) => slot);
      case "clear":
        return [step.slot];
      case "copy":
        return [step.from.slot, step.to.slot];
      case "chunks":
        return slotsOf(step.body);
      default:
        throw step satisfies never;
    }
  });
}
