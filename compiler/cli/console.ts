/** What commands print: results to the standard output, progress to the standard error, tables with aligned columns. */
import { CompilerBug, ModelError, Unsupported } from "../../ir/errors.ts";

export const ExitCode = { done: 0, failed: 1, unsupported: 3 } as const;

export interface Output {
  /** A line of the result. */
  print(line: string): void;
  /** What long work is doing. On a terminal it replaces what it said before. */
  progress(step: string): void;
}

export function consoleOutput(): Output {
  const isTerminal = process.stderr.isTTY === true;
  let shown = false;
  const clear = (): void => {
    if (shown) process.stderr.write("\r\x1b[K");
    shown = false;
  };
  process.once("exit", clear);
  return {
    print(line) {
      clear();
      process.stdout.write(`${line}\n`);
    },
    progress(step) {
      clear();
      process.stderr.write(isTerminal ? step : `${step}\n`);
      shown = isTerminal;
    },
  };
}

/** One line for failures with a cause the reader can act on; everything else is a bug and keeps its stack. */
export function errorText(error: unknown): string {
  if (error instanceof ModelError || error instanceof Unsupported || error instanceof CompilerBug)
    return `error: ${error.message.replace(/\s*\n\s*/g, " ")}`;
  return error instanceof Error ? `error: ${error.stack ?? error.message}` : `error: ${String(error)}`;
}

export const exitCodeOf = (error: unknown): number =>
  error instanceof Unsupported ? ExitCode.unsupported : ExitCode.failed;

/** Columns as wide as their widest cell; numbers (what begins with a digit) to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at].length)));
  const isNumeric = head.map(
    (_, at) => rows.length > 0 && rows.every((row) => /^([-+]?\d|-?$|–)/.test(row[at])),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (isNumeric[at] ? cell.padStart(widths[at]) : cell.padEnd(widths[at])))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)];
}

/** `1.2 MB`, in powers of ten. */
export function bytesText(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Milliseconds with three digits that mean something. */
export const millisecondsText = (milliseconds: number): string =>
  milliseconds >= 100 ? `${milliseconds.toFixed(0)} ms` : `${milliseconds.toPrecision(3)} ms`;
