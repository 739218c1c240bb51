/**
 * keratin and its peers, measured in one run on one machine.
 *
 *   npm run bench -- [--only WORKLOAD,…] [--peers NAME,…] [--threads 1,2] [--rounds N] [--turn MS] [--json F] [--merge] [--markdown F]
 *                    [--kernels] [--prepare] [--reuse] [--list]
 *
 * Runners take turns of `--turn` milliseconds, `--rounds` times; rows give the least and the middle time of all calls. `--peers` takes names of
 * runners, or what they begin with. `--merge` keeps the rows of the JSON file that this run does not measure, so that a long table can be made in
 * several runs; ratios are fair within one run. `--prepare` builds artifacts and
 * stops; `--reuse` takes them as the last run left them. Peers come from
 * `node --import tsx test/bench/setup.ts`; those that are not installed leave gaps.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { prepareArtifacts } from "./artifacts.ts";
import type { ArtifactFacts } from "./build-artifact.ts";
import { type ColdPeer, coldBaseline, coldPeers, measureStarts } from "./cold.ts";
import { kernelRows } from "./kernels.ts";
import { measurePeaks } from "./probe.ts";
import { markdown } from "./report.ts";
import { measureInTurn } from "./rounds.ts";
import {
  type BenchFile,
  higherPeaks,
  type KernelRow,
  machineText,
  mergeRows,
  type Row,
  rowOf,
  withShares,
} from "./rows.ts";
import { type Runner, runners } from "./runners.ts";
import { versionsOf } from "./versions.ts";
import { type Workload, workloads } from "./workloads.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    peers: { type: "string" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    turn: { type: "string", default: "500" },
    json: { type: "string" },
    markdown: { type: "string" },
    merge: { type: "boolean", default: false },
    kernels: { type: "boolean", default: false },
    reuse: { type: "boolean", default: false },
    prepare: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});

const tell = (text: string): void => void process.stderr.write(`${text}\n`);
const listOf = (text: string | undefined): readonly string[] | undefined => text?.split(",");

function chosenWorkloads(): readonly Workload[] {
  const names = listOf(options.only) ?? workloads.map(({ name }) => name);
  return names.map((name) => {
    const found = workloads.find((workload) => workload.name === name);
    if (found === undefined)
      throw new Error(`no workload ${name}: ${workloads.map((w) => w.name).join(", ")}`);
    return found;
  });
}

/** Those asked for, by name or by how it begins; else the usual ones. */
function chosenRunners(): readonly Runner[] {
  const names = listOf(options.peers);
  if (names === undefined) return runners.filter(({ isUsual }) => isUsual);
  const asked = (name: string): boolean =>
    names.some((prefix) => name === prefix || name.startsWith(`${prefix}@`));
  const found = runners.filter(({ name }) => asked(name));
  if (found.length > 0) return found;
  throw new Error(`no such runners: ${runners.map(({ name }) => name).join(", ")}`);
}

function coldRows(rounds: number): Row[] {
  const names = listOf(options.peers);
  const peers = coldPeers.filter(
    (peer) => names === undefined || names.some((name) => peer.startsWith(name)),
  );
  const times = measureStarts([...new Set<ColdPeer>([coldBaseline, ...peers])], rounds, tell);
  return [...times].flatMap(([peer, list]) =>
    list.length === 0
      ? []
      : [
          {
            workload: "cold",
            runner: peer,
            threads: 1,
            min_ms: list[0],
            median_ms: list[list.length >> 1],
            calls: list.length,
          },
        ],
  );
}

async function rowsOf(workload: Workload, threads: number): Promise<readonly Row[]> {
  if (workload.kind === "cold") return threads === 1 ? coldRows(Number(options.rounds)) : [];
  const able = chosenRunners().filter((runner) => {
    const why = runner.cannot(workload, threads);
    if (why !== undefined) tell(`${workload.name}: ${runner.name} ${why}`);
    return why === undefined;
  });
  const settings = { threads, rounds: Number(options.rounds), turn: Number(options.turn) };
  const measured = await measureInTurn(workload, able, {
    ...settings,
    tell: (text) => tell(`${workload.name}, ${threads} threads: ${text}`),
  });
  return measured.map((one) => rowOf(workload, one, threads));
}

async function run(): Promise<BenchFile> {
  const chosen = chosenWorkloads();
  const artifacts = await prepareArtifacts(chosen, chosenRunners(), { reuse: options.reuse, tell });
  const threadCounts = (listOf(options.threads) ?? ["1"]).map(Number);
  tell("probe");
  const peaks = measurePeaks(threadCounts);
  const rows: Row[] = [];
  for (const workload of chosen)
    for (const threads of threadCounts) rows.push(...(await rowsOf(workload, threads)));
  const kernels: KernelRow[] = [];
  if (options.kernels) for (const workload of chosen) kernels.push(...(await kernelRows(workload)));
  const date = new Date().toISOString().slice(0, 10);
  return { date, machine: machineText(), versions: versionsOf(), peaks, rows, artifacts, kernels };
}

function merged(fresh: BenchFile): BenchFile {
  const { json } = options;
  if (!options.merge || json === undefined || !existsSync(json)) return fresh;
  const old = JSON.parse(readFileSync(json, "utf8")) as BenchFile;
  const factsKey = ({ net, target, train }: ArtifactFacts): string => `${net} ${target} ${train}`;
  const kept = old.kernels.filter(({ workload }) => fresh.kernels.every((row) => row.workload !== workload));
  return {
    ...fresh,
    peaks: higherPeaks(old.peaks, fresh.peaks),
    rows: mergeRows(old.rows, fresh.rows, (row) => `${row.workload} ${row.runner} ${row.threads}`),
    artifacts: mergeRows(old.artifacts, fresh.artifacts, factsKey),
    kernels: [...kept, ...fresh.kernels],
  };
}

if (options.list) {
  console.log(`workloads: ${workloads.map(({ name }) => name).join(", ")}`);
  console.log(`runners: ${runners.map(({ name }) => name).join(", ")}`);
} else if (options.prepare) {
  await prepareArtifacts(chosenWorkloads(), chosenRunners(), { reuse: options.reuse, tell });
} else {
  const all = merged(await run());
  const result = { ...all, rows: withShares(all.rows, all.peaks) };
  const text = markdown(result);
  console.log(text);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);
  if (options.markdown !== undefined) writeFileSync(options.markdown, `# Measured\n\n${text}\n`);
}
