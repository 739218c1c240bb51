/**
 * Pass pipelines in MLIR's own notation: `builtin.module(func.func(canonicalize,cse),symbol-dce)`.
 */
import type { Diagnostic } from "./diagnostics.ts";
import { DeadHandleError, PassError, PipelineError, UsageError } from "./errors.ts";
import type { Ptr } from "./exports.ts";
import type { Instance } from "./instance.ts";
import type { Operation } from "./operation.ts";
import type { Store } from "./store.ts";

export interface RunOptions {
  /** Verify after each pass (default true). */
  readonly verifyEach?: boolean;
}

const managers = new FinalizationRegistry<{ instance: Instance; at: Ptr }>(destroy);

function destroy({ instance, at }: { instance: Instance; at: Ptr }): void {
  if (!instance.isBroken) instance.call((exports) => exports.mw_pipeline_destroy(at));
}

/** A pipeline, ready to run any number of times. */
export class PassManager {
  private readonly store: Store;
  private at: Ptr;

  /** Use `context.passManager`. Throws PipelineError. */
  constructor(store: Store, pipeline: string) {
    this.store = store;
    store.takeDiagnostics();
    const { context } = store;
    const at = store.instance.with((exports, put) =>
      exports.mw_pipeline_create(context, ...put.text(pipeline)),
    );
    this.at = store.check(at, PipelineError, "the pipeline does not parse");
    managers.register(this, { instance: store.instance, at }, this);
  }

  /**
   * Runs it on an operation of the kind that the pipeline is for, in place. Handles into the operation are dead afterwards. Returns what
   * passes had to say; throws PassError where one failed, UsageError where the pipeline is for another kind of operation.
   */
  run(op: Operation, { verifyEach = true }: RunOptions = {}): readonly Diagnostic[] {
    this.store.same(op.store, "an operation");
    const { live, store } = this;
    store.takeDiagnostics();
    store.killInside(op.ptr);
    const outcome = store.instance.call((exports) =>
      exports.mw_pipeline_run(live, op.ptr, Number(verifyEach)),
    );
    const diagnostics = store.takeDiagnostics();
    if (outcome === 1) return diagnostics;
    if (outcome < 0) throw new UsageError(`the pipeline ${this} is for another operation than ${op.name}`);
    throw new PassError(`a pass of ${this} failed`, diagnostics);
  }

  private get live(): Ptr {
    this.store.assertAlive();
    if (this.at === 0) throw new DeadHandleError("the pass manager was disposed");
    return this.at;
  }

  /** The pipeline with all options spelled out. */
  toString(): string {
    const { live } = this;
    return this.store.instance.text((exports) => exports.mw_pipeline_print(live));
  }

  dispose(): void {
    if (this.at === 0) return;
    managers.unregister(this);
    if (this.store.isAlive) destroy({ instance: this.store.instance, at: this.at });
    this.at = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
