/** The figures of a run as Markdown tables. Columns in which nothing stands are left out. */
import type { ArtifactFacts } from "./build-artifact.ts";
import { coldBaseline } from "./cold.ts";
import { type BenchFile, type KernelRow, type Row, ratioToBest } from "./rows.ts";
import { isOurs } from "./runners.ts";
import { EAGER_OPS, type Workload, workloads } from "./workloads.ts";

interface Column<R> {
  readonly head: string;
  readonly cell: (row: R) => string;
}

function table<R>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const filled = columns.filter(({ cell }) => rows.some((row) => cell(row) !== ""));
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(filled.map(({ head }) => head)),
    `|${filled.map((_, i) => (i === 0 ? "---" : "--:")).join("|")}|`,
    ...rows.map((row) => line(filled.map(({ cell }) => cell(row)))),
  ].join("\n");
}

const ms = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const kB = (bytes: number): string => (bytes / 1000).toFixed(1);
const percent = (share: number | undefined): string =>
  share === undefined ? "" : `${Math.round(100 * share)} %`;

function workloadSection({ name, kind }: Workload, all: readonly Row[]): string | undefined {
  const rows = all
    .filter(({ workload }) => workload === name)
    .sort((a, b) => a.threads - b.threads || a.min_ms - b.min_ms);
  if (rows.length === 0) return undefined;
  const isEager = kind === "eager";
  const unit = isEager ? "µs an op" : "ms";
  const time = (value: number): string => (isEager ? ((1000 * value) / EAGER_OPS).toFixed(2) : ms(value));
  const columns: readonly Column<Row>[] = [
    { head: "runner", cell: ({ runner }) => (isOurs({ name: runner }) ? `**${runner}**` : runner) },
    { head: "threads", cell: ({ threads }) => String(threads) },
    { head: `min, ${unit}`, cell: ({ min_ms }) => time(min_ms) },
    { head: `median, ${unit}`, cell: ({ median_ms }) => time(median_ms) },
    { head: "GFLOP/s", cell: ({ gflops }) => gflops?.toPrecision(3) ?? "" },
    { head: "of peak", cell: ({ peak_share }) => percent(peak_share) },
    kind === "cold"
      ? { head: "over Node alone, ms", cell: (row) => overNode(row, rows) }
      : { head: "against the best peer", cell: (row) => ratioText(row, rows) },
    { head: "peak RSS, MB", cell: ({ rss_mb }) => (rss_mb === undefined ? "" : String(rss_mb)) },
  ];
  return `### ${name}\n\n${table(columns, rows)}`;
}

function ratioText(row: Row, rows: readonly Row[]): string {
  const against = isOurs({ name: row.runner }) ? ratioToBest(row, rows) : undefined;
  return against === undefined ? "" : `${against.ratio.toFixed(2)}x ${against.best}`;
}

function overNode(row: Row, rows: readonly Row[]): string {
  const alone = rows.find(({ runner }) => runner === coldBaseline);
  return alone === undefined || alone === row ? "" : (row.min_ms - alone.min_ms).toFixed(0);
}

function artifactSection(artifacts: readonly ArtifactFacts[]): string {
  const arena = ({ arena_bytes }: ArtifactFacts): string =>
    Object.entries(arena_bytes)
      .map(([entry, [one, many]]) => `${entry} ${kB(one)}${many === one ? "" : ` / ${kB(many)}`}`)
      .join(", ");
  const columns: readonly Column<ArtifactFacts>[] = [
    { head: "network", cell: ({ net, train }) => `${net}${train ? " (training)" : ""}` },
    { head: "target", cell: ({ target }) => target },
    { head: "compile, ms", cell: ({ compile_ms }) => String(compile_ms) },
    { head: "compiler RSS, MB", cell: ({ compiler_rss_mb }) => String(compiler_rss_mb) },
    { head: "code, kB", cell: ({ code_bytes }) => kB(code_bytes) },
    { head: "code gzip, kB", cell: ({ code_gzip_bytes }) => kB(code_gzip_bytes) },
    { head: "arena, kB (batch 1 / 3750)", cell: arena },
    { head: "kernels", cell: ({ kernels }) => Object.values(kernels).join(", ") },
  ];
  return `### Artifacts\n\n${table(columns, artifacts)}`;
}

function kernelSections(kernels: readonly KernelRow[]): string[] {
  const columns: readonly Column<KernelRow>[] = [
    { head: "kernel", cell: ({ kernel }) => kernel },
    { head: "ms", cell: (row) => ms(row.ms) },
    { head: "launches", cell: ({ launches }) => String(launches) },
    { head: "share", cell: ({ share }) => percent(share) },
  ];
  return [...new Set(kernels.map(({ workload }) => workload))].map((name) => {
    const rows = kernels.filter(({ workload }) => workload === name);
    return `### Kernels of ${name} (wasm, one thread)\n\n${table(columns, rows)}`;
  });
}

/** The whole report. */
export function markdown({ date, machine, versions, peaks, rows, artifacts, kernels }: BenchFile): string {
  const versionTexts = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const peakColumns: readonly Column<BenchFile["peaks"][number]>[] = [
    { head: "multiply-adds in registers", cell: ({ name }) => name },
    { head: "threads", cell: ({ threads }) => String(threads) },
    { head: "GFLOP/s", cell: ({ gflops }) => gflops.toFixed(1) },
  ];
  const sections = [
    `${date}, ${machine}. ${versionTexts.join(", ")}.`,
    `### What the machine can do\n\n${table(peakColumns, peaks)}`,
    ...workloads.map((workload) => workloadSection(workload, rows)),
    artifacts.length === 0 ? undefined : artifactSection(artifacts),
    ...kernelSections(kernels),
  ];
  return sections.filter((section) => section !== undefined).join("\n\n");
}
