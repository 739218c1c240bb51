/** How long each kernel of a workload takes in wasm, on request. */

import { compileFor } from "../../compiler/package/artifact.ts";
import { sourceOf } from "../../compiler/package/from-model.ts";
import { randomInputs } from "../../compiler/report/bench.ts";
import { kernelTimes } from "../../compiler/report/kernel-times.ts";
import { makeNet } from "./models.ts";
import type { KernelRow } from "./rows.ts";
import type { Workload } from "./workloads.ts";

const BUDGET = 2000;

export async function kernelRows({ name, kind, net, batch }: Workload): Promise<readonly KernelRow[]> {
  const model = kind === "infer" || kind === "train" ? makeNet(net) : undefined;
  if (model === undefined) return [];
  const source = await sourceOf(model, { train: kind === "train" });
  const entry = kind === "train" ? "train_step" : "predict";
  const { bundle } = compileFor("wasm", source);
  const times = kernelTimes(bundle, entry, randomInputs(source, batch, entry), batch, BUDGET);
  const total = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return times
    .map(({ name: kernel, milliseconds: ms, launches }) => ({
      workload: name,
      kernel,
      ms,
      launches,
      share: ms / total,
    }))
    .sort((a, b) => b.ms - a.ms);
}
