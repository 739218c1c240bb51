/**
 * The WASM target: a bundle of programs becomes one module, written without any tool chain. One memory; an exported function for each
 * program; a function for each kernel that differs from the others. The same bundle gives the same bytes.
 *
 * Weights are not in the module: a loader copies them to `layout.weights`, which keeps the module small and lets it be compiled while
 * they are on their way. `inlineData` puts them in, for a single file.
 */
import type { Bundle } from "../../ir/program.ts";
import type { Target } from "../target.ts";
import { type DataSegment, encodeModule, type FunctionCode } from "./binary.ts";
import { GUARD, layoutOf, type WasmLayout } from "./layout.ts";
import { link } from "./link.ts";
import { type ProfileStep, profileProgram } from "./profile.ts";
import { type Context, parameterCount, StepEmitter } from "./steps.ts";

export interface WasmCode {
  /** The module. */
  readonly bytes: Uint8Array;
  readonly layout: WasmLayout;
  /** With `profile`: the steps of each program, in the order of `bundle.programs`. */
  readonly steps?: readonly (readonly ProfileStep[])[];
}

export interface WasmOptions {
  /** Puts the bytes of weights and state into the module. */
  readonly inlineData?: boolean;
  /** Exports every step as a function of its own and names all functions, for drivers that time them. */
  readonly profile?: boolean;
}

/** All that 32 bits address. */
const MAX_PAGES = 65536;

export const wasm: Target<WasmCode> & { emit(bundle: Bundle, options?: WasmOptions): WasmCode } = {
  name: "wasm",
  // A chunk of half a megabyte leaves room for weights in a second-level cache.
  limits: { lanes: 4, accumulators: 8, chunkBytes: 1 << 19 },
  emit: emitWasm,
};

export function emitWasm(
  bundle: Bundle,
  { inlineData = false, profile = false }: WasmOptions = {},
): WasmCode {
  const layout = layoutOf(bundle);
  const linked = link(bundle, layout, { scratch: layout.scratch, guard: GUARD });
  const contexts = bundle.programs.map((program): Context => ({ program, layout, linked }));
  const functions: FunctionCode[] = [...linked.functions, ...contexts.map(emitProgram)];
  const exports = bundle.programs.map(({ name }, at) => ({ name, func: linked.functions.length + at }));
  const profiles = profile ? contexts.map(profileProgram) : [];
  for (const code of profiles.flatMap((profiled) => profiled.functions)) {
    exports.push({ name: code.name, func: functions.length });
    functions.push(code);
  }
  const bytes = encodeModule({
    functions,
    exports,
    pages: { min: layout.pages, max: MAX_PAGES },
    data: inlineData ? segments(bundle, layout) : [],
    names: profile,
  });
  return profile ? { bytes, layout, steps: profiles.map(({ steps }) => steps) } : { bytes, layout };
}

function emitProgram(context: Context): FunctionCode {
  const emitter = new StepEmitter(context);
  emitter.emit(context.program.steps);
  return { name: context.program.name, params: parameterCount(context.program), body: emitter.code.finish() };
}

function segments({ weights, state }: Bundle, layout: WasmLayout): DataSegment[] {
  const all = [
    { address: layout.weights, bytes: weights.bytes },
    { address: layout.state, bytes: state.bytes },
  ];
  return all.filter(({ bytes }) => bytes.some((byte) => byte !== 0)); // Memory begins as zeros.
}
