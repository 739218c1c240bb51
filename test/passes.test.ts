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
import { fuse } from "../compiler/passes/fuse.ts";
import { hoistInvariants } from "../compiler/passes/hoist-invariants.ts";
import { liftConstants } from "../compiler/passes/lift-constants.ts";
import { mergeRegions } from "../compiler/passes/merge-regions.ts";
import { packOperands } from "../compiler/passes/pack-operands.ts";
import { settleRegions } from "../compiler/passes/settle-regions.ts";
import { sharePadding } from "../compiler/passes/share-padding.ts";
import { splitLoops } from "../compiler/passes/split-loops.ts";
import { splitPrepare } from "../compiler/passes/split-prepare.ts";
import { verify } from "../compiler/passes/verify.ts";
import { rewriteModule, ruleOn, type Site } from "../compiler/rewrite.ts";
import { algebra } from "../compiler/rules/algebra.ts";
import { movement } from "../compiler/rules/movement.ts";
import { pointwise } from "../compiler/rules/pointwise.ts";
import { pooling } from "../compiler/rules/pooling.ts";
import { specs } from "../compiler/rules/specs.ts";
import { weightScaling } from "../compiler/rules/weight-scaling.ts";
import { Builder } from "../ir/builder.ts";
import { isFloat } from "../ir/dtype.ts";
import { ModelError } from "../ir/errors.ts";
import type { BlockArg, Func, Module, Value } from "../ir/graph.ts";
import type { OpDef } from "../ir/op.ts";
import { allOps, opTable } from "../ir/ops/index.ts";
import { tensorType } from "../ir/type.ts";
import { verifyModule } from "../ir/verify-graph.ts";
import { goldenTests } from "./golden.ts";
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
  packOperands,
  verify,
];
const context = { ops: opTable };

// Goldens.

const fired = new Set<string>();
for (const pass of [
  canonicalize,
  fold,
  cse,
  dce,
  foldBatchNorm,
  splitPrepare,
  sharePadding,
  packOperands,
  liftConstants,
  fuse,
  mergeRegions,
  hoistInvariants,
  splitLoops,
  settleRegions,
]) {
  goldenTests(test, pass, (rule) => fired.add(rule));
}

test("every rule fires in some golden", () => {
  const rules = [...algebra, ...movement, ...pointwise, ...specs, ...pooling, ...weightScaling];
  assert.equal(
    rules.map(({ name }) => name).filter((name) => !fired.has(name)),
    [],
  );
  assert.is(new Set(rules.map(({ name }) => name)).size, rules.length, "two rules of one name");
});

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
  const [y] = b.inline(func.body, args);
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
test("all passes, one after the other, keep random functions as they are in value", () => {
  const order = [
    canonicalize,
    fold,
    cse,
    dce,
    foldBatchNorm,
    canonicalize,
    fold,
    cse,
    dce,
    packOperands,
    splitPrepare,
    sharePadding,
  ];
  for (let seed = 1000; seed < 1200; seed++) {
    const module = { funcs: [randomFunc(seed, opTable, { steps: 25 })] };
    const after = runPasses(module, order, context);
    assert.is(
      moduleDifference(module, after, seed, { absolute: 1e-6, relative: 1e-6 }),
      undefined,
      `seed ${seed}`,
    );
  }
});

// Running passes.

/** A function of one input that returns what `build` makes of it. */
function unaryFunc(build: (b: Builder, x: BlockArg) => Value, name = "f"): Func {
  const b = new Builder(opTable);
  const x: BlockArg = { kind: "arg", type: tensorType("f32", [3]), name: "x" };
  return {
    name,
    body: b.block([x], [build(b, x)]),
    args: [{ kind: "input", name: "x" }],
    results: [{ kind: "output", name: "y" }],
  };
}

test("runPasses records what each pass did, and dumps every module", () => {
  const module = { funcs: [unaryFunc((b, x) => b.mul(b.mul(x, 1), 1))] };
  const records: PassRecord[] = [];
  const dumps: string[] = [];
  const after = runPasses(module, [canonicalize, cse], {
    ops: opTable,
    record: (record) => records.push(record),
    dump: (position, name) => dumps.push(`${position} ${name}`),
  });
  assert.equal(
    records.map(({ name }) => name),
    ["canonicalize", "cse"],
  );
  assert.equal([...records[0].hits], [["mul-one", 2]]);
  assert.is(records[0].before, module);
  assert.is(records[1].before, records[1].after, "cse had nothing to do");
  assert.is(records[1].after, after);
  assert.equal(dumps, ["0 input", "1 canonicalize", "2 cse"]);
});

test("a pass is switched off by its name", () => {
  const module = { funcs: [unaryFunc((b, x) => b.mul(x, 1))] };
  assert.is(runPasses(module, [canonicalize], { ops: opTable, disabled: new Set(["canonicalize"]) }), module);
});

test("a pass that breaks an invariant is named", () => {
  const module = { funcs: [unaryFunc((b, x) => b.neg(x))] };
  const broken: Pass = {
    name: "lose-roles",
    doc: "",
    run: ({ funcs }) => ({ funcs: funcs.map((func) => ({ ...func, args: [] })) }),
  };
  assert.throws(
    () => runPasses(module, [broken], context),
    /^@f: lose-roles: roles do not match arguments; expected 1; got 0/,
  );
});

test("rules that undo each other, and rules that change a type, are named", () => {
  const swap = ruleOn(
    "swap",
    ["add"],
    ({ op, b }) => b.op("add", [op.operands[1], op.operands[0]]),
    "x + y = y + x",
  );
  const drop = ruleOn("drop", ["sum"], () => undefined, "");
  const scalar = ruleOn("to-scalar", ["add"], ({ b }) => b.dim(1, "f32"), "x + y = 1");
  const module = { funcs: [unaryFunc((b, x) => b.add(x, b.neg(x)))] };
  assert.throws(() => rewriteModule(module, [drop, swap], context), /rule swap does not settle/);
  assert.throws(
    () => rewriteModule(module, [scalar], context),
    /rule to-scalar changes a type; expected f32\[3\]; got f32\[\]/,
  );
});

test("a rewrite costs one visit per op and round, whatever the number of hits", () => {
  const length = 2000;
  const module = {
    funcs: [unaryFunc((b, x) => Array.from({ length }).reduce<Value>((value) => b.mul(value, 1), x))],
  };
  let calls = 0;
  const identity = ({ op }: Site): Value => {
    calls++;
    return op.operands[0];
  };
  const counted = ruleOn("counted", ["mul"], identity, "x * 1 = x");
  const after = rewriteModule(module, [counted], context);
  assert.is(calls, length);
  assert.equal(after.funcs[0].body.ops, []);
});

test("an op that no rule has heard of moves before a broadcast and behind a transpose", () => {
  const neg = allOps.find((def) => def.name === "neg");
  assert.ok(neg);
  const swish: OpDef = { ...neg, name: "swish" };
  const ops = new Map([...opTable, ["swish", swish]]);
  const b = new Builder(ops);
  const x: BlockArg = { kind: "arg", type: tensorType("f32", [2, 3]), name: "x" };
  const wide = b.op("swish", [b.broadcast(x, [4, 2, 3], [1, 2])]);
  const turned = b.op("transpose", [b.op("swish", [b.transpose(x, [1, 0])])], { permutation: [1, 0] });
  const func: Func = {
    name: "f",
    body: b.block([x], [wide, turned]),
    args: [{ kind: "input", name: "x" }],
    results: [
      { kind: "output", name: "wide" },
      { kind: "output", name: "turned" },
    ],
  };
  const [after] = canonicalize.run({ funcs: [func] }, { ops }).funcs;
  assert.equal(
    after.body.ops.map((op) => op.name),
    ["swish", "broadcast", "swish"],
  );
});

test.run();
