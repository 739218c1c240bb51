/**
 * What MLIR has to say about a module: data, not text.
 */

export type Severity = "error" | "warning" | "remark" | "note";

export interface Diagnostic {
  readonly severity: Severity;
  readonly message: string;
  /** The name given to `parse`. Absent, with line and column, where the operation comes from no text. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1, in bytes of UTF-8, as mlir-opt counts. */
  readonly column?: number;
  /** The whole location as MLIR prints it. */
  readonly location: string;
  /** What else helps to understand it. */
  readonly notes: readonly Diagnostic[];
}

/** `file:line:column: error: message`, notes on lines of their own, as mlir-opt prints them. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, location, severity, message, notes } = diagnostic;
  const place = line === undefined ? location : `${file}:${line}:${column}`;
  const head = place === "" || place === "loc(unknown)" ? "" : `${place}: `;
  return [`${head}${severity}: ${message}`, ...notes.map(formatDiagnostic)].join("\n");
}
