// Folders for the tests of artifacts: a temporary one that is removed at the end, artifacts in it, and programs run there.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "./tools.ts";

/** A new folder, removed when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "keratin-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Ran {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: 120_000,
    ...options,
  });
  return { code: status, stdout, stderr };
}

/** Runs `keratin` from the checkout. */
export const keratin = (
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Ran => runProgram(process.execPath, [join(projectRoot, "bin/keratin.mjs"), ...args], options);

/** Runs a script as a plain ES module in a folder: no loader, nothing of the project. */
export function runModule(folder: string, name: string, text: string): Ran {
  writeFileSync(join(folder, name), text);
  return runProgram(process.execPath, [name], { cwd: folder });
}
