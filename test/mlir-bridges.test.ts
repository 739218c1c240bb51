// deadline: 400
// Out and in again: every op that a dialect has words for goes out as linalg, TOSA and StableHLO, is read back by mlir-js, and means the same.
// TOSA is verified by a real mlir-opt, and so are linalg and its generic form. What is not known is named with its place.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { linalgWords } from "../compiler/mlir/from-linalg.ts";
import { stableHloWords } from "../compiler/mlir/from-stablehlo.ts";
import { tosaWords } from "../compiler/mlir/from-tosa.ts";
import { importText } from "../compiler/mlir/import.ts";
import { toStableHlo } from "../compiler/mlir/stablehlo.ts";
import { readTensors, type Words } from "../compiler/mlir/tensor-reader.ts";
import { toLinalg } from "../compiler/mlir/to-linalg.ts";
import { toTosa } from "../compiler/mlir/tosa.ts";
import { dtypes } from "../ir/dtype.ts";
import { Unsupported } from "../ir/errors.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import type { Func } from "../ir/graph.ts";
import { loadMlir } from "../ir/mlir-js/src/index.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { allOps, opTable } from "../ir/ops/index.ts";
import { verifyModule } from "../ir/verify-graph.ts";
import { difference } from "./support/close.ts";
import { mlirOpt } from "./support/mlir-passes.ts";
import { type OpSample, opSamples, sampleOperands } from "./support/op-samples.ts";
import { seeded } from "./support/seeded.ts";
import { requireTool } from "./support/tools.ts";

const mlir = await loadMlir({ variant: "core" });
const rows: readonly OpSample[] = opSamples(allOps, opTable).map((row) => ({
  ...row,
  func: { ...row.func, name: "main" },
}));

/** Reads generic text of a dialect. */
function readBack(text: string, words: Words): Func {
  const context = mlir.createContext({ allowUnregistered: true });
  try {
    const [func] = readTensors(context.parse(text, { verify: false }), {
      ops: opTable,
      words: [words],
    }).funcs;
    verifyModule({ funcs: [func] }, opTable, "the bridge in");
    return func;
  } finally {
    context.dispose();
  }
}

/** A type without sign holds the bits of one with. */
const signed = (array: NDArray, like: NDArray): NDArray =>
  /^u/.test(like.dtype) && array.dtype !== like.dtype
    ? { ...like, data: dtypes[like.dtype].view(array.data.buffer, 0, array.data.length) }
    : array;

function check(row: OpSample, func: Func): void {
  const inputs = sampleOperands(row, seeded(3));
  const got = evaluateFunc(func, inputs, opTable);
  evaluateFunc(row.func, inputs, opTable).forEach((want, i) => {
    const result = difference(signed(got[i], want), want, { absolute: 1e-5, relative: 1e-5 });
    assert.is(result, undefined, row.label);
  });
}

/** Goes through all ops; gives the names of those that cannot go through. */
function roundTrips(through: (row: OpSample) => Func, labels?: string[]): ReadonlySet<string> {
  const refused = new Set<string>();
  for (const row of rows) {
    try {
      check(row, through(row));
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      refused.add(row.def.name);
      labels?.push(row.label);
    }
  }
  return refused;
}

/** Loops over memory and control over regions come back by the second lowering (mlir-linalg.test.ts). */
const beyondTensors = new Set(
  allOps.flatMap(({ name, lower }) => (lower.kind === "kernel" || lower.kind === "region" ? [name] : [])),
);
beyondTensors.delete("fused");

const mlirOptPath = requireTool("mlir-opt");
const separator = "// -----\n";

if (mlirOptPath !== undefined) {
  // One process for all: a text per op, split by mlir-opt.
  const split = (texts: readonly string[], ...flags: readonly string[]): readonly string[] =>
    mlirOpt(mlirOptPath, texts.join(separator), "--split-input-file", ...flags).split(separator);

  test("linalg: everything but loops over memory comes back", () => {
    const texts = rows.map(({ func }) => toLinalg({ funcs: [func] }, { ops: opTable }));
    const generic = split(texts, "--mlir-print-op-generic");
    const refused = roundTrips((row) => readBack(generic[rows.indexOf(row)], linalgWords));
    assert.equal([...refused].sort(), [...beyondTensors].sort());
  });

  test("TOSA: what fits is verified by mlir-opt, and comes back", () => {
    const texts: string[] = [];
    const refused: string[] = [];
    roundTrips((row) => {
      const text = toTosa({ funcs: [row.func] }, { ops: opTable, sizes: new Map() });
      texts.push(text);
      return readBack(text, tosaWords);
    }, refused);
    assert.is(split(texts).length, texts.length);
    for (const name of ["contract", "add", "tanh", "transpose", "concat", "gather", "erf", "sqrt"])
      assert.not.ok(
        refused.some((label) => label.startsWith(`${name}(f32`)),
        name,
      );
  });
}

test("StableHLO: everything but loops over memory, and where a maximum was, comes back", () => {
  const refused = roundTrips((row) =>
    readBack(toStableHlo({ funcs: [row.func] }, { ops: opTable, sizes: new Map() }), stableHloWords),
  );
  assert.equal([...refused].sort(), [...beyondTensors, "reduce_max"].sort());
});

test("an operation that is not known is named, with its place", async () => {
  const text = `"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<2xf32>):
    %0 = "stablehlo.fft"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    "func.return"(%0) : (tensor<2xf32>) -> ()
  }) {function_type = (tensor<2xf32>) -> tensor<2xf32>, sym_name = "main"} : () -> ()
}) : () -> ()`;
  const failed = await importText(text, "model.mlir").then(
    () => "",
    (error: Error) => error.message,
  );
  assert.match(failed, /model.mlir:4:10: keratin does not support the operation stablehlo.fft/);
});

test("text of a dialect that MLIR does not have must be generic, says the error", async () => {
  const text =
    "func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {\n  %0 = stablehlo.abs %x : tensor<2xf32>\n  return %0 : tensor<2xf32>\n}";
  const failed = await importText(text, "pretty.mlir").then(
    () => "",
    (error: Error) => error.message,
  );
  assert.match(failed, /pretty.mlir:2:8: .*generic form.*print_generic_op_form/);
});

test.run();
