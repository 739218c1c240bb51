/** How long each kernel of a wasm program takes: the module is emitted once more with every step as a function of its own. */
import { evaluateDim } from "../../ir/dim.ts";
import { bytesOf, type NDArray } from "../../ir/ndarray.ts";
import type { Bundle, Program } from "../../ir/program.ts";
import { countOf, typedArrays } from "../../runtime/manifest.ts";
import { emitWasm } from "../../targets/wasm/emit.ts";
import type { ProfileStep } from "../../targets/wasm/profile.ts";
import { wasmManifest } from "../package/wasm-manifest.ts";

export interface KernelTime {
  readonly name: string;
  /** Of one call of the program: over all chunks, in the best run. */
  readonly milliseconds: number;
  /** How often it ran in that call. */
  readonly launches: number;
}

const PAGE = 65536;
const align = (address: number): number => Math.ceil(address / 64) * 64;

/** Runs the program step by step for about `budget` milliseconds. */
export function kernelTimes(
  bundle: Bundle,
  entry: string,
  inputs: readonly NDArray[],
  batch: number,
  budget: number,
): KernelTime[] {
  const { bytes, layout, steps } = emitWasm(bundle, { profile: true });
  const at = bundle.programs.findIndex(({ name }) => name === entry);
  const program = bundle.programs[at];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>));
  const memory = exports.memory as WebAssembly.Memory;
  const pointers = place(program, layout.arena, batch, memory, wasmManifest(bundle, layout).entries[entry]);
  const write = (address: number, data: Uint8Array): void => new Uint8Array(memory.buffer).set(data, address);
  write(layout.weights, bundle.weights.bytes);
  write(layout.state, bundle.state.bytes);
  inputs.forEach((input, i) => void write(pointers[i], bytesOf(input)));
  const args = [...program.symbols.map(() => batch), ...pointers];
  const sizes = new Map(program.symbols.map((symbol) => [symbol, batch]));
  const best = new Map<string, KernelTime>();
  const end = performance.now() + budget;
  for (let run = 0; run < 3 || performance.now() < end; run++) {
    const times = new Map<string, KernelTime>();
    runSteps(
      steps?.[at] ?? [],
      args,
      (step, list) => {
        const start = performance.now();
        (exports[step.name] as CallableFunction)(...list);
        const time = performance.now() - start;
        const { milliseconds = 0, launches = 0 } = times.get(step.name) ?? {};
        times.set(step.name, { name: step.label, milliseconds: milliseconds + time, launches: launches + 1 });
      },
      sizes,
    );
    for (const [name, time] of times)
      if (!(time.milliseconds >= (best.get(name)?.milliseconds ?? Infinity))) best.set(name, time);
  }
  return [...best.values()];
}

type Leaf = Extract<ProfileStep, { kind: "step" }>;

function runSteps(
  steps: readonly ProfileStep[],
  args: readonly number[],
  run: (step: Leaf, args: readonly number[]) => void,
  sizes: ReadonlyMap<string, number>,
): void {
  for (const step of steps) {
    if (step.kind === "step") {
      run(step, args);
      continue;
    }
    if (step.kind === "for") {
      const extent = evaluateDim(step.extent, sizes);
      for (let count = 0; count < extent; count++)
        runSteps(step.body, [...args, 0, step.reverse ? extent - 1 - count : count], run, sizes);
      continue;
    }
    const total = evaluateDim(step.total, sizes);
    for (let base = 0; base < total; base += step.size)
      runSteps(step.body, [...args, base, Math.min(step.size, total - base)], run, sizes);
  }
}

/** Addresses of inputs and outputs behind the arena, in memory grown to hold them. */
function place(
  program: Program,
  arena: number,
  batch: number,
  memory: WebAssembly.Memory,
  { inputs, outputs }: ReturnType<typeof wasmManifest>["entries"][string],
): number[] {
  const bindings = Object.fromEntries(program.symbols.map((symbol) => [symbol, batch]));
  let end = arena + evaluateDim(program.arenaBytes, new Map(Object.entries(bindings)));
  const pointers = [...inputs, ...outputs].map(({ shape, dtype }) => {
    const address = align(end);
    end = address + countOf(shape, bindings) * typedArrays[dtype].BYTES_PER_ELEMENT;
    return address;
  });
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return pointers;
}
