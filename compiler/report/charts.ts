/** Bar charts of a report, as data, and the script that draws them with Chart.js in the colours of the page. */
import { chartLibrary } from "./chart-library.ts";
import { scriptJson } from "./page.ts";

export interface BarChart {
  /** Of its canvas. */
  readonly id: string;
  readonly labels: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly unit: string;
  readonly logarithmic?: boolean;
}

export const chartScript = (charts: readonly BarChart[]): string =>
  `${chartLibrary()}\nconst charts=${scriptJson(charts)};\n${draw}`;

/** Runs in the page. Values are written beside their bars, so that nobody has to aim at one. */
const draw = `
const root = getComputedStyle(document.documentElement);
const color = (name) => root.getPropertyValue(name).trim();
const text = (value) => value >= 100 ? value.toFixed(0) : value.toPrecision(3);
Chart.defaults.font.family = "system-ui, sans-serif";
Chart.defaults.color = color("--soft");
Chart.defaults.animation = false;
const valueLabels = { id: "valueLabels", afterDatasetsDraw(chart, _, { unit }) {
  const { ctx, data, chartArea } = chart;
  ctx.save();
  ctx.font = "12px system-ui, sans-serif";
  ctx.fillStyle = color("--ink");
  ctx.textBaseline = "middle";
  data.datasets.forEach((series, at) => chart.getDatasetMeta(at).data.forEach((bar, i) => {
    const label = text(series.data[i]) + " " + unit;
    const fits = bar.x + 8 + ctx.measureText(label).width < chartArea.right + 78;
    ctx.textAlign = fits ? "left" : "right";
    ctx.fillText(label, fits ? bar.x + 6 : bar.x - 6, bar.y);
  }));
  ctx.restore();
} };
for (const { id, labels, series, unit, logarithmic } of charts) {
  const palette = ["--a", "--b", "--c"].map(color);
  new Chart(document.getElementById(id), {
    type: "bar",
    plugins: [valueLabels],
    data: { labels, datasets: series.map(({ name, values }, at) => ({
      label: name, data: values, borderRadius: 4, barPercentage: 0.8, categoryPercentage: 0.85,
      backgroundColor: series.length > 1 ? palette[at] : labels.map((label) => label === "eager" ? palette[1] : palette[0]),
    })) },
    options: {
      indexAxis: "y", responsive: true, maintainAspectRatio: false, layout: { padding: { right: 78 } },
      scales: {
        x: { type: logarithmic ? "logarithmic" : "linear", grid: { color: color("--line") }, border: { display: false },
             ticks: { maxTicksLimit: 6, callback: (value) => Number(value).toLocaleString("en") + " " + unit } },
        y: { grid: { display: false }, ticks: { color: color("--ink"), autoSkip: false } },
      },
      plugins: { legend: { display: series.length > 1, position: "bottom" }, valueLabels: { unit },
        tooltip: { callbacks: { label: ({ parsed, dataset }) => dataset.label + ": " + text(parsed.x) + " " + unit } } },
    },
  });
}
`;
