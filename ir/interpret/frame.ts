/**
 * What running kernel code works on: a frame of values per thread, and the compile-time scope that says where in the frame each variable
 * and buffer lies. Kernels are compiled into closures over frames; nothing is generated as source text, so it runs under any CSP.
 */
import type { Bindings } from "../dim.ts";
import { CompilerBug } from "../errors.ts";
import type { Buffer, Var } from "../kernel.ts";
import type { Memory } from "./memory.ts";

/** The state of one thread. Slots are assigned at compile time. */
export interface Frame {
  readonly numbers: Float64Array;
  readonly vectors: (readonly number[])[];
  readonly memories: Memory[];
  readonly workgroup: Workgroup;
  /** Within the workgroup. A frame serves one thread after another where they need not wait for each other. */
  thread: number;
}

/** What the threads of one grid position share. */
export interface Workgroup {
  readonly id: number;
  /** Counts barriers, and the ends of thread loops. */
  phase: number;
  /** Shared buffers by slot. */
  readonly shared: Map<number, Memory>;
}

export interface Slots {
  numbers: number;
  vectors: number;
  memories: number;
}

/** Names in scope at one point of the kernel. */
export interface Scope {
  readonly kernel: string;
  /** The values of the kernel's dims. */
  readonly bindings: Bindings;
  readonly slots: Slots;
  readonly vars: ReadonlyMap<Var, number>;
  readonly buffers: ReadonlyMap<Buffer, number>;
  readonly schedule: Schedule;
}

/** The free choices of a run, and what has to be unique in it. */
export interface Schedule {
  /** A permutation of 0 .. count - 1: the order of what may run in any order. */
  readonly shuffle: (count: number) => Int32Array;
  /** The number of the next workgroup. */
  readonly nextGroup: () => number;
}

/** Choices determined by `seed`. */
export function makeSchedule(seed: number): Schedule {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  let groups = 1;
  // xorshift32 (Marsaglia, 2003).
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const shuffle = (count: number): Int32Array => {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = random(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  };
  return { shuffle, nextGroup: () => groups++ };
}

/** A frame for code below `frame`: sees its values and memory, keeps its own to itself. */
export const fork = (frame: Frame, thread: number, workgroup = frame.workgroup): Frame => ({
  numbers: frame.numbers.slice(),
  vectors: [...frame.vectors],
  memories: [...frame.memories],
  workgroup,
  thread,
});

/** The scope with one more variable, and its slot. */
export function bindVar(scope: Scope, variable: Var): readonly [Scope, number] {
  const slot = variable.lanes === 1 ? scope.slots.numbers++ : scope.slots.vectors++;
  return [{ ...scope, vars: new Map([...scope.vars, [variable, slot]]) }, slot];
}

export function bindBuffer(scope: Scope, buffer: Buffer): readonly [Scope, number] {
  const slot = scope.slots.memories++;
  return [{ ...scope, buffers: new Map([...scope.buffers, [buffer, slot]]) }, slot];
}

export function slotOfVar(scope: Scope, variable: Var): number {
  const slot = scope.vars.get(variable);
  if (slot === undefined)
    throw new CompilerBug("interpret", `${scope.kernel} reads ${variable.name} outside its scope`);
  return slot;
}

export function slotOfBuffer(scope: Scope, buffer: Buffer): number {
  const slot = scope.buffers.get(buffer);
  if (slot === undefined)
    throw new CompilerBug("interpret", `${scope.kernel} uses ${buffer.name} outside its scope`);
  return slot;
}

/** `i = 3, j = 0`: the scalars in scope, for messages. */
export function printVars(scope: Scope, frame: Frame): string {
  const scalars = [...scope.vars].filter(([variable]) => variable.lanes === 1);
  return scalars.map(([variable, slot]) => `${variable.name} = ${frame.numbers[slot]}`).join(", ");
}
