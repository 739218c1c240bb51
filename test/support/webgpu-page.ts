// The page of the WebGPU test in Chromium, and its worker: loads a bundle from the files beside it and calls it.

import type { Manifest } from "../../runtime/manifest.ts";
import { instantiate } from "../../runtime/webgpu.ts";
import type { WgslPlan } from "../../runtime/webgpu-plan.ts";

/** What a page or a worker found. */
export interface Found {
  readonly y: readonly number[];
  readonly bright: readonly number[];
  readonly losses: readonly (readonly number[])[];
  readonly state: readonly number[];
  readonly complaint: string;
  /** Milliseconds until the model was ready. */
  readonly ready: number;
}

export interface Example {
  readonly x: readonly number[];
  readonly pixel: readonly number[];
}

async function file(name: string): Promise<Response> {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  return response;
}

export async function runModel({ x, pixel }: Example): Promise<Found> {
  const start = performance.now();
  const model = await instantiate({
    source: await (await file("model.wgsl")).text(),
    plan: (await (await file("plan.json")).json()) as WgslPlan,
    manifest: (await (await file("manifest.json")).json()) as Manifest,
    weights: await (await file("weights.bin")).arrayBuffer(),
    state: await (await file("state.bin")).arrayBuffer(),
  });
  const ready = performance.now() - start;
  const inputs = { x: Float32Array.from(x), pixel: Uint8Array.from(pixel) };
  const { y, bright } = await model.predict(inputs);
  const gradient = Float32Array.of(2, 2, 2, 2);
  const losses = await Promise.all([1, 2].map(() => model.call("step", gradient)));
  const state = new Float32Array((await model.getState()).buffer);
  const complaint = await model.predict({ x: inputs.x }).then(
    () => "none",
    (error: Error) => error.message,
  );
  model.destroy();
  return {
    y: [...(y as Float32Array)],
    bright: [...(bright as Uint8Array)],
    losses: losses.map(({ loss }) => [...(loss as Float32Array)]),
    state: [...state],
    complaint,
    ready,
  };
}

/** The same in a worker. */
function runInWorker(example: Example): Promise<Found> {
  const worker = new Worker("page.js", { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(example);
  });
}

if (typeof document === "undefined") {
  self.onmessage = async ({ data }) => self.postMessage(await runModel(data));
} else {
  Object.assign(globalThis, { runModel, runInWorker });
}
