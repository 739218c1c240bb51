/**
 * The list of passes, read from what MLIR prints for `mlir-opt --help`: it keeps no list that one could ask.
 */

export interface PassOption {
  readonly name: string;
  readonly description: string;
}

export interface PassInfo {
  /** As pipelines spell it: "canonicalize". */
  readonly name: string;
  readonly description: string;
  /** What may stand in the braces of a pipeline: `canonicalize{max-iterations=3}`. */
  readonly options: readonly PassOption[];
  /** A pipeline is a name for several passes. */
  readonly kind: "pass" | "pipeline";
}

const LINE = /^(\s*)--(\S+)(?:\s+-\s+(.*))?$/;

/** Below a heading, passes are indented alike, and options more. */
export function parsePassList(text: string): readonly PassInfo[] {
  const passes: (PassInfo & { options: PassOption[] })[] = [];
  let kind: PassInfo["kind"] | undefined;
  let margin = -1;
  for (const line of text.split("\n")) {
    const heading = /^\s*(Passes|Pass Pipelines):/.exec(line)?.[1];
    if (heading !== undefined) {
      kind = heading === "Passes" ? "pass" : "pipeline";
      margin = -1;
    }
    const [, indent, spelled, description = ""] = LINE.exec(line) ?? [];
    if (spelled === undefined || kind === undefined) continue;
    const name = spelled.replace(/=<.*$/, "");
    if (margin < 0) margin = indent.length;
    if (indent.length <= margin) passes.push({ name, description, options: [], kind });
    else passes[passes.length - 1].options.push({ name, description });
  }
  return passes;
}
