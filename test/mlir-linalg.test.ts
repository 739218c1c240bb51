// deadline: 400
// The bridge to linalg and the second lowering. Every op with every sample of it goes out as linalg, which a real mlir-opt verifies; MLIR's
// passes bring it down to loops; these are read back and interpreted, and give the numbers of the reference. Two lowerings that share
// nothing agree on every op. Random graphs do the same for what ops become together, and run for real on wasm.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { mlirLowering, type RunPasses, toLoops } from "../compiler/mlir/lowering.ts";
import { readProgram } from "../compiler/mlir/read-program.ts";
import { toLinalg } from "../compiler/mlir/to-linalg.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import type { Func } from "../ir/graph.ts";
import { interpretProgram } from "../ir/interpret.ts";
import type { Tolerance } from "../ir/op.ts";
import { allOps, opTable } from "../ir/ops/index.ts";
import { verifyProgram } from "../ir/verify-program.ts";
import { schedulerFor } from "../targets/schedule/scheduler.ts";
import { wasm } from "../targets/wasm/emit.ts";
import { type Closeness, difference } from "./support/close.ts";
import { findPasses, mlirOpt } from "./support/mlir-passes.ts";
import { opSamples, sampleOperands } from "./support/op-samples.ts";
import { randomFunc } from "./support/random-graph.ts";
import { expectedOutputs, interpreted, randomArguments } from "./support/run-func.ts";
import { seeded } from "./support/seeded.ts";
import { requireTool } from "./support/tools.ts";

const rows = opSamples(allOps, opTable).map((row, i) => ({ ...row, func: renamed(row.func, `op_${i}`) }));

function renamed(func: Func, name: string): Func {
  return { ...func, name };
}

/** MLIR's loops add in another order, and its sigmoid is made of an exp. */
const closeness: Readonly<Record<Tolerance, Closeness>> = {
  exact: { absolute: 0, relative: 0 },
  rounding: { absolute: 1e-5, relative: 1e-5 },
  approx: { absolute: 1e-6, relative: 2e-6 },
};

const mlirOptPath = requireTool("mlir-opt");
const linalg = toLinalg({ funcs: rows.map(({ func }) => func) }, { ops: opTable });

if (mlirOptPath !== undefined) {
  test("mlir-opt verifies every op as linalg, and reads back what it prints", () => {
    const printed = mlirOpt(mlirOptPath, linalg);
    assert.is(mlirOpt(mlirOptPath, printed), printed);
  });
}

const passes = await findPasses();
if (passes !== undefined) {
  test("every op by MLIR's lowering gives the numbers of the reference", () => {
    passes(linalg, toLoops, (module) => {
      for (const { func, def, label, ...row } of rows) {
        const lowered = module.symbol(func.name);
        assert.ok(lowered, label);
        const program = readProgram(lowered, func, new Map());
        verifyProgram(program);
        const inputs = sampleOperands({ func, def, label, ...row }, seeded(3));
        const stores = { weights: new Uint8Array(0), state: new Uint8Array(0) };
        const got = interpretProgram(program, stores, inputs);
        evaluateFunc(func, inputs, opTable).forEach((want, i) => {
          assert.is(difference(got[i], want, closeness[def.tolerance]), undefined, label);
        });
      }
    });
  });

  test("random graphs by both lowerings", () => {
    for (let seed = 0; seed < 25; seed++) checkRandom(seed, passes);
  });
}

function checkRandom(seed: number, run: RunPasses): void {
  const func = randomFunc(seed, opTable);
  const args = randomArguments(func, seed + 1);
  const got = interpreted(func, args, schedulerFor(wasm.limits), { lower: mlirLowering(run) });
  expectedOutputs(func, args).forEach((want, i) => {
    assert.is(difference(got[i], want, { absolute: 1e-4, relative: 1e-4 }), undefined, `seed ${seed}`);
  });
}

test.run();
