// deadline: 400
// The op matrix through the compiler: every op with every sample of it, on the schedules of CPUs and GPUs by the interpreter, and run for
// real on wasm and cpp. (WebGPU has its own file.) Random graphs do the same for what ops become together.

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Loader } from "../compiler/backends/loader.ts";
import { nativeLoader } from "../compiler/backends/native-loader.ts";
import { wasmLoader } from "../compiler/backends/wasm.ts";
import { compile } from "../compiler/pipeline.ts";
import { Unsupported } from "../ir/errors.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import type { NDArray } from "../ir/ndarray.ts";
import type { Tolerance } from "../ir/op.ts";
import { allOps, opTable } from "../ir/ops/index.ts";
import type { Bundle } from "../ir/program.ts";
import { cuda } from "../targets/cuda/cuda.ts";
import { schedulerFor } from "../targets/schedule/scheduler.ts";
import { wasm } from "../targets/wasm/emit.ts";
import { type Closeness, difference } from "./support/close.ts";
import { type OpSample, opSamples, sampleOperands } from "./support/op-samples.ts";
import { randomFunc } from "./support/random-graph.ts";
import { expectedOutputs, interpreted, randomArguments } from "./support/run-func.ts";
import { seeded } from "./support/seeded.ts";
import { requireTool } from "./support/tools.ts";

const rows = opSamples(allOps, opTable);

/** Values are around 1; sums are taken in another order, functions have the error of their expansion. */
const closeness: Readonly<Record<Tolerance, Closeness>> = {
  exact: { absolute: 0, relative: 0 },
  rounding: { absolute: 1e-5, relative: 1e-5 },
  approx: { absolute: 1e-6, relative: 2e-6 },
};

function check(row: OpSample, got: readonly NDArray[], operands: readonly NDArray[]): void {
  evaluateFunc(row.func, operands, opTable).forEach((want, i) => {
    assert.is(difference(got[i], want, closeness[row.def.tolerance]), undefined, row.label);
  });
}

const schedules = [
  ["the CPU schedule", schedulerFor(wasm.limits)],
  ["the GPU schedule", schedulerFor(cuda.limits)],
] as const;

for (const [name, scheduler] of schedules) {
  test(`every op on ${name}, interpreted`, () => {
    for (const row of rows) {
      const inputs = sampleOperands(row, seeded(3));
      check(row, interpreted(row.func, { inputs, values: new Map(), all: inputs }, scheduler), inputs);
    }
  });
}

/** The bundle of a sample, or undefined where the target says that it cannot. */
function bundleFor(row: OpSample, loader: Loader): Bundle | undefined {
  try {
    return compile(row.def.name, { funcs: [row.func] }, new Map(), loader.scheduler).bundle;
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

async function runAll(loader: Loader): Promise<void> {
  const bundles = rows.map((row) => bundleFor(row, loader));
  const present = bundles.flatMap((bundle) => bundle ?? []);
  assert.ok(present.length > rows.length * 0.9, "most samples are supported");
  const executables = await loader.load(present);
  let next = 0;
  for (const [i, row] of rows.entries()) {
    if (bundles[i] === undefined) continue;
    const operands = sampleOperands(row, seeded(3));
    check(row, await executables[next++].call(row.def.name, operands), operands);
  }
}

test("every op on wasm", () => runAll(wasmLoader));

test("every op on cpp", async () => {
  if (requireTool("g++") !== undefined) await runAll(nativeLoader("cpp"));
});

const random: Closeness = { absolute: 1e-3, relative: 1e-3 };

for (const [name, scheduler] of schedules) {
  test(`random graphs on ${name}, interpreted`, () => {
    for (let seed = 0; seed < 150; seed++) {
      const func = randomFunc(seed, opTable);
      const given = randomArguments(func, seed, 1 + (seed % 4));
      const got = interpreted(func, given, scheduler);
      expectedOutputs(func, given).forEach((want, i) => {
        assert.is(difference(got[i], want, random), undefined, `seed ${seed}`);
      });
    }
  });
}

test.run();
