/**
 * Downloads into Keras's cache: from the same addresses, into the same folders (`KERAS_HOME` or `~/.keras`), under the same checksums, so that
 * either finds what the other has fetched. Where there are no files, as in browsers, the bytes are fetched each time and the HTTP cache does the
 * rest. What does not have the expected checksum is never parsed or kept.
 */
import { ModelError } from "../../../ir/errors.ts";
import { type Options, readOptions } from "../options.ts";
import { md5, sha256 } from "./digest.ts";

export interface Download {
  /** What errors call it: "MNIST". */
  readonly title: string;
  /** The file in the cache. */
  readonly name: string;
  /** The folder in the cache: "datasets", "models". */
  readonly folder: string;
  readonly origin: string;
  /** SHA-256 or MD5, in hexadecimal digits; undefined where none is published. */
  readonly checksum?: string;
  /** Milliseconds after which a download is given up; 60,000 unless told. */
  readonly timeout?: number;
  /** Where the cache lies, instead of `KERAS_HOME` or `~/.keras`. */
  readonly home?: string;
}

/** The bytes of a published file. Rejects with ModelError where it cannot be fetched, or is not the file it should be. */
export async function fetchFile(file: Download): Promise<Uint8Array> {
  const cache = openCache(file);
  const kept = await cache?.read();
  if (kept !== undefined && (await isWhole(kept, file.checksum))) return kept;
  const bytes = await download(file, cache?.path);
  if (!(await isWhole(bytes, file.checksum))) {
    throw new ModelError(`not the ${file.title} file`, {
      where: file.origin,
      expected: `${algorithm(file.checksum)} ${file.checksum}`,
      got: await digest(bytes, file.checksum),
      hint: "The download was damaged or replaced: try again later",
    });
  }
  await cache?.write(bytes);
  return bytes;
}

const algorithm = (checksum = ""): string => (checksum.length === 32 ? "MD5" : "SHA-256");

const digest = (bytes: Uint8Array, checksum: string | undefined): Promise<string> | string =>
  algorithm(checksum) === "MD5" ? md5(bytes) : sha256(bytes);

async function isWhole(bytes: Uint8Array, checksum: string | undefined): Promise<boolean> {
  return checksum === undefined || (await digest(bytes, checksum)) === checksum.toLowerCase();
}

async function download(
  { title, origin, timeout = 60_000 }: Download,
  path = "the cache",
): Promise<Uint8Array> {
  try {
    const response = await fetch(origin, { signal: AbortSignal.timeout(timeout) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new ModelError(`cannot download ${title}`, {
      where: origin,
      got: reason(error),
      hint: `Put the file into ${path}, or use other data`,
    });
  }
}

/** The innermost cause: fetch says "fetch failed" and hides why below. */
function reason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause !== undefined) return reason(cause);
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? `${error.code} ` : "";
  return `${code}${error.message}`.replace(/\s+/g, " ").trim();
}

interface Cache {
  readonly path: string;
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
}

/**
 * The cache, where there is a file system. The builtins are asked of the running process (Node 20.16 and later, Bun, Deno), not imported: an
 * import would stop every bundler that builds for a browser.
 */
function openCache({ name, folder, home }: Download): Cache | undefined {
  const builtin = typeof process === "undefined" ? undefined : process.getBuiltinModule;
  if (builtin === undefined) return undefined;
  const fs = builtin("node:fs/promises");
  const { join, dirname } = builtin("node:path");
  const root = home ?? process.env.KERAS_HOME ?? join(builtin("node:os").homedir(), ".keras");
  const path = join(root, folder, name);
  return {
    path,
    read: async () => fs.readFile(path).catch(() => undefined),
    write: async (bytes) => {
      const part = `${path}.${process.pid}.part`;
      try {
        await fs.mkdir(dirname(path), { recursive: true });
        await fs.writeFile(part, bytes);
        // Under its own name only when whole: another process may be reading.
        await fs.rename(part, path);
      } catch {
        // A read-only home costs a download next time, not this one.
        await fs.rm(part, { force: true }).catch(() => undefined);
      }
    },
  };
}

export interface GetFileOptions {
  /** The name in the cache; default the last part of the address. */
  readonly fname?: string | null;
  readonly origin?: string;
  /** SHA-256 or MD5, in hexadecimal digits; default null, unchecked. */
  readonly fileHash?: string | null;
  /** Default "datasets". */
  readonly cacheSubdir?: string;
  /** Default `KERAS_HOME` or `~/.keras`. */
  readonly cacheDir?: string | null;
}

const defaults = {
  fname: null as string | null,
  origin: undefined as string | undefined,
  fileHash: null as string | null,
  cacheSubdir: "datasets",
  cacheDir: null as string | null,
};

/**
 * The bytes of the file at an address, from the cache or downloaded into it: `await keras.utils.getFile({ origin, fileHash })`. Keras returns the path
 * instead, and unpacks archives. Rejects with ModelError where the file cannot be fetched or has another checksum.
 */
export async function getFile(
  ...args: [
    fname: string | null | Options<GetFileOptions>,
    origin?: string | Options<GetFileOptions>,
    options?: Options<GetFileOptions>,
  ]
): Promise<Uint8Array> {
  const read = readOptions(args, defaults, { owner: "getFile", positional: ["fname", "origin"] });
  const origin = read.origin ?? "";
  const name = read.fname ?? new URL(origin).pathname.split("/").at(-1) ?? "";
  if (!/^[\w.-]+$/.test(name) || /^\.+$/.test(name))
    throw new ModelError("not a file name", {
      where: "getFile",
      expected: "a name without folders",
      got: `Received: fname=${name}`,
    });
  return fetchFile({
    title: name,
    name,
    origin,
    folder: read.cacheSubdir,
    checksum: read.fileHash ?? undefined,
    home: read.cacheDir ?? undefined,
  });
}
