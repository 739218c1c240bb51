/** Builds what keratin's runners run: an artifact for each network and target, for C++ a program that serves it. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import type { ArtifactFacts } from "./build-artifact.ts";
import { buildServer } from "./cpp-server.ts";
import { benchRoot, libraryBundle, projectRoot } from "./places.ts";
import { artifactFolder, type Runner } from "./runners.ts";
import { type Workload, workloads } from "./workloads.ts";

interface Order {
  readonly net: string;
  readonly train: boolean;
  readonly target: "wasm" | "cpp";
}

/** The facts of every artifact that these workloads and runners need. */
export async function prepareArtifacts(
  chosen: readonly Workload[],
  runners: readonly Runner[],
  { reuse, tell }: { readonly reuse: boolean; readonly tell: (text: string) => void },
): Promise<readonly ArtifactFacts[]> {
  const targets = new Set(runners.map(({ target }) => target));
  const orders = chosen.flatMap(({ kind, net }): Order[] => {
    if (kind === "cold") return [{ net, train: false, target: "wasm" }];
    if (kind === "eager") return [];
    const wanted = (["wasm", "cpp"] as const).filter((target) => targets.has(target));
    return wanted.map((target) => ({ net, train: kind === "train", target }));
  });
  const unique = new Map(orders.map((order) => [JSON.stringify(order), order]));
  if (chosen.some(({ kind }) => kind === "eager")) await bundleLibrary();
  const facts: ArtifactFacts[] = [];
  for (const order of unique.values()) {
    const found = await prepare(order, reuse, tell);
    if (found !== undefined) facts.push(found);
  }
  return facts;
}

async function prepare(
  order: Order,
  reuse: boolean,
  tell: (text: string) => void,
): Promise<ArtifactFacts | undefined> {
  const { net, train, target } = order;
  const folder = artifactFolder(net, train);
  const factsFile = join(folder, `${target}.json`);
  if (reuse && existsSync(factsFile)) return JSON.parse(readFileSync(factsFile, "utf8"));
  tell(`build ${net} for ${target}`);
  try {
    const facts = await compileApart(order, folder);
    const batches = workloads.filter((workload) => workload.net === net).map(({ batch }) => batch);
    if (target === "cpp") await buildServer(join(folder, target), [...new Set(batches)]);
    writeFileSync(factsFile, JSON.stringify(facts));
    return facts;
  } catch (error) {
    tell(`${net} for ${target} failed: ${(error as Error).message}`);
    process.exitCode = 1;
    return undefined;
  }
}

async function compileApart({ net, train, target }: Order, folder: string): Promise<ArtifactFacts> {
  const args = ["--import", "tsx", join(benchRoot, "build-artifact.ts"), net, target, folder];
  const { stdout } = await promisify(execFile)(process.execPath, train ? [...args, "train"] : args, {
    cwd: projectRoot,
  });
  return JSON.parse(stdout);
}

/** The library in one file, as `npm run build` makes it. */
async function bundleLibrary(): Promise<void> {
  await build({
    absWorkingDir: projectRoot,
    entryPoints: ["compiler/index.ts"],
    outfile: libraryBundle,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    logLevel: "error",
  });
}
