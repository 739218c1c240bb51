/**
 * `model.js` of a WebGPU artifact: finds the files beside itself, compiles the shaders and offers the entries as methods. Its types are
 * in the artifact's own `model.d.ts`.
 */
import { type Manifest, mismatch, type Tensor, type Tensors } from "../../../runtime/manifest.ts";
import { type CallOptions, instantiate } from "../../../runtime/webgpu.ts";
import type { WgslPlan } from "../../../runtime/webgpu-plan.ts";
import { type Bytes, byName, isBytes, partsOf, type Source, scalars } from "./shared.ts";

declare const KERATIN_MANIFEST: Manifest;
declare const KERATIN_STATE_OFFSET: number;
declare const KERATIN_PLAN: WgslPlan;

interface LoadOptions {
  readonly weights?: Source;
  /** Another place for model.wgsl. */
  readonly shaders?: Source;
  readonly device?: GPUDevice;
  readonly adapter?: GPUAdapter;
}

/** The bytes behind an address; of `file:` URLs too, in Node, Deno and Bun. */
async function bytesOf(source: Source): Promise<Bytes> {
  if (typeof source === "object" && isBytes(source)) return source;
  const url = new URL(source, import.meta.url);
  if (url.protocol === "file:") {
    // Out of sight of bundlers, which would look for the module in a browser.
    const fs = "node:fs/promises";
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ fs)).readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw mismatch(`cannot load ${url}`, "status 200", `${response.status}`);
  return response.arrayBuffer();
}

export async function load({ weights, shaders, device, adapter }: LoadOptions = {}) {
  const manifest = KERATIN_MANIFEST;
  const [code, file] = await Promise.all([
    bytesOf(shaders ?? new URL("./model.wgsl", import.meta.url)),
    bytesOf(weights ?? new URL("./weights.bin", import.meta.url)),
  ]);
  const model = await instantiate({
    source: new TextDecoder().decode(code),
    plan: KERATIN_PLAN,
    manifest,
    ...partsOf(file, manifest, KERATIN_STATE_OFFSET),
    device,
    adapter,
  });
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
        await model.call("train_step", byName(manifest, "train_step", tensors)),
      );
    },
    getState: () => model.getState(),
    setState: async (bytes: Bytes) => model.setState(bytes),
    exportWeights: () => model.exportWeights(),
  };
}
