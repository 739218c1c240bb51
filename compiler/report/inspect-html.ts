/** The page of `keratin inspect --html`: the fused graph and the memory plan, drawn. */
import { arenaSvg } from "./arena-svg.ts";
import { graphSvg } from "./graph-svg.ts";
import type { EntryFacts, InspectReport } from "./inspect.ts";
import { cardsHtml, pageHtml, sectionHtml, tableHtml } from "./page.ts";

const kilobytes = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;

export function inspectHtml(report: InspectReport): string {
  const { model, target, batch, passes, entries } = report;
  const rows = passes.map(({ name, before, after, milliseconds, rules }) => [
    name,
    String(before),
    String(after),
    `${milliseconds.toFixed(1)} ms`,
    rules.map(([rule, count]) => `${rule} ×${count}`).join(", "),
  ]);
  const table = tableHtml(["pass", "ops before", "ops after", "time", "rules that fired"], rows);
  return pageHtml({
    title: `${model}: what the compiler makes of it`,
    subtitle: `target ${target}, batch ${batch}`,
    body: [
      ...entries.map((entry) => entryHtml(entry, report)),
      sectionHtml("Passes", "In order, over all functions of the model.", table),
    ].join("\n"),
  });
}

function entryHtml({ name, ops, flops, graph, program }: EntryFacts, report: InspectReport): string {
  const kernels = program.steps.filter(({ kind }) => kind === "launch").length;
  const traced = ops.reduce((sum, [, count]) => sum + count, 0);
  const sizes = Object.entries(program.sizes)
    .map(([symbol, value]) => `${symbol} = ${value}`)
    .join(", ");
  return [
    cardsHtml([
      { value: name, label: "function" },
      { value: `${traced} → ${kernels}`, label: "ops → kernels" },
      { value: flops, label: "floating-point operations" },
      {
        value: kilobytes(program.arenaBytes),
        label: `arena; ${kilobytes(program.unsharedBytes)} without sharing`,
      },
      { value: kilobytes(report.weightsBytes + report.stateBytes), label: "weights and state" },
    ]),
    sectionHtml(
      `${name}: kernels`,
      "Each box is one kernel; in it are the ops that were fused, and what it writes. Weights are left out.",
      graphSvg(graph),
    ),
    sectionHtml(
      `${name}: memory`,
      `Steps from left to right, addresses upwards: a slot is drawn while it is in use (${sizes}).`,
      arenaSvg(program),
    ),
  ].join("\n");
}
