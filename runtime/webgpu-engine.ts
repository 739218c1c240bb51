/**
 * The device's side of a compiled bundle: one shader module, one bind group, and the words that go in and out. It knows nothing of names
 * and dtypes.
 *
 * Weights and state have a buffer each; a working buffer holds the scratch memory, inputs and outputs of a call and grows when a larger
 * batch comes. A call is one command buffer with one compute pass. What depends on the sizes of the inputs alone (workgroups, offsets) is
 * computed once per size and kept. The queue orders calls: nothing waits but the reading of results.
 */
import type { Bindings } from "./manifest.ts";
import { type Dispatch, dispatchesOf, evaluateSize, type WgslPlan, type WgslProgram } from "./webgpu-plan.ts";

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

export interface Engine {
  readonly weights: GPUBuffer;
  readonly state: GPUBuffer;
  /** A buffer for data between calls. */
  buffer(bytes: number, contents?: ArrayBufferView): GPUBuffer;
  /** Runs a program. */
  submit(program: WgslProgram, bindings: Bindings, inputs: readonly Words[], then: Epilogue): void;
  /** Waits for bytes that the commands of `encode` write into the buffer they are given; throws what the device says of them. */
  read<T>(bytes: number, encode: (target: GPUBuffer) => void, use: (bytes: ArrayBuffer) => T): Promise<T>;
  /** Copies all of one buffer to the start of another. */
  copy(from: GPUBuffer, to: GPUBuffer): void;
  destroy(): void;
}

/** A program at one size of its inputs, ready to run. */
interface Prepared {
  readonly bytes: number;
  readonly dispatches: readonly Dispatch[];
  readonly params: GPUBuffer;
  /** The bind group, and the working buffer it was made with. */
  group?: { readonly working: GPUBuffer; readonly bound: GPUBindGroup };
}

/** Runs `action`; throws one error for whatever goes wrong on the device. */
async function checked<T>(device: GPUDevice, action: () => Promise<T>): Promise<T> {
  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  const value = action();
  // Whoever reports first, the scopes tell more than a rejected promise.
  value.catch(() => undefined);
  const [validation, memory] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  const error = validation ?? memory;
  if (error !== null) throw new Error(`WebGPU: ${error.message}`);
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

export const createEngine = (device: GPUDevice, given: EngineSource): Promise<Engine> =>
  checked(device, async () => {
    const layout = layoutOf(device);
    const buffer = (bytes: number, contents?: ArrayBufferView): GPUBuffer =>
      createBuffer(device, bytes, STORAGE | COPY_SRC | COPY_DST, contents);
    const weights = buffer(given.weights.byteLength, given.weights);
    const state = buffer(given.state.byteLength, given.state);
    const pipelines = await compile(device, given, layout);
    return engine(device, given.plan, { layout, pipelines, weights, state, buffer });
  });

interface Parts {
  readonly layout: GPUBindGroupLayout;
  readonly pipelines: readonly GPUComputePipeline[];
  readonly weights: GPUBuffer;
  readonly state: GPUBuffer;
  readonly buffer: Engine["buffer"];
}

function engine(
  device: GPUDevice,
  plan: WgslPlan,
  { layout, pipelines, weights, state, buffer }: Parts,
): Engine {
  const kept = new Map<string, Prepared>();
  const idle: GPUBuffer[] = [];
  // Shaders may declare the size of the working buffer where no program's depends on the call.
  let working = buffer(
    4 * Math.max(...plan.programs.map(({ words }) => (typeof words === "number" ? words : 0))),
  );
  let lost = "";
  device.lost.then(({ message }) => {
    lost = `WebGPU: the device was lost (${message || "no reason given"}); instantiate the model again`;
  });

  function prepare(program: WgslProgram, bindings: Bindings): Prepared {
    const key = [program.name, ...Object.values(bindings)].join();
    const known = kept.get(key);
    if (known !== undefined) return known;
    const { dispatches, params } = dispatchesOf(program.steps, bindings, plan.paramBytes);
    const bytes = 4 * evaluateSize(program.words, bindings);
    const made = { bytes, dispatches, params: createBuffer(device, params.byteLength, UNIFORM, params) };
    kept.set(key, made);
    const [[oldest, { params: old }]] = kept;
    if (kept.size > MOST_KEPT && kept.delete(oldest)) old.destroy();
    return made;
  }

  function bindGroup(call: Prepared): GPUBindGroup {
    if (call.group?.working === working) return call.group.bound;
    const resources = [
      { buffer: call.params, size: plan.paramBytes },
      { buffer: weights },
      { buffer: state },
      { buffer: working },
    ];
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    call.group = { working, bound: device.createBindGroup({ layout, entries }) };
    return call.group.bound;
  }

  function grow(bytes: number): void {
    if (bytes <= working.size) return;
    const larger = buffer(bytes);
    working.destroy();
    working = larger;
  }

  return {
    weights,
    state,
    buffer,
    submit(program, bindings, inputs, then) {
      if (lost !== "") throw new Error(lost);
      const call = prepare(program, bindings);
      grow(call.bytes);
      const encoder = device.createCommandEncoder();
      inputs.forEach((data, at) => {
        const offset = 4 * evaluateSize(program.inputs[at], bindings);
        if (!ArrayBuffer.isView(data)) encoder.copyBufferToBuffer(data, 0, working, offset, data.size);
        else device.queue.writeBuffer(working, offset, data.buffer, data.byteOffset, data.byteLength);
      });
      const pass = encoder.beginComputePass();
      const group = bindGroup(call);
      for (const { entry, groups, offset } of call.dispatches) {
        pass.setPipeline(pipelines[entry]);
        pass.setBindGroup(0, group, [offset]);
        pass.dispatchWorkgroups(...groups);
      }
      pass.end();
      then(encoder, working);
      device.queue.submit([encoder.finish()]);
    },
    async read(bytes, encode, use) {
      const fitting = idle.findIndex(({ size }) => size >= bytes);
      const [target] =
        fitting < 0 ? [createBuffer(device, bytes, MAP_READ | COPY_DST)] : idle.splice(fitting, 1);
      try {
        await checked(device, async () => {
          encode(target);
          await target.mapAsync(MAP_READ);
        });
        return use(target.getMappedRange());
      } catch (error) {
        throw lost === "" ? error : new Error(lost);
      } finally {
        if (lost === "") target.unmap();
        idle.push(target);
      }
    },
    copy(from, to) {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(from, 0, to, 0, from.size);
      device.queue.submit([encoder.finish()]);
    },
    destroy() {
      for (const made of [
        weights,
        state,
        working,
        ...idle,
        ...[...kept.values()].map(({ params }) => params),
      ])
        made.destroy();
    },
  };
}
