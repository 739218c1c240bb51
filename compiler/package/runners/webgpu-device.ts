/**
 * A WebGPU device in Node, from Dawn (the npm package `webgpu`): a GPU's, or where there is none that of the software Vulkan driver
 * which Debian's chromium brings.
 */
import { existsSync, readdirSync } from "node:fs";
import { Unsupported } from "../../../ir/errors.ts";

const SOFTWARE_DRIVER = "/usr/lib/chromium/vk_swiftshader_icd.json";
/** Where Linux lists its Vulkan drivers. */
const DRIVER_FOLDERS = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

export interface OpenedDevice {
  readonly device: GPUDevice;
  /** "NVIDIA H200", "SwiftShader". */
  readonly adapter: string;
  close(): void;
}

/** Throws Unsupported where the package, or an adapter, is missing. */
export async function openDevice(): Promise<OpenedDevice> {
  const { create, globals } = await loadDawn();
  Object.assign(globalThis, globals);
  if (!hasDrivers()) useSoftwareDriver(); // asking without any makes Dawn complain at length
  let gpu = create([]);
  let adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null && useSoftwareDriver()) {
    gpu = create([]);
    adapter = await gpu.requestAdapter();
  }
  if (adapter === null) {
    throw new Unsupported("wgsl", "this machine", {
      expected: "a GPU, or a software Vulkan driver",
      got: "no WebGPU adapter",
      hint: "On Debian: apt install chromium libvulkan1; elsewhere name a Vulkan driver in VK_DRIVER_FILES",
    });
  }
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
  });
  const { description, device: model, vendor } = adapter.info;
  // Dawn ends with the object that made it, so the device's owner holds on to that.
  const close = (): void => {
    device.destroy();
    held.delete(gpu);
  };
  const held = new Set([gpu]);
  return { device, adapter: description || model || vendor, close };
}

const hasDrivers = (): boolean =>
  process.platform !== "linux" ||
  DRIVER_FOLDERS.some(
    (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(".json")),
  );

/** Names the driver to whoever is created next. False where there is none, or the user named one. */
function useSoftwareDriver(): boolean {
  if (process.env.VK_DRIVER_FILES !== undefined || !existsSync(SOFTWARE_DRIVER)) return false;
  process.env.VK_DRIVER_FILES = SOFTWARE_DRIVER;
  return true;
}

async function loadDawn() {
  try {
    return await import("webgpu");
  } catch {
    throw new Unsupported("wgsl", "Node without the package webgpu", {
      hint: "Install it beside keratin: npm install webgpu",
    });
  }
}
