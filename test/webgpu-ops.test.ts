// The op matrix on WebGPU: every op with every sample of it, compiled for the shaders' schedule and run on Dawn, against `evaluate`.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../compiler/pipeline.ts";
import { Unsupported } from "../ir/errors.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import type { Module } from "../ir/graph.ts";
import type { NDArray } from "../ir/ndarray.ts";
import type { Tolerance } from "../ir/op.ts";
import { allOps, opTable } from "../ir/ops/index.ts";
import type { Bundle } from "../ir/program.ts";
import { schedulerFor } from "../targets/schedule/scheduler.ts";
import { wgsl } from "../targets/wgsl/wgsl.ts";
import { type Closeness, difference } from "./support/close.ts";
import { openDawn } from "./support/dawn.ts";
import { type OpSample, opSamples, sampleOperands } from "./support/op-samples.ts";
import { seeded } from "./support/seeded.ts";
import { loadBundle } from "./support/wgsl-run.ts";

const dawn = await openDawn();
const device = await dawn?.device();
test.after(() => dawn?.close());

/** WGSL divides with 2.5 ULP, and its expansions of scalar functions have a few; values are around 1. */
const closeness: Readonly<Record<Tolerance, Closeness>> = {
  exact: { absolute: 1e-6, relative: 1e-6 },
  rounding: { absolute: 1e-5, relative: 1e-5 },
  approx: { absolute: 1e-4, relative: 1e-5 },
};

/** The op as a bundle; undefined where its dtypes are beyond WGSL. */
function bundleOf({ func }: OpSample): Bundle | undefined {
  const module: Module = { funcs: [func] };
  try {
    const { bundle } = compile(func.name, module, new Map(), schedulerFor(wgsl.limits));
    wgsl.emit(bundle);
    return bundle;
  } catch (error) {
    if (error instanceof Unsupported && error.target === "wgsl") return undefined;
    throw error;
  }
}

async function agrees(gpu: GPUDevice, row: OpSample): Promise<void> {
  const bundle = bundleOf(row);
  if (bundle === undefined) return;
  const operands = sampleOperands(row, seeded(3));
  const { run, engine } = await loadBundle(gpu, bundle);
  const results = await run(
    bundle.programs[0].name,
    operands.map(({ data }) => data),
  );
  engine.destroy();
  evaluateFunc(row.func, operands, opTable).forEach((want, i) => {
    const got: NDArray = { ...want, data: results[i] };
    assert.is(difference(got, want, closeness[row.def.tolerance]), undefined, row.label);
  });
}

for (const def of allOps) {
  const rows = opSamples([def], opTable);
  if (rows.length === 0) continue;
  test(`${def.name} on WebGPU = evaluate`, async () => {
    if (device === undefined) return;
    for (const row of rows) await agrees(device, row);
  });
}

test.run();
