// Where the programs that tests need beyond npm lie. scripts/setup.ts finds or installs them and writes
// .cache/tools.json; this module reads it. A test asks with requireTool, so that a missing program leaves a line the
// runner counts: a skip on a developer's machine, a failure where everything has to be there (CI_STRICT=1).

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The programs, by the name tests use. "swiftshader" is the Vulkan driver file that Debian's chromium brings;
 *  "keras-python" is a Python interpreter that has keras, jax, h5py and numpy. */
export type ToolName = "g++" | "cmake" | "chromium" | "swiftshader" | "mlir-opt" | "nvcc" | "keras-python";

/** One entry of .cache/tools.json; `stamp` tells whether the file is still the one whose version was asked. */
export interface FoundTool {
  path: string;
  version: string;
  stamp: string;
}

export type ToolTable = Partial<Record<ToolName, FoundTool>>;

/** The root of the checkout, with a trailing slash. */
export const projectRoot: string = fileURLToPath(new URL("../../", import.meta.url));

export const toolsFile: string = `${projectRoot}.cache/tools.json`;

/** The table that set-up left; empty when it never ran or the file is damaged. */
export function readTools(): ToolTable {
  try {
    return JSON.parse(readFileSync(toolsFile, "utf8")) as ToolTable;
  } catch {
    return {};
  }
}

/** The path of a program, or undefined where set-up did not find it. */
export function tool(name: ToolName): string | undefined {
  return readTools()[name]?.path;
}

/** Like `tool`, but says so when there is none: the test then returns without a result. */
export function requireTool(name: ToolName): string | undefined {
  const path = tool(name);
  if (path === undefined) console.log(`MISSING: ${name}, \`npm run setup\` installs it or says how`);
  return path;
}
