/** The figures of a run, as they go to the JSON file. */
import { cpus } from "node:os";
import type { ArtifactFacts } from "./build-artifact.ts";
import type { Peak } from "./probe.ts";
import type { Measured } from "./rounds.ts";
import { isOurs, type League, runners } from "./runners.ts";
import type { Workload } from "./workloads.ts";

export interface Row {
  readonly workload: string;
  readonly runner: string;
  readonly threads: number;
  readonly min_ms: number;
  readonly median_ms: number;
  readonly calls: number;
  /** At the least time. */
  readonly gflops?: number;
  /** Of what the probe measured for this kind of code, 0 to 1. */
  readonly peak_share?: number;
  /** Milliseconds until the first result; megabytes of the process at its largest. */
  readonly load_ms?: number;
  readonly rss_mb?: number;
}

export interface KernelRow {
  readonly workload: string;
  readonly kernel: string;
  readonly ms: number;
  readonly launches: number;
  /** Of all kernels together, 0 to 1. */
  readonly share: number;
}

export interface BenchFile {
  readonly date: string;
  readonly machine: string;
  readonly versions: { readonly [name: string]: string };
  readonly peaks: readonly Peak[];
  readonly rows: readonly Row[];
  readonly artifacts: readonly ArtifactFacts[];
  readonly kernels: readonly KernelRow[];
}

export const machineText = (): string => `${cpus()[0]?.model ?? process.arch}, ${cpus().length} cores`;

const round = (value: number, digits: number): number => Number(value.toPrecision(digits));

/** What a runner's code could reach at best. Plain wasm on the installed Node, relaxed on the newest. */
function peakOf({ runner, threads }: Row, peaks: readonly Peak[]): number | undefined {
  const { league, node } = runners.find(({ name }) => name === runner) ?? {};
  const wasm = node === "newest" ? "wasm-relaxed@newest" : "wasm-plain@installed";
  const name = league === "native" ? "native" : wasm;
  return peaks.find((peak) => peak.name === name && peak.threads === threads)?.gflops;
}

/** The rows with their shares of these peaks. */
export function withShares(rows: readonly Row[], peaks: readonly Peak[]): readonly Row[] {
  return rows.map((row) => {
    const peak = peakOf(row, peaks);
    return row.gflops === undefined || peak === undefined
      ? row
      : { ...row, peak_share: round(row.gflops / peak, 3) };
  });
}

/** What was measured once more: a probe can only find too little, so the higher figure counts. */
export const higherPeaks = (old: readonly Peak[], fresh: readonly Peak[]): Peak[] =>
  mergeRows(old, fresh, ({ name, threads }) => `${name} ${threads}`).map((peak) => {
    const known = old.find(({ name, threads }) => name === peak.name && threads === peak.threads);
    return known !== undefined && known.gflops > peak.gflops ? known : peak;
  });

export function rowOf(
  workload: Workload,
  { runner, times, load_ms, rss_mb }: Measured,
  threads: number,
): Row {
  const gflops = workload.gflop / (times[0] / 1e3);
  return {
    workload: workload.name,
    runner: runner.name,
    threads,
    min_ms: round(times[0], 5),
    median_ms: round(times[times.length >> 1], 5),
    calls: times.length,
    ...(workload.gflop === 0 ? {} : { gflops: round(gflops, 4) }),
    load_ms: round(load_ms, 4),
    ...(rss_mb === undefined ? {} : { rss_mb }),
  };
}

/** Rows of a new run in place of those of the same key. */
export function mergeRows<R>(old: readonly R[], fresh: readonly R[], key: (row: R) => string): R[] {
  const replaced = new Set(fresh.map(key));
  return [...old.filter((row) => !replaced.has(key(row))), ...fresh];
}

const leagueOf = (runner: string): League | undefined => runners.find(({ name }) => name === runner)?.league;

/** How much faster a row is than the fastest peer of its league, or of all where its own has none; by least times. */
export function ratioToBest(row: Row, rows: readonly Row[]): { ratio: number; best: string } | undefined {
  const isRival = ({ workload, threads, runner }: Row): boolean =>
    workload === row.workload && threads === row.threads && !isOurs({ name: runner });
  const peers = rows.filter(isRival);
  const own = peers.filter(({ runner }) => leagueOf(runner) === leagueOf(row.runner));
  const rivals = own.length > 0 ? own : peers;
  if (rivals.length === 0) return undefined;
  const best = rivals.reduce((a, b) => (b.min_ms < a.min_ms ? b : a));
  return { ratio: best.min_ms / row.min_ms, best: best.runner };
}
