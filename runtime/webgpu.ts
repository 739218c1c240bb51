/**
 * The loader of the WGSL target: in pages and workers, and in Node with Dawn (npm `webgpu`). Calls take and give arrays, checked against the
 * manifest; or buffers of the device, so that a chain of calls reads nothing back. State stays on the device between calls.
 *
 * Elements narrower than 32 bits take a word each on the device, except in weights and state, which lie there as they ship.
 */
import {
  type Arrays,
  type Bindings,
  bindInputs,
  countOf,
  type DType,
  type Entry,
  isArray,
  type Manifest,
  mismatch,
  named,
  outputArray,
  type Tensor,
  type Tensors,
  type TypedArray,
  typedArrays,
} from "./manifest.ts";
import { createEngine, type Engine, type Epilogue } from "./webgpu-engine.ts";
import { evaluateSize, type WgslPlan, type WgslProgram } from "./webgpu-plan.ts";

type Bytes = ArrayBuffer | Uint8Array;
type Region = "weights" | "state";
const REGIONS: readonly Region[] = ["weights", "state"];

export interface WebGpuOptions {
  /** What `targets/wgsl` emitted. */
  readonly source: string;
  readonly plan: WgslPlan;
  readonly manifest: Manifest;
  readonly weights: Bytes;
  /** Zeros unless given. */
  readonly state?: Bytes;
  /** Where to run: the browser's choice unless given. A device stays the caller's. */
  readonly device?: GPUDevice;
  readonly adapter?: GPUAdapter;
}

export interface CallOptions {
  /** Arrays that results are written to instead of new ones; an array alone where there is one output. */
  readonly out?: Arrays | TypedArray;
}

/** A weight or a state as it is now: a copy. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** Compiles all shaders, side by side, and uploads weights and state. Throws one Error for whatever the device objects to. */
export async function instantiate(options: WebGpuOptions): Promise<WebGpuModel> {
  const { source, plan, manifest } = options;
  if (manifest.format !== 1)
    throw mismatch(
      `${manifest.name}: the manifest does not fit this loader`,
      "format 1",
      `${manifest.format}`,
    );
  const weights = bytesOf(manifest, "weights", options.weights);
  const state = bytesOf(manifest, "state", options.state ?? new Uint8Array(manifest.state.bytes));
  const device = options.device ?? (await requestDevice(options.adapter));
  return new WebGpuModel(
    device,
    manifest,
    plan,
    await createEngine(device, { source, plan, weights, state }),
  );
}

function bytesOf(manifest: Manifest, region: Region, given: Bytes): Uint8Array {
  const { bytes } = manifest[region];
  if (given.byteLength === bytes) return isArray(given) ? given : new Uint8Array(given);
  throw mismatch(`${manifest.name}: ${region} of the wrong size`, `${bytes} bytes`, `${given.byteLength}`);
}

/** A device with buffers as large as the adapter allows; everything else as WebGPU guarantees it. */
async function requestDevice(given?: GPUAdapter): Promise<GPUDevice> {
  const adapter =
    given ?? (await globalThis.navigator?.gpu?.requestAdapter({ powerPreference: "high-performance" }));
  if (!adapter) {
    throw new Error(
      "WebGPU: no adapter here. Use a browser that has WebGPU, in a secure context, with a GPU it allows; in Node, pass an adapter of the package webgpu; or use the wasm build of this model",
    );
  }
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  return adapter.requestDevice({ requiredLimits: { maxStorageBufferBindingSize, maxBufferSize } });
}

/** A model on a device: call it, read and replace its state. */
export class WebGpuModel {
  readonly device: GPUDevice;
  readonly manifest: Manifest;
  readonly #plan: WgslPlan;
  readonly #engine: Engine;

  constructor(device: GPUDevice, manifest: Manifest, plan: WgslPlan, engine: Engine) {
    this.device = device;
    this.manifest = manifest;
    this.#plan = plan;
    this.#engine = engine;
  }

  /** `call("predict", ...)`; one input may be passed by itself. */
  predict(inputs: Tensors | Tensor, options?: CallOptions): Promise<Arrays> {
    return this.call("predict", inputs, options);
  }

  /** Runs an entry. The results are fresh arrays unless `out` is given. Throws an Error when an input does not fit. */
  async call(name: string, inputs: Tensors | Tensor, { out }: CallOptions = {}): Promise<Arrays> {
    const { entry, program } = this.#find(name);
    const { bindings, arrays } = bindInputs(name, entry, named(entry.inputs, inputs) as Tensors);
    const outs = out === undefined ? undefined : (named(entry.outputs, out) as Arrays);
    const targets = entry.outputs.map((port) => outputArray(name, port, bindings, outs));
    const words = arrays.map((array, at) => wordsOf(entry.inputs[at].dtype, array));
    const begin = evaluateSize(program.outputs[0] ?? 0, bindings);
    const bytes = 4 * entry.outputs.reduce((sum, { shape }) => sum + countOf(shape, bindings), 0);
    const finish = program.decides === true ? await this.#engine.decide(program, bindings, words) : undefined;
    const encode = (target: GPUBuffer): void => {
      const then: Epilogue = (encoder, working) =>
        encoder.copyBufferToBuffer(working, 4 * begin, target, 0, bytes);
      if (finish === undefined) this.#engine.submit(program, bindings, words, then);
      else finish(then);
    };
    return this.#engine.read(bytes, encode, (mapped) => {
      const results: Arrays = {};
      entry.outputs.forEach(({ name: output, dtype, shape }, at) => {
        const first = evaluateSize(program.outputs[at], bindings) - begin;
        results[output] = arrayOf(dtype, mapped, first, countOf(shape, bindings), targets[at]);
      });
      return results;
    });
  }

  /**
   * Runs an entry on buffers of the device (see `upload`), without waiting. Inputs and results are in the order of the entry's; `bindings`
   * gives its symbols their values. The caller destroys the results. What the device objects to, the next call that waits throws. Throws an
   * Error for an entry in which data decides what runs: such a call has to wait.
   */
  callDevice(name: string, inputs: readonly GPUBuffer[], bindings: Bindings): GPUBuffer[] {
    const { entry, program } = this.#find(name);
    if (program.decides === true)
      throw new Error(`${name} runs steps that depend on data, which takes waiting: use call`);
    entry.inputs.forEach((port, at) => {
      const expected = 4 * countOf(port.shape, bindings);
      const got = inputs[at]?.size;
      if (got !== expected)
        throw mismatch(`${name}: the buffer of input "${port.name}"`, `${expected} bytes`, `${got}`);
    });
    return this.#engine.unattended(() => {
      const results = entry.outputs.map(({ shape }) => this.#engine.buffer(4 * countOf(shape, bindings)));
      this.#engine.submit(program, bindings, inputs, (encoder, working) => {
        results.forEach((result, at) => {
          const from = 4 * evaluateSize(program.outputs[at], bindings);
          encoder.copyBufferToBuffer(working, from, result, 0, result.size);
        });
      });
      return results;
    });
  }

  /** A buffer for `callDevice`. */
  upload(dtype: DType, array: TypedArray): GPUBuffer {
    return this.#engine.buffer(4 * array.length, wordsOf(dtype, array));
  }

  /** What a buffer of `upload` or `callDevice` holds. */
  download(dtype: DType, buffer: GPUBuffer): Promise<TypedArray> {
    const encode = (target: GPUBuffer): void => this.#engine.copy(buffer, target);
    return this.#engine.read(buffer.size, encode, (mapped) => arrayOf(dtype, mapped, 0, buffer.size / 4));
  }

  /** A copy of all state, for `setState`. */
  getState(): Promise<Uint8Array> {
    return this.#bytes("state");
  }

  setState(bytes: Bytes): void {
    const given = bytesOf(this.manifest, "state", bytes);
    const padded = new Uint8Array(this.#engine.state.size);
    padded.set(given);
    this.device.queue.writeBuffer(this.#engine.state, 0, padded);
  }

  /** Replaces a weight or state, whose elements must fill whole words. */
  setField(name: string, data: TypedArray): void {
    const found = REGIONS.flatMap((region) =>
      this.manifest[region].fields.map((field) => ({ region, field })),
    ).find(({ field }) => field.name === name);
    if (found === undefined)
      throw mismatch(
        `${this.manifest.name} has no weight or state "${name}"`,
        "a name of the manifest",
        name,
      );
    outputArray(this.manifest.name, found.field, {}, { [name]: data });
    const target = this.#engine[found.region];
    this.device.queue.writeBuffer(target, found.field.offset, data.buffer, data.byteOffset, data.byteLength);
  }

  /** Copies of all weights and states, by name. */
  async exportWeights(): Promise<NamedTensor[]> {
    const bytes = await Promise.all(REGIONS.map((region) => this.#bytes(region)));
    return REGIONS.flatMap((region, at) =>
      this.manifest[region].fields.map(({ name, shape, dtype, offset }) => {
        const length = countOf(shape, {}) * typedArrays[dtype].BYTES_PER_ELEMENT;
        return { name, shape, data: new typedArrays[dtype](bytes[at].slice(offset, offset + length).buffer) };
      }),
    );
  }

  /** Frees the model's buffers, not the device. */
  destroy(): void {
    this.#engine.destroy();
  }

  #find(name: string): { entry: Entry; program: WgslProgram } {
    const { entries } = this.manifest;
    const program = this.#plan.programs.find((candidate) => candidate.name === name);
    if (program === undefined || !Object.hasOwn(entries, name))
      throw mismatch(`no entry "${name}"`, Object.keys(entries).join(", "), name);
    return { entry: entries[name], program };
  }

  #bytes(region: Region): Promise<Uint8Array> {
    const { bytes } = this.manifest[region];
    const from = this.#engine[region];
    return this.#engine.read(
      from.size,
      (target) => this.#engine.copy(from, target),
      (mapped) => new Uint8Array(mapped.slice(0, bytes)),
    );
  }
}

/** Arrays of words that convert to and from a dtype's arrays. */
const widened = (dtype: DType) =>
  dtype === "f32" ? Float32Array : dtype.startsWith("i") ? Int32Array : Uint32Array;

function wordsOf(dtype: DType, array: TypedArray): ArrayBufferView {
  if (array.BYTES_PER_ELEMENT === 4) return array;
  return widened(dtype).from(array as Uint8Array);
}

/** `count` elements out of words, from the word `first` on: a new array, or `target`. */
function arrayOf(
  dtype: DType,
  words: ArrayBuffer,
  first: number,
  count: number,
  target?: TypedArray,
): TypedArray {
  const result = target ?? new typedArrays[dtype](count);
  (result as Uint8Array).set(new (widened(dtype))(words, 4 * first, count));
  return result;
}
