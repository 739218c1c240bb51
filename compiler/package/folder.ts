/**
 * Writes folders whole or not at all: into a temporary one beside the place, then renamed. What was there before stays until then, and
 * only an earlier artifact is replaced.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ModelError } from "../../ir/errors.ts";
import type { EmittedFile } from "../../targets/target.ts";
import { manifestFile } from "./artifact-manifest.ts";

export interface Folder {
  /** Below `out`. */
  readonly name: string;
  readonly files: readonly EmittedFile[];
}

/** Writes `out/name` for every folder. Throws ModelError when that cannot be done, and leaves nothing behind then. */
export function writeFolders(out: string, folders: readonly Folder[]): void {
  for (const { name } of folders) checkReplaceable(join(out, name));
  const missing = firstMissing(resolve(out));
  const drafts: string[] = [];
  try {
    makeFolder(out);
    for (const folder of folders) drafts.push(writeDraft(out, folder));
    folders.forEach(({ name }, i) => replaceFolder(drafts[i], join(out, name)));
  } catch (error) {
    for (const draft of drafts) rmSync(draft, { recursive: true, force: true });
    if (missing !== undefined && existsSync(missing)) rmSync(missing, { recursive: true, force: true });
    throw new ModelError("cannot write the artifact", {
      where: out,
      got: error instanceof Error ? error.message : String(error),
      hint: "Choose a folder you may write to, with enough room",
    });
  }
}

/** Makes a folder with those around it. Not mkdirSync's `recursive`, which never ends where /proc and its like refuse. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(resolve(path)));
  mkdirSync(path);
}

function writeDraft(out: string, { name, files }: Folder): string {
  // Not mkdtemp, whose folders nobody else may read.
  const draft = join(out, `.${name}-${randomUUID()}`);
  try {
    mkdirSync(draft);
    for (const { path, contents } of files) {
      const file = join(draft, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contents);
    }
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
  return draft;
}

/** Puts the draft in the place of what may be there. */
function replaceFolder(draft: string, place: string): void {
  if (!existsSync(place)) return renameSync(draft, place);
  const old = `${draft}-old`;
  renameSync(place, old);
  try {
    renameSync(draft, place);
  } catch (error) {
    renameSync(old, place);
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}

/** A folder of the user's must not disappear because it happens to be called "wasm". */
function checkReplaceable(place: string): void {
  if (!existsSync(place)) return;
  let names: readonly string[] = [];
  try {
    names = readdirSync(place);
  } catch {
    names = [""]; // a file, or a folder that cannot be read
  }
  if (names.length === 0 || names.includes(manifestFile)) return;
  throw new ModelError("will not replace what is no artifact", {
    where: place,
    expected: `an empty folder, or an artifact with its ${manifestFile}`,
    got: names[0] === "" ? "something else" : names.slice(0, 4).join(", "),
    hint: "Choose another --out, or move it away",
  });
}

/** The outermost folder on the way that does not exist yet: what to remove when writing fails. */
function firstMissing(path: string): string | undefined {
  if (existsSync(path)) return undefined;
  return firstMissing(dirname(path)) ?? path;
}
