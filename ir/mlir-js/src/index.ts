/**
 * mlir-js: MLIR in WebAssembly, with an API for JavaScript and TypeScript.
 *
 *     const mlir = await loadMlir();
 *     using context = mlir.createContext();
 *     using module = context.parse(text, { file: "a.mlir" });
 *     module.run("builtin.module(canonicalize,cse)");
 *     console.log(module.print());
 */
export { type AffineExpr, type AffineMap, evaluateAffine } from "./affine-map.ts";
export { Attribute, type AttributeKind, DYNAMIC, type PlainValue, Type, type TypeKind } from "./attribute.ts";
export { Context, type ContextOptions, type OperationOptions, type ParseOptions } from "./context.ts";
export { type Diagnostic, formatDiagnostic, type Severity } from "./diagnostics.ts";
export { type LoadOptions, loadMlir, Mlir, type Variant } from "./engine.ts";
export {
  AbortError,
  DeadHandleError,
  MlirError,
  ParseError,
  PassError,
  PipelineError,
  UsageError,
  VerifyError,
} from "./errors.ts";
export { Location, type LocationKind } from "./location.ts";
export { Module } from "./module.ts";
export { Block, Operation, Region, type Use, Value, type WalkOrder } from "./operation.ts";
export type { PassInfo, PassOption } from "./pass-list.ts";
export { PassManager, type RunOptions } from "./pass-manager.ts";
export type { PrintOptions } from "./print-options.ts";
