// Our dialect in real MLIR, by mlir-js: every op of the table and every golden of the passes is read and verified by MLIR with the IRDL
// that the op list generates, MLIR's passes run over our ops, and what is wrong is refused.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { contextFor, runMlirPasses, toMlir } from "../compiler/mlir/dialect.ts";
import { ModelError } from "../ir/errors.ts";
import type { Module } from "../ir/graph.ts";
import { loadMlir } from "../ir/mlir-js/src/index.ts";
import { opTable } from "../ir/ops/index.ts";
import { parseModule } from "../ir/text/graph-parse.ts";
import { printModule } from "../ir/text/graph-print.ts";
import { moduleDifference } from "./support/call-module.ts";
import { moduleOfSamples } from "./support/sample-graphs.ts";
import { projectRoot } from "./support/tools.ts";

const mlir = await loadMlir({ variant: "core" });

/** MLIR reads and verifies the module, and what it prints is the module again. */
function check(module: Module): void {
  const context = contextFor(mlir, module, opTable);
  try {
    const held = toMlir(context, module, opTable);
    const back = parseModule(held.print({ generic: true }));
    assert.is(moduleDifference(module, back, 3, { absolute: 0, relative: 0 }), undefined);
  } finally {
    context.dispose();
  }
}

test("every op of the table", () => {
  const module = moduleOfSamples(opTable);
  const context = contextFor(mlir, module, opTable);
  const text = toMlir(context, module, opTable).print();
  for (const { ops } of module.funcs.map((func) => func.body)) assert.match(text, `"kt.${ops[0].name}`);
  context.dispose();
});

const goldens = join(projectRoot, "test/passes");
for (const file of readdirSync(goldens)
  .filter((name) => name.endsWith(".mlir"))
  .sort()) {
  test(`the goldens of ${file}`, () => {
    const texts = readFileSync(join(goldens, file), "utf8").split(/^\/\/ (?:-----|=>)$/m);
    for (const text of texts) check(parseModule(text));
  });
}

const repeated = parseModule(`module {
  "func.func"() <{arg_attrs = [{kt.input = "x"}], function_type = (tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{kt.output = "y"}], sym_name = "f"}> ({
  ^bb0(%x: tensor<4xf32>):
    %0 = "kt.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "kt.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %2 = "kt.add"(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%2) : (tensor<4xf32>) -> ()
  }) : () -> ()
}`);

test("MLIR's passes run over our ops", () => {
  // MLIR must take an op it knows nothing more of for one with effects: only its symbols and blocks are cleaned up.
  const after = runMlirPasses(mlir, repeated, "builtin.module(canonicalize,cse,symbol-dce)", opTable);
  assert.is(moduleDifference(repeated, after, 3, { absolute: 0, relative: 0 }), undefined);
});

const isModelError = (error: unknown): boolean => error instanceof ModelError;

test("what is wrong is refused, with its place", () => {
  const text = printModule(repeated, { ops: opTable });
  const context = contextFor(mlir, repeated, opTable);
  const wrong = text.replace(
    '"kt.add"(%0, %1) : (tensor<4xf32>, tensor<4xf32>)',
    '"kt.add"(%0) : (tensor<4xf32>)',
  );
  assert.throws(
    () => context.parse(wrong, { file: "m.mlir" }),
    /m.mlir:6:10: error: .*expects exactly 2 operands/,
  );
  assert.throws(() => context.parse(text.replace("kt.add", "kt.plus")), /unregistered operation|not found/);
  context.dispose();
  assert.throws(() => runMlirPasses(mlir, repeated, "builtin.module(nope)", opTable), isModelError);
});

test.run();
