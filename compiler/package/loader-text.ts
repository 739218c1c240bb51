/**
 * The code of `model.js` and `threads.js`: a loader of `loaders/` with the runtime, bundled and minified. The published package brings the text, made by
 * `scripts/build.ts`; in a checkout it is made from the sources when first asked for.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const loaderNames = ["wasm", "wgsl", "threads"] as const;
export type LoaderName = (typeof loaderNames)[number];

/** The root of the package this file belongs to, wherever a bundler put it. */
export function packageRoot(from: string = dirname(fileURLToPath(import.meta.url))): string {
  return existsSync(join(from, "package.json")) ? from : packageRoot(dirname(from));
}

/** The loader without the constants it reads. Ends without a newline; deterministic. */
export async function loaderText(name: LoaderName): Promise<string> {
  const built = join(packageRoot(), "dist", "loaders", `${name}.js`);
  return import.meta.url.endsWith(".ts") ? bundleLoader(name) : readFileSync(built, "utf8");
}

/** Bundles a loader from the sources of a checkout. */
export async function bundleLoader(name: LoaderName): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: packageRoot(),
    entryPoints: [`compiler/package/loaders/${name}.ts`],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].text.trim();
}

/** The support header of C++ artifacts, `keratin.h`. */
export function nativeHeaderText(): string {
  const folder = import.meta.url.endsWith(".ts") ? "runtime/native" : "dist/native";
  return readFileSync(join(packageRoot(), folder, "keratin.h"), "utf8");
}
