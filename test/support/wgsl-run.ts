// Kernels in normal form, run for real: wraps one in a bundle, emits WGSL, and runs it on a device without the loader, so that
// a test of the emitter needs no manifest. Arrays go in and come out in the order of the kernel's parameters.

import { type Dim, evaluateShape, productOf } from "../../ir/dim.ts";
import { byteWidth, type DType, dtypes, type TypedArray } from "../../ir/dtype.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Bundle, Program, Slot, Step, Store } from "../../ir/program.ts";
import { createEngine, type Engine, type Epilogue } from "../../runtime/webgpu-engine.ts";
import { evaluateSize } from "../../runtime/webgpu-plan.ts";
import { type WgslCode, wgsl } from "../../targets/wgsl/wgsl.ts";

export const emptyStore: Store = { bytes: new Uint8Array(0), fields: [] };

/** A bundle of one program without weights and state. */
export const bundleOf = (
  program: Program,
  stores: Partial<Pick<Bundle, "weights" | "state">> = {},
): Bundle => ({
  name: "test",
  programs: [program],
  weights: stores.weights ?? emptyStore,
  state: stores.state ?? emptyStore,
});

export const ioSlot = (kind: "input" | "output", index: number, dtype: DType, size: Dim): Slot => ({
  name: `${kind}${index}`,
  dtype,
  size,
  region: { kind, index },
  offset: 0,
});

export const arenaSlot = (name: string, dtype: DType, size: Dim, offset: Dim): Slot => ({
  name,
  dtype,
  size,
  region: { kind: "arena" },
  offset,
});

/** The four-byte words of an array on the device. */
function wordsOf(dtype: DType, data: TypedArray): ArrayBufferView {
  if (byteWidth(dtype) === 4) return data;
  return Int32Array.from(data, Number);
}

function arrayOf(dtype: DType, words: ArrayBuffer, from: number, count: number): TypedArray {
  if (byteWidth(dtype) === 4) return dtypes[dtype].view(words.slice(4 * from), 0, count);
  const array = dtypes[dtype].allocate(count);
  new Int32Array(words, 4 * from, count).forEach((word, at) => {
    array[at] = word;
  });
  return array;
}

export interface LoadedBundle {
  readonly code: WgslCode;
  readonly engine: Engine;
  run(
    name: string,
    inputs: readonly TypedArray[],
    symbols?: Readonly<Record<string, number>>,
  ): Promise<TypedArray[]>;
}

export async function loadBundle(device: GPUDevice, bundle: Bundle): Promise<LoadedBundle> {
  const code = wgsl.emit(bundle);
  const stores = { weights: bundle.weights.bytes, state: bundle.state.bytes };
  // The plan is what an artifact holds: plain data.
  const plan = JSON.parse(JSON.stringify(code.plan));
  const engine = await createEngine(device, { source: code.source, plan, ...stores });
  const run: LoadedBundle["run"] = async (name, inputs, values = {}) => {
    const program = bundle.programs.find((candidate) => candidate.name === name);
    const planned = code.plan.programs.find((candidate) => candidate.name === name);
    if (program === undefined || planned === undefined) throw new Error(`no program ${name}`);
    const uploads = program.inputs.map(({ dtype }, at) => wordsOf(dtype, inputs[at]));
    const words = evaluateSize(planned.words, values);
    const finish = planned.decides === true ? await engine.decide(planned, values, uploads) : undefined;
    const encode = (target: GPUBuffer): void => {
      const then: Epilogue = (encoder, working) =>
        encoder.copyBufferToBuffer(working, 0, target, 0, 4 * words);
      if (finish === undefined) engine.submit(planned, values, uploads, then);
      else finish(then);
    };
    return engine.read(4 * words, encode, (mapped) =>
      program.outputs.map(({ dtype, shape }, at) =>
        arrayOf(
          dtype,
          mapped,
          evaluateSize(planned.outputs[at], values),
          Number(productOf(evaluateShape(shape, new Map(Object.entries(values))))),
        ),
      ),
    );
  };
  return { code, engine, run };
}

/** Runs a kernel once. Buffers it writes are outputs; `readwrite` ones are outputs that start as what is given, all others inputs. */
export async function runKernel(
  device: GPUDevice,
  kernel: Kernel,
  arrays: readonly TypedArray[],
  dims: readonly Dim[] = [],
): Promise<TypedArray[]> {
  const program = programOf(kernel, arrays, dims);
  const given = kernel.params.flatMap(({ access }, at) => (access === "write" ? [] : [arrays[at]]));
  const { run, engine } = await loadBundle(device, bundleOf(program));
  const results = await run(program.name, given);
  engine.destroy();
  return results;
}

function programOf(kernel: Kernel, arrays: readonly TypedArray[], dims: readonly Dim[]): Program {
  const inputs: Program["inputs"][number][] = [];
  const outputs: Program["outputs"][number][] = [];
  const before: Step[] = [];
  const slots = kernel.params.map(({ buffer: { name, dtype }, access }, at): Slot => {
    const port = { name, dtype, shape: [arrays[at].length] };
    const input = ioSlot(
      "input",
      access === "write" ? inputs.length : inputs.push(port) - 1,
      dtype,
      arrays[at].length,
    );
    if (access === "read") return input;
    const output = ioSlot("output", outputs.push(port) - 1, dtype, arrays[at].length);
    const copy = {
      from: { slot: input, advance: 0 },
      to: { slot: output, advance: 0 },
      size: arrays[at].length,
    };
    if (access === "readwrite") before.push({ kind: "copy", ...copy });
    return output;
  });
  const launch: Step = { kind: "launch", kernel, args: slots.map((slot) => ({ slot, advance: 0 })), dims };
  return { name: "main", symbols: [], inputs, outputs, arenaBytes: 0, steps: [...before, launch] };
}
