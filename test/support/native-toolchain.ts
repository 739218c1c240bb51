/** Writes emitted folders to a temporary place and runs compilers and programs there. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { EmittedFile } from "../../targets/target.ts";

/** Runs `body` with a new folder that holds `files`, and removes it afterwards. */
export function withFolder<T>(files: readonly EmittedFile[], body: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "keratin-native-"));
  try {
    for (const { path, contents } of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), contents);
    }
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program; returns what it printed to both outputs. Throws with its output when it fails. */
export function runIn(folder: string, program: string, ...args: readonly string[]): string {
  const command = [program, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  return execFileSync("/bin/sh", ["-c", `${command} 2>&1`], { cwd: folder, encoding: "utf8" });
}

export const inFolder = (folder: string, files: readonly EmittedFile[]): EmittedFile[] =>
  files.map(({ path, contents }) => ({ path: join(folder, path), contents }));
