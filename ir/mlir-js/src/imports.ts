/**
 * What the WebAssembly module imports: a few functions of WASI, of which it needs a place to write messages to. There is no file system,
 * no environment, no clock that tells time.
 */

/** Texts written to the standard output and error since they were taken last. */
export class Output {
  private readonly decoder = new TextDecoder();
  private text = "";

  write(bytes: Uint8Array): void {
    // Slices: the decoder refuses shared and growable memory in some browsers.
    this.text += this.decoder.decode(bytes.slice(), { stream: true });
  }

  take(): string {
    const { text } = this;
    this.text = "";
    return text;
  }
}

/** Thrown through WebAssembly when it wants to end the process. */
export class Exit extends Error {}

const BAD_FILE = 8;
const NOT_SUPPORTED = 52;

/** What is not listed below: system calls answer with a negative error number, WASI with a positive one, the rest is never called. */
function unknown(name: string): () => number {
  if (name.startsWith("__syscall_")) return () => -NOT_SUPPORTED;
  if (!/^(invoke_|_emscripten_throw)/.test(name)) return () => NOT_SUPPORTED;
  return () => {
    throw new Exit(`${name} is not available`);
  };
}

/** Imports for a module, by its own list. */
export function makeImports(
  module: WebAssembly.Module,
  memory: () => WebAssembly.Memory,
  outputs: { readonly out: Output; readonly err: Output },
): WebAssembly.Imports {
  const known: { readonly [name: string]: (...args: number[]) => number } = {
    proc_exit: (code) => {
      throw new Exit(`exit with code ${code}`);
    },
    abort: () => {
      throw new Exit("abort");
    },
    fd_write: (fd, vectors, count, written) => {
      if (fd !== 1 && fd !== 2) return BAD_FILE;
      const view = new DataView(memory().buffer);
      let total = 0;
      for (let i = 0; i < count; i++) {
        const at = view.getUint32(vectors + 8 * i, true);
        const size = view.getUint32(vectors + 8 * i + 4, true);
        (fd === 1 ? outputs.out : outputs.err).write(new Uint8Array(memory().buffer, at, size));
        total += size;
      }
      view.setUint32(written, total, true);
      return 0;
    },
    environ_sizes_get: (count, size) => zeroes(memory(), count, size),
    environ_get: () => 0,
    clock_time_get: (_id, _precision, at) => {
      new DataView(memory().buffer).setBigUint64(at, 0n, true);
      return 0;
    },
    emscripten_notify_memory_growth: () => 0,
    fd_close: () => BAD_FILE,
    fd_read: () => BAD_FILE,
    fd_seek: () => BAD_FILE,
  };
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== "function") continue;
    imports[from] ??= {};
    imports[from][name] = known[name] ?? unknown(name);
  }
  return imports;
}

function zeroes(memory: WebAssembly.Memory, ...places: number[]): number {
  const view = new DataView(memory.buffer);
  for (const place of places) view.setUint32(place, 0, true);
  return 0;
}
