/** `keratin run`: one call of a model or an artifact, from and to `.npy` files. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { ModelError } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { bindInputs } from "../../runtime/manifest.ts";
import { readNpy, writeNpy } from "../formats/npy.ts";
import { packageArtifact } from "../package/artifact.ts";
import { makeFolder } from "../package/folder.ts";
import { type Artifact, isArtifact, openArtifact } from "../package/open-artifact.ts";
import { startRunner } from "../package/runners/start.ts";
import type { Output } from "./console.ts";
import { fitDType } from "./fit-dtype.ts";
import { loadSource } from "./load-source.ts";
import { parseTarget } from "./targets.ts";

interface RunOptions {
  readonly input: readonly string[];
  readonly output: string;
  readonly target?: string;
}

export function addRun(program: Command, output: Output): void {
  program
    .command("run")
    .description("run a model or an artifact on .npy files")
    .argument("<model>", "a .keras file, a module, or the folder of an artifact")
    .requiredOption("-i, --input <files...>", "one .npy file per input, in order or as NAME=FILE")
    .requiredOption("-o, --output <dir>", "results are written to DIR/0.npy, DIR/1.npy, …")
    .option("-t, --target <target>", "wasm, wgsl, cpp or cuda (default: wasm, or that of the artifact)")
    .addHelpText("after", "\nExits with 0 when done, 3 when the target cannot run this here, 1 otherwise.")
    .action((path: string, options: RunOptions) => runCommand(path, options, output));
}

async function runCommand(path: string, options: RunOptions, output: Output): Promise<void> {
  const target = options.target === undefined ? undefined : parseTarget(options.target);
  if (existsSync(path) && isArtifact(path)) return runArtifact(artifactFor(path, target), options, output);
  if (target !== undefined && isArtifact(join(path, target)))
    return runArtifact(openArtifact(join(path, target)), options, output);
  const scratch = mkdtempSync(join(tmpdir(), "keratin-"));
  try {
    const chosen = target ?? "wasm";
    const source = await loadSource(path);
    await packageArtifact(source, { targets: [chosen], out: scratch, bare: true });
    await runArtifact(openArtifact(join(scratch, chosen)), options, output);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function artifactFor(path: string, target: string | undefined): Artifact {
  const artifact = openArtifact(path);
  if (target === undefined || target === artifact.manifest.target) return artifact;
  throw new ModelError("the artifact is for another target", {
    where: path,
    expected: target,
    got: artifact.manifest.target,
  });
}

async function runArtifact(artifact: Artifact, options: RunOptions, output: Output): Promise<void> {
  const inputs = readInputs(artifact, options.input);
  const runner = await startRunner(artifact);
  try {
    const results = await runner.call("predict", inputs);
    writeResults(options.output, results);
    results.forEach(({ dtype, shape }, i) => {
      const { name } = artifact.manifest.entries.predict.outputs[i];
      output.print(`${join(options.output, `${i}.npy`)}  ${name}  ${dtype}[${shape.join(", ")}]`);
    });
  } finally {
    await runner.close();
  }
}

/** The arrays of all inputs, in order. Throws ModelError where one is missing, unknown, or does not fit. */
function readInputs({ folder, manifest }: Artifact, files: readonly string[]): readonly NDArray[] {
  const entry = manifest.entries.predict;
  if (entry === undefined) throw new ModelError("the artifact has no predict", { where: folder });
  const names = entry.inputs.map(({ name }) => name);
  const given = new Map<string, NDArray>();
  const unnamed: string[] = [];
  for (const text of files) {
    const name = names.find((candidate) => text.startsWith(`${candidate}=`));
    if (name === undefined) unnamed.push(text);
    else given.set(name, readArray(text.slice(name.length + 1)));
  }
  const open = names.filter((name) => !given.has(name));
  unnamed.forEach((file, i) => {
    if (open[i] !== undefined) given.set(open[i], readArray(file));
  });
  if (unnamed.length !== open.length) {
    const listed = entry.inputs.map(({ name, dtype, shape }) => `${name} ${dtype}[${shape.join(", ")}]`);
    throw new ModelError("not one file per input", {
      where: "--input",
      expected: listed.join(", "),
      got: files.join(", "),
    });
  }
  const arrays = entry.inputs.map((port) => fitDType(port, given.get(port.name)));
  checkFit(() =>
    bindInputs("predict", entry, Object.fromEntries(arrays.map((array, i) => [names[i], array]))),
  );
  return arrays;
}

/** The runtime's checks, as an error of the model's. */
function checkFit(check: () => unknown): void {
  try {
    check();
  } catch (error) {
    throw new ModelError(error instanceof Error ? error.message : String(error));
  }
}

function readArray(file: string): NDArray {
  try {
    return readNpy(new Uint8Array(readFileSync(file)), file);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError("cannot read the input", { where: file, got: (error as Error).message });
  }
}

/** All files or none. */
function writeResults(folder: string, results: readonly NDArray[]): void {
  const files = results.map((array, i) => ({
    path: join(folder, `${i}.npy`),
    bytes: writeNpy(array, `${i}.npy`),
  }));
  try {
    makeFolder(folder);
    const draft = mkdtempSync(join(folder, ".keratin-"));
    try {
      files.forEach(({ bytes }, i) => void writeFileSync(join(draft, `${i}.npy`), bytes));
      files.forEach(({ path }, i) => void renameSync(join(draft, `${i}.npy`), path));
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  } catch (error) {
    throw new ModelError("cannot write the results", { where: folder, got: (error as Error).message });
  }
}
