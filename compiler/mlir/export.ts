/**
 * A model as a text of MLIR's: what the targets mlir, tosa and stablehlo of the command write. Weights are constants in it.
 */
import { symbolsOf } from "../../ir/dim.ts";
import type { Module } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { opTable } from "../../ir/ops/index.ts";
import { runPasses } from "../pass.ts";
import { canonicalize } from "../passes/canonicalize.ts";
import { cse } from "../passes/cse.ts";
import { dce } from "../passes/dce.ts";
import { fold } from "../passes/fold.ts";
import { foldBatchNorm } from "../passes/fold-batch-norm.ts";
import { toStableHlo } from "./stablehlo.ts";
import type { TextTarget } from "./text-targets.ts";
import { toLinalg } from "./to-linalg.ts";
import { toTosa } from "./tosa.ts";

export interface ExportOptions {
  /** The size of the batch where a dialect wants constant shapes (tosa, stablehlo; default 1). */
  readonly batch?: number;
}

/** Throws Unsupported where the dialect has no words for an op. */
export function exportText(
  target: TextTarget,
  module: Module,
  values: ReadonlyMap<string, NDArray>,
  { batch = 1 }: ExportOptions = {},
): string {
  const simple = runPasses(module, [foldBatchNorm, canonicalize, fold, cse, dce], { ops: opTable });
  if (target === "mlir") return toLinalg(simple, { ops: opTable, values });
  const symbols = simple.funcs.flatMap(({ body }) => body.args.flatMap(({ type }) => symbolsOf(type.shape)));
  const sizes = new Map(symbols.map((symbol) => [symbol, batch]));
  const write = target === "tosa" ? toTosa : toStableHlo;
  const funcs = simple.funcs.map((func) => (func.name === "predict" ? { ...func, name: "main" } : func));
  return write({ funcs }, { ops: opTable, values, sizes });
}
