/**
 * What a compiled program consists of, as plain data for tables and charts: steps, the ops fused into each kernel, and when each slot of
 * the arena is in use.
 */
import { type Bindings, evaluateDim } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import type { Func, Op } from "../../ir/graph.ts";
import {
  bodiesOf,
  isNested,
  type Program,
  type SimpleStep,
  type Slot,
  type Step,
  slotsIn,
} from "../../ir/program.ts";
import { printType } from "../../ir/type.ts";
import { shortener } from "./short-names.ts";

export interface StepFacts {
  readonly kind: "launch" | "clear" | "copy";
  /** The kernel's name, or that of the slot. */
  readonly name: string;
  /** Ops that were fused into the kernel, in order, as far as they are known. */
  readonly ops: readonly string[];
  /** Types of what the kernel writes. */
  readonly results: readonly string[];
  /** Bytes of its arguments, for the sizes that the facts were asked for. */
  readonly bytes: number;
  /** Inside a loop over chunks of the batch. */
  readonly chunked: boolean;
}

export interface SlotFacts {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  /** Steps at which it is first and last used. */
  readonly from: number;
  readonly to: number;
}

export interface ProgramFacts {
  readonly name: string;
  /** The values of symbols that bytes were computed for; chunks have a symbol too. */
  readonly sizes: { readonly [symbol: string]: number };
  readonly steps: readonly StepFacts[];
  readonly slots: readonly SlotFacts[];
  readonly arenaBytes: number;
  /** What the slots would take side by side. */
  readonly unsharedBytes: number;
}

interface Flat {
  readonly step: SimpleStep;
  readonly chunked: boolean;
}

/** Facts of a program for one batch size. `func` is the function it was lowered from. */
export function programFacts(program: Program, func: Func | undefined, batch: number): ProgramFacts {
  const sizes = new Map(program.symbols.map((symbol) => [symbol, batch]));
  const flat = flatten(program.steps, sizes, false);
  const short = shortener(func);
  const slots = slotFacts(flat, sizes).map((slot) => ({ ...slot, name: short(slot.name) }));
  const steps = describeSteps(flat, func, sizes).map((step) => ({ ...step, name: short(step.name) }));
  return {
    name: program.name,
    sizes: Object.fromEntries(sizes),
    steps,
    slots,
    arenaBytes: evaluateDim(program.arenaBytes, sizes),
    unsharedBytes: slots.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** All steps in order, each once however often it runs; the symbols of chunks get the size of a full one. */
function flatten(steps: readonly Step[], sizes: Map<string, number>, chunked: boolean): Flat[] {
  return steps.flatMap((step): Flat[] => {
    if (!isNested(step)) return [{ step, chunked }];
    if (step.kind === "chunks") sizes.set(step.symbol, Math.min(step.size, evaluateDim(step.total, sizes)));
    return bodiesOf(step).flatMap((body) => flatten(body, sizes, chunked || step.kind === "chunks"));
  });
}

const bytesOf = ({ size, dtype }: Slot, sizes: Bindings): number =>
  evaluateDim(size, sizes) * byteWidth(dtype);

function slotFacts(flat: readonly Flat[], sizes: Bindings): SlotFacts[] {
  const found = new Map<string, SlotFacts>();
  flat.forEach(({ step }, at) => {
    for (const slot of slotsIn(step)) {
      if (slot.region.kind !== "arena") continue;
      const { name } = slot;
      const [offset, bytes] = [evaluateDim(slot.offset, sizes), bytesOf(slot, sizes)];
      const key = [name, offset, bytes].join();
      found.set(key, { name, offset, bytes, from: found.get(key)?.from ?? at, to: at });
    }
  });
  return [...found.values()];
}

function describeSteps(flat: readonly Flat[], func: Func | undefined, sizes: Bindings): StepFacts[] {
  const groups = (func?.body.ops ?? []).filter(({ regions }) => regions.length > 0);
  const launches = flat.filter(({ step }) => step.kind === "launch").length;
  // Launches were merged or split where the numbers differ: nothing can be said then about who holds which op.
  const known = groups.length === launches;
  let next = 0;
  return flat.map(({ step, chunked }) => {
    const bytes = slotsIn(step).reduce((sum, slot) => sum + bytesOf(slot, sizes), 0);
    if (step.kind !== "launch") {
      const name = step.kind === "clear" ? step.slot.name : step.to.slot.name;
      return { kind: step.kind, name, ops: [], results: [], bytes, chunked };
    }
    const group = known ? groups[next++] : undefined;
    return {
      kind: "launch",
      name: step.kernel.name,
      ops: opNames(group),
      results: resultTypes(group),
      bytes,
      chunked,
    };
  });
}

const opNames = (group: Op | undefined): string[] => group?.regions[0].ops.map(({ name }) => name) ?? [];
const resultTypes = (group: Op | undefined): string[] =>
  group?.results.map(({ type }) => printType(type)) ?? [];
