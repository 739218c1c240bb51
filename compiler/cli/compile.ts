/** `keratin compile`: writes artifacts. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { packageArtifact, type Tunings } from "../package/artifact.ts";
import { parseTuning } from "../tune/tuning-file.ts";
import { bytesText, type Output, table } from "./console.ts";
import { loadSource } from "./load-source.ts";
import { parseTarget, parseTargets } from "./targets.ts";

interface CompileOptions {
  readonly target: string;
  readonly out: string;
  readonly train?: boolean;
  readonly strict?: boolean;
  readonly name?: string;
  readonly tuning?: string;
}

export function addCompile(program: Command, output: Output): void {
  program
    .command("compile")
    .description("compile a model to folders that run by themselves, one per target")
    .argument("<model>", "a .keras file, or a .ts or .js module that exports a model")
    .option("-t, --target <list>", "wasm, wgsl, cpp, cuda; several with commas", "wasm")
    .option("-o, --out <dir>", "where the folders go", "dist")
    .option("--train", "add the training step (the model must be compiled with a loss)")
    .option("--strict", "the same bits on every machine: never multiply and add in one rounding")
    .option("--tuning <file>", "what keratin tune measured, for its target")
    .option("--name <name>", "the model's name in the artifact (default: the file's)")
    .action((path: string, options: CompileOptions) => compileCommand(path, options, output));
}

async function compileCommand(
  path: string,
  { target, out, train, strict, name, tuning }: CompileOptions,
  output: Output,
): Promise<void> {
  const targets = parseTargets(target);
  const start = performance.now();
  output.progress(`read ${path}`);
  const source = await loadSource(path, { train, name });
  const tunings = tuning === undefined ? undefined : readTuning(tuning);
  const folders = await packageArtifact(source, { targets, out, strict, tunings, progress: output.progress });
  const rows = folders.flatMap((folder) =>
    folder.files.map(({ path: file, contents }) => [
      `${out}/${folder.name}/${file}`,
      bytesText(Buffer.byteLength(contents)),
    ]),
  );
  for (const line of table(["file", "size"], rows)) output.print(line);
  output.print(
    `compiled ${source.name} for ${targets.join(", ")} in ${((performance.now() - start) / 1000).toFixed(1)} s`,
  );
}

function readTuning(path: string): Tunings {
  const { target, tuning } = parseTuning(readFileSync(path, "utf8"), path);
  return new Map([[parseTarget(target), tuning]]);
}
