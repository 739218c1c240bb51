// deadline: 400
// The bridge to StableHLO: JAX's own tools parse, verify, compile and run what comes out, and the numbers are those of the reference.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { toStableHlo } from "../compiler/mlir/stablehlo.ts";
import { dtypes } from "../ir/dtype.ts";
import { Unsupported } from "../ir/errors.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import type { NDArray } from "../ir/ndarray.ts";
import type { Tolerance } from "../ir/op.ts";
import { allOps, opTable } from "../ir/ops/index.ts";
import { type Closeness, difference } from "./support/close.ts";
import { opSamples, sampleOperands } from "./support/op-samples.ts";
import { seeded } from "./support/seeded.ts";
import { projectRoot, requireTool } from "./support/tools.ts";

const python = requireTool("keras-python");
const folder = mkdtempSync(join(tmpdir(), "keratin-stablehlo-"));
test.after(() => rmSync(folder, { recursive: true }));

interface Case {
  readonly text: string;
  readonly inputs: readonly NDArray[];
}
type Answer = { readonly ok: readonly (readonly number[])[] } | { readonly error: string };

function runAll(path: string, cases: readonly Case[]): readonly Answer[] {
  const [input, output] = [join(folder, "cases.json"), join(folder, "answers.json")];
  const plain = cases.map(({ text, inputs }) => ({
    text,
    inputs: inputs.map(({ data, dtype, shape }) => ({
      data: Array.from(data, Number),
      dtype: dtypes[dtype].keras,
      shape,
    })),
  }));
  writeFileSync(input, JSON.stringify(plain));
  const { status, stderr } = spawnSync(
    path,
    [join(projectRoot, "test/support/stablehlo.py"), input, output],
    { encoding: "utf8" },
  );
  assert.is(status, 0, stderr);
  return JSON.parse(readFileSync(output, "utf8")) as Answer[];
}

/** XLA adds in another order and has functions of its own. */
const closeness: Readonly<Record<Tolerance, Closeness>> = {
  exact: { absolute: 1e-6, relative: 1e-6 },
  rounding: { absolute: 1e-5, relative: 1e-5 },
  approx: { absolute: 1e-5, relative: 1e-5 },
};

/** Ops that StableHLO gets no words for: loops written by hand, control over regions, where a maximum was. */
const beyond: ReadonlySet<string> = new Set(
  allOps.flatMap(({ name, lower }) =>
    lower.kind === "kernel" || lower.kind === "region" || name === "reduce_max" ? [name] : [],
  ),
);

if (python === undefined) test("needs a Python with JAX", () => undefined);
else {
  test("every op in loops and expressions runs in JAX and gives the numbers of the reference", () => {
    const rows = opSamples(allOps, opTable).filter(({ def }) => !beyond.has(def.name));
    const cases = rows.map((row) => ({
      text: toStableHlo({ funcs: [{ ...row.func, name: "main" }] }, { ops: opTable, sizes: new Map() }),
      inputs: sampleOperands(row, seeded(3)),
    }));
    runAll(python, cases).forEach((answer, i) => {
      const { label, func, def } = rows[i];
      if ("error" in answer) throw new Error(`${label}: ${answer.error}`);
      evaluateFunc(func, cases[i].inputs, opTable).forEach((want, k) => {
        const got = { ...want, data: Float64Array.from(answer.ok[k]) };
        const plain = { ...want, data: Float64Array.from(want.data, Number) };
        assert.is(difference(got, plain, closeness[def.tolerance]), undefined, label);
      });
    });
  });
}

test("what StableHLO has no words for is named", () => {
  for (const { func } of opSamples(allOps, opTable).filter(({ def }) => def.name === "sort"))
    assert.throws(
      () => toStableHlo({ funcs: [func] }, { ops: opTable, sizes: new Map() }),
      (error: unknown) => error instanceof Unsupported && /sort/.test(error.message),
    );
});

test.run();
