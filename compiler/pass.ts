/**
 * What a pass over the graph IR is, and the one function that runs them.
 *
 * Contract of a pass: verified IR in and out; a pure function, its input untouched; deterministic; idempotent. `runPasses` holds passes to
 * the first: it verifies after each and names the one that broke an invariant. It also times them, switches them off by name, and keeps a
 * record for `keratin viz` and KERATIN_DUMP. It runs in a browser: where dumps go is the caller's business.
 */
import type { Module } from "../ir/graph.ts";
import type { OpTable } from "../ir/op.ts";
import { verifyModule } from "../ir/verify-graph.ts";

export interface PassContext {
  readonly ops: OpTable;
  /** Told the name of every rewrite rule that fires. */
  readonly hit?: (rule: string) => void;
}

export interface Pass {
  /** A verb, kebab-case: what switches it off, and the name of its dump. */
  readonly name: string;
  /** One sentence: what the module is like afterwards. */
  readonly doc: string;
  run(module: Module, context: PassContext): Module;
}

/** What one pass did. `before === after` when it changed nothing. */
export interface PassRecord {
  readonly name: string;
  readonly before: Module;
  readonly after: Module;
  readonly milliseconds: number;
  /** How often each rewrite rule fired. */
  readonly hits: ReadonlyMap<string, number>;
}

export interface RunOptions {
  readonly ops: OpTable;
  /** Check every invariant of the IR before the first pass and after each (default true). */
  readonly verify?: boolean;
  /** Names of passes to leave out. */
  readonly disabled?: ReadonlySet<string>;
  /** Called after each pass. */
  readonly record?: (record: PassRecord) => void;
  /** Called with the module given (position 0, "input") and after each pass (1, 2 ...): what KERATIN_DUMP writes. */
  readonly dump?: (position: number, name: string, module: Module) => void;
}

/** Runs passes in order. Throws CompilerBug naming the pass when the IR it leaves is not right. */
export function runPasses(module: Module, passes: readonly Pass[], options: RunOptions): Module {
  const { ops, verify = true, disabled, record, dump } = options;
  if (verify) verifyModule(module, ops, "before the first pass");
  dump?.(0, "input", module);
  let current = module;
  passes.forEach((pass, i) => {
    if (disabled?.has(pass.name)) return;
    const hits = new Map<string, number>();
    const hit = (rule: string): void => void hits.set(rule, (hits.get(rule) ?? 0) + 1);
    const before = current;
    const start = performance.now();
    current = pass.run(before, { ops, hit });
    const milliseconds = performance.now() - start;
    if (verify && current !== before) verifyModule(current, ops, pass.name);
    record?.({ name: pass.name, before, after: current, milliseconds, hits });
    dump?.(i + 1, pass.name, current);
  });
  return current;
}
