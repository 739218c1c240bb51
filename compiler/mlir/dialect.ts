/**
 * Our dialect in real MLIR: from the list of ops comes IRDL, with which MLIR knows the operands, results and attributes of every op of a
 * module, verifies it and runs its passes on it.
 */
import type { Context, Mlir, MlirError, Module as MlirModule } from "mlir-js";
import { ModelError } from "../../ir/errors.ts";
import type { Module } from "../../ir/graph.ts";
import type { OpTable } from "../../ir/op.ts";
import { parseModule } from "../../ir/text/graph-parse.ts";
import { printModule } from "../../ir/text/graph-print.ts";
import { describeOps, printIrdl } from "../../ir/text/irdl.ts";

/** A context that knows our ops as `module` uses them. Dispose it. */
export function contextFor(mlir: Mlir, module: Module, ops: OpTable): Context {
  // Regions of ours end in vector.yield, which the core variant does not have.
  const context = mlir.createContext({ allowUnregistered: true });
  context.loadIrdl(printIrdl(describeOps(ops, module)), "kt.irdl");
  return context;
}

/** Reads a module of ours with MLIR, which verifies it; throws ModelError with what MLIR says. */
export function toMlir(context: Context, module: Module, ops: OpTable): MlirModule {
  return explain(() => context.parse(printModule(module, { ops, locations: true }), { file: "module.mlir" }));
}

/**
 * Runs MLIR's passes on a module: `builtin.module(canonicalize,cse)`. Throws ModelError where MLIR refuses the module or the pipeline, or
 * where the passes leave something that is not ours.
 */
export function runMlirPasses(mlir: Mlir, module: Module, pipeline: string, ops: OpTable): Module {
  const context = contextFor(mlir, module, ops);
  try {
    const held = toMlir(context, module, ops);
    explain(() => held.run(pipeline));
    return parseModule(held.print({ generic: true, locations: true }));
  } finally {
    context.dispose();
  }
}

/** What MLIR says is wrong, as an error of ours. */
function explain<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (isMlirError(error)) throw new ModelError(error.message, { where: "MLIR" });
    throw error;
  }
}

/** By its shape: the class is in a package that may be loaded twice. */
const isMlirError = (error: unknown): error is MlirError => error instanceof Error && "diagnostics" in error;
