/**
 * Writes artifacts: one folder per target that runs by itself. Everything is compiled before anything is written, and folders appear
 * whole or not at all.
 */
import type { Bundle } from "../../ir/program.ts";
import type { Manifest } from "../../runtime/manifest.ts";
import { cpp } from "../../targets/cpp/cpp.ts";
import { weightsBytesOf, weightsFileOf } from "../../targets/cpp/interface.ts";
import { cuda } from "../../targets/cuda/cuda.ts";
import { schedulerFor } from "../../targets/schedule/scheduler.ts";
import type { EmittedFile, TargetName } from "../../targets/target.ts";
import { wasm } from "../../targets/wasm/emit.ts";
import { wgsl } from "../../targets/wgsl/wgsl.ts";
import { manifestOf } from "../manifest.ts";
import { type Compiled, type CompileOptions, compile } from "../pipeline.ts";
import { describeArtifact, manifestFile, selfCheckFile, weightsFile } from "./artifact-manifest.ts";
import { declarations } from "./declarations.ts";
import { type Folder, writeFolders } from "./folder.ts";
import { loaderText } from "./loader-text.ts";
import { recordSelfCheck, type SelfCheck } from "./self-check.ts";
import type { ArtifactSource } from "./source.ts";
import { generator } from "./version.ts";

export interface PackageOptions {
  readonly targets: readonly TargetName[];
  /** The folder that gets one sub-folder per target. */
  readonly out: string;
  readonly compile?: CompileOptions;
  /** Record the self-check (default true): the reference is slow, and whoever runs the artifact only once needs none. */
  readonly selfCheck?: boolean;
  /** Told what begins: "wasm: compile". */
  readonly progress?: (step: string) => void;
}

/** Compiles for each target and writes `out/<target>`. Throws ModelError, Unsupported or CompilerBug; then nothing was written. */
export async function packageArtifact(source: ArtifactSource, options: PackageOptions): Promise<readonly Folder[]> {
  const folders = await buildArtifacts(source, options);
  writeFolders(options.out, folders);
  return folders;
}

/** The same folders in memory. */
export async function buildArtifacts(
  source: ArtifactSource,
  { targets, compile: compileOptions, selfCheck: isChecked = true, progress }: Omit<PackageOptions, "out">,
): Promise<readonly Folder[]> {
  if (isChecked) progress?.("record the self-check");
  const selfCheck = isChecked ? recordSelfCheck(source) : noSelfCheck;
  const folders: Folder[] = [];
  for (const target of targets) {
    progress?.(`compile for ${target}`);
    const compiled = compileFor(target, source, compileOptions);
    folders.push(await describe(target, compiled, selfCheck));
  }
  return folders;
}

const noSelfCheck: SelfCheck = { calls: [], bytes: new Uint8Array(0) };

const targetsByName = { wasm, wgsl, cpp, cuda } as const;

/** The bundle for a target. */
export function compileFor(target: TargetName, { name, module, values }: ArtifactSource, options?: CompileOptions): Compiled {
  return compile(name, module, values, schedulerFor(targetsByName[target].limits), options);
}

async function describe(target: TargetName, { bundle, module }: Compiled, selfCheck: SelfCheck): Promise<Folder> {
  const files = [...(await emitters[target](bundle)), { path: selfCheckFile, contents: selfCheck.bytes }];
  const manifest = describeArtifact({ bundle, module, target, generator: generator(), selfCheck, files });
  return { name: target, files: [...files, { path: manifestFile, contents: `${JSON.stringify(manifest, null, 1)}\n` }] };
}

const emitters: { readonly [T in TargetName]: (bundle: Bundle) => Promise<readonly EmittedFile[]> } = {
  wasm: wasmFiles,
  wgsl: wgslFiles,
  cpp: async (bundle) => cpp.emit(bundle).files,
  cuda: async (bundle) => cuda.emit(bundle).files,
};

async function wasmFiles(bundle: Bundle): Promise<readonly EmittedFile[]> {
  const { bytes, layout } = wasm.emit(bundle);
  const { weights, state, arena } = layout;
  const manifest: Manifest = { ...loaderManifest(bundle), wasm: { weights, state, arena } };
  return [{ path: "model.wasm", contents: bytes }, ...(await scriptFiles("wasm", bundle, manifest))];
}

async function wgslFiles(bundle: Bundle): Promise<readonly EmittedFile[]> {
  const { source, plan } = wgsl.emit(bundle);
  const scripts = await scriptFiles("wgsl", bundle, loaderManifest(bundle), { KERATIN_PLAN: plan });
  return [{ path: "model.wgsl", contents: source }, ...scripts];
}

/** The manifest in `model.js`. Where a model was compiled for inference alone, nobody can ask for weights by name. */
function loaderManifest(bundle: Bundle): Manifest {
  const manifest = manifestOf(bundle);
  if (bundle.state.bytes.length > 0) return manifest;
  return { ...manifest, weights: { ...manifest.weights, fields: [] } };
}

/** Without it, Node would take model.js for CommonJS wherever the folder is put. */
const packageJson = { type: "module", main: "model.js", types: "model.d.ts", sideEffects: false };

async function scriptFiles(
  target: "wasm" | "wgsl",
  bundle: Bundle,
  manifest: Manifest,
  constants: { readonly [name: string]: object } = {},
): Promise<readonly EmittedFile[]> {
  const all = { KERATIN_MANIFEST: manifest, KERATIN_STATE_OFFSET: weightsFileOf(bundle).stateOffset, ...constants };
  const lines = Object.entries(all).map(([name, value]) => `const ${name}=${JSON.stringify(value)};`);
  const text = [`// ${bundle.name}, compiled by keratin. Do not edit.`, ...lines, await loaderText(target), ""].join("\n");
  return [
    { path: "model.js", contents: text },
    { path: "model.d.ts", contents: await declarations(bundle, target) },
    { path: "package.json", contents: `${JSON.stringify(packageJson)}\n` },
    { path: weightsFile, contents: weightsBytesOf(bundle) },
  ];
}
