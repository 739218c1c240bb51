/** `keratin compile`: writes artifacts, and texts of MLIR's. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { ModelError } from "../../ir/errors.ts";
import { packageArtifact, type Tunings } from "../package/artifact.ts";
import type { CompileOptions as Compile } from "../pipeline.ts";
import { parseTuning } from "../tune/tuning-file.ts";
import { bytesText, type Output, table } from "./console.ts";
import { loadSource } from "./load-source.ts";
import { positiveInteger } from "./numbers.ts";
import { parseAllTargets, parseTarget } from "./targets.ts";
import { writeTexts } from "./write-texts.ts";

interface CompileOptions {
  readonly target: string;
  readonly out: string;
  readonly train?: boolean;
  readonly strict?: boolean;
  readonly name?: string;
  readonly tuning?: string;
  readonly lowering?: string;
  readonly batch: string;
}

export function addCompile(program: Command, output: Output): void {
  program
    .command("compile")
    .description("compile a model to folders that run by themselves, one per target")
    .argument("<model>", "a .keras file, a .ts or .js module that exports a model, or an .mlir file")
    .option(
      "-t, --target <list>",
      "wasm, wgsl, cpp, cuda, or a text: mlir, tosa, stablehlo; several with commas",
      "wasm",
    )
    .option("-o, --out <dir>", "where the folders go", "dist")
    .option("--train", "add the training step (the model must be compiled with a loss)")
    .option("--strict", "the same bits on every machine: never multiply and add in one rounding")
    .option("--tuning <file>", "what keratin tune measured, for its target")
    .option(
      "--lowering <which>",
      "keratin, or mlir: MLIR's own passes, to compare with (needs mlir-js)",
      "keratin",
    )
    .option("--batch <n>", "samples in tosa and stablehlo, which want constant shapes", "1")
    .option("--name <name>", "the model's name in the artifact (default: the file's)")
    .action((path: string, options: CompileOptions) => compileCommand(path, options, output));
}

async function compileCommand(path: string, options: CompileOptions, output: Output): Promise<void> {
  const { target, out, train, strict, name } = options;
  const { artifacts: targets, texts } = parseAllTargets(target);
  const batch = positiveInteger(options.batch, "--batch");
  const compile = await loweringOf(options.lowering);
  const start = performance.now();
  output.progress(`read ${path}`);
  const source = await loadSource(path, { train, name });
  const { progress } = output;
  const tunings = options.tuning === undefined ? undefined : readTuning(options.tuning);
  const building = { targets, out, strict, tunings, compile, progress };
  const folders = targets.length === 0 ? [] : await packageArtifact(source, building);
  const written = writeTexts(texts, source, out, batch);
  const rows = folders.flatMap((folder) =>
    folder.files.map(({ path: file, contents }) => [
      `${out}/${folder.name}/${file}`,
      bytesText(Buffer.byteLength(contents)),
    ]),
  );
  rows.push(...written.map((text) => [text.path, bytesText(text.bytes)]));
  for (const line of table(["file", "size"], rows)) output.print(line);
  output.print(
    `compiled ${source.name} for ${[...targets, ...texts].join(", ")} in ${((performance.now() - start) / 1000).toFixed(1)} s`,
  );
}

function readTuning(path: string): Tunings {
  const { target, tuning } = parseTuning(readFileSync(path, "utf8"), path);
  return new Map([[parseTarget(target), tuning]]);
}

/** Our own lowering needs nothing; MLIR's needs mlir-js. */
async function loweringOf(which = "keratin"): Promise<Compile | undefined> {
  if (which === "keratin") return undefined;
  if (which !== "mlir")
    throw new ModelError("unknown lowering", { where: "--lowering", expected: "keratin, mlir", got: which });
  const [{ loadMlirJs }, { mlirLowering, passesOf }] = await Promise.all([
    import("../mlir/load.ts"),
    import("../mlir/lowering.ts"),
  ]);
  return { lower: mlirLowering(passesOf(await loadMlirJs("full"))) };
}
