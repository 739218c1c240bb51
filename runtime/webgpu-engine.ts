/**
 * The device's side of a compiled bundle: one shader module, one bind group, and the words that go in and out. It knows nothing of names
 * and dtypes.
 *
 * Weights and state have a buffer each; a working buffer holds the scratch memory, inputs and outputs of a call and grows when a larger
 * batch comes. A call is one command buffer with one compute pass. What depends on the sizes of the inputs alone (workgroups, offsets) is
 * computed once per size and kept. The queue orders calls: nothing waits but the reading of results.
 *
 * Where data decides what runs (a loop until, a branch), the word that decides is read back, once for each decision. Such a call has a
 * working buffer of its own, so that others may run while it waits.
 */
import type { Bindings } from "./manifest.ts";
import {
  type Dispatch,
  evaluateSize,
  type Script,
  scriptOf,
  type WgslPlan,
  type WgslProgram,
} from "./webgpu-plan.ts";

// The values of GPUBufferUsage, GPUShaderStage and GPUMapMode, which Node does not define.
const MAP_READ = 1;
const COPY_SRC = 4;
const COPY_DST = 8;
const UNIFORM = 64;
const STORAGE = 128;
const COMPUTE = 4;

/** How many sizes of inputs an engine keeps dispatches for. */
const MOST_KEPT = 16;

export interface EngineSource {
  /** WGSL. */
  readonly source: string;
  readonly plan: WgslPlan;
  readonly weights: Uint8Array;
  readonly state: Uint8Array;
}

/** Input data as it lies on the device: four bytes for each element. */
export type Words = ArrayBufferView | GPUBuffer;

/** Adds commands after the pass of a call; its results lie in `working`. */
export type Epilogue = (encoder: GPUCommandEncoder, working: GPUBuffer) => void;

/** A call whose steps depend on data, under way. */
interface Deciding {
  readonly group: GPUBindGroup;
  readonly working: GPUBuffer;
  /** Dispatches that were not submitted yet. */
  readonly pending: Dispatch[];
}

/** A program at one size of its inputs, ready to run. */
interface Prepared {
  readonly bytes: number;
  readonly script: Script;
  readonly params: GPUBuffer;
  /** The bind group, and the working buffer it was made with. */
  group?: { readonly working: GPUBuffer; readonly bound: GPUBindGroup };
}

/** Runs `action`, and asks the device for what it objects to, which it tells later. */
function observed<T>(device: GPUDevice, action: () => T): readonly [T, Promise<string | undefined>] {
  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  const pop = async (): Promise<string | undefined> => {
    const [validation, memory] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
    const error = validation ?? memory;
    return error === null ? undefined : `WebGPU: ${error.message}`;
  };
  try {
    return [action(), pop()];
  } catch (error) {
    pop();
    throw error;
  }
}

/** The same, in one promise. */
async function checked<T>(device: GPUDevice, action: () => Promise<T>): Promise<T> {
  const [value, objection] = observed(device, action);
  // Whichever fails first, the objection says more than the promise that breaks for it.
  value.catch(() => undefined);
  const message = await objection;
  if (message !== undefined) throw new Error(message);
  return value;
}

/** All pipelines, compiled side by side. */
async function compile(
  device: GPUDevice,
  { source, plan }: EngineSource,
  bindGroupLayout: GPUBindGroupLayout,
) {
  const module = device.createShaderModule({ code: source });
  const layout = device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] });
  const pipelines = plan.entries.map((entryPoint) =>
    device.createComputePipelineAsync({ layout, compute: { module, entryPoint } }),
  );
  return Promise.all(pipelines).catch(({ message }) => {
    throw new Error(`WebGPU: ${message}`);
  });
}

const layoutOf = (device: GPUDevice): GPUBindGroupLayout =>
  device.createBindGroupLayout({
    entries: (["uniform", "read-only-storage", "storage", "storage"] as const).map((type, binding) => ({
      binding,
      visibility: COMPUTE,
      buffer: { type, hasDynamicOffset: binding === 0 },
    })),
  });

/** Buffers of a device: sizes in bytes, rounded up to words. */
function createBuffer(
  device: GPUDevice,
  bytes: number,
  usage: number,
  contents?: ArrayBufferView,
): GPUBuffer {
  const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  if (bytes > most)
    throw new Error(
      `WebGPU: a buffer of ${bytes} bytes is needed; this device has at most ${most}. Try a smaller batch`,
    );
  const size = Math.max(4, 4 * Math.ceil(bytes / 4));
  const buffer = device.createBuffer({ size, usage, mappedAtCreation: contents !== undefined });
  if (contents !== undefined) {
    new Uint8Array(buffer.getMappedRange()).set(
      new Uint8Array(contents.buffer, contents.byteOffset, contents.byteLength),
    );
    buffer.unmap();
  }
  return buffer;
}

interface Parts {
  readonly layout: GPUBindGroupLayout;
  readonly pipelines: readonly GPUComputePipeline[];
  readonly weights: GPUBuffer;
  readonly state: GPUBuffer;
}

const DATA = STORAGE | COPY_SRC | COPY_DST;

export const createEngine = (device: GPUDevice, given: EngineSource): Promise<Engine> =>
  checked(device, async () => {
    const layout = layoutOf(device);
    const weights = createBuffer(device, given.weights.byteLength, DATA, given.weights);
    const state = createBuffer(device, given.state.byteLength, DATA, given.state);
    const pipelines = await compile(device, given, layout);
    return new Engine(device, given.plan, { layout, pipelines, weights, state });
  });

export class Engine {
  readonly weights: GPUBuffer;
  readonly state: GPUBuffer;
  readonly #device: GPUDevice;
  readonly #plan: WgslPlan;
  readonly #parts: Parts;
  readonly #kept = new Map<string, Prepared>();
  /** Buffers to read through that are not in use. */
  readonly #idle: GPUBuffer[] = [];
  #working: GPUBuffer;
  /** Why no call can succeed any more; empty while all is well. */
  #failure = "";

  constructor(device: GPUDevice, plan: WgslPlan, parts: Parts) {
    this.weights = parts.weights;
    this.state = parts.state;
    this.#device = device;
    this.#plan = plan;
    this.#parts = parts;
    // Shaders may declare the size of the working buffer where no program's depends on the call.
    const sizes = plan.programs.map(({ words }) => (typeof words === "number" ? words : 0));
    this.#working = this.buffer(4 * Math.max(...sizes));
    device.lost.then(({ message }) => {
      this.#failure = `WebGPU: the device was lost (${message || "no reason given"}); instantiate the model again`;
    });
  }

  /** A buffer for data between calls. */
  buffer(bytes: number, contents?: ArrayBufferView): GPUBuffer {
    return createBuffer(this.#device, bytes, DATA, contents);
  }

  /** Runs a program in which nothing is decided by data. */
  submit(program: WgslProgram, bindings: Bindings, inputs: readonly Words[], then: Epilogue): void {
    if (this.#failure !== "") throw new Error(this.#failure);
    const call = this.#prepare(program, bindings);
    this.#grow(call.bytes);
    const encoder = this.#device.createCommandEncoder();
    this.#load(encoder, program, bindings, inputs, this.#working);
    this.#encode(encoder, this.#boundGroup(call), call.script as readonly Dispatch[]);
    then(encoder, this.#working);
    this.#device.queue.submit([encoder.finish()]);
  }

  /** Runs any program up to where nothing is left to decide. What it returns runs the rest, once. */
  async decide(
    program: WgslProgram,
    bindings: Bindings,
    inputs: readonly Words[],
  ): Promise<(then: Epilogue) => void> {
    if (this.#failure !== "") throw new Error(this.#failure);
    const { bytes, script, params } = this.#prepare(program, bindings);
    const working = this.buffer(bytes);
    const call: Deciding = { group: this.#bindGroup(params, working), working, pending: [] };
    const encoder = this.#device.createCommandEncoder();
    this.#load(encoder, program, bindings, inputs, working);
    this.#device.queue.submit([encoder.finish()]);
    await this.#follow(script, call);
    return (then) => {
      this.#flush(call, then);
      working.destroy();
    };
  }

  async #follow(script: Script, call: Deciding): Promise<void> {
    for (const step of script) {
      if ("entry" in step) {
        call.pending.push(step);
        continue;
      }
      let yes: boolean;
      do {
        await this.#follow(step.test, call);
        yes = await this.#ask(step.word, call);
        await this.#follow(yes ? step.yes : step.no, call);
      } while (yes && step.again);
    }
  }

  /** Whether a word of the working buffer is other than 0 after all that is pending. */
  #ask(word: number, call: Deciding): Promise<boolean> {
    const encode = (target: GPUBuffer): void =>
      this.#flush(call, (encoder, working) => encoder.copyBufferToBuffer(working, 4 * word, target, 0, 4));
    return this.read(4, encode, (mapped) => new Uint32Array(mapped)[0] !== 0);
  }

  #flush({ group, working, pending }: Deciding, then: Epilogue): void {
    const encoder = this.#device.createCommandEncoder();
    this.#encode(encoder, group, pending.splice(0));
    then(encoder, working);
    this.#device.queue.submit([encoder.finish()]);
  }

  /** Puts inputs where the program expects them. */
  #load(
    encoder: GPUCommandEncoder,
    program: WgslProgram,
    bindings: Bindings,
    inputs: readonly Words[],
    working: GPUBuffer,
  ): void {
    inputs.forEach((data, at) => {
      const offset = 4 * evaluateSize(program.inputs[at], bindings);
      if (!ArrayBuffer.isView(data)) encoder.copyBufferToBuffer(data, 0, working, offset, data.size);
      else this.#device.queue.writeBuffer(working, offset, data.buffer, data.byteOffset, data.byteLength);
    });
  }

  #encode(encoder: GPUCommandEncoder, group: GPUBindGroup, dispatches: readonly Dispatch[]): void {
    const pass = encoder.beginComputePass();
    for (const { entry, groups, offset } of dispatches) {
      pass.setPipeline(this.#parts.pipelines[entry]);
      pass.setBindGroup(0, group, [offset]);
      pass.dispatchWorkgroups(...groups);
    }
    pass.end();
  }

  /** Waits for bytes that the commands of `encode` write into the buffer they are given; throws what the device says of them. */
  async read<T>(
    bytes: number,
    encode: (target: GPUBuffer) => void,
    use: (bytes: ArrayBuffer) => T,
  ): Promise<T> {
    const fitting = this.#idle.findIndex(({ size }) => size >= bytes);
    const [reused] = fitting < 0 ? [] : this.#idle.splice(fitting, 1);
    const target = reused ?? createBuffer(this.#device, bytes, MAP_READ | COPY_DST);
    try {
      await checked(this.#device, async () => {
        encode(target);
        await target.mapAsync(MAP_READ);
      });
      if (this.#failure !== "") throw new Error(this.#failure);
      return use(target.getMappedRange());
    } catch (error) {
      throw this.#failure === "" ? error : new Error(this.#failure);
    } finally {
      target.unmap();
      this.#idle.push(target);
    }
  }

  /** Runs `action`; later calls throw what the device says of it. */
  unattended<T>(action: () => T): T {
    const [value, objection] = observed(this.#device, action);
    objection.then((message) => {
      this.#failure ||= message ?? "";
    });
    return value;
  }

  /** Copies all of one buffer to the start of another. */
  copy(from: GPUBuffer, to: GPUBuffer): void {
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 0, to, 0, from.size);
    this.#device.queue.submit([encoder.finish()]);
  }

  destroy(): void {
    const params = [...this.#kept.values()].map((call) => call.params);
    for (const made of [this.weights, this.state, this.#working, ...this.#idle, ...params]) made.destroy();
  }

  #prepare(program: WgslProgram, bindings: Bindings): Prepared {
    const key = [program.name, ...Object.values(bindings)].join();
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const { script, params } = scriptOf(program.steps, bindings, this.#plan.paramBytes);
    const bytes = 4 * evaluateSize(program.words, bindings);
    const made = {
      bytes,
      script,
      params: createBuffer(this.#device, params.byteLength, UNIFORM, params),
    };
    this.#kept.set(key, made);
    const [[oldest, { params: old }]] = this.#kept;
    if (this.#kept.size > MOST_KEPT && this.#kept.delete(oldest)) old.destroy();
    return made;
  }

  #boundGroup(call: Prepared): GPUBindGroup {
    const working = this.#working;
    if (call.group?.working === working) return call.group.bound;
    const bound = this.#bindGroup(call.params, working);
    call.group = { working, bound };
    return bound;
  }

  #bindGroup(params: GPUBuffer, working: GPUBuffer): GPUBindGroup {
    const uniform = { buffer: params, size: this.#plan.paramBytes };
    const resources = [uniform, ...[this.weights, this.state, working].map((buffer) => ({ buffer }))];
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    return this.#device.createBindGroup({ layout: this.#parts.layout, entries });
  }

  #grow(bytes: number): void {
    if (bytes <= this.#working.size) return;
    const larger = this.buffer(bytes);
    this.#working.destroy();
    this.#working = larger;
  }
}
