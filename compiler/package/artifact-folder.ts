/** The files of an artifact: what the target's emitter gives, and what makes a folder of it that stands alone. */
import { CompilerBug } from "../../ir/errors.ts";
import type { Bundle } from "../../ir/program.ts";
import type { Field, Manifest, Region } from "../../runtime/manifest.ts";
import { cpp } from "../../targets/cpp/cpp.ts";
import { weightsBytesOf, weightsFileOf } from "../../targets/cpp/interface.ts";
import { cuda } from "../../targets/cuda/cuda.ts";
import type { EmittedFile, TargetName } from "../../targets/target.ts";
import { wasm } from "../../targets/wasm/emit.ts";
import { wgsl } from "../../targets/wgsl/wgsl.ts";
import { manifestOf } from "../manifest.ts";
import type { Compiled } from "../pipeline.ts";
import { describeArtifact, manifestFile, selfCheckFile, weightsFile } from "./artifact-manifest.ts";
import type { DeclarationPrinter } from "./declaration-printer.ts";
import { commentText, declarations, type ScriptTarget } from "./declarations.ts";
import type { Folder } from "./folder.ts";
import { loaderText, nativeHeaderText } from "./loader-text.ts";
import type { SelfCheck } from "./self-check.ts";
import type { ArtifactSource } from "./source.ts";
import { generator } from "./version.ts";
import { wasmManifest } from "./wasm-manifest.ts";

/** What a folder may have beside its code. */
export interface Extras {
  readonly selfCheck?: SelfCheck;
  readonly parts?: ArtifactSource["parts"];
  /** Prints `model.d.ts`; without it there is none. */
  readonly printer?: DeclarationPrinter;
  /** Only code that gives the same bits on every machine. */
  readonly strict?: boolean;
}

/** The complete folder of a compiled bundle. */
export async function artifactFolder(
  target: TargetName,
  { bundle, module }: Compiled,
  extras: Extras = {},
): Promise<Folder> {
  const selfCheck = extras.selfCheck ?? { calls: [], bytes: new Uint8Array(0) };
  const emitted = await emitters[target](bundle, extras);
  const files = [...emitted, { path: selfCheckFile, contents: selfCheck.bytes }];
  const manifest = describeArtifact({ bundle, module, target, generator: generator(), selfCheck, files });
  const contents = `${JSON.stringify(manifest, null, 1)}\n`;
  return { name: target, files: [...files, { path: manifestFile, contents }] };
}

type Emit = (bundle: Bundle, extras: Extras) => Promise<readonly EmittedFile[]>;
const emitters: { readonly [T in TargetName]: Emit } = {
  wasm: wasmFiles,
  wgsl: wgslFiles,
  cpp: async (bundle, { strict }) => [
    ...cpp.emit(bundle, { threads: true, strict }).files,
    { path: "keratin.h", contents: nativeHeaderText() },
  ],
  cuda: async (bundle) => cuda.emit(bundle).files,
};

/** Two variants of the module, of which the loader picks one; strict artifacts have the first alone. */
async function wasmFiles(bundle: Bundle, extras: Extras): Promise<readonly EmittedFile[]> {
  const plain = wasm.emit(bundle, { threads: true });
  const relaxed = extras.strict ? undefined : wasm.emit(bundle, { threads: true, relaxed: true });
  if (relaxed !== undefined && relaxed.threads?.flag !== plain.threads?.flag)
    throw new CompilerBug("package", "variants of a module differ in more than their code");
  const manifest = wasmManifest(bundle, plain.layout, plain.threads);
  const base = manifest.wasm && { ...manifest.wasm, ...(relaxed && { relaxed: true }) };
  const constants = { KERATIN_MANIFEST: loaderManifest(bundle, { ...manifest, wasm: base }, extras.parts) };
  return [
    { path: "model.wasm", contents: plain.bytes },
    ...(relaxed === undefined ? [] : [{ path: "model.relaxed.wasm", contents: relaxed.bytes }]),
    { path: "threads.js", contents: `${await loaderText("threads")}\n` },
    ...(await scriptFiles("wasm", bundle, constants, extras)),
  ];
}

async function wgslFiles(bundle: Bundle, extras: Extras): Promise<readonly EmittedFile[]> {
  const { source, plan } = wgsl.emit(bundle);
  const manifest = loaderManifest(bundle, manifestOf(bundle), extras.parts);
  const constants = { KERATIN_MANIFEST: manifest, KERATIN_PLAN: plan };
  return [
    { path: "model.wgsl", contents: source },
    ...(await scriptFiles("wgsl", bundle, constants, extras)),
  ];
}

/**
 * The manifest in `model.js`. Where a model was compiled for inference alone, nobody can ask for weights by name; else they go by the
 * names that the model gives them, wherever they lie.
 */
function loaderManifest(
  { state }: Bundle,
  manifest: Manifest,
  parts: ArtifactSource["parts"] = new Map(),
): Manifest {
  if (state.bytes.length === 0) return { ...manifest, weights: { ...manifest.weights, fields: [] } };
  const split = (region: Region): Region => ({
    ...region,
    fields: region.fields.flatMap((field) => partFields(field, parts)),
  });
  return { ...manifest, weights: split(manifest.weights), state: split(manifest.state) };
}

function partFields(field: Field, parts: NonNullable<ArtifactSource["parts"]>): readonly Field[] {
  const { dtype, offset } = field;
  return parts.get(field.name)?.map((part) => ({ ...part, dtype, offset: offset + part.offset })) ?? [field];
}

/** Without it, Node would take model.js for CommonJS wherever the folder is put. */
const packageJson = { type: "module", main: "model.js", types: "model.d.ts", sideEffects: false };

/** `model.js` with the constants that its loader reads, and what goes with it. */
async function scriptFiles(
  target: ScriptTarget,
  bundle: Bundle,
  constants: { readonly [name: string]: object },
  { printer }: Extras,
): Promise<readonly EmittedFile[]> {
  const all = { ...constants, KERATIN_STATE_OFFSET: weightsFileOf(bundle).stateOffset };
  const lines = Object.entries(all).map(([name, value]) => `const ${name}=${JSON.stringify(value)};`);
  const head = `// ${commentText(bundle.name)}, compiled by keratin. Do not edit.`;
  const types = await printer?.print(declarations(bundle, target));
  return [
    { path: "model.js", contents: [head, ...lines, await loaderText(target), ""].join("\n") },
    ...(types === undefined ? [] : [{ path: "model.d.ts", contents: types }]),
    { path: "package.json", contents: `${JSON.stringify(packageJson)}\n` },
    { path: weightsFile, contents: weightsBytesOf(bundle) },
  ];
}
