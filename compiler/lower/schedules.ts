/**
 * Replaces the kernels of a program by the target's schedules of them. Blocks of a network repeat themselves: kernels of one form are
 * scheduled once.
 */
import type { Kernel } from "../../ir/kernel.ts";
import { isNested, type Program, type Step, withBodies } from "../../ir/program.ts";
import { printKernel } from "../../ir/text/kernel-print.ts";
import { replaceBuffers } from "../../ir/walk-kernel.ts";
import type { Choice } from "../../targets/schedule/choice.ts";
import type { Scheduler } from "../../targets/schedule/scheduler.ts";
import { adler32, crc32 } from "../formats/checksum.ts";

/** Choices for kernels, by the key of their form: what `keratin tune` found. */
export type Tuning = ReadonlyMap<string, Choice>;

/** The key of a kernel: two checksums of its text without names. Equal kernels of different models share what was measured. */
export const kernelKey = (kernel: Kernel): string => keyOf(formOf(kernel));

function keyOf(form: string): string {
  const bytes = new TextEncoder().encode(form);
  return [crc32(bytes), adler32(bytes)].map((sum) => sum.toString(16).padStart(8, "0")).join("");
}

interface Options {
  /** The loops stay as they are. */
  readonly naive?: boolean;
  readonly tuning?: Tuning;
  /** Told every launch before its kernel is scheduled. */
  readonly onLaunch?: (launch: Extract<Step, { kind: "launch" }>) => void;
}

export class KernelSchedules {
  private readonly known = new Map<string, Kernel>();
  private readonly scheduler: Scheduler;
  private readonly options: Options;

  constructor(scheduler: Scheduler, options: Options = {}) {
    this.scheduler = scheduler;
    this.options = options;
  }

  apply(program: Program): Program {
    return { ...program, steps: this.steps(program.steps) };
  }

  private steps(list: readonly Step[]): readonly Step[] {
    return list.map((step) => {
      if (isNested(step)) return withBodies(step, (body) => this.steps(body));
      if (step.kind !== "launch") return step;
      this.options.onLaunch?.(step);
      return { ...step, kernel: this.schedule(step.kernel) };
    });
  }

  private schedule(kernel: Kernel): Kernel {
    const form = formOf(kernel);
    const { naive = false, tuning } = this.options;
    const scheduled =
      this.known.get(form) ??
      (naive ? this.scheduler.naive(kernel) : this.scheduler.schedule(kernel, tuning?.get(keyOf(form))));
    this.known.set(form, scheduled);
    return { ...scheduled, name: kernel.name };
  }
}

/** The text of a kernel without names of its own. */
function formOf(kernel: Kernel): string {
  const renamed = new Map(kernel.params.map(({ buffer }, i) => [buffer, { ...buffer, name: `b${i}` }]));
  const params = kernel.params.map((param) => ({
    ...param,
    buffer: renamed.get(param.buffer) ?? param.buffer,
  }));
  return printKernel({ ...kernel, name: "", params, body: replaceBuffers(kernel.body, renamed) });
}
