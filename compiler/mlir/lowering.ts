/**
 * The second lowering: our function as linalg, MLIR's own passes down to loops over memory, and these read back as a Program. It shares no
 * code with `compiler/lower/`, so that the two check each other; and it is what plain MLIR gives, to compare with.
 */
import type { Mlir, Module as MlirModule } from "mlir-js";
import { CompilerBug } from "../../ir/errors.ts";
import type { lowerFunc } from "../lower/program.ts";
import { readProgram } from "./read-program.ts";
import { toLinalg } from "./to-linalg.ts";

/** From linalg on tensors to loops over memory. */
export const toLoops = `builtin.module(${[
  "func.func(linalg-fuse-elementwise-ops,canonicalize,cse)", // one loop nest for a chain of elementwise operations
  "one-shot-bufferize{bufferize-function-boundaries allow-return-allocs-from-loops function-boundary-type-conversion=identity-layout-map}",
  "func.func(convert-linalg-to-loops)",
  "canonicalize,cse",
].join(",")})`;

/** Runs a pipeline of MLIR's on a text, and calls `use` with the module that it leaves. */
export type RunPasses = <T>(text: string, pipeline: string, use: (module: MlirModule) => T) => T;

/** By mlir-js, which must be the full variant. */
export const passesOf =
  (mlir: Mlir): RunPasses =>
  (text, pipeline, use) => {
    const context = mlir.createContext();
    try {
      const module = context.parse(text, { file: "keratin.mlir" });
      module.run(pipeline);
      return use(module);
    } finally {
      context.dispose();
    }
  };

/** What `compile` takes as `lower`. Throws Unsupported where an op has no words in MLIR. */
export const mlirLowering =
  (run: RunPasses): typeof lowerFunc =>
  (func, ops, { fields }) =>
    run(toLinalg({ funcs: [func] }, { ops }), toLoops, (module) => {
      const lowered = module.symbol(func.name);
      if (lowered === undefined)
        throw new CompilerBug("mlir", `MLIR's passes lost the function ${func.name}`);
      return readProgram(lowered, func, fields);
    });
