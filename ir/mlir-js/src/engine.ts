/**
 * Loading: from a variant's name to an `Mlir` that makes contexts. The module is compiled once; an instance that broke down is replaced
 * when the next context is made.
 */
import { Context, type ContextOptions } from "./context.ts";
import { Instance } from "./instance.ts";
import { type PassInfo, parsePassList } from "./pass-list.ts";

/**
 * `core`: the dialects builtin, func, arith and irdl; canonicalize, cse, inline, symbol-dce. `full`: also affine, bufferization, cf, linalg,
 * math, memref, scf, tensor, tosa, vector, their passes, and the conversions down to loops and branches.
 */
export type Variant = "core" | "full";

export interface LoadOptions {
  /** Default: "full". */
  readonly variant?: Variant;
  /** The module's bytes, a compiled module, or where it lies. Default: the file of the variant that comes with this package. */
  readonly wasm?: Uint8Array<ArrayBuffer> | ArrayBuffer | WebAssembly.Module | URL;
}

/** MLIR, loaded. */
export class Mlir {
  readonly variant: Variant;
  private readonly module: WebAssembly.Module;
  private instance: Instance;

  /** Use `loadMlir`. */
  constructor(module: WebAssembly.Module, variant: Variant) {
    this.module = module;
    this.variant = variant;
    this.instance = new Instance(module);
  }

  /** A fresh context. Dispose it, or let it be collected: its handles keep it alive. */
  createContext(options: ContextOptions = {}): Context {
    return new Context(this.live(), options);
  }

  /** The passes and pipelines that pipelines can name, with their options. */
  get passes(): readonly PassInfo[] {
    const instance = this.live();
    instance.out.take();
    instance.call((exports) => exports.mw_print_passes());
    return parsePassList(instance.out.take());
  }

  /** Bytes of WebAssembly memory in use; it grows and never shrinks. */
  get memoryBytes(): number {
    return this.instance.memoryBytes;
  }

  private live(): Instance {
    if (this.instance.isBroken) this.instance = new Instance(this.module);
    return this.instance;
  }
}

/**
 * Loads MLIR. In Node the file is read from this package; in browsers it is fetched from beside this module, or from `wasm`. A page with a
 * content security policy needs 'wasm-unsafe-eval'.
 */
export async function loadMlir({ variant = "full", wasm }: LoadOptions = {}): Promise<Mlir> {
  return new Mlir(await compile(wasm ?? new URL(`../wasm/${variant}.wasm`, import.meta.url)), variant);
}

async function compile(source: NonNullable<LoadOptions["wasm"]>): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (!(source instanceof URL)) return WebAssembly.compile(source);
  if (source.protocol === "file:") {
    // By a name that bundlers for the web do not look into.
    const files = "node:fs/promises";
    const { readFile } = (await import(files)) as typeof import("node:fs/promises");
    return WebAssembly.compile(await readFile(source));
  }
  const response = await fetch(source);
  if (!response.ok) throw new Error(`cannot fetch ${source}: ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
