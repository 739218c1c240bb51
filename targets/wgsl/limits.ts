/** What every WebGPU adapter offers (WebGPU, section 3.6.2, the default limits), and what schedules should therefore keep to. */
import type { Limits } from "../target.ts";

export const DEVICE = {
  /** Workgroups along an axis of a dispatch. */
  groups: 65535,
  threads: 256,
  threadsAlongZ: 64,
  sharedBytes: 16384,
  bindingBytes: 128 * 2 ** 20,
} as const;

export const limits: Limits = {
  lanes: 1,
  // A quarter of what one binding holds: inputs, outputs and the widened narrow dtypes lie beside the temporaries.
  chunkBytes: DEVICE.bindingBytes / 4,
  accumulators: 32,
  grid: { threads: 64, groups: DEVICE.groups, sharedBytes: DEVICE.sharedBytes },
};
