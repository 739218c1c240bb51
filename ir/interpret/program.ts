/**
 * Runs the steps of a Program. Every region is one piece of memory, so that slots that overlap in the plan overlap here, and what a program
 * reads before it wrote it is an error.
 */
import { type Bindings, evaluateDim } from "../dim.ts";
import { byteWidth, dtypes } from "../dtype.ts";
import { CompilerBug } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { sizeOf } from "../ndarray.ts";
import type { Binding, Region, Slot, Step } from "../program.ts";
import { type CompiledKernel, compileKernel, isParallel } from "./kernel.ts";
import { isWritten, type Memory, readElement } from "./memory.ts";
import { RaceRecord } from "./races.ts";

/** The memory behind a `Region`. */
export interface RegionMemory {
  readonly name: string;
  readonly bytes: ArrayBuffer;
  /** Absent where everything counts as written. */
  readonly marks?: Uint8Array;
  readonly isReadOnly: boolean;
}

/** One call of a program. */
export interface Call {
  readonly program: string;
  readonly region: (region: Region) => RegionMemory;
  readonly seed: number;
  /** Kernels compiled for given dims, by `dims.join()`. */
  readonly compiled: Map<Kernel, Map<string, CompiledKernel>>;
}

/** Where in the loops around it a step runs. */
interface Position {
  readonly bindings: Bindings;
  /** Samples before the chunk. */
  readonly base: number;
}

export function runSteps(steps: readonly Step[], call: Call, position: Position): void {
  for (const step of steps) runStep(step, call, position);
}

function runStep(step: Step, call: Call, position: Position): void {
  switch (step.kind) {
    case "launch":
      launch(step, call, position);
      return;
    case "clear": {
      const { region, start, size } = rangeOf({ slot: step.slot, advance: 0 }, undefined, call, position);
      requireWritable(region, call, step.slot);
      new Uint8Array(region.bytes).fill(0, start, start + size);
      region.marks?.fill(1, start, start + size);
      return;
    }
    case "copy":
      copy(step, call, position);
      return;
    case "chunks": {
      const total = evaluateDim(step.total, position.bindings);
      for (let base = 0; base < total; base += step.size) {
        const bindings = new Map([...position.bindings, [step.symbol, Math.min(step.size, total - base)]]);
        runSteps(step.body, call, { bindings, base });
      }
      return;
    }
    case "for": {
      const extent = evaluateDim(step.extent, position.bindings);
      for (let count = 0; count < extent; count++) {
        const at = step.reverse ? extent - 1 - count : count;
        const bindings = new Map([...position.bindings, [step.symbol, at]]);
        runSteps(step.body, call, { ...position, bindings });
      }
      return;
    }
    case "while":
      runSteps(step.test, call, position);
      while (isTrue(step.cond, call, position)) {
        runSteps(step.body, call, position);
        runSteps(step.test, call, position);
      }
      return;
    case "if":
      runSteps(isTrue(step.cond, call, position) ? step.then : step.otherwise, call, position);
      return;
    default:
      step satisfies never;
  }
}

function isTrue(slot: Slot, call: Call, position: Position): boolean {
  const memory = viewOf(rangeOf({ slot, advance: 0 }, 1, call, position), slot, 1);
  if (!isWritten(memory, 0))
    throw new CompilerBug("interpret", `${call.program} decides by unwritten ${slot.name}`);
  return readElement(memory, 0) !== 0;
}

interface Range {
  readonly region: RegionMemory;
  /** Bytes. */
  readonly start: number;
  readonly size: number;
}

/** The bytes of `elements` elements (the whole slot unless given) of a binding. Throws where they leave the slot or its region. */
function rangeOf(
  binding: Binding,
  elements: number | undefined,
  call: Call,
  { bindings, base }: Position,
): Range {
  const { slot, advance } = binding;
  const width = byteWidth(slot.dtype);
  const available = evaluateDim(slot.size, bindings);
  const first = base * advance;
  const count = elements ?? available - first;
  const region = call.region(slot.region);
  const start = evaluateDim(slot.offset, bindings) + first * width;
  const end = start + count * width;
  const outside = (what: string, limit: number, got: number): CompilerBug =>
    new CompilerBug("interpret", `${call.program}: ${slot.name} leaves its ${what}`, {
      expected: `${limit}`,
      got: `${got}`,
    });
  if (first + count > available) throw outside("slot (elements)", available, first + count);
  if (start < 0 || end > region.bytes.byteLength)
    throw outside("region (bytes)", region.bytes.byteLength, end);
  if (start % width !== 0) throw outside("alignment (bytes)", width, start);
  return { region, start, size: count * width };
}

function requireWritable(region: RegionMemory, call: Call, slot: Slot): void {
  if (region.isReadOnly)
    throw new CompilerBug("interpret", `${call.program} writes ${slot.name} in read-only ${region.name}`);
}

function copy(step: Extract<Step, { kind: "copy" }>, call: Call, position: Position): void {
  const elements = evaluateDim(step.size, position.bindings);
  const from = rangeOf(step.from, elements, call, position);
  const to = rangeOf(step.to, elements, call, position);
  requireWritable(to.region, call, step.to.slot);
  if (from.size !== to.size)
    throw new CompilerBug("interpret", `${call.program} copies between different widths`);
  const memory = viewOf(from, step.from.slot, elements);
  for (let i = 0; i < elements; i++) {
    if (!isWritten(memory, i))
      throw new CompilerBug("interpret", `${call.program} copies unwritten ${step.from.slot.name}[${i}]`);
  }
  const source = new Uint8Array(from.region.bytes, from.start, from.size).slice();
  new Uint8Array(to.region.bytes).set(source, to.start);
  to.region.marks?.fill(1, to.start, to.start + to.size);
}

function viewOf({ region, start }: Range, { dtype }: Slot, elements: number): Memory {
  const data = dtypes[dtype].view(region.bytes, start, elements);
  const written = region.marks === undefined ? undefined : { marks: region.marks, start };
  return { array: { dtype, shape: [elements], data }, written };
}

function launch(step: Extract<Step, { kind: "launch" }>, call: Call, position: Position): void {
  const { kernel, args } = step;
  const dims = step.dims.map((dim) => evaluateDim(dim, position.bindings));
  const compiled = compiledFor(kernel, dims, call);
  if (args.length !== kernel.params.length) {
    throw new CompilerBug(
      "interpret",
      `${call.program} launches ${kernel.name} with the wrong number of arguments`,
      {
        expected: `${kernel.params.length}`,
        got: `${args.length}`,
      },
    );
  }
  const granule = Math.min(...kernel.params.map(({ buffer }) => byteWidth(buffer.dtype)));
  const records = new Map<RegionMemory, RaceRecord>();
  const memories = kernel.params.map(({ buffer, access }, i): Memory => {
    const { slot } = args[i];
    const elements = sizeOf(compiled.shapes[i]) * buffer.lanes;
    const range = rangeOf(args[i], elements, call, position);
    if (access !== "read") requireWritable(range.region, call, slot);
    if (slot.dtype !== buffer.dtype) {
      throw new CompilerBug("interpret", `${kernel.name} gets ${slot.name} of another dtype`, {
        expected: buffer.dtype,
        got: slot.dtype,
      });
    }
    const memory = viewOf(range, slot, elements);
    if (!isParallel(kernel)) return { ...memory, access };
    const record = records.get(range.region) ?? new RaceRecord(range.region.bytes.byteLength, granule);
    records.set(range.region, record);
    return { ...memory, access, races: record.view(range.start, byteWidth(buffer.dtype)) };
  });
  compiled.run(memories);
}

function compiledFor(kernel: Kernel, dims: readonly number[], call: Call): CompiledKernel {
  const byDims = call.compiled.get(kernel) ?? new Map<string, CompiledKernel>();
  const key = dims.join();
  const compiled = byDims.get(key) ?? compileKernel(kernel, dims, call.seed);
  byDims.set(key, compiled);
  call.compiled.set(kernel, byDims);
  return compiled;
}
