/**
 * From a path to what artifacts are made from. A `.keras` file is read, and nothing in it is run; a TypeScript or JavaScript
 * module is bundled and imported, and its export `model`, or its default, is taken.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ModelError } from "../../ir/errors.ts";
import type { Module } from "../../ir/graph.ts";
import { type ModelOptions, sourceOf } from "../package/from-model.ts";
import type { ArtifactSource } from "../package/source.ts";

const moduleExtensions: readonly string[] = [".ts", ".mts", ".js", ".mjs"];

export async function loadSource(path: string, options: ModelOptions = {}): Promise<ArtifactSource> {
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new ModelError("no such model", {
      where: path,
      expected: "a .keras file, a module that exports a model, or an .mlir file",
      got: existsSync(path) ? "a folder" : "nothing there",
    });
  }
  const extension = extname(path).toLowerCase();
  if (moduleExtensions.includes(extension)) return sourceOf(await importModel(path), options);
  if (extension === ".mlir")
    return { name: options.name ?? nameOf(path), module: await importMlir(path), values: new Map() };
  const { loadModel } = await import("../keras/saving/load.ts");
  return sourceOf(await loadModel(path), { ...options, name: options.name ?? nameOf(path) });
}

async function importMlir(path: string): Promise<Module> {
  const { importText } = await import("../mlir/import.ts");
  return importText(readFileSync(path), path);
}

const nameOf = (path: string): string => basename(path, extname(path));

async function importModel(path: string): Promise<unknown> {
  const exports = (await importBundled(path)) as { readonly [name: string]: unknown };
  const found = exports.model ?? exports.default;
  // A promise, or a function that makes the model, serves as well.
  const model: unknown = await (isMaker(found) ? found() : found);
  if (model !== undefined) return model;
  throw new ModelError("the module exports no model", {
    where: path,
    expected: "export const model = …, or a default export",
    got: Object.keys(exports).join(", ") || "no exports",
  });
}

/** A function that is no model: models are callable too, and know their layers. */
const isMaker = (value: unknown): value is () => unknown =>
  typeof value === "function" && !("layers" in value);

/** Bundles a module and imports it. `keratin` is this very process's, so that the model it makes is one of ours. */
async function importBundled(path: string): Promise<unknown> {
  const { build } = await import("esbuild");
  const folder = mkdtempSync(join(tmpdir(), "keratin-"));
  const outfile = join(folder, "model.mjs");
  try {
    const entry = resolve(path);
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      logLevel: "silent",
      define: { "import.meta.url": JSON.stringify(pathToFileURL(entry).href) },
      plugins: [
        {
          name: "keratin",
          setup: (setup) =>
            setup.onResolve({ filter: /^keratin$/ }, () => ({ path: ownEntry(), external: true })),
        },
      ],
    });
    writeFileSync(outfile, outputFiles[0].contents);
    return await import(pathToFileURL(outfile).href);
  } catch (error) {
    throw readable(path, error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The public entry: the sources in a checkout, the bundle where this file is part of one. */
function ownEntry(): string {
  const inSources = import.meta.url.endsWith(".ts");
  return new URL(inSources ? "../index.ts" : inChunk() ? "../index.mjs" : "./index.mjs", import.meta.url)
    .href;
}

const inChunk = (): boolean => import.meta.url.includes("/chunks/");

/** esbuild's complaints, and errors of the user's module, as one message. Our own pass through. */
function readable(path: string, error: unknown): unknown {
  if (error instanceof Error && "details" in error) return error;
  const { errors } = error as {
    errors?: readonly { text: string; location?: { file: string; line: number } | null }[];
  };
  const first = errors?.[0];
  const got =
    first === undefined
      ? String(error)
      : `${first.text}${first.location ? ` (line ${first.location.line})` : ""}`;
  return new ModelError("cannot load the module", { where: path, got });
}
