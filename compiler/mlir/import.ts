/**
 * A model from a text of MLIR's: linalg on tensors, TOSA, StableHLO, mixed as they come.
 */
import type { MlirError, Module as MlirModule } from "mlir-js";
import { ModelError } from "../../ir/errors.ts";
import type { Module } from "../../ir/graph.ts";
import { opTable } from "../../ir/ops/index.ts";
import { linalgWords } from "./from-linalg.ts";
import { stableHloWords } from "./from-stablehlo.ts";
import { tosaWords } from "./from-tosa.ts";
import { loadMlirJs } from "./load.ts";
import { readTensors } from "./tensor-reader.ts";

/** Named operations of linalg as the loops they are, and what is computed from constants alone. */
const CLEAN_UP = "builtin.module(func.func(linalg-generalize-named-ops),canonicalize)";

/**
 * Reads text (or bytecode) with MLIR, by the full variant of mlir-js where it is there; the core variant takes generic text only. Throws
 * ModelError with MLIR's complaint, Unsupported for an operation that is not known, both with their places.
 */
export async function importText(source: string | Uint8Array, file: string): Promise<Module> {
  const { mlir, isFull } = await loadLargest();
  const context = mlir.createContext({ allowUnregistered: true });
  try {
    const module = explain(() => context.parse(source, { file }), file);
    if (isFull) module.run(CLEAN_UP);
    return readTensors(module, { ops: opTable, words: [linalgWords, tosaWords, stableHloWords] });
  } finally {
    context.dispose();
  }
}

async function loadLargest() {
  try {
    return { mlir: await loadMlirJs("full"), isFull: true };
  } catch {
    return { mlir: await loadMlirJs("core"), isFull: false };
  }
}

function explain(parse: () => MlirModule, file: string): MlirModule {
  try {
    return parse();
  } catch (error) {
    const { diagnostics } = error as Partial<MlirError>;
    if (!(error instanceof Error) || diagnostics === undefined) throw error;
    const [first] = diagnostics;
    throw new ModelError(first?.message ?? error.message, {
      where: first?.line === undefined ? file : `${first.file}:${first.line}:${first.column}`,
      hint: "Text of dialects that MLIR itself does not have must be in generic form: stablehlo-opt --mlir-print-op-generic; in JAX, lowered.compiler_ir().operation.get_asm(print_generic_op_form=True)",
    });
  }
}
