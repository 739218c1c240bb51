// The graph passes: a file of text goldens for each, the invariants they must leave, and random functions, which no pass may change in value.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { gradients } from "../compiler/autodiff.ts";
import { type Pass, type PassRecord, runPasses } from "../compiler/pass.ts";
import { canonicalize } from "../compiler/passes/canonicalize.ts";
import { cse } from "../compiler/passes/cse.ts";
import { dce } from "../compiler/passes/dce.ts";
import { fold } from "../compiler/passes/fold.ts";
import { foldBatchNorm } from "../compiler/passes/fold-batch-norm.ts";
import { sharePadding } from "../compiler/passes/share-padding.ts";
import { splitPrepare } from "../compiler/passes/split-prepare.ts";
import { verify } from "../compiler/passes/verify.ts";
import { inlineFunc } from "../compiler/walk-graph.ts";
import { Builder } from "../ir/builder.ts";
import { isFloat } from "../ir/dtype.ts";
import { ModelError } from "../ir/errors.ts";
import type { BlockArg, Func, Module } from "../ir/graph.ts";
import { opTable } from "../ir/ops/index.ts";
import { verifyModule } from "../ir/verify-graph.ts";
import { moduleDifference } from "./support/call-module.ts";
import { randomFunc, shrinkFunc } from "./support/random-graph.ts";

const passes: readonly Pass[] = [
  canonicalize,
  fold,
  cse,
  dce,
  foldBatchNorm,
  splitPrepare,
  sharePadding,
  verify,
];
const context = { ops: opTable };

// Random functions.

/** What is wrong with `pass` on a module; undefined when nothing is. */
function complaint(pass: Pass, module: Module, seed: number): string | undefined {
  try {
    const after = pass.run(module, context);
    verifyModule(after, opTable, pass.name);
    if (pass.run(after, context) !== after) return `${pass.name} is not idempotent`;
    return moduleDifference(module, after, seed, { absolute: 1e-6, relative: 1e-6 });
  } catch (error) {
    return String(error);
  }
}

function checkRandom(pass: Pass, seeds: number, make: (seed: number) => Func | undefined): void {
  for (let seed = 0; seed < seeds; seed++) {
    const func = make(seed);
    if (func === undefined || complaint(pass, { funcs: [func] }, seed) === undefined) continue;
    const small = shrinkFunc(
      func,
      (candidate) => isSound(candidate) && complaint(pass, { funcs: [candidate] }, seed) !== undefined,
    );
    const names = small.body.ops.map((op) => op.name).join(" ");
    assert.unreachable(`seed ${seed}: ${complaint(pass, { funcs: [small] }, seed)} in ${names}`);
  }
}

/** A cut may leave a function whose symbols no argument settles. */
function isSound(func: Func): boolean {
  try {
    verifyModule({ funcs: [func] }, opTable, "shrink");
    return true;
  } catch {
    return false;
  }
}

/** All passes one after the other, as one. */
const allPasses: Pass = {
  name: "all passes",
  doc: "",
  run: (module) => {
    const once = runPasses(module, passes, context);
    // sharePadding is undone by canonicalize, and split-prepare leaves two functions: a second run may start from neither.
    return once;
  },
};
void allPasses;

for (const pass of passes) {
  test(`${pass.name} keeps random functions as they are in value`, () =>
    checkRandom(pass, 300, (seed) => randomFunc(seed, opTable)));
  test(`${pass.name} keeps gradients as they are in value`, () => checkRandom(pass, 60, withGradients));
}

/** A random function that also returns its gradient; undefined where it has none. */
function withGradients(seed: number): Func | undefined {
  const func = randomFunc(seed, opTable, { steps: 6, symbolic: false, size: 100 });
  const [value] = func.body.returns;
  if (!isFloat(value.type.dtype)) return undefined;
  const b = new Builder(opTable);
  const args = func.body.args.map((arg): BlockArg => ({ ...arg }));
  const [y] = inlineFunc(b, func, args);
  try {
    const dxs = gradients(
      b,
      b.sum(
        b.mul(y, y),
        y.type.shape.map((_, axis) => axis),
      ),
      args,
    );
    const returns = [y, ...dxs.flatMap((dx) => dx ?? [])];
    const results = returns.map((_, i) => ({ kind: "output", name: `y${i}` }) as const);
    return { ...func, body: b.block(args, returns), results };
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}
test.run();
