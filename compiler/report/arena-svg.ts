/** Draws the memory plan: steps from left to right, bytes from bottom to top, a rectangle for each slot while it is in use. */
import { escapeHtml } from "./page.ts";
import type { ProgramFacts, SlotFacts } from "./program-facts.ts";

/** Widths of the drawing and, about, of a letter in it. */
const WIDTH = 1000;
const LETTER = 7;
const HEIGHT = 300;
const MARGIN = { left: 70, bottom: 44, top: 10 };
const hues = [212, 24, 152, 268, 46, 338, 190, 96];

export function arenaSvg({ slots, steps, arenaBytes }: ProgramFacts): string {
  if (slots.length === 0) return "<p>This program needs no arena.</p>";
  const top = Math.max(arenaBytes, ...slots.map(({ offset, bytes }) => offset + bytes));
  const x = (step: number): number => MARGIN.left + (step / steps.length) * (WIDTH - MARGIN.left);
  const y = (byte: number): number =>
    HEIGHT - MARGIN.bottom - (byte / top) * (HEIGHT - MARGIN.bottom - MARGIN.top);
  const ticks = [0, 0.5, 1].map((part) => axisTick(y(part * top), part * top));
  // What has no room is told by its number.
  const room = (x(1) - x(0)) / LETTER;
  const crowded = steps.some(({ name }) => name.length > room);
  const names = steps.map(({ name }, at) => stepLabel((x(at) + x(at + 1)) / 2, crowded ? String(at) : name));
  const boxes = slots.map((slot, at) => slotBox(slot, hues[at % hues.length], x, y));
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="memory over time">${[...ticks, ...names, ...boxes].join("")}</svg>`;
}

const axisTick = (y: number, bytes: number): string =>
  `<line x1="${MARGIN.left}" x2="${WIDTH}" y1="${y}" y2="${y}" stroke="var(--line)"/><text class="soft" x="${MARGIN.left - 8}" y="${y + 4}" text-anchor="end">${kilobytes(bytes)}</text>`;

const stepLabel = (x: number, text: string): string =>
  `<text class="soft" x="${x}" y="${HEIGHT - MARGIN.bottom + 20}" text-anchor="middle">${escapeHtml(text)}</text>`;

const kilobytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

function slotBox(
  { name, offset, bytes, from, to }: SlotFacts,
  hue: number,
  x: (step: number) => number,
  y: (byte: number) => number,
): string {
  const [left, right, low, high] = [x(from) + 1, x(to + 1) - 1, y(offset), y(offset + bytes)];
  const title = `${name}: ${kilobytes(bytes)} at ${offset}, steps ${from} to ${to}`;
  const text = `${name} · ${kilobytes(bytes)}`;
  const fits = low - high > 16 && text.length * LETTER < right - left;
  const label = fits
    ? `<text x="${(left + right) / 2}" y="${(low + high) / 2 + 4}" text-anchor="middle">${escapeHtml(text)}</text>`
    : "";
  const height = Math.max(low - high, 1.5);
  return `<g><title>${escapeHtml(title)}</title><rect x="${left}" y="${high}" width="${right - left}" height="${height}" rx="3" fill="hsl(${hue} 65% 55% / .38)" stroke="hsl(${hue} 60% 45%)"/>${label}</g>`;
}
