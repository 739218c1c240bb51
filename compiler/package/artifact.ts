/**
 * Writes artifacts: one folder per target that runs by itself. Everything is compiled before anything is written, and folders appear
 * whole or not at all.
 */
import { cpp } from "../../targets/cpp/cpp.ts";
import { cuda } from "../../targets/cuda/cuda.ts";
import { schedulerFor } from "../../targets/schedule/scheduler.ts";
import type { TargetName } from "../../targets/target.ts";
import { wasm } from "../../targets/wasm/emit.ts";
import { wgsl } from "../../targets/wgsl/wgsl.ts";
import type { Tuning } from "../lower/schedules.ts";
import { type Compiled, type CompileOptions, compile } from "../pipeline.ts";
import { artifactFolder } from "./artifact-folder.ts";
import { DeclarationPrinter } from "./declaration-printer.ts";
import { dumpFromEnvironment } from "./dump.ts";
import { type Folder, writeFolders } from "./folder.ts";
import { recordSelfCheck } from "./self-check.ts";
import type { ArtifactSource } from "./source.ts";

export type Tunings = ReadonlyMap<TargetName, Tuning>;

export interface BuildOptions {
  readonly targets: readonly TargetName[];
  readonly compile?: CompileOptions;
  /** Leave out what others need: the self-check, which the reference takes its time to record, and declarations. */
  readonly bare?: boolean;
  /** Only code that gives the same bits on every machine: no variant that multiplies and adds in one rounding. */
  readonly strict?: boolean;
  /** Measured choices for kernels, by target. */
  readonly tunings?: Tunings;
  /** Told what begins: "compile for wasm". */
  readonly progress?: (step: string) => void;
}

export interface PackageOptions extends BuildOptions {
  /** The folder that gets one sub-folder per target. */
  readonly out: string;
}

/** Compiles for each target and writes `out/<target>`. Throws ModelError, Unsupported or CompilerBug; then nothing was written. */
export async function packageArtifact(
  source: ArtifactSource,
  options: PackageOptions,
): Promise<readonly Folder[]> {
  const folders = await buildArtifacts(source, options);
  writeFolders(options.out, folders);
  return folders;
}

/** The same folders in memory. */
export async function buildArtifacts(
  source: ArtifactSource,
  options: BuildOptions,
): Promise<readonly Folder[]> {
  const { targets, bare = false, strict = false, progress } = options;
  const hasTypes = !bare && targets.some((target) => target === "wasm" || target === "wgsl");
  const printer = hasTypes ? new DeclarationPrinter() : undefined;
  try {
    if (!bare) progress?.("record the self-check");
    const selfCheck = bare ? undefined : recordSelfCheck(source);
    const extras = { printer, parts: source.parts, selfCheck, strict };
    const folders: Folder[] = [];
    for (const target of targets) {
      progress?.(`compile for ${target}`);
      const compileOptions = { ...options.compile, tuning: options.tunings?.get(target) };
      folders.push(await artifactFolder(target, compileFor(target, source, compileOptions), extras));
    }
    return folders;
  } finally {
    await printer?.close();
  }
}

const targetsByName = { wasm, wgsl, cpp, cuda } as const;

/** The bundle for a target. */
export function compileFor(
  target: TargetName,
  source: ArtifactSource,
  options: CompileOptions = {},
): Compiled {
  const { name, module, values } = source;
  const dump = options.dump ?? dumpFromEnvironment(target);
  return compile(name, module, values, schedulerFor(targetsByName[target].limits), { ...options, dump });
}
