/**
 * Keras's progress bar, character for character: `12/16 ━━━━━━━━━━━━━━━━━━━━ 3s 5ms/step - accuracy: 0.9 - loss: 0.3`. What it prints to and
 * the clock are given, so that tests can hold both.
 */

import { fixed, scientific } from "./python-format.ts";

/** Where text goes, and what time it is. */
export interface ProgressOutput {
  write(text: string): void;
  /** Seconds. */
  now(): number;
  /** Whether a line may be overwritten, as in a terminal. */
  readonly dynamic: boolean;
}

/** The terminal of this process; the console where there is none. */
export function standardOutput(): ProgressOutput {
  const now = (): number => performance.now() / 1000;
  if (typeof process !== "undefined" && process.stdout !== undefined) {
    return { write: (text) => void process.stdout.write(text), now, dynamic: process.stdout.isTTY === true };
  }
  return { write: (text) => console.log(text.replaceAll("\b", "")), now, dynamic: false };
}

const width = 20;
/** Seconds between two redraws. */
const interval = 0.05;

export type Verbosity = 0 | 1 | 2;

export class ProgressBar {
  private readonly target: number | null;
  private readonly verbose: Verbosity;
  private readonly out: ProgressOutput;
  private readonly start: number;
  private readonly values = new Map<string, number>();
  private lastUpdate = 0;
  private afterFirstStep: number | undefined;
  private shown = 0;

  /** `target` is the number of steps, null where it is not known yet. */
  constructor(target: number | null, verbose: Verbosity, out: ProgressOutput) {
    this.target = target;
    this.verbose = verbose;
    this.out = out;
    this.start = out.now();
    this.lastUpdate = Number.NEGATIVE_INFINITY;
  }

  /** Shows that `current` steps are done, with the present values of the metrics. */
  update(
    current: number,
    logs: Readonly<Record<string, number>>,
    finalize: boolean,
    target = this.target,
  ): void {
    for (const [name, value] of Object.entries(logs)) this.values.set(name, value);
    const now = this.out.now();
    const perStep = this.stepTime(current, now);
    if (this.verbose === 1) {
      if (now - this.lastUpdate < interval && !finalize) return;
      this.draw(current, target, now, perStep, finalize);
    } else if (this.verbose === 2 && finalize && target !== null && target > 0) {
      const elapsed = `${fixed(now - this.start, 0)}s`;
      this.out.write(
        `${counter(current, target)} - ${elapsed} -${formatTime(perStep)}${this.metrics(false)}\n`,
      );
    }
    this.lastUpdate = now;
  }

  private draw(
    current: number,
    target: number | null,
    now: number,
    perStep: number,
    finalize: boolean,
  ): void {
    const known = target !== null && target > 0;
    const bar = known
      ? drawBar(current, target)
      : { text: `${String(current).padStart(7)}/Unknown`, size: 7 + "/Unknown".length };
    const time =
      known && !finalize ? formatEta(perStep * (target - current)) : `${fixed(now - this.start, 0)}s`;
    const info = `${formatTime(perStep)}${this.metrics(true)}`;
    const size = bar.size + 1 + time.length + info.length;
    const back = this.out.dynamic ? `${"\b".repeat(this.shown)}\r` : "\n";
    const blanks = " ".repeat(Math.max(this.shown - size, 0));
    this.out.write(`${back}${bar.text} \x1b[1m${time}\x1b[0m${info}${blanks}${finalize ? "\n" : ""}`);
    this.shown = size;
  }

  /** NOTE: Keras compares the magnitude on one line and the value itself on the other. */
  private metrics(byMagnitude: boolean): string {
    return [...this.values]
      .map(([name, value]) => ` - ${name}: ${formatValue(value, byMagnitude ? Math.abs(value) : value)}`)
      .join("");
  }

  /** Seconds per step, without the first, which compiles. */
  private stepTime(current: number, now: number): number {
    if (current === 0) return 0;
    const first = this.afterFirstStep;
    const time =
      first !== undefined && current > 1 ? (now - first) / (current - 1) : (now - this.start) / current;
    if (current === 1) this.afterFirstStep = now;
    return time;
  }
}

function counter(current: number, target: number): string {
  return `${String(current).padStart(Math.floor(Math.log10(target)) + 1)}/${target}`;
}

/** The counter in bold, then the bar in green and white; `size` is how wide it looks. */
function drawBar(current: number, target: number): { readonly text: string; readonly size: number } {
  const count = counter(current, target);
  const done = Math.min(Math.floor((width * current) / target), width);
  const green = done > 0 ? `\x1b[32m${"━".repeat(done)}\x1b[0m` : "";
  return {
    text: `\x1b[1m${count}\x1b[0m ${green}\x1b[37m${"━".repeat(width - done)}\x1b[0m`,
    size: count.length + 1 + width,
  };
}

function formatEta(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  if (seconds > 3600)
    return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  if (seconds > 60) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds)}s`;
}

function formatTime(seconds: number): string {
  if (seconds >= 1 || seconds === 0) return ` ${fixed(seconds, 0)}s/step`;
  if (seconds >= 1e-3) return ` ${fixed(seconds * 1e3, 0)}ms/step`;
  return ` ${fixed(seconds * 1e6, 0)}us/step`;
}

/** Four places, or scientific as Python writes it (`1.0000e-04`) where the value is small. */
function formatValue(value: number, size: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (size > 1e-3) return fixed(value, 4);
  return scientific(value, 4);
}
