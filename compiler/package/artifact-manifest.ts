/**
 * `manifest.json`: what an artifact is, for people, tools and `keratin verify`. Loaders do not read it; what they need is in the code.
 */
import { createHash } from "node:crypto";
import { printDim } from "../../ir/dim.ts";
import type { Module } from "../../ir/graph.ts";
import { opTable } from "../../ir/ops/index.ts";
import { type Bundle, launchesOf } from "../../ir/program.ts";
import type { Entry, Region, Size } from "../../runtime/manifest.ts";
import { interfaceOf, weightsFileOf } from "../../targets/cpp/interface.ts";
import type { EmittedFile, TargetName } from "../../targets/target.ts";
import { manifestOf } from "../manifest.ts";
import { flopsOf } from "./flops.ts";
import type { RecordedCall, SelfCheck } from "./self-check.ts";

export interface ArtifactEntry extends Entry {
  /** Floating-point operations of one call. */
  readonly flops: Size;
  /** Kernel launches; those in a loop over chunks of the batch count once. */
  readonly kernels: number;
  /** The C function of native targets. */
  readonly symbol?: string;
}

export interface ArtifactManifest {
  readonly format: 1;
  readonly generator: string;
  readonly name: string;
  readonly target: TargetName;
  readonly entries: { readonly [name: string]: ArtifactEntry };
  readonly weights: Region;
  readonly state: Region;
  /** The file that holds both: the weights, then, at `stateOffset`, the initial state. */
  readonly weightsFile: { readonly path: string; readonly bytes: number; readonly stateOffset: number };
  /** In front of every symbol of native targets. */
  readonly prefix?: string;
  readonly selfCheck: { readonly path: string; readonly calls: readonly RecordedCall[] };
  readonly files: { readonly [path: string]: { readonly bytes: number; readonly sha256: string } };
}

export const manifestFile = "manifest.json";
export const selfCheckFile = "selfcheck.bin";
export const weightsFile = "weights.bin";

export interface Described {
  readonly bundle: Bundle;
  /** As compiled: every op in a fused group. */
  readonly module: Module;
  readonly target: TargetName;
  readonly generator: string;
  readonly selfCheck: SelfCheck;
  readonly files: readonly EmittedFile[];
}

/** Describes an artifact whose other files are complete. */
export function describeArtifact({
  bundle,
  module,
  target,
  generator,
  selfCheck,
  files,
}: Described): ArtifactManifest {
  const base = manifestOf(bundle);
  const { bytes, stateOffset } = weightsFileOf(bundle);
  const native = target === "cpp" || target === "cuda" ? interfaceOf(bundle) : undefined;
  const entries = bundle.programs.map(({ name, steps }, at): [string, ArtifactEntry] => {
    const func = module.funcs.find((candidate) => candidate.name === name);
    const flops = func === undefined ? 0 : flopsOf(func, opTable);
    const entry = {
      ...base.entries[name],
      flops: typeof flops === "number" ? flops : printDim(flops),
      kernels: launchesOf(steps).length,
    };
    return [name, native === undefined ? entry : { ...entry, symbol: native.entries[at].symbol }];
  });
  return {
    format: 1,
    generator,
    name: bundle.name,
    target,
    entries: Object.fromEntries(entries),
    weights: base.weights,
    state: base.state,
    weightsFile: { path: weightsFile, bytes, stateOffset },
    ...(native === undefined ? {} : { prefix: native.prefix }),
    selfCheck: { path: selfCheckFile, calls: selfCheck.calls },
    files: Object.fromEntries(files.map(({ path, contents }) => [path, fingerprint(contents)])),
  };
}

export function fingerprint(contents: string | Uint8Array): {
  readonly bytes: number;
  readonly sha256: string;
} {
  return {
    bytes: typeof contents === "string" ? Buffer.byteLength(contents) : contents.length,
    sha256: createHash("sha256").update(contents).digest("hex"),
  };
}
