/** Where things are: peers in the cache, which setup.ts fills; artifacts and programs, made anew for each run, in dist/. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
export const benchRoot = fileURLToPath(new URL(".", import.meta.url));
export const peersRoot = join(projectRoot, ".cache", "bench");
export const buildRoot = join(projectRoot, "dist", "bench");

/** The newest Node: an npm package ships it as a plain program. */
export const newestNode = join(
  peersRoot,
  "js",
  "node_modules",
  `node-${process.platform}-${process.arch}`,
  "bin",
  "node",
);

export type VirtualEnvironment = "main" | "tf" | "iree" | "tvm";
export const pythonOf = (environment: VirtualEnvironment): string =>
  join(peersRoot, environment, "bin", "python");

export const isInstalled = (program: string): boolean => existsSync(program);

/** keratin as its users import it: one file. */
export const libraryBundle = join(buildRoot, "keratin.mjs");
