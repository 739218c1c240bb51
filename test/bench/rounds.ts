/** Measures the runners of one workload in turn, over several rounds, so that whatever slows the machine slows all of them. */
import { RunnerProcess } from "./runner-process.ts";
import type { Runner } from "./runners.ts";
import { isOurs } from "./runners.ts";
import type { Workload } from "./workloads.ts";

export interface Measured {
  readonly runner: Runner;
  readonly load_ms: number;
  /** Milliseconds, sorted, of all rounds. */
  readonly times: readonly number[];
  readonly rss_mb: number | undefined;
}

export interface RoundOptions {
  readonly threads: number;
  readonly rounds: number;
  /** Milliseconds of a turn. */
  readonly turn: number;
  readonly tell: (text: string) => void;
}

interface Running {
  readonly runner: Runner;
  readonly process: RunnerProcess;
  readonly load_ms: number;
  readonly times: number[];
}

export async function measureInTurn(
  workload: Workload,
  runners: readonly Runner[],
  { threads, rounds, turn, tell }: RoundOptions,
): Promise<readonly Measured[]> {
  const running: Running[] = [];
  const fail = (runner: Runner, error: unknown): void => {
    tell(`${runner.name} failed: ${(error as Error).message}`);
    // A peer that cannot run here leaves a gap in the table; keratin must not.
    if (isOurs(runner)) process.exitCode = 1;
  };
  for (const runner of runners) {
    tell(`load ${runner.name}`);
    const child = new RunnerProcess(runner.command(workload, threads), threads);
    try {
      const load_ms = await child.load();
      await child.turn(turn); // engines compile what is hot once it is hot
      running.push({ runner, process: child, load_ms, times: [] });
    } catch (error) {
      child.close();
      fail(runner, error);
    }
  }
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { process: child, times, runner } of running) {
        tell(`round ${round + 1} of ${rounds}: ${runner.name}`);
        times.push(...(await child.turn(turn)));
      }
    }
    return running.map(({ runner, process: child, load_ms, times }) => ({
      runner,
      load_ms,
      times: times.sort((a, b) => a - b),
      rss_mb: child.peakMemory(),
    }));
  } finally {
    for (const { process: child } of running) child.close();
  }
}
