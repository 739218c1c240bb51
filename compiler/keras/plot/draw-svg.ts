/**
 * Boxes and arrows as SVG that stands alone. A box lies one row behind the last of those it follows; boxes of a row stand in the order of the
 * model, moved towards those they follow. Text is measured by counting, so that nothing of a browser is needed.
 */
import type { PlotBox, PlotFrame, PlotGraph } from "./model-graph.ts";

const size = { title: 16, text: 14, line: 34, padding: 12, gap: 40, row: 44, frame: 16 };
/** Width of a character as a share of the size of the text, for Helvetica on average. */
const characterWidth = 0.56;

interface Placed {
  readonly box: PlotBox;
  readonly width: number;
  readonly height: number;
  x: number;
  y: number;
}

export function drawSvg(graph: PlotGraph, rankdir: "TB" | "LR", dpi: number): string {
  const placed = place(graph, rankdir);
  const frames = framesOf(placed);
  const right = Math.max(...[...placed, ...frames].map(({ x, width }) => x + width), 0) + size.gap / 2;
  const bottom = Math.max(...[...placed, ...frames].map(({ y, height }) => y + height), 0) + size.gap / 2;
  const parts = [
    ...frames.map(drawFrame),
    ...graph.arrows.map(([from, to]) => drawArrow(placed[from], placed[to], rankdir)),
    ...placed.map(drawBox),
  ];
  // Keras draws at 200 dots an inch; 96 is an inch in SVG.
  const scale = dpi / 200;
  const [width, height] = [right, bottom].map((length) => Math.round(length * scale));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${round(right)} ${round(bottom)}" font-family="Helvetica, Arial, sans-serif">`,
    `<defs><marker id="arrow" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z"/></marker></defs>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

const round = (value: number): number => Math.round(value * 10) / 10;

function place(graph: PlotGraph, rankdir: "TB" | "LR"): Placed[] {
  const placed = graph.boxes.map((box): Placed => ({ box, ...extent(box), x: 0, y: 0 }));
  const rows = rowsOf(graph);
  // Along: the way of the arrows; across: within a row.
  const [along, across] = rankdir === "TB" ? (["height", "width"] as const) : (["width", "height"] as const);
  const [alongAt, acrossAt] = rankdir === "TB" ? (["y", "x"] as const) : (["x", "y"] as const);
  let at = size.gap;
  for (const row of rows) {
    const boxes = row.map((id) => placed[id]);
    const before = (id: number): number[] =>
      graph.arrows.filter(([, to]) => to === id).map(([from]) => centre(placed[from]));
    let next = size.gap;
    for (const box of boxes) {
      const wanted = mean(before(box.box.id)) - box[across] / 2;
      box[acrossAt] = Math.max(next, Number.isNaN(wanted) ? next : wanted);
      box[alongAt] = at;
      next = box[acrossAt] + box[across] + size.gap;
    }
    at += Math.max(...boxes.map((box) => box[along])) + size.row;
  }
  return placed;

  function centre(box: Placed): number {
    return box[acrossAt] + box[across] / 2;
  }
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The boxes by their distance from the inputs. */
function rowsOf({ boxes, arrows }: PlotGraph): number[][] {
  const depth = new Map<number, number>();
  const depthOf = (id: number): number => {
    const known = depth.get(id);
    if (known !== undefined) return known;
    // Shared layers may follow themselves: those being asked for count as inputs.
    depth.set(id, 0);
    const before = arrows.filter(([, to]) => to === id).map(([from]) => depthOf(from) + 1);
    depth.set(id, Math.max(0, ...before));
    return Math.max(0, ...before);
  };
  const rows: number[][] = [];
  for (const { id } of boxes) {
    const row = depthOf(id);
    while (rows.length <= row) rows.push([]);
    rows[row].push(id);
  }
  return rows.filter((row) => row.length > 0);
}

const widthOf = (text: string, points: number): number =>
  text.length * points * characterWidth + 2 * size.padding;

const cellsOf = ({ cells, trainable }: PlotBox): string[] =>
  trainable === undefined ? [...cells] : [...cells, trainable ? "Trainable" : "Non-trainable"];

function extent(box: PlotBox): { width: number; height: number } {
  const cells = cellsOf(box);
  const lines = 1 + (box.activation === undefined ? 0 : 1) + (cells.length > 0 ? 1 : 0);
  const activation = box.activation === undefined ? 0 : widthOf(`Activation: ${box.activation}`, size.text);
  const row = cells.reduce((sum, cell) => sum + widthOf(cell, size.text), 0);
  return { width: Math.max(widthOf(box.title, size.title + 1), activation, row), height: lines * size.line };
}

const escaped = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character] ?? "",
  );

interface Cell {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly text: string;
  readonly fill: string;
  readonly color: string;
  readonly points: number;
}

function drawCell({ x, y, width, text, fill, color, points }: Cell): string {
  const at = `x="${round(x + width / 2)}" y="${round(y + size.line / 2 + points * 0.35)}"`;
  const weight = points === size.title ? ` font-weight="bold"` : "";
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${size.line}" fill="${fill}" stroke="black"/><text ${at} text-anchor="middle" font-size="${points}" fill="${color}"${weight}>${escaped(text)}</text>`;
}

function drawBox({ box, x, y, width }: Placed): string {
  const full = (text: string, row: number, fill: string, color: string, points: number): string =>
    drawCell({ x, y: y + row * size.line, width, text, fill, color, points });
  const parts = [full(box.title, 0, "black", "white", size.title)];
  if (box.activation !== undefined)
    parts.push(full(`Activation: ${box.activation}`, 1, "white", "black", size.text));
  const cells = cellsOf(box);
  const natural = cells.map((cell) => widthOf(cell, size.text));
  const stretch = width / natural.reduce((a, b) => a + b, 0);
  const row = y + (box.activation === undefined ? 1 : 2) * size.line;
  let left = x;
  cells.forEach((text, i) => {
    const marked = box.trainable !== undefined && i === cells.length - 1;
    const fill = marked ? (box.trainable ? "forestgreen" : "firebrick") : "white";
    const cellWidth = natural[i] * stretch;
    parts.push(
      drawCell({
        x: left,
        y: row,
        width: cellWidth,
        text,
        fill,
        color: marked ? "white" : "black",
        points: size.text,
      }),
    );
    left += cellWidth;
  });
  return `<g>${parts.join("")}</g>`;
}

function drawArrow(from: Placed, to: Placed, rankdir: "TB" | "LR"): string {
  const down = rankdir === "TB";
  const start = down
    ? [from.x + from.width / 2, from.y + from.height]
    : [from.x + from.width, from.y + from.height / 2];
  const end = down ? [to.x + to.width / 2, to.y] : [to.x, to.y + to.height / 2];
  const middle = down ? (start[1] + end[1]) / 2 : (start[0] + end[0]) / 2;
  const [a, b] = down
    ? [
        [start[0], middle],
        [end[0], middle],
      ]
    : [
        [middle, start[1]],
        [middle, end[1]],
      ];
  const path = [start, a, b, end].map(([x, y]) => `${round(x)} ${round(y)}`);
  return `<path d="M${path[0]}C${path.slice(1).join(" ")}" fill="none" stroke="black" stroke-width="2" marker-end="url(#arrow)"/>`;
}

interface DrawnFrame {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A dashed frame around the boxes of each nested model, wider the more there is inside of it. */
function framesOf(placed: readonly Placed[]): DrawnFrame[] {
  const members = new Map<PlotFrame, Placed[]>();
  const depths = new Map<PlotFrame, number>();
  for (const item of placed)
    item.box.frames.forEach((frame, i) => {
      members.set(frame, [...(members.get(frame) ?? []), item]);
      depths.set(frame, Math.max(depths.get(frame) ?? 1, item.box.frames.length - i));
    });
  return [...members].map(([frame, boxes]) => {
    const margin = size.frame * (depths.get(frame) ?? 1);
    const [left, top] = [Math.min(...boxes.map(({ x }) => x)), Math.min(...boxes.map(({ y }) => y))];
    const right = Math.max(...boxes.map(({ x, width }) => x + width));
    const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
    return {
      name: frame.name,
      x: left - margin,
      y: top - margin,
      width: right - left + 2 * margin,
      height: bottom - top + 2 * margin,
    };
  });
}

const drawFrame = ({ name, x, y, width, height }: DrawnFrame): string =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="none" stroke="black" stroke-dasharray="6 4"/><text x="${round(x + 4)}" y="${round(y + 12)}" font-size="12">${escaped(name)}</text>`;
