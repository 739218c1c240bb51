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
import { rewriteModule, ruleOn, type Site } from "../compiler/rewrite.ts";
import { algebra } from "../compiler/rules/algebra.ts";
import { movement } from "../compiler/rules/movement.ts";
import { pointwise } from "../compiler/rules/pointwise.ts";
import { pooling } from "../compiler/rules/pooling.ts";
import { specs } from "../compiler/rules/specs.ts";
import { weightScaling } from "../compiler/rules/weight-scaling.ts";
import { inlineFunc } from "../compiler/walk-graph.ts";
import { Builder } from "../ir/builder.ts";
import { symbol } from "../ir/dim.ts";
import { isFloat } from "../ir/dtype.ts";
import { CompilerBug, ModelError } from "../ir/errors.ts";
import {
  type ArgRole,
  type Block,
  type BlockArg,
  type Func,
  type Module,
  makeOp,
  type Op,
  type ResultRole,
  type Value,
} from "../ir/graph.ts";
import { opTable } from "../ir/ops/index.ts";
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
  verify,
];
const context = { ops: opTable };

// Goldens.

const fired = new Set<string>();
for (const pass of [canonicalize, fold, cse, dce, foldBatchNorm, splitPrepare, sharePadding]) {
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

// Invariants. Each breaks one, by the number it has in ir/verify-graph.ts.

const f32 = tensorType("f32", [3]);
const arg = (type = f32): BlockArg => ({ kind: "arg", type });

/** A function with these parts, and roles that fit unless given. */
function funcOf(body: Block, roles: Partial<Func> = {}): Module {
  const args = body.args.map((_, i): ArgRole => ({ kind: "input", name: `x${i}` }));
  const results = body.returns.map((_, i): ResultRole => ({ kind: "output", name: `y${i}` }));
  return { funcs: [{ name: "f", body, args, results, ...roles }] };
}

/** One op on an argument, returned. */
function opBody(make: (x: BlockArg) => Op): Block {
  const x = arg();
  const op = make(x);
  return { args: [x], ops: [op], returns: [op.results[0]] };
}

const sound = opBody((x) => makeOp("neg", [x], [f32]));
const stateArg: ArgRole = { kind: "state", path: "w" };
const later = makeOp("neg", [sound.args[0]], [f32]);
const early = makeOp("neg", [later.results[0]], [f32]);
const region: Block = { args: [arg()], ops: [], returns: [sound.args[0]] };

const broken: readonly (readonly [what: string, module: Module, message: RegExp])[] = [
  [
    "1: two functions of one name",
    { funcs: [...funcOf(sound).funcs, ...funcOf(sound).funcs] },
    /module: test: the same function name twice; got f/,
  ],
  [
    "2: a role too few",
    funcOf(sound, { results: [] }),
    /@f: test: roles do not match results; expected 1; got 0/,
  ],
  [
    "2: a name twice",
    funcOf({ ...sound, args: [sound.args[0], arg()] }, { args: [stateArg, stateArg] }),
    /the same argument twice; got path w/,
  ],
  [
    "3: a state result without argument",
    funcOf(sound, { results: [{ kind: "state", path: "w" }] }),
    /a state result without a state argument; got w/,
  ],
  [
    "3: a state of another type",
    funcOf(
      { ...sound, args: [sound.args[0], arg(tensorType("f32", []))] },
      {
        args: [{ kind: "input", name: "x" }, stateArg],
        results: [{ kind: "state", path: "w" }],
      },
    ),
    /state "w" changes its type; expected f32\[\]; got f32\[3\]/,
  ],
  [
    "4: used before it is made",
    funcOf({ args: sound.args, ops: [early, later], returns: [] }),
    /neg\(f32\[3\]\): test: operand 0 is not defined before its use/,
  ],
  ["4: a return from nowhere", funcOf({ ...sound, ops: [] }), /a return is not a value of its block/],
  [
    "4: a region that reads what is around it",
    funcOf(opBody((x) => makeOp("fused", [x], [f32], { axes: [0] }, [region]))),
    /fused.*: a return is not a value of its block/,
  ],
  [
    "5: an argument twice",
    funcOf({ ...sound, args: [sound.args[0], sound.args[0]] }),
    /a block argument occurs twice/,
  ],
  ["5: an op twice", funcOf({ ...sound, ops: [sound.ops[0], sound.ops[0]] }), /an op occurs twice/],
  [
    "5: a result of another op",
    funcOf(opBody((x) => ({ ...makeOp("neg", [x], [f32]) }))),
    /a result of another op/,
  ],
  [
    "6: an unknown op",
    funcOf(opBody((x) => makeOp("negate", [x], [f32]))),
    /negate\(f32\[3\]\): test: no such op/,
  ],
  [
    "6: an operand too many",
    funcOf(opBody((x) => makeOp("neg", [x, x], [f32]))),
    /wrong number of operands; expected 1 to 1; got 2/,
  ],
  [
    "6: a region where none belongs",
    funcOf(opBody((x) => makeOp("neg", [x], [f32], {}, [sound]))),
    /an op without meaning for regions has some/,
  ],
  [
    "7: an unknown attribute",
    funcOf(opBody((x) => makeOp("neg", [x], [f32], { axis: 0 }))),
    /unknown attribute; expected ; got axis/,
  ],
  [
    "7: a missing attribute",
    funcOf(opBody((x) => makeOp("reverse", [x], [f32]))),
    /missing attribute; expected axes/,
  ],
  [
    "8: another type",
    funcOf(opBody((x) => makeOp("lt", [x, x], [f32]))),
    /result types are not the inferred ones; expected bool\[3\]; got f32\[3\]/,
  ],
  [
    "8: operands that do not fit",
    funcOf(opBody((x) => makeOp("transpose", [x], [f32], { permutation: [1] }))),
    /operands or attributes do not fit: not a permutation/,
  ],
  [
    "9: a symbol that no argument settles",
    funcOf(
      opBody(() =>
        makeOp("iota", [], [tensorType("i32", [symbol("m")])], { shape: ["m"], axis: 0, dtype: "i32" }),
      ),
    ),
    /no argument gives this symbol a value; got m/,
  ],
];

/** The message of the CompilerBug that verification throws. */
function bugIn(module: Module): string {
  try {
    verifyModule(module, opTable, "test");
  } catch (error) {
    if (error instanceof CompilerBug) return error.message;
    throw error;
  }
  return "no complaint";
}

for (const [what, module, message] of broken) {
  test(`verify finds ${what}`, () => {
    assert.match(bugIn(module), message);
  });
}

test("the loc of an op that is wrong is told", () => {
  const module = funcOf(opBody((x) => makeOp("neg", [x], [tensorType("f32", [])], {}, [], "net/dense")));
  assert.match(bugIn(module), /@f: neg\(f32\[3\]\) at "net\/dense": test: result types/);
});

test.run();
