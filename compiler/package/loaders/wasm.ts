/**
 * `model.js` of a wasm artifact: finds the files beside itself, instantiates, and offers the entries as methods. Its types are in the
 * artifact's own `model.d.ts`.
 */
import type { Manifest, Tensor, Tensors } from "../../../runtime/manifest.ts";
import type { ThreadStart } from "../../../runtime/thread-worker.ts";
import { type CallOptions, instantiate, loadBytes } from "../../../runtime/wasm.ts";
import { byName, isBytes, partsOf, type Source, scalars } from "./shared.ts";

declare const KERATIN_MANIFEST: Manifest;
declare const KERATIN_STATE_OFFSET: number;

interface LoadOptions {
  readonly weights?: Source;
  readonly wasm?: Source | WebAssembly.Module;
  readonly threads?: number;
}

/** A module with `f32x4.relaxed_madd`. */
// biome-ignore format: bytes
const RELAXED = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0,
  65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 26, 11);

/** The best variant that this engine takes. */
const ownModule = ({ wasm }: Manifest): URL =>
  wasm?.relaxed && WebAssembly.validate(RELAXED)
    ? new URL("./model.relaxed.wasm", import.meta.url)
    : new URL("./model.wasm", import.meta.url);

/** Starts another thread: in a worker of Node's where there are no others. */
async function spawn(start: ThreadStart): Promise<{ terminate(): unknown }> {
  if (typeof Worker === "function") {
    const worker = new Worker(new URL("./threads.js", import.meta.url), { type: "module" });
    worker.postMessage(start);
    return new Promise((resolve, reject) => {
      worker.onmessage = () => resolve(worker);
      worker.onerror = reject;
    });
  }
  const threads = "node:worker_threads";
  const { Worker: NodeWorker } = await import(/* @vite-ignore */ /* webpackIgnore: true */ threads);
  const worker = new NodeWorker(new URL("./threads.js", import.meta.url));
  worker.postMessage(start);
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  worker.unref(); // It ends with the process.
  return worker;
}

/** A response where the bytes come over the network, so that they are compiled while they arrive. */
async function moduleSource(
  source: Source | WebAssembly.Module,
): Promise<BufferSource | Response | WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (typeof source === "object" && isBytes(source)) return source as BufferSource;
  const url = new URL(source, import.meta.url);
  if (url.protocol === "file:") return loadBytes(url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot load ${url}; expected status 200; got ${response.status}`);
  return response;
}

export async function load({ weights, wasm, threads = 1 }: LoadOptions = {}) {
  const manifest = KERATIN_MANIFEST;
  // Bundlers know this form and bring the files along.
  const source = weights ?? new URL("./weights.bin", import.meta.url);
  const [module, file] = await Promise.all([
    moduleSource(wasm ?? ownModule(manifest)),
    typeof source === "object" && isBytes(source) ? source : loadBytes(new URL(source, import.meta.url)),
  ]);
  const parts = partsOf(file, manifest, KERATIN_STATE_OFFSET);
  const model = await instantiate(module, manifest, parts.weights, parts.state, { threads, spawn });
  const predict = (inputs: Tensors | Tensor, options?: CallOptions) => model.predict(inputs, options);
  const destroy = () => model.destroy();
  if (!("train_step" in manifest.entries)) return { predict, destroy };
  return {
    predict,
    destroy,
    async trainStep(...tensors: Tensor[]) {
      return scalars(
        manifest,
        "train_step",
        model.call("train_step", byName(manifest, "train_step", tensors)),
      );
    },
    getState: () => model.getState(),
    setState: (bytes: ArrayBuffer | Uint8Array) => model.setState(bytes),
    exportWeights: () => model.exportWeights(),
  };
}
