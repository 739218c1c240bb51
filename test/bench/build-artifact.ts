/**
 * Compiles one network for one target, in a process of its own so that its peak memory can be told, and prints the facts as one line of
 * JSON.
 *
 *   node --import tsx test/bench/build-artifact.ts NET TARGET OUT [train]
 */
import { gzipSync } from "node:zlib";
import { compileFor } from "../../compiler/package/artifact.ts";
import { artifactFolder } from "../../compiler/package/artifact-folder.ts";
import { writeFolders } from "../../compiler/package/folder.ts";
import { sourceOf } from "../../compiler/package/from-model.ts";
import { evaluateDim, symbolsOf } from "../../ir/dim.ts";
import { launchesOf } from "../../ir/program.ts";
import type { TargetName } from "../../targets/target.ts";
import { makeNet } from "./models.ts";

export interface ArtifactFacts {
  readonly net: string;
  readonly target: TargetName;
  readonly train: boolean;
  /** Milliseconds: from the traced model to the folder. */
  readonly compile_ms: number;
  /** Megabytes: the largest that this process was. */
  readonly compiler_rss_mb: number;
  /** Bytes of code, as shipped and with gzip -9: all but weights, manifest and self-check. */
  readonly code_bytes: number;
  readonly code_gzip_bytes: number;
  readonly weights_bytes: number;
  /** By entry, at a batch of 1 and of 3750. */
  readonly arena_bytes: { readonly [entry: string]: readonly [number, number] };
  readonly kernels: { readonly [entry: string]: number };
}

const isCode = (path: string): boolean => /^(model|keratin)[\w.-]*\.(wasm|js|cpp|h|hpp)$/.test(path);

async function build(net: string, target: TargetName, out: string, train: boolean): Promise<ArtifactFacts> {
  const model = makeNet(net);
  if (model === undefined) throw new Error(`keratin has no network ${net}`);
  const source = await sourceOf(model, { train });
  const start = performance.now();
  const compiled = compileFor(target, source);
  const folder = await artifactFolder(target, compiled, { parts: source.parts });
  const compile_ms = performance.now() - start;
  writeFolders(out, [folder]);
  const code = folder.files.filter(({ path }) => isCode(path)).map(({ contents }) => contents);
  const { programs, weights } = compiled.bundle;
  return {
    net,
    target,
    train,
    compile_ms: Math.round(compile_ms),
    compiler_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
    code_bytes: code.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    code_gzip_bytes: code.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0),
    weights_bytes: weights.bytes.length,
    arena_bytes: Object.fromEntries(
      programs.map(({ name, arenaBytes }) => {
        const at = (n: number): number =>
          evaluateDim(arenaBytes, new Map(symbolsOf([arenaBytes]).map((symbol) => [symbol, n])));
        return [name, [at(1), at(3750)]];
      }),
    ),
    kernels: Object.fromEntries(programs.map(({ name, steps }) => [name, launchesOf(steps).length])),
  };
}

const [net, target, out, train] = process.argv.slice(2);
console.log(JSON.stringify(await build(net, target as TargetName, out, train === "train")));
