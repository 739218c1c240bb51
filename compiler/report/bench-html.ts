/** The page of `keratin bench --html`: one file with charts. */
import { arenaSvg } from "./arena-svg.ts";
import type { BenchReport } from "./bench.ts";
import { type BarChart, chartScript } from "./charts.ts";
import { type Card, canvasHtml, cardsHtml, pageHtml, sectionHtml, tableHtml } from "./page.ts";

const milliseconds = (time: number): string =>
  time >= 100 ? `${time.toFixed(0)} ms` : `${time.toPrecision(3)} ms`;
const kilobytes = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;

export function benchHtml(report: BenchReport): string {
  const { model, batch, flops, machine, missing, kernels } = report;
  const charts = chartsOf(report);
  const chart = (id: string, title: string, note: string): string => {
    const found = charts.find((candidate) => candidate.id === id);
    return found === undefined
      ? ""
      : sectionHtml(title, note, canvasHtml(id, found.labels.length * (found.series.length > 1 ? 2.4 : 1)));
  };
  const body = [
    cardsHtml(cards(report)),
    chart(
      "steady",
      "One call, once warm",
      `Milliseconds for a batch of ${batch}, the best run; less is better. The scale is logarithmic.`,
    ),
    chart(
      "stages",
      "Until the first answer",
      "Compiling is done once, ahead of time. Loading includes the system compiler for C++ and CUDA. Logarithmic.",
    ),
    `<div class="pair">${chart("kernels", "Where the time goes", `The ${kernels.length} kernels of the wasm program, one call.`)}${chart("passes", "What each pass buys", "How many times slower the wasm program is when a pass is left out.")}</div>`,
    sectionHtml(
      "Memory",
      "The arena of the wasm program: steps from left to right, addresses upwards.",
      arenaSvg(report.program),
    ),
    missing.length === 0
      ? ""
      : sectionHtml(
          "Not measured here",
          "",
          tableHtml(
            ["target", "why"],
            missing.map(({ target, why }) => [target, why]),
          ),
        ),
    sectionHtml("Figures", machine, targetTable(report)),
    sectionHtml("Kernels", "Ops that were fused into each.", kernelTable(report)),
  ].join("\n");
  return pageHtml({
    title: `${model}: eager against compiled`,
    subtitle: `batch ${batch}, ${(flops / 1e6).toFixed(2)} MFLOP per call, ${machine}`,
    body,
    script: chartScript(charts),
  });
}

function cards({ targets, eager, kernels, program }: BenchReport): Card[] {
  const fastest = [...targets].sort((a, b) => a.steady.best - b.steady.best)[0];
  if (fastest === undefined) return [];
  const speed =
    eager === undefined
      ? []
      : [
          {
            value: `${(eager.steady.best / fastest.steady.best).toFixed(1)}×`,
            label: `${fastest.target} against eager`,
          },
        ];
  return [
    { value: milliseconds(fastest.steady.best), label: `a call on ${fastest.target}, the fastest` },
    ...speed,
    { value: (fastest.flopsPerSecond / 1e9).toFixed(1), label: "GFLOP/s there" },
    { value: String(kernels.length), label: "kernels" },
    { value: kilobytes(program.arenaBytes), label: "of scratch memory" },
  ];
}

function chartsOf({ targets, eager, kernels, passes }: BenchReport): BarChart[] {
  const rows = [
    ...(eager === undefined ? [] : [{ name: "eager", best: eager.steady.best }]),
    ...targets.map(({ target, steady }) => ({ name: target, best: steady.best })),
  ];
  const measured = passes.flatMap(({ pass, ratio }) => (ratio === undefined ? [] : [{ pass, ratio }]));
  measured.sort((a, b) => b.ratio - a.ratio);
  const stages = (name: string, value: (bench: BenchReport["targets"][number]) => number) => ({
    name,
    values: targets.map(value),
  });
  return [
    {
      id: "steady",
      labels: rows.map(({ name }) => name),
      unit: "ms",
      logarithmic: true,
      series: [{ name: "best", values: rows.map(({ best }) => best) }],
    },
    {
      id: "stages",
      labels: targets.map(({ target }) => target),
      unit: "ms",
      logarithmic: true,
      series: [
        stages("compile", ({ compile }) => compile),
        stages("load", ({ load }) => load),
        stages("first call", ({ first }) => first),
      ],
    },
    {
      id: "kernels",
      labels: kernels.map(({ name }) => name),
      unit: "ms",
      series: [{ name: "time", values: kernels.map((kernel) => kernel.milliseconds) }],
    },
    {
      id: "passes",
      labels: measured.map(({ pass }) => pass),
      unit: "×",
      logarithmic: measured.some(({ ratio }) => ratio > 5),
      series: [{ name: "slower", values: measured.map(({ ratio }) => ratio) }],
    },
  ];
}

function targetTable({ targets, eager }: BenchReport): string {
  const rows = targets.map(
    ({ target, compile, load, first, steady, flopsPerSecond, arenaBytes, codeBytes }) => [
      target,
      ...[compile, load, first, steady.best, steady.median].map(milliseconds),
      (flopsPerSecond / 1e9).toFixed(2),
      kilobytes(arenaBytes),
      kilobytes(codeBytes),
    ],
  );
  if (eager !== undefined)
    rows.unshift([
      "eager",
      "",
      "",
      ...[eager.first, eager.steady.best, eager.steady.median].map(milliseconds),
      "",
      "",
      "",
    ]);
  return tableHtml(["", "compile", "load", "first", "best", "median", "GFLOP/s", "arena", "code"], rows);
}

function kernelTable({ kernels, program }: BenchReport): string {
  const rows = kernels.map(({ name, milliseconds: time, launches }) => {
    const step = program.steps.find((candidate) => candidate.kind === "launch" && candidate.name === name);
    return [
      name,
      milliseconds(time),
      String(launches),
      step?.results.join(", ") ?? "",
      step?.ops.join(" · ") ?? "",
    ];
  });
  return tableHtml(["kernel", "time", "launches", "writes", "fused ops"], rows);
}
