/**
 * Draws a fused graph from top to bottom: one box per kernel with the ops that were fused into it. A node's row is one below the lowest
 * of those it reads; boxes of a row stand side by side.
 */
import type { GraphNode } from "./inspect.ts";
import { escapeHtml } from "./page.ts";

const BOX = { width: 300, gap: 26, line: 16, padding: 12, between: 34 };
/** Ops in one line of a box. */
const LINE_LENGTH = 37;

interface Placed {
  readonly node: GraphNode;
  readonly lines: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export function graphSvg(nodes: readonly GraphNode[]): string {
  const rows = rowsOf(nodes);
  const columns = Math.max(1, ...rows.map((row) => row.length));
  const width = columns * (BOX.width + BOX.gap);
  const placed = new Map<number, Placed>();
  let y = 4;
  for (const row of rows) {
    const left = (width - row.length * (BOX.width + BOX.gap)) / 2 + BOX.gap / 2;
    const boxes = row.map((node, at): Placed => {
      const lines = wrap(node.ops);
      const height = 2 * BOX.padding + BOX.line * (lines.length + 2) - 4;
      return { node, lines, x: left + at * (BOX.width + BOX.gap), y, height };
    });
    for (const box of boxes) placed.set(box.node.id, box);
    y += Math.max(0, ...boxes.map(({ height }) => height)) + BOX.between;
  }
  const all = [...placed.values()];
  const edges = all.flatMap((to) => to.node.from.map((id) => edge(placed.get(id), to)));
  const drawing = [...edges, ...all.map(box)].join("");
  // As large as it is: a wide graph scrolls, because shrunk nobody could read it.
  return `<div class="scroll"><svg viewBox="0 0 ${width} ${y}" style="width:${width}px;max-width:none;margin:0 auto" role="img" aria-label="graph of kernels">${drawing}</svg></div>`;
}

function rowsOf(nodes: readonly GraphNode[]): GraphNode[][] {
  const depth = new Map<number, number>();
  const rows: GraphNode[][] = [];
  // Nodes come in an order in which whoever is read comes first.
  for (const node of nodes) {
    const level = node.from.length === 0 ? 0 : 1 + Math.max(...node.from.map((id) => depth.get(id) ?? 0));
    depth.set(node.id, level);
    rows[level] ??= [];
    rows[level].push(node);
  }
  return rows.filter((row) => row !== undefined);
}

/** Equal ops in a row as one, with a count; then in lines. */
function wrap(ops: readonly string[]): string[] {
  const words: string[] = [];
  for (let at = 0; at < ops.length; ) {
    let end = at;
    while (ops[end] === ops[at] && end < ops.length) end++;
    words.push(end - at > 1 ? `${ops[at]} ×${end - at}` : ops[at]);
    at = end;
  }
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 3 <= LINE_LENGTH)
      lines[lines.length - 1] = `${last} · ${word}`;
    else lines.push(word);
  }
  return lines;
}

function edge(from: Placed | undefined, to: Placed): string {
  if (from === undefined) return "";
  const [x1, y1, x2, y2] = [from.x + BOX.width / 2, from.y + from.height, to.x + BOX.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  return `<path d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}" fill="none" stroke="var(--soft)" stroke-width="1.4"/>`;
}

const colors = { input: "var(--c)", output: "var(--c)", group: "var(--a)", op: "var(--soft)" };

function box({ node, lines, x, y, height }: Placed): string {
  const text = (content: string, row: number, kind: string): string =>
    `<text class="${kind}" x="${x + BOX.padding + 4}" y="${y + BOX.padding + 10 + row * BOX.line}">${escapeHtml(content)}</text>`;
  const head = `<text x="${x + BOX.padding + 4}" y="${y + BOX.padding + 10}" style="font-weight:600">${escapeHtml(node.label)}</text>`;
  const type = node.type.length > 38 ? `${node.type.slice(0, 37)}…` : node.type;
  const body = [
    ...lines.map((line, at) => text(line, at + 1, "mono")),
    text(type, lines.length + 1, "soft mono"),
  ];
  return `<g><title>${escapeHtml(`${node.label}: ${node.type}`)}</title><rect x="${x}" y="${y}" width="${BOX.width}" height="${height}" rx="8" fill="var(--ground)" stroke="var(--line)"/><rect x="${x}" y="${y}" width="4" height="${height}" rx="2" fill="${colors[node.kind]}"/>${head}${body.join("")}</g>`;
}
