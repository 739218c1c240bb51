/**
 * The WASM target: a bundle of programs becomes one module, written without any tool chain. One memory; an exported function for each
 * program; a function for each kernel that differs from the others. The same bundle gives the same bytes.
 *
 * Variants of the module for the same weights and the same memory: with relaxed SIMD, and for several threads. The latter takes its memory from outside;
 * one byte of it says whether that memory is shared, so that the same module runs on one thread where none can be shared.
 *
 * Weights are not in the module: a loader copies them to `layout.weights`, which keeps the module small and lets it be compiled while
 * they are on their way. `inlineData` puts them in, for a single file.
 */
import type { Bundle } from "../../ir/program.ts";
import type { ThreadLayout } from "../../runtime/manifest.ts";
import { aliasesOf } from "../aliasing.ts";
import { withMultiplyAdds } from "../multiply-add.ts";
import type { Target } from "../target.ts";
import { shareWork } from "../threads/share-work.ts";
import { type DataSegment, encodeModule, type FunctionCode } from "./binary.ts";
import { GUARD, layoutOf, type WasmLayout } from "./layout.ts";
import { link, type WorkOf } from "./link.ts";
import { type ProfileStep, profileProgram } from "./profile.ts";
import { type Context, StepEmitter } from "./steps.ts";
import { threadImports } from "./threads.ts";
import { relaxedSpellings, vectorSpellings } from "./vector-ops.ts";

export interface WasmCode {
  /** The module. */
  readonly bytes: Uint8Array;
  readonly layout: WasmLayout;
  /** With `profile`: the steps of each program, in the order of `bundle.programs`. */
  readonly steps?: readonly (readonly ProfileStep[])[];
  /** With `threads`. */
  readonly threads?: ThreadLayout;
}

export interface WasmOptions {
  /** Puts the bytes of weights and state into the module. */
  readonly inlineData?: boolean;
  /** Exports every step as a function of its own and names all functions, for drivers that time them. */
  readonly profile?: boolean;
  /** Multiplies and adds in one rounding where the machine does; needs an engine with relaxed SIMD. */
  readonly relaxed?: boolean;
  /** Lets several threads run the programs. Not with `profile`. */
  readonly threads?: boolean;
}

/** All that 32 bits address. */
const MAX_PAGES = 65536;

export const wasm: Target<WasmCode> & { emit(bundle: Bundle, options?: WasmOptions): WasmCode } = {
  name: "wasm",
  // A chunk of half a megabyte leaves room for weights in a second-level cache.
  limits: { lanes: 4, accumulators: 8, chunkBytes: 1 << 19 },
  emit: emitWasm,
};

export function emitWasm(given: Bundle, options: WasmOptions = {}): WasmCode {
  const { inlineData = false, profile = false, relaxed = false, threads = false } = options;
  const bundle = relaxed ? withMultiplyAdds(given) : given;
  const layout = layoutOf(bundle);
  const vectors = relaxed ? relaxedSpellings : vectorSpellings;
  const imports = threads ? threadImports : undefined;
  const first = imports?.functions.length ?? 0;
  const workOf = threads ? sharedWork(bundle) : () => undefined;
  const linked = link(bundle, layout, { scratch: layout.scratch, guard: GUARD, vectors }, { first, workOf });
  const contexts = bundle.programs.map(
    (program): Context => ({ program, layout, linked, threaded: threads }),
  );
  const functions: FunctionCode[] = [...linked.functions, ...contexts.map(emitProgram)];
  const exports = bundle.programs.map(({ name }, at) => ({
    name,
    func: first + linked.functions.length + at,
  }));
  const profiles = profile ? contexts.map(profileProgram) : [];
  for (const code of profiles.flatMap((profiled) => profiled.functions)) {
    exports.push({ name: code.name, func: first + functions.length });
    functions.push(code);
  }
  const { bytes, memoryFlag: flag } = encodeModule({
    imports,
    functions,
    exports,
    pages: { min: layout.pages, max: MAX_PAGES },
    data: inlineData ? segments(bundle, layout) : [],
    names: profile,
  });
  return {
    bytes,
    layout,
    ...(profile ? { steps: profiles.map(({ steps }) => steps) } : {}),
    ...(flag === undefined ? {} : { threads: { flag, ...threadLayoutOf(layout) } }),
  };
}

const threadLayoutOf = ({ pages, scratch, arena }: WasmLayout): Omit<ThreadLayout, "flag"> => ({
  pages,
  scratch,
  scratchBytes: arena - scratch,
});

/** How threads share each kernel; the same object for the same kernel. */
function sharedWork(bundle: Bundle): WorkOf {
  const found = new Map(
    [...aliasesOf(bundle)].map(([kernel, aliases]) => [kernel, shareWork(kernel, aliases)]),
  );
  return (kernel) => found.get(kernel);
}

function emitProgram(context: Context): FunctionCode {
  const emitter = new StepEmitter(context);
  emitter.emit(context.program.steps);
  const { code } = emitter;
  return { name: context.program.name, params: code.params, body: code.finish() };
}

function segments({ weights, state }: Bundle, layout: WasmLayout): DataSegment[] {
  const all = [
    { address: layout.weights, bytes: weights.bytes },
    { address: layout.state, bytes: state.bytes },
  ];
  return all.filter(({ bytes }) => bytes.some((byte) => byte !== 0)); // Memory begins as zeros.
}
