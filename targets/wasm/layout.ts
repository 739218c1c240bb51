/**
 * The one memory of a module: a guard, weights, state, scratch of the kernels, the arena; behind it, where the caller's arrays go. All
 * but the arena's end are constants, which is what lets addresses be constants. The runtime places inputs and outputs behind the
 * arena of the call, each at a multiple of `ALIGNMENT`.
 */
import type { Bundle, Slot } from "../../ir/program.ts";
import { launchesOf } from "../../ir/program.ts";
import { scratchBytes } from "./function.ts";

export interface WasmLayout {
  /** Addresses at which the regions begin. */
  readonly weights: number;
  readonly state: number;
  readonly scratch: number;
  readonly arena: number;
  /** Pages of 64 KiB that the module's memory has from the start: everything up to the arena, and arenas of constant size. */
  readonly pages: number;
}

/** Nothing lies below, so that a pointer may begin a little before its buffer. */
export const GUARD = 64;
/** A cache line. */
export const ALIGNMENT = 64;
export const PAGE = 65536;

const align = (address: number): number => Math.ceil(address / ALIGNMENT) * ALIGNMENT;

export function layoutOf({ programs, weights, state }: Bundle): WasmLayout {
  const kernels = programs.flatMap(({ steps }) => launchesOf(steps).map(({ kernel }) => kernel));
  const weightsAt = GUARD;
  const stateAt = align(weightsAt + weights.bytes.length);
  const scratchAt = align(stateAt + state.bytes.length);
  const arenaAt = align(scratchAt + Math.max(0, ...new Set(kernels.map(scratchBytes))));
  const arena = Math.max(
    0,
    ...programs.map(({ arenaBytes }) => (typeof arenaBytes === "number" ? arenaBytes : 0)),
  );
  const pages = Math.ceil((arenaAt + arena) / PAGE);
  return { weights: weightsAt, state: stateAt, scratch: scratchAt, arena: arenaAt, pages };
}

/** Where the region of a slot begins; undefined for the caller's. */
export function regionBase(layout: WasmLayout, { region }: Slot): number | undefined {
  return region.kind === "input" || region.kind === "output" ? undefined : layout[region.kind];
}
