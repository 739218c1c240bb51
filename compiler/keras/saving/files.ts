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
