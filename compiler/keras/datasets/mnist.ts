/**
 * `keras.datasets.mnist`: the 70,000 handwritten digits of Keras, from the same address, into the same cache, under the
 * same checksum.
 *
 * In Node the file is kept where Keras keeps it (`KERAS_HOME` or `~/.keras`, then `datasets/mnist.npz`), so either finds
 * what the other has downloaded; in a browser it is fetched each time and the HTTP cache does the rest. What does not
 * have the expected SHA-256 is never parsed.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { readNpz } from "../../formats/npy.ts";

export interface LabelledImages {
  /** u8 [count, 28, 28], 0 is background and 255 ink. */
  readonly x: NDArray;
  /** u8 [count], 0 to 9. */
  readonly y: NDArray;
}

export interface Digits {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

export interface MnistOptions {
  /** Name of the cached file below `datasets/`; "mnist.npz" unless told. */
  readonly path?: string;
  /** Where to download from, for a mirror. The checksum stays the same. */
  readonly origin?: string;
  /** Milliseconds after which a download is given up; 60,000 unless told. */
  readonly timeout?: number;
}

const source = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz";
const checksum = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1";

/**
 * 60,000 digits to train on and 10,000 to test. Rejects with ModelError, in one line, when the file is not cached and
 * cannot be downloaded, or is not the file it should be.
 */
export async function loadData(options: MnistOptions = {}): Promise<Digits> {
  const cache = openCache(options.path ?? "mnist.npz");
  const kept = await cache?.read();
  if (kept !== undefined && (await sha256(kept)) === checksum) return parseMnist(kept);
  const bytes = await download(options.origin ?? source, options.timeout ?? 60_000);
  const got = await sha256(bytes);
  if (got !== checksum) {
    const hint = "The download was damaged or replaced: try again later";
    throw new ModelError("not the MNIST file", {
      where: options.origin ?? source,
      expected: `SHA-256 ${checksum}`,
      got,
      hint,
    });
  }
  await cache?.write(bytes);
  return parseMnist(bytes);
}

/** The arrays of mnist.npz. Throws ModelError unless there are x_train, y_train, x_test and y_test of fitting shapes. */
export function parseMnist(bytes: Uint8Array): Digits {
  const arrays = readNpz(bytes, { file: "mnist.npz" });
  const part = (name: string): LabelledImages => {
    const x = arrays.get(`x_${name}`);
    const y = arrays.get(`y_${name}`);
    const [count, height, width] = x?.shape ?? [];
    const fits = x?.dtype === "u8" && y?.dtype === "u8" && height === 28 && width === 28;
    if (fits && x.shape.length === 3 && y.shape.length === 1 && y.shape[0] === count) return { x, y };
    const expected = `x_${name} u8 [n, 28, 28] and y_${name} u8 [n]`;
    throw new ModelError("not the arrays of MNIST", {
      where: "mnist.npz",
      expected,
      got: [...arrays.keys()].join(", "),
    });
  };
  return { train: part("train"), test: part("test") };
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function download(origin: string, timeout: number): Promise<Uint8Array> {
  try {
    const response = await fetch(origin, { signal: AbortSignal.timeout(timeout) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    const hint = "Put the file into ~/.keras/datasets/mnist.npz, or use other data";
    throw new ModelError("cannot download MNIST", { where: origin, got: reason(error), hint });
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
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
}

/**
 * Keras's cache, where there is a file system. The builtins are asked of the running process (Node 20.16 and later, Bun,
 * Deno), not imported: an import would stop every bundler that builds for a browser.
 */
function openCache(name: string): Cache | undefined {
  const builtin = typeof process === "undefined" ? undefined : process.getBuiltinModule;
  if (builtin === undefined) return undefined;
  const fs = builtin("node:fs/promises");
  const { join, dirname } = builtin("node:path");
  const home = process.env.KERAS_HOME ?? join(builtin("node:os").homedir(), ".keras");
  const file = join(home, "datasets", name);
  return {
    read: async () => fs.readFile(file).catch(() => undefined),
    write: async (bytes) => {
      const part = `${file}.${process.pid}.part`;
      try {
        await fs.mkdir(dirname(file), { recursive: true });
        await fs.writeFile(part, bytes);
        // Under its own name only when whole: another process may be reading.
        await fs.rename(part, file);
      } catch {
        // A read-only home costs a download next time, not this one.
        await fs.rm(part, { force: true }).catch(() => undefined);
      }
    },
  };
}
