/**
 * The kinds of failure. All are `MlirError`s; what MLIR said is in `diagnostics`.
 */
import { type Diagnostic, formatDiagnostic } from "./diagnostics.ts";

export class MlirError extends Error {
  override readonly name: string = "MlirError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(message: string, diagnostics: readonly Diagnostic[] = []) {
    super([message, ...diagnostics.map(formatDiagnostic)].join("\n"));
    this.diagnostics = diagnostics;
  }
}

/** The text is no MLIR, or what it says is against the rules of a dialect. */
export class ParseError extends MlirError {
  override readonly name = "ParseError";
}

/** An operation breaks the rules of its dialect. */
export class VerifyError extends MlirError {
  override readonly name = "VerifyError";
}

/** The text of a pipeline is malformed, or names a pass that is not there. */
export class PipelineError extends MlirError {
  override readonly name = "PipelineError";
}

/** A pass gave up. The module is as the pass left it. */
export class PassError extends MlirError {
  override readonly name = "PassError";
}

/** The handle's operation was erased or rewritten by a pass, or its context is gone. */
export class DeadHandleError extends MlirError {
  override readonly name = "DeadHandleError";
}

/** A request that would leave the IR in pieces: erasing what is used, an operation inside itself, handles of another context. */
export class UsageError extends MlirError {
  override readonly name = "UsageError";
}

/**
 * MLIR itself broke down: a trap, an exhausted stack or memory. All contexts of this load are dead; the next context starts on a fresh
 * instance.
 */
export class AbortError extends MlirError {
  override readonly name = "AbortError";
}
