/**
 * Replaces the kernels of a program by the target's schedules of them. Blocks of a network repeat themselves: kernels of one form are
 * scheduled once.
 */
import type { Kernel } from "../../ir/kernel.ts";
import { isNested, type Program, type Step, withBodies } from "../../ir/program.ts";
import { printKernel } from "../../ir/text/kernel-print.ts";
import { replaceBuffers } from "../../ir/walk-kernel.ts";
import type { Scheduler } from "../../targets/schedule/scheduler.ts";

export class KernelSchedules {
  private readonly known = new Map<string, Kernel>();
  private readonly scheduler: Scheduler;
  private readonly naive: boolean;

  /** `naive`: the loops stay as they are. */
  constructor(scheduler: Scheduler, naive: boolean) {
    this.scheduler = scheduler;
    this.naive = naive;
  }

  apply(program: Program): Program {
    return { ...program, steps: this.steps(program.steps) };
  }

  private steps(list: readonly Step[]): readonly Step[] {
    return list.map((step) => {
      if (isNested(step)) return withBodies(step, (body) => this.steps(body));
      return step.kind === "launch" ? { ...step, kernel: this.schedule(step.kernel) } : step;
    });
  }

  private schedule(kernel: Kernel): Kernel {
    const form = printKernel(anonymous(kernel));
    const scheduled =
      this.known.get(form) ?? (this.naive ? this.scheduler.naive(kernel) : this.scheduler.schedule(kernel));
    this.known.set(form, scheduled);
    return { ...scheduled, name: kernel.name };
  }
}

/** The kernel without names of its own. */
function anonymous(kernel: Kernel): Kernel {
  const renamed = new Map(kernel.params.map(({ buffer }, i) => [buffer, { ...buffer, name: `b${i}` }]));
  const params = kernel.params.map((param) => ({
    ...param,
    buffer: renamed.get(param.buffer) ?? param.buffer,
  }));
  return { ...kernel, name: "", params, body: replaceBuffers(kernel.body, renamed) };
}
