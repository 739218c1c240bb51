/** `keratin bench`: eager against compiled, target against target, with and without each pass. */
import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { ModelError, Unsupported } from "../../ir/errors.ts";
import { type BenchReport, bench } from "../report/bench.ts";
import { bytesText, millisecondsText, type Output, table } from "./console.ts";
import { loadSource } from "./load-source.ts";
import { positiveInteger } from "./numbers.ts";
import { parseTargets } from "./targets.ts";

interface BenchOptions {
  readonly target: string;
  readonly eager?: boolean;
  readonly batch: string;
  readonly threads: string;
  readonly time: string;
  readonly json?: string;
  readonly html?: string;
}

export function addBench(program: Command, output: Output): void {
  program
    .command("bench")
    .description("measure a model: targets, kernels, what each pass buys, and eager mode beside them")
    .argument("<model>", "a .keras file, or a module that exports a model")
    .option("-t, --target <list>", "wasm, wgsl, cpp, cuda; several with commas", "wasm")
    .option("--eager", "also one op at a time")
    .option("-b, --batch <n>", "samples in a call", "1")
    .option("--threads <n>", "threads that a target may use; there is one so far", "1")
    .option("--time <ms>", "milliseconds for each steady measurement", "1000")
    .option("--json <file>", "write the figures")
    .option("--html <file>", "write a report with charts")
    .action((path: string, options: BenchOptions) => benchCommand(path, options, output));
}

async function benchCommand(path: string, options: BenchOptions, output: Output): Promise<void> {
  const targets = parseTargets(options.target);
  const batch = positiveInteger(options.batch, "--batch");
  const budget = positiveInteger(options.time, "--time");
  if (positiveInteger(options.threads, "--threads") !== 1)
    throw new Unsupported(targets.join(", "), `${options.threads} threads`, { expected: "--threads 1" });
  const source = await loadSource(path);
  const report = await bench(source, {
    targets,
    batch,
    eager: options.eager,
    budget,
    progress: output.progress,
  });
  printBench(report, output);
  if (options.json !== undefined) writeReport(options.json, `${JSON.stringify(report, null, 1)}\n`);
  if (options.html !== undefined) {
    const { benchHtml } = await import("../report/bench-html.ts");
    writeReport(options.html, benchHtml(report));
  }
}

export function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new ModelError("cannot write the report", { where: file, got: (error as Error).message });
  }
}

/** All tables of a report. */
export function printBench(report: BenchReport, { print }: Output): void {
  const { model, batch, flops, machine, targets, missing } = report;
  print(`${model}, batch ${batch}, ${(flops / 1e6).toFixed(2)} MFLOP per call`);
  print(machine);
  print("");
  for (const line of targetTable(report)) print(line);
  for (const { target, why } of missing) print(`${target}: not run: ${why}`);
  if (targets.length > 0) {
    for (const lines of [kernelTable(report), passTable(report)]) {
      print("");
      for (const line of lines) print(line);
    }
  }
}

/** Eager and every target: cold, first, steady. */
export function targetTable({ targets, eager }: BenchReport): string[] {
  const rows = targets.map(
    ({ target, compile, load, first, steady, flopsPerSecond, arenaBytes, codeBytes, kernels }) => [
      target,
      millisecondsText(compile),
      millisecondsText(load),
      millisecondsText(first),
      millisecondsText(steady.best),
      millisecondsText(steady.median),
      (flopsPerSecond / 1e9).toFixed(2),
      eager === undefined ? "-" : `${(eager.steady.best / steady.best).toFixed(1)}x`,
      String(kernels),
      bytesText(arenaBytes),
      bytesText(codeBytes),
    ],
  );
  if (eager !== undefined) {
    const { first, steady } = eager;
    const times = [first, steady.best, steady.median].map(millisecondsText);
    rows.unshift(["eager", "-", "-", ...times, "-", "1.0x", "-", "-", "-"]);
  }
  return table(
    ["", "compile", "load", "first", "best", "median", "GFLOP/s", "vs eager", "kernels", "arena", "code"],
    rows,
  );
}

function kernelTable({ kernels, program }: BenchReport): string[] {
  const total = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const launches = program.steps.filter(({ kind }) => kind === "launch");
  const rows = kernels.map(({ name, milliseconds, launches: count }) => [
    name,
    millisecondsText(milliseconds),
    `${((100 * milliseconds) / total).toFixed(0)} %`,
    String(count),
    launches.find((step) => step.name === name)?.ops.join(" ") ?? "",
  ]);
  return table(["wasm kernel", "time", "share", "launches", "ops"], rows);
}

function passTable({ passes }: BenchReport): string[] {
  const rows = passes.map(({ pass, steady, ratio = 1, kernels, arenaBytes, problem }) => {
    if (steady === undefined) return [pass, "-", "-", "-", "-", problem?.split(/[.;\n]/)[0] ?? ""];
    return [
      pass,
      millisecondsText(steady.best),
      `${ratio.toFixed(2)}x`,
      String(kernels),
      bytesText(arenaBytes ?? 0),
      "",
    ];
  });
  return table(["wasm without", "best", "time", "kernels", "arena", ""], rows);
}
