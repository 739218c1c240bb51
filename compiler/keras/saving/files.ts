/**
 * Files, where there are files.
 */
import { ModelError } from "../../../ir/errors.ts";

/** The bytes of a file. Rejects with ModelError where it cannot be read. */
export async function readFile(path: string): Promise<Uint8Array> {
  const fs = fileSystem();
  try {
    return await fs.readFile(path);
  } catch (error) {
    throw new ModelError("cannot read the file", { where: path, got: reason(error) });
  }
}

/** Writes beside the file first, then renames: a failure leaves nothing half-written behind. */
export async function writeFile(path: string, bytes: Uint8Array, overwrite = true): Promise<void> {
  const fs = fileSystem();
  const exists =
    !overwrite &&
    (await fs.access(path).then(
      () => true,
      () => false,
    ));
  if (exists)
    throw new ModelError("the file is there already", {
      where: path,
      hint: "Pass overwrite: true to replace it",
    });
  const temporary = `${path}.${process.pid}.part`;
  try {
    await fs.writeFile(temporary, bytes);
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw new ModelError("cannot write the file", { where: path, got: reason(error) });
  }
}

export async function fileExists(path: string): Promise<boolean> {
  try {
    await fileSystem().access(path);
    return true;
  } catch {
    return false;
  }
}

/** Makes a folder and those around it. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await fileSystem().mkdir(path, { recursive: true });
  } catch (error) {
    throw new ModelError("cannot make the folder", { where: path, got: reason(error) });
  }
}

/** Removes a file or a folder with all in it; one that is not there is removed already. */
export async function removePath(path: string): Promise<void> {
  await fileSystem().rm(path, { recursive: true, force: true });
}

export async function appendFile(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await fileSystem().appendFile(path, content);
  } catch (error) {
    throw new ModelError("cannot write the file", { where: path, got: reason(error) });
  }
}

/** The folder part of a path; "." for a bare name. */
export const folderOf = (path: string): string => /^(.*)[/\\][^/\\]*$/.exec(path)?.[1] || ".";

type FileSystem = typeof import("node:fs/promises");

/** Asked for at run time, so that bundlers for browsers find nothing to resolve. */
function fileSystem(): FileSystem {
  const builtin = typeof process === "undefined" ? undefined : process.getBuiltinModule;
  if (builtin !== undefined) return builtin("node:fs/promises");
  throw new ModelError("there are no files here", {
    expected: "Node 20.16 or later",
    hint: "In browsers use keras.saving.toBytes and keras.saving.fromBytes",
  });
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
