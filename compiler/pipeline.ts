/**
 * The compiler on one page: from a traced module to a bundle of scheduled programs.
 *
 *     module ──graph passes──> fused module ──lower──> programs of naive kernels ──schedule──> programs an emitter takes
 */

import { byteWidth } from "../ir/dtype.ts";
import { CompilerBug } from "../ir/errors.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import type { Func, Module } from "../ir/graph.ts";
import { bytesOf, type NDArray, sizeOf } from "../ir/ndarray.ts";
import { opTable } from "../ir/ops/index.ts";
import type { Bundle, Field, Step, Store } from "../ir/program.ts";
import type { TensorType } from "../ir/type.ts";
import type { Scheduler } from "../targets/schedule/scheduler.ts";
import { lowerFunc } from "./lower/program.ts";
import { KernelSchedules, type Tuning } from "./lower/schedules.ts";
import type { FieldOffsets } from "./lower/storage.ts";
import { widenHalves } from "./lower/widen-halves.ts";
import { type Pass, type PassRecord, runPasses } from "./pass.ts";
import { canonicalize } from "./passes/canonicalize.ts";
import { cse } from "./passes/cse.ts";
import { dce } from "./passes/dce.ts";
import { fold } from "./passes/fold.ts";
import { foldBatchNorm } from "./passes/fold-batch-norm.ts";
import { fuse, isolate } from "./passes/fuse.ts";
import { hoistInvariants } from "./passes/hoist-invariants.ts";
import { liftConstants } from "./passes/lift-constants.ts";
import { mergeRegions } from "./passes/merge-regions.ts";
import { packOperands } from "./passes/pack-operands.ts";
import { settleRegions } from "./passes/settle-regions.ts";
import { sharePadding } from "./passes/share-padding.ts";
import { splitLoops } from "./passes/split-loops.ts";
import { splitPrepare } from "./passes/split-prepare.ts";
import { isPrepare } from "./walk-graph.ts";

/** Every graph pass, in order. */
export const graphPasses: readonly Pass[] = [
  mergeRegions, // a loop and the copy of it that its gradient reads, before rules tell them apart
  foldBatchNorm, // while scales still stand beside their contractions
  canonicalize, // fewer and cheaper ops, no residual transposes
  fold, // what depends on constants alone becomes a constant
  splitLoops, // what needs no loop is large products, not many small ones
  packOperands, // contractions have their final form; what packs weights is moved away below
  cse, // gradients and layers repeat themselves
  hoistInvariants, // what iterations share is no work of theirs; constants leave the regions
  sharePadding, // one copy of a value, with its border, serves every reader
  dce, // nothing below looks at what nobody uses
  splitPrepare, // what depends on weights alone is computed once, not per call
  liftConstants, // arrays are memory: kernels hold only single numbers
  settleRegions, // what a loop or branch gives is written where it belongs
  fuse, // one op per kernel from here on
];

export interface CompileOptions {
  /** Passes to leave out, by name; the lowering's "chunk-batch" and "merge-launches" and the "schedule" too. */
  readonly disabled?: ReadonlySet<string>;
  readonly verify?: boolean;
  readonly record?: (record: PassRecord) => void;
  readonly dump?: (position: number, name: string, module: Module) => void;
  /** Another way from a function to a program of loops, in place of fusion, our lowering and the schedule. */
  readonly lower?: typeof lowerFunc;
  /** Measured choices for kernels: what `keratin tune` wrote. */
  readonly tuning?: Tuning;
  /** Told every launch before its kernel is scheduled. */
  readonly onLaunch?: (launch: Extract<Step, { kind: "launch" }>) => void;
}

/** A module compiled for a scheduler, and where the values of its parameters come from. */
export interface Compiled {
  readonly bundle: Bundle;
  /** The module as it was lowered: every op fused. */
  readonly module: Module;
}

/**
 * Compiles all functions of a module into one bundle; they share parameters and state by path. `values` holds the bytes of both.
 * Throws ModelError where a value is missing, CompilerBug naming the pass where an invariant broke.
 */
export function compile(
  name: string,
  module: Module,
  values: ReadonlyMap<string, NDArray>,
  scheduler: Scheduler,
  options: CompileOptions = {},
): Compiled {
  const constants = new Map<string, NDArray>();
  const { lower = lowerFunc } = options;
  const ours = lower === lowerFunc;
  const suits = (pass: Pass): boolean =>
    (pass !== packOperands || (ours && scheduler.limits.grid === undefined)) && (pass !== fuse || ours);
  const suited = graphPasses.filter(suits);
  const passes = suited.map((pass) => {
    if (pass === liftConstants) return liftConstants.collecting(constants);
    if (pass === packOperands) return packOperands.ofWidth(PANEL_VECTORS * scheduler.limits.lanes);
    return pass === fuse && options.disabled?.has(fuse.name) ? isolate : pass;
  });
  const fused = runPasses(module, passes, { ops: opTable, ...options });
  const prepared = runPrepare(fused, values);
  const known = new Map([...values, ...constants, ...prepared]);
  const mains = fused.funcs.filter((func) => !isPrepare(func));
  const { weights, state, fields } = layOut(mains, known);
  const { chunkBytes } = scheduler.limits;
  const schedules = new KernelSchedules(scheduler, {
    naive: !ours || options.disabled?.has("schedule") === true,
    tuning: options.tuning,
    onLaunch: options.onLaunch,
  });
  const programs = mains.map((func) => {
    const lowered = lower(func, opTable, { chunkBytes, disabled: options.disabled, fields });
    return schedules.apply(widenHalves(lowered));
  });
  return { bundle: { name, programs, weights, state }, module: fused };
}

/** Vectors of a panel: the columns of a register tile. */
const PANEL_VECTORS = 2;

/** What `prepare` functions give for these weights, by path. */
export function runPrepare(module: Module, values: ReadonlyMap<string, NDArray>): Map<string, NDArray> {
  const prepared = new Map<string, NDArray>();
  for (const func of module.funcs.filter(isPrepare)) {
    const args = func.args.map((role) => valueFor(role.kind === "input" ? role.name : role.path, values));
    const results = evaluateFunc(func, args, opTable);
    func.results.forEach((role, i) => {
      if (role.kind === "prepared") prepared.set(role.path, results[i]);
    });
  }
  return prepared;
}

function valueFor(path: string, values: ReadonlyMap<string, NDArray>): NDArray {
  const value = values.get(path);
  if (value === undefined) throw new CompilerBug("compile", `no value for the parameter "${path}"`);
  return value;
}

/** Offsets are multiples of this many bytes. */
const FIELD_ALIGNMENT = 64;

/** Packs parameters and states into their two regions. A path that any function writes is a state everywhere. */
function layOut(
  funcs: readonly Func[],
  values: ReadonlyMap<string, NDArray>,
): { weights: Store; state: Store; fields: FieldOffsets } {
  const types = new Map<string, TensorType>();
  const written = new Set<string>();
  for (const func of funcs) {
    func.args.forEach((role, i) => {
      if (role.kind === "input") return;
      types.set(role.path, func.body.args[i].type);
      if (role.kind === "state") written.add(role.path);
    });
  }
  const region = (path: string): "weights" | "state" => (written.has(path) ? "state" : "weights");
  const fields = new Map<string, { region: "weights" | "state"; offset: number }>();
  const store = (kind: "weights" | "state"): Store => {
    const parts: { field: Field; value: NDArray }[] = [];
    let end = 0;
    for (const [path, { dtype, shape }] of types) {
      if (region(path) !== kind) continue;
      const value = valueFor(path, values);
      parts.push({ field: { name: path, dtype, shape, offset: end }, value });
      fields.set(path, { region: kind, offset: end });
      end = Math.ceil((end + sizeOf(value.shape) * byteWidth(dtype)) / FIELD_ALIGNMENT) * FIELD_ALIGNMENT;
    }
    const bytes = new Uint8Array(end);
    for (const { field, value } of parts) bytes.set(bytesOf(value), field.offset);
    return { bytes, fields: parts.map(({ field }) => field) };
  };
  return { weights: store("weights"), state: store("state"), fields };
}
