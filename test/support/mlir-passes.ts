// MLIR's passes for tests: by mlir-js where its full variant is built, else by a real mlir-opt, whose output mlir-js reads in generic form.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { passesOf, type RunPasses } from "../../compiler/mlir/lowering.ts";
import { loadMlir, type Mlir } from "../../ir/mlir-js/src/index.ts";
import { projectRoot, requireTool } from "./tools.ts";

export const hasFull = existsSync(join(projectRoot, "ir/mlir-js/wasm/full.wasm"));

/** The output of mlir-opt, or its complaint as an error. */
export function mlirOpt(path: string, text: string, ...flags: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(path, [...flags], {
    input: text,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(stderr.slice(0, 2000));
  return stdout;
}

/** Undefined, with a line that says so, where neither is there. */
export async function findPasses(): Promise<RunPasses | undefined> {
  if (hasFull) return passesOf(await loadMlir({ variant: "full" }));
  const path = requireTool("mlir-opt");
  return path === undefined ? undefined : throughMlirOpt(path, await loadMlir({ variant: "core" }));
}

export const throughMlirOpt =
  (path: string, core: Mlir): RunPasses =>
  (text, pipeline, use) => {
    const lowered = mlirOpt(path, text, `--pass-pipeline=${pipeline}`, "--mlir-print-op-generic");
    const context = core.createContext({ allowUnregistered: true });
    try {
      return use(context.parse(lowered, { file: "lowered.mlir", verify: false }));
    } finally {
      context.dispose();
    }
  };
