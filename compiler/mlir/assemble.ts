/**
 * From launches over memory to the steps of a program: temporaries get their places in the arena, loops their bodies.
 */
import { type Dim, mulDims, productOf, symbol } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Region, Slot, Step } from "../../ir/program.ts";
import { planMemory } from "../passes/plan-memory.ts";
import type { Memory } from "./memory.ts";

/** Where memory lies that is no temporary. */
export interface Home {
  readonly region: Region;
  readonly offset: number;
}

export interface Launch {
  readonly kernel: Kernel;
  readonly memories: readonly Memory[];
}

/** A loop whose length data decides, with the numbers of the launches in it. */
export interface Loop {
  readonly test: readonly (Launch | Loop)[];
  readonly cond: Memory;
  readonly body: readonly (Launch | Loop)[];
  readonly first: number;
  readonly last: number;
}

/** What is left to be copied at the end. */
export interface Copy {
  readonly from: Memory;
  readonly to: Home;
}

/** A program in the making. */
export interface Parts {
  /** All launches, those in loops too, in order. */
  readonly launches: readonly Launch[];
  readonly loops: readonly Loop[];
  readonly nodes: readonly (Launch | Loop)[];
  /** Memory that is no temporary. */
  readonly homes: ReadonlyMap<Memory, Home>;
  readonly copies: readonly Copy[];
}

/** The steps, and the bytes of the arena. */
export function assemble(parts: Parts): { readonly steps: readonly Step[]; readonly bytes: Dim } {
  const lives = livesOf(parts);
  const temporaries = [...lives].map(([key, life]) => ({ key, bytes: bytesOf(key), ...life }));
  const { offsets, bytes } = planMemory(temporaries);
  const slot = (memory: Memory): Slot => {
    const home = parts.homes.get(memory);
    const region = home?.region ?? { kind: "arena" as const };
    const offset = home?.offset ?? offsets.get(memory) ?? 0;
    return { name: memory.name, dtype: memory.dtype, size: productOf(memory.shape), region, offset };
  };
  return {
    steps: [
      ...parts.nodes.map((node) => stepOf(node, slot)),
      ...parts.copies.map((copy) => copyStep(copy, slot)),
    ],
    bytes,
  };
}

const bytesOf = ({ dtype, shape }: Memory): Dim => mulDims(productOf(shape), byteWidth(dtype));

interface Life {
  readonly first: number;
  readonly last: number;
}

/** From the first launch that touches a temporary to the last; what a loop touches is there for all of its rounds. */
function livesOf({ launches, loops, homes, copies }: Parts): ReadonlyMap<Memory, Life> {
  const lives = new Map<Memory, Life>();
  const note = (memory: Memory, first: number, last: number): void => {
    if (homes.has(memory)) return;
    const known = lives.get(memory) ?? { first, last };
    lives.set(memory, { first: Math.min(known.first, first), last: Math.max(known.last, last) });
  };
  launches.forEach(({ memories }, at) => void memories.forEach((memory) => void note(memory, at, at)));
  for (const { first, last } of loops)
    for (const { memories } of launches.slice(first, last + 1))
      for (const memory of memories) note(memory, first, last);
  for (const { from } of copies) note(from, launches.length, launches.length);
  return lives;
}

function stepOf(node: Launch | Loop, slot: (memory: Memory) => Slot): Step {
  if ("cond" in node) {
    const steps = (nodes: Loop["test"]): Step[] => nodes.map((inner) => stepOf(inner, slot));
    return { kind: "while", test: steps(node.test), cond: slot(node.cond), body: steps(node.body) };
  }
  const { kernel, memories } = node;
  const args = memories.map((memory) => ({ slot: slot(memory), advance: 0 }));
  return { kind: "launch", kernel, args, dims: kernel.dims.map((dim) => symbol(dim.symbol)) };
}

function copyStep({ from, to }: Copy, slot: (memory: Memory) => Slot): Step {
  const source = slot(from);
  const target = { ...source, region: to.region, offset: to.offset };
  return {
    kind: "copy",
    from: { slot: source, advance: 0 },
    to: { slot: target, advance: 0 },
    size: source.size,
  };
}
