/**
 * What turns a naive kernel into one an emitter takes. A target has one; it is a function of the kernel and the target's limits alone.
 */
import type { Kernel } from "../../ir/kernel.ts";
import type { Limits } from "../target.ts";
import type { Choice } from "./choice.ts";
import { scheduleCpu } from "./cpu.ts";
import { finish } from "./finish.ts";
import { bindSerial, scheduleGpu } from "./gpu.ts";
import { mergeLoops } from "./merge-loops.ts";

export interface Scheduler {
  readonly limits: Limits;
  /** The kernel in normal form, fast. GPUs have nothing to choose yet. */
  schedule(kernel: Kernel, choice?: Choice): Kernel;
  /** The kernel in normal form with its loops as they are: what the schedule is compared with. */
  naive(kernel: Kernel): Kernel;
}

/** The scheduler for a target's limits. */
export function schedulerFor(limits: Limits): Scheduler {
  if (limits.grid !== undefined) {
    const { grid } = limits;
    return {
      limits,
      schedule: (kernel) => finish(scheduleGpu(mergeLoops(kernel), grid), 1),
      naive: (kernel) => finish(bindSerial(kernel), 1),
    };
  }
  return {
    limits,
    schedule: (kernel, choice) => {
      const merged = mergeLoops(kernel);
      return finish({ ...merged, body: scheduleCpu(merged.body, limits, choice) }, limits.lanes);
    },
    naive: (kernel) => finish(kernel, limits.lanes),
  };
}
