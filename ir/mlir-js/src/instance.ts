/**
 * One instance of the WebAssembly module: its memory, how texts and lists go in and come out, and what happens when it breaks down. A
 * broken instance is never called again; `Engine` starts a fresh one.
 */
import { AbortError } from "./errors.ts";
import type { Exports, Ptr } from "./exports.ts";
import { Exit, makeImports, Output } from "./imports.ts";

const SCRATCH_BYTES = 1 << 16;

export class Instance {
  /** What the module printed: the list of passes. */
  readonly out = new Output();
  private readonly err = new Output();
  private readonly exports: Exports;
  private readonly encoder = new TextEncoder();
  private readonly decoder = new TextDecoder();
  private readonly scratch: Ptr;
  private used = 0;
  private failure: AbortError | undefined;

  constructor(module: WebAssembly.Module) {
    const outputs = { out: this.out, err: this.err };
    const instance = new WebAssembly.Instance(
      module,
      makeImports(module, () => this.exports.memory, outputs),
    );
    this.exports = instance.exports as object as Exports;
    this.exports._initialize();
    this.scratch = this.exports.malloc(SCRATCH_BYTES);
  }

  get isBroken(): boolean {
    return this.failure !== undefined;
  }

  /** Bytes of memory. WebAssembly memory grows and never shrinks. */
  get memoryBytes(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /** Calls into WebAssembly. A trap, an exit or an exhausted stack breaks the instance and becomes an AbortError. */
  call<T>(use: (exports: Exports) => T): T {
    if (this.failure !== undefined) throw new AbortError(`after ${this.failure.message}`);
    try {
      return use(this.exports);
    } catch (error) {
      if (!isBreakdown(error)) throw error;
      this.failure = new AbortError(this.describe(error));
      throw this.failure;
    }
  }

  private describe(error: unknown): string {
    const said = this.err.take().trim();
    const what = error instanceof Error ? error.message : String(error);
    const cause =
      error instanceof RangeError ? "MLIR's stack is exhausted (nesting too deep?)" : "MLIR broke down";
    return `${cause}: ${what}${said === "" ? "" : `\n${said}`}`;
  }

  /** Calls with texts and lists in memory, which are released afterwards. */
  with<T>(use: (exports: Exports, put: Put) => T): T {
    const mark = this.used;
    const large: Ptr[] = [];
    const allocate = (size: number): Ptr => {
      const aligned = (size + 7) & ~7;
      if (this.used + aligned <= SCRATCH_BYTES) {
        const at = this.scratch + this.used;
        this.used += aligned;
        return at;
      }
      const at = this.exports.malloc(aligned);
      if (at === 0) throw new RangeError(`no memory for ${aligned} bytes`);
      large.push(at);
      return at;
    };
    const put: Put = {
      bytes: (bytes) => {
        const at = allocate(bytes.length);
        new Uint8Array(this.exports.memory.buffer).set(bytes, at);
        return [at, bytes.length];
      },
      text: (text) => put.bytes(this.encoder.encode(text)),
      words: (words) => {
        const at = allocate(words.length * 4);
        new Int32Array(this.exports.memory.buffer, at, words.length).set(words);
        return at;
      },
    };
    try {
      return this.call((exports) => use(exports, put));
    } finally {
      this.used = mark;
      if (!this.isBroken) for (const at of large) this.exports.free(at);
    }
  }

  /** The bytes that a call gives as its result, copied. */
  bytes(use: (exports: Exports, put: Put) => Ptr): Uint8Array {
    return this.with((exports, put) => {
      const at = use(exports, put);
      return new Uint8Array(exports.memory.buffer, at, exports.mw_result_size()).slice();
    });
  }

  /** The text that a call gives as its result. */
  text(use: (exports: Exports, put: Put) => Ptr): string {
    return this.decoder.decode(this.bytes(use));
  }

  /** The 32-bit words that a call gives as its result: addresses are unsigned. */
  words(use: (exports: Exports, put: Put) => Ptr): Uint32Array {
    return new Uint32Array(this.bytes(use).buffer);
  }

  /** The doubles that a call gives as its result. */
  doubles(use: (exports: Exports, put: Put) => Ptr): Float64Array {
    return new Float64Array(this.bytes(use).buffer);
  }
}

/** Errors that left C++ in the middle of something; all others come from checks of ours. */
const isBreakdown = (error: unknown): boolean =>
  error instanceof WebAssembly.RuntimeError || error instanceof RangeError || error instanceof Exit;

/** Puts data into the memory of the instance, for one call. */
export interface Put {
  /** Address and size. */
  text(text: string): [at: Ptr, size: number];
  bytes(bytes: Uint8Array): [at: Ptr, size: number];
  words(words: readonly number[]): Ptr;
}
