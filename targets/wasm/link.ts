/**
 * Which functions the launches of a bundle need. Kernels that emit the same code are one function; what all its launches agree on (an
 * address, a size) is a constant inside it, the rest are its parameters.
 */

import { byteWidth } from "../../ir/dtype.ts";
import type { Kernel } from "../../ir/kernel.ts";
import {
  type Binding,
  type Bundle,
  bodiesOf,
  isNested,
  type LaunchStep,
  type Step,
} from "../../ir/program.ts";
import { visitStmts } from "../../ir/walk-kernel.ts";
import type { SharedWork } from "../threads/share-work.ts";
import type { FunctionCode } from "./binary.ts";
import { emitKernel, type Setting, type Specialization } from "./function.ts";
import { regionBase, type WasmLayout } from "./layout.ts";

export interface Callee {
  /** The index of the function in the module. */
  readonly index: number;
  readonly specialization: Specialization;
  /** Whether threads share it. */
  readonly isShared: boolean;
}

export interface Linked {
  readonly functions: readonly FunctionCode[];
  readonly calleeOf: ReadonlyMap<Kernel, Callee>;
}

/** The address of a binding, where it is a constant. Inside `chunks` one that advances is not. */
export function constantAddress(
  layout: WasmLayout,
  { slot, advance }: Binding,
  inChunks: boolean,
): number | undefined {
  const base = regionBase(layout, slot);
  const moves = inChunks && advance !== 0;
  return base === undefined || typeof slot.offset !== "number" || moves ? undefined : base + slot.offset;
}

/** Bytes that a binding advances by for each sample before the chunk. */
export const bytesPerSample = ({ slot, advance }: Binding): number => advance * byteWidth(slot.dtype);

/** How threads share a kernel; undefined where one runs it. */
export type WorkOf = (kernel: Kernel) => SharedWork | undefined;

/** `first`: the index of the first function, behind those imported. */
export function link(
  bundle: Bundle,
  layout: WasmLayout,
  setting: Setting,
  { first, workOf }: { readonly first: number; readonly workOf: WorkOf },
): Linked {
  const uses = bundle.programs.flatMap(({ steps }) => usesIn(steps, layout, false));
  const fingerprints = fingerprintsOf(new Set(uses.map(({ kernel }) => kernel)), setting, workOf);
  const merged = new Map<string, { readonly kernel: Kernel; common: Specialization }>();
  for (const { kernel, known } of uses) {
    const key = fingerprints.get(kernel) ?? "";
    const group = merged.get(key);
    if (group === undefined) merged.set(key, { kernel, common: known });
    else group.common = agree(group.common, known);
  }
  const groups = [...merged];
  const functions = groups.map(([, { kernel, common }]) =>
    emitKernel(kernel, common, setting, workOf(kernel)),
  );
  const callees = new Map(
    groups.map(([key, { kernel, common }], at) => [
      key,
      { index: first + at, specialization: common, isShared: workOf(kernel) !== undefined },
    ]),
  );
  const calleeOf = new Map<Kernel, Callee>();
  for (const [kernel, key] of fingerprints) {
    const callee = callees.get(key);
    if (callee !== undefined) calleeOf.set(kernel, callee);
  }
  return { functions, calleeOf };
}

interface Use {
  readonly kernel: Kernel;
  readonly known: Specialization;
}

function usesIn(steps: readonly Step[], layout: WasmLayout, inChunks: boolean): Use[] {
  return steps.flatMap((step) => {
    if (isNested(step))
      return bodiesOf(step).flatMap((body) => usesIn(body, layout, inChunks || step.kind === "chunks"));
    return step.kind === "launch" ? [{ kernel: step.kernel, known: knownOf(step, layout, inChunks) }] : [];
  });
}

const knownOf = ({ args, dims }: LaunchStep, layout: WasmLayout, inChunks: boolean): Specialization => ({
  addresses: args.map((binding) => constantAddress(layout, binding, inChunks)),
  dims: dims.map((dim) => (typeof dim === "number" ? dim : undefined)),
});

/** Equal for kernels of equal code, whatever their names. Emitting a kernel to compare it is left out where a count tells it apart. */
function fingerprintsOf(kernels: ReadonlySet<Kernel>, setting: Setting, workOf: WorkOf): Map<Kernel, string> {
  const outlines = new Map([...kernels].map((kernel) => [kernel, outline(kernel)]));
  const counts = new Map<string, number>();
  for (const text of outlines.values()) counts.set(text, (counts.get(text) ?? 0) + 1);
  return new Map(
    [...outlines].map(([kernel, text]) => [
      kernel,
      counts.get(text) === 1 ? text : `${text} ${openCode(kernel, setting, workOf)}`,
    ]),
  );
}

/** Parameters and statements, counted by kind. */
function outline({ params, dims, body }: Kernel): string {
  const counts = new Map<string, number>();
  visitStmts(body, ({ kind }) => counts.set(kind, (counts.get(kind) ?? 0) + 1));
  return [params.length, dims.length, ...[...counts].map(([kind, count]) => `${kind}${count}`)].join(" ");
}

/** The code with every size and address a parameter, as text. */
function openCode(kernel: Kernel, setting: Setting, workOf: WorkOf): string {
  const open: Specialization = {
    addresses: kernel.params.map(() => undefined),
    dims: kernel.dims.map(() => undefined),
  };
  return new TextDecoder("latin1").decode(emitKernel(kernel, open, setting, workOf(kernel)).body);
}

const agree = (a: Specialization, b: Specialization): Specialization => ({
  addresses: common(a.addresses, b.addresses),
  dims: common(a.dims, b.dims),
});

const common = (
  a: readonly (number | undefined)[],
  b: readonly (number | undefined)[],
): readonly (number | undefined)[] => a.map((value, at) => (value === b[at] ? value : undefined));
