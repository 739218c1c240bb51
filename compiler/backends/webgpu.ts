/**
 * The webgpu backend: bundles become shaders on the browser's device, or in Node on that of the npm package `webgpu` (Dawn). One device
 * serves all bundles.
 */

import { type Dim, evaluateShape } from "../../ir/dim.ts";
import { type DType, dtypes, type TypedArray } from "../../ir/dtype.ts";
import { ModelError, Unsupported } from "../../ir/errors.ts";
import { bindSymbols } from "../../ir/evaluate.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { Bundle } from "../../ir/program.ts";
import { instantiate, type WebGpuModel } from "../../runtime/webgpu.ts";
import { schedulerFor } from "../../targets/schedule/scheduler.ts";
import { wgsl } from "../../targets/wgsl/wgsl.ts";
import { manifestOf } from "../manifest.ts";
import type { Executable, Loader } from "./loader.ts";

export function webgpuLoader(): Loader {
  // Dawn lives as long as its GPU object is referenced.
  let opened: Promise<Opened> | undefined;
  return {
    name: "webgpu",
    scheduler: schedulerFor(wgsl.limits),
    isSynchronous: false,
    async load(bundles) {
      opened ??= open();
      const on = await opened;
      return Promise.all(bundles.map((bundle) => loadBundle(bundle, on)));
    },
  };
}

async function loadBundle(bundle: Bundle, opened: Opened): Promise<Executable> {
  const { source, plan } = wgsl.emit(bundle);
  const { weights, state } = bundle;
  const manifest = manifestOf(bundle);
  const model = await instantiate({
    source,
    plan,
    manifest,
    weights: weights.bytes,
    state: state.bytes,
    device: opened.device,
  });
  return new WebGpuExecutable(model, bundle, opened);
}

interface Opened {
  readonly gpu: GPU;
  readonly device: GPUDevice;
}

/** The browser's device; in Node, that of the package `webgpu`. Throws Unsupported where there is neither. */
async function open(): Promise<Opened> {
  const own = globalThis.navigator?.gpu;
  const found =
    (await adapterOf(own ?? (await dawn()))) ?? (own === undefined ? await software() : undefined);
  if (found === undefined) {
    throw new Unsupported("webgpu", "this machine", {
      expected: "a GPU adapter",
      got: "none",
      hint: "In Node, set VK_DRIVER_FILES to a Vulkan driver (Debian's chromium brings /usr/lib/chromium/vk_swiftshader_icd.json); or use KERAS_BACKEND=wasm",
    });
  }
  const { gpu, adapter } = found;
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
  });
  return { gpu, device };
}

interface Found {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
}

async function adapterOf(gpu: GPU): Promise<Found | undefined> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  return adapter === null ? undefined : { gpu, adapter };
}

/** The software driver that Debian's chromium brings, for machines without a GPU: slow, and right. */
const SOFTWARE_DRIVER = "/usr/lib/chromium/vk_swiftshader_icd.json";

async function software(): Promise<Found | undefined> {
  if (process.env.VK_DRIVER_FILES !== undefined) return undefined;
  process.env.VK_DRIVER_FILES = SOFTWARE_DRIVER;
  return adapterOf(await dawn());
}

async function dawn(): Promise<GPU> {
  try {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    return create([]);
  } catch {
    throw new Unsupported("webgpu", "Node without the package webgpu", {
      hint: "Install it beside keratin: npm install webgpu",
    });
  }
}

/** The loader's array as the IR stores this dtype. */
const elements = (
  dtype: DType,
  array: { buffer: ArrayBufferLike; byteOffset: number; length: number },
): TypedArray => dtypes[dtype].view(array.buffer, array.byteOffset, array.length);

class WebGpuExecutable implements Executable {
  private readonly model: WebGpuModel;
  private readonly bundle: Bundle;
  /** Kept alive as long as the model is. */
  readonly opened: Opened;

  constructor(model: WebGpuModel, bundle: Bundle, opened: Opened) {
    this.model = model;
    this.bundle = bundle;
    this.opened = opened;
  }

  async call(name: string, inputs: readonly NDArray[]): Promise<readonly NDArray[]> {
    const program = this.bundle.programs.find((candidate) => candidate.name === name);
    if (program === undefined) throw new ModelError("no such function", { got: name });
    const bindings = bindSymbols(program.inputs, inputs);
    const named = Object.fromEntries(
      program.inputs.map((port, i) => [port.name, { data: inputs[i].data, shape: inputs[i].shape }]),
    );
    const results = await this.model.call(name, named);
    return program.outputs.map(({ name: output, dtype, shape }) => ({
      dtype,
      shape: evaluateShape(shape, bindings),
      data: elements(dtype, results[output]),
    }));
  }

  async read(path: string): Promise<NDArray> {
    const found = (await this.model.exportWeights()).find(({ name }) => name === path);
    const field = [...this.bundle.weights.fields, ...this.bundle.state.fields].find(
      ({ name }) => name === path,
    );
    if (found === undefined || field === undefined)
      throw new ModelError("no such weight or state", { got: path });
    return {
      dtype: field.dtype,
      shape: field.shape.map((dim: Dim) => Number(dim)),
      data: elements(field.dtype, found.data),
    };
  }

  write(path: string, value: NDArray): void {
    this.model.setField(path, value.data);
  }
}
