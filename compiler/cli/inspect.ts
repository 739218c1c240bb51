/** `keratin inspect`: what the compiler makes of a model: ops, passes, kernels with what was fused into them, and the memory plan. */
import type { Command } from "commander";
import { type EntryFacts, type InspectReport, inspectModel } from "../report/inspect.ts";
import { writeReport } from "./bench.ts";
import { bytesText, millisecondsText, type Output, table } from "./console.ts";
import { loadSource } from "./load-source.ts";
import { positiveInteger } from "./numbers.ts";
import { parseTarget } from "./targets.ts";

interface InspectOptions {
  readonly target: string;
  readonly batch: string;
  readonly train?: boolean;
  readonly html?: string;
}

export function addInspect(program: Command, output: Output): void {
  program
    .command("inspect")
    .description("print ops, passes, kernels, what was fused into them, and the memory plan")
    .argument("<model>", "a .keras file, or a module that exports a model")
    .option("-t, --target <target>", "wasm, wgsl, cpp or cuda: kernels and memory depend on it", "wasm")
    .option("-b, --batch <n>", "samples in a call, for sizes in bytes", "1")
    .option("--train", "the training step too")
    .option("--html <file>", "write a page that draws graph and memory")
    .action((path: string, options: InspectOptions) => inspectCommand(path, options, output));
}

async function inspectCommand(
  path: string,
  { target, batch, train, html }: InspectOptions,
  output: Output,
): Promise<void> {
  const chosen = parseTarget(target);
  const samples = positiveInteger(batch, "--batch");
  output.progress(`read ${path}`);
  const report = inspectModel(await loadSource(path, { train }), chosen, samples);
  printInspect(report, output);
  if (html === undefined) return;
  const { inspectHtml } = await import("../report/inspect-html.ts");
  writeReport(html, inspectHtml(report));
}

function printInspect(report: InspectReport, { print }: Output): void {
  const { model, target, batch, weightsBytes, stateBytes, passes, entries } = report;
  const state = stateBytes > 0 ? `, ${bytesText(stateBytes)} of state` : "";
  print(`${model} for ${target}, batch ${batch}: ${bytesText(weightsBytes)} of weights${state}`);
  print("");
  for (const line of passTable(passes)) print(line);
  for (const entry of entries) {
    print("");
    for (const line of entryLines(entry)) print(line);
  }
}

function passTable(passes: InspectReport["passes"]): string[] {
  const rows = passes.map(({ name, before, after, milliseconds, rules }) => [
    name,
    String(before),
    String(after),
    millisecondsText(milliseconds),
    rules.map(([rule, count]) => (count === 1 ? rule : `${rule} ${count}`)).join(", "),
  ]);
  return table(["pass", "ops before", "after", "time", "rules"], rows);
}

function entryLines({ name, ops, flops, program }: EntryFacts): string[] {
  const kernels = program.steps.map(({ kind, name: step, ops: fused, results, chunked }, at) => [
    String(at),
    kind === "launch" ? step : `${kind} ${step}`,
    chunked ? "chunk" : "whole",
    results.join(", "),
    fused.join(" "),
  ]);
  const slots = program.slots.map(({ name: slot, offset, bytes, from, to }) => [
    slot,
    String(offset),
    String(bytes),
    `${from}-${to}`,
  ]);
  const launches = program.steps.filter(({ kind }) => kind === "launch").length;
  const sizes = Object.entries(program.sizes)
    .map(([symbol, value]) => `${symbol} = ${value}`)
    .join(", ");
  return [
    `${name}: ${launches} kernels, ${flops} FLOP; traced as ${ops.map(([op, count]) => `${count} ${op}`).join(", ")}`,
    "",
    ...table(["", "kernel", "batch", "result", "fused ops"], kernels),
    "",
    `arena ${bytesText(program.arenaBytes)} (${sizes}); side by side its slots would take ${bytesText(program.unsharedBytes)}`,
    ...table(["slot", "offset", "bytes", "steps"], slots),
  ];
}
