// Builds what is published, into dist/: index.mjs (the library) and cli.mjs (the command), which share chunks, the
// declarations in dist/types, and in dist/loaders the JavaScript that artifacts get, bundled to text. npm dependencies stay outside the bundles and load when first used, so that the command
// starts quickly. Chart.js is a development dependency (7 MB, mostly source maps), so its one minified file comes along.
// The build is made beside dist/ and moved there at the end: a failed one leaves the old dist/ alone.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bundleLoader, loaderNames } from "../compiler/package/loader-text.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = join(root, ".cache");
const staging = join(cache, "dist");
const dist = join(root, "dist");

async function bundle(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { index: "compiler/index.ts", cli: "compiler/cli.ts" },
    outdir: staging,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    external: ["mlir-js"], // though tsconfig says where its sources are
    legalComments: "none",
    logLevel: "warning",
  });
}

/** Declarations of everything the public entry reaches. Their imports keep `.ts`, which a consumer's tsc resolves to the
 *  `.d.ts` beside it, without an option (tried with 5.4 and 7.0, moduleResolution nodenext and bundler). */
function declarations(): void {
  const config = join(cache, "tsconfig.types.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: join(staging, "types"),
    rootDir: root,
  };
  const files = [join(root, "compiler/index.ts")];
  writeFileSync(
    config,
    JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, files, include: [] }),
  );
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const result = spawnSync(process.execPath, [tsc, "-p", config], { stdio: "inherit" });
  if (result.status !== 0) throw new Error("tsc could not write the declarations");
}

/** The code of `model.js`, so that packaging a model starts no bundler. */
async function loaders(): Promise<void> {
  mkdirSync(join(staging, "loaders"), { recursive: true });
  for (const name of loaderNames)
    writeFileSync(join(staging, "loaders", `${name}.js`), await bundleLoader(name));
}

/** The support header of C++ artifacts, as it is. */
function nativeHeader(): void {
  mkdirSync(join(staging, "native"), { recursive: true });
  copyFileSync(join(root, "runtime/native/keratin.h"), join(staging, "native/keratin.h"));
}

function vendor(): void {
  mkdirSync(join(staging, "vendor"), { recursive: true });
  const chart = "chart.umd.min.js";
  copyFileSync(join(root, "node_modules/chart.js/dist", chart), join(staging, "vendor", chart));
}

function report(): void {
  for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" }).sort()) {
    if (name.startsWith("types")) continue;
    const { size } = statSync(join(dist, name));
    if (name.endsWith("js"))
      console.log(`${relative(root, join(dist, name)).padEnd(40)} ${(size / 1000).toFixed(1)} kB`);
  }
}

rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });
await bundle();
declarations();
await loaders();
nativeHeader();
vendor();
rmSync(dist, { recursive: true, force: true });
renameSync(staging, dist);
report();
