/**
 * The loader of the WASM target: one file for Node, browsers, workers, Deno and Bun. No eval, so a strict Content-Security-Policy needs only
 * 'wasm-unsafe-eval'; no SharedArrayBuffer unless threads are asked for. Instances share nothing. Memory grows when a batch needs it and never
 * shrinks; growing invalidates views of it, so callers get copies.
 */
import {
  type Arrays,
  bindInputs,
  countOf,
  type Entry,
  evaluate,
  type Field,
  isArray,
  type Manifest,
  mismatch,
  named,
  outputArray,
  type Region,
  type Tensor,
  type Tensors,
  type TypedArray,
  typedArrays,
} from "./manifest.ts";
import { canShareMemory, type ThreadOptions, ThreadTeam } from "./thread-team.ts";

/** Bytes of weights or of state. */
export type Bytes = ArrayBuffer | Uint8Array;

export interface CallOptions {
  /** Arrays that results are written to instead of new ones; an array alone where there is one output. */
  readonly out?: Arrays | TypedArray;
}

/** A weight or a state as it is now: a copy. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

const ALIGNMENT = 64;
const PAGE = 65536;
const MAX_BYTES = 65536 * PAGE;
const align = (address: number): number => Math.ceil(address / ALIGNMENT) * ALIGNMENT;

/**
 * Compiles and instantiates. A Response is compiled while it arrives; a module compiled elsewhere can be shared by instances. Weights and
 * state may be left out when the module brings them (`manifest.wasm.inlined`); without `state`, state begins as zeros. Several threads run
 * what was compiled for them where memory can be shared, unless the module comes compiled.
 */
export async function instantiate(
  source: BufferSource | Response | WebAssembly.Module,
  manifest: Manifest,
  weights?: Bytes,
  state?: Bytes,
  options?: ThreadOptions,
): Promise<WasmModel> {
  const layout = manifest.wasm?.threads;
  const isAlone = options === undefined || options.threads < 2 || layout === undefined;
  if (isAlone || source instanceof WebAssembly.Module || !canShareMemory())
    return new WasmModel(await compile(source), manifest, weights, state);
  const bytes = "headers" in source ? await source.arrayBuffer() : source;
  const patched = bytesOf(bytes as ArrayBuffer).slice();
  patched[layout.flag] = SHARED;
  const module = await WebAssembly.compile(patched);
  const memory = memoryOf(layout, true);
  const entries = Object.keys(manifest.entries);
  const { scratchBytes } = layout;
  const team = await ThreadTeam.start(options, { module, memory, entries, scratchBytes });
  return new WasmModel(module, manifest, weights, state, { memory, team });
}

/** What a module takes from outside. */
interface Host {
  readonly memory: WebAssembly.Memory;
  readonly team?: ThreadTeam;
}

/** In the flags of a memory's bounds: both given, and shared. */
const SHARED = 3;

const memoryOf = ({ pages }: { readonly pages: number }, shared: boolean): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: pages, maximum: MAX_BYTES / PAGE, shared });

async function compile(source: BufferSource | Response | WebAssembly.Module): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  // Not `instanceof Response`: naming the class makes Node load its fetch, which takes longer than everything else here.
  if (!("headers" in source)) return WebAssembly.compile(source);
  // Streaming insists on the content type, which not every server sends.
  const streams = source.headers.get("content-type") === "application/wasm";
  return streams ? WebAssembly.compileStreaming(source) : WebAssembly.compile(await source.arrayBuffer());
}

/** The bytes behind a URL; of `file:` URLs too, in Node, Deno and Bun. Throws an Error that names the URL. */
export async function loadBytes(url: URL): Promise<ArrayBuffer> {
  if (url.protocol === "file:") {
    // Out of sight of bundlers, which would look for the module in a browser.
    const fs = "node:fs/promises";
    const { buffer, byteOffset, byteLength } = await (
      await import(/* @vite-ignore */ /* webpackIgnore: true */ fs)
    ).readFile(url);
    return buffer.slice(byteOffset, byteOffset + byteLength);
  }
  const response = await fetch(url);
  if (!response.ok) throw mismatch(`cannot load ${url}`, "status 200", `${response.status}`);
  return response.arrayBuffer();
}

/** A model in memory: call it, read and replace its weights and state. */
export class WasmModel {
  readonly manifest: Manifest;
  readonly #exports: WebAssembly.Exports;
  readonly #memory: WebAssembly.Memory;
  readonly #base: NonNullable<Manifest["wasm"]>;
  readonly #team: ThreadTeam | undefined;

  /** Synchronous, for workers and in-process use; browsers limit synchronous compilation, not this. */
  constructor(module: WebAssembly.Module, manifest: Manifest, weights?: Bytes, state?: Bytes, host?: Host) {
    if (manifest.format !== 1 || manifest.wasm === undefined) {
      throw mismatch(
        `${manifest.name}: the manifest does not fit this loader`,
        "format 1 for wasm",
        `format ${manifest.format}`,
      );
    }
    const { threads } = manifest.wasm;
    const memory = host?.memory ?? (threads && memoryOf(threads, false));
    const meet = host?.team?.meet ?? (() => undefined);
    const { exports } = new WebAssembly.Instance(module, memory && { keratin: { memory, meet } });
    this.manifest = manifest;
    this.#team = host?.team;
    this.#base = manifest.wasm;
    this.#exports = exports;
    this.#memory = exports.memory as WebAssembly.Memory;
    this.#fill("weights", weights);
    if (state !== undefined) this.#fill("state", state);
  }

  /** `call("predict", ...)`; one input may be passed by itself. */
  predict(inputs: Tensors | Tensor, options?: CallOptions): Arrays {
    return this.call("predict", inputs, options);
  }

  /** Runs an entry. The results are fresh arrays unless `out` is given. Throws an Error when an input does not fit. */
  call(entry: string, inputs: Tensors | Tensor, { out }: CallOptions = {}): Arrays {
    const { entries } = this.manifest;
    const spec = Object.hasOwn(entries, entry) ? entries[entry] : undefined;
    if (spec === undefined) throw mismatch(`no entry "${entry}"`, Object.keys(entries).join(", "), entry);
    const { bindings, arrays } = bindInputs(entry, spec, named(spec.inputs, inputs) as Tensors);
    const outs = out === undefined ? undefined : (named(spec.outputs, out) as Arrays);
    const targets = spec.outputs.map((port) => outputArray(entry, port, bindings, outs));
    const sizes = spec.outputs.map(
      ({ shape, dtype }) => countOf(shape, bindings) * typedArrays[dtype].BYTES_PER_ELEMENT,
    );
    const spare = ((this.#team?.threads ?? 1) - 1) * (this.#base.threads?.scratchBytes ?? 0);
    const lengths = [...arrays.map((array) => array.byteLength), ...sizes, spare];
    const places = this.#place(this.#base.arena + evaluate(spec.arena, bindings), lengths);
    arrays.forEach((array, i) => {
      this.#bytes(places[i], array.byteLength).set(bytesOf(array));
    });
    this.#run(entry, [...spec.symbols.map((symbol) => bindings[symbol]), ...places]);
    return this.#results(spec, places.slice(arrays.length), sizes, targets);
  }

  /** `args`: symbols, pointers, and where the scratch memory of further threads begins. */
  #run(entry: string, args: readonly number[]): void {
    const run = this.#exports[entry] as CallableFunction;
    const { scratch } = this.#base.threads ?? {};
    const team = this.#team;
    // What was compiled for one thread takes no notice of the last three arguments.
    const own = (): void => void run(...args.slice(0, -1), 0, team?.threads ?? 1, scratch);
    if (team === undefined) own();
    else team.run(entry, args, own);
  }

  /** Ends further threads. */
  destroy(): void {
    this.#team?.close();
  }

  /** A copy of all state, for `setState`. */
  getState(): Uint8Array {
    return this.stateView().slice();
  }

  setState(bytes: Bytes): void {
    this.#fill("state", bytes);
  }

  /** Copies of all weights and states, by name. */
  exportWeights(): NamedTensor[] {
    const read = (base: number, { fields }: Region): NamedTensor[] =>
      fields.map(({ name, shape, dtype, offset }: Field) => {
        const bytes = this.#bytes(base + offset, countOf(shape, {}) * typedArrays[dtype].BYTES_PER_ELEMENT);
        return { name, shape, data: new typedArrays[dtype](bytes.slice().buffer) };
      });
    return [
      ...read(this.#base.weights, this.manifest.weights),
      ...read(this.#base.state, this.manifest.state),
    ];
  }

  /** The weights in place. Valid until memory grows: fetch it anew after each call. */
  weightsView(): Uint8Array {
    return this.#bytes(this.#base.weights, this.manifest.weights.bytes);
  }

  /** The state in place, as `weightsView`. */
  stateView(): Uint8Array {
    return this.#bytes(this.#base.state, this.manifest.state.bytes);
  }

  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, length);
  }

  #fill(region: "weights" | "state", bytes: Bytes | undefined): void {
    const view = region === "weights" ? this.weightsView() : this.stateView();
    const length = bytes?.byteLength ?? (this.#base.inlined ? view.length : 0);
    if (length !== view.length)
      throw mismatch(
        `${this.manifest.name}: ${region} of the wrong size`,
        `${view.length} bytes`,
        `${length}`,
      );
    if (bytes !== undefined) view.set(bytesOf(bytes));
  }

  /** Addresses for arrays of these sizes behind the arena; grows memory to hold them. */
  #place(begin: number, sizes: readonly number[]): number[] {
    let end = begin;
    const addresses = sizes.map((size) => {
      const address = align(end);
      end = address + size;
      return address;
    });
    const missing = end - this.#memory.buffer.byteLength;
    if (end > MAX_BYTES)
      throw mismatch("the batch is too large", `${MAX_BYTES} bytes of memory at most`, `${end}`);
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    return addresses;
  }

  #results(
    { outputs }: Entry,
    pointers: readonly number[],
    sizes: readonly number[],
    targets: readonly (TypedArray | undefined)[],
  ): Arrays {
    const results: Arrays = {};
    outputs.forEach(({ name, dtype }, i) => {
      const bytes = this.#bytes(pointers[i], sizes[i]);
      const target = targets[i];
      if (target === undefined) results[name] = new typedArrays[dtype](bytes.slice().buffer);
      else {
        bytesOf(target).set(bytes);
        results[name] = target;
      }
    });
    return results;
  }
}

const bytesOf = (bytes: Bytes | TypedArray): Uint8Array =>
  isArray(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
