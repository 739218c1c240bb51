// A WebGPU adapter in Node, from Dawn (npm `webgpu`). Without a GPU it runs on SwiftShader, the software Vulkan driver
// that Debian's chromium brings. Dawn is loaded when asked for: it is an optional package of 130 MB, and the driver has
// to be named in the environment before its first use.

import { requireTool, tool } from "./tools.ts";

export interface DawnOptions {
  /** "software" (the default) is SwiftShader, the same everywhere; "any" takes what Dawn offers first. */
  driver?: "software" | "any";
  /** Options of Dawn, such as "enable-dawn-features=dump_shaders". */
  dawn?: readonly string[];
}

/** Dawn at work. It lives as long as `gpu` is referenced, so keep this object while a device is in use, and close it
 *  afterwards: the process cannot end while Dawn's threads run. */
export interface Dawn {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  /** A device that `close` destroys. */
  device(descriptor?: GPUDeviceDescriptor): Promise<GPUDevice>;
  close(): void;
}

/** Starts Dawn and asks for an adapter. Also defines the globals of WebGPU (GPUBufferUsage, GPUMapMode, …), which code
 *  written for a page expects. Returns undefined, after a line the runner counts, where there is no driver. */
export async function openDawn(options: DawnOptions = {}): Promise<Dawn | undefined> {
  const software = options.driver !== "any";
  const driver = software ? requireTool("swiftshader") : tool("swiftshader");
  if (software && driver === undefined) return undefined;
  if (software) process.env.VK_DRIVER_FILES = driver;
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([...(options.dawn ?? [])]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) {
    console.log("MISSING: a WebGPU adapter, Dawn found none");
    return undefined;
  }
  return holdDevices(gpu, adapter);
}

function holdDevices(gpu: GPU, adapter: GPUAdapter): Dawn {
  const devices: GPUDevice[] = [];
  return {
    gpu,
    adapter,
    async device(descriptor) {
      const device = await adapter.requestDevice(descriptor);
      devices.push(device);
      return device;
    },
    close() {
      for (const device of devices.splice(0)) device.destroy();
    },
  };
}
