/**
 * `model.js` of a wasm artifact: finds the files beside itself, instantiates, and offers the entries as methods. Its types are in the
 * artifact's own `model.d.ts`.
 */
import type { Manifest, Tensor, Tensors } from "../../../runtime/manifest.ts";
import { type CallOptions, instantiate, loadBytes } from "../../../runtime/wasm.ts";
import { byName, isBytes, partsOf, type Source, scalars } from "./shared.ts";

declare const KERATIN_MANIFEST: Manifest;
declare const KERATIN_STATE_OFFSET: number;

interface LoadOptions {
  readonly weights?: Source;
  readonly wasm?: Source | WebAssembly.Module;
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

export async function load({ weights, wasm }: LoadOptions = {}) {
  const manifest = KERATIN_MANIFEST;
  // Bundlers know this form and bring the files along.
  const source = weights ?? new URL("./weights.bin", import.meta.url);
  const [module, file] = await Promise.all([
    moduleSource(wasm ?? new URL("./model.wasm", import.meta.url)),
    typeof source === "object" && isBytes(source) ? source : loadBytes(new URL(source, import.meta.url)),
  ]);
  const parts = partsOf(file, manifest, KERATIN_STATE_OFFSET);
  const model = await instantiate(module, manifest, parts.weights, parts.state);
  const predict = (inputs: Tensors | Tensor, options?: CallOptions) => model.predict(inputs, options);
  if (!("train_step" in manifest.entries)) return { predict };
  return {
    predict,
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
