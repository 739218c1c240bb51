// Builds what is published beside wasm/: dist/index.mjs, one module, and the declarations of its types.

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
await build({
  absWorkingDir: root,
  entryPoints: ["src/index.ts"],
  outfile: "dist/index.mjs",
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  external: ["node:*"],
  logLevel: "warning",
});
declarations();

/** Their imports keep `.ts`, which a consumer's tsc resolves to the `.d.ts` beside it. */
function declarations(): void {
  const config = join(dist, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: dist,
    rootDir: join(root, "src"),
    lib: ["es2023", "esnext.disposable", "dom", "dom.iterable"],
    types: ["node"],
    typeRoots: [join(root, "../../node_modules/@types")],
    allowImportingTsExtensions: true,
  };
  const project = join(root, "../../tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({ extends: project, compilerOptions, files: [join(root, "src/index.ts")], include: [] }),
  );
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const result = spawnSync(process.execPath, [join(typescript, "bin/tsc"), "-p", config], {
    stdio: "inherit",
  });
  rmSync(config);
  if (result.status !== 0) throw new Error("tsc could not write the declarations");
}
