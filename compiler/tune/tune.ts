/**
 * `keratin tune`: measures, for each kernel of a model, the ways in which the schedule could have been made, and keeps what beats the cost
 * model. A step at a time (tile, unrolling, order), candidates in turn, the best of each.
 */
import type { Kernel } from "../../ir/kernel.ts";
import { printKernel } from "../../ir/text/kernel-print.ts";
import { type Choice, choiceSteps } from "../../targets/schedule/choice.ts";
import type { Executable, Loader } from "../backends/loader.ts";
import { kernelKey } from "../lower/schedules.ts";
import type { ArtifactSource } from "../package/source.ts";
import { compile } from "../pipeline.ts";
import { type Launch, trialBundle } from "./trial.ts";

export interface TuneOptions {
  /** Samples of a call; default 1. */
  readonly batch?: number;
  /** Milliseconds to spend on each step of each kernel; default 150. */
  readonly budget?: number;
  readonly progress?: (step: string) => void;
}

/** A kernel that was measured. */
export interface TunedKernel {
  readonly key: string;
  readonly name: string;
  /** How often the model launches kernels of this form in one call, chunks not counted. */
  readonly launches: number;
  /** Absent where nothing beat the cost model. */
  readonly choice?: Choice;
  /** Milliseconds of one launch, as the cost model has it and at best. */
  readonly before: number;
  readonly after: number;
}

/** What a choice must gain to be kept: less is noise. */
const GAIN = 0.97;
/** Milliseconds that one measurement should take at least. */
const GRAIN = 0.5;

/** Measures all kernels of a model on a loader's target. */
export async function tune(
  source: ArtifactSource,
  loader: Loader,
  options: TuneOptions = {},
): Promise<readonly TunedKernel[]> {
  const launches = new Map<string, { launch: Launch; count: number }>();
  compile(source.name, source.module, source.values, loader.scheduler, {
    onLaunch: (launch) => {
      const key = kernelKey(launch.kernel);
      launches.set(key, { launch, count: (launches.get(key)?.count ?? 0) + 1 });
    },
  });
  const tuned: TunedKernel[] = [];
  for (const [key, { launch, count }] of launches) {
    const { name } = launch.kernel;
    options.progress?.(`measure ${name} (${tuned.length + 1} of ${launches.size})`);
    tuned.push({ key, name, launches: count, ...(await new Search(launch, loader, options).run()) });
  }
  return tuned;
}

/** The search for one kernel. */
class Search {
  private readonly launch: Launch;
  private readonly loader: Loader;
  private readonly batch: number;
  private readonly budget: number;

  constructor(launch: Launch, loader: Loader, { batch = 1, budget = 150 }: TuneOptions) {
    this.launch = launch;
    this.loader = loader;
    this.batch = batch;
    this.budget = budget;
  }

  async run(): Promise<Pick<TunedKernel, "choice" | "before" | "after">> {
    let choice: Choice = {};
    let before = 0;
    // Each step is compared with its own base, measured in the same moments.
    let share = 1;
    for (const step of choiceSteps) {
      const base = choice;
      const candidates = this.distinct([base, ...step.map((part) => ({ ...base, ...part }))]);
      if (candidates.length < 2 && before > 0) continue;
      const times = await this.measure(candidates.map(({ kernel }) => kernel));
      const best = times.indexOf(Math.min(...times));
      if (before === 0) before = times[0];
      if (times[best] >= GAIN * times[0]) continue;
      choice = candidates[best].choice;
      share *= times[best] / times[0];
    }
    return share < 1 ? { choice, before, after: before * share } : { before, after: before };
  }

  /** Candidates that differ in their code. */
  private distinct(choices: readonly Choice[]): { choice: Choice; kernel: Kernel }[] {
    const known = new Map<string, { choice: Choice; kernel: Kernel }>();
    for (const choice of choices) {
      const kernel = this.loader.scheduler.schedule(this.launch.kernel, choice);
      const text = printKernel(kernel);
      if (!known.has(text)) known.set(text, { choice, kernel });
    }
    return [...known.values()];
  }

  /** Milliseconds of each kernel, the least of many; the kernels take turns, so that a slow moment hits all. */
  private async measure(kernels: readonly Kernel[]): Promise<number[]> {
    const [executable] = await this.loader.load([trialBundle(this.launch, kernels, this.batch)]);
    const times = kernels.map(() => Infinity);
    const repeats: number[] = [];
    for (let i = 0; i < kernels.length; i++) {
      await this.time(executable, i, 3);
      repeats[i] = Math.max(1, Math.ceil(GRAIN / (await this.time(executable, i, 1))));
    }
    const end = performance.now() + this.budget;
    for (let round = 0; round < 3 || performance.now() < end; round++) {
      for (let i = 0; i < kernels.length; i++)
        times[i] = Math.min(times[i], await this.time(executable, i, repeats[i]));
    }
    return times;
  }

  private async time(executable: Executable, entry: number, calls: number): Promise<number> {
    const start = performance.now();
    for (let i = 0; i < calls; i++) {
      const result = executable.call(`${entry}`, []);
      if (result instanceof Promise) await result;
    }
    return Math.max(1e-6, (performance.now() - start) / calls);
  }
}
