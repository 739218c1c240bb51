/**
 * Modules: what texts are parsed into. A module owns the operations in it.
 */
import type { Diagnostic } from "./diagnostics.ts";
import { UsageError } from "./errors.ts";
import type { Block, Operation, WalkOrder } from "./operation.ts";
import { PassManager, type RunOptions } from "./pass-manager.ts";
import type { PrintOptions } from "./print-options.ts";

/** A `builtin.module`. `using module = context.parse(text)` destroys it at the end of the scope; else it goes with its last handle. */
export class Module {
  readonly operation: Operation;

  /** A view on an operation that is a `builtin.module`; throws UsageError for others. */
  constructor(operation: Operation) {
    if (operation.name !== "builtin.module") throw new UsageError(`${operation.name} is no module`);
    this.operation = operation;
  }

  /** Where its operations are. */
  get body(): Block {
    return this.operation.regions[0].blocks[0];
  }

  /** The operation of this name: `symbol("main")` is `func.func @main`. */
  symbol(name: string): Operation | undefined {
    return this.body.operations.find((op) => op.attribute("sym_name")?.text === name);
  }

  /** Visits every operation in it, itself first (or last). See `Operation.walk`. */
  walk(visit: (operation: Operation) => unknown, order?: WalkOrder): void {
    this.operation.walk(visit, order);
  }

  /** Throws VerifyError with everything that breaks a rule. */
  verify(): void {
    this.operation.verify();
  }

  /**
   * Runs passes on it, in place: `run("builtin.module(canonicalize,cse)")`. Handles into it are dead afterwards. Returns what passes had
   * to say. Throws PipelineError for a pipeline that does not parse, PassError where a pass fails.
   */
  run(pipeline: string, options?: RunOptions): readonly Diagnostic[] {
    const manager = new PassManager(this.operation.store, pipeline);
    try {
      return manager.run(this.operation, options);
    } finally {
      manager.dispose();
    }
  }

  print(options?: PrintOptions): string {
    return this.operation.print(options);
  }

  toString(): string {
    return this.print();
  }

  clone(): Module {
    return new Module(this.operation.clone());
  }

  /** Destroys it with all inside. What refers into it is dead afterwards. */
  dispose(): void {
    if (this.operation.isAlive && this.operation.block === undefined) this.operation.erase();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
